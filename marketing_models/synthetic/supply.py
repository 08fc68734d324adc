"""What the province can supply in the weeks to come, and each county's share of it."""

from collections.abc import Iterable
from functools import reduce

import numpy as np
import pandas as pd

from marketing_models import parameters, schemas
from marketing_models.synthetic.climate import (
    WARM_UP_DAYS,
    forecast_degc,
    truth_degc,
    unit_stations,
    weather_hours,
)
from marketing_models.synthetic.load import class_loads_kw
from marketing_models.synthetic.profiles import profile
from marketing_models.synthetic.scale import PROVINCE, Scale, hierarchy, stations
from marketing_models.synthetic.streams import autoregression, stream

_ISSUE_DAYS = 56
_HORIZON_HOURS = 168
_MODEL_SPREAD = 0.02


def balances(scale: Scale, seed: int) -> pd.DataFrame:
    """Return the table ``supply_balance`` of all units.

    Parameters
    ----------
    scale : Scale
        The province.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        Hourly supply and reserve for the week after each midnight of the last eight weeks, as the
        dictionary wants it. City and province are the sums of their counties.

    Notes
    -----
    The province's capacity is set so that, by the weather forecast of the last day, the week that
    follows has a shortage with the chance of parameter ``synthetic.gap_chance_frac``.
    """
    below = hierarchy(scale, seed)
    expected = expected_loads_kw(scale, seed)
    shape = _shape(scale, seed)
    capacity = _capacity_kw(_added(expected.values()), shape.iloc[-_HORIZON_HOURS:], scale, seed)
    share = _shares(expected)
    reserve = parameters.at("synthetic.reserve_frac", pd.Timestamp(scale.last_day))
    available = {c: np.rint(capacity * share[c] * shape).astype("int64") for c in share}
    kept = {c: round(capacity * share[c] * reserve) for c in share}
    for city, counties in {**below, PROVINCE: tuple(share)}.items():
        available[city] = sum(available[c] for c in counties)
        kept[city] = sum(kept[c] for c in counties)
    parts = [_rows(unit, available[unit], kept[unit], scale) for unit in sorted(available)]
    levels = {PROVINCE: "province", **dict.fromkeys(below, "city")}
    rows = pd.concat(parts, ignore_index=True)
    rows["level"] = rows["unit_id"].map(levels).fillna("county")
    return schemas.conform("supply_balance", rows)


def expected_loads_kw(scale: Scale, seed: int) -> dict[str, pd.DataFrame]:
    """Return each county's mean load in the week after the last day, by member of the forecast.

    Parameters
    ----------
    scale : Scale
        The province.
    seed : int
        Seed of the province.

    Returns
    -------
    dict of str to DataFrame of shape (168, n_members)
        Load with losses, by county. [kW]
    """
    hours = weather_hours(scale)[-_HORIZON_HOURS - WARM_UP_DAYS * 24 :]
    loads = {}
    for city, counties in hierarchy(scale, seed).items():
        paths = {station: _paths(scale, station, seed, hours) for station in stations(city)}
        for county in counties:
            weights = unit_stations(city, county, seed)
            frac = weights.set_index("weather_station_id")["weight_frac"]
            temperature = _added(frac[station] * path for station, path in paths.items())
            own = profile(county, scale, seed)
            metered = _added(class_loads_kw(own, scale, temperature).values())
            loads[county] = metered / (1 - own.loss_frac)
    return loads


def _added(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return reduce(pd.DataFrame.add, parts)


def _paths(scale: Scale, station: str, seed: int, hours: pd.DatetimeIndex) -> pd.DataFrame:
    said = forecast_degc(scale, station, seed, pd.DatetimeIndex([scale.origin]))[0].T
    past = truth_degc(scale, station, seed).loc[hours[:-_HORIZON_HOURS]].to_numpy()
    return pd.DataFrame(np.vstack([np.tile(past[:, None], said.shape[1]), said]), hours)


def _shape(scale: Scale, seed: int) -> pd.Series:
    """Return supply over capacity by hour: outages that last days, sun at noon, water at night."""
    end = scale.origin + pd.Timedelta(hours=_HORIZON_HOURS)
    first = _issues(scale)[0]
    hours = pd.date_range(first, end, freq="h", inclusive="left", unit="us")
    daily = [
        float(stream(seed, "supply_balance", str(day.date())).standard_normal())
        for day in pd.date_range(first - pd.Timedelta(days=10), end, freq="D")
    ]
    outage = 0.008 * autoregression(np.array(daily), 0.8)[10:].repeat(24)[: len(hours)]
    hour = hours.hour.to_numpy()
    sun = 0.05 * np.exp(-(((hour - 12) / 3.0) ** 2))
    water = 0.02 * np.exp(-(((hour - 20) / 2.5) ** 2))
    return pd.Series(0.95 + outage + sun + water, hours)


def _capacity_kw(expected: pd.DataFrame, shape: pd.Series, scale: Scale, seed: int) -> float:
    day = pd.Timestamp(scale.last_day)
    net = shape - parameters.at("synthetic.reserve_frac", day)
    needed = (expected.div(net.to_numpy(), axis=0)).max().to_numpy()
    spread = stream(seed, "supply_balance", PROVINCE).normal(0, _MODEL_SPREAD, (200, 1))
    chance = parameters.at("synthetic.gap_chance_frac", day)
    return float(np.quantile(needed * np.exp(spread), 1 - chance))


def _shares(expected: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Share supply out by the load that each county is expected to have at the tightest hours."""
    total = _added(expected.values()).mean(axis=1)
    peak = total.nlargest(20).index
    at_peak = {unit: float(load.loc[peak].to_numpy().mean()) for unit, load in expected.items()}
    everything = sum(at_peak.values())
    return {unit: load / everything for unit, load in at_peak.items()}


def _issues(scale: Scale) -> pd.DatetimeIndex:
    first = scale.origin - pd.Timedelta(days=_ISSUE_DAYS)
    return pd.date_range(max(first, scale.hours[0]), scale.origin, freq="D", unit="us")


def _rows(unit_id: str, available: pd.Series, reserve_kw: int, scale: Scale) -> pd.DataFrame:
    issued = _issues(scale).repeat(_HORIZON_HOURS)
    lead = pd.to_timedelta(np.tile(np.arange(_HORIZON_HOURS), len(_issues(scale))), "h")
    delay = parameters.at("synthetic.forecast_delay_hours", pd.Timestamp(scale.last_day))
    return pd.DataFrame(
        {
            "unit_id": unit_id,
            "issued_at": issued,
            "resolution_code": "hour",
            "period_start": issued + lead,
            "known_at": issued + pd.Timedelta(hours=delay),
            "available_supply_kw": available.reindex(issued + lead).to_numpy(),
            "reserve_kw": reserve_kw,
        }
    )
