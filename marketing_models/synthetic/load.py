"""Hourly load of a county: what came about by class, photovoltaic, charging, and its rows."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import climate
from marketing_models.synthetic.mean_loads import Mean, mean_loads, price_shift_frac
from marketing_models.synthetic.profiles import CLASSES, profile
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.world import World

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

_CELL_LOSS_PER_DEGC, _PERFORMANCE = 0.004, 0.80


@lru_cache(maxsize=1)
def _made(world: World, unit_id: str) -> tuple[Mean, Floats, pd.DataFrame]:
    """Return a county's mean load, the noise on it, and the weather that made it."""
    weather = climate.county_weather(world, unit_id).loc[: world.scale.hours[-1]]
    mean = mean_loads(profile(unit_id, world), world, weather[["temperature_degc"]])
    return mean, _noise(world, unit_id), weather.loc[world.scale.hours[0] :]


def _noise(world: World, unit_id: str) -> Floats:
    count = len(world.scale.hours)
    own = world.stream("unit_load", unit_id)
    log = _common_noise(world) + _wander(own, count, (0.008, 0.010, 0.008))
    # A fault now and then takes a part of the county for an hour or two.
    faults = own.random(count) < 0.0004
    log -= np.where(faults, own.exponential(0.05, count), 0.0)
    noise: Floats = np.exp(log)
    return noise


@lru_cache(maxsize=4)
def _common_noise(world: World) -> Floats:
    numbers = world.stream("unit_load", PROVINCE)
    return _wander(numbers, len(world.scale.hours), (0.004, 0.006, 0.003))


def _wander(numbers: np.random.Generator, count: int, spread: tuple[float, ...]) -> Floats:
    """Add noise that lives for hours, days and months; the shortest has heavy tails."""
    hourly = numbers.standard_t(5, count) / np.sqrt(5 / 3)
    slower = numbers.standard_normal((2, count))
    parts = [
        autoregression(hourly, 0.80),
        autoregression(slower[0], 0.975),
        autoregression(slower[1], 0.9990),
    ]
    total: Floats = np.sum([s * part for s, part in zip(spread, parts, strict=True)], axis=0)
    return total


def loads_kw(county: "County") -> pd.DataFrame:
    """Return the metered loads that came about: the mean loads times persistent noise.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame of shape (n_hours, n_classes)
        Load by class on the scale's hours, gross of photovoltaic, without losses. [kW]
    """
    mean, noise, _ = _made(county.world, county.unit_id)
    loads = {name: mean.loads_kw(name)[:, 0] * noise for name in CLASSES}
    return pd.DataFrame(loads, county.scale.hours)


def solar_kw(county: "County") -> pd.Series:
    """Return the hourly generation of distributed photovoltaic plant.

    Parameters
    ----------
    county : County
        The county; the plant of each point generates from its hidden ``pv_since`` on.

    Returns
    -------
    Series of shape (n_hours,)
        On the scale's hours. [kW]

    Notes
    -----
    Capacity times irradiance over 1 kW/m2 times a performance ratio of 0.80, less 0.4 % for
    each degree of the cells above 25 degC, cells being 0.03 degC per W/m2 warmer than the air:
    usual figures of crystalline silicon (PVWatts version 5, Dobos 2014).
    """
    weather = _made(county.world, county.unit_id)[2]
    sun = weather["irradiance_w_per_m2"].to_numpy()
    cell = weather["temperature_degc"].to_numpy() + 0.03 * sun
    per_kw = _PERFORMANCE * sun / 1000 * (1 - _CELL_LOSS_PER_DEGC * (cell - 25))
    return pd.Series(_capacity_kw(county) * per_kw, county.scale.hours)


def _capacity_kw(county: "County") -> Floats:
    """Return the capacity in service by hour: from its first day until its owner leaves."""
    plants = county.points[county.points["distributed_pv_kw"].fillna(0) > 0]
    power = (plants["distributed_pv_kw"] * plants["represented_count"]).to_numpy("float64")
    hours, begun = county.scale.hours.to_numpy(), plants["pv_since"].to_numpy()
    left = plants["closed_date"].notna().to_numpy()
    ended = np.maximum(plants["closed_date"].to_numpy()[left], begun[left])
    return _reached(begun, power, hours) - _reached(ended, power[left], hours)


def _reached(moments: np.ndarray, power: Floats, hours: np.ndarray) -> Floats:
    """Add up by hour the power of all whose moment has come."""
    order = np.argsort(moments, kind="stable")
    total: Floats = np.concatenate([[0.0], power[order].cumsum()])
    return total[np.searchsorted(moments[order], hours, side="right")]


def charging_kw(county: "County") -> pd.Series:
    """Return the hourly load of all charging: public stations, and cars at home.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Series of shape (n_hours,)
        On the scale's hours, without losses. [kW]
    """
    mean, noise, _ = _made(county.world, county.unit_id)
    return county.loads_kw["charging"] + mean.home_charging_kw * noise


def tables(county: "County") -> "Made":
    """Return the loads of a county, its weather stations, and what its load truly answers to.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Rows of ``unit_load`` (series total with losses, photovoltaic, grid as their difference,
        and charging) and ``unit_weather_station``. Truth: ``load_effects`` by month,
        ``load_hour_effects`` by hour of the day.
    """
    from marketing_models.synthetic.county import Made

    supplied = county.loads_kw.sum(axis=1) / (1 - county.profile.loss_frac)
    series = {
        "total": supplied.round().astype("int64"),
        "photovoltaic": county.solar_kw.round().astype("int64"),
        "charging": charging_kw(county).round().astype("int64"),
    }
    series["grid"] = series["total"] - series["photovoltaic"]
    rows = [_series_rows(county, name, load_kw) for name, load_kw in series.items()]
    made = {
        "unit_load": pd.concat(rows, ignore_index=True),
        "unit_weather_station": climate.unit_stations(county.world, county.unit_id),
    }
    return Made(made, _truth(county))


def _series_rows(county: "County", name: str, load_kw: pd.Series) -> pd.DataFrame:
    delay = parameters.at("synthetic.load_delay_hours", pd.Timestamp(county.scale.last_day))
    hours = county.scale.hours
    return pd.DataFrame(
        {
            "unit_id": county.unit_id,
            "level": "county",
            "series_code": name,
            "resolution_code": "hour",
            "period_start": hours,
            "known_at": hours + pd.Timedelta(hours=1 + delay),
            "load_kw": load_kw.to_numpy(),
            "quality_code": "measured",
        }
    )


def _truth(county: "County") -> dict[str, pd.DataFrame]:
    mean, noise, _ = _made(county.world, county.unit_id)
    hours = county.scale.hours
    shift = {name: price_shift_frac(name, county.world, hours)[:, None] for name in CLASSES}
    parts = {
        "base_kw": mean.base_kw,
        "cooling_kw": mean.cooling_kw,
        "heating_kw": mean.heating_kw,
        "price_shift_kw": {c: mean.loads_kw(c) * shift[c] / (1 + shift[c]) for c in CLASSES},
    }
    gross = noise / (1 - county.profile.loss_frac)
    true = pd.DataFrame(
        {
            name: np.sum([part[c][:, 0] for c in CLASSES], axis=0) * gross
            for name, part in parts.items()
        },
        hours,
    )
    monthly = true.resample("MS").sum().rename(columns=lambda name: f"{name}h")
    last_year = true.iloc[-365 * 24 :].assign(hour_number=hours[-365 * 24 :].hour)
    hourly = last_year.groupby("hour_number").mean()
    return {
        "load_effects": monthly.rename_axis("month_start")
        .assign(county_id=county.unit_id)
        .reset_index(),
        "load_hour_effects": hourly.assign(county_id=county.unit_id).reset_index(),
    }
