"""Faults and odd spellings that are planted in an export, each with what a reader must find."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
import pandas as pd

from marketing_models.synthetic.exports_columns import KEYS, KNOWN_COUNTIES, ORDERED, Column
from marketing_models.synthetic.exports_files import Edit, Part
from marketing_models.synthetic.exports_spellings import ERRORS, FORMS, REPAIRS, Cell
from marketing_models.synthetic.streams import stream

_TRIES = 60
# Of the faults of one cell, how many go to a row that has one already.
_COMPANY = 0.25
ROWS = ("field_count", "bad_order", "duplicate_key", "blank_record")
KINDS = (*ERRORS, *ROWS, *REPAIRS)


@dataclass(kw_only=True)
class Planted:
    """What was planted.

    Attributes
    ----------
    edits : dict of str to dict of int to Edit
        By table and row.
    errors : list of tuple
        Table, row, column name or empty, reason_code.
    repairs : list of tuple
        Table, row, column name, written, value after repair.
    """

    edits: dict[str, dict[int, Edit]]
    errors: list[tuple[str, int, str, str]] = field(default_factory=list)
    repairs: list[tuple[str, int, str, str, str]] = field(default_factory=list)


def plant(
    parts: Sequence[Part], faults: Mapping[str, int], seed: int, unit_ids: Sequence[str]
) -> Planted:
    """Choose rows and cells for faults, so that what a reader must find is never in doubt.

    Parameters
    ----------
    parts : sequence of Part
        All files of the delivery.
    faults : mapping of str to int
        How many of each of `KINDS`, over all tables together.
    seed : int
        Decides where.
    unit_ids : sequence of str
        Counties that are delivered.

    Returns
    -------
    Planted
        Edits and expectations.

    Raises
    ------
    ValueError
        If a kind is unknown, or there are not enough rows that can bear it.
    """
    unknown = sorted(set(faults) - set(KINDS))
    if unknown:
        raise ValueError(f"faults {', '.join(unknown)} are unknown; there are {', '.join(KINDS)}")
    planter = _Planter(parts, seed, unit_ids)
    # Whole rows first: they need rows that nothing else touches.
    for kind in [*ROWS, *ERRORS, *REPAIRS]:
        for number in range(faults.get(kind, 0)):
            if not planter.place(kind):
                raise ValueError(
                    f"only {number} of {faults[kind]} faults {kind} find a row that can bear "
                    "them; ask for fewer, or export more rows or fewer units"
                )
    return planter.planted


def _suits(kind: str, column: Column) -> bool:
    if kind == "missing_value":
        return column.is_required
    return kind not in FORMS or column.form in FORMS[kind]


class _Planter:
    """Finds a free place for one fault after the other."""

    def __init__(self, parts: Sequence[Part], seed: int, unit_ids: Sequence[str]) -> None:
        self.rng = stream(seed, "sg186", "faults")
        self.parts: dict[str, list[Part]] = {}
        for part in sorted(parts, key=lambda part: part.file.encode()):
            self.parts.setdefault(part.extract.name, []).append(part)
        cities = {unit[:4] for unit in unit_ids}
        self.outside = tuple(unit for unit in KNOWN_COUNTIES if unit[:4] not in cities)
        self.planted = Planted(edits={name: {} for name in self.parts})
        # Rows that bear only what they have.
        self.closed: set[tuple[str, int]] = set()
        self.targets = {kind: self._targets(kind) for kind in KINDS}
        self.width = sum(len(held[0].extract.columns) for held in self.parts.values())

    def _targets(self, kind: str) -> Iterator[tuple[str, Column]]:
        """Yield the tables in which a kind makes sense in turn, each with its columns in turn."""
        suited = {
            name: np.array([c for c in held[0].extract.columns if _suits(kind, c)], dtype=object)
            for name, held in self.parts.items()
        }
        turns = {name: cycle(self.rng.permutation(c)) for name, c in suited.items() if len(c)}
        for name in cycle(list(self.rng.permutation(list(turns)))):
            yield str(name), next(turns[str(name)])

    def place(self, kind: str) -> bool:
        """Plant one fault of a kind and tell whether there was room."""
        plant_one = {
            "field_count": self._field_count,
            "bad_order": self._bad_order,
            "duplicate_key": self._duplicate_key,
            "blank_record": self._blank_record,
        }.get(kind)
        for _, (table, column) in zip(range(5 * self.width), self.targets[kind], strict=False):
            done = plant_one(table) if plant_one else self._cell(kind, table, column)
            if done:
                return True
        return False

    def _rows(self, table: str) -> Iterator[tuple[Part, int]]:
        """Yield rows at random, first a file, so that the small ones get their share."""
        parts = self.parts[table]
        for _ in range(_TRIES):
            part = parts[int(self.rng.integers(len(parts)))]
            yield part, int(self.rng.integers(part.start, part.stop))

    def _untouched(self, table: str) -> Iterator[tuple[Part, int]]:
        for part, row in self._rows(table):
            if row not in self.planted.edits[table] and (table, row) not in self.closed:
                yield part, row

    def _text(self, part: Part, row: int, name: str) -> str:
        column = next(column for column in part.extract.columns if column.name == name)
        return part.extract.texts(column, row, row + 1)[0]

    def _close(self, table: str, row: int, edit: Edit | None = None) -> None:
        self.closed.add((table, row))
        if edit is not None:
            self.planted.edits[table][row] = edit

    def _field_count(self, table: str) -> bool:
        for part, row in self._untouched(table):
            if part.kind == "text":
                more = (-1, 1)[int(self.rng.integers(2))]
                self._close(table, row, Edit(more_fields=more))
                self.planted.errors.append((table, row, "", "field_count"))
                return True
        return False

    def _blank_record(self, table: str) -> bool:
        for _, row in self._untouched(table):
            # Faults may join it later: their line must count the blank one.
            self.planted.edits[table][row] = Edit(is_after_blank=True)
            return True
        return False

    def _bad_order(self, table: str) -> bool:
        if table not in ORDERED:
            return False
        first, second = ORDERED[table]
        for part, row in self._untouched(table):
            begin = self._text(part, row, first)
            is_month = len(begin) == 6
            start = pd.Timestamp(f"{begin}01" if is_month else begin)
            before = start - pd.Timedelta(int(self.rng.integers(1, 20)), "D" if is_month else "s")
            written = str(before.date() if is_month else before)
            self._close(table, row, Edit(cells={second: written}))
            self.planted.errors.append((table, row, second, "bad_order"))
            return True
        return False

    def _duplicate_key(self, table: str) -> bool:
        found = list(dict.fromkeys((part.file, row) for part, row in self._untouched(table)))
        if len(found) < 2:
            return False
        # The one that comes first in the order of files and lines is accepted.
        places = sorted(found[:2], key=lambda place: (place[0].encode(), place[1]))
        parts = {part.file: part for part in self.parts[table]}
        (file, row), (_, later) = places
        key = {name: self._text(parts[file], row, name) for name in KEYS[table]}
        self._close(table, row)
        self._close(table, later, Edit(cells=key))
        self.planted.errors.append((table, later, KEYS[table][0], "duplicate_key"))
        return True

    def _cell(self, kind: str, table: str, column: Column) -> bool:
        is_error = kind in ERRORS
        make = ERRORS[kind] if is_error else REPAIRS[kind]
        rows = self._in_company(table) if is_error else self._untouched(table)
        for part, row in rows:
            if kind == "bad_encoding" and part.kind == "sheet":
                continue
            text = self._text(part, row, column.name)
            cell = Cell(column=column, text=text, rng=self.rng, outside=self.outside)
            # An odd spelling needs something to spell.
            written = make(cell) if is_error or text else None
            edit = self.planted.edits[table].get(row, Edit())
            if written is None or column.name in edit.cells:
                continue
            self.planted.edits[table][row] = edit
            edit.cells[column.name] = written
            if is_error:
                self.planted.errors.append((table, row, column.name, kind))
            else:
                self.planted.repairs.append((table, row, column.name, written, text))
                self.closed.add((table, row))
            return True
        return False

    def _in_company(self, table: str) -> Iterator[tuple[Part, int]]:
        """Yield rows for a fault: some that have one in another cell, then untouched ones."""
        faulty = [row for row in self.planted.edits[table] if (table, row) not in self.closed]
        if faulty and self.rng.random() < _COMPANY:
            row = faulty[int(self.rng.integers(len(faulty)))]
            yield next(part for part in self.parts[table] if part.start <= row < part.stop), row
        yield from self._untouched(table)
