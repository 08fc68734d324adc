"""Columns of the tables that a marketing system of the SG186 generation exports."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of an exported table.

    Attributes
    ----------
    name, label : str
        As the system and as its screens call it.
    form : str
        identifier, code, unit, trade, number, date, month, moment or text.
    is_required : bool
        Whether a cell must not be empty.
    digits : int
        Of an identifier.
    low, high : float
        Range of a number.
    codes : mapping of str to str
        Code by word of the dictionary.
    decimals : int
        Of a number as it is written.
    """

    name: str
    label: str
    form: str
    is_required: bool = True
    digits: int = 0
    low: float = 0.0
    high: float = 1e9
    codes: Mapping[str, str] = field(default_factory=dict)
    decimals: int = 2


def _identifier(name: str, label: str, digits: int, *, is_required: bool = True) -> Column:
    return Column(name=name, label=label, form="identifier", digits=digits, is_required=is_required)


def _number(name: str, label: str, low: float = 0.0, high: float = 1e9) -> Column:
    return Column(name=name, label=label, form="number", low=low, high=high)


def _plain(name: str, label: str, form: str, *, is_required: bool = True) -> Column:
    return Column(name=name, label=label, form=form, is_required=is_required)


def _code(name: str, label: str, words: str) -> Column:
    pairs = (pair.split("=") for pair in words.split())
    return Column(name=name, label=label, form="code", codes={word: code for code, word in pairs})


_CUSTOMER = _identifier("CONS_NO", "户号", 10)
_UNIT = _plain("ORG_NO", "供电单位", "unit")
COLUMNS: dict[str, tuple[Column, ...]] = {
    "C_CONS": (
        _CUSTOMER,
        _plain("CONS_NAME", "用户名称", "text"),
        _UNIT,
        _code(
            *("ELEC_TYPE_CODE", "用电类别"),
            "100=large 400=industrial_commercial 200=residential 500=agricultural",
        ),
        _plain("TRADE_CODE", "行业分类", "trade"),
        _number("CONTRACT_CAP", "合同容量", high=1e6),
        _code("STATUS_CODE", "用户状态", "0=active 1=suspended 2=closed"),
        _plain("BUILD_DATE", "立户日期", "date"),
    ),
    "ARC_A_RCVBL_FLOW": (
        _identifier("RCVBL_AMT_ID", "应收标识", 16),
        _CUSTOMER,
        _UNIT,
        _plain("RCVBL_YM", "电费年月", "month"),
        _number("T_PQ", "总电量"),
        _number("RCVBL_AMT", "应收金额", low=-1e9),
        _number("RCVED_AMT", "实收金额"),
        _number("RCVBL_PENALTY", "应收违约金"),
        _code("STATUS_CODE", "结清标志", "01=open 02=part 03=settled"),
        _plain("RELEASE_DATE", "发行日期", "date"),
    ),
    "A_PAY_FLOW": (
        _identifier("PAY_ID", "收费标识", 16),
        _CUSTOMER,
        _plain("ORG_NO", "收费单位", "unit"),
        _number("PAY_AMT", "收费金额", low=0.01),
        _plain("PAY_TIME", "收费时间", "moment"),
        _code(
            *("PAY_MODE", "缴费方式"),
            "01=hall 02=bank_debit 03=bank_counter 04=app 05=agent 06=web",
        ),
    ),
    "ARC_S_95598_WKST": (
        _identifier("APP_NO", "工单编号", 14),
        _code(
            *("BUSI_TYPE_CODE", "业务类型"),
            "001=fault 002=enquiry 003=complaint 004=report 005=opinion 006=suggestion "
            "007=service 008=praise 009=urge",
        ),
        _UNIT,
        _identifier("CUST_NO", "户号", 10, is_required=False),
        _plain("HANDLE_TIME", "受理时间", "moment"),
        _plain("FINISH_TIME", "办结时间", "moment", is_required=False),
        _plain("ACCEPT_CONTENT", "受理内容", "text"),
    ),
    "E_MP_POWER_CURVE": (
        _CUSTOMER,
        _plain("DATA_DATE", "数据日期", "date"),
        _code("DATA_TYPE", "数据类型", "1=import 2=export"),
        *(
            Column(
                name=f"P{i}",
                label=f"P{i}",
                form="number",
                is_required=False,
                high=1e6,
                decimals=3,
            )
            for i in range(1, 97)
        ),
    ),
}
KEYS: dict[str, tuple[str, ...]] = {name: (columns[0].name,) for name, columns in COLUMNS.items()}
KEYS["E_MP_POWER_CURVE"] = ("CONS_NO", "DATA_DATE", "DATA_TYPE")
# In both pairs the second must not come before the first.
ORDERED = {
    "ARC_A_RCVBL_FLOW": ("RCVBL_YM", "RELEASE_DATE"),
    "ARC_S_95598_WKST": ("HANDLE_TIME", "FINISH_TIME"),
}
# Counties that the receiving system knows, whatever the province has.
KNOWN_COUNTIES = ("990101", "990102", "990103", "990201", "990202")
