"""Published aggregates of energy and load as they come out of a synthetic world's tables.

Each function is a row of the parameter file ``calibration`` and returns that figure for the last
full calendar year; its definition stands in the file. Supply points count as often as they stand
for real ones.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
from world_tables import NotMadeError, Tables

from marketing_models import calendars

FIGURES: dict[str, Callable[[Tables], float]] = {}


def figure(made: Callable[[Tables], float]) -> Callable[[Tables], float]:
    """Register a function under its name without the underscore."""
    FIGURES[made.__name__.removeprefix("_")] = made
    return made


# Energy by month


@lru_cache(maxsize=2)
def _energy(tables: Tables) -> pd.DataFrame:
    """Return the province's energy by month and series."""
    rows = tables["unit_energy"]
    rows = rows[rows["unit_id"].isin(tables.world.city_of)]
    return rows.pivot_table("energy_kwh", "period_start", "series_code", aggfunc="sum")


def of_year(tables: Tables, series: str, back: int = 0) -> float:
    """Return the province's energy of a series in the year, or some years before it."""
    energy = _energy(tables)
    return float(energy.loc[energy.index.year == tables.year - back, series].sum())


def _share(tables: Tables, series: str) -> float:
    return of_year(tables, series) / of_year(tables, "total")


def full_years(tables: Tables) -> list[int]:
    """Return the calendar years of which all months are published."""
    counts = _energy(tables).index.year.value_counts()
    return [int(year) for year in counts.index if counts[year] == 12]


def months_over_year(
    energy: pd.Series, years: list[int], months: tuple[int, ...], *, pooled: bool
) -> float:
    """Return daily energy of some months over that of the year, mean over years."""
    days = pd.Series(energy.index.days_in_month, energy.index)
    found = []
    for year in years:
        own = energy.index.year == year
        chosen = own & energy.index.month.isin(months)
        base = energy[own].sum() / days[own].sum()
        daily = energy[chosen] / days[chosen]
        top = energy[chosen].sum() / days[chosen].sum() if pooled else daily.mean()
        found.append(top / base)
    return float(np.mean(found))


def _months_over_year(
    tables: Tables, series: str, months: tuple[int, ...], *, pooled: bool
) -> float:
    return months_over_year(_energy(tables)[series], full_years(tables), months, pooled=pooled)


@figure
def _share_primary(tables: Tables) -> float:
    return _share(tables, "primary")


@figure
def _share_secondary(tables: Tables) -> float:
    return _share(tables, "secondary")


@figure
def _share_tertiary(tables: Tables) -> float:
    return _share(tables, "tertiary")


@figure
def _growth_total(tables: Tables) -> float:
    return of_year(tables, "total") / of_year(tables, "total", 1) - 1


@figure
def _festival_total(tables: Tables) -> float:
    return _months_over_year(tables, "total", (1, 2), pooled=True)


@figure
def _festival_secondary(tables: Tables) -> float:
    return _months_over_year(tables, "secondary", (1, 2), pooled=True)


@figure
def _festival_tertiary(tables: Tables) -> float:
    return _months_over_year(tables, "tertiary", (1, 2), pooled=True)


@figure
def _festival_residential(tables: Tables) -> float:
    return _months_over_year(tables, "residential", (1, 2), pooled=True)


@figure
def _season_summer(tables: Tables) -> float:
    return _months_over_year(tables, "total", (7, 8), pooled=False)


@figure
def _season_winter(tables: Tables) -> float:
    return _months_over_year(tables, "total", (12, 1), pooled=False)


@figure
def _pv_distributed_share(tables: Tables) -> float:
    return _share(tables, "photovoltaic")


@figure
def _charging_share(tables: Tables) -> float:
    return _share(tables, "charging")


@figure
def _line_loss_rate(tables: Tables) -> float:
    return of_year(tables, "line_loss") / of_year(tables, "supplied")


@figure
def _gdp_elasticity(tables: Tables) -> float:
    years = sorted(full_years(tables))
    energy = [of_year(tables, "total", tables.year - year) for year in years]
    rows = tables["indicator_value"]
    gdp = rows[
        (rows["level"] == "province")
        & (rows["indicator_code"] == "gdp")
        & (rows["resolution_code"] == "year")
    ].set_index("period_start")["year_on_year_change_ratio"]
    growth = (energy[-1] / energy[0]) ** (1 / (len(years) - 1)) - 1
    return float(growth / gdp[gdp.index.year > years[0]].mean())


# Load by hour


@lru_cache(maxsize=2)
def loads_kw(tables: Tables) -> pd.DataFrame:
    """Return the province's load by hour and series, this year and the one before."""
    rows = tables["unit_load"]
    rows = rows[rows["unit_id"].isin(tables.world.city_of)]
    return rows.pivot_table("load_kw", "period_start", "series_code", aggfunc="sum")


def _loads(tables: Tables, series: str, back: int = 0) -> pd.Series:
    load = loads_kw(tables)
    if series not in load:
        raise NotMadeError(f"unit_load, series {series}")
    return load.loc[load.index.year == tables.year - back, series]


def _working(days: pd.DatetimeIndex) -> np.ndarray:
    kind = calendars.days("cn", days.min(), days.max())["kind_code"].reindex(days.normalize())
    return kind.isin(["ordinary", "make_up"]).to_numpy()


@lru_cache(maxsize=2)
def daily_degc(tables: Tables) -> pd.Series:
    """Return the daily mean temperature of the province's stations."""
    rows = tables["weather_observed"]
    return rows.groupby(rows["period_start"].dt.normalize())["temperature_degc"].mean()


@figure
def _load_factor_year(tables: Tables) -> float:
    load = _loads(tables, "total")
    return float(load.mean() / load.max())


@figure
def _peak_valley_rate_day(tables: Tables) -> float:
    by_day = _loads(tables, "total").resample("D")
    return float(((by_day.max() - by_day.min()) / by_day.max()).mean())


@figure
def _cooling_share_of_peak(tables: Tables) -> float:
    load = _loads(tables, "total")
    summer = load[load.index.month.isin([6, 7, 8, 9])]
    mild = load[load.index.month.isin([4, 5, 10]) & _working(load.index)]
    degc = daily_degc(tables).reindex(mild.index.normalize()).to_numpy()
    base = mild[(degc < 22) & (mild.index.hour == summer.idxmax().hour)].median()
    return float(1 - base / summer.max())


@figure
def _degree_response_of_peak(tables: Tables) -> float:
    load = _loads(tables, "total")
    peaks = load.resample("D").max()
    degc = daily_degc(tables).reindex(peaks.index)
    chosen = peaks.index.month.isin([6, 7, 8, 9]) & _working(peaks.index) & (degc > 26).to_numpy()
    slope = np.polyfit(degc[chosen], peaks[chosen], 1)[0]
    return float(slope / load.max())


@figure
def _hour_of_peak(tables: Tables) -> float:
    return float(_loads(tables, "total").idxmax().hour)


@figure
def _duck_noon_dip(tables: Tables) -> float:
    load = _loads(tables, "grid")
    load = load[load.index.month.isin([4, 10]) & _working(load.index)]
    noon, evening = (load[load.index.hour.isin(h)].mean() for h in ([12, 13], [18, 19]))
    return float(1 - noon / evening)


@figure
def _charging_night_share(tables: Tables) -> float:
    load = _loads(tables, "charging")
    night = load.where(load.index.hour.isin([23, *range(7)]), 0.0)
    return float((night.resample("D").sum() / load.resample("D").sum()).mean())
