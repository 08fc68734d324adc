"""Monthly bills of a county, charged by the tariffs in force, and what its roofs are paid."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import customers, metering, readings
from marketing_models.synthetic.bill_kinds import REGULAR, corrected, in_instalments, named
from marketing_models.synthetic.consumption import (
    block_price_ratio,
    energy_kwh,
    home_elasticity_ratio,
    used_before_kwh,
)
from marketing_models.synthetic.streams import Floats
from marketing_models.tariffs import TWO_PART, charges_yuan
from marketing_models.tariffs.exact import fen_rounded, hundredths, ten_thousandths

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

__all__ = ["bills", "energy_kwh", "generation_settlement", "self_consumed_kwh", "tables"]

_TERMS = [
    *("tariff_code", "market_role_code", "retail_price_yuan_per_kwh", "capacity_basis_code"),
    *("contract_demand_kw", "power_factor_standard_frac"),
]
# Few different values in many rows: categories are copied much faster than text.
_CODES = ("tariff_code", "market_role_code", "capacity_basis_code")
_HIDDEN = [
    *("month", "kind", "is_split", "due_days", "used_before_kwh", "retail_price_yuan_per_kwh"),
    *("capacity_basis_code", "contract_demand_kw", "power_factor_standard_frac"),
    *("voltage_level_code", "contract_capacity_kva", "running_capacity_kva"),
]
_DUE_DAYS = {"residential": 20, "agricultural": 20, "small": 15, "large": 10, "charging": 15}
_MECHANISM_DAY = pd.Timestamp("2025-06-01")

self_consumed_kwh = metering.self_consumed_kwh


def tables(county: "County") -> "Made":
    """Return the tables ``bill, meter_reading, generation_settlement`` and what is behind them.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Truth: ``billing_elasticity``, how each supply point answers to prices; and
        ``billing_price``, for homes and months beyond the first block, its price and the answer.
    """
    from marketing_models.synthetic.county import Made

    settled = generation_settlement(county)
    return Made(
        {
            "bill": county.bills.drop(columns="point"),
            "meter_reading": readings.meter_readings(county, settled),
            "generation_settlement": settled.drop(columns="point"),
        },
        {"billing_elasticity": _elasticity(county), "billing_price": _price(county)},
    )


def bills(county: "County") -> pd.DataFrame:
    """Return the bills of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Columns of the table ``bill`` and ``point``, the row number in the county's points. A
        regular bill a month and connected supply point; for some large customers two instalments
        before it; a few are taken back by their negative and issued again as a supplement. The
        energy of all bills of a month is what the meter measured, net of own generation.
    """
    rows = _dated(county, _measured(county, _rows(county)))
    charged = rows.assign(**charges_yuan(rows))
    made = corrected(county, in_instalments(county, charged))
    return named(county, made).drop(columns=_HIDDEN)


def _rows(county: "County") -> pd.DataFrame:
    """Return a row for each bill, month by month, with the terms by which it is charged."""
    months, points = county.scale.months, county.points
    month, point = np.nonzero(county.connected.T)
    agreements, place = metering.agreement_rows(county)
    net = (county.energy_kwh - self_consumed_kwh(county)).round(2)
    agreements = agreements.astype(dict.fromkeys(_CODES, "category"))
    terms = agreements[_TERMS].take(place[point, month]).reset_index(drop=True)
    return terms.assign(
        voltage_level_code=points["voltage_level_code"].astype("category").array.take(point),
        point=point,
        month=month,
        month_start=months[month],
        energy_kwh=net[point, month],
        used_before_kwh=used_before_kwh(county, net)[point, month],
        contract_capacity_kva=_contract_kva(county)[point, month],
        running_capacity_kva=customers.running_kva(county)[point, month],
    )


def _contract_kva(county: "County") -> Floats:
    """Return the contract capacity of each point and month, by its version on the first day."""
    points = county.points
    since = points["capacity_since"].to_numpy()[:, None]
    now = points["contract_capacity_kva"].to_numpy("float64")[:, None]
    earlier = points["earlier_capacity_kva"].to_numpy("float64")[:, None]
    return np.where(county.scale.months.to_numpy() < since, earlier, now)


def _measured(county: "County", rows: pd.DataFrame) -> pd.DataFrame:
    """Add energy by band, maximum demand and reactive energy, where they are measured."""
    bands = {f"{band}_energy_kwh": np.full(len(rows), np.nan) for band in _BANDS}
    industrial = np.flatnonzero(rows["tariff_code"] == TWO_PART)
    homes = np.flatnonzero(rows["tariff_code"] == "residential_time_of_use")
    for own, divide in ((industrial, _industrial_bands), (homes, _home_bands)):
        for band, energy in divide(county, rows.iloc[own]).items() if len(own) else ():
            bands[f"{band}_energy_kwh"][own] = energy
    at = (rows["point"].to_numpy(), rows["month"].to_numpy())
    demand = metering.maximum_demand_kw(county, _net_kwh(county, rows))[at]
    adjusted = rows["power_factor_standard_frac"].notna().to_numpy()
    reactive = metering.reactive_energy_kvarh(county, county.energy_kwh)[at]
    return rows.assign(
        **bands,
        maximum_demand_kw=np.where(rows["tariff_code"] == TWO_PART, demand, np.nan),
        reactive_energy_kvarh=np.where(adjusted, reactive, np.nan),
    )


_BANDS = ("critical_peak", "peak", "flat", "valley")


def _net_kwh(county: "County", rows: pd.DataFrame) -> Floats:
    net = np.zeros(county.energy_kwh.shape)
    net[rows["point"].to_numpy(), rows["month"].to_numpy()] = rows["energy_kwh"].to_numpy()
    return net


def _industrial_bands(county: "County", rows: pd.DataFrame) -> dict[str, Floats]:
    point, month = rows["point"].to_numpy(), rows["month"].to_numpy()
    return metering.band_energy_kwh(county, point, month, rows)


def _home_bands(county: "County", rows: pd.DataFrame) -> dict[str, Floats]:
    """Divide the energy of homes by their habits and the prices of the block they are in."""
    point, month = rows["point"].to_numpy(), rows["month"].to_numpy()
    ratio = _home_price_ratio(county)[point, month]
    odds = metering.home_valley_odds(county)[month]
    odds = odds * county.points["valley_ratio"].to_numpy()[point]
    odds = odds * ratio ** _substitution_ratio(county)[point]
    odds = odds * np.exp(county.stream("bill", "home_bands").normal(0, 0.08, len(rows)))
    energy, step = rows["energy_kwh"].to_numpy(), metering.meter_ratio(county.points)[point]
    valley = metering.floored(energy * odds / (1 + odds), step)
    return {"peak": (energy - valley).round(2), "valley": valley}


def _home_price_ratio(county: "County") -> Floats:
    """Return peak over valley price of the block in force, over that of the first block."""
    net = (county.energy_kwh - self_consumed_kwh(county)).round(2)
    return block_price_ratio(county, net, "peak") / block_price_ratio(county, net, "valley")


def _substitution_ratio(county: "County") -> Floats:
    mean = parameters.at("synthetic_billing.home_substitution_ratio", county.scale.origin)
    draw = county.stream("bill", "substitution").lognormal(-0.18, 0.6, len(county.points))
    return county.world.effects.price_response * mean * draw


def _dated(county: "County", rows: pd.DataFrame) -> pd.DataFrame:
    """Add kind and days of the regular bills."""
    second_day = county.stream("bill").random(len(county.points)) < 0.4
    due_days = county.points["class_name"].map(_DUE_DAYS).to_numpy()
    point, months = rows["point"].to_numpy(), county.scale.months
    after = months + pd.DateOffset(months=1)
    second = second_day[point].astype("int64").astype("timedelta64[D]")
    issued = pd.Series(after.to_numpy()[rows["month"]] + second)
    return rows.assign(
        kind=REGULAR,
        is_split=False,
        due_days=due_days[point],
        issued_date=issued,
        due_date=issued + pd.to_timedelta(due_days[point], "D"),
        known_at=issued + known_after(county),
    )


def known_after(county: "County") -> pd.Timedelta:
    """Return how long after the beginning of its day of issue the system knows a bill."""
    delay = parameters.at("synthetic.bill_delay_hours", county.scale.origin)
    return pd.Timedelta(hours=24 + delay)


def generation_settlement(county: "County") -> pd.DataFrame:
    """Return what the owners of roof plants are paid.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Columns of the table ``generation_settlement`` and ``point``, a row a month and plant.
        Until the mechanism of June 2025 all surplus is paid the fixed price; after, the market
        price, and for the mechanism energy the difference to the mechanism price.
    """
    generated, used = metering.generated_kwh(county), self_consumed_kwh(county)
    month, point = np.nonzero(generated.T > 0)
    step = metering.meter_ratio(county.points)[point]
    fed_in = metering.floored((generated - used)[point, month].clip(min=0), step)
    starts = county.scale.months[month]
    names = ["supply_point_id", "county_id"]
    rows = county.points[names].take(point).reset_index(drop=True)
    rows = rows.assign(
        point=point,
        month_start=starts,
        period_start=starts,
        self_consumed_energy_kwh=used[point, month],
        fed_in_energy_kwh=fed_in,
        known_at=starts + pd.DateOffset(months=1) + known_after(county),
    )
    return rows.assign(**_payable(county, rows))


def _payable(county: "County", rows: pd.DataFrame) -> dict[str, Floats]:
    days = pd.Index(rows["month_start"].unique())
    place = days.get_indexer(rows["month_start"])
    held = [parameters.at("tariff.feed_in_price_yuan_per_kwh", day)["market"] for day in days]
    share = [parameters.at("tariff.mechanism_energy_frac", day) for day in days]
    market = np.array([ten_thousandths(one) for one in held], "int64")[place]
    covered = (rows["fed_in_energy_kwh"] * np.array(share, "float64")[place]).round(2)
    promised = np.rint(mechanism_price(county)[rows["point"]] * 10_000).astype("int64")
    settlement = fen_rounded(hundredths(covered) * (promised - market))
    sold = fen_rounded(hundredths(rows["fed_in_energy_kwh"]) * market)
    began = (rows["month_start"] >= _MECHANISM_DAY).to_numpy()
    return {
        "mechanism_energy_kwh": np.where(began, covered, np.nan),
        "mechanism_settlement_yuan": np.where(began, settlement, np.nan),
        "payable_yuan": (sold + np.where(began, settlement, 0.0)).round(2),
    }


def mechanism_price(county: "County") -> Floats:
    """Return the mechanism price of each point's plant, as its feed-in contract has it.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points,)
        That of old plants for points without plant. [yuan/kWh]
    """
    price = parameters.at("synthetic_customers.mechanism_price_yuan_per_kwh", county.scale.origin)
    new = county.points["pv_since"].to_numpy() >= _MECHANISM_DAY.to_numpy()
    return np.where(new, price["after"], price["before"])


def _elasticity(county: "County") -> pd.DataFrame:
    points = county.points
    chosen = (points["tariff_code"] == "residential_time_of_use").to_numpy()
    industrial = (points["tariff_code"] == TWO_PART).to_numpy()
    rows = points[["supply_point_id"]].assign(
        own_elasticity_ratio=home_elasticity_ratio(county),
        substitution_elasticity_ratio=np.where(chosen, _substitution_ratio(county), 0.0),
        shift_elasticity_ratio=np.where(industrial, metering.flexibility_ratio(county), 0.0),
    )
    answers: npt.NDArray[np.bool_] = (
        points["class_name"].isin(["residential", "large"])
    ).to_numpy()
    return rows[answers].reset_index(drop=True)


def _price(county: "County") -> pd.DataFrame:
    """Return the price that homes beyond the first block faced, and what they made of it."""
    ratio = block_price_ratio(county, county.energy_kwh)
    point, month = np.nonzero((ratio > 1) & county.connected)
    own, bands = home_elasticity_ratio(county)[point], _home_price_ratio(county)[point, month]
    return pd.DataFrame(
        {
            "supply_point_id": county.points["supply_point_id"].to_numpy()[point],
            "month_start": county.scale.months[month],
            "price_ratio": ratio[point, month],
            "use_ratio": ratio[point, month] ** own,
            "band_price_ratio": bands,
            "band_use_ratio": bands ** -_substitution_ratio(county)[point],
        }
    )
