"""Calls for demand response, who answered them, and what came of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import answers, resources, sky
from marketing_models.synthetic.climate import stations
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.profiles import profile
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County
    from marketing_models.synthetic.world import World

_MEASURES = ("contracted_response", "invited_response", "interruptible")
_MEASURE_FREQUENCY = (0.50, 0.35, 0.15)
# Chance of a call on a day by its mean temperature: height, middle and width of the rise. [degC]
_HOT, _COLD = (0.60, 30.9, 0.5), (0.25, -1.0, 0.8)
_CITY_RATIO, _SUNDAY_RATIO = 0.28, 0.4
_SUMMER_STARTS, _WINTER_STARTS = (10, 14, 15, 16, 19, 20), (17, 17, 18, 18, 18, 19)
_CANCELLED_FRAC = 0.04
_DROUGHT_DEGC = 2.0
_FILED_HOURS = 6
_LOAD_FACTOR = 0.6
_LEVELS = ((0.05, "IV"), (0.10, "III"), (0.20, "II"), (np.inf, "I"))
_COLUMNS = (
    *("response_event_id", "unit_id", "status_code", "called_at", "started_at", "ended_at"),
    *("measure_code", "warning_level_code", "requested_kw", "known_at"),
)


def response_events(world: World) -> pd.DataFrame:
    """Return the table ``response_event``: calls of the province and of its cities.

    Parameters
    ----------
    world : World
        The province. Hot and cold days make calls likely; nothing of a county is read but its
        yearly energy.

    Returns
    -------
    DataFrame
        One row a call, known six hours after its end; calls that run at the end of the world are
        open, some earlier ones were cancelled.
    """
    return _events(world).copy()


@lru_cache(maxsize=4)
def _events(world: World) -> pd.DataFrame:
    units = {PROVINCE: tuple(world.city_of), **world.cities}
    weather = {
        city: sky.truth(world, stations(city)[0])["temperature_degc"].loc[world.scale.hours]
        for city in world.cities
    }
    weather[PROVINCE] = pd.concat(list(weather.values()), axis=1).mean(axis=1)
    calls = [_calls(world, unit, weather[unit], below) for unit, below in units.items()]
    rows = pd.concat(calls, ignore_index=True)
    return rows[rows["called_at"] < world.scale.origin].reset_index(drop=True)


def _calls(
    world: World, unit: str, temperature: pd.Series, counties: tuple[str, ...]
) -> pd.DataFrame:
    numbers = world.stream("response_event", unit)
    mean_degc = temperature.resample("D").mean()
    days = pd.DatetimeIndex(mean_degc.index)
    draw = numbers.random((8, len(days)))
    # In a drought the supply is short, so that milder cold brings calls.
    thawed = mean_degc - _DROUGHT_DEGC * world.effects.cold_drought
    hot, cold = _chance(mean_degc, 1, *_HOT), _chance(thawed, -1, *_COLD)
    ratio = np.where(days.day_of_week == 6, _SUNDAY_RATIO, 1.0)
    called = draw[0] < (hot + cold) * ratio * (1.0 if unit == PROVINCE else _CITY_RATIO)
    place = np.minimum((draw[1] * 6).astype(int), 5)
    hour = np.where(hot > cold, np.take(_SUMMER_STARTS, place), np.take(_WINTER_STARTS, place))
    length = 2 + (draw[2] * 3).astype(int)
    share = 0.012 + 0.05 * draw[3] ** 2 + 0.02 * np.maximum(hot, cold)
    # A firm ratio of peak to mean stands for the maximum load that no call can know.
    mean_kw = sum(sum(profile(county, world).energy_kwh.values()) for county in counties) / 8760
    kind = np.searchsorted(np.cumsum(_MEASURE_FREQUENCY)[:2], draw[4])
    rows = pd.DataFrame(
        {
            "unit_id": unit,
            "measure_code": np.take(_MEASURES, kind),
            "started_at": days + pd.to_timedelta(hour, "h"),
            "ended_at": days + pd.to_timedelta(hour + length, "h"),
            "requested_kw": np.rint(share * mean_kw / _LOAD_FACTOR / 100).astype("int64") * 100,
            "share": share,
            "is_cancelled": draw[5] < _CANCELLED_FRAC,
        }
    )
    return _finished(world, rows[called].reset_index(drop=True))


def _chance(mean_degc: pd.Series, sign: int, height: float, middle: float, width: float) -> Floats:
    return height / (1 + np.exp(-sign * (mean_degc.to_numpy() - middle) / width))


def _finished(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    """Add identifier, moment of the call, level and state."""
    before = rows["measure_code"].map({"contracted_response": 5.0, "interruptible": 0.75})
    day = rows["started_at"].dt.normalize()
    called_at = (rows["started_at"] - pd.to_timedelta(before, "h")).fillna(
        day - pd.Timedelta(hours=7)
    )
    filed_at = rows["ended_at"] + pd.Timedelta(hours=_FILED_HOURS)
    runs = filed_at >= world.scale.origin
    stopped = rows["is_cancelled"] & ~runs
    edges = [edge for edge, _ in _LEVELS]
    level = np.take([name for _, name in _LEVELS], np.searchsorted(edges, 1.5 * rows["share"]))
    said_at = called_at + pd.Timedelta(minutes=5)
    return rows.assign(
        response_event_id="V" + rows["unit_id"] + "-" + day.dt.strftime("%Y%m%d"),
        called_at=called_at,
        warning_level_code=level,
        status_code=np.select([runs, stopped], ["open", "cancelled"], "done"),
        ended_at=rows["ended_at"].mask(runs | stopped),
        started_at=rows["started_at"].mask(stopped | (rows["started_at"] >= world.scale.origin)),
        known_at=filed_at.mask(runs, said_at).mask(stopped, said_at + pd.Timedelta(minutes=20)),
    )[list(_COLUMNS)]


def tables(county: County) -> Made:
    """Return what the contracts of a county answered to calls and delivered.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``response_delivery``; truth ``events_answer`` by call and resource: hidden
        ``answer_probability`` of accepting and ``is_accepted``, ``true_response_kw`` of those who
        accepted, and ``is_delivered``: at least half of what was confirmed came about.
    """
    calls = response_events(county.world)
    of_unit = calls["unit_id"].isin([PROVINCE, county.city, county.unit_id])
    pairs = _pairs(calls[of_unit & (calls["status_code"] == "done")], resources.resources(county))
    # Streams are per call, so that a call more or less leaves the others as they are.
    pairs = answers.answered(county, pairs)
    return Made(
        tables={"response_delivery": _settled(county, pairs)},
        truth={
            "events_answer": pairs[
                [
                    *("response_event_id", "resource_id", "answer_probability", "is_accepted"),
                    *("true_response_kw", "is_delivered"),
                ]
            ]
        },
    )


def _pairs(calls: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return every pair of a call and a contract that it reaches and that was in force."""
    reached = rows[rows["keenness"].notna() & (rows["measure_code"] != "price_response")]
    pairs = calls.drop(columns=["known_at", "status_code"]).merge(
        reached, how="cross", suffixes=("", "_of_contract")
    )
    urgent = pairs["measure_code"] == "interruptible"
    fits = urgent == (pairs["measure_code_of_contract"] == "interruptible")
    in_force = (pairs["valid_from"] <= pairs["called_at"]) & ~(
        pairs["valid_to"] <= pairs["called_at"]
    )
    return pairs[fits & in_force].reset_index(drop=True)


def _settled(county: County, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return each answer with its settlement, without it while that is still to come."""
    hours = (pairs["ended_at"] - pairs["started_at"]).dt.total_seconds() / 3600
    delivered = pairs["delivered_response_kw"]
    pay, penalty = _money(county, pairs, hours)
    answered_at = pairs["called_at"] + pairs["answer_delay"]
    filed_at = pairs["ended_at"] + pairs["settlement_delay"]
    is_filed = filed_at < county.scale.origin
    rows = pd.DataFrame(
        {
            "county_id": county.unit_id,
            "response_event_id": pairs["response_event_id"],
            "resource_id": pairs["resource_id"],
            "known_at": filed_at.where(is_filed, answered_at),
            "answer_code": pairs["answer_code"],
            "confirmed_response_kw": pairs["confirmed_response_kw"],
            "baseline_load_kw": pairs["baseline_load_kw"].where(is_filed),
            "delivered_response_kw": delivered.where(is_filed),
            "delivered_energy_kwh": (delivered * hours).round().where(is_filed),
            "compensation_yuan": pay.where(is_filed),
            "penalty_yuan": penalty.where(is_filed),
        }
    )
    return rows[rows["known_at"] < county.scale.origin]


def _money(county: County, pairs: pd.DataFrame, hours: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Pay for what came, up to a cap; below the threshold deduct instead."""
    rule = parameters.at("synthetic_market.response_settlement", county.scale.origin)
    confirmed, delivered = pairs["confirmed_response_kw"], pairs["delivered_response_kw"]
    price = pairs["compensation_yuan_per_kwh"]
    paid = np.minimum(delivered, rule["cap_ratio"] * confirmed)
    call = pairs["event_yuan_per_kw"].fillna(0.0)
    enough = delivered >= rule["threshold_ratio"] * confirmed
    short = rule["threshold_ratio"] * confirmed - delivered
    pay = (paid * (hours * price + call)).where(enough, 0.0).where(delivered.notna())
    penalty = (short * hours * price * rule["penalty_ratio"]).where(~enough, 0.0)
    return pay.round(2), penalty.where(delivered.notna()).round(2)
