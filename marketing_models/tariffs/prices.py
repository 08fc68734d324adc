"""The price table that the store keeps: every dated price as a row."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from marketing_models import parameters, schemas
from marketing_models.tariffs.business import BANDS, TWO_PART
from marketing_models.tariffs.dated import days_of

_SINGLE = "industrial_commercial"
_HOME_BANDS = {"residential": ("all",), "residential_time_of_use": ("peak", "valley")}
_HOME = (
    "tariff.residential_price_yuan_per_kwh",
    "tariff.residential_block_from_kwh",
    "tariff.residential_block_addition_yuan_per_kwh",
)
_PER_KWH = {
    "energy": "tariff.agency_energy_price_yuan_per_kwh",
    "upstream_loss": "tariff.upstream_loss_price_yuan_per_kwh",
    "network": "tariff.network_price_yuan_per_kwh",
    "system_operation": "tariff.system_operation_price_yuan_per_kwh",
    "government_surcharge": "tariff.government_surcharge_price_yuan_per_kwh",
}
_PER_MONTH = {
    "price_yuan_per_kva_month": "tariff.capacity_price_yuan_per_kva_month",
    "price_yuan_per_kw_month": "tariff.demand_price_yuan_per_kw_month",
}
_CATALOGUE = "tariff.industrial_commercial_price_yuan_per_kwh"
_RATIO = "tariff.time_band_ratio"
_FEED_IN = "tariff.feed_in_price_yuan_per_kwh"
# The table has no column for the voltage: it carries the voltage at which most are supplied.
_VOLTAGE = {_SINGLE: "below_1kV", TWO_PART: "10kV"}
_KIND = {_SINGLE: "single", TWO_PART: "two_part"}
Row = dict[str, Any]


def tariff_price_rows() -> pd.DataFrame:
    """Return all dated prices as rows of the table ``tariff_price``.

    Returns
    -------
    DataFrame
        As the dictionary wants it: a version of every tariff for each day on which one of its
        parameters changed. Network, capacity and demand prices are those of supply below 1 kV on
        the single-part and of 10 kV on the two-part tariff, energy prices those of the agency;
        `charges_yuan` knows the others. ``feed_in`` is the market price of photovoltaic surplus.
    """
    rows = [row for tariff in _names() for row in _versions(tariff)]
    return schemas.conform("tariff_price", pd.DataFrame(rows))


def _names() -> dict[str, tuple[str, ...]]:
    """Return by tariff the parameters whose changes make a version."""
    plain = {c: (f"tariff.{c}_price_yuan_per_kwh",) for c in ("shared_meter", "agricultural")}
    business = (_CATALOGUE, *_PER_KWH.values())
    return {
        **dict.fromkeys(_HOME_BANDS, _HOME),
        **plain,
        "feed_in": (_FEED_IN,),
        _SINGLE: business,
        TWO_PART: (*business, *_PER_MONTH.values(), _RATIO),
    }


def _versions(tariff_code: str) -> Iterator[Row]:
    names = _names()[tariff_code]
    # A version begins when all parameters of the tariff are in force; industry has two sets.
    firsts = [days_of(name)[0] for name in names]
    complete = min(firsts) if tariff_code in _KIND else max(firsts)
    starts = sorted({day for name in names for day in days_of(name) if day >= complete})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        for part in _parts(tariff_code, start):
            yield {"tariff_code": tariff_code, "valid_from": start, "valid_to": end, **part}


def _parts(tariff_code: str, on: date) -> Iterator[Row]:
    if tariff_code in _HOME_BANDS:
        yield from _blocks(_HOME_BANDS[tariff_code], on)
    elif tariff_code == "feed_in":
        yield _row("energy", parameters.at(_FEED_IN, on)["market"], _FEED_IN, on)
    elif tariff_code not in _KIND:
        name = f"tariff.{tariff_code}_price_yuan_per_kwh"
        yield _row("catalogue", parameters.at(name, on)["catalogue"], name, on)
    elif on < days_of(_PER_KWH["energy"])[0]:
        yield from _banded("catalogue", parameters.at(_CATALOGUE, on)[tariff_code], tariff_code, on)
        yield from _monthly(tariff_code, on)
    else:
        yield from _components(tariff_code, on)
        yield from _monthly(tariff_code, on)


def _row(component: str, price: float, name: str, on: date, band: str = "all") -> Row:
    return {
        "component_code": component,
        "time_band_code": band,
        "block_from_kwh": 0,
        "price_yuan_per_kwh": price,
        "source_name": parameters.entry(name, on)["source"],
    }


def _blocks(bands: tuple[str, ...], on: date) -> Iterator[Row]:
    price, bounds, additions = (parameters.at(name, on) for name in _HOME)
    for band in bands:
        for bound, addition in zip(bounds, additions, strict=True):
            row = _row("catalogue", round(price[band] + addition, 4), _HOME[0], on, band)
            yield {**row, "block_from_kwh": bound}


def _banded(component: str, price: float, tariff_code: str, on: date) -> Iterator[Row]:
    name = _CATALOGUE if component == "catalogue" else _PER_KWH["energy"]
    if tariff_code != TWO_PART:
        yield _row(component, price, name, on)
        return
    ratio = parameters.at(_RATIO, on)
    for band in BANDS:
        # As bills round it: half up, in whole ten-thousandths.
        ten_thousandths = (round(price * 10_000) * round(ratio[band] * 100) + 50) // 100
        yield _row(component, ten_thousandths / 10_000, name, on, band)


def _components(tariff_code: str, on: date) -> Iterator[Row]:
    for component, name in _PER_KWH.items():
        price = parameters.at(name, on)
        if component == "network":
            price = price[_KIND[tariff_code]][_VOLTAGE[tariff_code]]
        if component == "energy":
            yield from _banded(component, price, tariff_code, on)
        else:
            yield _row(component, price, name, on)


def _monthly(tariff_code: str, on: date) -> Iterator[Row]:
    if tariff_code != TWO_PART:
        return
    prices = {
        column: parameters.at(name, on)[_VOLTAGE[tariff_code]]
        for column, name in _PER_MONTH.items()
    }
    source = parameters.entry(_PER_MONTH["price_yuan_per_kva_month"], on)["source"]
    yield {
        "component_code": "capacity",
        "time_band_code": "all",
        "block_from_kwh": 0,
        "source_name": source,
        **prices,
    }
