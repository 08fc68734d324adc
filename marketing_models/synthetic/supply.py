"""What the province can supply in the weeks to come, and each county's share of it."""

from collections.abc import Iterable
from functools import lru_cache, reduce

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import climate
from marketing_models.synthetic.mean_loads import mean_loads
from marketing_models.synthetic.profiles import CLASSES, profile
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.sky import HORIZON_HOURS, WARM_UP_DAYS, truth, weather_hours
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.world import World

_ISSUE_DAYS = 56
_MODEL_SPREAD = 0.02
# Days of the last weeks on which plant fails in the heat, seen some days ahead, and what is short
# then at the worst hour, over the load.
_SHORTAGE_DAYS, _SEEN_AHEAD_HOURS, _SHORT_FRAC = 4, 72, (0.015, 0.05)
_LARGEST_FAILURE_FRAC, _KEPT_TIGHTNESS = 0.15, 0.99
# In a drought the reservoirs give less, at the evening peak most of all.
_DROUGHT_FRAC, _DROUGHT_EVENING_FRAC = 0.03, 0.03


def balances(world: World) -> pd.DataFrame:
    """Return the table ``supply_balance`` of all units.

    Parameters
    ----------
    world : World
        The province.

    Returns
    -------
    DataFrame
        Hourly supply and reserve for the week after each midnight of the last eight weeks. City
        and province are the sums of their counties.

    Notes
    -----
    The province's capacity is set so that, by the weather forecast of the last day, the week that
    follows has a shortage with the chance of parameter ``synthetic.gap_chance_frac``; heat,
    drought and recession come on top of that. On the tightest days of the past eight weeks plant
    failed, as the balances of the three days before say.
    """
    capacity, share = _capacity(_usual(world))
    reserve = parameters.at("synthetic.reserve_frac", pd.Timestamp(world.scale.last_day))
    over_capacity = _by_issue(world)
    available = {c: np.rint(capacity * share[c] * over_capacity).astype("int64") for c in share}
    kept = {c: round(capacity * share[c] * reserve) for c in share}
    for city, counties in {**world.cities, PROVINCE: tuple(share)}.items():
        available[city] = np.sum([available[c] for c in counties], axis=0)
        kept[city] = sum(kept[c] for c in counties)
    parts = [_rows(world, unit, available[unit], kept[unit]) for unit in sorted(available)]
    levels = {PROVINCE: "province", **dict.fromkeys(world.cities, "city")}
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(level=rows["unit_id"].map(levels).fillna("county"))


def shortage_days(world: World) -> pd.DatetimeIndex:
    """Return the days of the past eight weeks whose load and reserve exceeded supply.

    Parameters
    ----------
    world : World
        The province.

    Returns
    -------
    DatetimeIndex
        The same in all presets of a seed.
    """
    past = _past(_usual(world))
    return pd.DatetimeIndex(past.index[past["tightness"] / (1 - past["failed_frac"]) > 1])


def expected_loads_kw(world: World) -> dict[str, pd.DataFrame]:
    """Return each county's mean load in the week after the last day, by member of the forecast.

    Parameters
    ----------
    world : World
        The province.

    Returns
    -------
    dict of str to DataFrame of shape (168, n_members)
        Load with losses, by county. [kW]
    """
    return {unit: load.iloc[-HORIZON_HOURS:] for unit, load in _expected_kw(world).items()}


def _usual(world: World) -> World:
    return World(scale=world.scale, seed=world.seed)


@lru_cache(maxsize=2)
def _expected_kw(world: World) -> dict[str, pd.DataFrame]:
    """Return the mean load of all counties from the first issue on, past weather as it was."""
    hours = weather_hours(world.scale)
    hours = hours[hours >= _issues(world)[0] - pd.Timedelta(days=WARM_UP_DAYS)]
    loads = {}
    for city, counties in world.cities.items():
        paths = {station: _paths(world, station, hours) for station in climate.stations(city)}
        for county in counties:
            frac = climate.unit_stations(world, county).set_index("weather_station_id")
            weight = frac["weight_frac"]
            temperature = _added(weight[station] * path for station, path in paths.items())
            own = profile(county, world)
            mean = mean_loads(own, world, temperature)
            metered = np.sum([mean.loads_kw(name) for name in CLASSES], axis=0)
            index = hours[WARM_UP_DAYS * 24 :]
            loads[county] = pd.DataFrame(metered / (1 - own.loss_frac), index)
    return loads


def _added(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return reduce(pd.DataFrame.add, parts)


def _paths(world: World, station: str, hours: pd.DatetimeIndex) -> pd.DataFrame:
    said = climate.said(world, station, pd.DatetimeIndex([world.scale.origin]))
    ahead = said["temperature"][0].T
    past = truth(world, station)["temperature_degc"].loc[hours[:-HORIZON_HOURS]].to_numpy()
    return pd.DataFrame(np.vstack([np.tile(past[:, None], ahead.shape[1]), ahead]), hours)


@lru_cache(maxsize=2)
def _shape(world: World) -> pd.Series:
    """Return supply over capacity by hour: outages that last days, sun at noon, water at night."""
    first, end = _issues(world)[0], world.scale.origin + pd.Timedelta(hours=HORIZON_HOURS)
    hours = pd.date_range(first, end, freq="h", inclusive="left", unit="us")
    daily = world.stream("supply_balance", "outage").standard_normal(len(hours) // 24)
    outage = 0.008 * autoregression(daily, 0.8).repeat(24)
    hour = hours.hour.to_numpy()
    sun = 0.05 * np.exp(-(((hour - 12) / 3.0) ** 2))
    water = (0.02 - _DROUGHT_EVENING_FRAC * world.effects.cold_drought) * np.exp(
        -(((hour - 20) / 2.5) ** 2)
    )
    level = 0.95 - _DROUGHT_FRAC * world.effects.cold_drought
    return pd.Series(level + outage + sun + water, hours)


@lru_cache(maxsize=2)
def _capacity(usual: World) -> tuple[float, dict[str, float]]:
    """Return the province's capacity [kW], and the counties' shares at the tightest hours."""
    expected = expected_loads_kw(usual)
    total, day = _added(expected.values()), pd.Timestamp(usual.scale.last_day)
    net = _shape(usual).iloc[-HORIZON_HOURS:] - parameters.at("synthetic.reserve_frac", day)
    needed = total.div(net.to_numpy(), axis=0).max().to_numpy()
    spread = usual.stream("supply_balance", PROVINCE).normal(0, _MODEL_SPREAD, (200, 1))
    chance = parameters.at("synthetic.gap_chance_frac", day)
    capacity = float(np.quantile(needed * np.exp(spread), 1 - chance))
    peak = total.mean(axis=1).nlargest(20).index
    at_peak = {unit: float(load.loc[peak].to_numpy().mean()) for unit, load in expected.items()}
    return capacity, {unit: load / sum(at_peak.values()) for unit, load in at_peak.items()}


@lru_cache(maxsize=2)
def _past(usual: World) -> pd.DataFrame:
    """Return by past day how tight it was at first, and what then failed of all there is.

    Negative is what was bought in so that a tight day was not short.
    """
    capacity, _ = _capacity(usual)
    reserve = parameters.at("synthetic.reserve_frac", pd.Timestamp(usual.scale.last_day))
    load = _added(_expected_kw(usual).values())[0].to_numpy()[:-HORIZON_HOURS]
    needed = (load + capacity * reserve) / (capacity * _shape(usual).to_numpy()[:-HORIZON_HOURS])
    tightness = pd.Series(needed.reshape(-1, 24).max(axis=1), _issues(usual)[:-1])
    short = usual.stream("supply_balance", "shortage").uniform(*_SHORT_FRAC, len(tightness))
    failed = (1 - tightness * (1 - short)).clip(upper=_LARGEST_FAILURE_FRAC)
    bought = (1 - tightness / _KEPT_TIGHTNESS).clip(upper=0.0)
    failed = failed.where(tightness.rank(ascending=False) <= _SHORTAGE_DAYS, bought)
    return pd.DataFrame({"tightness": tightness, "failed_frac": failed})


def _by_issue(world: World) -> Floats:
    """Return what every issue says of supply over capacity, issue by issue."""
    issued, lead = _issues(world), np.arange(HORIZON_HOURS)
    first = 24 * np.arange(len(issued))
    when = first[:, None] + lead
    failed = _past(_usual(world))["failed_frac"].to_numpy().repeat(24)
    failed = np.append(failed, np.zeros(HORIZON_HOURS))
    known = np.where(lead < _SEEN_AHEAD_HOURS, failed[when], 0.0)
    return (_shape(world).to_numpy()[when] * (1 - known)).ravel()


def _issues(world: World) -> pd.DatetimeIndex:
    scale = world.scale
    first = scale.origin - pd.Timedelta(days=_ISSUE_DAYS)
    return pd.date_range(max(first, scale.hours[0]), scale.origin, freq="D", unit="us")


def _rows(
    world: World, unit_id: str, available_kw: npt.NDArray[np.int64], reserve_kw: int
) -> pd.DataFrame:
    issued = _issues(world).repeat(HORIZON_HOURS)
    lead = pd.to_timedelta(np.tile(np.arange(HORIZON_HOURS), len(_issues(world))), "h")
    delay = parameters.at("synthetic.forecast_delay_hours", pd.Timestamp(world.scale.last_day))
    return pd.DataFrame(
        {
            "unit_id": unit_id,
            "issued_at": issued,
            "resolution_code": "hour",
            "period_start": issued + lead,
            "known_at": issued + pd.Timedelta(hours=delay),
            "available_supply_kw": available_kw,
            "reserve_kw": reserve_kw,
        }
    )
