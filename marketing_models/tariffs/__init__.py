"""DSM and CRM · tariffs: what energy costs under dated, published prices, exact to the fen."""

from marketing_models.tariffs.prices import component_charges_yuan, tariff_price_rows
from marketing_models.tariffs.residential import (
    residential_charge_yuan,
    residential_time_band,
    residential_time_of_use_charge_yuan,
)

__all__ = [
    "component_charges_yuan",
    "residential_charge_yuan",
    "residential_time_band",
    "residential_time_of_use_charge_yuan",
    "tariff_price_rows",
]
