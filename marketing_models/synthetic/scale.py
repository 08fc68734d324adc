"""How large the synthetic province is, its time axes, its units and their fictional names."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd

from marketing_models import schemas
from marketing_models.synthetic.streams import shared_out, stream

PROVINCE = "99"
_FIRST = (
    *(("霁", "Ji"), ("砚", "Yan"), ("岫", "Xiu"), ("汀", "Ting"), ("栖", "Qi"), ("芷", "Zhi")),
    *(("蘅", "Heng"), ("菱", "Ling"), ("墨", "Mo"), ("柘", "Zhe"), ("枫", "Feng"), ("棠", "Tang")),
    *(("萤", "Ying"), ("鹭", "Lu"), ("隼", "Sun"), ("琅", "Lang"), ("澹", "Dan"), ("蓼", "Liao")),
    *(("荻", "Di"), ("榛", "Zhen")),
)
_SECOND = (
    *(("皋", "gao"), ("渚", "zhu"), ("汇", "hui"), ("浦", "pu")),
    *(("屿", "yu"), ("堰", "yan"), ("埭", "dai"), ("桥", "qiao")),
)
_SMALLEST_COUNTY = 40
_SUPPLY_STATIONS, _HALLS = 3, 2
_SETTLED_BY = 2


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Size and last day of a synthetic province.

    Attributes
    ----------
    city_count, county_count, supply_point_count : int
        Cities, counties of all cities together, and rows of ``supply_point``.
    month_count : int
        Months with bills; the loads begin with the first of them.
    last_day : str
        Last day with measured loads, ``YYYY-MM-DD``.

    Raises
    ------
    ValueError
        If a count is too small: every city needs a county, every county 40 supply points.
    """

    city_count: int = 3
    county_count: int = 12
    supply_point_count: int = 20_000
    month_count: int = 60
    last_day: str = "2026-08-02"

    def __post_init__(self) -> None:
        least = {
            "city_count": 1,
            "county_count": self.city_count,
            "supply_point_count": _SMALLEST_COUNTY * self.county_count,
            "month_count": 1,
        }
        problems = [
            f"{name} is {getattr(self, name)}, give at least {value}"
            for name, value in least.items()
            if getattr(self, name) < value
        ]
        if problems:
            raise ValueError("; ".join(problems))

    @cached_property
    def months(self) -> pd.DatetimeIndex:
        """First days of the months with bills; the last is the latest one settled by last_day."""
        last = pd.Timestamp(self.last_day)
        back = 1 if last.day >= _SETTLED_BY else 2
        final = last.replace(day=1) - pd.DateOffset(months=back)
        return pd.date_range(end=final, periods=self.month_count, freq="MS", unit="us")

    @cached_property
    def origin(self) -> pd.Timestamp:
        """Midnight after the last day."""
        return pd.Timestamp(self.last_day) + pd.Timedelta(days=1)

    @cached_property
    def hours(self) -> pd.DatetimeIndex:
        """Hours with measured loads."""
        return pd.date_range(self.months[0], self.origin, freq="h", inclusive="left", unit="us")


SCALES = {
    "demo": Scale(),
    "full": Scale(city_count=14, county_count=122, supply_point_count=1_000_000, month_count=48),
}


def hierarchy(scale: Scale, seed: int) -> dict[str, tuple[str, ...]]:
    """Return the codes of all cities and of the counties below each.

    Parameters
    ----------
    scale : Scale
        How many there are.
    seed : int
        Decides how the counties are spread over the cities.

    Returns
    -------
    dict
        Counties by city, both in order of code.
    """
    weights = stream(seed, "org_unit", PROVINCE).uniform(1.0, 2.0, scale.city_count)
    counts = shared_out(scale.county_count, weights)
    wide, deep = _digits(scale.city_count), _digits(int(counts.max()))
    cities = [f"{PROVINCE}{number:0{wide}d}" for number in range(1, scale.city_count + 1)]
    return {
        city: tuple(f"{city}{number:0{deep}d}" for number in range(1, count + 1))
        for city, count in zip(cities, counts.tolist(), strict=True)
    }


def _digits(count: int) -> int:
    # One width for all codes of a level: otherwise city 1, county 23 reads as city 12, county 3.
    return max(2, len(str(count)))


def stations_below(county: str) -> tuple[str, ...]:
    """Return the supply stations of a county, which serve customers in the field."""
    return tuple(f"{county}S{number}" for number in range(1, _SUPPLY_STATIONS + 1))


def halls_below(county: str) -> tuple[str, ...]:
    """Return the business halls of a county, where any customer is served."""
    return tuple(f"{county}H{number}" for number in range(1, _HALLS + 1))


def org_units(scale: Scale, seed: int) -> pd.DataFrame:
    """Return the table ``org_unit``: province, cities, counties, stations and halls.

    Parameters
    ----------
    scale : Scale
        How many there are.
    seed : int
        As in `hierarchy`. Names do not depend on it.

    Returns
    -------
    DataFrame
        As the dictionary wants it; fictional names in both languages; below each county its
        supply stations and business halls.
    """
    below = hierarchy(scale, seed)
    rows: list[tuple[str | None, ...]] = [
        (PROVINCE, "province", None, "澜川省", "Lanchuan Province")
    ]
    rows += [(c, "city", PROVINCE, *_named(i, "市", "")) for i, c in enumerate(below)]
    pairs = [(city, county) for city, counties in below.items() for county in counties]
    for number, (city, county) in enumerate(pairs, start=scale.city_count):
        rows.append((county, "county", city, *_named(number, "县", " County")))
    for row in rows[1 + scale.city_count :]:
        rows += _places(str(row[0]), str(row[3]), str(row[4]))
    names = ["unit_id", "level", "parent_unit_id", "unit_name", "unit_name_en"]
    units = pd.DataFrame(rows, columns=names).assign(valid_from=pd.Timestamp("2000-01-01"))
    return schemas.conform("org_unit", units)


def _places(county: str, name: str, name_en: str) -> list[tuple[str | None, ...]]:
    """Return the stations and halls of a county as rows like the county's own."""
    kinds = (
        ("station", stations_below(county), "供电所", "Supply Station"),
        ("hall", halls_below(county), "营业厅", "Business Hall"),
    )
    return [
        (unit_id, kind, county, f"{name}第{number}{word}", f"{name_en} {word_en} {number}")
        for kind, ids, word, word_en in kinds
        for number, unit_id in enumerate(ids, start=1)
    ]


def _named(number: int, suffix: str, suffix_en: str) -> tuple[str, str]:
    turn, place = divmod(number, len(_FIRST) * len(_SECOND))
    first, second = _FIRST[place % 20], _SECOND[(place + place // 20) % 8]
    # The combinations last for 160 places; later ones carry a number.
    again = str(turn + 1) if turn else ""
    return f"{first[0]}{second[0]}{again}{suffix}", f"{first[1]}{second[1]}{again}{suffix_en}"


@cache
def county_sizes(scale: Scale, seed: int) -> dict[str, int]:
    """Return the number of supply points of every county.

    Parameters
    ----------
    scale : Scale
        How many there are together.
    seed : int
        Decides which counties are large.

    Returns
    -------
    dict
        Supply points by county; none has fewer than 40.
    """
    counties = [county for counties in hierarchy(scale, seed).values() for county in counties]
    size = [stream(seed, "supply_point", "size", c).lognormal(0, 0.35) for c in counties]
    spare = scale.supply_point_count - (_SMALLEST_COUNTY - 1) * len(counties)
    counts = shared_out(spare, np.array(size)) + _SMALLEST_COUNTY - 1
    return dict(zip(counties, counts.tolist(), strict=True))
