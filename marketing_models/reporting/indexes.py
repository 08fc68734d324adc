"""Indexes: the pages of a site that lead to the others, of a store and of a unit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from marketing_models.regions import Hierarchy
from marketing_models.reporting import formats, markup
from marketing_models.reporting.language import LANGUAGES, Text, say
from marketing_models.reporting.page import Link, PageContext
from marketing_models.reporting.site import INDEX, PAGES, STORE_TITLE, Stamp, page_context
from marketing_models.units import unit_of

_SHORT: Mapping[str, Text] = {
    "00_decision_brief": say("简报", "Brief"),
    "40_demand": say("需求", "Demand"),
}
# Key figures in the tables of units: tile of page 40, head.
_FIGURES: Mapping[str, Text] = {
    "last_week_energy": say("上一周用电量", "Energy, last week"),
    "week_energy": say("未来一周用电量（P50）", "Energy, coming week (P50)"),
    "week_peak": say("最大负荷（P50）", "Peak load (P50)"),
}

Summary = Mapping[str, Any]
Summaries = Mapping[str, Mapping[str, Summary]]


def store_index(hierarchy: Hierarchy, summaries: Summaries, stamp: Stamp) -> str:
    """Build ``index.html`` of a store: Chinese, with links to both languages.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store.
    summaries : mapping of unit to mapping of page to summary
        What `summary` returned of each page that exists.
    stamp : Stamp
        Of the issue.

    Returns
    -------
    str
        HTML document: the headlines of the root and a table of all units.
    """
    root = hierarchy.root
    places = _Places(hierarchy, summaries, "{language}/{unit}/{page}.html")
    context = PageContext(
        unit_id=root,
        page_name=INDEX,
        title=STORE_TITLE,
        path=(Link(label=hierarchy.name(root)),),
        pages=tuple(
            Link(label=PAGES[stem], href=places.address(root, stem, "zh"))
            for stem in places.stems(root)
        ),
        children=(),
        other_language=f"{{language}}/{quote(root, safe='')}/{INDEX}.html",
        **vars(stamp),
    )
    return _index(places, context, "zh", hierarchy.below(root))


def unit_index(
    hierarchy: Hierarchy, unit_id: str, summaries: Summaries, stamp: Stamp
) -> dict[str, str]:
    """Build the index page of one unit in both languages.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store.
    unit_id : str
        The unit.
    summaries : mapping of unit to mapping of page to summary
        What `summary` returned of each page that exists.
    stamp : Stamp
        Of the issue.

    Returns
    -------
    dict of {"zh", "en"} to str
        HTML documents: the headlines of its pages and a table of the unit and its children.
    """
    places = _Places(hierarchy, summaries, "../{unit}/{page}.html")
    context = page_context(hierarchy, unit_id, INDEX, available=summaries, stamp=stamp)
    units = (unit_id, *hierarchy.children(unit_id))
    return {language: _index(places, context, language, units) for language in LANGUAGES}


@dataclass(frozen=True)
class _Places:
    """Pages that exist, and their addresses as seen from one index page."""

    hierarchy: Hierarchy
    summaries: Summaries
    pattern: str

    def stems(self, unit_id: str) -> list[str]:
        return [stem for stem in PAGES if stem in self.summaries.get(unit_id, {})]

    def address(self, unit_id: str, page: str, language: str) -> str:
        return self.pattern.format(language=language, unit=quote(unit_id, safe=""), page=page)

    def tile(self, unit_id: str, name: str) -> Mapping[str, Any] | None:
        held = self.summaries.get(unit_id, {}).get("40_demand", {"tiles": []})["tiles"]
        return next((tile for tile in held if tile["name"] == name and "value" in tile), None)


def _index(places: _Places, context: PageContext, language: str, units: Sequence[str]) -> str:
    unit = context.unit_id
    languages = LANGUAGES if context.title is STORE_TITLE else (language,)
    return markup.render(
        "index.html.j2",
        language,
        context=context,
        headline=context.title,
        name=places.hierarchy.name(unit),
        pages=[
            {
                "title": PAGES[stem],
                "href": places.address(unit, stem, language),
                **places.summaries[unit][stem],
            }
            for stem in places.stems(unit)
        ],
        columns=_columns(places, units),
        tongues=languages,
        rows=[_row(places, unit, below, languages) for below in units],
    )


def _columns(places: _Places, units: Sequence[str]) -> list[dict[str, Any]]:
    level = places.hierarchy.level(units[0])
    columns = []
    for name, head in _FIGURES.items():
        tiles = [tile for tile in (places.tile(unit, name) for unit in units) if tile]
        measure = unit_of(tiles[0]["anchor"]["column"]) if tiles else None
        scale = formats.scale(measure or "", level, [tile["value"] for tile in tiles])
        columns.append({"name": name, "head": head, "scale": asdict(scale)})
    return columns


def _row(places: _Places, top: str, unit_id: str, languages: Sequence[str]) -> dict[str, Any]:
    hierarchy = places.hierarchy
    is_known = unit_id in places.summaries
    return {
        "depth": len(hierarchy.path(unit_id)) - len(hierarchy.path(top)),
        "name": hierarchy.name(unit_id),
        "href": places.address(unit_id, INDEX, languages[0]) if is_known else None,
        "tiles": {name: places.tile(unit_id, name) for name in _FIGURES},
        "links": {
            language: [
                {"label": _SHORT[stem][language], "href": places.address(unit_id, stem, language)}
                for stem in places.stems(unit_id)
            ]
            for language in languages
        },
    }
