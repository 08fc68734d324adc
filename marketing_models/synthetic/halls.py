"""Visits to business halls: when people come, how long they queue, and who gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.calls import service_level
from marketing_models.synthetic.choices import coded, picked
from marketing_models.synthetic.moments import NEVER, Moments, named, seconds
from marketing_models.synthetic.scale import halls_below
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.working_days import is_worked

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_BUSINESS = {"payment": 0.46, "enquiry": 0.20, "change": 0.18, "connection": 0.13, "fault": 0.03}
# Minutes at the window, by business.
_MINUTES = {"payment": 5.0, "enquiry": 7.0, "change": 14.0, "connection": 22.0, "fault": 6.0}
_SERVICE_SPREAD, _PATIENCE_MINUTES = 0.55, 80.0
_VISITORS_PER_WINDOW = 21.0
# Arrivals by half hour from half past eight to half past five.
_HALF_HOURLY = [0.9, 1.5, 1.6, 1.4, 1.2, 0.9, 0.5, 0.4, 0.5, 0.7, 1.2, 1.3, 1.2, 1.1, 0.9, 0.7, 0.4]
_OPENS_MINUTE = 510
# Bills come at the start of the month and are due by the twentieth.
_BUSY_DAYS, _BUSY_RATIO, _OFF_RATIO = (8, 20), 1.35, 0.35
_ELSEWHERE_FRAC = 0.03


def hall_visits(county: County) -> pd.DataFrame:
    """Return the visits to the business halls of a county over the span that queues are kept.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Rows of the table ``service_transaction``; those who gave up have no start. A few of the
        customers were at a hall of another county.

    Notes
    -----
    Each window serves in order of arrival, so that the end of a service is the running maximum
    of arrival less the work before it, plus the work up to it: the recursion of Lindley (1952).
    Those who give up still hold their place in the recursion.

    References
    ----------
    D. V. Lindley, The theory of queues with a single server, Math. Proc. Camb. Phil. Soc. 48, 1952.
    """
    numbers = county.stream("service_transaction", "hall")
    days = _hall_days(county)
    count = numbers.poisson(days["expected_count"])
    day = np.repeat(np.arange(len(days)), count)
    draws = numbers.random((7, len(day)))
    half = picked(np.array(_HALF_HOURLY), draws[0])
    arrived = _OPENS_MINUTE + 30 * (half + draws[1])
    order = np.lexsort((arrived, day))
    arrived, rows = arrived[order], days.iloc[day]
    business = coded(_BUSINESS, draws[2])
    served = pd.Series(business).map(_MINUTES).to_numpy()
    served = served * np.exp(_SERVICE_SPREAD * 1.8 * (draws[3] - 0.5))
    started = _started(day, rows["windows"].to_numpy(), arrived, served)
    patience = -np.log(1 - draws[4]) * _PATIENCE_MINUTES
    left = started - arrived > patience
    midnight = rows["day"].to_numpy()
    point = _visitors(county, draws[5], midnight)
    return pd.DataFrame(
        {
            "transaction_id": [f"{county.unit_id}-H{number}" for number in range(len(day))],
            "supply_point_id": point.to_numpy(),
            "channel_code": "hall",
            "business_code": business,
            "serving_unit_id": _where(county, rows["hall"].to_numpy(dtype="object"), draws[6]),
            "ticket_id": None,
            "arrived_at": midnight + seconds(60 * arrived),
            "started_at": np.where(left, NEVER, midnight + seconds(60 * started)),
            "ended_at": midnight
            + seconds(60 * np.where(left, arrived + patience, started + served)),
        }
    )


def _hall_days(county: County) -> pd.DataFrame:
    """Return one row a hall and day: how many are expected and how many windows are open."""
    kept = int(service_level("queue_record_days", county))
    days = county.scale.hours[::24][-kept:]
    halls = halls_below(county.unit_id)
    ratio = np.where(is_worked(days), 1.0, _OFF_RATIO)
    ratio = ratio * np.where(
        (days.day >= _BUSY_DAYS[0]) & (days.day <= _BUSY_DAYS[1]), _BUSY_RATIO, 1.0
    )
    size = county.stream("service_transaction", "hall", "size").lognormal(-0.05, 0.3, len(halls))
    usual = size * service_level("hall_visitors_per_day", county)
    windows = np.maximum(np.rint(usual / _VISITORS_PER_WINDOW), 1).astype("int64")
    return pd.DataFrame(
        {
            "day": np.tile(days.to_numpy(), len(halls)),
            "hall": np.repeat(np.array(halls, dtype="object"), len(days)),
            "expected_count": np.outer(usual, ratio).ravel(),
            "windows": np.repeat(windows, len(days)),
        }
    )


def _started(
    day: npt.NDArray[np.int64], windows: npt.NDArray[np.int64], arrived: Floats, served: Floats
) -> Floats:
    """Return when each visitor's service starts, in minutes, in turn at the windows."""
    if not len(day):
        return np.empty(0)
    first = np.searchsorted(day, day)
    rank = np.arange(len(day)) - first
    lane = day * (windows.max() + 1) + rank % windows
    place = rank // windows
    lanes, row = np.unique(lane, return_inverse=True)
    shape = (len(lanes), int(place.max()) + 1)
    work, came = np.zeros(shape), np.full(shape, -np.inf)
    work[row, place] = served
    came[row, place] = arrived
    before = work.cumsum(axis=1) - work
    begins = np.maximum.accumulate(came - before, axis=1) + before
    found: Floats = begins[row, place]
    return found


def _visitors(county: County, place: Floats, moment: Moments) -> pd.Series:
    points = county.points
    point = picked(points["represented_count"].to_numpy(dtype="float64"), place)
    there = points["connected_date"].to_numpy()[point] <= moment
    there &= ~(points["closed_date"].to_numpy()[point] <= moment)
    return named(points["supply_point_id"], np.where(there, point, -1))


def _where(county: County, own: npt.NDArray[np.object_], place: Floats) -> npt.NDArray[np.object_]:
    """Send a few of the visitors to a hall of another county."""
    others = [unit for unit in county.world.city_of if unit != county.unit_id]
    halls = np.array([hall for unit in others for hall in halls_below(unit)], dtype="object")
    if not len(halls):
        return own
    spot = np.minimum(place / _ELSEWHERE_FRAC, 0.999) * len(halls)
    return np.where(place < _ELSEWHERE_FRAC, halls[spot.astype("int64")], own)
