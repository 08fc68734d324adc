"""DSM · demand forecast: load history, regression, correction, past errors and joint scenarios."""

from marketing_models.demand.backcast import backcast
from marketing_models.demand.forecast import MODELS, forecast, rolling_errors
from marketing_models.demand.history import LoadHistory, findings
from marketing_models.demand.naive import SeasonalNaive
from marketing_models.demand.regression import LoadRegression
from marketing_models.demand.scenarios import scenarios
from marketing_models.demand.vanilla import VanillaRegression
from marketing_models.demand.weather_members import climatology_members

__all__ = [
    "MODELS",
    "LoadHistory",
    "LoadRegression",
    "SeasonalNaive",
    "VanillaRegression",
    "backcast",
    "climatology_members",
    "findings",
    "forecast",
    "rolling_errors",
    "scenarios",
]
