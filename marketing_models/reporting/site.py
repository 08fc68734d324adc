"""Site: where pages stand, how they link, and the index pages of a store and of a unit.

``index.html`` of a store stands beside the folders ``zh`` and ``en``; in each of them every unit
has a folder with its ``index.html`` and its pages. All links are relative, so the site works from
a disk as from a web server.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd

from marketing_models.regions import Hierarchy
from marketing_models.reporting import formats, markup, readings
from marketing_models.reporting.language import LANGUAGES, Text, say
from marketing_models.reporting.page import Link, PageContext
from marketing_models.study import Study
from marketing_models.units import unit_of

PAGES: Mapping[str, Text] = {
    "00_decision_brief": say("经营决策简报", "Decision brief"),
    "40_demand": say("电力需求预测", "Demand forecast"),
}
_SHORT: Mapping[str, Text] = {
    "00_decision_brief": say("简报", "Brief"),
    "40_demand": say("需求", "Demand"),
}
INDEX = "index"
_INDEX_TITLE = say("单位首页", "Unit page")
_STORE_TITLE = say("全部单位", "All units")

# Key figures in the tables of units: tile of page 40, head.
_FIGURES: Mapping[str, Text] = {
    "last_week_energy": say("上一周用电量", "Energy, last week"),
    "week_energy": say("未来一周用电量（P50）", "Energy, coming week (P50)"),
    "week_peak": say("最大负荷（P50）", "Peak load (P50)"),
}

Summary = Mapping[str, Any]
Summaries = Mapping[str, Mapping[str, Summary]]


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What all pages of one issue share.

    Attributes
    ----------
    issue, data_date, store : str
        Name of the issue, last day of the data, name of the store.
    store_version_number : int
        Version of the store.
    computed_by : mapping of {"zh", "en"} to str
        Unit whose store computed the numbers.
    """

    issue: str
    data_date: str
    store: str
    store_version_number: int
    computed_by: Text

    @classmethod
    def of(cls, study: Study, *, store: str) -> "Stamp":
        """Take the stamp from a study of the issue.

        Parameters
        ----------
        study : Study
            Any study of the issue.
        store : str
            Name of the store.

        Returns
        -------
        Stamp
            The data end on the day before the forecast begins.
        """
        last_day = readings.origin(study) - pd.Timedelta(days=1)
        return cls(
            issue=study.issue,
            data_date=f"{last_day:%Y-%m-%d}",
            store=store,
            store_version_number=study.run.store_version_number,
            computed_by=readings.name(study, study.run.store_unit_id),
        )


def page_context(
    hierarchy: Hierarchy,
    unit_id: str,
    page: str,
    *,
    available: Mapping[str, Collection[str]],
    stamp: Stamp,
) -> PageContext:
    """Return where a page stands and what it links to.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store.
    unit_id : str
        Unit of the page.
    page : str
        File stem of the page, such as ``40_demand``, or ``index``.
    available : mapping of str to collection of str
        File stems of the pages that each unit has, without ``index``; others are not linked.
    stamp : Stamp
        Of the issue.

    Returns
    -------
    PageContext
        Links lead to the same page of other units, or to their index where they lack it.
    """

    def unit_link(unit: str) -> Link:
        held = available.get(unit)
        stem = page if held and page in held else INDEX
        href = None if held is None else f"../{quote(unit, safe='')}/{stem}.html"
        return Link(label=hierarchy.name(unit), href=href, unit_id=unit)

    stems = [INDEX, *(stem for stem in PAGES if stem in available.get(unit_id, ()))]
    titles = {**PAGES, INDEX: _INDEX_TITLE}
    return PageContext(
        unit_id=unit_id,
        title=titles[page],
        path=(
            Link(label=_STORE_TITLE, href="../../index.html"),
            *(unit_link(unit) for unit in hierarchy.path(unit_id)),
        ),
        pages=tuple(
            Link(label=titles[stem], href=None if stem == page else f"{stem}.html")
            for stem in stems
        ),
        children=tuple(unit_link(unit) for unit in hierarchy.children(unit_id)),
        other_language=f"../../{{language}}/{quote(unit_id, safe='')}/{page}.html",
        **vars(stamp),
    )


def summary(objects: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the index pages and later issues need of a page.

    Parameters
    ----------
    objects : iterable of mapping
        Display objects of the page as JSON.

    Returns
    -------
    dict
        Pure JSON: ``headline``, ``deadline`` if there is one, and ``tiles``.
    """
    found: dict[str, Any] = {"tiles": []}
    for held in objects:
        if held["kind"] == "verdict":
            found |= {k: held[k] for k in ("headline", "deadline", "deadline_at") if k in held}
        if held["kind"] == "kpis":
            found["tiles"] = held["tiles"]
    return found


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
        title=_STORE_TITLE,
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
    languages = LANGUAGES if context.title is _STORE_TITLE else (language,)
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
