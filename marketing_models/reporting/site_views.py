"""Site views: the index pages of one issue in one language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from marketing_models.regions import Hierarchy
from marketing_models.reporting import comparison, formats, markup, sparks, tilemap
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import Text, same, say
from marketing_models.reporting.measures import Measure, Summaries, measures, period
from marketing_models.reporting.page import split
from marketing_models.reporting.readings import unit_name
from marketing_models.reporting.site import BRIEF, MADE, PAGES, Stamp
from marketing_models.reporting.site_labels import labels

History = Sequence[tuple[str, Summaries]]
INDEX_FILES = {"zh": "index.html", "en": "index.en.html"}
_SHORT: Mapping[str, Text] = {
    "00_decision_brief": say("简报", "Brief"),
    "40_demand": say("需求", "Demand"),
}
_SEVERITIES = ("forbid", "limit", "note")
_DOWNLOADS = ("pdf", "xlsx", "ipynb")
_SHARE = formats.scale("1", "province")
# By default the map shows what asks for action; what is only large comes later.
_MAP_ORDER = ("shortfall_probability", "week_change", "week_peak")


_BESIDE = "../"


@dataclass(frozen=True)
class Edition:
    """What an issue holds, whatever the language.

    Attributes
    ----------
    hierarchy : Hierarchy
        Units of the store.
    summaries : mapping of unit to mapping of page to summary
        Its pages.
    stamp : Stamp
        Of the issue.
    history : sequence of tuple
        Past issues, the oldest first: name and summaries.
    compared : dict
        Comparisons made so far, by unit.
    """

    hierarchy: Hierarchy
    summaries: Summaries
    stamp: Stamp
    history: History
    compared: dict[str, list[tuple[str, Sequence[Mapping[str, Any]]]]] = field(default_factory=dict)

    @property
    def titles(self) -> dict[str, Text]:
        """Name of each page of the issue, in order of the pages."""
        held = {page for pages in self.summaries.values() for page in pages}
        return {page: PAGES.get(page, same(page)) for page in sorted(held)}

    @property
    def units(self) -> list[str]:
        """Units that have pages, from the root down."""
        return [u for u in self.hierarchy.below(self.hierarchy.root) if self.summaries.get(u)]

    def past_pages(self, unit: str) -> list[str]:
        """Pages that both this issue and the one before it have of a unit."""
        if not self.history:
            return []
        past = self.history[-1][1].get(unit, {})
        return [page for page in self.summaries[unit] if page in past]

    def series(self, unit: str, page: str, tile: Mapping[str, Any]) -> list[Any]:
        """Return the values of a tile, issue by issue, where it stood for the same column."""
        held = [
            _value(past.get(unit, {}).get(page, {}).get("tiles", ()), tile)
            for _, past in self.history
        ]
        return [*held, tile.get("value")]

    def comparisons(self, unit: str) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
        """Return each page of a unit with its comparison against the past issue."""
        if unit not in self.compared:
            name, past = self.history[-1]
            called = (
                say("本期 {i}", "This issue, {i}", i=self.stamp.issue),
                say("上期 {i}", "Before, {i}", i=name),
            )
            self.compared[unit] = [
                (page, comparison.compare(self.summaries[unit][page], past[unit][page], called))
                for page in self.past_pages(unit)
            ]
        return self.compared[unit]


def _value(tiles: Sequence[Mapping[str, Any]], tile: Mapping[str, Any]) -> Any:
    own = tile.get("anchor", {})
    for held in tiles:
        past = held.get("anchor", {})
        if held["name"] == tile["name"] and all(
            past.get(part) == own.get(part) for part in ("table", "column")
        ):
            return held.get("value")
    return None


@dataclass(frozen=True)
class View:
    """The index pages of an issue in one language.

    Attributes
    ----------
    edition : Edition
        The issue.
    language : {"zh", "en"}
        Language of the pages.
    """

    edition: Edition
    language: str

    def province(self) -> str:
        """Build the index of the issue: decision of the root, map, table of all units."""
        edition, base = self.edition, f"{self.language}/"
        top = edition.hierarchy.root
        units = edition.hierarchy.below(top)
        held = measures(edition.hierarchy, edition.summaries, units)
        rank = {name: place for place, name in enumerate(_MAP_ORDER)}
        ordered = sorted(held, key=lambda m: rank.get(m.name, len(rank)))
        counties = set(edition.hierarchy.counties(top))
        shown = [m for m in ordered if len(counties & set(m.numbers)) >= 2]
        other = "en" if self.language == "zh" else "zh"
        return self._render(
            "index.html.j2",
            top,
            base=base,
            elsewhere=INDEX_FILES[other],
            up="../../index.html",
            map=Markup(tilemap.draw(edition.hierarchy, shown, edition.units, base, self.language)),  # noqa: S704 - rendered by our own template, escaped there
            map_measures=shown,
            table=self._table(held, units, base),
            compare=f"{base}{quote(top, safe='')}/compare.html",
            past_issues=[
                (name, f"../{quote(name, safe='')}/{INDEX_FILES[self.language]}")
                for name, _ in reversed(edition.history)
            ],
            **self._states(base),
        )

    def unit(self, unit: str) -> str:
        """Build the page of a unit: its decision, pages, limits, and the units below."""
        hierarchy = self.edition.hierarchy
        units = (unit, *hierarchy.children(unit))
        held = measures(hierarchy, self.edition.summaries, units) if len(units) > 1 else []
        return self._render(
            "unit.html.j2",
            unit,
            base=_BESIDE,
            elsewhere=f"../../{self._other}/{quote(unit, safe='')}/index.html",
            table=self._table(held, units, _BESIDE),
            compare="compare.html",
            findings=self._findings(unit),
            children=[self._place(child, _BESIDE) for child in hierarchy.children(unit)],
        )

    def compare(self, unit: str) -> str:
        """Build the comparison of a unit's pages with those of the issue before."""
        pages = self.edition.comparisons(unit)
        past = self.edition.history[-1][0]
        folder = f"../../../{quote(past, safe='')}/{self.language}/{quote(unit, safe='')}/"
        return self._render(
            "compare.html.j2",
            unit,
            base=_BESIDE,
            elsewhere=f"../../{self._other}/{quote(unit, safe='')}/compare.html",
            past=past,
            past_folder=folder,
            compared=[
                {
                    "page": page,
                    "title": self.edition.titles[page],
                    "headlines": [
                        held.get("headline")
                        for held in (
                            self.edition.summaries[unit][page],
                            self.edition.history[-1][1][unit][page],
                        )
                    ],
                    "tiles": self._printed(objects[0]),
                    "sections": [
                        [section, *map(self._printed, tables)]
                        for section, *tables in split(objects)[1]
                    ],
                }
                for page, objects in pages
            ],
        )

    def _printed(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Print a table here: its cells are too many for the macros of a template."""
        language, columns = self.language, table["columns"]
        scales = [Scale(**c["scale"]) if "scale" in c else None for c in columns]
        rows = [
            [
                cell["text"][language]
                if "text" in cell
                else formats.number(cell.get("value"), scale or _SHARE, language)
                for scale, cell in zip(scales, row["cells"], strict=True)
            ]
            for row in table["rows"]
        ]
        return {
            "caption": table["caption"][language],
            "heads": [
                (c["head"][language], scale.unit[language] if scale else "")
                for scale, c in zip(scales, columns, strict=True)
            ],
            "rows": [(label, cells) for label, *cells in rows],
        }

    @property
    def _other(self) -> str:
        return "en" if self.language == "zh" else "zh"

    def _render(self, template: str, unit: str, **more: Any) -> str:
        edition = self.edition
        pages = edition.summaries.get(unit, {})
        script, allowed = _script()
        return markup.render(
            template,
            self.language,
            word=labels(self.language),
            print_number=lambda value, scale: formats.number(value, Scale(**scale), self.language),
            spark=lambda page, tile: self._spark(unit, page, tile),
            periods=_periods(pages),
            stamp=edition.stamp,
            unit=unit,
            name=unit_name(edition.hierarchy, unit),
            index=INDEX_FILES[self.language],
            path=[self._place(above, more["base"]) for above in edition.hierarchy.path(unit)],
            lead=pages.get(BRIEF) or next(iter(pages.values()), {}),
            pages=[self._page(unit, page, more["base"]) for page in pages],
            has_past=bool(pages) and bool(edition.past_pages(unit)),
            script=script,
            allowed=allowed,
            **more,
        )

    def _spark(self, unit: str, page: str, tile: Mapping[str, Any]) -> Markup:
        series = self.edition.series(unit, page, tile)
        return Markup(sparks.draw(series, Scale(**tile["scale"]), self.language))  # noqa: S704 - rendered by our own template, escaped there

    def _place(self, unit: str, base: str) -> dict[str, Any]:
        is_there = bool(self.edition.summaries.get(unit))
        return {
            "unit": unit,
            "label": unit_name(self.edition.hierarchy, unit),
            "href": f"{base}{quote(unit, safe='')}/index.html" if is_there else None,
        }

    def _page(self, unit: str, page: str, base: str) -> dict[str, Any]:
        held = self.edition.summaries[unit][page]
        stem = f"{base}{quote(unit, safe='')}/{quote(page, safe='')}"
        return {
            "stem": page,
            "title": self.edition.titles[page],
            "href": f"{stem}.html",
            "downloads": {kind: f"{stem}.{kind}" for kind in _DOWNLOADS},
            "summary": held,
            "is_made": held.get("state", MADE) == MADE,
            "tile": next((t for t in held.get("tiles", ()) if t.get("value") is not None), None),
        }

    def _states(self, base: str) -> dict[str, Any]:
        """Return how many pages were made and, by state and reason, which were not."""
        edition = self.edition
        count = 0
        wrong: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for unit in edition.units:
            for page, held in edition.summaries[unit].items():
                if held.get("state", MADE) == MADE:
                    count += 1
                    continue
                reason = held.get("reason", {}).get(self.language, "")
                link = self._page(unit, page, base) | {"name": unit_name(edition.hierarchy, unit)}
                wrong.setdefault((held["state"], reason), []).append(link)
        absent = [
            self._place(unit, base)
            for unit in edition.hierarchy.below(edition.hierarchy.root)
            if not edition.summaries.get(unit)
        ]
        return {
            "made_count": count,
            "wrong_count": sum(len(links) for links in wrong.values()),
            "wrong": wrong,
            "absent": absent,
        }

    def _findings(self, unit: str) -> list[Mapping[str, Any]]:
        held: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        for page in self.edition.summaries[unit].values():
            for item in page.get("findings", ()):
                held.setdefault((item["code"], item["unit_id"], item["text"]["zh"]), item)
        return sorted(held.values(), key=lambda item: _SEVERITIES.index(item["severity"]))

    def _table(self, held: Sequence[Measure], units: Sequence[str], base: str) -> dict[str, Any]:
        return {
            "measures": held,
            "has_share": {
                m.name: base == _BESIDE and m.is_sum and units[0] in m.numbers for m in held
            },
            "rows": list(self._rows(held, units, base)),
            "share_scale": vars(_SHARE),
        }

    def _rows(
        self, held: Sequence[Measure], units: Sequence[str], base: str
    ) -> Iterator[dict[str, Any]]:
        edition = self.edition
        top = len(edition.hierarchy.path(units[0]))
        for unit in units:
            yield {
                **self._place(unit, base),
                "depth": len(edition.hierarchy.path(unit)) - top,
                "cells": [self._cell(measure, unit, units[0]) for measure in held],
                "links": [
                    {"label": _SHORT[page], "href": f"{base}{quote(unit, safe='')}/{page}.html"}
                    for page in edition.summaries.get(unit, ())
                    if page in _SHORT
                ],
            }

    def _cell(self, measure: Measure, unit: str, top: str) -> dict[str, Any]:
        value = measure.numbers.get(unit)
        whole = measure.numbers.get(top)
        return {
            "text": formats.number(value, measure.scale, self.language),
            "value": value,
            "is_stored": unit in measure.anchors,
            "anchor": measure.anchors[unit] if measure.stands_apart(unit) else None,
            "share": value / whole if value is not None and whole and unit != top else None,
        }


def _periods(pages: Mapping[str, Mapping[str, Any]]) -> dict[str, Text]:
    """Return which days tiles are about; the brief's stand for the same as those of other pages."""
    tiles = (tile for page in pages.values() for tile in page.get("tiles", ()))
    return {tile["name"]: found for tile in tiles if (found := period(tile)) is not None}


@cache
def _script() -> tuple[Markup, str]:
    """Return the script of index pages and what allows it to run."""
    text = markup.packaged("index.js")
    return Markup(text), markup.digest(text)  # noqa: S704 - our own file, without user text
