"""Table of page 40 that holds the whole last week: hours down, days across."""

import pandas as pd

from marketing_models.reporting import formats, readings, times
from marketing_models.reporting.display import Cell, Column, Row, Table
from marketing_models.reporting.language import say
from marketing_models.study import Study

REVIEW = "result_demand_review"


def demand_hours(study: Study) -> Table:
    """Show the measured load of the last seven days, one column a day.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        One row a time of day; the period stands in the key of each cell.
    """
    rows = readings.rows(study, REVIEW)
    scale = formats.scale("kW", readings.level(study), rows["load_kw"].tolist())
    starts = pd.DatetimeIndex(rows["period_start"])
    days = [Column(head=times.day(d), column="load_kw", scale=scale) for d in _days(starts)]
    return Table(
        name="demand_hours",
        table=REVIEW,
        caption=say("上一周逐时负荷", "Load of last week, hour by hour"),
        columns=(Column(head=say("时段起点", "Hour")), *days),
        rows=tuple(_row(study, held) for _, held in rows.groupby(starts.time)),
    )


def _days(starts: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(starts.normalize().unique())


def _row(study: Study, held: pd.DataFrame) -> Row:
    """Return the row of one time of day, in the order of the days."""
    first = held.iloc[0]
    head = Cell(text=times.hour(pd.Timestamp(first["period_start"])))
    loads = [
        Cell(
            value=None if pd.isna(load) else int(load),
            key={"period_start": str(formats.plain(start))},
        )
        for start, load in zip(held["period_start"], held["load_kw"], strict=True)
    ]
    key = {name: str(first[name]) for name in ("resolution_code", "series_code")}
    return Row(unit_id=study.unit_id, key=key, cells=(head, *loads))
