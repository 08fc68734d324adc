"""CIS · which rows a reader gets: of which unit, as known at which moment."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from marketing_models import schemas

if TYPE_CHECKING:
    from marketing_models.cis.store import Store

LAST_COMPLETE_DAY = """
WITH daily AS (
  SELECT unit_id, CAST(period_start AS DATE) AS day, resolution_code,
         count(DISTINCT period_start) AS periods
  FROM unit_load WHERE series_code = 'total' GROUP BY ALL),
complete AS (
  SELECT day, count(DISTINCT unit_id) AS counties FROM daily
  WHERE periods = CASE resolution_code WHEN 'quarter_hour' THEN 96
                  WHEN 'half_hour' THEN 48 ELSE 24 END
  GROUP BY day)
SELECT max(day) AS day FROM complete
WHERE 2 * counties >= (SELECT count(DISTINCT unit_id) FROM daily)
"""


def conditions(
    store: "Store",
    table: str,
    unit_id: str | None,
    known_by: pd.Timestamp | str | None,
    where: Mapping[str, Sequence[Any]],
) -> list[pc.Expression]:
    """Return the conditions that a row must meet, one after the other.

    Parameters
    ----------
    store : Store
        The store, for its units and stations.
    table : str
        Name of the table.
    unit_id, known_by, where
        As for `Store.read`.

    Returns
    -------
    list of Expression
        Each to be applied as a filter.
    """
    wanted = [pads.field(name).isin(list(values)) for name, values in where.items()]
    return [*wanted, *of_unit(store, table, unit_id), *_standing(table, known_by)]


def of_unit(store: "Store", table: str, unit_id: str | None) -> list[pc.Expression]:
    """Return the condition that a row belongs to a unit or to one below it."""
    names = schemas.columns(table).index
    if unit_id is None:
        return []
    wanted = list(store.hierarchy().below(unit_id))
    column = next((c for c in ("county_id", "unit_id", "weather_station_id") if c in names), "")
    if column == "weather_station_id":
        weights = store.read("unit_weather_station", where={"unit_id": wanted})
        wanted = weights["weather_station_id"].unique().tolist()
    return [pads.field(column).isin(pa.array(wanted, pa.string()))] if column else []


def _standing(table: str, known_by: pd.Timestamp | str | None) -> list[pc.Expression]:
    start = schemas.version_column(table)
    if start is None:
        return []
    end = pads.field("superseded_at" if start == "known_at" else "valid_to")
    if known_by is None:
        return [end.is_null()]
    moment = pd.Timestamp(known_by).to_pydatetime()
    if start == "known_at":
        at = pa.scalar(moment, pa.timestamp("us"))
    else:
        at = pa.scalar(moment.date(), pa.date32())
    return [(pads.field(start) <= at) & (end.is_null() | (end > at))]
