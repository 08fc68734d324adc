"""Inspections as rows: who was looked at, what was found, and what was charged for it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import theft
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.customers import pseudonyms

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_OFFICERS = 5
_PENALTY_YUAN_PER_KVA = 50.0


def tables(county: "County") -> Made:
    """Return the inspections of a county and the theft behind them.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``inspection``; truth ``theft_start`` (a row a thief) and ``theft_hazard`` (a row
        a supply point and quarter: the chance that theft begins in it).
    """
    told = theft.story(county)
    truth = {"theft_start": _starts(county, told), "theft_hazard": _quarters(county, told)}
    return Made({"inspection": _rows(county, told)}, truth)


def _rows(county: "County", told: theft.Story) -> pd.DataFrame:
    """Give each inspection its moments; what is not filed by the last day is left out."""
    numbers, looked = county.stream("inspection", "row"), told.inspections
    count, month = len(looked), looked["month"].to_numpy()
    officers = pseudonyms("E", _OFFICERS, county.stream("inspection", "decider"))
    minute = numbers.integers(0, 27 * 1440, count) // 1440 * 1440 + numbers.integers(
        540, 1020, count
    )
    acted = pd.Series(county.scale.months[month] + pd.to_timedelta(minute, "min"))
    # Filing takes some days, a finding of theft longer, because the customer must sign.
    days = np.exp(numbers.normal(0.7, 0.8, count)) + 4.0 * looked["is_found"]
    rows = looked[["selection_code", "outcome_code"]].assign(
        inspection_id=county.unit_id + "-I" + pd.Series(np.arange(count) + 10**6).astype("str"),
        supply_point_id=county.points["supply_point_id"].to_numpy()[looked["point"]],
        county_id=county.unit_id,
        acted_at=acted,
        decider_id=officers.iloc[numbers.integers(0, _OFFICERS, count)].to_numpy(),
        known_at=acted + pd.to_timedelta(np.ceil(days), "D"),
        **_backbilled(county, told, numbers),
    )
    return rows[rows["known_at"] < county.scale.origin].reset_index(drop=True)


def _backbilled(
    county: "County", told: theft.Story, numbers: np.random.Generator
) -> dict[str, "pd.Series[float]"]:
    """Charge what the inspector believes was stolen since the start, half a year at most."""
    looked, energy = told.inspections, county.energy_kwh
    point, month = looked["point"].to_numpy(), looked["month"].to_numpy()
    run = np.cumsum(np.pad(energy, ((0, 0), (1, 0))), axis=1)
    since = np.maximum(np.minimum(told.start_month[point], month), month - 5)
    metered = run[point, month + 1] - run[point, since]
    frac = told.frac[point]
    believed = np.exp(0.25 * numbers.standard_normal(len(looked)))
    stolen = (metered * frac / (1 - frac) * believed).round(2)
    found = looked["is_found"].to_numpy()
    day = pd.Timestamp(county.scale.last_day)
    price = parameters.at("synthetic_money.theft_price_yuan_per_kwh", day)
    ratio = 1 + parameters.at("synthetic_money.theft_penalty_ratio", day)
    kva = county.points["contract_capacity_kva"].fillna(8.0).to_numpy("float64")[point]
    breach = kva * numbers.uniform(0.05, 0.4, len(looked)) * _PENALTY_YUAN_PER_KVA
    is_home = (county.points["class_name"] == "residential").to_numpy()[point]
    price_yuan = np.where(is_home, price["home"], price["other"])
    money = np.where(found, stolen * price_yuan * ratio, breach)
    is_charged = looked["outcome_code"].isin(["theft", "breach"])
    return {
        "backbilled_energy_kwh": pd.Series(stolen).where(found),
        "backbilled_yuan": pd.Series(money.round(2)).where(is_charged),
    }


def _starts(county: "County", told: theft.Story) -> pd.DataFrame:
    months = county.scale.months
    began = np.flatnonzero(told.start_month < len(months))
    end = told.end_month[began]
    ended = pd.Series(months[np.minimum(end, len(months) - 1)]).where(end < len(months))
    return pd.DataFrame(
        {
            "supply_point_id": county.points["supply_point_id"].to_numpy()[began],
            "month_start": months[told.start_month[began]],
            "ended_month": ended,
            "unmetered_frac": told.frac[began],
        }
    )


def _quarters(county: "County", told: theft.Story) -> pd.DataFrame:
    """Return the hazard of the quarters in which a supply point is connected and honest so far."""
    months = county.scale.months
    _, first = np.unique(months.to_period("Q").astype("int64"), return_index=True)
    stays = np.where(county.connected, 1 - told.hazard, 1.0)
    hazard = 1 - np.multiply.reduceat(stays, first, axis=1)
    last = np.append(first[1:], len(months))
    start = told.start_month[:, None]
    honest = (start >= first) & county.connected[:, first]
    point, place = np.nonzero(honest)
    begins = (start >= first) & (start < last)
    return pd.DataFrame(
        {
            "supply_point_id": county.points["supply_point_id"].to_numpy()[point],
            "month_start": months[first[place]],
            "start_probability": hazard[point, place],
            "is_start": begins[point, place],
        }
    )
