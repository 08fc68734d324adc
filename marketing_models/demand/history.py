"""History of load and weather: one complete table a quantity, and what limits its use."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from marketing_models.errors import InsufficientDataError
from marketing_models.findings import Finding, Severity, forbidding
from marketing_models.timeaxis import step_hours

MINIMUM_DAYS = 56
FULL_DAYS = 548
_RECENT_DAYS = 28
_FILL_DAYS = 7
_GAP_LIMIT_FRAC = 0.05
_FLAT_HOURS = 24
DAY_COLUMNS = ("kind_code", "holiday_code", "festival_day_number", "is_provisional")


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadHistory:
    """What is known of load and weather before a forecast, and the calendar.

    Attributes
    ----------
    load_kw : DataFrame of shape (n_periods, n_units)
        Mean power of whole days on a complete index of steps of 1, 0.5 or 0.25 h; NaN where
        unknown. [kW]
    temperature_degc : DataFrame of shape (n_periods, n_units)
        Air temperature on the same index and columns; NaN where unknown. [degC]
    days : DataFrame
        Calendar by day, as made by ``calendars.days``: ``kind_code, holiday_code,
        festival_day_number, is_provisional``. It must cover the history and what is forecast.

    Raises
    ------
    ValueError
        If indexes or columns differ, days are cut or the calendar does not cover them; all
        problems at once.
    """

    load_kw: pd.DataFrame
    temperature_degc: pd.DataFrame
    days: pd.DataFrame

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError("load history:\n" + "\n".join(f"  - {line}" for line in problems))

    @property
    def units(self) -> tuple[str, ...]:
        """Units, in the order of the columns."""
        return tuple(self.load_kw.columns)

    @property
    def periods(self) -> pd.DatetimeIndex:
        """Starts of the periods."""
        return pd.DatetimeIndex(self.load_kw.index)

    @property
    def slots_per_day(self) -> int:
        """Periods in a day: 24, 48 or 96."""
        return round(24 / step_hours(self.periods))

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Days of the history."""
        return self.periods[:: self.slots_per_day]

    def before(self, origin: pd.Timestamp) -> "LoadHistory":
        """Cut load and temperature to what happened before a moment; the calendar stays.

        Parameters
        ----------
        origin : Timestamp
            A midnight.

        Returns
        -------
        LoadHistory
            Of fresh tables.
        """
        past = self.periods < origin
        return replace(
            self, load_kw=self.load_kw[past], temperature_degc=self.temperature_degc[past]
        )

    def of(self, units: Sequence[str]) -> "LoadHistory":
        """Cut load and temperature to some units.

        Parameters
        ----------
        units : sequence of str
            Columns of both tables.

        Returns
        -------
        LoadHistory
            Of fresh tables.
        """
        kept = list(units)
        return replace(
            self, load_kw=self.load_kw[kept], temperature_degc=self.temperature_degc[kept]
        )


def _problems(history: LoadHistory) -> Iterator[str]:
    load, temperature = history.load_kw, history.temperature_degc
    if not load.index.equals(temperature.index) or not load.columns.equals(temperature.columns):
        yield "load_kw and temperature_degc must share index and columns; align them first"
        return
    step = step_hours(history.periods)
    if step not in {1.0, 0.5, 0.25}:
        yield f"the step is {step} h; steps of 1, 0.5 and 0.25 h are known, resample first"
        return
    ends = history.periods[-1] + pd.Timedelta(hours=step)
    if history.periods[0] != history.periods[0].normalize() or ends != ends.normalize():
        yield f"days are cut: {history.periods[0]} to {ends}; reindex to whole days with NaN"
    missing = [column for column in DAY_COLUMNS if column not in history.days.columns]
    if missing:
        yield f"days lacks {', '.join(missing)}; make it with calendars.days"
    absent = history.periods.normalize().difference(pd.DatetimeIndex(history.days.index))
    if len(absent):
        yield f"days lacks {len(absent)} days of the history, first {absent[0].date()}; extend it"


def filled_temperature(temperature_degc: pd.DataFrame, slots_per_day: int) -> pd.DataFrame:
    """Fill gaps of temperature with the same time of the day before, for up to seven days.

    Parameters
    ----------
    temperature_degc : DataFrame of shape (n_periods, n_units)
        Whole days with gaps. [degC]
    slots_per_day : int
        Periods in a day.

    Returns
    -------
    DataFrame of shape (n_periods, n_units)
        Longer gaps stay NaN after seven days. [degC]

    Notes
    -----
    Only earlier values are used, so that nothing after an origin can reach a forecast. Own rule.
    """
    values = temperature_degc.to_numpy(dtype=float)
    by_day = pd.DataFrame(values.reshape(-1, slots_per_day * values.shape[1]))
    filled = by_day.ffill(limit=_FILL_DAYS).to_numpy().reshape(values.shape)
    return pd.DataFrame(filled, temperature_degc.index, temperature_degc.columns)


def findings(history: LoadHistory) -> tuple[Finding, ...]:
    """Say what limits forecasts from a history.

    Parameters
    ----------
    history : LoadHistory
        Cut to what is known at the origin.

    Returns
    -------
    tuple of Finding
        Codes ``demand.history.too_short`` (limit below 18 months, forbid below 56 days of known
        load), ``demand.history.gaps`` (limit above 5 % missing), ``demand.history.stale`` (forbid
        if no load is known in the last 28 days), ``demand.temperature.gaps`` (limit above 5 %
        missing, forbid if a gap of more than a week reaches into the last seven days) and
        ``demand.temperature.constant`` (limit from 24 equal hours on).

    Notes
    -----
    Own rules.
    """
    return tuple(
        finding
        for unit in history.units
        for finding in (*_load_findings(history, unit), *_temperature_findings(history, unit))
    )


def _load_findings(history: LoadHistory, unit: str) -> Iterator[Finding]:
    known = (history.load_kw[unit] > 0).to_numpy().reshape(-1, history.slots_per_day)
    day_count = int(known.any(axis=1).sum())
    if day_count < FULL_DAYS:
        facts = {"known_days": day_count, "needed_days": FULL_DAYS, "minimum_days": MINIMUM_DAYS}
        yield _finding("history.too_short", unit, facts, is_fatal=day_count < MINIMUM_DAYS)
    missing_frac = round(float(1 - known.mean()), 4)
    if missing_frac > _GAP_LIMIT_FRAC:
        yield _finding("history.gaps", unit, {"missing_frac": missing_frac})
    if not known[-_RECENT_DAYS:].any():
        yield _finding("history.stale", unit, {"silent_days": _RECENT_DAYS}, is_fatal=True)


def _temperature_findings(history: LoadHistory, unit: str) -> Iterator[Finding]:
    slots = history.slots_per_day
    values = history.temperature_degc[unit].to_numpy(dtype=float)
    missing_frac = round(float(np.isnan(values).mean()), 4)
    filled = filled_temperature(history.temperature_degc[[unit]], slots).to_numpy()
    is_blind = bool(np.isnan(filled[-_FILL_DAYS * slots :]).any())
    if missing_frac > _GAP_LIMIT_FRAC or is_blind:
        facts = {"missing_frac": missing_frac, "is_blind_at_origin": is_blind}
        yield _finding("temperature.gaps", unit, facts, is_fatal=is_blind)
    starts = np.flatnonzero(np.r_[True, np.diff(values) != 0])
    runs_hours = np.diff(np.r_[starts, len(values)]) * 24 / slots
    flat_hours = float(runs_hours[runs_hours >= _FLAT_HOURS].sum())
    if flat_hours > 0:
        yield _finding("temperature.constant", unit, {"flat_hours": flat_hours})


def _finding(
    code: str, unit: str, facts: Mapping[str, float], *, is_fatal: bool = False
) -> Finding:
    severity: Severity = "forbid" if is_fatal else "limit"
    return Finding(code=f"demand.{code}", severity=severity, unit_id=unit, facts=facts)


def refuse(found: Iterable[Finding], accept: Iterable[str]) -> None:
    """Refuse a result that a finding forbids.

    Parameters
    ----------
    found : iterable of Finding
        What is known of the data.
    accept : iterable of str
        Codes that the caller takes upon himself.

    Raises
    ------
    InsufficientDataError
        If a finding forbids the result and was not accepted by name.
    """
    stops = forbidding(found, accept=accept)
    if stops:
        listed = "; ".join(f"{stop.unit_id}: {stop.code} {dict(stop.facts)}" for stop in stops)
        raise InsufficientDataError(
            needed="a history that no finding forbids",
            found=listed,
            remedy="extend the history, leave the units out, or name the codes in accept",
        )
