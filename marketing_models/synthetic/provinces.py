"""The tables of a synthetic province, and of one county of it alone."""

from collections.abc import Iterable

import pandas as pd

from marketing_models.errors import UnknownUnitError
from marketing_models.synthetic import billing, climate, customers, supply
from marketing_models.synthetic.load import class_loads_kw, noisy, temperature_degc, unit_load
from marketing_models.synthetic.profiles import profile
from marketing_models.synthetic.scale import PROVINCE, Scale, hierarchy, org_units, stations
from marketing_models.tariffs import tariff_price_rows


def province(scale: Scale, *, seed: int) -> dict[str, pd.DataFrame]:
    """Make all source tables of a synthetic province.

    Parameters
    ----------
    scale : Scale
        How large it is and when it ends.
    seed : int
        Everything random follows from it.

    Returns
    -------
    dict of str to DataFrame
        Tables by name, as the dictionary wants them. Equal arguments give equal tables.
    """
    below = hierarchy(scale, seed)
    parts = [
        _detail(city, unit, scale, seed) for city, counties in below.items() for unit in counties
    ]
    weather = [_weather(stations(city), scale, seed) for city in below]
    tables = {name: _joined(part[name] for part in parts) for name in parts[0]}
    tables |= {name: _joined(part[name] for part in weather) for name in weather[0]}
    above = [(PROVINCE, tuple(below)), *((city, (city,)) for city in below)]
    tables["unit_weather_station"] = _joined(
        [*(climate.even_stations(u, c, seed) for u, c in above), tables["unit_weather_station"]]
    )
    return {
        "org_unit": org_units(scale, seed),
        "tariff_price": tariff_price_rows(),
        **tables,
        "supply_balance": supply.balances(scale, seed),
    }


def county(unit_id: str, scale: Scale, *, seed: int) -> dict[str, pd.DataFrame]:
    """Make the source tables of one county alone, equal to its rows in the province.

    Parameters
    ----------
    unit_id : str
        The county.
    scale : Scale
        The whole province.
    seed : int
        Everything random follows from it.

    Returns
    -------
    dict of str to DataFrame
        Tables by name with the rows of the county and of its weather stations.

    Raises
    ------
    UnknownUnitError
        If the province has no such county.
    """
    cities = {u: city for city, counties in hierarchy(scale, seed).items() for u in counties}
    if unit_id not in cities:
        raise UnknownUnitError(unit_id, cities)
    units, balances = org_units(scale, seed), supply.balances(scale, seed)
    return {
        "org_unit": _own(units, unit_id),
        "tariff_price": tariff_price_rows(),
        **_detail(cities[unit_id], unit_id, scale, seed),
        **_weather(stations(cities[unit_id]), scale, seed),
        "supply_balance": _own(balances, unit_id),
    }


def _detail(city: str, unit_id: str, scale: Scale, seed: int) -> dict[str, pd.DataFrame]:
    own = profile(unit_id, scale, seed)
    weights = climate.unit_stations(city, unit_id, seed)
    temperature = temperature_degc(scale, city, weights, seed).to_frame(0)
    known = temperature.loc[: scale.origin - pd.Timedelta(hours=1)]
    metered = noisy(class_loads_kw(own, scale, known), unit_id, seed)
    points = customers.supply_points(own, scale, seed)
    return {
        "unit_weather_station": weights,
        **customers.masters(points),
        "bill": billing.bills(points, metered, own, scale, seed),
        "unit_load": unit_load(metered, own, scale),
    }


def _weather(names: tuple[str, ...], scale: Scale, seed: int) -> dict[str, pd.DataFrame]:
    return {
        "weather_observed": _joined(climate.observed(scale, name, seed) for name in names),
        "weather_forecast": _joined(climate.forecast(scale, name, seed) for name in names),
    }


def _joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)


def _own(rows: pd.DataFrame, unit_id: str) -> pd.DataFrame:
    return rows[rows["unit_id"] == unit_id].reset_index(drop=True)
