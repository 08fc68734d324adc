"""CIS · how a batch becomes visible: all its tables in one step, or none of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from marketing_models import schemas
from marketing_models.cis import delta, vector


def committed(
    folder: Path, parts: Iterable[Mapping[str, pa.Table]], slices: Sequence[str]
) -> vector.Vector:
    """Write a batch that may arrive in parts, and return the vector that names it.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    parts : iterable of mapping of str to Table
        Rows by table in the dictionary's schema; asked for while the store is locked.
    slices : sequence of str
        Runs (or counties) of which the rows replace all that was held.

    Returns
    -------
    Vector
        The store's vector as it was if nothing was new.
    """
    with vector.locked(folder):
        start = vector.load(folder)
        # What a killed writer left in other tables stays unseen until they are written.
        after = {t: delta.create(folder, t) for t in set(schemas.tables()) - set(start.tables)}
        for tables in parts:
            for table, rows in tables.items():
                if table not in after:
                    after[table] = delta.recover(folder, table, start.tables[table])
                after[table] = delta.put(folder, table, after[table], rows, slices=slices)
        if all(start.tables.get(table) == version for table, version in after.items()):
            return start
        moved = start.advanced(after)
        vector.save(folder, moved)
        return moved
