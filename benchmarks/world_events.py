"""Published aggregates of payments, service, market and shortage in a synthetic world."""

from functools import lru_cache

import numpy as np
import pandas as pd
from world_customers import bills
from world_figures import figure, loads_kw, of_year
from world_tables import NotMadeError, Tables

_BUSINESS_HOUR_COST = ("B", "C", "D")


def _points(tables: Tables) -> pd.DataFrame:
    return tables["supply_point"].set_index("supply_point_id")


def _stands_for(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    """Return how many real customers are behind each row; as many as on average if unknown."""
    count = _points(tables)["represented_count"].astype("float64")
    if "supply_point_id" not in rows:
        return pd.Series(1.0, rows.index)
    found = rows["supply_point_id"].map(count)
    return found.fillna(found.mean() if found.notna().any() else 1.0)


def _accounts_stand_for(tables: Tables) -> pd.Series:
    return (
        tables["supply_point"].groupby("account_id")["represented_count"].first().astype("float64")
    )


# Money


@lru_cache(maxsize=2)
def _collected(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return bills issued in the year with weights, and what was booked against each, and when."""
    bills = tables["bill"]
    bills = bills[pd.to_datetime(bills["issued_date"]).dt.year == tables.year].copy()
    bills["weight"] = _stands_for(tables, bills)
    paid = tables["payment_allocation"].merge(tables["payment"][["payment_id", "booked_at"]])
    paid = paid[paid["bill_id"].isin(bills["bill_id"])].merge(
        bills[["bill_id", "issued_date", "due_date"]]
    )
    return bills, paid.dropna(subset="booked_at")


def _open_yuan(bills: pd.DataFrame, paid: pd.DataFrame) -> pd.Series:
    booked = paid.groupby("bill_id")["allocated_yuan"].sum()
    return bills["receivable_yuan"].astype("float64") - bills["bill_id"].map(booked).fillna(0.0)


@figure
def _collected_by_year_end(tables: Tables) -> float:
    bills, paid = _collected(tables)
    end = pd.Timestamp(tables.year + 1, 1, 1)
    bills = bills[pd.to_datetime(bills["due_date"]) < end]
    rest = _open_yuan(bills, paid[paid["booked_at"] < end])
    return float(
        1 - (rest * bills["weight"]).sum() / (bills["receivable_yuan"] * bills["weight"]).sum()
    )


@figure
def _collected_within_month(tables: Tables) -> float:
    bills, paid = _collected(tables)
    issued = pd.to_datetime(paid["issued_date"]).dt.to_period("M")
    rest = _open_yuan(bills, paid[paid["booked_at"].dt.to_period("M") <= issued])
    month = pd.to_datetime(bills["issued_date"]).dt.month
    left = (rest * bills["weight"]).groupby(month).sum()
    due = (bills["receivable_yuan"] * bills["weight"]).groupby(month).sum()
    return float((1 - left / due).mean())


@figure
def _late_bill_share(tables: Tables) -> float:
    bills, paid = _collected(tables)
    end = pd.to_datetime(paid["due_date"]) + pd.Timedelta(days=1)
    rest = _open_yuan(bills, paid[paid["booked_at"] < end])
    return float(np.average(rest > 0.005, weights=bills["weight"]))


@figure
def _payments_outside_hall(tables: Tables) -> float:
    rows = tables["payment"]
    rows = rows[pd.to_datetime(rows["paid_at"]).dt.year == tables.year]
    weight = rows["account_id"].map(_accounts_stand_for(tables)).fillna(1.0)
    return float(np.average(rows["channel_code"] != "hall", weights=weight))


@figure
def _disconnections_per_100(tables: Tables) -> float:
    rows = tables["collection_action"]
    rows = rows[(rows["action_code"] == "disconnection") & rows["acted_at"].notna()]
    weight = _accounts_stand_for(tables)
    return float(100 * rows["account_id"].map(weight).sum() / weight.sum())


# Service: requests and calls stand for themselves, the province has as many as it has people


def _people(tables: Tables) -> float:
    rows = tables["indicator_value"]
    rows = rows[(rows["level"] == "province") & (rows["indicator_code"] == "population")]
    return float(rows.set_index("period_start")["indicator_value"].sort_index().iloc[-1])


@figure
def _contacts_per_1000_people(tables: Tables) -> float:
    tickets, calls = tables["ticket"], tables["service_transaction"]
    calls = calls[(calls["channel_code"] == "phone") & calls["ticket_id"].isna()]
    return float(1000 * (len(tickets) + len(calls)) / _people(tables))


@figure
def _fault_share_of_contacts(tables: Tables) -> float:
    return float((tables["ticket"]["ticket_type_code"] == "fault").mean())


def _complaints(tables: Tables, *, regulator: bool) -> int:
    tickets = tables["ticket"]
    chosen = (tickets["channel_code"] == "regulator") == regulator
    return int((chosen & (tickets["ticket_type_code"] == "complaint")).sum())


@figure
def _complaints_95598_per_100k(tables: Tables) -> float:
    customers = tables["supply_point"]["represented_count"].sum()
    return 1e5 * _complaints(tables, regulator=False) / float(customers)


@figure
def _complaints_regulator_per_100k(tables: Tables) -> float:
    return 1e5 * _complaints(tables, regulator=True) / _people(tables)


@figure
def _arrival_minutes_urban(tables: Tables) -> float:
    orders = tables["work_order"]
    orders = orders[orders["order_type_code"] == "repair"].merge(
        tables["ticket"][["ticket_id", "opened_at", "supply_point_id"]]
    )
    area = orders["supply_point_id"].map(_points(tables)["area_type_code"])
    orders = orders[(area == "urban") & orders["arrived_at"].notna()]
    return float((orders["arrived_at"] - orders["opened_at"]).dt.total_seconds().mean() / 60)


@lru_cache(maxsize=2)
def _interruptions(tables: Tables) -> pd.DataFrame:
    """Return interrupted medium-voltage customers and their hours, by the area of the equipment."""
    rows = tables["outage_event"]
    rows = rows[rows["outage_type_code"].isin(["planned", "fault"]) & rows["ended_at"].notna()]
    hours = (rows["ended_at"] - rows["started_at"]).dt.total_seconds() / 3600
    count = rows["interrupted_mv_customer_count"].astype("float64").fillna(0.0)
    area = _main_area(tables).reindex(rows["equipment_id"]).to_numpy()
    return pd.DataFrame({"count": count, "hours": count * hours, "area": area})


@lru_cache(maxsize=2)
def _main_area(tables: Tables) -> pd.Series:
    """Return urban or rural, whichever most supply points under an equipment are."""
    points = tables["supply_point"]
    parts = []
    for holder in ("transformer_area_id", "feeder_id"):
        known = points.dropna(subset=holder)
        urban = (known["area_type_code"] == "urban").astype("float64")
        parts.append(urban.groupby(known[holder]).mean())
    share = pd.concat(parts)
    substations = tables["equipment"].set_index("equipment_id")["parent_equipment_id"]
    share = pd.concat([share, share.groupby(substations.reindex(share.index)).mean()])
    share = share[~share.index.duplicated()]
    return pd.Series(np.where(share >= 0.5, "urban", "rural"), share.index)


@lru_cache(maxsize=2)
def _medium_voltage(tables: Tables) -> pd.Series:
    """Return medium-voltage customers and public transformers, by area."""
    points = tables["supply_point"]
    points = points[points["status_code"] == "active"]
    own = points[points["transformer_area_id"].isna()]
    areas = points.dropna(subset="transformer_area_id").drop_duplicates("transformer_area_id")
    customers = own.groupby(own["area_type_code"] == "urban")["represented_count"].sum()
    main = _main_area(tables).reindex(areas["transformer_area_id"])
    transformers = main.value_counts()
    return pd.Series(
        {
            "urban": customers.get(True, 0) + transformers.get("urban", 0),
            "rural": customers.get(False, 0) + transformers.get("rural", 0),
        }
    )


@figure
def _saidi_hours(tables: Tables) -> float:
    return float(_interruptions(tables)["hours"].sum() / _medium_voltage(tables).sum())


@figure
def _saidi_rural_over_urban(tables: Tables) -> float:
    hours = _interruptions(tables).groupby("area")["hours"].sum() / _medium_voltage(tables)
    return float(hours["rural"] / hours["urban"])


@figure
def _saifi_per_year(tables: Tables) -> float:
    return float(_interruptions(tables)["count"].sum() / _medium_voltage(tables).sum())


# Connections


@figure
def _connection_days(tables: Tables) -> float:
    rows = tables["application"]
    rows = rows[
        (rows["application_type_code"] == "new")
        & (rows["tariff_class_code"] == "industrial_commercial")
        & rows["applied_capacity_kva"].between(100, 200)
    ]
    days = (pd.to_datetime(rows["energised_date"]) - pd.to_datetime(rows["accepted_date"])).dt.days
    return float(days.median())


def _growing(tables: Tables) -> pd.DataFrame:
    rows = tables["application"]
    return rows[rows["application_type_code"].isin(["new", "larger"])]


@figure
def _applied_kva_per_mwh(tables: Tables) -> float:
    rows = _growing(tables)
    rows = rows[pd.to_datetime(rows["accepted_date"]).dt.year == tables.year]
    return float(rows["applied_capacity_kva"].sum() / (of_year(tables, "total") / 1000))


@figure
def _withdrawn_share(tables: Tables) -> float:
    rows = _growing(tables)
    before = pd.Timestamp(tables.world.scale.last_day) - pd.DateOffset(months=24)
    rows = rows[pd.to_datetime(rows["accepted_date"]) < before]
    return float(rows["withdrawn_date"].notna().mean())


# Theft, response, savings, surveys


def _found(tables: Tables, selections: list[str], outcomes: list[str]) -> float:
    rows = tables["inspection"]
    rows = rows[rows["selection_code"].isin(selections) & rows["outcome_code"].notna()]
    return float(rows["outcome_code"].isin(outcomes).mean())


@figure
def _theft_found_routine(tables: Tables) -> float:
    return _found(tables, ["routine", "random"], ["theft"])


@figure
def _theft_found_model(tables: Tables) -> float:
    return _found(tables, ["model"], ["theft", "breach"])


@figure
def _dr_capability_share(tables: Tables) -> float:
    load = loads_kw(tables)["total"]
    peak = load[load.index.year == tables.year].max()
    return float(tables["load_resource"]["contracted_response_kw"].sum() / peak)


@figure
def _dr_delivery_ratio(tables: Tables) -> float:
    rows = tables["response_delivery"]
    rows = rows[rows["answer_code"] == "accepted"].dropna(subset="delivered_response_kw")
    sums = rows.groupby("response_event_id")[
        ["delivered_response_kw", "confirmed_response_kw"]
    ].sum()
    return float((sums["delivered_response_kw"] / sums["confirmed_response_kw"]).mean())


@figure
def _interruption_residential_over_industry(tables: Tables) -> float:
    rows = tables["load_resource"].dropna(subset="interruption_yuan_per_kwh")
    point = _points(tables).reindex(rows["supply_point_id"])
    homes = (point["tariff_class_code"] == "residential").to_numpy()
    if not homes.any():
        raise NotMadeError("load_resource of homes")
    industry = point["industry_code"].str[:1].isin(_BUSINESS_HOUR_COST).to_numpy()
    cost = rows["interruption_yuan_per_kwh"]
    return float(cost[homes].median() / cost[industry].median())


@figure
def _survey_response_rate(tables: Tables) -> float:
    rows = tables["survey_response"]
    return float((rows["answer_code"] == "accepted").groupby(rows["campaign_id"]).mean().mean())


@figure
def _savings_realised_over_claimed(tables: Tables) -> float:
    rows = tables["saving_record"].dropna(subset="verified_saving_kwh")
    return float(rows["verified_saving_kwh"].sum() / rows["claimed_saving_kwh"].sum())


@figure
def _coal_share_industry_final(tables: Tables) -> float:
    answers = tables["survey_response"].drop_duplicates("respondent_id")
    answers = answers[answers["industry_code"].str[:1].isin(_BUSINESS_HOUR_COST)]
    rows = tables["other_energy_use"].query("carrier_code != 'electricity'")
    rows = rows.merge(answers[["respondent_id", "inclusion_frac", "supply_point_id"]])
    fuel = rows["final_energy_kwh"].astype("float64") / rows["inclusion_frac"]
    by_carrier = fuel.groupby(rows["carrier_code"]).sum()
    # Electricity of the same respondents is what their bills of the year say.
    own = answers[answers["respondent_id"].isin(rows["respondent_id"])]
    billed = bills(tables).groupby("supply_point_id")["energy_kwh"].sum()
    billed = own["supply_point_id"].map(billed).fillna(0.0) / own["inclusion_frac"]
    return float(by_carrier.get("coal", 0.0) / (by_carrier.sum() + billed.sum()))


def _truth(tables: Tables, name: str) -> pd.DataFrame:
    if name not in tables.truth:
        raise NotMadeError(f"truth {name}")
    return tables.truth[name]


@figure
def _elasticity_own_residential(tables: Tables) -> float:
    ratio = _truth(tables, "billing_elasticity")["own_elasticity_ratio"]
    return float(ratio[ratio != 0].mean())


@figure
def _elasticity_substitution_home(tables: Tables) -> float:
    rows = _truth(tables, "billing_elasticity")
    homes = rows["supply_point_id"].map(_points(tables)["tariff_class_code"]) == "residential"
    ratio = rows.loc[homes, "substitution_elasticity_ratio"]
    return float(ratio[ratio != 0].abs().mean())
