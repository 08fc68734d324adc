"""CIS · the network: a unit's rows up to its parent's store, and down from it."""

from typing import TYPE_CHECKING

import pandas as pd

from marketing_models import schemas
from marketing_models.cis import delta
from marketing_models.errors import StoreError

if TYPE_CHECKING:
    from marketing_models.cis.store import Store

# What is the store's own: how its batches went and who reported to it.
_OWN = {"batch", "quarantine", "publication"}


def copy(source: "Store", target: "Store", unit_id: str) -> int:
    """Copy the rows of a unit and of all below it, with their history, in one batch.

    Parameters
    ----------
    source, target : Store
        From where and to where; person data and the source's own records stay.
    unit_id : str
        The unit.

    Returns
    -------
    int
        Number of the target's version vector.

    Raises
    ------
    StoreError
        If the two stores follow different calendars.
    """
    if source.calendar != target.calendar:
        raise StoreError(
            f"{source.folder} follows calendar {source.calendar}, {target.folder} follows "
            f"{target.calendar}; make the target with the source's calendar"
        )
    rows = {table: source.arrow(table, unit_id) for table in schemas.tables() if _travels(table)}
    rows["publication"] = delta.to_arrow("publication", _receipt(source, unit_id))
    return target.write_parts([{table: held for table, held in rows.items() if held.num_rows}])


def _travels(table: str) -> bool:
    return table not in _OWN and not (schemas.columns(table)["pii"] == "personal").any()


def _receipt(source: "Store", unit_id: str) -> pd.DataFrame:
    """Return the row that says which version of a unit's data arrived; none without any load."""
    last_day = source.last_complete_day()
    now = pd.Timestamp.now(tz="Asia/Shanghai").tz_localize(None).floor("us")
    row = {
        "unit_id": unit_id,
        "store_version_number": source.version,
        "schema_version": source.vector.schema_version,
        "published_at": now,
        "data_through_date": last_day,
    }
    return pd.DataFrame([row] if last_day is not None else [], columns=list(row))
