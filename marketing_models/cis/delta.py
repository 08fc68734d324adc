"""Delta tables by the dictionary: their types, what a batch changes in one, and its digest."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
from deltalake import ColumnProperties, DeltaTable, Schema, WriterProperties, write_deltalake

from marketing_models import schemas
from marketing_models.errors import StoreError

_ARROW = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
ROW_GROUP_SIZE = 32_768
_MONTHLY = {"bill"}  # tables so large that a county's partition is split by month too


def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table of the dictionary."""
    kinds = schemas.columns(table)["type"]
    return pa.schema([(str(name), _ARROW[kind]) for name, kind in kinds.items()])


def slice_column(table: str) -> str:
    """Return the column by whose values parts of a table are replaced."""
    return "county_id" if "county_id" in schemas.columns(table).index else schemas.keys(table)[0]


def create(folder: Path, table: str) -> int:
    """Create an empty table and return its version; a table that is there is kept.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    table : str
        Name of the table.

    Returns
    -------
    int
        Its Delta version.
    """
    partitions = [
        name
        for name in ("county_id", "month_start")
        if name in schemas.columns(table).index and (name == "county_id" or table in _MONTHLY)
    ]
    made = DeltaTable.create(
        str(folder / "tables" / table),
        schema=Schema.from_arrow(arrow_schema(table)),
        mode="ignore",
        partition_by=partitions,
    )
    return made.version()


def dataset(folder: Path, table: str, version: int) -> pads.Dataset:
    """Return a table at a version as an Arrow data set, with the dictionary's columns.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    table : str
        Name of the table.
    version : int
        Delta version that the vector names.

    Returns
    -------
    Dataset
        Not yet read.
    """
    return _opened(folder, table, version).to_pyarrow_dataset()


def _opened(folder: Path, table: str, version: int) -> DeltaTable:
    """Return a table at a version, or say what to do if it or that version is gone."""
    path = folder / "tables" / table
    try:
        return DeltaTable(str(path), version=version)
    except Exception as reason:  # noqa: BLE001 - delta-rs raises bare Exceptions of many kinds
        raise StoreError(
            f"store {folder} names version {version} of table {table}, which cannot be opened "
            f"({str(reason).splitlines()[0]}); restore the folder {path} from a backup, or make "
            "the store again"
        ) from None


def recover(folder: Path, table: str, version: int) -> int:
    """Put a table back to the version that the vector names, if a killed writer went further.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    table : str
        Name of the table.
    version : int
        Version that the vector names.

    Returns
    -------
    int
        Version that now stands for the same rows.
    """
    held = DeltaTable(str(folder / "tables" / table))
    if held.version() == version:
        return version
    held.restore(version)
    return held.version()


def to_arrow(table: str, frame: pd.DataFrame) -> pa.Table:
    """Return a frame, checked against the dictionary, as an Arrow table in order of its key."""
    checked = schemas.typed(table, frame)
    wanted = arrow_schema(table)
    # Arrow reads floats into decimals only by a cast; they were rounded to two digits above.
    plain = [f.with_type(pa.float64()) if pa.types.is_decimal(f.type) else f for f in wanted]
    rows = pa.Table.from_pandas(checked, schema=pa.schema(plain), preserve_index=False)
    ordered = in_order(table, rows.cast(wanted))
    if pc.any(_like_the_next(ordered, schemas.keys(table))).as_py():
        schemas.conform(table, frame)  # which says what key stands twice
    return ordered


def in_order(table: str, rows: pa.Table) -> pa.Table:
    """Return rows in ascending order of their key, the same table if they are so already."""
    keys, tied = schemas.keys(table), pa.scalar(True)
    for key in keys:
        behind, ahead = _neighbours(rows[key])
        if pc.any(pc.and_(tied, pc.less(ahead, behind))).as_py():
            return rows.sort_by([(name, "ascending") for name in keys])
        tied = pc.and_(tied, pc.equal(ahead, behind))
    return rows


def _like_the_next(rows: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """Return for all rows but the last whether the next one is equal in all these columns."""
    same = pa.scalar(True)
    for name in columns:
        same = pc.and_(same, pc.equal(*_neighbours(rows[name])))
    return same


def _neighbours(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    return column.slice(0, max(len(column) - 1, 0)), column.slice(1)


def to_pandas(table: str, rows: pa.Table) -> pd.DataFrame:
    """Return rows as a frame with the dictionary's types; money and energy are float64."""
    decimals = {
        n
        for n, t in zip(rows.schema.names, rows.schema.types, strict=True)
        if pa.types.is_decimal(t)
    }
    floats = [
        pc.cast(rows[name], pa.float64()) if name in decimals else rows[name]
        for name in rows.schema.names
    ]
    frame = pa.table(floats, names=rows.schema.names).to_pandas(
        types_mapper={
            pa.int32(): pd.Int32Dtype(),
            pa.int64(): pd.Int64Dtype(),
            pa.bool_(): pd.BooleanDtype(),
        }.get,
        date_as_object=False,
    )
    kinds = schemas.columns(table)["type"]
    for name in frame.columns:
        if kinds[name] == "date":
            frame[name] = frame[name].astype("datetime64[s]")
        if name in decimals:
            # Arrow's cast may miss the nearest double by one bit.
            frame[name] = frame[name].round(2)
    return frame


def put(
    folder: Path, table: str, version: int, rows: pa.Table, *, slices: Sequence[str] = ()
) -> int:
    """Add rows to a table, replacing older versions of them, and return the table's version.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    table : str
        Name of the table.
    version : int
        Version to build on; it is the latest, the caller holds the lock.
    rows : Table
        Rows by the dictionary's schema.
    slices : sequence of str
        Slices (runs, counties) of which the rows replace everything that was held.

    Returns
    -------
    int
        The same version if the rows were all there already.

    Notes
    -----
    A row with a known key and a later ``known_at`` (``valid_from``) is a correction: it is added,
    and the row before it gets ``superseded_at`` (``valid_to``).
    """
    column = slice_column(table)
    touched = list(slices) or pc.unique(rows[column]).to_pylist()
    if not touched:
        return version
    opened = _opened(folder, table, version)
    held = _rows_of(opened, column, touched)
    if held.num_rows == rows.num_rows and digest(held) == digest(rows):
        return version
    if not held.num_rows or not (slices or _shares_keys(table, held, rows)):
        _write(opened, stamped(table, rows), table, mode="append")
    else:
        kept = rows if slices else merged(table, held, rows)
        if digest(kept) == digest(held):
            return version
        _write(opened, kept, table, mode="overwrite", predicate=_predicate(column, touched))
    return opened.version()


def _rows_of(opened: DeltaTable, column: str, values: list[str]) -> pa.Table:
    # Files of other counties are not even listed.
    only = [(column, "in", values)] if column in opened.metadata().partition_columns else None
    return (
        opened.to_pyarrow_dataset(file_pruning_predicate=only)
        .filter(pads.field(column).isin(values))
        .to_table()
    )


def _write(opened: DeltaTable, rows: pa.Table, table: str, **how: Any) -> None:
    # In the order of the key and in small groups, so that a unit's rows are read without the rest.
    ordered = in_order(table, rows)
    write_deltalake(opened, ordered, writer_properties=_properties(table), **how)


@cache
def _properties(table: str) -> WriterProperties:
    # Measurements hardly repeat: a dictionary of them costs time and makes larger files.
    plain = ColumnProperties(dictionary_enabled=False)
    return WriterProperties(
        compression="SNAPPY",
        max_row_group_size=ROW_GROUP_SIZE,
        column_properties={f.name: plain for f in arrow_schema(table) if not _repeats(f.type)},
    )


def _repeats(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_temporal(kind) or pa.types.is_boolean(kind)


def _predicate(column: str, values: Sequence[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"


def _identity(table: str) -> list[str]:
    """Return the key columns that name a thing, without the one that tells its versions apart."""
    return [key for key in schemas.keys(table) if key != schemas.version_column(table)]


def _shares_keys(table: str, held: pa.Table, rows: pa.Table) -> bool:
    keys = ", ".join(f'"{key}"' for key in _identity(table))
    found = _run(f"SELECT count(*) FROM rows SEMI JOIN held USING ({keys})", rows=rows, held=held)
    return bool(found.fetchall()[0][0])


def merged(table: str, held: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the union of held and new rows; of two with one full key the new one stands."""
    keys = ", ".join(f'"{key}"' for key in schemas.keys(table))
    sql = f"SELECT * FROM rows UNION ALL BY NAME SELECT * FROM held ANTI JOIN rows USING ({keys})"
    return stamped(table, _made(table, sql, rows=rows, held=held))


def stamped(table: str, rows: pa.Table) -> pa.Table:
    """Return rows with the end of every version set to the start of the next one."""
    start = schemas.version_column(table)
    ordered = in_order(table, rows)
    followed = _like_the_next(ordered, _identity(table))
    if start is None or not pc.any(followed).as_py():
        return rows
    end = "superseded_at" if start == "known_at" else "valid_to"
    place, kind = ordered.schema.get_field_index(end), ordered.schema.field(end)
    following = pc.if_else(followed, ordered[start].slice(1), pa.scalar(None, ordered[start].type))
    value = pa.chunked_array([*following.chunks, pa.nulls(1, following.type)])
    # A master's own valid_to stands where the object left before another version began.
    if start != "known_at":
        value = pc.min_element_wise(ordered[end], value)
    return ordered.set_column(place, kind, value.cast(kind.type))


def digest(rows: pa.Table | pads.Dataset, *, leave_out: Sequence[str] = ()) -> str:
    """Return a digest of rows that does not depend on their order or on the files they lie in.

    Parameters
    ----------
    rows : Table or Dataset
        What is digested.
    leave_out : sequence of str
        Columns that do not count.

    Returns
    -------
    str
        Number of rows and 128 bits: the exclusive or of an MD5 a row.
    """
    parts = ", ".join(
        f"""coalesce(replace(CAST("{name}" AS VARCHAR), '|', '||'), '|0')"""
        for name in sorted(rows.schema.names)
        if name not in leave_out
    )
    count, bits = _run(
        f"SELECT count(*), coalesce(bit_xor(md5_number(concat_ws('|1', {parts}))), 0) FROM rows",
        rows=rows,
    ).fetchall()[0]
    return f"{count}-{int(bits):032x}"


def _run(sql: str, **tables: pa.Table | pads.Dataset) -> duckdb.DuckDBPyRelation:
    return connect(tables).sql(sql)


def _made(table: str, sql: str, **tables: pa.Table) -> pa.Table:
    made: pa.Table = _run(sql, **tables).to_arrow_table()
    return made.select(arrow_schema(table).names).cast(arrow_schema(table))


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"autoinstall_known_extensions": "false"})


def connect(tables: Mapping[str, pa.Table | pads.Dataset]) -> duckdb.DuckDBPyConnection:
    """Return a cursor of the in-memory DuckDB that sees some Arrow tables by name."""
    connection = _database().cursor()
    for name, held in tables.items():
        connection.register(name, held)
    return connection
