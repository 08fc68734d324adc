"""Display objects: what a cell shows in the session, and the one JSON from which pages are built.

Every object holds raw numbers and texts in both languages, never a formatted number alone, so
that the page, a workbook and a comparison are made from it without running the notebook again.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from marketing_models.reporting import formats, markup
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import Text, say, session_language

MIME = "application/vnd.marketing-models.page.v1+json"
# A fleet of notebooks sets this variable to off: its pages are built from the JSON alone.
SESSION_HTML = "MARKETING_MODELS_SESSION_HTML"
Key = Mapping[str, str | int]
_BLANK: Text = {"zh": "", "en": ""}


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where a printed number stands: table, unit, key and column of the dictionary.

    Attributes
    ----------
    table, unit_id, column : str
        Place of the number.
    key : mapping of str to str or int
        All key columns but run and unit; time stamps as ISO text.
    """

    table: str
    unit_id: str
    key: Key
    column: str


@dataclass(frozen=True, kw_only=True)
class Display:
    """Base of all display objects: one kind of thing on a page."""

    kind: ClassVar[str]

    def as_json(self) -> dict[str, Any]:
        """Return the object as pure JSON: raw numbers, both languages, nothing that is empty."""
        held = asdict(self, dict_factory=lambda pairs: {k: v for k, v in pairs if v is not None})
        return {
            "kind": self.kind,
            **json.loads(json.dumps(held, allow_nan=False, default=formats.plain)),
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002 - the protocol of IPython names them
        held = self.as_json()
        bundle = {"text/plain": str(self), MIME: held}
        if os.environ.get(SESSION_HTML) != "off":
            bundle["text/html"] = markup.fragment(held, session_language())
        return bundle


@dataclass(frozen=True, kw_only=True)
class Verdict(Display):
    """What the page says in sentences; the headline and the recommendation come first.

    Attributes
    ----------
    headline : mapping of {"zh", "en"} to str
        One sentence with a number.
    recommendation : mapping of {"zh", "en"} to str, optional
        What to do.
    deadline_at : str, optional
        ISO time by which it must be decided.
    deadline, owner : mapping of {"zh", "en"} to str, optional
        The same in words; who acts.
    sentences : tuple of mapping
        Reasons, risk and how sure.
    """

    kind: ClassVar[str] = "verdict"
    headline: Text
    recommendation: Text | None = None
    deadline_at: str | None = None
    deadline: Text | None = None
    owner: Text | None = None
    sentences: tuple[Text, ...] = ()

    def __str__(self) -> str:
        language = session_language()
        labelled = (
            (say("建议：{t}", "Recommended: {t}", t=self.recommendation or "")),
            (say("最迟：{t}", "Decide by: {t}", t=self.deadline or "")),
            (say("责任单位：{t}", "Responsible: {t}", t=self.owner or "")),
        )
        given = (self.recommendation, self.deadline, self.owner)
        lines = [t for t, held in zip(labelled, given, strict=True) if held]
        return "\n".join(text[language] for text in (self.headline, *lines, *self.sentences))


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One key figure.

    Attributes
    ----------
    name : str
        Stable name, by which tiles of several issues are joined.
    label, note : mapping of {"zh", "en"} to str
        What it is; its comparison.
    value : int, float or None
        Stored value.
    scale : Scale
        How it prints.
    anchor : Anchor, optional
        Where it stands.
    """

    name: str
    label: Text
    value: Number | None
    scale: Scale
    note: Text
    anchor: Anchor | None = None


@dataclass(frozen=True, kw_only=True)
class Kpis(Display):
    """At most five key figures.

    Attributes
    ----------
    tiles : tuple of Tile
        In order of importance.
    """

    kind: ClassVar[str] = "kpis"
    tiles: tuple[Tile, ...]

    def __str__(self) -> str:
        language = session_language()
        lines = [
            say(
                "{label}：{value}（{note}）" if tile.note["zh"] else "{label}：{value}",
                "{label}: {value} ({note})" if tile.note["en"] else "{label}: {value}",
                label=tile.label,
                value=formats.amount(tile.value, tile.scale),
                note=tile.note,
            )
            for tile in self.tiles
        ]
        return "\n".join(line[language] for line in lines)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table; its unit stands in its head.

    Attributes
    ----------
    head : mapping of {"zh", "en"} to str
        What it is.
    group : mapping of {"zh", "en"} to str, optional
        Head above several columns.
    column : str, optional
        Column of the dictionary; None for words and for numbers made from others.
    scale : Scale, optional
        How its numbers print; None for words.
    """

    head: Text
    group: Text | None = None
    column: str | None = None
    scale: Scale | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: a stored number or words.

    Attributes
    ----------
    value : int, float or None
        Stored number; None in a column of numbers means missing.
    key : mapping of str to str or int
        Part of the key that the row leaves to its cells: percentile, draw, metric.
    text : mapping of {"zh", "en"} to str, optional
        Words instead of a number.
    """

    value: Number | None = None
    key: Key = field(default_factory=dict)
    text: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    unit_id : str
        Unit that it speaks of.
    key : mapping of str to str or int
        Key columns but run, unit and those that its cells carry.
    cells : tuple of Cell
        One a column.
    is_total : bool
        True for the unit itself among its children.
    is_marked : bool
        True for the recommended row.
    """

    unit_id: str
    key: Key
    cells: tuple[Cell, ...]
    is_total: bool = False
    is_marked: bool = False


@dataclass(frozen=True, kw_only=True)
class Table(Display):
    """Rows of one table of the dictionary.

    Attributes
    ----------
    name : str
        Stable name on the page.
    table : str
        Table of the dictionary.
    caption : mapping of {"zh", "en"} to str
        Its title.
    columns : tuple of Column
        Heads.
    rows : tuple of Row
        May be empty: the notes then say why.
    notes : tuple of mapping
        Footnotes.
    """

    kind: ClassVar[str] = "table"
    name: str
    table: str
    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Text, ...] = ()

    def __str__(self) -> str:
        language = session_language()
        heads = [_head(column, language) for column in self.columns]
        lines = (
            [self.caption[language], " | ".join(heads)] if self.rows else [self.caption[language]]
        )
        lines += [" | ".join(self._printed(row, language)) for row in self.rows]
        return "\n".join([*lines, *(note[language] for note in self.notes)])

    def _printed(self, row: Row, language: str) -> list[str]:
        return [
            formats.number(cell.value, column.scale, language)
            if column.scale and cell.text is None
            else (cell.text or _BLANK)[language]
            for column, cell in zip(self.columns, row.cells, strict=True)
        ]


def _head(column: Column, language: str) -> str:
    parts = (column.group, column.head, column.scale.unit if column.scale else None)
    return " ".join(text[language] for text in parts if text and text[language])


@dataclass(frozen=True, kw_only=True)
class Figure(Display):
    """One chart as a specification in each language.

    Attributes
    ----------
    name : str
        Stable name on the page.
    title, caption : mapping of {"zh", "en"} to str
        What it shows; how to read it.
    spoken : mapping of {"zh", "en"} to str
        Its content in words, for readers who do not see it.
    specification : mapping of {"zh", "en"} to mapping
        Vega-Lite, with its numbers in display units.
    """

    kind: ClassVar[str] = "figure"
    name: str
    title: Text
    caption: Text
    spoken: Text
    specification: Mapping[str, Mapping[str, Any]]

    def __str__(self) -> str:
        language = session_language()
        return f"{self.title[language]}\n{self.spoken[language]}"


@dataclass(frozen=True, kw_only=True)
class FindingText:
    """One limit of the page.

    Attributes
    ----------
    code, severity, unit_id : str
        As the finding has them.
    facts : mapping
        Its numbers.
    text : mapping of {"zh", "en"} to str
        The same in words.
    """

    code: str
    severity: str
    unit_id: str
    facts: Mapping[str, Any]
    text: Text


@dataclass(frozen=True, kw_only=True)
class Findings(Display):
    """Limits of the page.

    Attributes
    ----------
    items : tuple of FindingText
        The hardest first.
    """

    kind: ClassVar[str] = "findings"
    items: tuple[FindingText, ...]

    def __str__(self) -> str:
        language = session_language()
        none = {"zh": "未发现数据局限。", "en": "No limits were found in the data."}
        return "\n".join(i.text[language] for i in self.items) or none[language]


@dataclass(frozen=True, kw_only=True)
class Section(Display):
    """A heading of the page; what follows belongs to it.

    Attributes
    ----------
    title : mapping of {"zh", "en"} to str
        Heading.
    text : mapping of {"zh", "en"} to str, optional
        One paragraph below it.
    """

    kind: ClassVar[str] = "section"
    title: Text
    text: Text | None = None

    def __str__(self) -> str:
        language = session_language()
        return "\n".join(t[language] for t in (self.title, self.text) if t)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One line of the record behind a page.

    Attributes
    ----------
    label, text : mapping of {"zh", "en"} to str
        What it is and what it says.
    """

    label: Text
    text: Text


@dataclass(frozen=True, kw_only=True)
class Sources(Display):
    """Who computed the page, from what, with what.

    Attributes
    ----------
    items : tuple of Source
        In order.
    """

    kind: ClassVar[str] = "sources"
    items: tuple[Source, ...]

    def __str__(self) -> str:
        language = session_language()
        lines = [say("{a}：{b}", "{a}: {b}", a=item.label, b=item.text) for item in self.items]
        return "\n".join(line[language] for line in lines)
