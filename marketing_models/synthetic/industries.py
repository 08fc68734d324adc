"""Divisions of GB/T 4754-2017 in the synthetic province: how each uses energy and fares."""

from dataclasses import dataclass

SHAPES = ("continuous", "two_shift", "day_shift", "office", "retail", "charging", "farm")
HEAVY = ("C26", "C30", "C31", "C32")
# Public utilities and services, whose supply is guaranteed as that of homes and farms is
# (发改运行〔2017〕294号).
PUBLIC = ("D46", "G53", "G54", "I63", "J66", "N78", "P83", "Q84", "S92")


@dataclass(frozen=True, kw_only=True)
class Industry:
    """What the generator knows of an industry division.

    Attributes
    ----------
    code : str
        Letter and two digits of GB/T 4754-2017.
    sector_code : str
        primary, secondary or tertiary, by the rule of 2018.
    name_zh, name_en : str
        Name in both languages.
    large_weight, small_weight : float
        How often the division occurs among large and among small customers, relative to the others.
    size_factor : float
        Energy for a unit of capacity, over the mean of all industries. [1]
    load_factor_frac : float
        Mean over maximum load of a year of one customer. [1]
    festival_sleep_frac : float
        Part of the load that rests at the Spring Festival. [1]
    cooling_share_frac : float
        Part of the yearly energy that cools rooms. [1]
    growth_frac : float
        Growth a year beyond that of the class. [1]
    stress_sensitivity : float
        Relative loss of energy at stress 1 of the world. [1]
    shape_name : str
        One of `SHAPES`.
    """

    code: str
    sector_code: str
    name_zh: str
    name_en: str
    large_weight: float
    small_weight: float
    size_factor: float
    load_factor_frac: float
    festival_sleep_frac: float
    cooling_share_frac: float
    growth_frac: float
    stress_sensitivity: float
    shape_name: str


def _made(line: str, sector: str, shape: str) -> Industry:
    code, name_zh, name_en, *figures = (part.strip() for part in line.split("|"))
    large, small, size, factor, sleep, cooling, growth, stress = map(float, figures[0].split())
    return Industry(
        code=code,
        sector_code=sector,
        name_zh=name_zh,
        name_en=name_en,
        large_weight=large,
        small_weight=small,
        size_factor=size,
        load_factor_frac=factor,
        festival_sleep_frac=sleep,
        cooling_share_frac=cooling,
        growth_frac=growth,
        stress_sensitivity=stress,
        shape_name=shape,
    )


# Code, names, then: weights among large and small customers, size, load factor, festival, cooling,
# growth, stress. Frequencies aim at the national sector statistics of 2022 (C26 0.096, C30 0.071,
# C31 0.107, C32 0.129 of secondary use); the rest is an own assumption for the synthetic province.
_LINES = {
    ("primary", "farm"): """
        A01|农业|Farming|0 40 0.8 0.35 0.15 0.02 0.000 0.02
        A02|林业|Forestry|0 5 0.7 0.35 0.15 0.02 0.000 0.02
        A03|畜牧业|Animal husbandry|0 30 0.9 0.50 0.05 0.08 0.005 0.03
        A04|渔业|Fishing|0 25 1.0 0.45 0.05 0.03 0.005 0.03
    """,
    ("secondary", "continuous"): """
        B10|非金属矿采选业|Mining of non-metal ores|1.5 0.8 0.8 0.60 0.60 0.01 -0.010 0.12
        C22|造纸和纸制品业|Paper|3.0 2.0 1.2 0.72 0.40 0.02 0.000 0.08
        C25|石油煤炭加工业|Petroleum and coal processing|1.0 0.2 1.6 0.85 0.04 0.01 0.010 0.05
        C26|化学制品制造业|Chemicals|9.5 2.0 1.5 0.84 0.06 0.01 0.010 0.07
        C28|化学纤维制造业|Chemical fibres|2.0 0.5 1.5 0.82 0.15 0.04 0.010 0.09
        C30|非金属矿物制品业|Building materials|9.0 4.0 1.2 0.68 0.75 0.01 -0.015 0.16
        C31|黑色金属冶炼和压延加工业|Ferrous metals|6.0 0.8 1.7 0.78 0.15 0.01 -0.010 0.15
        C32|有色金属冶炼和压延加工业|Non-ferrous metals|6.0 0.8 1.8 0.82 0.12 0.01 0.015 0.10
        D46|水的生产和供应业|Water supply|2.0 5.0 0.9 0.70 0.10 0.01 0.020 0.01
    """,
    ("secondary", "two_shift"): """
        C17|纺织业|Textiles|9.0 9.0 1.1 0.70 0.61 0.04 -0.010 0.12
        C27|医药制造业|Pharmaceuticals|2.5 0.8 1.0 0.65 0.25 0.14 0.020 0.02
        C29|橡胶和塑料制品业|Rubber and plastic products|8.0 10.0 1.0 0.60 0.62 0.04 0.000 0.10
        C36|汽车制造业|Motor vehicles|4.0 2.5 0.8 0.52 0.50 0.08 0.030 0.10
        C38|电气机械和器材制造业|Electrical machinery|7.0 6.0 0.8 0.52 0.50 0.08 0.040 0.08
        C39|电子设备制造业|Electronics|5.0 2.5 0.9 0.66 0.35 0.15 0.040 0.08
    """,
    ("secondary", "day_shift"): """
        C13|农副食品加工业|Food from farm products|3.0 5.0 0.8 0.48 0.35 0.06 0.005 0.04
        C14|食品制造业|Food manufacture|2.0 3.0 0.8 0.50 0.40 0.08 0.010 0.04
        C18|纺织服装、服饰业|Clothing|2.0 10.0 0.6 0.42 0.65 0.10 -0.015 0.12
        C19|皮革和制鞋业|Leather and footwear|1.5 5.0 0.6 0.42 0.65 0.09 -0.020 0.12
        C20|木材加工和竹制品业|Wood products|1.0 4.5 0.6 0.40 0.65 0.02 -0.015 0.14
        C21|家具制造业|Furniture|1.0 4.0 0.5 0.38 0.65 0.05 -0.010 0.15
        C33|金属制品业|Metal products|9.0 13.0 0.9 0.48 0.62 0.03 0.000 0.12
        C34|通用设备制造业|General machinery|7.0 10.0 0.7 0.45 0.55 0.05 0.010 0.10
        C35|专用设备制造业|Special machinery|3.5 5.0 0.7 0.45 0.55 0.06 0.015 0.10
        E47|房屋建筑业|Construction of buildings|1.5 3.0 0.5 0.40 0.75 0.03 -0.040 0.20
    """,
    ("tertiary", "continuous"): """
        G53|铁路运输业|Rail transport|1.2 0.5 1.1 0.65 0.03 0.05 0.020 0.01
        I63|电信和广播电视业|Telecommunication|1.6 10.0 1.1 0.80 0.02 0.22 0.030 0.00
    """,
    ("tertiary", "office"): """
        I65|软件和信息技术业|Information technology|1.5 1.0 1.3 0.75 0.05 0.25 0.080 0.02
        J66|货币金融服务|Banking|1.0 4.0 0.6 0.45 0.30 0.35 0.000 0.01
        K70|房地产业|Real estate|3.5 6.0 0.6 0.45 0.25 0.35 -0.005 0.06
        L72|商务服务业|Business services|2.0 9.0 0.6 0.42 0.45 0.34 0.020 0.06
        P83|教育|Education|3.3 12.0 0.5 0.40 0.60 0.33 0.010 0.00
        Q84|卫生|Health care|2.8 6.0 0.9 0.60 0.10 0.36 0.020 0.00
        S92|国家机构|Government|2.2 12.0 0.5 0.42 0.40 0.34 0.000 0.00
    """,
    ("tertiary", "retail"): """
        F51|批发业|Wholesale trade|1.5 12.0 0.6 0.48 0.35 0.28 0.010 0.06
        F52|零售业|Retail trade|4.0 26.0 0.8 0.52 0.30 0.32 0.010 0.06
        G54|道路运输业|Road transport|1.5 4.0 0.8 0.55 0.10 0.10 0.030 0.06
        G59|装卸搬运和仓储业|Storage|1.5 3.0 0.8 0.58 0.15 0.25 0.030 0.06
        H61|住宿业|Accommodation|3.0 5.0 0.8 0.55 0.20 0.38 0.005 0.10
        H62|餐饮业|Catering|1.0 15.0 0.8 0.50 0.30 0.33 0.015 0.11
        N78|公共设施管理业|Public facilities|1.6 13.0 0.6 0.48 0.05 0.08 0.010 0.00
        O81|修理业|Repair of goods|0.5 10.0 0.5 0.42 0.45 0.24 0.000 0.08
        R89|体育|Sports|0.5 2.5 0.6 0.48 0.25 0.33 0.020 0.08
    """,
}  # fmt: skip

INDUSTRIES = {
    line.split("|")[0].strip(): _made(line, sector, shape)
    for (sector, shape), text in _LINES.items()
    for line in text.strip().splitlines()
}
