"""Comparison: two summaries of a page side by side, joined on the keys of their rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from marketing_models.reporting import formats
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import Text, say

Json = Mapping[str, Any]
Labels = tuple[Text, Text]
RowKey = tuple[str, frozenset[tuple[str, Any]]]
# Column by its name in the dictionary or by its heads, then unit and whole key of the number.
Place = tuple[tuple[str, ...], RowKey]

_TIME = "period_start"
_CHANGE = asdict(formats.scale("1", "province", is_signed=True))
_WORDS = {
    "item": say("项目", "Item"),
    "measure": say("计量单位", "Unit"),
    "difference": say("差", "Difference"),
    "change": say("变化率", "Change"),
    "points": say("百分点", "points"),
    "tiles": say("关键指标", "Key figures"),
    "shifted": say(
        "两者没有相同的时段，按先后次序对齐；括号内为后者的时段。",
        "The two share no period; they are aligned in order of time, the second one's in brackets.",
    ),
}


def compare(a: Json, b: Json, labels: Labels) -> tuple[dict[str, Any], ...]:
    """Compare two summaries of a page: of two issues, units or scenarios.

    Parameters
    ----------
    a, b : mapping
        What `site.summary` returned, with ``unit_id``. The difference is a minus b.
    labels : tuple of mapping of {"zh", "en"} to str
        What the two are called.

    Returns
    -------
    tuple of dict
        Display objects as JSON: a table of the key figures; then, for each table of either, a
        section and one table for each of its columns of numbers.

    Notes
    -----
    Rows are joined on unit and key; the two pages' own units count as one. Both numbers print in
    the finer of the two display units. Tables that share no period are aligned by the order of
    their periods, so that the first day of one forecast stands beside the first day of the other.
    Two rates differ by points; a change in per cent needs a base above zero.
    """
    pair = _Pair(a, b, labels)
    found = [pair.tiles()]
    others = {held["name"]: held for held in b.get("tables", ())}
    own = {held["name"] for held in a.get("tables", ())}
    for held in (*a.get("tables", ()), *(t for n, t in others.items() if n not in own)):
        left = held if held["name"] in own else {**held, "rows": []}
        right = others.get(held["name"], {**held, "rows": []})
        found += pair.table(left, right)
    return tuple(found)


@dataclass(frozen=True)
class _Pair:
    a: Json
    b: Json
    labels: Labels

    def tiles(self) -> dict[str, Any]:
        ours, theirs = ({tile["name"]: tile for tile in side["tiles"]} for side in (self.a, self.b))
        rows = [
            self._tile(ours.get(name), theirs.get(name)) for name in dict.fromkeys([*ours, *theirs])
        ]
        heads = (
            {"head": _WORDS["item"]},
            {"head": _WORDS["measure"]},
            *(
                {"head": head, "scale": _plain_scale()}
                for head in (*self.labels, _WORDS["difference"])
            ),
            {"head": _WORDS["change"], "scale": _CHANGE},
        )
        return _table("tiles", "", _WORDS["tiles"], heads, rows)

    def _tile(self, ours: Json | None, theirs: Json | None) -> dict[str, Any]:
        either = ours or theirs or {}
        scale = _finer([tile["scale"] for tile in (ours, theirs) if tile])
        values = [(tile or {}).get("value") for tile in (ours, theirs)]
        cells = [
            {"key": {}, "text": either["label"]},
            {"key": {}, "text": scale["unit"]},
            *(_printed(value, scale) for value in values),
        ]
        if ours is None or theirs is None:
            cells += [self._only(0 if theirs is None else 1), {"key": {}}]
        else:
            signed = _signed(scale)
            difference = _difference(*values)
            cells.append(_printed(difference, signed))
            if scale["unit"]["zh"] == "%" and difference is not None:
                cells[-1]["text"] = formats.amount(difference, Scale(**signed))
            cells.append(_cell(_rate(scale, *values)))
        key = {"tile": either["name"]}
        return _row(str(self.a.get("unit_id", "")), key, cells)

    def _only(self, side: int) -> dict[str, Any]:
        return {"key": {}, "text": say("仅{l}", "only {l}", l=self.labels[side])}

    def table(self, ours: Json, theirs: Json) -> Iterator[dict[str, Any]]:
        left, right = (
            _Side(held, str(side.get("unit_id", "")))
            for held, side in ((ours, self.a), (theirs, self.b))
        )
        is_shifted = not set(left.cells) & set(right.cells) and left.has_times and right.has_times
        if is_shifted:
            left, right = left.in_order(), right.in_order()
        tables = list(self._columns(left, right))
        if not tables:
            return
        yield {"kind": "section", "title": ours["caption"]} | (
            {"text": _WORDS["shifted"]} if is_shifted else {}
        )
        yield from tables

    def _columns(self, left: "_Side", right: "_Side") -> Iterator[dict[str, Any]]:
        partner = _partners(left, right)
        for place, column in left.numbers():
            others = [theirs for theirs, ours in partner.items() if ours == place]
            rows = self._joined(left, right, place, others)
            scales = [column["scale"], *(right.columns[theirs]["scale"] for theirs in others)]
            yield from self._written(left, column, rows, scales)
        for place, column in right.numbers():
            if partner.get(place) is None:
                rows = self._joined(left, right, None, [place])
                yield from self._written(right, column, rows, [column["scale"]])

    def _joined(
        self, left: "_Side", right: "_Side", own: int | None, others: Sequence[int]
    ) -> list[tuple["_Number | None", "_Number | None"]]:
        mine = {place: n for place, n in left.cells.items() if n.column == own}
        rest = {p: n for p, n in right.cells.items() if n.column in others and p not in left.cells}
        return [
            *((number, right.cells.get(place)) for place, number in mine.items()),
            *((None, number) for number in rest.values()),
        ]

    def _written(
        self,
        side: "_Side",
        column: Json,
        pairs: Iterable[tuple["_Number | None", "_Number | None"]],
        scales: Sequence[Json],
    ) -> Iterator[dict[str, Any]]:
        scale = _finer(scales)
        rows = [self._number_row(*pair, scale) for pair in pairs]
        if not rows:
            return
        heads: list[dict[str, Any]] = [{"head": side.columns[0]["head"]}]
        heads += [{"head": label, "scale": scale} for label in self.labels]
        heads.append({"head": _WORDS["difference"], "scale": _signed(scale)})
        if scale["unit"]["zh"] != "%":
            heads.append({"head": _WORDS["change"], "scale": _CHANGE})
        name = f"{side.name}_{side.columns.index(column)}"
        yield _table(name, side.table, _column_name(column), heads, rows)

    def _number_row(
        self, ours: "_Number | None", theirs: "_Number | None", scale: Json
    ) -> dict[str, Any]:
        either = ours or theirs
        assert either is not None  # noqa: S101 - every pair has a side; this tells the type checker
        label = either.label
        if ours and theirs and ours.label != theirs.label:
            label = say("{a}（{b}）", "{a} ({b})", a=ours.label, b=theirs.label)
        values = [number.value if number else None for number in (ours, theirs)]
        cells = [{"key": {}, "text": label}, *map(_cell, values)]
        if ours is None or theirs is None:
            cells.append(self._only(0 if theirs is None else 1))
        else:
            cells.append(_cell(_difference(*values)))
        if scale["unit"]["zh"] != "%":
            cells.append(_cell(_rate(scale, *values)))
        return _row(either.unit_id, either.key, cells)


@dataclass(frozen=True)
class _Number:
    value: Number
    column: int
    unit_id: str
    key: Json
    label: Text


@dataclass(frozen=True)
class _Side:
    """The numbers of one table by their place."""

    held: Json
    own_unit: str
    order: Mapping[tuple[Any, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", dict(self._cells()))

    cells: dict[Place, _Number] = field(init=False)

    @property
    def name(self) -> str:
        return str(self.held["name"])

    @property
    def table(self) -> str:
        return str(self.held["table"])

    @property
    def columns(self) -> list[Json]:
        return list(self.held["columns"])

    def numbers(self) -> list[tuple[int, Json]]:
        return [(place, c) for place, c in enumerate(self.columns) if c.get("scale") is not None]

    @property
    def has_times(self) -> bool:
        return any(_TIME in dict(key) for _, (_, key) in self.cells)

    def in_order(self) -> "_Side":
        times = sorted({_moment(dict(key)) for _, (_, key) in self.cells if _TIME in dict(key)})
        first: dict[Any, int] = {}
        order = {}
        for moment in times:
            order[moment] = first[moment[0]] = first.get(moment[0], -1) + 1
        return _Side(self.held, self.own_unit, order)

    def _cells(self) -> Iterator[tuple[Place, _Number]]:
        numbers = [(place, column, _identity(column)) for place, column in self.numbers()]
        for row in self.held["rows"]:
            label = self._label(row)
            unit = "" if row["unit_id"] == self.own_unit else row["unit_id"]
            for place, _, identity in numbers:
                cell = row["cells"][place]
                if cell.get("value") is None:
                    continue
                key = {**row["key"], **cell.get("key", {})}
                number = _Number(cell["value"], place, row["unit_id"], key, label)
                yield (identity, (unit, self._joined_key(key))), number

    def _joined_key(self, key: Json) -> frozenset[tuple[str, Any]]:
        if self.order and _TIME in key:
            key = {**key, _TIME: self.order[_moment(key)]}
        return frozenset(key.items())

    def _label(self, row: Json) -> Text:
        """Join the words that lead the row: a number is known by all of them."""
        words = []
        for column, cell in zip(self.columns, row["cells"], strict=True):
            if column.get("scale") is not None:
                break
            words.append(cell.get("text") or say("", ""))
        return {lang: " · ".join(w[lang] for w in words if w[lang]) for lang in ("zh", "en")}


def _moment(key: Json) -> tuple[str, str]:
    return (str(key.get("resolution_code", "")), str(key[_TIME]))


def _identity(column: Json) -> tuple[str, ...]:
    if column.get("column") is not None:
        return (column["column"],)
    return ("", column.get("group", {}).get("zh", ""), column["head"]["zh"])


def _partners(left: _Side, right: _Side) -> dict[int, int]:
    """Return for each column of b the column of a that it belongs to."""
    found: dict[int, int] = {}
    for place, number in left.cells.items():
        if place in right.cells:
            found.setdefault(right.cells[place].column, number.column)
    heads = {_heads(column): own for own, column in left.numbers()}
    for other, column in right.numbers():
        if other not in found and _heads(column) in heads:
            found[other] = heads[_heads(column)]
    return found


def _heads(column: Json) -> tuple[str, ...]:
    return (*_identity(column), column.get("group", {}).get("zh", ""), column["head"]["zh"])


def _column_name(column: Json) -> Text:
    if "group" not in column:
        return dict(column["head"])
    return say("{group} {head}", "{group}, {head}", group=column["group"], head=column["head"])


def _finer(scales: Iterable[Json]) -> Json:
    return min(scales, key=lambda scale: (scale["divisor"]["zh"], -scale["decimals"]["zh"]))


def _signed(scale: Json) -> dict[str, Any]:
    is_rate = scale["unit"]["zh"] == "%"
    return {
        **scale,
        "is_signed": True,
        "unit": _WORDS["points"] if is_rate else scale["unit"],
    }


def _difference(ours: Number | None, theirs: Number | None) -> Number | None:
    return None if ours is None or theirs is None else ours - theirs


def _rate(scale: Json, ours: Number | None, theirs: Number | None) -> float | None:
    return None if scale["unit"]["zh"] == "%" else formats.ratio(ours, theirs)


def _plain_scale() -> dict[str, Any]:
    return asdict(formats.scale("count", "province"))


def _cell(value: Number | None) -> dict[str, Any]:
    return {"key": {}} if value is None else {"key": {}, "value": value}


def _printed(value: Number | None, scale: Json) -> dict[str, Any]:
    """Print a number here: the rows of this table have units of their own."""
    texts = {language: formats.number(value, Scale(**scale), language) for language in ("zh", "en")}
    return {**_cell(value), "text": texts}


def _row(unit_id: str, key: Json, cells: Sequence[Json]) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "key": dict(key),
        "cells": list(cells),
        "is_total": False,
        "is_marked": False,
    }


def _table(
    name: str, table: str, caption: Text, columns: Sequence[Json], rows: Sequence[Json]
) -> dict[str, Any]:
    return {
        "kind": "table",
        "name": name,
        "table": table,
        "caption": caption,
        "columns": list(columns),
        "rows": list(rows),
        "notes": [],
    }
