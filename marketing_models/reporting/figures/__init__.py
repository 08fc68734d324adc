"""Figures: a study as Vega-Lite charts, one specification in each language."""

from marketing_models.reporting.figures.brief import brief_outlook
from marketing_models.reporting.figures.demand import demand_fan, demand_review

__all__ = ["brief_outlook", "demand_fan", "demand_review"]
