"""Rows of the dictionary as a marketing system of the SG186 generation would export them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from marketing_models import schemas
from marketing_models.synthetic.exports_columns import COLUMNS, KNOWN_COUNTIES, Column
from marketing_models.synthetic.streams import stream

Tables = Mapping[str, pd.DataFrame]
_SERVED = ("supply_point", "bill", "ticket", "customer_load")
NEEDED = (*_SERVED, "party_personal", "payment", "payment_allocation")
_LARGE_KVA = 315.0
_FIRST_DAY = pd.Timestamp("1949-10-01")
# Classes of GB/T 4754-2017 for supply points without a division: other services to residents,
# other farming.
_TRADES = {"residential": "8090", "agricultural": "0190"}
_WRITTEN = {"date": "%Y-%m-%d", "month": "%Y%m", "moment": "%Y-%m-%d %H:%M:%S"}
_CONTENTS = (
    "客户来电反映家中停电，请尽快处理",
    '客户反映电表"走快"，要求校验',
    "客户查询电费，已告知,客户认可",
    '"已缴费仍被催费"，客户不满，要求\n1. 核实缴费记录\n2. 回复处理结果',
    "客户镕先生咨询峰谷电价，转营业厅㐂女士答复",
    "𠮷祥小区多户反映电压低,夜间空调不能启动",
    "客户申请增容，联系人：陈工；时间：工作日",
    "线路有放电声\n现场有火花，请优先派工",
    "表扬抢修人员到达及时",
    "客户催办前一工单，称'至今无人联系'",
)


@dataclass(frozen=True, eq=False)
class Extract:
    """The rows of one exported table, as values.

    Attributes
    ----------
    name : str
        Of the table.
    frame : DataFrame
        Columns of `COLUMNS`: text, numbers and dates; RangeIndex.
    """

    name: str
    frame: pd.DataFrame

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns in the system's order."""
        return COLUMNS[self.name]

    def texts(self, column: Column, start: int, stop: int) -> list[str]:
        """Return clean cells of a column from one row up to another, as they are written."""
        values = self.frame[column.name].iloc[start:stop]
        if column.form == "number":
            return _written(values.to_numpy("float64"), f"{{:.{column.decimals}f}}".format)
        if column.form in _WRITTEN:
            stamps = values.to_numpy("datetime64[s]")
            return _written(stamps, lambda stamp: stamp.strftime(_WRITTEN[column.form]))
        return values.fillna("").tolist()


def _written(values: np.ndarray, spelling: Callable[[Any], str]) -> list[str]:
    # Few values are distinct, and the slow part is done once for each.
    distinct, place = np.unique(values, return_inverse=True)
    empty = np.isnan(distinct) if distinct.dtype.kind == "f" else np.isnat(distinct)
    words = [
        "" if is_empty else spelling(value)
        for value, is_empty in zip(distinct.tolist(), empty.tolist(), strict=True)
    ]
    return np.array(words, dtype=object)[place.ravel()].tolist()


def extracts(tables: Tables, unit_ids: Sequence[str], seed: int) -> list[Extract]:
    """Turn current rows of the dictionary's tables into those of the exporting system.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``supply_point`` and, where they are wanted, ``party_personal``, ``bill``, ``payment``,
        ``payment_allocation``, ``ticket`` and ``customer_load``, by the dictionary.
    unit_ids : sequence of str
        Counties.
    seed : int
        Decides what the tickets say.

    Returns
    -------
    list of Extract
        One a table that has rows. Payments that take money back are left out: the system keeps
        them elsewhere.
    """
    held = {name: _current(name, rows, unit_ids) for name, rows in tables.items()}
    numbers = _customer_numbers(held)
    made = {"C_CONS": _customers(held, numbers)}
    if "bill" in held:
        made["ARC_A_RCVBL_FLOW"] = _bills(held, numbers)
    if "payment" in held:
        made["A_PAY_FLOW"] = _payments(held, numbers, unit_ids)
    if "ticket" in held:
        made["ARC_S_95598_WKST"] = _tickets(held["ticket"], numbers, seed)
    if "customer_load" in held:
        made["E_MP_POWER_CURVE"] = _curves(held["customer_load"], numbers)
    return [
        Extract(name, frame.reset_index(drop=True)) for name, frame in made.items() if len(frame)
    ]


def _current(table: str, rows: pd.DataFrame, unit_ids: Sequence[str]) -> pd.DataFrame:
    """Return the last version of every row of some counties."""
    if table not in NEEDED:
        return rows.iloc[:0]
    version = str(schemas.version_column(table))
    keys = [key for key in schemas.keys(table) if key != version]
    own = rows[rows["county_id"].isin(list(unit_ids))]
    if own.duplicated(keys).any():
        own = own.sort_values(version, kind="stable").drop_duplicates(keys, keep="last")
    return own.sort_values(keys, ignore_index=True)


def _digits(names: Iterable[str], digits: int, taken: frozenset[str] = frozenset()) -> pd.Series:
    """Return a number of so many digits for every name, none twice."""
    index = pd.Index(np.unique(np.array(list(names), dtype=object)), dtype="object")
    found = pd.Series("", index=index, dtype="object")
    wanted, turn = np.ones(len(found), dtype=bool), 0
    while wanted.any():
        salted = (index[wanted].astype(str) + "~" * turn).to_numpy("object")
        hashed = pd.util.hash_array(salted) % np.uint64(10**digits)
        found.loc[wanted] = np.array([f"{number:0{digits}d}" for number in hashed.tolist()], object)
        wanted, turn = (found.duplicated() | found.isin(taken)).to_numpy(), turn + 1
    return found


def _customer_numbers(held: Tables) -> pd.Series:
    """Return the 户号 by supply_point_id: the printed one, or one that is made up."""
    names = [held[t]["supply_point_id"].dropna() for t in _SERVED if t in held]
    printed = pd.Series(dtype="object")
    if "party_personal" in held:
        printed = held["party_personal"].set_index("supply_point_id")["printed_number"]
        printed = printed[printed.str.fullmatch(r"[0-9]{10}") & ~printed.index.duplicated()]
        printed = printed[~printed.duplicated()].astype("object")
    others = pd.Index(pd.concat(names).unique()).difference(printed.index)
    return pd.concat([printed, _digits(others, 10, frozenset(printed))])


def _customers(held: Tables, numbers: pd.Series) -> pd.DataFrame:
    points = held["supply_point"]
    number = points["supply_point_id"].map(numbers)
    names = pd.Series(dtype="str")
    if "party_personal" in held:
        personal = held["party_personal"].drop_duplicates("supply_point_id")
        names = personal.set_index("supply_point_id")["personal_name"]
    kind = points["tariff_class_code"].astype("object")
    is_large = kind.eq("industrial_commercial") & points["contract_capacity_kva"].ge(_LARGE_KVA)
    trade = points["industry_code"].astype("object").str[1:] + "10"
    built = points["connected_date"].fillna(points["valid_from"])
    return pd.DataFrame(
        {
            "CONS_NO": number,
            "CONS_NAME": points["supply_point_id"]
            .map(names)
            .astype("object")
            .fillna("客户" + number.str[-4:]),
            "ORG_NO": points["county_id"],
            "ELEC_TYPE_CODE": _coded("C_CONS", "ELEC_TYPE_CODE", kind.mask(is_large, "large")),
            "TRADE_CODE": trade.fillna(kind.map(_TRADES)).fillna("8090"),
            "CONTRACT_CAP": points["contract_capacity_kva"],
            "STATUS_CODE": _coded("C_CONS", "STATUS_CODE", points["status_code"]),
            "BUILD_DATE": built.where(built >= _FIRST_DAY, _FIRST_DAY),
        }
    )


def _coded(table: str, name: str, words: pd.Series) -> pd.Series:
    column = next(column for column in COLUMNS[table] if column.name == name)
    return words.astype("object").map(column.codes)


def _bills(held: Tables, numbers: pd.Series) -> pd.DataFrame:
    bills = held["bill"]
    received, late = _received(held, bills["bill_id"])
    receivable = bills["receivable_yuan"]
    state = pd.Series("part", bills.index).mask(received <= 0, "open")
    state = state.mask(received >= receivable, "settled")
    return pd.DataFrame(
        {
            "RCVBL_AMT_ID": bills["bill_id"].map(_digits(bills["bill_id"], 16)),
            "CONS_NO": bills["supply_point_id"].map(numbers),
            "ORG_NO": bills["county_id"],
            "RCVBL_YM": bills["month_start"],
            # The flow knows the sign of money alone.
            "T_PQ": bills["energy_kwh"].abs(),
            "RCVBL_AMT": receivable,
            "RCVED_AMT": received.clip(lower=0),
            "RCVBL_PENALTY": bills["late_charge_yuan"].fillna(0.0).clip(lower=late.clip(lower=0)),
            "STATUS_CODE": _coded("ARC_A_RCVBL_FLOW", "STATUS_CODE", state),
            "RELEASE_DATE": _not_before(bills["issued_date"], bills["month_start"]),
        }
    )


def _not_before(stamps: pd.Series, first: pd.Series) -> pd.Series:
    return stamps.mask(stamps < first, first)


def _received(held: Tables, bill_ids: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return what was paid on every bill [yuan], and the late charge in it [yuan]."""
    if "payment_allocation" not in held:
        nothing = pd.Series(0.0, bill_ids.index)
        return nothing, nothing
    names = ["allocated_yuan", "allocated_late_charge_yuan"]
    sums = held["payment_allocation"].groupby("bill_id")[names].sum()
    part, late = (bill_ids.map(sums[name]).fillna(0.0) for name in names)
    return (part + late).round(2), late.round(2)


def _payments(held: Tables, numbers: pd.Series, unit_ids: Sequence[str]) -> pd.DataFrame:
    points = held["supply_point"].drop_duplicates("account_id").set_index("account_id")
    payments = held["payment"]
    payments = payments[payments["paid_yuan"].ge(0.01) & payments["account_id"].isin(points.index)]
    # A hall that the receiving system does not know is named by the county of the account.
    served = payments["serving_unit_id"].astype("object").str.replace(r"[HS]\d+$", "", regex=True)
    known = served.isin([*KNOWN_COUNTIES, *unit_ids])
    mode = _coded("A_PAY_FLOW", "PAY_MODE", payments["channel_code"])
    return pd.DataFrame(
        {
            "PAY_ID": payments["payment_id"].map(_digits(payments["payment_id"], 16)),
            "CONS_NO": payments["account_id"].map(points["supply_point_id"].map(numbers)),
            "ORG_NO": served.where(known, payments["county_id"]),
            "PAY_AMT": payments["paid_yuan"],
            "PAY_TIME": payments["paid_at"],
            "PAY_MODE": mode.fillna("05"),
        }
    )


def _tickets(tickets: pd.DataFrame, numbers: pd.Series, seed: int) -> pd.DataFrame:
    place = stream(seed, "sg186", "content").integers(len(_CONTENTS), size=len(tickets))
    return pd.DataFrame(
        {
            "APP_NO": tickets["ticket_id"].map(_digits(tickets["ticket_id"], 14)),
            "BUSI_TYPE_CODE": _coded(
                "ARC_S_95598_WKST", "BUSI_TYPE_CODE", tickets["ticket_type_code"]
            ),
            "ORG_NO": tickets["county_id"],
            "CUST_NO": tickets["supply_point_id"].map(numbers),
            "HANDLE_TIME": tickets["opened_at"],
            "FINISH_TIME": _not_before(tickets["closed_at"], tickets["opened_at"]),
            "ACCEPT_CONTENT": np.array(_CONTENTS, dtype=object)[place],
        }
    )


def _curves(loads: pd.DataFrame, numbers: pd.Series) -> pd.DataFrame:
    power = {
        f"P{i}": loads[f"load_{i:02d}_w"].clip(lower=0).to_numpy("float64", na_value=np.nan) / 1000
        for i in range(1, 97)
    }
    return pd.DataFrame(
        {
            "CONS_NO": loads["supply_point_id"].map(numbers),
            "DATA_DATE": loads["reading_date"],
            "DATA_TYPE": _coded("E_MP_POWER_CURVE", "DATA_TYPE", loads["direction_code"]),
            **power,
        }
    )
