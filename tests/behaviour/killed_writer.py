"""Batches over six tables, written by a process that may be killed at any moment."""

import pandas as pd

from marketing_models.cis import Store

TABLES = (
    "unit_load",
    "weather_observed",
    "weather_forecast",
    "supply_balance",
    "tariff_price",
    "account",
)
ROW_COUNT = 40


def batch(number):
    """Return the rows of one batch; every third corrects rows of the batch before it."""
    at = pd.Timestamp("2026-01-01") + pd.Timedelta(days=number)
    periods = pd.date_range(at, periods=ROW_COUNT, freq="h")
    known = {"known_at": at + pd.Timedelta(days=2)}
    load = pd.DataFrame(
        {
            "unit_id": "990101",
            "level": "county",
            "series_code": "total",
            "resolution_code": "hour",
            "period_start": periods,
            "load_kw": number,
            "quality_code": "measured",
            **known,
        }
    )
    if number % 3 == 2:
        load["period_start"] -= pd.Timedelta(days=1)
    weather = pd.DataFrame(
        {
            "weather_station_id": "S1",
            "period_start": periods,
            "temperature_degc": float(number),
            **known,
        }
    )
    supply = pd.DataFrame(
        {
            "unit_id": "99",
            "level": "province",
            "issued_at": at,
            "period_start": periods,
            "resolution_code": "hour",
            "available_supply_kw": number,
            "reserve_kw": 1,
            **known,
        }
    )
    price = pd.DataFrame(
        {
            "tariff_code": f"T{number}",
            "component_code": "energy",
            "time_band_code": "all",
            "block_from_kwh": [0],
            "valid_from": at,
            "source_name": "test",
            "price_yuan_per_kwh": 0.5,
        }
    )
    account = pd.DataFrame(
        {
            "account_id": [f"A{number}"],
            "county_id": f"99010{number % 3}",
            "valid_from": at,
            "party_id": "P",
            "is_prepaid": False,
        }
    )
    return {
        "unit_load": load,
        "weather_observed": weather,
        "weather_forecast": weather.assign(issued_at=at, member_number=0),
        "supply_balance": supply,
        "tariff_price": price,
        "account": account,
    }


def write(folder, count):
    """Write the batches that are not there yet."""
    store = Store.open(folder)
    for number in range(len(store.read("account")), count):
        store.write(batch(number))


def seen(folder):
    """Return which batches each table shows, as a reader finds them at this moment."""
    store = Store.open(folder)
    price = store.read("tariff_price")
    return store.version, {
        "account": len(store.read("account")),
        "tariff_price": len(price),
        "weather_observed": store.read("weather_observed")["known_at"].nunique(),
        "weather_forecast": store.read("weather_forecast")["issued_at"].nunique(),
        "supply_balance": store.read("supply_balance")["issued_at"].nunique(),
        "unit_load": int(store.arrow("unit_load").to_pandas()["known_at"].nunique()),
    }


def poll(folder, stop, found):
    """Put what a reader sees on a queue until told to stop."""
    while not stop.is_set():
        found.put(seen(folder))
