"""Words: verdicts, key figures, limits and sources of each page, in Chinese and English."""

from marketing_models.reporting.words.brief import brief_kpis, brief_verdict
from marketing_models.reporting.words.demand import demand_kpis, demand_verdict
from marketing_models.reporting.words.limits import findings
from marketing_models.reporting.words.sources import sources

__all__ = [
    "brief_kpis",
    "brief_verdict",
    "demand_kpis",
    "demand_verdict",
    "findings",
    "sources",
]
