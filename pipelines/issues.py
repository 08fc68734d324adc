"""Issues: which day, week or month a run is about, and what "yesterday" means."""

import pandas as pd

from marketing_models.cis import Store
from marketing_models.errors import InsufficientDataError
from marketing_models.timeaxis import Issue

RELATIVE = ("latest", "yesterday", "last-week", "last-month")


def now() -> pd.Timestamp:
    """Return Beijing wall time, whatever zone the machine is in."""
    return pd.Timestamp.now("Asia/Shanghai").tz_localize(None)


def named(name: str, at: pd.Timestamp) -> str:
    """Turn a relative name into that of a day, ISO week or month that is over.

    Parameters
    ----------
    name : str
        ``yesterday``, ``last-week``, ``last-month``; any other name is returned as it is.
    at : Timestamp
        Beijing wall time of the run. From midnight on the day before is yesterday; the week ends
        with Sunday.

    Returns
    -------
    str
        Such as ``2026-08-02``, ``2026-W31``, ``2026-07``.
    """
    if name == "yesterday":
        return f"{at - pd.Timedelta(days=1):%Y-%m-%d}"
    if name == "last-week":
        return f"{at - pd.Timedelta(days=7):%G-W%V}"
    if name == "last-month":
        return f"{at.replace(day=1) - pd.Timedelta(days=1):%Y-%m}"
    return name


def resolve(store: Store, name: str, at: pd.Timestamp | None = None) -> Issue:
    """Return the issue of a name, ``latest`` being the last complete day known in the store.

    Parameters
    ----------
    store : Store
        The store.
    name : str
        ``latest``, ``yesterday``, ``last-week``, ``last-month``, a day, an ISO week or a month.
    at : Timestamp, optional
        Beijing wall time of the run; by default `now`.

    Returns
    -------
    Issue
        Whose days the store knows.

    Raises
    ------
    InsufficientDataError
        If the store has no load for the last day of the issue.
    """
    last = store.last_complete_day()
    if last is None:
        raise InsufficientDataError(
            "hourly load", f"none in {store.folder}", "ingest or synthesize first"
        )
    wanted = f"{last:%Y-%m-%d}" if name == "latest" else named(name, at or now())
    issue = Issue.parse(wanted)
    if issue.last_day > last:
        raise InsufficientDataError(
            f"load up to {issue.last_day:%Y-%m-%d} for issue {name}",
            f"complete days up to {last:%Y-%m-%d} in {store.folder}",
            "choose an earlier issue, or ingest what is missing",
        )
    return issue
