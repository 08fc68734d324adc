"""Tables: rows of a study as display objects, each number with the address it is stored at."""

from marketing_models.reporting.tables.brief import brief_items, brief_kpis
from marketing_models.reporting.tables.demand import (
    LOW_MIDDLE_HIGH,
    demand_backtest,
    demand_balance,
    demand_days,
    demand_energy,
    demand_review,
    demand_scenarios,
)
from marketing_models.reporting.tables.hours import demand_hours
from marketing_models.reporting.tables.units import demand_unit_forecast, demand_units

__all__ = [
    "LOW_MIDDLE_HIGH",
    "brief_items",
    "brief_kpis",
    "demand_backtest",
    "demand_balance",
    "demand_days",
    "demand_energy",
    "demand_hours",
    "demand_review",
    "demand_scenarios",
    "demand_unit_forecast",
    "demand_units",
]
