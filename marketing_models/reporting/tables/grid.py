"""Grid: stored rows become table rows; one part of the key may spread over the columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from marketing_models import schemas, units
from marketing_models.reporting import formats, privacy, readings
from marketing_models.reporting.display import Cell, Column, Key, Row, Table
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import Text, same
from marketing_models.study import Study


@dataclass(frozen=True)
class Record:
    """One row to be shown: its key and, by the value of the spread key, the stored rows."""

    unit_id: str
    key: Key
    parts: Mapping[Any, Mapping[Any, Any]]

    @property
    def any(self) -> Mapping[Any, Any]:
        """The first stored row: for what is equal in all parts."""
        return next(iter(self.parts.values()))

    def number(self, column: str, part: Any = None) -> Number | None:
        """Return a stored number; None if it is missing."""
        found = formats.plain(self.parts.get(part, {}).get(column))
        return found if isinstance(found, Number) else None

    @property
    def start(self) -> pd.Timestamp:
        """Start of the row's period."""
        return pd.Timestamp(self.any["period_start"])


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column to be made.

    Attributes
    ----------
    head, group : mapping of {"zh", "en"} to str
        Head, and head above several columns.
    column : str, optional
        Stored column.
    part : object, optional
        Value of the spread key.
    derived : callable, optional
        Number made from others, in `unit`.
    words : callable, optional
        Words instead of a number.
    unit : str
        Unit of a derived number.
    is_signed : bool
        True for changes.
    sets_unit : bool
        False for differences, which may be near zero without the column being small.
    """

    head: Text
    group: Text | None = None
    column: str | None = None
    part: Any = None
    derived: Callable[[Record], Number | None] | None = None
    words: Callable[[Record], Text] | None = None
    unit: str = "1"
    is_signed: bool = False
    sets_unit: bool = True

    def measure(self) -> str:
        """Return the unit of the column's numbers, as the dictionary writes it."""
        return (units.unit_of(self.column) if self.column else None) or self.unit

    def value(self, record: Record) -> Number | None:
        """Return the number of one row."""
        if self.derived is not None:
            return self.derived(record)
        return record.number(self.column, self.part) if self.column else None


def records(table: str, rows: pd.DataFrame, spread: str | None = None) -> list[Record]:
    """Gather stored rows that differ in the spread key alone.

    Parameters
    ----------
    table : str
        Table of the dictionary.
    rows : DataFrame
        Its rows, in the order in which they are to be shown.
    spread : str, optional
        Key column that goes across; by default every row stands alone.

    Returns
    -------
    list of Record
        In order of first appearance.
    """
    names = sorted(set(schemas.keys(table)) - {"run_id", "unit_id", spread})
    found: dict[tuple[Any, ...], dict[Any, Mapping[Any, Any]]] = {}
    for stored in rows.to_dict("records"):
        place = (stored["unit_id"], *(formats.plain(stored[n]) for n in names))
        found.setdefault(place, {})[stored[spread] if spread else None] = stored
    return [
        Record(str(place[0]), dict(zip(names, place[1:], strict=True)), parts)
        for place, parts in found.items()
    ]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a table shows.

    Attributes
    ----------
    name, table : str
        Stable name on the page; table of the dictionary.
    caption : mapping of {"zh", "en"} to str
        Its title.
    fields : sequence of Field
        Columns, the first in words.
    spread : str, optional
        Key column that goes across.
    notes : tuple of mapping
        Footnotes.
    """

    name: str
    table: str
    caption: Text
    fields: Sequence[Field]
    spread: str | None = None
    notes: tuple[Text, ...] = ()


def lay_out(
    study: Study,
    layout: Layout,
    rows: pd.DataFrame,
    *,
    total: str | None = None,
    is_marked: Callable[[Record], bool] = lambda _: False,
) -> Table:
    """Make a table of stored rows.

    Parameters
    ----------
    study : Study
        Whose level chooses the units.
    layout : Layout
        Columns and words.
    rows : DataFrame
        Stored rows in the order in which they are to be shown.
    total : str, optional
        Unit whose row is the total of the others.
    is_marked : callable
        Tells which row is recommended.

    Returns
    -------
    Table
        All columns of one measure share one display unit, so that they can be compared. Numbers
        of a hidden unit print as ``*``, not as missing.
    """
    hidden = privacy.hidden(study)
    shown = records(layout.table, rows, layout.spread)
    scales = _scales(study, shown, layout.fields)
    return Table(
        name=layout.name,
        table=layout.table,
        caption=layout.caption,
        columns=tuple(
            Column(head=f.head, group=f.group, column=None if f.derived else f.column, scale=s)
            for f, s in zip(layout.fields, scales, strict=True)
        ),
        rows=tuple(
            Row(
                unit_id=record.unit_id,
                key=record.key,
                cells=tuple(
                    _cell(record, f, layout.spread, is_hidden=record.unit_id in hidden)
                    for f in layout.fields
                ),
                is_total=record.unit_id == total,
                is_marked=is_marked(record),
            )
            for record in shown
        ),
        notes=layout.notes,
    )


def _cell(record: Record, made: Field, spread: str | None, *, is_hidden: bool) -> Cell:
    if made.words is not None:
        return Cell(text=made.words(record))
    key = {spread: made.part} if spread and made.derived is None else {}
    if is_hidden:
        return Cell(text=same(privacy.SUPPRESSED), key=key)
    return Cell(value=made.value(record), key=key)


def _scales(study: Study, shown: Iterable[Record], fields: Sequence[Field]) -> list[Scale | None]:
    level = readings.level(study)
    sizes: dict[str, list[Number | None]] = {}
    for made in fields:
        if made.words is None and made.sets_unit:
            sizes.setdefault(made.measure(), []).extend(made.value(r) for r in shown)
    return [
        None
        if made.words is not None
        else formats.scale(
            made.measure(), level, sizes.get(made.measure(), ()), is_signed=made.is_signed
        )
        for made in fields
    ]
