"""Published aggregates of customers and their bills in a synthetic world."""

from functools import lru_cache

import numpy as np
import pandas as pd
from world_figures import figure, full_years, months_over_year, of_year
from world_tables import Tables

from marketing_models import parameters

HEAVY = ("C26", "C30", "C31", "C32")


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
    return float(heavy / of_year(tables, "secondary"))


def _festival(tables: Tables, industry_code: str) -> float:
    """Return daily energy billed to an industry in January and February over that of the year."""
    points = tables["supply_point"]
    own = points[points["industry_code"] == industry_code].set_index("supply_point_id")
    rows = tables["bill"][["supply_point_id", "month_start", "energy_kwh"]]
    rows = rows.merge(own["represented_count"], left_on="supply_point_id", right_index=True)
    energy = rows["energy_kwh"].astype("float64") * rows["represented_count"]
    monthly = energy.groupby(pd.to_datetime(rows["month_start"])).sum()
    return months_over_year(monthly, full_years(tables), (1, 2), pooled=True)


@figure
def _festival_building_materials(tables: Tables) -> float:
    return _festival(tables, "C30")


@figure
def _festival_textile(tables: Tables) -> float:
    return _festival(tables, "C17")


@figure
def _market_traded_share(tables: Tables) -> float:
    rows = bills(tables)
    traded = rows["market_role_code"].isin(["wholesale", "retail", "agency"])
    return float(rows.loc[traded, "energy"].sum() / of_year(tables, "total"))


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
