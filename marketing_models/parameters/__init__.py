"""Dated, sourced, bilingual parameters: regulated numbers and house rules as data, not code."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from marketing_models.errors import UnknownParameterError

_FOLDER = resources.files("marketing_models.parameters")


@cache
def _files() -> dict[str, dict[str, Any]]:
    found = sorted((f.name, f) for f in _FOLDER.iterdir() if f.name.endswith(".yaml"))
    return {
        name.removesuffix(".yaml"): yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, file in found
    }


def names() -> tuple[str, ...]:
    """Return the names of all parameters, as ``file.name``, sorted."""
    return tuple(sorted(f"{file}.{name}" for file, held in _files().items() for name in held))


def describe(name: str) -> Mapping[str, Any]:
    """Return everything the file says of a parameter: names, description, unit, dated entries.

    Parameters
    ----------
    name : str
        Such as ``tariff.block_edges_kwh``.

    Returns
    -------
    mapping
        Keys ``name``, ``description``, ``unit`` and one date for each entry into force.

    Raises
    ------
    UnknownParameterError
        If nobody declared it.
    """
    file, _, key = name.partition(".")
    if key not in _files().get(file, {}):
        raise UnknownParameterError(f"no parameter {name!r}; there are {', '.join(names())}")
    return _files()[file][key]


def entry(name: str, on: date | datetime | pd.Timestamp) -> Mapping[str, Any]:
    """Return the entry of a parameter in force on a day: ``value``, ``source`` and notes.

    Parameters
    ----------
    name : str
        Such as ``tariff.block_edges_kwh``.
    on : date
        The day.

    Returns
    -------
    mapping
        The entry with the latest date that is not after `on`.

    Raises
    ------
    UnknownParameterError
        If the parameter does not exist or was not in force yet.
    """
    day = pd.Timestamp(on).date()
    entries: Mapping[Any, Any] = describe(name)  # YAML reads the keys that are dates as dates
    dated = {key: held for key, held in entries.items() if isinstance(key, date)}
    in_force = [key for key in dated if key <= day]
    if not in_force:
        raise UnknownParameterError(f"{name} has no value on {day}; its first is of {min(dated)}")
    return dated[max(in_force)]


def at(name: str, on: date | datetime | pd.Timestamp) -> Any:
    """Return the value of a parameter in force on a day.

    Parameters
    ----------
    name : str
        Such as ``tariff.block_edges_kwh``.
    on : date
        The day.

    Returns
    -------
    object
        A number, text, list or mapping, in the unit that the file declares.

    See Also
    --------
    entry : which raises where nothing is in force.
    """
    return entry(name, on)["value"]


def table(name: str) -> pd.DataFrame:
    """Return a dated table that stands beside the YAML files, such as a calendar.

    Parameters
    ----------
    name : str
        File name without ``.csv``.

    Returns
    -------
    DataFrame
        All columns as text, empty cells as empty text.
    """
    with _FOLDER.joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


@cache
def digest() -> str:
    """Return a SHA-256 over all parameter files, for the record of a run."""
    total = hashlib.sha256()
    for file in sorted(_FOLDER.iterdir(), key=lambda f: f.name):
        if file.name.endswith((".yaml", ".csv")):
            total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
