"""Readings: single stored numbers of a study, each with the address at which it stands."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from marketing_models import schemas, units
from marketing_models.regions import Hierarchy
from marketing_models.reporting import formats
from marketing_models.reporting.display import Anchor
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import Text, clean, same, shortened
from marketing_models.study import Study
from marketing_models.timeaxis import Issue

SERIES = "total"
BASELINE = "seasonal_naive"
WEEK_HORIZON = "days_1_7"
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Reading:
    """One stored number.

    Attributes
    ----------
    value : int, float or None
        None if the study does not have it.
    anchor : Anchor or None
        Where it stands; None where there is nothing.
    """

    value: Number | None
    anchor: Anchor | None = None


NOTHING = Reading(None)


def level(study: Study) -> str:
    """Return the level of the unit that a study speaks of."""
    return study.hierarchy.level(study.unit_id)


def name(study: Study, unit_id: str) -> Text:
    """Return the printed name of a unit; its code where this store does not know it."""
    return unit_name(study.hierarchy, unit_id) if unit_id in study.hierarchy else same(unit_id)


def unit_name(hierarchy: Hierarchy, unit_id: str) -> Text:
    """Return the name of a unit as all pages print it.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store, whose names may be anything.
    unit_id : str
        The unit.

    Returns
    -------
    mapping of {"zh", "en"} to str
        At most 60 characters on one line; the code where nothing of the name can be seen.
    """
    return {
        language: shortened(clean(text), _LONGEST_NAME) or clean(unit_id)
        for language, text in hierarchy.name(unit_id).items()
    }


def origin(study: Study) -> pd.Timestamp:
    """Return the moment at which the forecast of a study begins."""
    return Issue.parse(study.issue).origin


def rows(study: Study, table: str, unit_id: str | None = None, **equal: Any) -> pd.DataFrame:
    """Return a unit's own rows of a table in key order.

    Parameters
    ----------
    study : Study
        The study.
    table : str
        Name of the table; one that the study does not have is empty.
    unit_id : str, optional
        The unit; by default the one the study speaks of.
    **equal : object
        Columns and the value that they must have.

    Returns
    -------
    DataFrame
        Fresh index. Of several series only the total.
    """
    found = _own(study, table, unit_id or study.unit_id)
    for column, value in equal.items():
        found = found[(found[column] == value).to_numpy(dtype=bool, na_value=False)]
    return found.reset_index(drop=True)


# A page reads single numbers by the hundred; each would search and sort the whole table again.
@lru_cache(maxsize=64)
def _own(study: Study, table: str, unit_id: str) -> pd.DataFrame:
    names = [c for c in schemas.columns(table).index if c != "run_id"]
    held = study.tables.get(table)
    if held is None or held.empty:
        return pd.DataFrame(columns=names)
    found = held[held["unit_id"] == unit_id].reindex(columns=names)
    if "series_code" in names:
        found = found[found["series_code"] == SERIES]
    return found.sort_values([k for k in schemas.keys(table) if k in names], ignore_index=True)


def read(table: str, row: pd.Series, column: str) -> Reading:
    """Return one number of a row with its address."""
    value = formats.plain(row[column])
    if not isinstance(value, Number):
        return NOTHING
    anchor = Anchor(table=table, unit_id=str(row["unit_id"]), key=key(table, row), column=column)
    return Reading(value, anchor)


def key(table: str, row: pd.Series) -> dict[str, str | int]:
    """Return the key of a row without run and unit, as the page carries it."""
    names = [k for k in schemas.keys(table) if k not in {"run_id", "unit_id"}]
    held = {k: formats.plain(row[k]) for k in sorted(names)}
    return {k: v for k, v in held.items() if isinstance(v, str | int)}


def week(study: Study, column: str, percentile: int, unit_id: str | None = None) -> Reading:
    """Return a percentile of the seven days that are forecast.

    Parameters
    ----------
    study : Study
        A demand study.
    column : str
        ``energy_kwh`` or ``peak_load_kw``.
    percentile : int
        Such as 50.
    unit_id : str, optional
        The unit; by default the one the study speaks of.

    Returns
    -------
    Reading
        Nothing if there is no forecast.
    """
    table = "result_demand_forecast"
    found = rows(study, table, unit_id, resolution_code="week", percentile_number=percentile)
    return NOTHING if found.empty else read(table, found.iloc[0], column)


def peak_at(study: Study) -> pd.Timestamp | None:
    """Return when the median peak of the forecast week falls, if the study says so."""
    found = rows(study, "result_demand_forecast", resolution_code="week", percentile_number=50)
    at = None if found.empty else formats.plain(found["peak_at"].iloc[0])
    return None if at is None else pd.Timestamp(at)


def past_week(study: Study, column: str) -> Reading:
    """Return a number of the latest week of measured energy."""
    table = "result_demand_energy"
    found = rows(study, table, resolution_code="week")
    return NOTHING if found.empty else read(table, found.iloc[-1], column)


def score(study: Study, metric: str) -> Reading:
    """Return how the model, not its baseline, did on past weeks, by one metric."""
    table = "result_demand_backtest"
    found = rows(study, table, horizon_code=WEEK_HORIZON, metric_code=metric)
    found = found[found["model_code"] != BASELINE]
    return NOTHING if found.empty else read(table, found.iloc[0], "metric_value")


def fan(study: Study) -> pd.DataFrame:
    """Return the forecast of every single period, with the percentiles as columns.

    Parameters
    ----------
    study : Study
        A demand study.

    Returns
    -------
    DataFrame
        Columns ``period_start``, ``p10``, ``p50`` and ``p90``; one row an hour or quarter. [kW]
    """
    found = rows(study, "result_demand_forecast")
    by = found[~found["resolution_code"].isin(["day", "week"])].set_index("period_start")
    held = {
        f"p{percentile}": by.loc[by["percentile_number"] == percentile, "load_kw"]
        for percentile in (10, 50, 90)
    }
    return pd.DataFrame(held).astype("float64").rename_axis("period_start").reset_index()


def shortfall_probability(study: Study) -> Reading:
    """Return the probability of a shortfall in the week, or the largest of its days."""
    return _worst(study, 50, "shortfall_probability_frac")


def shortfall(study: Study, percentile: int) -> Reading:
    """Return a percentile of the shortfall of the week, or the largest of its days."""
    return _worst(study, percentile, "shortfall_kw")


def _worst(study: Study, percentile: int, column: str) -> Reading:
    table = "result_demand_balance"
    found = rows(study, table, percentile_number=percentile)
    of_week = found[found["resolution_code"] == "week"]
    worst = (of_week if len(of_week) else found).sort_values(column, kind="stable")
    return NOTHING if worst.empty else read(table, worst.iloc[-1], column)


def indicator(study: Study, code: str) -> Reading:
    """Return one indicator of a brief."""
    table = "result_brief_kpi"
    found = rows(study, table, indicator_code=code)
    return NOTHING if found.empty else read(table, found.iloc[0], "indicator_value")


def scale(study: Study, column: str, *values: Number | None) -> Scale:
    """Return how numbers of a column print together on a study's page."""
    return formats.scale(units.unit_of(column) or "", level(study), values)
