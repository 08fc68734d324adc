"""PDF: the display objects of a page become A4 pages that say what the page says."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import noto_cjk_sans_otc
import typst

from marketing_models.reporting import formats, markup
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import Text, clean
from marketing_models.reporting.packing import packed
from marketing_models.reporting.page import PageContext, headline, split

_Held = Mapping[str, Any]
_FONT = "Noto Sans CJK SC"
_LONG = re.compile(r"[^\s\u2e80-\uffef]{20,}")
_NARROWEST, _WIDEST = 6, 30
_LABELS = ("recommendation", "contents", "no_findings", "page_of")


def build(
    objects: Sequence[_Held], context: PageContext, drawings: Mapping[str, str], language: str
) -> bytes:
    """Build the PDF of one page in one language.

    Parameters
    ----------
    objects : sequence of mapping
        Display objects as JSON, in the order of the notebook.
    context : PageContext
        Where the page stands.
    drawings : mapping of str to str
        SVG of each figure in this language, by its name.
    language : {"zh", "en"}
        Language of the document.

    Returns
    -------
    bytes
        The first screen of the page is its first leaf. The same objects give the same bytes.

    Notes
    -----
    All texts and numbers reach the layout as data, so no text can become code or markup of it.
    """
    held = json.dumps(printed(objects, context, drawings, language), ensure_ascii=False)
    source = markup.packaged("page.typ").encode()
    compiler = typst.Compiler(source, font_paths=_fonts())
    document = compiler.compile(format="pdf", sys_inputs={"page": held})
    return packed(cast(bytes, document))


def printed(
    objects: Sequence[_Held], context: PageContext, drawings: Mapping[str, str], language: str
) -> dict[str, Any]:
    """Return everything that the document prints, in one language, as it is printed.

    Parameters
    ----------
    objects, context, drawings, language
        As for `build`.

    Returns
    -------
    dict
        Pure JSON: texts cleaned, numbers printed as on the page.
    """
    printer = _Printer(language, drawings)
    first, sections = split(objects)
    return {
        "language": language,
        "labels": {name: markup.label(name, language) for name in _LABELS},
        "headline": printer.say(headline(objects, context)),
        **printer.frame(context),
        "first": [printer.item(held) for held in first],
        "sections": [[printer.item(held) for held in part] for part in sections],
    }


class _Printer:
    def __init__(self, language: str, drawings: Mapping[str, str]) -> None:
        self._language, self._drawings = language, drawings
        self._kinds = {
            "verdict": self._verdict,
            "kpis": self._kpis,
            "table": self._table,
            "figure": self._figure,
            "findings": self._findings,
            "section": self._section,
            "sources": self._sources,
        }

    def say(self, text: Text | None) -> str:
        return _breakable(clean(text[self._language])) if text else ""

    def item(self, held: _Held) -> dict[str, Any]:
        return {"kind": held["kind"], **self._kinds[held["kind"]](held)}

    def frame(self, context: PageContext) -> dict[str, str]:
        issue = f"{self._label('issue')} {context.issue}"
        until = f"{self._label('data_date')} {context.data_date}"
        store = f"{self._label('store')} {context.store}"
        version = f"{self._label('version')} {context.store_version_number}"
        units = [self.say(link.label) for link in context.path if link.unit_id is not None]
        shown = {
            "author": self.say(context.computed_by),
            "title": self.say(context.title),
            "place": " › ".join(units),
            "stamp": f"{issue} · {until}",
            "footer": " · ".join((units[-1], issue, until, f"{store} {version}")),
        }
        return {name: clean(text) for name, text in shown.items()}

    def _label(self, name: str) -> str:
        return markup.label(name, self._language)

    def _number(self, value: Any, scale: _Held) -> str:
        return formats.number(value, Scale(**scale), self._language)

    def _verdict(self, held: _Held) -> dict[str, Any]:
        who = [
            {"label": self._label(name), "text": self.say(held[name])}
            for name in ("deadline", "owner")
            if name in held
        ]
        said = (
            {"recommendation": self.say(held["recommendation"])} if "recommendation" in held else {}
        )
        return {
            "clauses": markup.clauses(self.say(held["headline"])),
            **said,
            "who": who,
            "sentences": [self.say(sentence) for sentence in held["sentences"]],
        }

    def _kpis(self, held: _Held) -> dict[str, Any]:
        return {"tiles": [self._tile(tile) for tile in held["tiles"]]}

    def _tile(self, tile: _Held) -> dict[str, str]:
        is_known = "value" in tile
        return {
            "label": self.say(tile["label"]),
            "value": self._number(tile.get("value"), tile["scale"]),
            "unit": self.say(tile["scale"]["unit"]) if is_known else "",
            "note": self.say(tile["note"]),
        }

    def _table(self, held: _Held) -> dict[str, Any]:
        columns = held["columns"]
        rows = [
            {
                "cells": [self._cell(*pair) for pair in zip(row["cells"], columns, strict=True)],
                "is_total": row["is_total"],
                "is_marked": row["is_marked"],
            }
            for row in held["rows"]
        ]
        cells = zip(*(row["cells"] for row in rows), strict=True)
        return {
            "caption": self.say(held["caption"]),
            "numbers": ["scale" in column for column in columns],
            "widths": [
                _width(self.say(column["head"]), texts)
                for column, texts in zip(columns, cells, strict=False)
            ],
            "heads": self._heads(columns) if rows else [],
            "rows": rows,
            "notes": [self.say(note) for note in held["notes"]],
        }

    def _cell(self, cell: _Held, column: _Held) -> str:
        if "scale" not in column or "text" in cell:
            return self.say(cell.get("text"))
        return self._number(cell.get("value"), column["scale"])

    def _heads(self, columns: Sequence[_Held]) -> list[list[dict[str, Any]]]:
        groups = [column.get("group") for column in columns]
        if not any(groups):
            return [[self._head(column, 1) for column in columns]]
        above = [
            self._head(column, 2) if group is None else self._group(group, groups.count(group))
            for place, (column, group) in enumerate(zip(columns, groups, strict=True))
            if group is None or place == 0 or groups[place - 1] != group
        ]
        return [
            above,
            [self._head(c, 1) for c, group in zip(columns, groups, strict=True) if group],
        ]

    def _head(self, column: _Held, rowspan: int) -> dict[str, Any]:
        return {
            "text": self.say(column["head"]),
            "unit": self.say(column["scale"]["unit"]) if "scale" in column else "",
            "colspan": 1,
            "rowspan": rowspan,
            "group": False,
            "number": "scale" in column,
        }

    def _group(self, group: Text, colspan: int) -> dict[str, Any]:
        plain = {"unit": "", "rowspan": 1, "group": True, "number": False}
        return {"text": self.say(group), "colspan": colspan, **plain}

    def _figure(self, held: _Held) -> dict[str, Any]:
        words = {name: self.say(held[name]) for name in ("title", "caption", "spoken")}
        return {**words, "drawing": _with_font(self._drawings[held["name"]])}

    def _findings(self, held: _Held) -> dict[str, Any]:
        return {
            "items": [
                {"label": self._label(item["severity"]), "text": self.say(item["text"])}
                for item in held["items"]
            ]
        }

    def _section(self, held: _Held) -> dict[str, Any]:
        text = {"text": self.say(held["text"])} if "text" in held else {}
        return {"title": self.say(held["title"]), **text}

    def _sources(self, held: _Held) -> dict[str, Any]:
        return {
            "items": [
                {"label": self.say(item["label"]), "text": self.say(item["text"])}
                for item in held["items"]
            ]
        }


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[noto_cjk_sans_otc.FONT_PATH.parent],
    )


def _with_font(drawing: str) -> str:
    return str(drawing).replace("<svg ", f'<svg font-family="{_FONT}" ', 1)


def _width(head: str, texts: Sequence[str]) -> int:
    """Return the share of a column in the width of its table; a head may take two lines."""
    words = [len(word) if word.isascii() else 0 for word in head.split()]
    needed = max(markup.width(head) // 2 + 1, *words, *map(markup.width, texts))
    return min(_WIDEST, 2 + max(_NARROWEST, needed))


def _breakable(text: str) -> str:
    """Let a word too long for a column break: after a mark between its parts, or anywhere."""
    return _LONG.sub(
        lambda word: re.sub(r"[_.,@/=-]|[^_.,@/=-]{16}", "\\g<0>\u200b", word[0]), text
    )
