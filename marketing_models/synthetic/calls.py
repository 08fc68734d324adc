"""Who turns to the service centre and when: outages, single faults, bills, questions, anger."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.choices import picked
from marketing_models.synthetic.moments import Moments, added, hours_between, minutes
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.working_days import day_ratios

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

PERSONS_PER_HOME = 2.7
_CAUSE = pd.CategoricalDtype(["outage", "fault", "bill", "question", "complaint", "regulator"])
_MINUTE = np.timedelta64(1, "m")
_HALF_HOURS = 48
_HOURLY = [
    *(0.16, 0.10, 0.07, 0.06, 0.07, 0.14, 0.40, 0.95, 1.75, 2.20, 2.15, 1.75),
    *(1.15, 1.25, 1.70, 1.80, 1.70, 1.45, 1.20, 1.15, 1.05, 0.85, 0.55, 0.32),
]
# Single faults are noticed when people are at home.
_HOME_HOURLY = [
    *(0.45, 0.25, 0.15, 0.12, 0.15, 0.30, 0.75, 1.10, 1.25, 1.20, 1.15, 1.20),
    *(1.15, 1.05, 1.00, 1.05, 1.15, 1.35, 1.60, 1.85, 1.90, 1.60, 1.10, 0.75),
]
# How soon after its issue a bill brings a call, by day.
_BILL_DELAY = np.array([0.0, 0.16, 0.17, 0.14, 0.11, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03])
_MOST_SHOCK, _USUAL_SHOCK = 6.0, 1.35
# Contacts are drawn at the rate of the busiest day and thinned to that of their own.
_MOST_DAY = {"fault": 6.0, "question": 2.0, "regulator": 2.0}
_PLANNED_RATIO, _TYPICAL_HOURS = 0.35, 1.5
_MOST_CALLS_PER_OUTAGE = 800


def service_level(name: str, county: County) -> Any:
    """Return a parameter of the service room in force on the last day."""
    return parameters.at(f"synthetic_service.{name}", pd.Timestamp(county.scale.last_day))


@lru_cache(maxsize=1)
def population_count(county: County) -> float:
    """Return the people of a county, by the homes it has, in persons."""
    points = county.points
    homes = points.loc[points["class_name"] == "residential", "represented_count"].sum()
    return PERSONS_PER_HOME * float(homes)


def _expected(name: str, county: County) -> float:
    rate: float = service_level("contacts_per_1000_year", county)[name]
    return rate * population_count(county) / 1000 * len(county.scale.hours) / 8766


@lru_cache(maxsize=1)
def dissatisfaction(county: County) -> Floats:
    """Return how ready a customer is to complain, a hidden factor.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points,)
        Log-normal with mean one: some are ten times as ready as others. [1]
    """
    count = len(county.points)
    return county.stream("ticket", "dissatisfaction").lognormal(-0.405, 0.9, count)


@lru_cache(maxsize=1)
def _propensity(county: County) -> Floats:
    """Weigh the customers by how many stand behind a row and how readily they call."""
    lively = county.stream("ticket", "propensity").lognormal(-0.245, 0.7, len(county.points))
    represented: Floats = county.points["represented_count"].to_numpy(dtype="float64")
    return represented * lively * dissatisfaction(county) ** 0.3


@lru_cache(maxsize=1)
def contacts(county: County) -> pd.DataFrame:
    """Return every contact with the service centre by its cause, before anyone has answered.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        ``opened_at``; ``point``, row of the supply point or -1; ``cause``: outage, fault, bill,
        question, complaint or regulator; ``outage``, row of the outage or -1; ``number``, which
        tells the contacts of one cause apart.
    """
    makers: dict[str, Callable[[County], pd.DataFrame]] = {
        "outage": _about_outages,
        "fault": _about_faults,
        "bill": _about_bills,
        "question": _questions,
        "complaint": _complaints,
        "regulator": _regulator,
    }
    parts = [makers[cause](county) for cause in _CAUSE.categories]
    code = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    rows = pd.concat(parts, ignore_index=True)
    rows["cause"] = pd.Categorical.from_codes(code, dtype=_CAUSE)
    rows = rows[rows["opened_at"] < county.scale.origin].reset_index(drop=True)
    return rows.assign(point=_served(county, rows))


def _served(county: County, rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Leave the supply point out where it was not connected then."""
    point, moment = rows["point"].to_numpy(), rows["opened_at"].to_numpy()
    began = county.points["connected_date"].to_numpy()[point]
    ended = county.points["closed_date"].to_numpy()[point]
    return np.where((began <= moment) & ~(ended <= moment) & (point >= 0), point, -1)


def _times(days: Moments, hourly: list[float], draws: Floats) -> Moments:
    """Return moments on given days, by half hours of a daily profile."""
    half = np.interp(np.arange(_HALF_HOURS) / 2, np.arange(24), hourly, period=24)
    place = picked(half, draws[0])
    return added(days, minutes(np.floor(30 * (place + draws[1]))))


def outage_calls_count(county: County) -> pd.Series:
    """Return the calls expected about each outage of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Series of shape (n_outages,)
        By row of the outages: by those interrupted, longer ones and those in the evening more,
        announced ones less; apart from the whim of the event. [count]
    """
    events = county.outages
    hours = hours_between(events["started_at"], events["ended_at"].fillna(county.scale.origin))
    waking = np.interp(events["started_at"].dt.hour, np.arange(24), _HOME_HOURLY)
    ratio = {"planned": _PLANNED_RATIO, "fault": 1.0, "arrears": 8.0}
    kind = events["outage_type_code"].map(ratio).astype("float64")
    share = service_level("calls_per_interrupted_frac", county)
    long_enough = 1 - np.exp(-hours / _TYPICAL_HOURS)
    expected = share * events["interrupted_customer_count"] * kind * long_enough
    return (expected * (0.35 + 0.65 * waking)).astype("float64")


def _about_outages(county: County) -> pd.DataFrame:
    """Draw the calls of each outage; they come in the order of the outages."""
    numbers = county.stream("ticket", "outage")
    events = county.outages
    order = np.argsort(events["started_at"].to_numpy(), kind="stable")
    whim = numbers.gamma(1.5, 1 / 1.5, len(events))
    expected = outage_calls_count(county).to_numpy()[order] * whim
    count = np.minimum(numbers.poisson(expected), _MOST_CALLS_PER_OUTAGE)
    outage = np.repeat(order, count)
    draws = county.stream("ticket", "outage", "calls").random((len(outage), 3))
    started = events["started_at"].to_numpy()[outage]
    ended = events["ended_at"].fillna(county.scale.origin).to_numpy()[outage]
    lasting = (ended - started) / _MINUTE
    after = 3 - 40 * np.log(1 - draws[:, 0])
    after = np.where(after > lasting, lasting * draws[:, 1], after)
    return pd.DataFrame(
        {
            "opened_at": added(started, minutes(np.floor(after))),
            "point": _under(county, events.iloc[outage], draws[:, 2]),
            "outage": outage,
            "number": np.arange(len(outage)),
        }
    )


def _under(county: County, events: pd.DataFrame, place: Floats) -> npt.NDArray[np.int64]:
    """Pick a supply point under the equipment of each event, by the customers behind it."""
    points = county.points
    weight = _propensity(county)
    found = np.full(len(events), -1, dtype="int64")
    for column in ("feeder_id", "transformer_area_id"):
        codes, names = pd.factorize(points[column])
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
        total = np.concatenate([[0.0], weight[order].cumsum()])
        own = pd.Index(names).get_indexer(events["equipment_id"])
        low, high = total[edges[own]], total[edges[own + 1]]
        spot = np.searchsorted(total, low + place * (high - low), side="right") - 1
        found = np.where(own >= 0, order[np.clip(spot, 0, len(order) - 1)], found)
    return found


def _by_day(county: County, cause: str, ratio: Floats, hourly: list[float]) -> pd.DataFrame:
    """Draw contacts of a cause day by day, thinned by how busy each day is."""
    numbers, most = county.stream("ticket", cause), _MOST_DAY[cause]
    days = county.scale.hours[::24].to_numpy()
    count = numbers.poisson(_expected(cause, county) * most)
    draws = numbers.random((5, count))
    day = (draws[0] * len(days)).astype("int64")
    kept = np.flatnonzero(draws[1] * most < ratio[day])
    return pd.DataFrame(
        {
            "opened_at": _times(days[day[kept]], hourly, draws[2:4, kept]),
            "point": picked(_propensity(county), draws[4, kept]),
            "outage": -1,
            "number": kept,
        }
    )


def _about_faults(county: County) -> pd.DataFrame:
    return _by_day(county, "fault", day_ratios(county)["faults"].to_numpy() / 1.3, _HOME_HOURLY)


def _questions(county: County) -> pd.DataFrame:
    days = day_ratios(county)
    # Questions leave the telephone for the network, one in thirty a year.
    age = np.arange(len(days))[::-1] / 365.25
    return _by_day(county, "question", days["questions"].to_numpy() * 1.033**age, _HOURLY)


def _regulator(county: County) -> pd.DataFrame:
    worked = day_ratios(county)["is_worked"].to_numpy()
    return _by_day(county, "regulator", np.where(worked, 1.3, 0.4), _HOURLY)


@lru_cache(maxsize=1)
def bill_calls_count(county: County) -> Floats:
    """Return the calls expected about the bill of one supply point and month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        Over those of a usual bill; zero where there is none. A bill above the mean of the three
        before it brings more calls, up to six times as many. [1]
    """
    bills, months = county.bills, county.scale.months
    regular = bills[bills["bill_type_code"] == "regular"]
    amount = np.full((len(county.points), len(months)), np.nan)
    place = months.get_indexer(pd.DatetimeIndex(regular["month_start"]))
    amount[regular["point"], place] = regular["receivable_yuan"]
    rise = np.log(np.maximum(amount, 1.0) / np.maximum(_mean_before(amount, 3), 10.0))
    shock = 1 + 7 * np.clip(np.nan_to_num(rise) - 0.25, 0, None)
    ratio: Floats = np.where(np.isnan(amount), 0.0, np.minimum(shock, _MOST_SHOCK))
    return ratio


def _mean_before(amount: Floats, month_count: int) -> Floats:
    """Average the months before each that have an amount; not a number where there are none."""
    sums = np.zeros((len(amount), amount.shape[1] + 1))
    known = np.zeros_like(sums)
    np.cumsum(np.nan_to_num(amount), axis=1, out=sums[:, 1:])
    np.cumsum(~np.isnan(amount), axis=1, out=known[:, 1:])
    first = np.maximum(np.arange(amount.shape[1]) - month_count, 0)
    last = np.arange(amount.shape[1])
    count = known[:, last] - known[:, first]
    total = sums[:, last] - sums[:, first]
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


@lru_cache(maxsize=1)
def _issued(county: County) -> npt.NDArray[np.int64]:
    """Return the day of issue by supply point and month, counted from the first; -1 if none."""
    bills, months = county.bills, county.scale.months
    first = np.datetime64(months[0], "D")
    issued = np.full((len(county.points), len(months)), -1, dtype="int64")
    place = months.get_indexer(pd.DatetimeIndex(bills["month_start"]))
    day = bills["issued_date"].to_numpy().astype("datetime64[D]") - first
    issued[bills["point"], place] = day.astype("int64")
    return issued


def bill_calls_expected(county: County) -> Floats:
    """Return the calls that are expected about bills by day of the time axis.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_days,)
        From the bills issued, what they are above usual ones, and who gets them. [count]
    """
    ratio, issued = bill_calls_count(county), _issued(county)
    weight = _propensity(county)[:, None] * ratio
    weight *= _expected("bill", county) / _USUAL_SHOCK / ratio.shape[1] / _propensity(county).sum()
    has_bill = issued >= 0
    days = len(county.scale.hours) // 24
    by_issue = np.bincount(issued[has_bill], weight[has_bill], days)
    delay = _BILL_DELAY / _BILL_DELAY.sum()
    expected: Floats = np.convolve(by_issue, delay)[:days]
    return expected


def _about_bills(county: County) -> pd.DataFrame:
    numbers = county.stream("ticket", "bill")
    ratio, issued = bill_calls_count(county), _issued(county)
    count = numbers.poisson(_expected("bill", county) * _MOST_SHOCK / _USUAL_SHOCK)
    draws = numbers.random((6, count))
    point = picked(_propensity(county), draws[0])
    month = (draws[1] * ratio.shape[1]).astype("int64")
    kept = np.flatnonzero(draws[2] * _MOST_SHOCK < ratio[point, month])
    point, month = point[kept], month[kept]
    day = issued[point, month] + picked(_BILL_DELAY, draws[3, kept])
    days = np.datetime64(county.scale.months[0], "D") + day
    return pd.DataFrame(
        {
            "opened_at": _times(days, _HOURLY, draws[4:6, kept]),
            "point": point,
            "outage": -1,
            "number": kept,
        }
    )


def _complaints(county: County) -> pd.DataFrame:
    """Draw complaints: of those often without supply, and of the dissatisfied."""
    numbers = county.stream("ticket", "complaint")
    points, events = county.points, county.outages
    customers = float(points["represented_count"].sum())
    years = len(county.scale.hours) / 8766
    expected = service_level("complaints_per_100k_year", county) * customers / 1e5 * years
    count = numbers.poisson(expected)
    draws = numbers.random((5, count))
    frail = events["interrupted_customer_count"] * _earlier_count(events)
    from_outage = (draws[0] < service_level("complaint_quality_frac", county)) & (frail.sum() > 0)
    weight = points["represented_count"].to_numpy() * dissatisfaction(county)
    point, outage = picked(weight, draws[1]), np.full(count, -1)
    days = county.scale.hours[::24].to_numpy()
    day = days[(draws[2] * len(days)).astype("int64")]
    if from_outage.any():
        outage[from_outage] = picked(frail.to_numpy(), draws[1, from_outage])
        hit = events.iloc[outage[from_outage]]
        point[from_outage] = _under(county, hit, draws[2, from_outage])
        later = (5 * draws[2, from_outage] ** 2).astype("timedelta64[D]")
        day[from_outage] = hit["started_at"].to_numpy().astype("datetime64[D]") + 1 + later
    return pd.DataFrame(
        {
            "opened_at": _times(day, _HOURLY, draws[3:5]),
            "point": point,
            "outage": outage,
            "number": np.arange(count),
        }
    )


def _earlier_count(events: pd.DataFrame) -> Floats:
    """Count the interruptions of the same equipment in the two months before each."""
    day = (events["started_at"].to_numpy().astype("datetime64[D]")).astype("int64")
    key = pd.factorize(events["equipment_id"])[0].astype("int64") * 1_000_000 + day
    order = np.sort(key)
    return (np.searchsorted(order, key) - np.searchsorted(order, key - 60)).astype("float64") ** 1.5
