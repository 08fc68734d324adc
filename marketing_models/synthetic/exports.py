"""The province as a marketing system of the SG186 generation would export it, clean or not.

Headers, codes and spellings are those of deliveries from such systems: Chinese labels or SG186
names, GB18030, spreadsheets, archives. Contents are invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from marketing_models.synthetic.exports_faults import KINDS, plant
from marketing_models.synthetic.exports_files import Part, by_file, plan, write
from marketing_models.synthetic.exports_tables import NEEDED, Tables, extracts

__all__ = ["ENCODINGS", "KINDS", "NEEDED", "Delivery", "sg186"]

Lines = Mapping[str, Sequence[int]]
ENCODINGS = ("gb18030", "utf-8", "utf-8-sig")


@dataclass(frozen=True, kw_only=True, eq=False)
class Delivery:
    """Files of an export and what a reader must find in them.

    Attributes
    ----------
    files : dict of str to bytes
        Content by name.
    planted : DataFrame
        Columns ``file, line, column, reason_code``, one row a cell (or row) to be refused.
    repaired : DataFrame
        Columns ``file, line, column, written, value``, one row an odd spelling to be accepted.
    """

    files: dict[str, bytes]
    planted: pd.DataFrame
    repaired: pd.DataFrame


def sg186(
    tables: Tables,
    *,
    unit_ids: Sequence[str],
    encoding: str = "gb18030",
    faults: Mapping[str, int] | None = None,
    seed: int = 1,
) -> Delivery:
    """Export customers, bills, payments, tickets and load curves of some counties.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of the dictionary, see `exports_tables.extracts`; ``supply_point`` is needed.
    unit_ids : sequence of str
        Counties, all of the unit to which the files are delivered.
    encoding : str
        One of `ENCODINGS`, for the files with most of the rows; a few others have each of the
        encodings and forms that occur.
    faults : mapping of str to int, optional
        How many of each of `KINDS` are planted; by default none.
    seed : int
        Decides contents of tickets, order of columns and place of faults.

    Returns
    -------
    Delivery
        Equal for equal arguments, byte by byte.

    Raises
    ------
    ValueError
        If the encoding is unknown.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding {encoding!r} is unknown; there are {', '.join(ENCODINGS)}")
    made = extracts(tables, unit_ids, seed)
    parts = [part for extract in made for part in plan(extract, encoding, seed)]
    planted = plant(parts, faults or {}, seed, unit_ids)
    files: dict[str, bytes] = {}
    lines: dict[str, list[int]] = {}
    for name, held in by_file(parts).items():
        files[name], places = write(held, planted.edits)
        lines |= places
    errors = [_located(parts, lines, *found) for found in planted.errors]
    repairs = [_located(parts, lines, *found) for found in planted.repairs]
    return Delivery(
        files=files,
        planted=_listed(errors, "reason_code"),
        repaired=_listed(repairs, "written", "value"),
    )


def _located(
    parts: Sequence[Part], lines: Lines, table: str, row: int, name: str, *rest: str
) -> tuple[str | int, ...]:
    """Return file, line and printed column of a cell, and what is said of it."""
    part = next(p for p in parts if p.extract.name == table and p.start <= row < p.stop)
    column = next((c for c in part.extract.columns if c.name == name), None)
    title = part.title(column) if column else ""
    return part.file, lines[part.file][row - part.start], title, *rest


def _listed(rows: Sequence[tuple[str | int, ...]], *names: str) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["file", "line", "column", *names])
    return frame.sort_values(["file", "line", "column"], ignore_index=True)
