"""Write a synthetic province, or one county of it, into a store; its truth lies beside it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from typing import Any

import pandas as pd
import pyarrow as pa
from tqdm import tqdm

from marketing_models import schemas
from marketing_models.cis import Store, delta, truth
from marketing_models.synthetic import exports
from marketing_models.synthetic.provinces import (
    SUMMED,
    Part,
    county_part,
    county_parts,
    province_part,
    weather_part,
)
from marketing_models.synthetic.world import World

# Small tables of several counties are written together: a write costs as much as a thousand rows.
_BYTES_TOGETHER = 16_000_000


class _Ready:
    """A part of which all tables are in the store's types, ready to be sent and written."""

    def __init__(self, part: Part) -> None:
        self.unit_id, self.truth = part.unit_id, part.made.truth
        self.summed = {name: part.made.tables.get(name) for name in SUMMED}
        # One table after the other leaves its frame, so that no county is held twice.
        tables = part.made.tables
        self.rows = {name: delta.to_arrow(name, tables.pop(name)) for name in list(tables)}
        pa.default_memory_pool().release_unused()


def synthesize(world: World, store: Store, *, origin: pd.DataFrame, workers: int = 1) -> int:
    """Write a whole province, county by county, in one batch.

    Parameters
    ----------
    world : World
        The province.
    store : Store
        An empty store of the province.
    origin : DataFrame
        Row of the table ``batch`` that says where the rows come from.
    workers : int
        Processes that make counties side by side; what is written does not depend on it.

    Returns
    -------
    int
        Number of the store's version vector.
    """
    return _written(_parts(world, workers), store, origin)


def synthesize_county(world: World, store: Store, unit_id: str, *, origin: pd.DataFrame) -> int:
    """Write one county alone, equal to its rows in the province.

    Parameters
    ----------
    world : World
        The province.
    store : Store
        An empty store of the county.
    unit_id : str
        The county.
    origin : DataFrame
        As for `synthesize`.

    Returns
    -------
    int
        Number of the store's version vector.
    """
    return _written(map(_Ready, county_parts(world, unit_id)), store, origin)


def delivery(
    world: World, unit_id: str, *, encoding: str, faults: Mapping[str, int]
) -> exports.Delivery:
    """Export the counties of a unit as a marketing system of the SG186 generation would.

    Parameters
    ----------
    world : World
        The province.
    unit_id : str
        The county, or the city with all its counties, to which the files are delivered.
    encoding : str
        As for `exports.sg186`.
    faults : mapping of str to int
        As for `exports.sg186`.

    Returns
    -------
    Delivery
        Files, planted faults and odd spellings.
    """
    counties = world.cities.get(unit_id, (unit_id,))
    held: dict[str, list[pd.DataFrame]] = {name: [] for name in exports.NEEDED}
    for county in counties:
        made = county_part(world, county).made.tables
        for name in set(made) & set(held):
            held[name].append(schemas.conform(name, made[name]))
    tables = {name: pd.concat(rows, ignore_index=True) for name, rows in held.items() if rows}
    return exports.sg186(
        tables, unit_ids=counties, encoding=encoding, faults=faults, seed=world.seed
    )


def _written(parts: Iterable[_Ready], store: Store, origin: pd.DataFrame) -> int:
    truth.clear(store.folder)
    return store.write_parts(_together(_kept(parts, store), origin))


def _kept(parts: Iterable[_Ready], store: Store) -> Iterator[Mapping[str, pa.Table]]:
    for part in parts:
        truth.add(store.folder, part.unit_id, part.truth)
        yield part.rows


def _together(
    parts: Iterable[Mapping[str, pa.Table]], origin: pd.DataFrame
) -> Iterator[Mapping[str, pa.Table]]:
    """Hold rows back until a table has enough of them to be worth a write."""
    held: dict[str, list[pa.Table]] = {}
    count = 0
    for part in parts:
        for name, rows in part.items():
            count += len(rows)
            held.setdefault(name, []).append(rows)
            if sum(table.nbytes for table in held[name]) >= _BYTES_TOGETHER:
                yield {name: pa.concat_tables(held.pop(name))}
    batch = delta.to_arrow("batch", origin.assign(line_count=count, accepted_count=count))
    yield {"batch": batch, **{name: pa.concat_tables(tables) for name, tables in held.items()}}


def _parts(world: World, workers: int) -> Iterator[_Ready]:
    below: dict[str, list[pd.DataFrame]] = {name: [] for name in SUMMED}
    units = [*world.cities, *world.city_of]
    pool = ProcessPoolExecutor(workers) if workers > 1 else nullcontext()
    with pool as executor, tqdm(total=len(units) + 1, desc="units", disable=None) as progress:
        for part in _in_order(executor, world, units, workers):
            for name, rows in part.summed.items():
                if rows is not None:
                    below[name].append(rows)
            progress.update()
            yield part
            del part
            pa.default_memory_pool().release_unused()
        summed = {name: pd.concat(rows) for name, rows in below.items() if rows}
        yield _Ready(province_part(world, summed))
        progress.update()


def _in_order(
    executor: ProcessPoolExecutor | None, world: World, units: list[str], ahead: int
) -> Iterator[_Ready]:
    """Make the units' parts in order, and never more than some ahead of the writer."""
    if executor is None:
        yield from (_made(world, unit_id) for unit_id in units)
        return
    waiting: deque[Future[_Ready]] = deque()
    for unit_id in units:
        waiting.append(executor.submit(_made, world, unit_id))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _made(world: World, unit_id: str) -> _Ready:
    make: Callable[[Any, str], Part] = weather_part if unit_id in world.cities else county_part
    return _Ready(make(world, unit_id))
