"""The tables of a synthetic province, part by part, whole, and of one county of it alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from marketing_models import schemas
from marketing_models.errors import UnknownUnitError
from marketing_models.synthetic import (
    applications,
    billing,
    climate,
    codes,
    contracts,
    counters,
    curves,
    customers,
    energy,
    events,
    grid,
    inspections,
    load,
    macro,
    offers,
    outages,
    payments,
    persons,
    resources,
    saving_records,
    supply,
    surveys,
    tickets,
)
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.scale import PROVINCE, Scale, org_units
from marketing_models.synthetic.world import World
from marketing_models.tariffs import tariff_price_rows

_ROOMS = (
    *(customers, contracts, grid, persons, load, curves, energy, billing, payments, inspections),
    *(outages, tickets, counters, applications, surveys, offers, saving_records, resources),
    *(events, macro),
)
# What the province's own rows are summed from.
SUMMED = ("unit_energy", "indicator_value")


@dataclass(frozen=True)
class Part:
    """What one unit adds to the tables of a province.

    Attributes
    ----------
    unit_id : str
        A county with its rows, a city with its weather, or the province with all else.
    made : Made
        Rows by table, and the truth behind them.
    """

    unit_id: str
    made: Made


def county_part(world: World, unit_id: str) -> Part:
    """Make the rows of one county.

    Parameters
    ----------
    world : World
        The province.
    unit_id : str
        The county.

    Returns
    -------
    Part
        It depends on no other county.
    """
    county = County(world=world, unit_id=unit_id)
    made = [room.tables(county) for room in _ROOMS]
    return Part(unit_id, Made(_joined(m.tables for m in made), _joined(m.truth for m in made)))


def weather_part(world: World, city: str) -> Part:
    """Make the weather of a city's stations.

    Parameters
    ----------
    world : World
        The province.
    city : str
        The city.

    Returns
    -------
    Part
        Rows of ``weather_observed`` and ``weather_forecast``.
    """
    return Part(city, climate.tables(world, city))


def province_part(world: World, below: Mapping[str, pd.DataFrame]) -> Part:
    """Make what belongs to the province as a whole, and the sums of its counties.

    Parameters
    ----------
    world : World
        The province.
    below : mapping of str to DataFrame
        Rows of all counties in ``indicator_value`` and, if there are any, ``unit_energy``.

    Returns
    -------
    Part
        Units, codes, prices, balances, events, and the rows of city and province.
    """
    whole = macro.province_tables(world, below["indicator_value"])
    tables = {
        "org_unit": org_units(world.scale, world.seed),
        "code_list": codes.code_list(),
        "tariff_price": tariff_price_rows(),
        "unit_weather_station": climate.weights_above(world),
        "supply_balance": supply.balances(world),
        "response_event": events.response_events(world),
    }
    # A province that ends within its first weeks has not published its energy yet.
    if "unit_energy" in below:
        tables["unit_energy"] = energy.parents(below["unit_energy"], world)
    return Part(PROVINCE, Made(_joined([tables, whole.tables]), whole.truth))


def parts(world: World) -> Iterator[Part]:
    """Make a province part by part, so that never more than one part is in memory.

    Parameters
    ----------
    world : World
        The province.

    Yields
    ------
    Part
        Cities' weather, counties, and the province last.
    """
    below: list[dict[str, pd.DataFrame]] = []
    for city, counties in world.cities.items():
        yield weather_part(world, city)
        for unit_id in counties:
            part = county_part(world, unit_id)
            below.append({name: t for name, t in part.made.tables.items() if name in SUMMED})
            yield part
    yield province_part(world, _joined(below))


def county_parts(world: World, unit_id: str) -> Iterator[Part]:
    """Make what a store of one county alone holds.

    Parameters
    ----------
    world : World
        The province.
    unit_id : str
        The county.

    Yields
    ------
    Part
        The county, its city's weather, and what of the province concerns it.

    Raises
    ------
    UnknownUnitError
        If the province has no such county.
    """
    if unit_id not in world.city_of:
        raise UnknownUnitError(unit_id, world.city_of)
    yield weather_part(world, world.city_of[unit_id])
    yield county_part(world, unit_id)
    units, balances = org_units(world.scale, world.seed), supply.balances(world)
    # Every hall serves every customer, so a county knows all of them.
    own = (units["unit_id"] == unit_id) | units["level"].isin(["station", "hall"])
    tables = {
        "org_unit": units[own],
        "code_list": codes.code_list(),
        "tariff_price": tariff_price_rows(),
        "supply_balance": balances[balances["unit_id"] == unit_id],
        "response_event": events.response_events(world),
    }
    yield Part(PROVINCE, Made(tables))


def province(scale: Scale, *, seed: int, preset: str = "usual") -> dict[str, pd.DataFrame]:
    """Make all source tables of a small synthetic province in memory.

    Parameters
    ----------
    scale : Scale
        How large it is and when it ends.
    seed : int
        Everything random follows from it.
    preset : str
        Which effects are at work, see `World`.

    Returns
    -------
    dict of str to DataFrame
        Tables by name, as the dictionary wants them. Equal arguments give equal tables.
    """
    return _whole(parts(World(scale=scale, seed=seed, preset=preset)))


def county_tables(
    unit_id: str, scale: Scale, *, seed: int, preset: str = "usual"
) -> dict[str, pd.DataFrame]:
    """Make the source tables of one county alone, equal to its rows in the province.

    Parameters
    ----------
    unit_id : str
        The county.
    scale : Scale
        The whole province.
    seed : int
        Everything random follows from it.
    preset : str
        Which effects are at work, see `World`.

    Returns
    -------
    dict of str to DataFrame
        Tables by name with the rows of the county and of its city's weather stations.
    """
    return _whole(county_parts(World(scale=scale, seed=seed, preset=preset), unit_id))


def _whole(made: Iterable[Part]) -> dict[str, pd.DataFrame]:
    tables = _joined(part.made.tables for part in made)
    return {name: schemas.conform(name, rows) for name, rows in sorted(tables.items())}


def _joined(several: Iterable[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Join rows of the same table, without those that have none."""
    found: dict[str, list[pd.DataFrame]] = {}
    for tables in several:
        for name, rows in tables.items():
            if len(rows):
                found.setdefault(name, []).append(rows)
    return {
        name: rows[0] if len(rows) == 1 else pd.concat(rows, ignore_index=True)
        for name, rows in found.items()
    }
