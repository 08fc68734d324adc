"""Issues: which day, week or month a run is about."""

from datetime import datetime

from marketing_models.cis import Store
from marketing_models.errors import InsufficientDataError
from marketing_models.timeaxis import Issue
from pipelines import clock


def resolve(store: Store, name: str, at: datetime | None = None) -> Issue:
    """Return the issue of a name, ``latest`` being the last complete day known in the store.

    Parameters
    ----------
    store : Store
        The store.
    name : str
        ``latest``, ``yesterday``, ``last-week``, ``last-month``, a day, an ISO week or a month.
    at : datetime, optional
        Beijing wall time of the run; by default now.

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
    wanted = f"{last:%Y-%m-%d}" if name == "latest" else clock.named(name, at or clock.now())
    issue = Issue.parse(wanted)
    if issue.last_day > last:
        raise InsufficientDataError(
            f"load up to {issue.last_day:%Y-%m-%d} for issue {name}",
            f"complete days up to {last:%Y-%m-%d} in {store.folder}",
            "choose an earlier issue, or ingest what is missing",
        )
    return issue
