"""Weather of the synthetic province: what was, what stations report, what forecasts said."""

import numpy as np
import pandas as pd

from marketing_models import schemas
from marketing_models.synthetic.scale import PROVINCE, Scale, stations
from marketing_models.synthetic.streams import Floats, autoregression, stream

WARM_UP_DAYS = 14
_HORIZON_HOURS = 168
_FORECAST_DAYS = 400
_MEMBERS = 4
# Share of the province and of the station in a station's anomaly and in its forecast error.
_COMMON, _OWN = 0.9, 0.436


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
    return pd.date_range(
        scale.hours[0] - pd.Timedelta(days=WARM_UP_DAYS),
        scale.origin + pd.Timedelta(hours=_HORIZON_HOURS),
        freq="h",
        inclusive="left",
        unit="us",
    )


def climatology_degc(hours: pd.DatetimeIndex, station: str, seed: int) -> Floats:
    """Return the temperature that a station has on average at that time of year and day.

    Parameters
    ----------
    hours : DatetimeIndex of shape (n_hours,)
        The hours.
    station : str
        The station.
    seed : int
        Seed of the province.

    Returns
    -------
    array of shape (n_hours,)
        A humid subtropical climate: about 5 degC in January and 29 degC in July. [degC]
    """
    offset, swing = stream(seed, "climate", station).normal([0.0, 3.4], [0.7, 0.3])
    season = 2 * np.pi * (hours.day_of_year.to_numpy() - 20) / 365.25
    hour = 2 * np.pi * (hours.hour.to_numpy() - 14.5) / 24
    day = swing * (np.cos(hour) + 0.22 * np.cos(2 * hour + 0.6))
    return 17.4 + offset - 11.9 * np.cos(season) - 0.8 * np.cos(2 * season) + day


def truth_degc(scale: Scale, station: str, seed: int) -> pd.Series:
    """Return the temperature that the synthetic world had at a station, future included.

    Parameters
    ----------
    scale : Scale
        The province.
    station : str
        The station.
    seed : int
        Seed of the province.

    Returns
    -------
    Series of shape (n_hours,)
        On `weather_hours`. [degC]
    """
    hours = weather_hours(scale)
    common = _anomaly(stream(seed, "weather", PROVINCE), len(hours))
    own = _anomaly(stream(seed, "weather", station), len(hours))
    anomaly = _spread_degc(hours) * (_COMMON * common + _OWN * own)
    level = climatology_degc(hours, station, seed) + anomaly + _spells(scale, hours, seed)
    return pd.Series(level, hours, name="temperature_degc")


def _anomaly(numbers: np.random.Generator, count: int) -> Floats:
    fast = autoregression(numbers.standard_normal(count), np.exp(-1 / 38))
    slow = autoregression(numbers.standard_normal(count), np.exp(-1 / 240))
    return 0.8 * fast + 0.6 * slow


def _spread_degc(hours: pd.DatetimeIndex) -> Floats:
    season = 2 * np.pi * (hours.day_of_year.to_numpy() - 15) / 365.25
    return 2.6 + 0.9 * np.cos(season)


def _spells(scale: Scale, hours: pd.DatetimeIndex, seed: int) -> Floats:
    """Add one heat wave and one cold spell a year, the first at the last day if that is hot."""
    total = np.zeros(len(hours))
    last = pd.Timestamp(scale.last_day)
    for year in range(hours[0].year, hours[-1].year + 1):
        numbers = stream(seed, "spells", str(year))
        heat_day, cold_day = numbers.uniform([191, 5], [232, 50])
        heat_days, cold_days = numbers.uniform([8, 5], [13, 9])
        heat_degc, cold_degc = numbers.uniform([3.0, 4.0], [4.2, 7.0])
        if year == last.year and last.month in {7, 8}:
            heat_day, heat_days = last.day_of_year + numbers.uniform(-1.5, 0.5), 9.5
        new_year = pd.Timestamp(year=year, month=1, day=1)
        day = ((hours - new_year) / pd.Timedelta(days=1)).to_numpy()
        total += heat_degc * _pulse(day, heat_day, heat_days)
        total -= cold_degc * _pulse(day, cold_day, cold_days)
    return total


def _pulse(day: Floats, start: float, length: float) -> Floats:
    place = np.clip((day - start) / length, 0, 1)
    return np.sin(np.pi * place) ** 0.6


def observed(scale: Scale, station: str, seed: int) -> pd.DataFrame:
    """Return the rows of a station in the table ``weather_observed``.

    Parameters
    ----------
    scale : Scale
        The province.
    station : str
        The station.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        Hourly, as the dictionary wants it; known at the end of the hour.
    """
    truth = truth_degc(scale, station, seed).loc[scale.hours]
    numbers = stream(seed, "weather_observed", station)
    cloud = autoregression(numbers.standard_normal(len(truth)), 0.96)
    normal = climatology_degc(scale.hours, station, seed)
    humidity = 0.74 - 0.018 * (truth.to_numpy() - normal) + 0.09 * cloud
    clear = np.clip(np.sin(np.pi * (scale.hours.hour.to_numpy() - 5.5) / 13), 0, None)
    season = 820 - 180 * np.cos(2 * np.pi * (scale.hours.day_of_year.to_numpy() - 10) / 365.25)
    rows = pd.DataFrame(
        {
            "weather_station_id": station,
            "period_start": scale.hours,
            "known_at": scale.hours + pd.Timedelta(hours=1),
            "temperature_degc": truth.to_numpy().round(1),
            "humidity_frac": np.clip(humidity, 0.15, 1.0).round(2),
            "irradiance_w_per_m2": (season * clear / (1 + np.exp(cloud))).round(0),
        }
    )
    return schemas.conform("weather_observed", rows)


def issues(scale: Scale) -> pd.DatetimeIndex:
    """Return the moments of issue of the weather forecasts: midnights up to the last origin."""
    first = max(scale.hours[0], scale.origin - pd.Timedelta(days=_FORECAST_DAYS))
    return pd.date_range(first, scale.origin, freq="D", unit="us")


def forecast_degc(scale: Scale, station: str, seed: int, issued: pd.DatetimeIndex) -> Floats:
    r"""Return what the weather service said on some days for the week after each.

    Parameters
    ----------
    scale : Scale
        The province.
    station : str
        The station.
    seed : int
        Seed of the province.
    issued : DatetimeIndex of shape (n_issues,)
        Moments of issue, of those in `issues`.

    Returns
    -------
    array of shape (n_issues, n_members, 168)
        Control run first, then the perturbed members. [degC]

    Notes
    -----
    With climatology :math:`C`, truth :math:`T`, error :math:`e` of spread :math:`s_d(h)` that
    grows with the lead and climatological spread :math:`s_g`, the control is
    :math:`F = C + b (T - C + e)`, :math:`b = s_g^2 / (s_g^2 + s_d^2)`; a member adds
    :math:`\sqrt{1-b}\, s_g` times noise of the same kind, so that the truth looks like one more
    member. Errors persist over leads (0.97 an hour) and are mostly common to all stations.
    """
    truth = truth_degc(scale, station, seed)
    first = truth.index.get_indexer(issued)
    when = first[:, None] + np.arange(_HORIZON_HOURS)
    hours = pd.DatetimeIndex(truth.index)
    normal = climatology_degc(hours, station, seed)[when]
    spread = _spread_degc(hours)[when]
    error = np.minimum(2 + 0.6 * np.arange(_HORIZON_HOURS) / 24, 5.5) / 1.8
    trust = spread**2 / (spread**2 + error**2)
    noise = np.stack([_forecast_noise(seed, station, str(day.date())) for day in issued])
    control = normal + trust * (truth.to_numpy()[when] - normal + error * noise[:, 0])
    width = np.sqrt(1 - trust) * spread
    return np.concatenate(
        [control[:, None], control[:, None] + width[:, None] * noise[:, 1:]], axis=1
    )


def _forecast_noise(seed: int, station: str, day: str) -> Floats:
    shape = (1 + _MEMBERS, _HORIZON_HOURS)
    common = stream(seed, "weather_forecast", PROVINCE, day).standard_normal(shape)
    own = stream(seed, "weather_forecast", station, day).standard_normal(shape)
    return autoregression((_COMMON * common + _OWN * own).T, 0.97).T


def forecast(scale: Scale, station: str, seed: int) -> pd.DataFrame:
    """Return the rows of a station in the table ``weather_forecast``.

    Parameters
    ----------
    scale : Scale
        The province.
    station : str
        The station.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        Every member and hour of the daily issues, as the dictionary wants it; known four hours
        after the issue.
    """
    issued = issues(scale)
    said = forecast_degc(scale, station, seed, issued)
    members = said.shape[1]
    issued_at = issued.repeat(members * _HORIZON_HOURS)
    lead = pd.to_timedelta(np.tile(np.arange(_HORIZON_HOURS), len(issued) * members), unit="h")
    rows = pd.DataFrame(
        {
            "weather_station_id": station,
            "issued_at": issued_at,
            "member_number": np.tile(np.arange(members).repeat(_HORIZON_HOURS), len(issued)),
            "period_start": issued_at + lead,
            "known_at": issued_at + pd.Timedelta(hours=4),
            "temperature_degc": said.ravel().round(1),
        }
    )
    return schemas.conform("weather_forecast", rows)


def unit_stations(city: str, unit_id: str, seed: int) -> pd.DataFrame:
    """Return the stations of a county and their weights.

    Parameters
    ----------
    city : str
        City of the county.
    unit_id : str
        The county.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        Rows of ``unit_weather_station`` as the dictionary wants them; weights add to one.
    """
    first = round(float(stream(seed, "unit_weather_station", unit_id).uniform(0.2, 0.8)), 2)
    return _weighted(unit_id, stations(city), [first, round(1 - first, 2)], seed)


def even_stations(unit_id: str, cities: tuple[str, ...], seed: int) -> pd.DataFrame:
    """Return the stations of a city or province, all with the same weight.

    Parameters
    ----------
    unit_id : str
        The unit.
    cities : tuple of str
        Cities whose stations it has.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        Rows of ``unit_weather_station`` as the dictionary wants them; weights add to one.
    """
    names = tuple(name for city in cities for name in stations(city))
    return _weighted(unit_id, names, [1 / len(names)] * len(names), seed)


def _weighted(
    unit_id: str, names: tuple[str, ...], weights: list[float], seed: int
) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "unit_id": unit_id,
            "weather_station_id": names,
            "weight_frac": weights,
            "valid_from": pd.Timestamp("2000-01-01"),
            "latitude_deg": [
                round(float(stream(seed, "latitude", name).uniform(28.0, 30.5)), 2)
                for name in names
            ],
        }
    )
    return schemas.conform("unit_weather_station", rows)
