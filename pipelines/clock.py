"""The clock: what "yesterday" means; light, so that nothing to do costs nothing."""

from datetime import datetime, timedelta, timezone

RELATIVE = ("yesterday", "last-week", "last-month")
_BEIJING = timezone(timedelta(hours=8))


def now() -> datetime:
    """Return Beijing wall time, whatever zone the machine is in."""
    return datetime.now(_BEIJING).replace(tzinfo=None)


def named(name: str, at: datetime) -> str:
    """Turn a relative name into that of a day, ISO week or month that is over.

    Parameters
    ----------
    name : str
        One of `RELATIVE`; any other name is returned as it is.
    at : datetime
        Beijing wall time of the run. From midnight on the day before is yesterday; the week ends
        with Sunday.

    Returns
    -------
    str
        Such as ``2026-08-02``, ``2026-W31``, ``2026-07``.
    """
    if name == "yesterday":
        return f"{at - timedelta(days=1):%Y-%m-%d}"
    if name == "last-week":
        return f"{at - timedelta(days=7):%G-W%V}"
    if name == "last-month":
        return f"{at.replace(day=1) - timedelta(days=1):%Y-%m}"
    return name
