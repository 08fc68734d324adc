"""Workbook: the tables of a page as sheets, numbers as numbers, every text as nothing but text."""

import io
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from marketing_models.reporting import formats, markup
from marketing_models.reporting.formats import MISSING, Number
from marketing_models.reporting.language import Text, clean
from marketing_models.reporting.page import PageContext

_Held = Mapping[str, Any]

_FONTS = {"zh": "Microsoft YaHei", "en": "Calibri"}
_NAME_UNITS = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_ACCENT, _TINT, _SOFT = "#0b6b63", "#e6f1f0", "#55606c"
_PAPER_A4 = 9
_NEVER = "1900-01-01"


def build(objects: Sequence[_Held], context: PageContext, language: str) -> bytes:
    """Build the workbook of one page in one language.

    Parameters
    ----------
    objects : sequence of mapping
        Display objects as JSON, in the order of the notebook.
    context : PageContext
        Where the page stands.
    language : {"zh", "en"}
        Language of the workbook.

    Returns
    -------
    bytes
        An xlsx file: what the page says on the first sheet, then a sheet for each table that has
        rows. The same objects give the same bytes.

    Notes
    -----
    A number stands in display units with all its digits and is only shown rounded, so a stored
    value is the cell times the unit of its head. Nothing is a formula or a link.
    """
    file = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = _Book(xlsxwriter.Workbook(file, settings), language)
    book.add_about(objects, context)
    for held in objects:
        if held["kind"] == "table" and held["rows"]:
            book.add_table(held)
    book.close(context)
    return file.getvalue()


class _Book:
    """A workbook in one language: its texts, looks and names of sheets."""

    def __init__(self, book: xlsxwriter.Workbook, language: str) -> None:
        self._book, self.language = book, language
        self._names = {"history"}  # Excel keeps this name for itself
        base = {"font_name": _FONTS[language], "font_size": 10, "valign": "vcenter"}
        self.look = cache(lambda **look: book.add_format({**base, **look}))

    def say(self, text: Text | None) -> str:
        return clean(text[self.language]) if text else ""

    def label(self, name: str) -> str:
        return markup.label(name, self.language)

    def sheet(self, title: str) -> Worksheet:
        name = fresh_name(title, self._names)
        self._names.add(name.lower())
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_paper(_PAPER_A4)
        sheet.fit_to_pages(1, 0)
        return sheet

    def add_about(self, objects: Sequence[_Held], context: PageContext) -> None:
        _About(self, context).add(objects)

    def add_table(self, held: _Held) -> None:
        _Table(self, held).add()

    def close(self, context: PageContext) -> None:
        self._book.set_properties(
            {
                "title": self.say(context.title),
                "author": self.say(context.computed_by),
                "created": datetime.fromisoformat(context.data_date),
            }
        )
        self._book.close()


def fresh_name(title: str, taken: Iterable[str]) -> str:
    """Return a name that a sheet may have: not taken, short, without forbidden characters.

    Parameters
    ----------
    title : str
        What the sheet holds.
    taken : iterable of str
        Names that other sheets have, in lower case.

    Returns
    -------
    str
        At most 31 UTF-16 units; a number behind a title that stands more than once.
    """
    wanted = clean(_NOT_IN_NAMES.sub(" ", title)) or "-"
    name, count, held = _cut(wanted, _NAME_UNITS), 1, set(taken)
    while name.lower() in held:
        count += 1
        end = f" {count}"
        name = _cut(wanted, _NAME_UNITS - len(end)) + end
    return name


def _cut(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore").strip()


def shown(value: Number | None, scale: _Held, language: str) -> float | str:
    """Return a stored value in display units with all its digits; a dash if it is missing."""
    if value is None:
        return MISSING
    divisor = formats.exact(scale["divisor"][language])
    return float(Decimal(formats.exact(value)) / Decimal(divisor))


def number_format(scale: _Held, language: str) -> str:
    """Return the code by which a sheet shows numbers of a scale as the page prints them."""
    places = scale["decimals"][language]
    digits = "#,##0" + ("." + "0" * places if places else "")
    return f"+{digits};-{digits};{digits}" if scale["is_signed"] else digits


class _About:
    """The first sheet: everything that the page says in words, and its key figures."""

    def __init__(self, book: _Book, context: PageContext) -> None:
        self._book, self._context = book, context
        self._sheet = book.sheet(book.label("about"))
        self._line = 0
        for place, width in enumerate((24, 16, 16, 62)):
            self._sheet.set_column(place, place, width)

    def add(self, objects: Sequence[_Held]) -> None:
        self._frame()
        write = {
            "verdict": self._verdict,
            "kpis": self._kpis,
            "findings": self._findings,
            "sources": self._sources,
            "table": self._absent,
        }
        for held in objects:
            if held["kind"] in write:
                write[held["kind"]](held)

    def _frame(self) -> None:
        context, label = self._context, self._book.label
        title = self._book.look(bold=True, font_size=14, font_color=_ACCENT)
        _write(self._sheet, 0, 0, self._book.say(context.title), title)
        self._line = 2
        units = [self._book.say(one.label) for one in context.path if one.unit_id is not None]
        version = f"{context.store} · {label('version')} {context.store_version_number}"
        self._pair(label("unit"), " › ".join(units))
        self._pair(label("issue"), context.issue)
        self._pair(label("data_date"), context.data_date)
        self._pair(label("computed_by"), self._book.say(context.computed_by))
        self._pair(label("store"), version)

    def _heading(self, name: str) -> None:
        form = self._book.look(bold=True, font_color=_ACCENT, bottom=1)
        _write(self._sheet, self._line + 1, 0, self._book.label(name), form)
        self._line += 2

    def _pair(self, label: str, text: str, **look: Any) -> None:
        """Write a label, and a text over the rest of a line that is high enough for it."""
        form = self._book.look(text_wrap=True, valign="top", **look)
        name = f"{label[:1].upper()}{label[1:]}"
        _write(self._sheet, self._line, 0, name, self._book.look(font_color=_SOFT, valign="top"))
        self._sheet.merge_range(self._line, 1, self._line, 3, "", form)
        _write(self._sheet, self._line, 1, clean(text), form)
        self._sheet.set_row(self._line, 16 * max(1, -(-markup.width(text) // 84)))
        self._line += 1

    def _verdict(self, held: _Held) -> None:
        say = self._book.say
        self._heading("conclusion")
        self._pair("", say(held["headline"]), bold=True)
        for name in ("recommendation", "deadline", "owner"):
            if name in held:
                self._pair(self._book.label(name), say(held[name]))
        for sentence in held["sentences"]:
            self._pair("", say(sentence))

    def _kpis(self, held: _Held) -> None:
        say, soft = self._book.say, self._book.look(font_color=_SOFT)
        self._heading("key_figures")
        for tile in held["tiles"]:
            scale = tile["scale"]
            form = self._book.look(
                bold=True, align="right", num_format=number_format(scale, self._book.language)
            )
            value = shown(tile.get("value"), scale, self._book.language)
            _write(self._sheet, self._line, 0, say(tile["label"]), soft)
            _write(self._sheet, self._line, 1, value, form)
            _write(self._sheet, self._line, 2, say(scale["unit"]), soft)
            _write(self._sheet, self._line, 3, say(tile["note"]), soft)
            self._line += 1

    def _findings(self, held: _Held) -> None:
        self._heading("limits")
        for item in held["items"]:
            self._pair(self._book.label(item["severity"]), self._book.say(item["text"]))
        if not held["items"]:
            self._pair("", self._book.label("no_findings"))

    def _sources(self, held: _Held) -> None:
        self._heading("sources")
        for item in held["items"]:
            self._pair(self._book.say(item["label"]), self._book.say(item["text"]))

    def _absent(self, held: _Held) -> None:
        # A table without rows has no sheet; its notes say why.
        for note in () if held["rows"] else held["notes"]:
            self._pair(self._book.say(held["caption"]), self._book.say(note))


_Value = str | float | datetime


@dataclass(frozen=True)
class _Column:
    """One column of a sheet: its heads, its values and how they show."""

    group: str
    head: str
    values: Sequence[_Value]
    look: Mapping[str, Any]

    @property
    def width(self) -> float:
        """Characters that the head and the longest value need."""
        shown = [f"{v:,.2f}" if isinstance(v, float) else str(v) for v in self.values]
        needed = max(map(markup.width, (*self.head.split("\n"), *shown)))
        return float(min(40, max(9, 1.1 * needed + 2)))


class _Table:
    """One sheet of rows: heads with units, frozen, with a filter; notes below."""

    def __init__(self, book: _Book, held: _Held) -> None:
        self._book, self._held = book, held
        self._sheet = book.sheet(book.say(held["caption"]))
        columns = [
            self._column(column, [row["cells"][place] for row in held["rows"]])
            for place, column in enumerate(held["columns"])
        ]
        self._columns = [columns[0], *self._keys(), *columns[1:]]

    def _column(self, column: _Held, cells: Sequence[_Held]) -> _Column:
        say, language = self._book.say, self._book.language
        group, head, scale = say(column.get("group")), say(column["head"]), column.get("scale")
        if scale is None:
            return _Column(group, head, [say(cell.get("text")) for cell in cells], {})
        values = [
            say(cell["text"]) if "text" in cell else shown(cell.get("value"), scale, language)
            for cell in cells
        ]
        look = {"align": "right", "num_format": number_format(scale, language)}
        unit = say(scale["unit"])
        return _Column(group, f"{head}\n{unit}" if unit else head, values, look)

    def _keys(self) -> list[_Column]:
        """Return what tells the rows apart: units and times, where they differ."""
        rows = self._held["rows"]
        label = self._book.label
        units = [clean(row["unit_id"]) for row in rows]
        starts = [datetime.fromisoformat(row["key"].get("period_start", _NEVER)) for row in rows]
        keys = (
            _Column("", label("unit_code"), units, {}),
            _Column("", label("period_start"), starts, {"num_format": "yyyy-mm-dd hh:mm"}),
        )
        return [key for key in keys if len(set(key.values)) > 1]

    def add(self) -> None:
        heads = 2 if any(column.group for column in self._columns) else 1
        first, last = heads + 1, heads + len(self._held["rows"])
        self._write_heads(heads)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width)
            for line, (row, value) in enumerate(
                zip(self._held["rows"], column.values, strict=True)
            ):
                look = self._book.look(**column.look, **_emphasis(row))
                _write(self._sheet, first + line, place, value, look)
        self._sheet.autofilter(heads, 0, last, len(self._columns) - 1)
        self._sheet.freeze_panes(first, 1)
        self._sheet.repeat_rows(0, heads)
        if len(self._columns) > 6:
            self._sheet.set_landscape()
        for line, note in enumerate(self._held["notes"], last + 2):
            _write(self._sheet, line, 0, self._book.say(note), self._book.look(font_color=_SOFT))

    def _write_heads(self, line: int) -> None:
        look = self._book.look
        title = look(bold=True, font_size=12, font_color=_ACCENT)
        _write(self._sheet, 0, 0, self._book.say(self._held["caption"]), title)
        self._sheet.set_row(line, 32)
        below: dict[str, Any] = {"bold": True, "text_wrap": True, "bottom": 2, "bg_color": _TINT}
        for place, column in enumerate(self._columns):
            form = look(align=column.look.get("align", "left"), **below)
            _write(self._sheet, line, place, column.head, form)
        above = look(bold=True, align="center", bottom=1)
        place = 0
        for group, run in itertools.groupby(self._columns, key=lambda column: column.group):
            count = len(list(run))
            if group and count > 1:
                self._sheet.merge_range(1, place, 1, place + count - 1, "", above)
            if group:
                _write(self._sheet, 1, place, group, above)
            place += count


def _emphasis(row: _Held) -> dict[str, Any]:
    tint = {"bg_color": _TINT} if row["is_marked"] else {}
    return {"bold": True, **tint} if row["is_marked"] or row["is_total"] else {}


def _write(sheet: Worksheet, line: int, place: int, value: _Value, form: Format) -> None:
    if isinstance(value, str):
        # The writer takes a text in this tag for markup of its own and would not escape it.
        sheet.write_string(line, place, f" {value}" if value.startswith("<r>") else value, form)
    elif isinstance(value, datetime):
        sheet.write_datetime(line, place, value, form)
    else:
        sheet.write_number(line, place, value, form)
