"""Load that a county has on average: base, habits, festival, cooling and heating, breaks."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from marketing_models import calendars
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.profiles import CLASSES, Profile
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.sky import WARM_UP_DAYS
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.world import World

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
        *(0.77, 0.75, 0.74, 0.73, 0.74, 0.76, 0.83, 0.95, 1.10, 1.17, 1.18, 1.16),
        *(1.09, 1.12, 1.14, 1.14, 1.14, 1.13, 1.13, 1.13, 1.09, 1.01, 0.91, 0.83),
    ],
    "large": [
        *(0.98, 0.97, 0.97, 0.96, 0.96, 0.96, 0.97, 0.99, 1.03, 1.05, 1.05, 1.03),
        *(0.97, 1.00, 1.02, 1.02, 1.02, 1.02, 1.01, 1.01, 1.02, 1.02, 1.01, 0.99),
    ],
    # Cars late in the evening, freight before noon.
    "charging": [
        *(1.29, 0.93, 0.67, 0.52, 0.43, 0.43, 0.52, 0.64, 0.83, 1.03, 1.14, 1.19),
        *(1.29, 1.19, 1.09, 1.09, 1.03, 0.98, 0.98, 1.03, 1.14, 1.34, 1.55, 1.67),
    ],
}
_HOME_CHARGING_SHAPE = [
    *(2.89, 2.22, 1.56, 1.00, 0.67, 0.44, 0.33, 0.33, 0.33, 0.33, 0.33, 0.33),
    *(0.33, 0.33, 0.33, 0.33, 0.33, 0.67, 1.00, 1.33, 1.56, 1.89, 2.22, 2.92),
]
COOLING_HOURS = {
    "residential": [
        *(1.02, 0.94, 0.86, 0.78, 0.70, 0.60, 0.52, 0.50, 0.52, 0.58, 0.68, 0.85),
        *(0.98, 1.01, 0.99, 0.97, 0.96, 0.98, 1.07, 1.17, 1.23, 1.28, 1.27, 1.18),
    ],
    "small": [
        *(0.66, 0.62, 0.59, 0.57, 0.56, 0.58, 0.68, 0.84, 1.04, 1.17, 1.22, 1.24),
        *(1.22, 1.25, 1.26, 1.25, 1.23, 1.20, 1.16, 1.13, 1.08, 0.96, 0.82, 0.72),
    ],
    "large": [1.0] * 24,
    "agricultural": [0.0] * 24,
    "charging": [1.0] * 24,
}
# Cooling and heating at full use, over the mean base load of the class.
_COOLING = {"residential": 1.95, "agricultural": 0.0, "small": 1.27, "large": 0.27, "charging": 0.0}
_HEATING = {"residential": 0.61, "agricultural": 0.0, "small": 0.47, "large": 0.06, "charging": 0.2}
# Hot water and light: relative swing of the base load between winter and summer.
_SEASON = {"residential": 0.11, "agricultural": 0.0, "small": 0.07, "large": 0.02, "charging": 0.0}
# Felt temperature of half the full use, and how fast use answers about it.
_COOLING_DEGC, _HEATING_DEGC = (28.7, 2.0), (8.0, 3.2)
# Mean load of a class over its mean base, in mean weather.
_OVER_BASE = {
    "residential": 1.367,
    "agricultural": 0.986,
    "small": 1.19,
    "large": 0.997,
    "charging": 1.075,
}
_WEEKEND = {
    "residential": (1.05, 1.07),
    "agricultural": (1.0, 0.99),
    "small": (0.95, 0.91),
    "large": (0.98, 0.95),
    "charging": (1.03, 1.03),
}
_HOLIDAY = {
    "residential": 1.05,
    "agricultural": 0.97,
    "small": 0.86,
    "large": 0.87,
    "charging": 1.25,
}
_FESTIVAL = {
    "residential": -0.08,
    "agricultural": 0.25,
    "small": 0.84,
    "large": 1.0,
    "charging": -0.2,
}
# Part of the festival's rest that holds on day -8 to 15 of the lunar new year.
_REST = [
    *(0.06, 0.09, 0.14, 0.21, 0.31, 0.45, 0.66, 0.88, 1.00, 1.00, 0.99, 0.97),
    *(0.94, 0.87, 0.76, 0.62, 0.48, 0.37, 0.29, 0.23, 0.18, 0.14, 0.11, 0.08),
]


# Charging at home, over the energy of homes in the last year, and its growth a year.
_HOME_CHARGING_FRAC, _HOME_CHARGING_GROWTH = 0.020, 0.38
_STRESS_RESPONSE = {"large": 1.0, "small": 0.4}
# A reform widens the gap of prices: relative change of use in its valley and peak hours.
_REFORM, _REFORM_MONTHS = pd.Timestamp("2025-07-01"), 3
_REFORM_RESPONSE = {"large": 0.03, "small": 0.012}
_VALLEY, _PEAK = (0, 1, 2, 3, 4, 5, 11, 12), (14, 15, 16, 17, 18, 19, 20, 21)


@dataclass(frozen=True, kw_only=True, eq=False)
class Mean:
    """Load that classes have on average, given the weather of some paths, without losses.

    Attributes
    ----------
    base_kw, cooling_kw, heating_kw : dict of str to array of shape (n_hours, n_paths)
        What does not depend on the weather (one path), and what does. [kW]
    home_charging_kw : array of shape (n_hours,)
        Part of the base of homes. [kW]
    """

    base_kw: dict[str, Floats]
    cooling_kw: dict[str, Floats]
    heating_kw: dict[str, Floats]
    home_charging_kw: Floats

    def loads_kw(self, name: str) -> Floats:
        """Return the load of a class, shape (n_hours, n_paths) [kW]."""
        return self.base_kw[name] + self.cooling_kw[name] + self.heating_kw[name]


def mean_loads(own: Profile, world: World, temperature_degc: pd.DataFrame) -> Mean:
    """Return the load that the county has on average, given the weather of some paths.

    Parameters
    ----------
    own : Profile
        The county.
    world : World
        The province.
    temperature_degc : DataFrame of shape (n_hours, n_paths)
        Temperature of the county, hourly; the first two weeks only warm the buildings up. [degC]

    Returns
    -------
    Mean
        On the hours after the first two weeks.
    """
    felt = _felt_degc(temperature_degc).iloc[WARM_UP_DAYS * 24 :]
    hours = pd.DatetimeIndex(felt.index)
    cooling = _at_full_use(felt.to_numpy(), *_COOLING_DEGC)
    heating = 1 - _at_full_use(felt.to_numpy(), *_HEATING_DEGC)
    years = ((hours - world.scale.origin) / pd.Timedelta(days=365.25)).to_numpy()
    stock = own.cooling_ratio * np.exp(0.02 * years)
    habits, rest = _habits(hours[0], hours[-1])
    home = _HOME_CHARGING_FRAC * own.energy_kwh["residential"] / 8760
    home_kw = home * np.exp(_HOME_CHARGING_GROWTH * (years + 0.5))
    home_kw *= np.array(_HOME_CHARGING_SHAPE)[hours.hour]
    base_kw, cooling_kw, heating_kw = {}, {}, {}
    for name in CLASSES:
        mean_kw = np.exp(own.growth_frac[name] * (years + 0.5))
        mean_kw *= own.energy_kwh[name] / 8760 / _OVER_BASE[name]
        mean_kw *= _changes(name, own, world, hours)
        sleep = 1 - _FESTIVAL[name] * own.festival_depth_frac * rest
        base_kw[name] = (mean_kw * habits[name] * sleep)[:, None]
        hour = np.array(COOLING_HOURS[name])[hours.hour]
        use = mean_kw * _present(name, hours)
        cooling_kw[name] = (_COOLING[name] * use * stock * hour)[:, None] * cooling
        warm = _HEATING[name] * own.heating_ratio * use * (0.4 + 0.6 * hour)
        heating_kw[name] = warm[:, None] * heating
    base_kw["residential"] = base_kw["residential"] * (1 - _HOME_CHARGING_FRAC) + home_kw[:, None]
    return Mean(
        base_kw=base_kw, cooling_kw=cooling_kw, heating_kw=heating_kw, home_charging_kw=home_kw
    )


def _at_full_use(felt_degc: Floats, half_degc: float, scale_degc: float) -> Floats:
    share: Floats = 1 / (1 + np.exp((half_degc - felt_degc) / scale_degc))
    return share


def _felt_degc(temperature_degc: pd.DataFrame) -> pd.DataFrame:
    """Blend the hour with the half-day and the days before: walls and habits lag the air."""
    half_day = temperature_degc.ewm(halflife=7, adjust=False).mean()
    days = temperature_degc.ewm(halflife=36, adjust=False).mean()
    return 0.42 * temperature_degc + 0.33 * half_day + 0.25 * days


@lru_cache(maxsize=4)
def _habits(first: pd.Timestamp, last: pd.Timestamp) -> tuple[dict[str, Floats], Floats]:
    """Return each class's base load over its mean, by hour, kind of day and season, and the rest.

    The rest is the part of the Spring Festival's sleep that holds.
    """
    hours = pd.date_range(first, last, freq="h")
    day = calendars.days("cn", first, last).reindex(hours.normalize())
    rest = _rest(day)
    off = np.where(day["kind_code"].isin(["statutory", "adjusted_off"]), 1.0, 0.0)
    off = np.where((day["kind_code"] == "weekend") & (day["holiday_code"] != ""), 1.0, off)
    weekday = np.where(day["kind_code"] == "make_up", 4, hours.day_of_week)
    winter = np.cos(2 * np.pi * (hours.day_of_year.to_numpy() - 10) / 365.25)
    evening = 0.08 * np.exp(-(((hours.hour.to_numpy() - 18.5) / 2.5) ** 2))
    habits = {}
    for name in CLASSES:
        saturday, sunday = _WEEKEND[name]
        week = np.select([weekday == 5, weekday == 6], [saturday, sunday], 1.0)
        week = np.where(off > 0, np.minimum(week, sunday) * _HOLIDAY[name], week)
        week = np.where((rest > 0.5) & (off > 0), 1.0, week)
        shape = np.array(WORKING_SHAPE[name])[hours.hour]
        flat = 0.25 if name in {"small", "large"} else 0.0
        shape = shape + flat * (1 - shape) * np.maximum(off, weekday == 6)
        habits[name] = shape * week * (1 + (_SEASON[name] + evening) * winter)
    return habits, rest


def _rest(day: pd.DataFrame) -> Floats:
    number = day["festival_day_number"].fillna(-9).to_numpy("int64")
    return np.array([0.0, *_REST])[number + 9]


def _present(name: str, hours: pd.DatetimeIndex) -> Floats:
    """Return how far buildings are in use: closed shops and plants do not cool or heat."""
    if name in {"residential", "agricultural", "charging"}:
        return np.ones(len(hours))
    return np.where(hours.day_of_week >= 5, 0.93, 1.0)


def _changes(name: str, own: Profile, world: World, hours: pd.DatetimeIndex) -> Floats:
    """Return what breaks, the economy and a reform of prices make of a class's use."""
    factor = 1 + price_shift_frac(name, world, hours)
    if name in _STRESS_RESPONSE:
        factor = factor * _economy(world, hours) ** _STRESS_RESPONSE[name]
    return factor * _broken(own, world.scale, hours) if name == "large" else factor


def price_shift_frac(name: str, world: World, hours: pd.DatetimeIndex) -> Floats:
    """Return the relative change of a class's use that the reform of prices causes.

    Parameters
    ----------
    name : str
        The class.
    world : World
        The province; without the reform, or without response to prices, all is zero.
    hours : DatetimeIndex of shape (n_hours,)
        The hours.

    Returns
    -------
    array of shape (n_hours,)
        Positive in valley hours, as negative in as many peak hours. [1]
    """
    effect = world.effects.tariff_reform * world.effects.price_response
    ramp = (hours - _REFORM) / pd.Timedelta(days=30.4 * _REFORM_MONTHS)
    by_hour = 1.0 * np.isin(np.arange(24), _VALLEY) - np.isin(np.arange(24), _PEAK)
    response = effect * _REFORM_RESPONSE.get(name, 0.0)
    return response * np.clip(ramp.to_numpy(), 0, 1) * by_hour[hours.hour]


def _economy(world: World, hours: pd.DatetimeIndex) -> Floats:
    """Return industry's use over the usual one: a bad year hurts more than a good one helps."""
    industrial = [code for code, found in INDUSTRIES.items() if found.sector_code == "secondary"]
    stress = world.stress[industrial].mean(axis=1)
    middle = (world.scale.months - world.scale.origin) / pd.Timedelta(days=1) + 15
    level = np.interp((hours - world.scale.origin) / pd.Timedelta(days=1), middle, stress)
    factor: Floats = np.exp(-0.015 * level - 0.02 * np.clip(level, 0, None) ** 2)
    return factor


def _broken(own: Profile, scale: Scale, hours: pd.DatetimeIndex) -> Floats:
    span = scale.origin - scale.hours[0]
    place = ((hours - scale.hours[0]) / span).to_numpy()
    factor = np.ones(len(hours))
    for start, end, change in own.breaks:
        inside = (place >= start) & ((place < end) | (end >= 1.0))
        factor *= 1 + change * inside
    return factor
