"""Calendars: holidays, exchanged days and the lunar new year, from dated tables with sources."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import pandas as pd

from marketing_models import parameters
from marketing_models.errors import UnknownParameterError

CALENDARS = ("cn", "us", "tw")
KINDS = ("ordinary", "weekend", "statutory", "adjusted_off", "make_up")
_LUNAR = ("cn", "tw")
_FESTIVAL_DAYS = range(-8, 16)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a calendar says of one day.

    Attributes
    ----------
    date : Timestamp
        The day.
    kind_code : str
        One of ordinary, weekend, statutory, adjusted_off, make_up. A weekend day that is worked
        in exchange is make_up, a weekday that is off in exchange adjusted_off.
    holiday_code : str
        Holiday of the day, of the day it is observed for, or of the break it belongs to; empty if
        there is none, and on a make-up day.
    festival_day_number : int or None
        Day counted from the lunar new year (0), from -8 to 15.
    is_provisional : bool
        True if the days off of that year were not announced yet.
    """

    date: pd.Timestamp
    kind_code: str
    holiday_code: str
    festival_day_number: int | None
    is_provisional: bool


def days(calendar: str, first: date | datetime | str, last: date | datetime | str) -> pd.DataFrame:
    """Return what a calendar says of every day of a span.

    Parameters
    ----------
    calendar : str
        ``cn``, ``us`` or ``tw``.
    first, last : date
        Days of the span, both included.

    Returns
    -------
    DataFrame of shape (n_days, 4)
        Daily index ``date``; columns ``kind_code, holiday_code, festival_day_number,
        is_provisional`` as the attributes of `Day`; the third is Int64, missing away from the
        festival and in calendars without it.

    Raises
    ------
    UnknownParameterError
        If there is no such calendar, or it does not cover the whole span.
    """
    table = _table(calendar)
    start, end = pd.Timestamp(first).normalize(), pd.Timestamp(last).normalize()
    for day in (start, end):
        if day not in table.index:
            raise UnknownParameterError(
                f"calendar {calendar} covers {table.index[0].date()} to {table.index[-1].date()},"
                f" not {day.date()}; extend parameters/calendar_{calendar}.csv"
            )
    return table.loc[start:end]


def at(calendar: str, day: date | datetime | str) -> Day:
    """Return what a calendar says of one day.

    Parameters
    ----------
    calendar : str
        ``cn``, ``us`` or ``tw``.
    day : date
        The day.

    Returns
    -------
    Day
        Its facts.

    See Also
    --------
    days : which raises where the calendar does not reach.
    """
    facts = days(calendar, day, day).iloc[0]
    number = facts["festival_day_number"]
    return Day(
        date=pd.Timestamp(day).normalize(),
        kind_code=str(facts["kind_code"]),
        holiday_code=str(facts["holiday_code"]),
        festival_day_number=None if pd.isna(number) else int(number),
        is_provisional=bool(facts["is_provisional"]),
    )


@cache
def _table(calendar: str) -> pd.DataFrame:
    if calendar not in CALENDARS:
        raise UnknownParameterError(f"no calendar {calendar!r}; there are {', '.join(CALENDARS)}")
    rows = parameters.table(f"calendar_{calendar}")
    rows.index = pd.DatetimeIndex(pd.to_datetime(rows["date"]).dt.as_unit("us"))
    every = pd.date_range(
        f"{rows.index[0].year}-01-01", f"{rows.index[-1].year}-12-31", name="date", unit="us"
    )
    weekend = pd.Series("weekend", every).where(every.day_of_week >= 5, "ordinary")
    open_years = rows.index[rows["status"] == "provisional"].year.unique()
    return pd.DataFrame(
        {
            "kind_code": rows["kind_code"].reindex(every).fillna(weekend),
            "holiday_code": rows["holiday_code"].reindex(every).fillna(""),
            "festival_day_number": _festival_day(every, is_lunar=calendar in _LUNAR),
            # Any day of a year that was not announced may yet be exchanged, not only those listed.
            "is_provisional": every.year.isin(open_years),
        },
        index=every,
    )


def _festival_day(every: pd.DatetimeIndex, *, is_lunar: bool) -> pd.Series:
    number = pd.Series(pd.NA, every, dtype="Int64")
    if is_lunar:
        for new_year in pd.to_datetime(parameters.table("lunar_new_year")["date"]):
            for offset in _FESTIVAL_DAYS:
                day = new_year + pd.Timedelta(days=offset)
                if day in number.index:
                    number.at[day] = offset
    return number
