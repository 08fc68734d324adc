"""The decision brief: what a leader must decide this period, from the rows of the other studies."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from marketing_models import parameters
from marketing_models.study import Study
from marketing_models.timeaxis import Issue

DEMAND_FORECAST = "result_demand_forecast"
DEMAND_BALANCE = "result_demand_balance"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a figure of the brief stands on another page.

    Attributes
    ----------
    table, column : str
        Result table and column.
    key : mapping
        Values of the key columns.
    pick : str
        Which of the rows left: ``first``, ``last`` or the one with the ``max``.
    """

    table: str
    column: str
    key: dict[str, Any] = field(default_factory=dict)
    pick: str = "first"

    def value(self, study: Study, unit_id: str) -> float | None:
        """Return the figure of a unit, or None where its page has none."""
        rows = study.table(self.table, unit_id)
        for column, wanted in self.key.items():
            rows = rows[rows[column] == wanted] if column in rows else rows.head(0)
        if rows.empty:
            return None
        ordered = rows.sort_values("period_start") if "period_start" in rows else rows
        values = ordered[self.column]
        found = (
            values.max() if self.pick == "max" else values.iloc[-1 if self.pick == "last" else 0]
        )
        return None if pd.isna(found) else float(found)


def _week(column: str, percentile: int) -> Source:
    key = {"resolution_code": "week", "percentile_number": percentile}
    return Source(table=DEMAND_FORECAST, column=column, key=key)


def _metric(code: str) -> Source:
    key = {"model_code": "load_regression", "horizon_code": "days_1_7", "metric_code": code}
    return Source(table="result_demand_backtest", column="metric_value", key=key)


# Every figure of the brief is a row of another page; a new area adds its lines here.
SOURCES = {
    **{f"next_week_energy_p{p}_kwh": _week("energy_kwh", p) for p in (10, 50, 90)},
    **{f"next_week_peak_p{p}_kw": _week("peak_load_kw", p) for p in (10, 50, 90)},
    "last_week_energy_kwh": Source(
        table="result_demand_energy",
        column="energy_kwh",
        key={"resolution_code": "week"},
        pick="last",
    ),
    "last_week_peak_kw": Source(table="result_demand_review", column="load_kw", pick="max"),
    "shortfall_probability_frac": Source(
        table=DEMAND_BALANCE,
        column="shortfall_probability_frac",
        key={"resolution_code": "week", "percentile_number": 50},
    ),
    "last_error_frac": _metric("last_wape_frac"),
    "coverage_80_frac": _metric("coverage_80_frac"),
}


def study(demand: Study) -> Study:
    """Gather figures and decisions of the period for every unit.

    Parameters
    ----------
    demand : Study
        The demand study of the same issue, uncut.

    Returns
    -------
    Study
        Named ``brief``, with the limits of the studies it draws on.
    """
    needed = {source.table for source in SOURCES.values()}
    small = replace(demand, tables={name: demand.tables[name] for name in needed})
    units = {unit: small.of(unit) for unit in demand.hierarchy}
    kpis = pd.DataFrame(
        [row for unit, cut in units.items() for row in _kpis(cut, unit)],
    )
    items = pd.DataFrame([row for unit in units for row in _items(demand, unit, kpis)])
    return replace(
        demand,
        name="brief",
        tables={"result_brief_kpi": kpis, "result_brief_item": items},
    )


def _kpis(cut: Study, unit_id: str) -> Iterator[dict[str, Any]]:
    for code, source in SOURCES.items():
        value = source.value(cut, unit_id)
        if value is not None:
            yield {
                "unit_id": unit_id,
                "level": cut.hierarchy.level(unit_id),
                "indicator_code": code,
                "indicator_value": value,
                "table_name": source.table,
                "column_name": source.column,
            }


def _items(demand: Study, unit_id: str, kpis: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the options of each matter: on what load to plan, and whether to prepare a plan."""
    origin = Issue.parse(demand.issue).origin
    common = {
        "unit_id": unit_id,
        "level": demand.hierarchy.level(unit_id),
        "owner_unit_id": unit_id,
        "deadline_at": origin
        + pd.Timedelta(hours=parameters.at("brief.plan_deadline_hours", origin)),
    }
    own = kpis[kpis["unit_id"] == unit_id].set_index("indicator_code")["indicator_value"]
    rank = 1
    if "shortfall_probability_frac" in own:
        chance = float(own["shortfall_probability_frac"])
        is_due = chance >= parameters.at("brief.load_plan_probability_frac", origin)
        matter = {**common, "rank_number": rank, "table_name": DEMAND_BALANCE}
        yield {**matter, "option_code": "prepare_load_plan", "is_recommended": is_due}
        yield {
            **matter,
            "option_code": "watch",
            "is_recommended": not is_due,
            "success_frac": round(1 - chance, 6),
        }
        rank += 1
    best = parameters.at("brief.plan_percentile_number", origin)
    for percentile in (best, 50):
        yield {
            **common,
            "rank_number": rank,
            "table_name": DEMAND_FORECAST,
            "option_code": f"plan_on_p{percentile}",
            "is_recommended": percentile == best,
            "success_frac": percentile / 100,
        }
