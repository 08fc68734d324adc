"""The data dictionary: what every table and column means, and whether a frame keeps to it."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from marketing_models.errors import SchemaError

SCHEMA_VERSION = 1
_DTYPES = {
    "string": "str",
    "bool": "boolean",
    "int32": "Int32",
    "int64": "Int64",
    "float64": "float64",
    "decimal(18,2)": "float64",
    "date": "datetime64[s]",
    "timestamp": "datetime64[us]",
}


@cache
def dictionary() -> pd.DataFrame:
    """Return the dictionary, one row a table and column, in the order of the tables' columns.

    Returns
    -------
    DataFrame
        Columns ``table, column, type, unit, key, required, known_at_rule, rollup, pii, label_zh,
        label_en, meaning``; all text, empty where nothing is said. One name has one unit and one
        meaning in all its tables, because one row of the file names them all.
    """
    path = resources.files("marketing_models.schemas").joinpath("dictionary.csv")
    with path.open(encoding="utf-8") as file:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    rows = rows.assign(table=rows["table"].str.split(";"), column=rows["column"].map(_series))
    return rows.explode("table").explode("column", ignore_index=True)


def _series(column: str) -> list[str]:
    """Return the columns that a row names: ``load_01_w..load_96_w`` are 96."""
    first, _, last = column.partition("..")
    number, end = (re.search(r"\d+", name) for name in (first, last))
    if number is None or end is None:
        return [column]
    width = len(number[0])
    return [
        column[: number.start()] + f"{i:0{width}d}" + first[number.end() :]
        for i in range(int(number[0]), int(end[0]) + 1)
    ]


@cache
def tables() -> tuple[str, ...]:
    """Return the names of all tables, sorted."""
    return tuple(sorted(dictionary()["table"].unique()))


def columns(table: str) -> pd.DataFrame:
    """Return the rows of the dictionary of one table, indexed by column.

    Parameters
    ----------
    table : str
        Name of a table.

    Returns
    -------
    DataFrame
        As `dictionary`, indexed by ``column``; keys first, in key order.

    Raises
    ------
    SchemaError
        If there is no such table.
    """
    found = _columns().get(table)
    if found is None:
        raise SchemaError(table, [f"no such table; the dictionary has {', '.join(tables())}"])
    return found


@cache
def _columns() -> dict[str, pd.DataFrame]:
    place = dictionary()["key"].str.extract(r"pk(\d+)")[0].astype(float)
    ordered = dictionary().assign(place=place).sort_values("place", kind="stable")
    return {
        str(table): rows.drop(columns=["place", "table"]).set_index("column")
        for table, rows in ordered.groupby("table")
    }


@cache
def keys(table: str) -> tuple[str, ...]:
    """Return the key columns of a table in order; ``known_at`` or ``valid_from`` comes last."""
    found = columns(table)
    return tuple(found.index[found["key"].str.contains(r"\bpk")])


def version_column(table: str) -> str | None:
    """Return the column that tells versions of a row apart, if the table has one."""
    return next((k for k in keys(table) if k in {"known_at", "valid_from"}), None)


def summed(table: str) -> tuple[str, ...]:
    """Return the columns that are stored per county and only ever added up."""
    found = columns(table)
    return tuple(found.index[found["rollup"] == "sum"])


def label(column: str) -> dict[str, str]:
    """Return the printed name of a column in both languages."""
    row = dictionary()[dictionary()["column"] == column].iloc[0]
    return {"zh": str(row["label_zh"]), "en": str(row["label_en"])}


def conform(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as the dictionary wants it: all columns, in order, with their types.

    Parameters
    ----------
    table : str
        Name of the table.
    frame : DataFrame
        Rows with at least the required columns; optional ones are filled with missing values.

    Returns
    -------
    DataFrame
        A new frame. Money and billed energy are float64 rounded to two decimals.

    Raises
    ------
    SchemaError
        If a column is unknown, missing, of the wrong type or empty where required, or if a key
        stands twice; all problems at once.
    """
    cast = typed(table, frame)
    repeated = _repeated(table, cast)
    if repeated:
        raise SchemaError(table, repeated)
    return cast


def typed(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as `conform` does, for callers that look for repeated keys themselves.

    Parameters
    ----------
    table : str
        Name of the table.
    frame : DataFrame
        As for `conform`.

    Returns
    -------
    DataFrame
        As `conform`.

    Raises
    ------
    SchemaError
        As `conform`, but not for keys that stand twice.
    """
    wanted = columns(table)
    problems = [
        f"column {name} is not in the dictionary; drop or rename it"
        for name in frame.columns
        if name not in wanted.index
    ]
    cast, casting = _cast(wanted, frame)
    problems += [*casting, *_gaps(wanted, cast, frame)]
    if problems:
        raise SchemaError(table, problems)
    return cast


def _cast(wanted: pd.DataFrame, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    cast, problems = {}, []
    for name, kind in zip(wanted.index, wanted["type"], strict=True):
        dtype = pd.api.types.pandas_dtype(_DTYPES[kind])
        if name not in frame.columns:
            cast[name] = _empty(dtype, frame.index)
            continue
        try:
            cast[name] = _as(dtype, frame[name])
        except (TypeError, ValueError) as reason:
            problems.append(f"column {name} does not read as {kind}: {reason}")
            cast[name] = frame[name]
        if kind == "decimal(18,2)" and cast[name].dtype == "float64":
            cast[name] = cast[name].round(2)
    return pd.DataFrame(cast, frame.index, copy=False).reset_index(drop=True), problems


def _empty(dtype: Any, index: pd.Index) -> pd.Series:
    one = pd.Series([None], dtype=dtype).array
    return pd.Series(one.take(np.zeros(len(index), "int64")), index, copy=False)


def _as(dtype: Any, column: pd.Series) -> pd.Series:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(dtype)
    # Each category is cast once, not each row.
    words = column.cat.categories.astype(dtype).array
    return pd.Series(
        words.take(column.cat.codes.to_numpy(), allow_fill=True), column.index, copy=False
    )


def _gaps(wanted: pd.DataFrame, cast: pd.DataFrame, frame: pd.DataFrame) -> Iterator[str]:
    for name in wanted.index[wanted["required"] == "yes"]:
        if name not in frame.columns:
            yield f"column {name} is missing; it is required"
        elif len(cast) and cast[name].isna().any():
            row = int(cast[name].isna().to_numpy().argmax())
            yield f"column {name} is empty in row {row}; it is required"


def _repeated(table: str, cast: pd.DataFrame) -> list[str]:
    names = list(keys(table))
    twice = cast.duplicated(names)
    if not names or not twice.any():
        return []
    row = int(twice.to_numpy().argmax())
    key = ", ".join(f"{name}={value}" for name, value in cast.loc[row, names].items())
    return [f"key stands twice ({int(twice.sum())} rows), first again in row {row}: {key}"]
