"""The version vector: which version of which table a store is made of, replaced as one."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from marketing_models.errors import StoreError
from marketing_models.schemas import SCHEMA_VERSION

LOCK_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Vector:
    """What a store is made of at one moment.

    Attributes
    ----------
    number : int
        Counts the batches; 0 after `init`.
    unit_id : str
        Unit that the store belongs to.
    calendar : str
        Calendar of its days: cn, us or tw.
    schema_version : int
        Version of the dictionary that wrote it.
    tables : mapping of str to int
        Delta version of every table.
    """

    number: int
    unit_id: str
    calendar: str
    schema_version: int
    tables: Mapping[str, int]

    def advanced(self, tables: Mapping[str, int]) -> "Vector":
        """Return the next vector, with the versions of some tables changed."""
        return replace(self, number=self.number + 1, tables={**self.tables, **tables})


def load(folder: Path, number: int | None = None) -> Vector:
    """Read the current vector of a store, or a stored earlier one.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    number : int, optional
        Number of an earlier vector; by default the current one.

    Returns
    -------
    Vector
        As written.

    Raises
    ------
    StoreError
        If there is no store, no such vector, or a newer schema than this package knows.
    """
    current = folder / "version.json"
    path = current if number is None else folder / "versions" / f"{number:08d}.json"
    if not path.is_file():
        raise StoreError(_absence(folder, current, number))
    try:
        vector = Vector(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as reason:
        raise StoreError(
            f"{path} does not read as a version vector ({reason}); restore the file "
            f"from {folder / 'versions'}, whose last one is a copy"
        ) from None
    if vector.schema_version > SCHEMA_VERSION:
        raise StoreError(
            f"store {folder} was written by schema {vector.schema_version}, this package knows "
            f"{SCHEMA_VERSION}; upgrade the package"
        )
    return vector


def _absence(folder: Path, current: Path, number: int | None) -> str:
    if number is not None and current.is_file():
        return f"store {folder} has no version {number}; see folder versions for those it has"
    if folder.is_file() or any(parent.is_file() for parent in folder.parents):
        return f"{folder} lies under or is a regular file; name a folder"
    if (folder / "tables").is_dir():
        return (
            f"store {folder} is half-written: it has tables but no version.json, so its first "
            "write never ended; run synthesize or ingest again, which starts it afresh"
        )
    return f"no store at {folder}; make one with: marketing-models synthesize or ingest"


def save(folder: Path, vector: Vector) -> None:
    """Make a vector the current one: the single step by which a batch becomes visible."""
    history = folder / "versions"
    history.mkdir(exist_ok=True)
    text = json.dumps(asdict(vector), indent=1, sort_keys=True)
    _replace(history / f"{vector.number:08d}.json", text)
    _replace(folder / "version.json", text)


def _replace(path: Path, text: str) -> None:
    # Synced before the rename: after a power cut the name must never point at an empty file.
    work = path.with_suffix(".work")
    with work.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    work.replace(path)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the store-wide commit lock; it dies with the process that holds it.

    Parameters
    ----------
    folder : Path
        Folder of the store.

    Yields
    ------
    None
        While the lock is held.

    Raises
    ------
    StoreError
        If another writer keeps the lock for more than ten minutes.
    """
    try:
        with FileLock(folder / ".lock", timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise StoreError(
            f"another process has been writing to {folder} for {LOCK_SECONDS} s; "
            "wait for it, or end it"
        ) from None
