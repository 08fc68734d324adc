"""Fictional names, telephone numbers, addresses and printed numbers of a county's customers."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.sites import is_business

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

_SURNAMES = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗郑梁谢宋唐许邓冯韩曹")
_SURNAMES += ("欧阳", "诸葛", "上官", "司徒", "仝", "逄", "乜", "㐂", "𠮷")
_GIVEN = tuple("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅建国志文斌宇浩")
# Characters beyond GB 2312 stand in real registers: of GBK, of its extension A, and of extension B.
_RARE = ("镕", "喆", "堃", "昇", "淼", "㐂", "㛃", "䶮", "𠮷", "𬭚")
_RARE_FRAC, _TWO_GIVEN_FRAC, _VULNERABLE_FRAC = 0.012, 0.78, 0.035
_TRADE_WORDS = tuple("霁砚岫汀栖芷蘅菱墨柘枫棠萤鹭隼琅澹蓼荻榛皋渚浦屿堰埭")
_FORMS = ("有限公司", "股份有限公司", "厂", "合作社", "商行", "经营部")
_STREETS = ("青石", "望湖", "栖霞", "墨香", "长堤", "听雨", "荷风", "桑梓", "鹭岛", "云汀")
_KINDS = ("路", "街", "巷", "大道")
_VILLAGES = ("上屿", "下堰", "东埭", "西浦", "南渚", "北皋", "中桥", "前汀")
_DIGITS = 10


def tables(county: "County") -> "Made":
    """Return the table ``party_personal`` of a county, the only one with names.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        One row a supply point; a party has one name, telephone and state of need in all its rows.
    """
    from marketing_models.synthetic.county import Made  # a county imports this module

    points, numbers = county.points, county.stream("party_personal")
    party = pd.factorize(points["party_id"])[0]
    first = points.drop_duplicates("party_id").reset_index(drop=True)
    business = is_business(first)
    name = pd.Series(_people(len(first), numbers)).where(~business, _companies(first, numbers))
    homes = (first["class_name"] == "residential").to_numpy()
    needy = homes & (numbers.random(len(first)) < _VULNERABLE_FRAC * np.exp(-0.5 * first["vigour"]))
    rows = pd.DataFrame(
        {
            "party_id": points["party_id"],
            "supply_point_id": points["supply_point_id"],
            "county_id": county.unit_id,
            "personal_name": name.to_numpy()[party],
            "phone_number": _telephones(len(first), numbers)[party],
            "site_address": _addresses(points, numbers),
            "printed_number": _printed(county, numbers),
            "is_vulnerable": needy.to_numpy()[party],
            "valid_from": points["connected_date"],
        }
    )
    return Made({"party_personal": rows})


def _people(count: int, numbers: np.random.Generator) -> pd.Series:
    weight = 1 / (3 + np.arange(len(_SURNAMES)))
    surname = numbers.choice(_SURNAMES, count, p=weight / weight.sum())
    given = numbers.choice(_GIVEN, (2, count))
    rare = numbers.choice(_RARE, count)
    second = np.where(numbers.random(count) < _TWO_GIVEN_FRAC, given[1], "")
    last = np.where(numbers.random(count) < _RARE_FRAC, rare, given[0])
    return pd.Series(surname, dtype="str") + pd.Series(second, dtype="str") + last


def _companies(first: pd.DataFrame, numbers: np.random.Generator) -> pd.Series:
    words = numbers.choice(_TRADE_WORDS, (2, len(first)))
    place = np.where(
        first["class_name"] == "large", 0, numbers.integers(0, len(_FORMS), len(first))
    )
    trade = first["industry_code"].map({c: i.name_zh for c, i in INDUSTRIES.items()}).fillna("")
    short = trade.str.replace("制造业|制品业|加工业|服务业|业", "", regex=True)
    return pd.Series(words[0], dtype="str") + words[1] + short + np.array(_FORMS)[place]


def _telephones(count: int, numbers: np.random.Generator) -> np.ndarray:
    # No operator uses the numbers from 154 on: nobody can be rung.
    return np.array([f"154{n:08d}" for n in numbers.integers(0, 10**8, count).tolist()])


def _addresses(points: pd.DataFrame, numbers: np.random.Generator) -> pd.Series:
    count = len(points)
    street = numbers.choice(_STREETS, count).astype(object) + numbers.choice(_KINDS, count)
    village = numbers.choice(_VILLAGES, count).astype(object) + "村"
    house, flat = numbers.integers(1, 400, count), numbers.integers(101, 2905, count)
    door = pd.Series(house).astype("str") + "号"
    home = (points["class_name"] == "residential").to_numpy()
    room = (pd.Series(flat).astype("str") + "室").where(home & points["is_urban"].to_numpy(), "")
    return pd.Series(np.where(points["is_urban"], street, village)).astype("str") + door + room


def _printed(county: "County", numbers: np.random.Generator) -> pd.Series:
    """Return numbers of ten digits: those of the county after the province's, then a serial."""
    head = county.unit_id[2:]
    serial = pd.Series(numbers.permutation(len(county.points))).astype("str")
    return head + serial.str.zfill(_DIGITS - len(head))
