"""Days as a service centre sees them: worked or not, busy or quiet, hot or cold."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import calendars
from marketing_models.synthetic.moments import Moments
from marketing_models.synthetic.storms import storm_ratio, temperature_degc

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_DAY = np.timedelta64(1, "D")
# Limits and stages reach beyond the last day.
_BEFORE, _AFTER = pd.Timedelta(days=400), pd.Timedelta(days=200)


@cache
def _worked(first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    days = calendars.days("cn", first, last)["kind_code"]
    return days.isin(["ordinary", "make_up"])


def is_worked(days: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Return which days of a span are working days in China.

    Parameters
    ----------
    days : DatetimeIndex of shape (n_days,)
        Days in order without gaps.

    Returns
    -------
    array of shape (n_days,)
        True on weekdays that are not off and on weekend days worked in exchange.
    """
    found: npt.NDArray[np.bool_] = _worked(days[0], days[-1]).to_numpy()
    return found


def working_days_later(moments: Moments, count: npt.ArrayLike, county: County) -> Moments:
    """Return moments some working days later, at the same time of day.

    Parameters
    ----------
    moments : array of shape (n,)
        From 400 days before the first month to 150 days after the last day.
    count : array of shape (n,)
        Working days to add. [day]
    county : County
        Whose time axis holds.

    Returns
    -------
    array of shape (n,)
        On a working day, unless `count` is zero and the day was none.
    """
    scale = county.scale
    first, last = scale.months[0] - _BEFORE, scale.origin + _AFTER
    worked = _worked(first, last)
    open_days = worked.index[worked.to_numpy()].to_numpy().astype("datetime64[D]")
    day = moments.astype("datetime64[D]")
    place = np.searchsorted(open_days, day, side="right") - 1 + np.asarray(count, dtype="int64")
    later = open_days[np.clip(place, 0, len(open_days) - 1)]
    later = np.where(np.asarray(count) == 0, day, later)
    return later.astype("datetime64[us]") + (moments - day)


@lru_cache(maxsize=1)
def day_ratios(county: County) -> pd.DataFrame:
    """Return how busy the days of the time axis are.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame of shape (n_days, 3)
        ``is_worked``; ``faults`` of single customers and ``questions``, one on a usual working
        day. [1]

    Notes
    -----
    Heat, frost and storms break fuses and switches; heat and frost bring questions. Own
    assumption for the synthetic province.
    """
    degc = temperature_degc(county).to_numpy().reshape(-1, 24)
    heat = np.clip(degc.max(axis=1) - 32, 0, 6)
    frost = np.clip(1 - degc.min(axis=1), 0, 7)
    storm = storm_ratio(county).to_numpy().reshape(-1, 24).max(axis=1)
    days = county.scale.hours[::24]
    worked = is_worked(days)
    off = np.where(worked, 1.0, 0.62)
    return pd.DataFrame(
        {
            "is_worked": worked,
            "faults": (1 + 0.22 * heat + 0.10 * frost) * (1 + 0.12 * np.minimum(storm - 1, 25)),
            "questions": off * (1 + 0.06 * heat + 0.03 * frost),
        },
        index=days,
    )
