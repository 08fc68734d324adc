"""Prices at which the province buys energy: spot by hour, longer trade and agency by month."""

import numpy as np
import pandas as pd

from marketing_models import calendars, parameters
from marketing_models.synthetic import climate
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.world import World

# Part of the province's sales that each market settles.
_VOLUME_FRAC = {"day_ahead": 0.12, "real_time": 0.04, "medium_long": 0.46, "agency": 0.20}
_DEMAND_HOURS = [
    *(0.84, 0.80, 0.78, 0.77, 0.77, 0.79, 0.85, 0.94, 1.04, 1.10, 1.12, 1.10),
    *(1.04, 1.06, 1.09, 1.10, 1.10, 1.10, 1.12, 1.16, 1.15, 1.08, 0.98, 0.90),
]
_SUN_IN_LAST_YEAR, _SUN_GROWTH_YEARS = 0.45, 2.5
_DROUGHT_MONTHS = 14


def purchase_prices(world: World, sold_kwh: pd.Series) -> pd.DataFrame:
    """Return the rows of the province in ``purchase_price``.

    Parameters
    ----------
    world : World
        The province.
    sold_kwh : Series of shape (n_months,)
        Energy sold by month, on the first days of months; carried on where it ends. [kWh]

    Returns
    -------
    DataFrame
        Day-ahead and real-time prices by hour, agency and longer trade by month. Real-time
        prices are known after the hour, day-ahead prices on the afternoon before.
    """
    return pd.concat([_spot(world, sold_kwh), _monthly(world, sold_kwh)], ignore_index=True)


def _at(name: str, world: World) -> float | list[float]:
    value: float | list[float] = parameters.at(
        f"synthetic_energy.{name}", pd.Timestamp(world.scale.last_day)
    )
    return value


def _spot(world: World, sold_kwh: pd.Series) -> pd.DataFrame:
    hours = world.scale.hours
    demand, sun = _demand(world), _sun(world)
    numbers = world.stream("purchase_price", "spot")
    week = autoregression(numbers.standard_normal(len(hours)), 0.996)
    day = autoregression(numbers.standard_t(4, len(hours)) / np.sqrt(2), 0.9)
    tight = demand - sun + 0.03 * week + 0.015 * day
    # The stack of offers is steep at its upper end; without need for coal the price goes to zero.
    price = 1.04 + 1.2 * (tight - 0.95) + 7.5 * np.maximum(tight - 1.38, 0) ** 1.3
    price *= _drought(world, hours)
    surprise = autoregression(numbers.standard_t(3, len(hours)) / np.sqrt(3), 0.6)
    real = price * (1 + 0.14 * surprise) + 0.25 * np.maximum(surprise - 2.5, 0) * (tight > 1.2)
    energy = demand * sold_kwh.reindex(hours, method="ffill").bfill().to_numpy()
    energy /= (hours.days_in_month * 24).to_numpy()
    ahead = hours.normalize() - pd.Timedelta(hours=6)
    parts = [
        _rows("day_ahead", hours, price, energy).assign(known_at=ahead),
        _rows("real_time", hours, real, energy).assign(known_at=hours + pd.Timedelta(hours=2)),
    ]
    rows = pd.concat(parts, ignore_index=True).assign(resolution_code="hour")
    mean = _at("market_price_yuan_per_kwh", world)
    low, high = np.array(_at("price_limit_yuan_per_kwh", world))
    price = np.clip(mean * rows["purchase_price_yuan_per_kwh"], low, high).round(4)
    return rows.assign(purchase_price_yuan_per_kwh=price)


def _monthly(world: World, sold_kwh: pd.Series) -> pd.DataFrame:
    months = world.scale.months
    numbers = world.stream("purchase_price", "month")
    mean = float(np.mean(_at("market_price_yuan_per_kwh", world)))
    level = 1 + 0.05 * autoregression(numbers.standard_normal(len(months)), 0.9)
    level *= _drought(world, months)
    season = 1 + 0.02 * np.cos(4 * np.pi * (months.month.to_numpy() - 1.2) / 12)
    own = numbers.normal(1.02, 0.01, len(months))
    energy = sold_kwh.reindex(months, method="ffill").bfill().to_numpy()
    first = months + pd.DateOffset(months=1)
    parts = [
        _rows("medium_long", months, mean * level, energy).assign(
            known_at=months - pd.Timedelta(days=4)
        ),
        _rows("agency", months, mean * level * season * own, energy).assign(
            # The agency price of a month is announced three days before it begins.
            known_at=months - pd.Timedelta(days=3)
        ),
    ]
    rows = pd.concat(parts, ignore_index=True).assign(resolution_code="month")
    rows["purchase_price_yuan_per_kwh"] = rows["purchase_price_yuan_per_kwh"].round(4)
    return rows[np.tile(first <= world.scale.origin, 2)]


def _rows(
    market: str, periods: pd.DatetimeIndex, price: Floats, energy_kwh: Floats
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": PROVINCE,
            "level": "province",
            "market_code": market,
            "period_start": periods,
            "energy_kwh": (_VOLUME_FRAC[market] * energy_kwh).round(2),
            "purchase_price_yuan_per_kwh": price,
        }
    )


def _demand(world: World) -> Floats:
    """Return demand over its mean: hour, day of rest, heat and cold of the province."""
    hours = world.scale.hours
    degc = climate.county_weather(world, PROVINCE)["temperature_degc"]
    felt = degc.ewm(halflife=8).mean()[hours].to_numpy()
    kind = calendars.days("cn", hours[0], hours[-1])["kind_code"].reindex(hours.normalize())
    rest = kind.isin(["weekend", "statutory", "adjusted_off"]).to_numpy()
    hour = np.array(_DEMAND_HOURS)[hours.hour]
    weather = 0.55 / (1 + np.exp((29 - felt) / 2)) + 0.22 / (1 + np.exp((felt - 4) / 2.5))
    return hour * (1 - 0.07 * rest) * (0.88 + weather)


def _sun(world: World) -> Floats:
    """Return photovoltaic output over mean demand, more every year."""
    hours = world.scale.hours
    sun = climate.county_weather(world, PROVINCE)["irradiance_w_per_m2"][hours].to_numpy()
    years = ((hours - world.scale.origin) / pd.Timedelta(days=365.25)).to_numpy()
    return _SUN_IN_LAST_YEAR * np.exp(years / _SUN_GROWTH_YEARS) * sun / 600


def _drought(world: World, periods: pd.DatetimeIndex) -> Floats:
    """Return the mark-up of a cold winter without water."""
    late = periods >= world.scale.origin - pd.DateOffset(months=_DROUGHT_MONTHS)
    winter = periods.month.isin([12, 1, 2])
    return 1 + 0.35 * world.effects.cold_drought * np.asarray(late & winter, dtype="float64")
