"""Keys: what a page and a run are made from, as one SHA-256; nothing heavy is imported here."""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marketing_models.errors import PageError

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
CODE = ("marketing_models", "pipelines")


def canonical(held: object) -> str:
    """Write JSON in the one form that is hashed: keys sorted, no spaces."""
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(held: object) -> str:
    """Return the SHA-256 of bytes, or of the canonical JSON of anything else."""
    raw = held if isinstance(held, bytes) else canonical(held).encode()
    return hashlib.sha256(raw).hexdigest()


@cache
def code() -> str:
    """Return the SHA-256 of the package's files: code, templates, dictionary, parameters."""
    files = sorted(
        path
        for folder in CODE
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    return sha256([[str(p.relative_to(ROOT)), sha256(p.read_bytes())] for p in files])


@cache
def lock() -> str:
    """Return the SHA-256 of the lock file; of nothing where the package came without it."""
    return sha256(LOCK.read_bytes() if LOCK.exists() else b"")


def environment() -> dict[str, str]:
    """Return what a result depends on beside its inputs: package, lock and Python."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"code": code(), "lock": lock(), "python": python}


def cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook as far as they matter: type, tags and source.

    Parameters
    ----------
    notebook : Path
        The notebook.

    Returns
    -------
    list of dict
        Without outputs, identifiers and other metadata.
    """
    held = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [
        {
            "type": cell["cell_type"],
            "tags": sorted(cell["metadata"].get("tags", ())),
            "source": "".join(cell["source"]),
        }
        for cell in held
    ]


def reads(notebook: Path) -> tuple[str, ...]:
    """Return the studies that a notebook declares in its cell ``READS = (...)``.

    Parameters
    ----------
    notebook : Path
        The notebook.

    Returns
    -------
    tuple of str
        Names of studies.

    Raises
    ------
    PageError
        If it declares none: its page could not be told from an outdated one.
    """
    for cell in cells(notebook):
        if cell["type"] == "code" and cell["source"].startswith("READS"):
            return tuple(ast.literal_eval(cell["source"].partition("=")[2].strip()))
    raise PageError(
        f'{notebook.name} declares no READS; give it a cell such as READS = ("demand",)'
    )


def parameters(notebook: Path) -> dict[str, Any]:
    """Return the parameters of a notebook with the values that it has by default.

    Parameters
    ----------
    notebook : Path
        The notebook; its cell tagged ``parameters`` assigns literals.

    Returns
    -------
    dict
        Empty if it has no such cell.
    """
    found: dict[str, Any] = {}
    for cell in cells(notebook):
        if "parameters" in cell["tags"]:
            for line in ast.parse(cell["source"]).body:
                if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                    found[line.targets[0].id] = ast.literal_eval(line.value)
    return found


def page(
    notebook: Path,
    *,
    parameters: Mapping[str, Any],
    versions: Mapping[str, int],
    context: Mapping[str, Any],
) -> str:
    """Return the key of a page: equal keys mean equal bytes.

    Parameters
    ----------
    notebook : Path
        Its cells count.
    parameters : mapping
        All of them, defaults filled in, the store by its name.
    versions : mapping of str to int
        Version of every table that the page reads.
    context : mapping
        Where the page stands in the site and what it links to.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    return sha256(
        {
            "cells": cells(notebook),
            "parameters": parameters,
            "versions": versions,
            "context": context,
            **environment(),
        }
    )


def run(asked: Mapping[str, Any], notebooks: Iterable[Path], store: Path) -> str:
    """Return the key of a whole run, from the store's version vector and what was asked for.

    Parameters
    ----------
    asked : mapping
        Pages, levels, units, parameters and issue of the run.
    notebooks : iterable of Path
        Notebooks of its pages.
    store : Path
        Folder of the store.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    vector = store / "version.json"
    return sha256(
        {
            "asked": asked,
            "cells": [cells(path) if path.is_file() else None for path in notebooks],
            "store": vector.read_text(encoding="utf-8") if vector.is_file() else None,
            **environment(),
        }
    )
