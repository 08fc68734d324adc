"""Hourly load of a county by class: base, habits, festival, cooling and heating, noise, breaks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from marketing_models import calendars, parameters, schemas
from marketing_models.synthetic.climate import WARM_UP_DAYS, truth_degc
from marketing_models.synthetic.profiles import CLASSES, Profile
from marketing_models.synthetic.scale import PROVINCE, Scale, stations
from marketing_models.synthetic.streams import Floats, autoregression, stream

WORKING_SHAPE = {
    "residential": [
        *(0.80, 0.71, 0.66, 0.64, 0.64, 0.70, 0.88, 1.03, 1.00, 0.93, 0.95, 1.06),
        *(1.10, 1.00, 0.95, 0.93, 0.97, 1.10, 1.29, 1.43, 1.46, 1.39, 1.20, 0.98),
    ],
    "agricultural": [
        *(0.70, 0.68, 0.67, 0.68, 0.74, 0.88, 1.04, 1.18, 1.28, 1.32, 1.28, 1.10),
        *(1.02, 1.16, 1.28, 1.28, 1.22, 1.12, 1.02, 0.96, 0.90, 0.84, 0.78, 0.73),
    ],
    "small": [
        *(0.72, 0.70, 0.68, 0.68, 0.69, 0.72, 0.81, 0.95, 1.12, 1.20, 1.22, 1.19),
        *(1.10, 1.17, 1.22, 1.22, 1.20, 1.17, 1.13, 1.12, 1.08, 0.99, 0.86, 0.77),
    ],
    "large": [
        *(0.96, 0.95, 0.94, 0.94, 0.94, 0.95, 0.96, 0.98, 1.03, 1.06, 1.06, 1.03),
        *(0.98, 1.02, 1.05, 1.05, 1.04, 1.01, 0.99, 1.01, 1.02, 1.01, 1.00, 0.97),
    ],
}
COOLING_HOURS = {
    "residential": [
        *(1.02, 0.94, 0.86, 0.78, 0.70, 0.60, 0.52, 0.50, 0.52, 0.58, 0.68, 0.82),
        *(0.92, 0.92, 0.88, 0.86, 0.88, 0.96, 1.12, 1.30, 1.44, 1.50, 1.42, 1.22),
    ],
    "small": [
        *(0.44, 0.40, 0.37, 0.36, 0.36, 0.40, 0.52, 0.74, 1.08, 1.28, 1.38, 1.40),
        *(1.34, 1.42, 1.46, 1.45, 1.40, 1.30, 1.20, 1.16, 1.06, 0.86, 0.66, 0.52),
    ],
    "large": [1.0] * 24,
    "agricultural": [0.0] * 24,
}
# Cooling and heating at full use, over the mean base load of the class.
_COOLING = {"residential": 2.25, "agricultural": 0.0, "small": 1.10, "large": 0.20}
_HEATING = {"residential": 1.45, "agricultural": 0.0, "small": 0.60, "large": 0.06}
_WEEKEND = {
    "residential": (1.05, 1.07),
    "agricultural": (1.0, 0.99),
    "small": (0.93, 0.89),
    "large": (0.97, 0.93),
}
_HOLIDAY = {"residential": 1.05, "agricultural": 0.97, "small": 0.86, "large": 0.87}
_FESTIVAL = {"residential": -0.10, "agricultural": 0.25, "small": 0.62, "large": 1.0}
# Part of the festival's rest that holds on day -8 to 15 of the lunar new year.
_REST = [
    *(0.06, 0.09, 0.14, 0.21, 0.31, 0.45, 0.66, 0.88, 1.00, 1.00, 0.99, 0.97),
    *(0.94, 0.87, 0.76, 0.62, 0.48, 0.37, 0.29, 0.23, 0.18, 0.14, 0.11, 0.08),
]


def class_loads_kw(
    profile: Profile, scale: Scale, temperature_degc: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the load that the county has on average, given the weather of some paths.

    Parameters
    ----------
    profile : Profile
        The county.
    scale : Scale
        The province.
    temperature_degc : DataFrame of shape (n_hours, n_paths)
        Temperature of the county, hourly; the first two weeks only warm the buildings up. [degC]

    Returns
    -------
    dict of str to DataFrame of shape (n_hours - 336, n_paths)
        Metered load by class, without losses and noise. [kW]
    """
    felt = _felt_degc(temperature_degc).iloc[WARM_UP_DAYS * 24 :]
    hours = pd.DatetimeIndex(felt.index)
    cooling = 1 / (1 + np.exp((29.3 - felt.to_numpy()) / 2.5))
    heating = 1 / (1 + np.exp((felt.to_numpy() - 5.5) / 2.6))
    years = ((hours - scale.origin) / pd.Timedelta(days=365.25)).to_numpy()
    stock = profile.cooling_ratio * np.exp(0.02 * years)
    habits = _habits(profile, hours)
    loads = {}
    for name in CLASSES:
        base = profile.energy_kwh[name] / 8760 * np.exp(profile.growth_frac[name] * (years + 0.5))
        hour = np.array(COOLING_HOURS[name])[hours.hour]
        warm = _HEATING[name] * profile.heating_ratio * (0.4 + 0.6 * hour)
        weather = (_COOLING[name] * stock * hour)[:, None] * cooling + warm[:, None] * heating
        load = base[:, None] * (habits[name][:, None] + _present(name, hours) * weather)
        loads[name] = pd.DataFrame(load, hours)
    loads["large"] = loads["large"].mul(_broken(profile, scale, hours), axis=0)
    return loads


def _felt_degc(temperature_degc: pd.DataFrame) -> pd.DataFrame:
    """Blend the hour with the half-day and the days before: walls and habits lag the air."""
    half_day = temperature_degc.ewm(halflife=7, adjust=False).mean()
    days = temperature_degc.ewm(halflife=36, adjust=False).mean()
    return 0.42 * temperature_degc + 0.33 * half_day + 0.25 * days


def _habits(profile: Profile, hours: pd.DatetimeIndex) -> dict[str, Floats]:
    """Return the base load of each class over its mean: hour, kind of day, season."""
    day = calendars.days("cn", hours[0], hours[-1]).reindex(hours.normalize())
    rest = _rest(day)
    off = np.where(day["kind_code"].isin(["statutory", "adjusted_off"]), 1.0, 0.0)
    off = np.where((day["kind_code"] == "weekend") & (day["holiday_code"] != ""), 1.0, off)
    weekday = np.where(day["kind_code"] == "make_up", 4, hours.day_of_week)
    light = 0.03 * np.cos(2 * np.pi * (hours.day_of_year.to_numpy() - 10) / 365.25)
    evening = np.exp(-(((hours.hour.to_numpy() - 18.5) / 2.5) ** 2))
    habits = {}
    for name in CLASSES:
        saturday, sunday = _WEEKEND[name]
        week = np.select([weekday == 5, weekday == 6], [saturday, sunday], 1.0)
        week = np.where(off > 0, np.minimum(week, sunday) * _HOLIDAY[name], week)
        week = np.where((rest > 0.5) & (off > 0), 1.0, week)
        shape = np.array(WORKING_SHAPE[name])[hours.hour]
        flat = 0.25 if name in {"small", "large"} else 0.0
        shape = shape + flat * (1 - shape) * np.maximum(off, weekday == 6)
        sleep = 1 - _FESTIVAL[name] * profile.festival_depth_frac * rest
        habits[name] = shape * week * sleep * (1 + 4 * light * evening)
    return habits


def _rest(day: pd.DataFrame) -> Floats:
    number = day["festival_day_number"].fillna(-9).to_numpy("int64")
    return np.array([0.0, *_REST])[number + 9]


def _present(name: str, hours: pd.DatetimeIndex) -> Floats:
    """Return how far buildings are in use: closed shops and plants do not cool or heat."""
    if name in {"residential", "agricultural"}:
        return np.ones((len(hours), 1))
    weekend = np.where(hours.day_of_week >= 5, 0.93, 1.0)
    return weekend[:, None]


def _broken(profile: Profile, scale: Scale, hours: pd.DatetimeIndex) -> Floats:
    span = scale.origin - scale.hours[0]
    place = ((hours - scale.hours[0]) / span).to_numpy()
    factor = np.ones(len(hours))
    for start, end, change in profile.breaks:
        inside = (place >= start) & ((place < end) | (end >= 1.0))
        factor *= 1 + change * inside
    return factor


def temperature_degc(scale: Scale, city: str, weights: pd.DataFrame, seed: int) -> pd.Series:
    """Return the true temperature of a county.

    Parameters
    ----------
    scale : Scale
        The province.
    city : str
        City of the county.
    weights : DataFrame
        Rows of ``unit_weather_station`` of the county.
    seed : int
        Seed of the province.

    Returns
    -------
    Series of shape (n_hours,)
        On the hours of the weather. [degC]
    """
    frac = weights.set_index("weather_station_id")["weight_frac"]
    parts = [frac[station] * truth_degc(scale, station, seed) for station in stations(city)]
    return pd.concat(parts, axis=1).sum(axis=1)


def noisy(loads_kw: Mapping[str, pd.DataFrame], unit_id: str, seed: int) -> pd.DataFrame:
    """Return the metered loads that came about: the mean loads times persistent noise.

    Parameters
    ----------
    loads_kw : mapping of str to DataFrame of shape (n_hours, 1)
        Mean load by class. [kW]
    unit_id : str
        The county.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame of shape (n_hours, n_classes)
        Load by class. [kW]
    """
    hours = next(iter(loads_kw.values())).index
    common, own = stream(seed, "unit_load", PROVINCE), stream(seed, "unit_load", unit_id)
    log = _wander(common, len(hours), (0.004, 0.006, 0.006))
    log += _wander(own, len(hours), (0.008, 0.010, 0.010))
    # A fault now and then takes a part of the county for an hour or two.
    faults = own.random(len(hours)) < 0.0004
    log -= np.where(faults, own.exponential(0.05, len(hours)), 0.0)
    noise = np.exp(log)
    return pd.DataFrame({name: load[0] * noise for name, load in loads_kw.items()}, hours)


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


def unit_load(metered_kw: pd.DataFrame, profile: Profile, scale: Scale) -> pd.DataFrame:
    """Return the rows of a county in the table ``unit_load``.

    Parameters
    ----------
    metered_kw : DataFrame of shape (n_hours, n_classes)
        Load by class on the scale's hours. [kW]
    profile : Profile
        The county, for its losses.
    scale : Scale
        The province.

    Returns
    -------
    DataFrame
        Hourly total load with losses, as the dictionary wants it.
    """
    delay = parameters.at("synthetic.load_delay_hours", pd.Timestamp(scale.last_day))
    supplied = metered_kw.sum(axis=1) / (1 - profile.loss_frac)
    rows = pd.DataFrame(
        {
            "unit_id": profile.unit_id,
            "level": "county",
            "series_code": "total",
            "resolution_code": "hour",
            "period_start": scale.hours,
            "known_at": scale.hours + pd.Timedelta(hours=1 + delay),
            "load_kw": supplied.round().astype("int64").to_numpy(),
            "quality_code": "measured",
        }
    )
    return schemas.conform("unit_load", rows)
