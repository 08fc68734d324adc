"""CIS · the truth of a synthetic province, beside its store: for tests and benchmarks alone."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from marketing_models.cis.location import TRUTH_MARK, locate
from marketing_models.errors import StoreError

_NOTICE = "Hidden facts of a synthetic province. No store, no study and no page may read them.\n"


def folder_of(name: str | Path) -> Path:
    """Return the folder in which the truth behind a store lies.

    Parameters
    ----------
    name : str or Path
        The store, as for `Store.open`.

    Returns
    -------
    Path
        Beside the store, with ``.truth`` at the end of its name.
    """
    folder = locate(name)
    return folder.with_name(folder.name + ".truth")


def clear(name: str | Path) -> None:
    """Make the folder of the truth behind a store anew, empty."""
    folder = folder_of(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / TRUTH_MARK).write_text(_NOTICE, encoding="utf-8")


def add(name: str | Path, unit_id: str, facts: Mapping[str, pd.DataFrame]) -> None:
    """Add the hidden facts of one unit.

    Parameters
    ----------
    name : str or Path
        The store.
    unit_id : str
        The county or province they are about.
    facts : mapping of str to DataFrame
        By name.
    """
    for fact, rows in facts.items():
        folder = folder_of(name) / fact
        folder.mkdir(exist_ok=True)
        rows.to_parquet(folder / f"{unit_id}.parquet", index=False)


def read(name: str | Path, fact: str) -> pd.DataFrame:
    """Read the hidden facts of all units.

    Parameters
    ----------
    name : str or Path
        The store.
    fact : str
        Name of the facts.

    Returns
    -------
    DataFrame
        In order of the units.

    Raises
    ------
    StoreError
        If there are none of that name.
    """
    found = sorted((folder_of(name) / fact).glob("*.parquet"))
    if not found:
        raise StoreError(f"no truth {fact!r} at {folder_of(name)}; synthesize the store again")
    return pd.concat([pd.read_parquet(path) for path in found], ignore_index=True)
