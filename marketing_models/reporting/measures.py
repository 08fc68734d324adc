"""Measures: the key figures by which index pages compare units."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from marketing_models import schemas
from marketing_models.regions import Hierarchy
from marketing_models.reporting import formats, times
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import LANGUAGES, Text, say

Summaries = Mapping[str, Mapping[str, Mapping[str, Any]]]
Tile = Mapping[str, Any]

# Page and tile of each column, in order. Changes are made from two tiles of a page.
_TILES = (
    ("40_demand", "last_week_energy"),
    ("40_demand", "week_energy"),
    ("40_demand", "week_peak"),
    ("40_demand", "shortfall_probability"),
    ("40_demand", "week_error"),
)
_CHANGE = ("week_energy", "last_week_energy")
_CHANGE_HEAD = say("未来一周较上一周", "Coming week on the last")
_SPANS: Mapping[str, Callable[[pd.Timestamp], Text]] = {
    "day": times.day,
    "week": times.days,
    "month": times.month,
}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One key figure of several units.

    Attributes
    ----------
    name : str
        Name of the tile, or ``week_change``.
    head : mapping of {"zh", "en"} to str
        What it is.
    period : mapping of {"zh", "en"} to str or None
        Which days it is about.
    scale : Scale
        How it prints at every level.
    numbers : mapping of str to int or float
        By unit; those without a number are not in it.
    anchors : mapping of str to mapping
        Where each stands; empty for numbers made from others.
    is_sum : bool
        True if units add up to their parent.
    """

    name: str
    head: Text
    period: Text | None
    scale: Scale
    numbers: Mapping[str, Number]
    anchors: Mapping[str, Mapping[str, Any]]
    is_sum: bool

    @property
    def place(self) -> Mapping[str, Any] | None:
        """Table, key and column that most of its numbers share."""
        held = Counter(_written(anchor) for anchor in self.anchors.values())
        if not held:
            return None
        common = held.most_common(1)[0][0]
        return next(a for a in self.anchors.values() if _written(a) == common)

    def stands_apart(self, unit_id: str) -> bool:
        """Say whether a unit's number has another key or column than most."""
        anchor, place = self.anchors.get(unit_id), self.place
        return anchor is not None and place is not None and _written(anchor) != _written(place)


def _written(anchor: Mapping[str, Any]) -> tuple[Any, ...]:
    return (anchor["table"], anchor["column"], *sorted(anchor["key"].items()))


def measures(hierarchy: Hierarchy, summaries: Summaries, units: Sequence[str]) -> list[Measure]:
    """Return the key figures that at least two units have.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store.
    summaries : mapping of unit to mapping of page to summary
        As the index has them.
    units : sequence of str
        Units to compare.

    Returns
    -------
    list of Measure
        Each with one scale for all levels, that of its middle unit among the finest.
    """
    finest = [unit for unit in units if not hierarchy.children(unit)] or list(units)
    found = []
    for page, name in _TILES:
        tiles = {u: t for u in units if (t := tile(summaries, u, page, name)) is not None}
        if len(tiles) >= 2:
            found.append(_measure(name, tiles, [u for u in finest if u in tiles]))
    by_name = {measure.name: measure for measure in found}
    if set(_CHANGE) <= set(by_name):
        new, old = (by_name[name] for name in _CHANGE)
        found.insert(found.index(new) + 1, _change(new, old))
    return found


def tile(summaries: Summaries, unit_id: str, page: str, name: str) -> Tile | None:
    """Return a tile that has a number, or None."""
    held = summaries.get(unit_id, {}).get(page, {}).get("tiles", ())
    return next((t for t in held if t["name"] == name and t.get("value") is not None), None)


def _measure(name: str, tiles: Mapping[str, Tile], finest: Sequence[str]) -> Measure:
    first = next(iter(tiles.values()))
    anchors = {unit: t["anchor"] for unit, t in tiles.items() if "anchor" in t}
    ranked = sorted(finest or tiles, key=lambda unit: (abs(tiles[unit]["value"]), unit))
    middle = tiles[ranked[len(ranked) // 2]]
    return Measure(
        name=name,
        head=first["label"],
        period=next((p for t in tiles.values() if (p := period(t)) is not None), None),
        scale=_three_digits(Scale(**middle["scale"]), middle["value"]),
        numbers={unit: t["value"] for unit, t in tiles.items()},
        anchors=anchors,
        is_sum=bool(anchors) and all(_is_sum(anchor) for anchor in anchors.values()),
    )


def _three_digits(scale: Scale, value: Number) -> Scale:
    """Drop decimals that the middle unit does not need for three digits."""
    decimals = {}
    for language in LANGUAGES:
        shown = abs(value) / scale.divisor[language]
        needed = 2 - math.floor(math.log10(shown)) if shown else 0
        decimals[language] = min(scale.decimals[language], max(needed, 0))
    return replace(scale, decimals=decimals)


def _change(new: Measure, old: Measure) -> Measure:
    rates = {
        u: formats.ratio(new.numbers[u], old.numbers[u]) for u in new.numbers if u in old.numbers
    }
    return Measure(
        name="week_change",
        head=_CHANGE_HEAD,
        period=new.period,
        scale=formats.scale("1", "province", is_signed=True),
        numbers={unit: rate for unit, rate in rates.items() if rate is not None},
        anchors={},
        is_sum=False,
    )


def _is_sum(anchor: Mapping[str, Any]) -> bool:
    known = anchor["table"] in schemas.tables()
    return known and anchor["column"] in schemas.summed(anchor["table"])


def period(held: Tile) -> Text | None:
    """Say which days a tile is about, where the key of its number tells."""
    key = held.get("anchor", {}).get("key", {})
    span = _SPANS.get(key.get("resolution_code", ""))
    if span is None or "period_start" not in key:
        return None
    return span(pd.Timestamp(key["period_start"]))
