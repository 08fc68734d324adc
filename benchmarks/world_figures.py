"""Every published aggregate as it comes out of a synthetic world's tables.

Each function is a row of the parameter file ``calibration`` and returns that figure for the last
full calendar year; its definition stands in the file. Supply points count as often as they stand
for real ones.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
from world_tables import NotMadeError, Tables

from marketing_models import calendars, parameters

HEAVY = ("C26", "C30", "C31", "C32")
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


def _of_year(tables: Tables, series: str, back: int = 0) -> float:
    energy = _energy(tables)
    return float(energy.loc[energy.index.year == tables.year - back, series].sum())


def _share(tables: Tables, series: str) -> float:
    return _of_year(tables, series) / _of_year(tables, "total")


def _full_years(tables: Tables) -> list[int]:
    counts = _energy(tables).index.year.value_counts()
    return [int(year) for year in counts.index if counts[year] == 12]


def _months_over_year(
    tables: Tables, series: str, months: tuple[int, ...], *, pooled: bool
) -> float:
    """Return daily energy of some months over that of the year, mean over the full years."""
    energy = _energy(tables)[series]
    days = pd.Series(energy.index.days_in_month, energy.index)
    found = []
    for year in _full_years(tables):
        own = energy.index.year == year
        chosen = own & energy.index.month.isin(months)
        base = energy[own].sum() / days[own].sum()
        daily = energy[chosen] / days[chosen]
        top = energy[chosen].sum() / days[chosen].sum() if pooled else daily.mean()
        found.append(top / base)
    return float(np.mean(found))


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
    return _of_year(tables, "total") / _of_year(tables, "total", 1) - 1


@figure
def _festival_total(tables: Tables) -> float:
    return _months_over_year(tables, "total", (1, 2), pooled=True)


@figure
def _festival_secondary(tables: Tables) -> float:
    return _months_over_year(tables, "secondary", (1, 2), pooled=True)


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
    return _of_year(tables, "line_loss") / _of_year(tables, "supplied")


@figure
def _gdp_elasticity(tables: Tables) -> float:
    years = sorted(_full_years(tables))
    energy = [_of_year(tables, "total", tables.year - year) for year in years]
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


# Customers and bills


def _active(tables: Tables) -> pd.DataFrame:
    points = tables["supply_point"]
    return points[points["status_code"] == "active"]


@lru_cache(maxsize=2)
def bills(tables: Tables) -> pd.DataFrame:
    """Return the bills of the year with what the master data say of their supply points."""
    rows = tables["bill"]
    rows = rows[pd.to_datetime(rows["month_start"]).dt.year == tables.year]
    points = tables["supply_point"].drop(columns=["account_id", "county_id"], errors="ignore")
    rows = rows.merge(points, on="supply_point_id", suffixes=("", "_point"))
    weight = rows["represented_count"].astype("float64")
    energy = rows["energy_kwh"].astype("float64") * weight
    money = rows["receivable_yuan"].astype("float64") * weight
    return rows.assign(energy=energy, money=money)


@lru_cache(maxsize=2)
def _yearly(tables: Tables) -> pd.DataFrame:
    """Return the year's energy of one real customer by supply point."""
    by_point = bills(tables).groupby("supply_point_id", sort=False)
    sums = by_point.agg(
        energy_kwh=("energy_kwh", "sum"),
        months=("month_start", "nunique"),
        represented_count=("represented_count", "first"),
        tariff_class_code=("tariff_class_code", "first"),
        industry_code=("industry_code", "first"),
        contract_capacity_kva=("contract_capacity_kva", "first"),
    )
    if "maximum_demand_kw" in bills(tables):
        sums["maximum_demand_kw"] = by_point["maximum_demand_kw"].max()
    return sums


def _homes(tables: Tables) -> pd.DataFrame:
    yearly = _yearly(tables)
    return yearly[(yearly["tariff_class_code"] == "residential") & (yearly["months"] == 12)]


def _mean(rows: pd.DataFrame, chosen: pd.Series) -> float:
    """Return the weighted share of rows that are chosen."""
    return float(np.average(chosen.astype("float64"), weights=rows["represented_count"]))


@figure
def _household_log_sd(tables: Tables) -> float:
    homes = _homes(tables)
    homes = homes[homes["energy_kwh"] > 120]
    log, weight = np.log(homes["energy_kwh"]), homes["represented_count"]
    mean = np.average(log, weights=weight)
    return float(np.sqrt(np.average((log - mean) ** 2, weights=weight)))


@figure
def _household_mean_kwh(tables: Tables) -> float:
    rows = bills(tables)
    homes = _active(tables).query("tariff_class_code == 'residential'")
    energy = rows.loc[rows["tariff_class_code"] == "residential", "energy"].sum()
    return float(energy / homes["represented_count"].sum())


@figure
def _household_block_1_share(tables: Tables) -> float:
    # The blocks were set long ago: of the world's full years the first comes closest to that.
    rows = tables["bill"][["supply_point_id", "month_start", "energy_kwh"]]
    points = tables["supply_point"].set_index("supply_point_id")
    homes = points.index[points["tariff_class_code"] == "residential"]
    year = pd.to_datetime(rows["month_start"]).dt.year
    months = rows["month_start"].groupby(year).nunique()
    own = rows[(year == months.index[months == 12].min()) & rows["supply_point_id"].isin(homes)]
    by_point = own.groupby("supply_point_id").agg(
        energy_kwh=("energy_kwh", "sum"), months=("month_start", "nunique")
    )
    by_point = by_point[by_point["months"] == 12].join(points["represented_count"])
    edges = parameters.at("tariff.residential_block_from_kwh", pd.Timestamp(tables.year, 1, 1))
    return _mean(by_point, by_point["energy_kwh"] <= edges[1])


@figure
def _household_share_under_2760(tables: Tables) -> float:
    homes = _homes(tables)
    return _mean(homes, homes["energy_kwh"] <= 2760)


@figure
def _supply_points_residential_share(tables: Tables) -> float:
    points = _active(tables)
    return _mean(points, points["tariff_class_code"] == "residential")


def _big(tables: Tables) -> pd.DataFrame:
    yearly = _yearly(tables)
    is_industry = yearly["industry_code"].str[:1].isin(["B", "C", "D"])
    demand = 0.8 * yearly["contract_capacity_kva"]
    if "maximum_demand_kw" in yearly:
        demand = np.maximum(demand, yearly["maximum_demand_kw"].astype("float64").fillna(0))
    return yearly[is_industry & (demand >= 800)]


@figure
def _big_customer_share_of_sales(tables: Tables) -> float:
    big = _big(tables)
    return float(
        (big["energy_kwh"] * big["represented_count"]).sum() / bills(tables)["energy"].sum()
    )


@figure
def _big_customer_mean_kwh(tables: Tables) -> float:
    big = _big(tables)
    return float(np.average(big["energy_kwh"], weights=big["represented_count"]))


@figure
def _top100_share_of_sales(tables: Tables) -> float:
    yearly = _yearly(tables).sort_values("energy_kwh", ascending=False)
    rank = yearly["represented_count"].cumsum()
    top = yearly[rank <= 100]
    return float(
        (top["energy_kwh"] * top["represented_count"]).sum() / bills(tables)["energy"].sum()
    )


@figure
def _large_capacity_under_1000kva(tables: Tables) -> float:
    points = _active(tables)
    large = points[
        (points["contract_capacity_kva"] >= 315)
        & (points["tariff_class_code"] == "industrial_commercial")
    ]
    return _mean(large, large["contract_capacity_kva"] < 1000)


@figure
def _heavy_four_share_of_secondary(tables: Tables) -> float:
    rows = bills(tables)
    heavy = rows.loc[rows["industry_code"].isin(HEAVY), "energy"].sum()
    return float(heavy / _of_year(tables, "secondary"))


@figure
def _market_traded_share(tables: Tables) -> float:
    rows = bills(tables)
    traded = rows["market_role_code"].isin(["wholesale", "retail", "agency"])
    return float(rows.loc[traded, "energy"].sum() / _of_year(tables, "total"))


def _business(tables: Tables) -> pd.DataFrame:
    rows = bills(tables)
    return rows[rows["tariff_class_code"] == "industrial_commercial"]


@figure
def _agency_share_of_business(tables: Tables) -> float:
    rows = _business(tables)
    agency = rows.loc[rows["market_role_code"] == "agency", "energy"].sum()
    return float(agency / rows["energy"].sum())


@figure
def _price_business(tables: Tables) -> float:
    rows = _business(tables)
    return float(rows["money"].sum() / rows["energy"].sum())


@figure
def _price_residential(tables: Tables) -> float:
    rows = bills(tables).query("tariff_class_code == 'residential'")
    return float(rows["money"].sum() / rows["energy"].sum())
