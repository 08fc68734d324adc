"""Time: left-closed periods in naive Beijing time, their step, and energy from power."""

import calendar as _month
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from marketing_models.errors import IssueError

RESOLUTION_HOURS = {"quarter_hour": 0.25, "half_hour": 0.5, "hour": 1.0, "day": 24.0, "week": 168.0}


def step_hours(periods: pd.DatetimeIndex) -> float:
    """Return the one step of a complete time index.

    Parameters
    ----------
    periods : DatetimeIndex of shape (n_periods,)
        Left-closed starts, ascending, without gaps, at least two.

    Returns
    -------
    float
        Length of a period. [h]

    Raises
    ------
    ValueError
        If there are fewer than two periods or the step varies.
    """
    if len(periods) < 2:
        raise ValueError("one period has no step; give at least two")
    steps = np.diff(periods.to_numpy()) / np.timedelta64(1, "s")
    if (steps != steps[0]).any() or steps[0] <= 0:
        at = periods[1:][steps != np.median(steps)][0]
        raise ValueError(f"time index is irregular at {at}; make gaps explicit with reindex first")
    return float(steps[0]) / 3600.0


def energy_kwh(load_kw: pd.Series) -> float:
    """Return the energy of a load curve.

    Parameters
    ----------
    load_kw : Series of shape (n_periods,)
        Mean power of each period on a complete time index. [kW]

    Returns
    -------
    float
        Sum of power times step. [kWh]

    See Also
    --------
    step_hours : which raises on an irregular index.

    Examples
    --------
    >>> quarters = pd.date_range("2026-01-01", periods=4, freq="15min")
    >>> energy_kwh(pd.Series(100.0, index=quarters))
    100.0
    """
    return float(load_kw.sum()) * step_hours(pd.DatetimeIndex(load_kw.index))


@dataclass(frozen=True)
class Issue:
    """The one word for time: a named day, week or month that is over.

    Attributes
    ----------
    name : str
        ``2026-08-03``, ``2026-W32`` or ``2026-08``.
    first_day, last_day : datetime
        Days of the period, both included.

    Notes
    -----
    What is forecast begins at `origin`, the midnight after `last_day`; the data read are those
    known `issue.delay_hours` later (decision 0004).
    """

    name: str
    first_day: datetime
    last_day: datetime

    @property
    def origin(self) -> pd.Timestamp:
        """First moment after the issue's period: where forecasts begin."""
        return pd.Timestamp(self.last_day) + pd.Timedelta(days=1)

    @classmethod
    def parse(cls, name: str) -> "Issue":
        """Read the name of an issue.

        Parameters
        ----------
        name : str
            A day ``YYYY-MM-DD``, an ISO week ``YYYY-Www`` or a month ``YYYY-MM``.

        Returns
        -------
        Issue
            With its days.

        Raises
        ------
        IssueError
            If the name is none of the three, or not in the calendar.
        """
        try:
            return cls(name, *_days(name))
        except ValueError:
            raise IssueError(
                f"issue {name!r} is no day (2026-08-03), ISO week (2026-W32) or month (2026-08)"
            ) from None


def _days(name: str) -> tuple[datetime, datetime]:
    if len(name) == 10:
        day = datetime.strptime(name, "%Y-%m-%d")
        return day, day
    if len(name) == 8 and name[4:6] == "-W":
        monday = datetime.strptime(name + "-1", "%G-W%V-%u")
        return monday, monday + timedelta(days=6)
    if len(name) != 7:
        raise ValueError(name)
    first = datetime.strptime(name, "%Y-%m")
    return first, first.replace(day=_month.monthrange(first.year, first.month)[1])
