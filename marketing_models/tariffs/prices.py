"""Prices per kWh without blocks, and the price table that the store keeps."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from marketing_models import parameters, schemas
from marketing_models.errors import UnknownParameterError
from marketing_models.tariffs.exact import fen_rounded, hundredths, ten_thousandths

_PLAIN = ("shared_meter", "agricultural", "industrial_commercial")
_BANDS = {"residential": ("all",), "residential_time_of_use": ("peak", "valley")}
_RESIDENTIAL = (
    "tariff.residential_price_yuan_per_kwh",
    "tariff.residential_block_from_kwh",
    "tariff.residential_block_addition_yuan_per_kwh",
)


def component_charges_yuan(
    energy_kwh: pd.Series, *, tariff_code: str, on: date | datetime
) -> pd.DataFrame:
    """Charge supply points whose price per kWh depends on neither hour nor energy.

    Parameters
    ----------
    energy_kwh : Series of shape (n_bills,)
        Energy of the billing period. No gaps. [kWh]
    tariff_code : str
        ``shared_meter``, ``agricultural`` or ``industrial_commercial``.
    on : date
        Day whose prices hold for all these bills.

    Returns
    -------
    DataFrame of shape (n_bills, n_components)
        One column ``<component>_charge_yuan`` a component, ``government_surcharge_yuan`` for that
        one; each rounded half up to the fen. [yuan]

    Raises
    ------
    UnknownParameterError
        If there is no such tariff.
    """
    if tariff_code not in _PLAIN:
        raise UnknownParameterError(
            f"no price without blocks for tariff {tariff_code!r}; there are {', '.join(_PLAIN)}"
        )
    energy = hundredths(energy_kwh)
    prices = parameters.at(f"tariff.{tariff_code}_price_yuan_per_kwh", on)
    charges = {
        _column(component): fen_rounded(energy * ten_thousandths(price))
        for component, price in prices.items()
    }
    return pd.DataFrame(charges, index=energy_kwh.index)


def tariff_price_rows() -> pd.DataFrame:
    """Return all dated prices as rows of the table ``tariff_price``.

    Returns
    -------
    DataFrame
        As the dictionary wants it: a version of every tariff for each day on which one of its
        parameters changed.
    """
    rows = [row for tariff in (*_BANDS, *_PLAIN) for row in _versions(tariff)]
    return schemas.conform("tariff_price", pd.DataFrame(rows))


def _column(component: str) -> str:
    return (
        f"{component}_yuan" if component == "government_surcharge" else f"{component}_charge_yuan"
    )


def _versions(tariff_code: str) -> Iterator[dict[str, Any]]:
    plain = (f"tariff.{tariff_code}_price_yuan_per_kwh",)
    names = _RESIDENTIAL if tariff_code in _BANDS else plain
    # A version begins when all parameters of the tariff are in force.
    complete = max(min(_days(name)) for name in names)
    starts = sorted({day for name in names for day in _days(name) if day >= complete})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        in_force = {"tariff_code": tariff_code, "valid_from": start, "valid_to": end}
        parts = _block_parts(_BANDS[tariff_code], start) if tariff_code in _BANDS else None
        for part in parts or _plain_parts(names[0], start):
            yield {**in_force, **part, "source_name": parameters.entry(names[0], start)["source"]}


def _days(name: str) -> list[date]:
    held: Mapping[Any, Any] = parameters.describe(name)
    return [key for key in held if isinstance(key, date)]


def _block_parts(bands: tuple[str, ...], on: date) -> list[dict[str, Any]]:
    price, bounds, additions = (parameters.at(name, on) for name in _RESIDENTIAL)
    return [
        {
            "component_code": "catalogue",
            "time_band_code": band,
            "block_from_kwh": bound,
            "price_yuan_per_kwh": round(price[band] + addition, 4),
        }
        for band in bands
        for bound, addition in zip(bounds, additions, strict=True)
    ]


def _plain_parts(name: str, on: date) -> list[dict[str, Any]]:
    prices: Mapping[str, float] = parameters.at(name, on)
    return [
        {
            "component_code": component,
            "time_band_code": "all",
            "block_from_kwh": 0,
            "price_yuan_per_kwh": price,
        }
        for component, price in prices.items()
    ]
