"""Weather that the synthetic world had: temperature, clouds and sun at every station."""

from functools import lru_cache

import numpy as np
import pandas as pd

from marketing_models.synthetic.scale import PROVINCE, Scale
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.world import World

WARM_UP_DAYS = 14
HORIZON_HOURS = 168
# Share of the province and of the station in a station's anomaly and in its forecast error.
COMMON, OWN = 0.9, 0.436


@lru_cache(maxsize=4)
def weather_hours(scale: Scale) -> pd.DatetimeIndex:
    """Return the hours for which the weather is known to the generator.

    Parameters
    ----------
    scale : Scale
        The province.

    Returns
    -------
    DatetimeIndex
        From two weeks before the first load to the end of the last forecast.
    """
    first = scale.hours[0] - pd.Timedelta(days=WARM_UP_DAYS)
    end = scale.origin + pd.Timedelta(hours=HORIZON_HOURS)
    return pd.date_range(first, end, freq="h", inclusive="left", unit="us")


def climatology_degc(hours: pd.DatetimeIndex, station: str, world: World) -> Floats:
    """Return the temperature that a station has on average at that time of year and day.

    Parameters
    ----------
    hours : DatetimeIndex of shape (n_hours,)
        The hours.
    station : str
        The station.
    world : World
        The province.

    Returns
    -------
    array of shape (n_hours,)
        A humid subtropical climate: about 5 degC in January and 29 degC in July. [degC]
    """
    offset, swing = world.stream("climate", station).normal([0.0, 3.4], [0.7, 0.3])
    season = 2 * np.pi * (hours.day_of_year.to_numpy() - 20) / 365.25
    hour = 2 * np.pi * (np.arange(24) - 14.5) / 24
    day = swing * (np.cos(hour) + 0.22 * np.cos(2 * hour + 0.6))
    year = 17.4 + offset - 11.9 * np.cos(season) - 0.8 * np.cos(2 * season)
    return year + day[hours.hour.to_numpy()]


@lru_cache(maxsize=128)
def truth(world: World, station: str) -> pd.DataFrame:
    """Return the weather that the synthetic world had at a station, future included.

    Parameters
    ----------
    world : World
        The province.
    station : str
        The station.

    Returns
    -------
    DataFrame of shape (n_hours, 4)
        On `weather_hours`: ``temperature_degc``, ``normal_degc`` (climatology),
        ``cloud_score`` (standard normal, high when overcast) and ``clear_w_per_m2``, the
        irradiance of a clear sky.
    """
    hours = weather_hours(world.scale)
    numbers = world.stream("weather", station)
    sky, common = _sky(len(hours), numbers), _common_sky(world)
    anomaly, cloud = COMMON * common[0] + OWN * sky[0], COMMON * common[1] + OWN * sky[1]
    normal = climatology_degc(hours, station, world)
    level = normal + spread_degc(hours) * anomaly + _spells(world)
    # Hot summer days are the clear ones.
    summer = np.clip(-np.cos(2 * np.pi * (hours.day_of_year.to_numpy() - 20) / 365.25), 0, 1)
    turned = 0.4 * summer
    return pd.DataFrame(
        {
            "temperature_degc": level,
            "normal_degc": normal,
            "cloud_score": np.sqrt(1 - turned**2) * cloud - turned * anomaly,
            "clear_w_per_m2": _clear_w_per_m2(hours, latitude_deg(world, station)),
        },
        hours,
    )


@lru_cache(maxsize=4)
def _common_sky(world: World) -> tuple[Floats, Floats]:
    return _sky(len(weather_hours(world.scale)), world.stream("weather", PROVINCE))


def _sky(count: int, numbers: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw what temperature and cloud are above normal, both of variance one."""
    fast, slow, cloud, front = numbers.standard_normal((4, count))
    anomaly = 0.96 * autoregression(fast, np.exp(-1 / 32))
    anomaly += 0.28 * autoregression(slow, np.exp(-1 / 240))
    clouds = 0.8 * autoregression(cloud, 0.90) + 0.6 * autoregression(front, 0.98)
    return anomaly, clouds


def spread_degc(hours: pd.DatetimeIndex) -> Floats:
    """Return the standard deviation of the temperature about its climatology.

    Parameters
    ----------
    hours : DatetimeIndex of shape (n_hours,)
        The hours.

    Returns
    -------
    array of shape (n_hours,)
        Largest in winter. [degC]
    """
    season = 2 * np.pi * (hours.day_of_year.to_numpy() - 15) / 365.25
    return 2.5 + 0.9 * np.cos(season)


@lru_cache(maxsize=4)
def _spells(world: World) -> Floats:
    """Add one heat wave and one cold spell a year, the first at the last day if that is hot."""
    hours = weather_hours(world.scale)
    total = np.zeros(len(hours))
    last = pd.Timestamp(world.scale.last_day)
    for year in range(hours[0].year, hours[-1].year + 1):
        numbers = world.stream("spells", str(year))
        heat_day, cold_day = numbers.uniform([191, 5], [232, 50])
        heat_days, cold_days = numbers.uniform([9, 5], [12, 9])
        heat_degc, cold_degc = numbers.uniform([3.2, 4.0], [3.9, 6.5])
        if year == last.year and last.month in {7, 8}:
            heat_day, heat_days = last.day_of_year + numbers.uniform(-1.5, 0.5), 9.5
        day = ((hours - pd.Timestamp(year=year, month=1, day=1)) / pd.Timedelta(days=1)).to_numpy()
        total += heat_degc * _pulse(day, heat_day, heat_days)
        total -= cold_degc * _pulse(day, cold_day, cold_days)
    heat, cold = world.effects.heat_wave, world.effects.cold_drought
    total += 3.0 * heat * _pulse(_days_since_latest(hours, last, (7, 5)), 0.0, 32.0)
    return total - 5.0 * cold * _pulse(_days_since_latest(hours, last, (1, 8)), 0.0, 18.0)


def _days_since_latest(
    hours: pd.DatetimeIndex, last: pd.Timestamp, start: tuple[int, int]
) -> Floats:
    """Count from the latest such day that lies at least twenty days back."""
    month, day = start
    first = pd.Timestamp(year=last.year, month=month, day=day)
    if last - first < pd.Timedelta(days=20):
        first -= pd.DateOffset(years=1)
    return ((hours - first) / pd.Timedelta(days=1)).to_numpy()


def _pulse(day: Floats, start: float, length: float) -> Floats:
    place = np.clip((day - start) / length, 0, 1)
    return np.sin(np.pi * place) ** 0.6


def _clear_w_per_m2(hours: pd.DatetimeIndex, latitude: float) -> Floats:
    """Return the irradiance of a clear sky by Haurwitz (1945), from the height of the sun."""
    tilt = np.deg2rad(23.45) * np.sin(2 * np.pi * (hours.day_of_year.to_numpy() + 284) / 365)
    angle = np.deg2rad(15) * (np.arange(24) + 0.5 - 12)
    north = np.deg2rad(latitude)
    height = np.cos(north) * np.cos(tilt) * np.cos(angle)[hours.hour.to_numpy()]
    height = np.maximum(height + np.sin(north) * np.sin(tilt), 1e-3)
    return 1098 * height * np.exp(-0.059 / height)


def clearness_frac(cloud_score: Floats) -> Floats:
    """Return the part of a clear sky's irradiance that comes through clouds.

    Parameters
    ----------
    cloud_score : array
        Standard normal, high when overcast.

    Returns
    -------
    array
        Same shape; about 0.58 on average. [1]
    """
    through: Floats = 0.06 + 0.90 / (1 + np.exp(1.5 * cloud_score - 0.4))
    return through


def latitude_deg(world: World, station: str) -> float:
    """Return the latitude of a station [deg]."""
    return round(float(world.stream("latitude", station).uniform(28.0, 30.5)), 2)
