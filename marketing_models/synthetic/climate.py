"""What is known of the synthetic weather: what stations report, what forecasts said, and where."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.sky import (
    COMMON,
    HORIZON_HOURS,
    OWN,
    clearness_frac,
    latitude_deg,
    spread_degc,
    truth,
    weather_hours,
)
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.world import World

if TYPE_CHECKING:
    from marketing_models.synthetic.county import Made

_MEMBERS = 4
# The first stations of a city are the old ones; forecasts for the others began later.
_STATIONS_PER_CITY, _OLD_STATIONS = 4, 2
_FORECAST_DAYS, _NEW_STATION_DAYS = 400, 190
_HOUR = pd.Timedelta(hours=1)


def stations(city: str) -> tuple[str, ...]:
    """Return the weather stations of a city."""
    return tuple(f"W{city}{number}" for number in range(1, _STATIONS_PER_CITY + 1))


def _seen(temperature: Floats, normal: Floats, cloud: Floats, clear: Floats) -> dict[str, Floats]:
    """Return the columns of a weather table, as exact as a station writes them."""
    humidity = 0.74 - 0.018 * (temperature - normal) + 0.09 * cloud
    return {
        "temperature_degc": np.rint(temperature.ravel() * 10) / 10,
        "humidity_frac": np.rint(np.clip(humidity, 0.15, 1.0).ravel() * 100) / 100,
        "irradiance_w_per_m2": np.rint((clear * clearness_frac(cloud)).ravel()),
    }


def observed(world: World, station: str) -> pd.DataFrame:
    """Return the rows of a station in the table ``weather_observed``.

    Parameters
    ----------
    world : World
        The province.
    station : str
        The station.

    Returns
    -------
    DataFrame
        Hourly; known at the end of the hour.
    """
    hours = world.scale.hours
    columns = ["temperature_degc", "normal_degc", "cloud_score", "clear_w_per_m2"]
    was = truth(world, station).loc[hours, columns].to_numpy().T
    known = {"period_start": hours, "known_at": hours + _HOUR}
    return pd.DataFrame({"weather_station_id": station, **known, **_seen(*was)})


def issues(world: World, station: str) -> pd.DatetimeIndex:
    """Return the moments of issue of a station's forecasts, latest first.

    Parameters
    ----------
    world : World
        The province.
    station : str
        The station; the newer ones have a shorter past.

    Returns
    -------
    DatetimeIndex
        Midnights, from the end of the last day backwards.
    """
    scale = world.scale
    is_old = int(station[-1]) <= _OLD_STATIONS
    back = pd.Timedelta(days=_FORECAST_DAYS if is_old else _NEW_STATION_DAYS)
    first = max(scale.hours[0], scale.origin - back)
    return pd.date_range(first, scale.origin, freq="D", unit="us")[::-1]


def said(world: World, station: str, issued: pd.DatetimeIndex) -> dict[str, Floats]:
    r"""Return what the weather service said on some days for the week after each.

    Parameters
    ----------
    world : World
        The province.
    station : str
        The station.
    issued : DatetimeIndex of shape (n_issues,)
        The latest moments of issue, in the order of `issues`.

    Returns
    -------
    dict of str to array of shape (n_issues, n_members, 168)
        ``temperature`` and ``normal`` [degC], ``cloud`` [standard score], ``clear`` [W/m2];
        control run first, then the perturbed members.

    Notes
    -----
    With climatology :math:`C`, truth :math:`T`, error :math:`e` of spread :math:`s_d(h)` that
    grows with the lead and climatological spread :math:`s_g`, the control is
    :math:`F = C + b (T - C + e)`, :math:`b = s_g^2 / (s_g^2 + s_d^2)`; a member adds
    :math:`\sqrt{1-b}\, s_g` times noise of the same kind, so that the truth looks like one more
    member. Errors persist over leads (0.97 an hour) and are mostly common to all stations. The
    same holds for the cloud score, whose climatology is 0 and spread 1.
    """
    was = truth(world, station)
    hours = pd.DatetimeIndex(was.index)
    when = hours.get_indexer(issued)[:, None] + np.arange(HORIZON_HOURS)
    warm, normal, cloud, clear = was.to_numpy()[when].transpose(2, 0, 1)
    noise = COMMON * _forecast_noise(world, PROVINCE, len(issued))
    noise += OWN * _forecast_noise(world, station, len(issued))
    error = np.minimum(2 + 0.6 * np.arange(HORIZON_HOURS) / 24, 5.5) / 1.8
    anomaly = _members(warm - normal, spread_degc(hours)[when], error, noise[0])
    return {
        "temperature": normal[:, None] + anomaly,
        "normal": np.broadcast_to(normal[:, None], anomaly.shape),
        "cloud": _members(cloud, np.ones_like(cloud), error / 3, noise[1]),
        "clear": np.broadcast_to(clear[:, None], anomaly.shape),
    }


def _members(anomaly: Floats, spread: Floats, error: Floats, noise: Floats) -> Floats:
    trust = spread**2 / (spread**2 + error**2)
    members: Floats = (np.sqrt(1 - trust) * spread)[:, None] * noise
    members[:, 0] = 0
    control = trust * (anomaly + error * noise[:, 0])
    members += control[:, None]
    return members


def _forecast_noise(world: World, name: str, issue_count: int) -> Floats:
    """Draw noise of two fields for the latest issues, shape (2, n_issues, 1 + members, 168)."""
    shape = (issue_count, 2, 1 + _MEMBERS, HORIZON_HOURS)
    shocks = world.stream("weather_forecast", name).standard_normal(shape)
    shocks[..., 1:] *= np.sqrt(1 - 0.97**2)
    for lead in range(1, HORIZON_HOURS):
        shocks[..., lead] += 0.97 * shocks[..., lead - 1]
    return shocks.swapaxes(0, 1)


def forecast(world: World, station: str) -> pd.DataFrame:
    """Return the rows of a station in the table ``weather_forecast``.

    Parameters
    ----------
    world : World
        The province.
    station : str
        The station.

    Returns
    -------
    DataFrame
        Every member and hour of the daily issues; known some hours after the issue.
    """
    issued = issues(world, station)
    fields = said(world, station, issued)
    _, members, leads = fields["temperature"].shape
    delay = parameters.at("synthetic.forecast_delay_hours", pd.Timestamp(world.scale.last_day))
    issued_at = issued.repeat(members * leads)
    lead = pd.to_timedelta(np.tile(np.arange(leads), len(issued) * members), unit="h")
    return pd.DataFrame(
        {
            "weather_station_id": station,
            "issued_at": issued_at,
            "member_number": np.tile(np.arange(members).repeat(leads), len(issued)),
            "period_start": issued_at + lead,
            "known_at": issued_at + pd.Timedelta(hours=delay),
            **_seen(*(fields[name] for name in ("temperature", "normal", "cloud", "clear"))),
        }
    )


def tables(world: World, city: str) -> "Made":
    """Return what the stations of a city report and what forecasts said of them.

    Parameters
    ----------
    world : World
        The province.
    city : str
        The city.

    Returns
    -------
    Made
        Rows of ``weather_observed`` and ``weather_forecast``.
    """
    from marketing_models.synthetic.county import Made

    makers = {"weather_observed": observed, "weather_forecast": forecast}
    return Made(
        {
            name: pd.concat([make(world, each) for each in stations(city)], ignore_index=True)
            for name, make in makers.items()
        }
    )


def weights_above(world: World) -> pd.DataFrame:
    """Return the stations of the province and of its cities.

    Parameters
    ----------
    world : World
        The province.

    Returns
    -------
    DataFrame
        Rows of ``unit_weather_station``.
    """
    units = (PROVINCE, *world.cities)
    return pd.concat([unit_stations(world, unit) for unit in units], ignore_index=True)


def unit_stations(world: World, unit_id: str) -> pd.DataFrame:
    """Return the stations of a unit and their weights.

    Parameters
    ----------
    world : World
        The province.
    unit_id : str
        A county (the stations of its city, weighted by distance), a city or the province (all
        of its stations alike).

    Returns
    -------
    DataFrame
        Rows of ``unit_weather_station``; weights add to one.
    """
    if unit_id in world.city_of:
        names = stations(world.city_of[unit_id])
        near = world.stream("unit_weather_station", unit_id).dirichlet(np.full(len(names), 1.2))
        whole = np.rint(5 + (100 - 5 * len(names)) * near)
        whole[np.argmax(whole)] += 100 - whole.sum()
        weights = whole / 100
    else:
        cities = tuple(world.cities) if unit_id == PROVINCE else (unit_id,)
        names = tuple(name for city in cities for name in stations(city))
        weights = np.full(len(names), 1 / len(names))
    return pd.DataFrame(
        {
            "unit_id": unit_id,
            "weather_station_id": names,
            "weight_frac": weights,
            "valid_from": pd.Timestamp("2000-01-01"),
            "latitude_deg": [latitude_deg(world, name) for name in names],
        }
    )


def county_weather(world: World, unit_id: str) -> pd.DataFrame:
    """Return the true weather of a county: its stations by their weights.

    Parameters
    ----------
    world : World
        The province.
    unit_id : str
        The county.

    Returns
    -------
    DataFrame of shape (n_hours, 2)
        On `weather_hours`: ``temperature_degc`` and ``irradiance_w_per_m2``.
    """
    weights = unit_stations(world, unit_id)
    total = np.zeros((len(weather_hours(world.scale)), 2))
    for station, weight in zip(weights["weather_station_id"], weights["weight_frac"], strict=True):
        was = truth(world, station)
        sun = was["clear_w_per_m2"] * clearness_frac(was["cloud_score"].to_numpy())
        total += weight * np.column_stack([was["temperature_degc"], sun])
    columns = ["temperature_degc", "irradiance_w_per_m2"]
    return pd.DataFrame(total, weather_hours(world.scale), columns)
