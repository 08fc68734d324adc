"""Tile map: cities as blocks, counties as tiles of one hue, without geodata."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd

from marketing_models.regions import Hierarchy
from marketing_models.reporting import formats, markup
from marketing_models.reporting.formats import Number
from marketing_models.reporting.measures import Measure
from marketing_models.reporting.readings import unit_name
from marketing_models.reporting.site_labels import labels

STEPS = 6
MISSING = "x"
ACROSS = 3
TILE_WIDTH = {"zh": 44, "en": 54}
TILE_HEIGHT, GAP = 30, 3
BLOCK_GAP, HEAD = 18, 20
_WIDEST = 4
# A province of few cities gets larger tiles.
_LARGEST = 1.3
_LETTERS = {"zh": 3, "en": 8}
_KINDS = re.compile(r"(?<=..)[县市区旗]$| (County|City|District|Banner|Prefecture)$")


@dataclass(frozen=True)
class _Block:
    unit_id: str
    counties: tuple[str, ...]
    row: int
    column: int


def steps(values: Mapping[str, Number]) -> dict[str, int]:
    """Sort units into six classes of about equal numbers of units.

    Parameters
    ----------
    values : mapping of str to int or float
        By unit.

    Returns
    -------
    dict of str to int
        0 for the lowest to 5; equal values are always in one class.
    """
    ranked = sorted(values.values())
    below = {value: place for place, value in reversed(list(enumerate(ranked)))}
    return {unit: STEPS * below[value] // len(ranked) for unit, value in values.items()}


def draw(
    hierarchy: Hierarchy,
    measures: Sequence[Measure],
    linked: Collection[str],
    base: str,
    language: str,
) -> str:
    """Draw the counties of a store, coloured by the first measure.

    Parameters
    ----------
    hierarchy : Hierarchy
        Its ``tile_row`` and ``tile_column`` place the blocks; those without follow in order of
        code.
    measures : sequence of Measure
        What a tile may be coloured by; a reader with script can choose.
    linked : collection of str
        Units that have a page to go to.
    base : str
        Relative address of the folder in which units have theirs.
    language : {"zh", "en"}
        Language of the page.

    Returns
    -------
    str
        Legend of each measure, and one inline SVG. A unit without a number is hatched. Empty
        without a measure, and for a store that is one county.
    """
    blocks = _blocks(hierarchy)
    if not measures or not blocks:
        return ""
    counties = {county for block in blocks for county in block.counties}
    held = [{u: v for u, v in m.numbers.items() if u in counties} for m in measures]
    classes = [steps(values) for values in held]
    tops, height = _tops(blocks)
    width = (max(b.column for b in blocks) + 1) * (_block_width(language) + BLOCK_GAP) - BLOCK_GAP
    return markup.render(
        "tilemap.html.j2",
        language,
        word=labels(language),
        measures=measures,
        legends=[_legend(*each, language) for each in zip(measures, held, classes, strict=True)],
        blocks=[
            _block(hierarchy, block, tops[block.row], measures[0], classes, language)
            for block in blocks
        ],
        address=lambda unit: f"{base}{quote(unit, safe='')}/index.html" if unit in linked else "",
        width=width,
        widest=round(width * _LARGEST),
        height=height,
        tile=(TILE_WIDTH[language], TILE_HEIGHT),
    )


def _block_width(language: str) -> int:
    return ACROSS * (TILE_WIDTH[language] + GAP) - GAP


def _blocks(hierarchy: Hierarchy) -> list[_Block]:
    root = hierarchy.root
    cities = hierarchy.children(root)
    if not cities:
        return []
    if not any(hierarchy.children(city) for city in cities):
        return [_Block(root, cities, 0, 0)]
    places = _places(hierarchy, cities)
    return [
        _Block(city, hierarchy.counties(city), *place)
        for city, place in sorted(places.items(), key=lambda item: item[1])
    ]


def _places(hierarchy: Hierarchy, cities: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Place cities by their own row and column, the others and doublets where there is room."""
    found: dict[str, tuple[int, int]] = {}
    for city in cities:
        row = hierarchy.row(city)
        wanted = (row["tile_row"], row["tile_column"])
        if not any(map(pd.isna, wanted)) and wanted not in found.values():
            found[city] = (int(wanted[0]), int(wanted[1]))
    rows = sorted({row for row, _ in found.values()})
    first = min((column for _, column in found.values()), default=0)
    found = {city: (rows.index(row), column - first) for city, (row, column) in found.items()}
    free = _free(len(rows), min(_WIDEST, math.ceil(1.3 * math.sqrt(len(cities)))))
    return found | {city: next(free) for city in cities if city not in found}


def _free(first_row: int, width: int) -> Iterator[tuple[int, int]]:
    place = 0
    while True:
        yield first_row + place // width, place % width
        place += 1


def _tops(blocks: Sequence[_Block]) -> tuple[list[int], int]:
    """Return the top of each row of blocks, as high as its largest, and the height of all."""
    tops, top = [], 0
    for row in range(max(block.row for block in blocks) + 1):
        tops.append(top)
        lines = [math.ceil(len(b.counties) / ACROSS) for b in blocks if b.row == row]
        top += HEAD + max(lines, default=0) * (TILE_HEIGHT + GAP) + BLOCK_GAP
    return tops, top - BLOCK_GAP


def _block(
    hierarchy: Hierarchy,
    block: _Block,
    top: int,
    measure: Measure,
    classes: Sequence[Mapping[str, int]],
    language: str,
) -> dict[str, Any]:
    left = block.column * (_block_width(language) + BLOCK_GAP)

    def described(unit: str, letters: int) -> dict[str, Any]:
        name = unit_name(hierarchy, unit)[language]
        return {
            "unit": unit,
            "label": _short(name, letters),
            "title": f"{name}{labels(language)('colon')}{_amount(measure, unit, language)}",
        }

    return {
        **described(block.unit_id, 4 * _LETTERS[language]),
        "x": left,
        "y": top + HEAD - 6,
        "tiles": [
            {
                **described(unit, _LETTERS[language]),
                "x": left + place % ACROSS * (TILE_WIDTH[language] + GAP),
                "y": top + HEAD + place // ACROSS * (TILE_HEIGHT + GAP),
                "steps": "".join(str(held.get(unit, MISSING)) for held in classes),
            }
            for place, unit in enumerate(block.counties)
        ],
    }


def _amount(measure: Measure, unit: str, language: str) -> str:
    if unit not in measure.numbers:
        return labels(language)("missing")
    return formats.amount(measure.numbers[unit], measure.scale)[language]


def _short(name: str, letters: int) -> str:
    if len(name) > letters:
        name = _KINDS.sub("", name)
    return name if len(name) <= letters else name[: letters - 1] + "…"


def _legend(
    measure: Measure, values: Mapping[str, Number], classes: Mapping[str, int], language: str
) -> list[tuple[int, str]]:
    """Return each class that has a unit, with its lowest and highest number."""
    found = []
    for step in sorted(set(classes.values())):
        held = [values[unit] for unit, own in classes.items() if own == step]
        low, high = (
            formats.number(value, measure.scale, language) for value in (min(held), max(held))
        )
        found.append((step, low if low == high else f"{low} – {high}"))
    return found
