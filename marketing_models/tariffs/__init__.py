"""DSM and CRM · tariffs: what energy costs under dated, published prices, exact to the fen."""

from marketing_models.tariffs.bills import ADDENDS, charges_yuan, receivable_yuan
from marketing_models.tariffs.business import (
    BANDS,
    TWO_PART,
    business_time_band,
    follows_bands,
)
from marketing_models.tariffs.power_factor import power_factor_frac, power_factor_rate_frac
from marketing_models.tariffs.prices import tariff_price_rows
from marketing_models.tariffs.rebilling import COMPONENTS, rebill
from marketing_models.tariffs.residential import (
    residential_charge_yuan,
    residential_time_band,
    residential_time_of_use_charge_yuan,
)

__all__ = [
    "ADDENDS",
    "BANDS",
    "COMPONENTS",
    "TWO_PART",
    "business_time_band",
    "charges_yuan",
    "follows_bands",
    "power_factor_frac",
    "power_factor_rate_frac",
    "rebill",
    "receivable_yuan",
    "residential_charge_yuan",
    "residential_time_band",
    "residential_time_of_use_charge_yuan",
    "tariff_price_rows",
]
