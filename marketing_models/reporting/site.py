"""Site: where pages stand, and how they link.

``index.html`` of a store stands beside the folders ``zh`` and ``en``; in each of them every unit
has a folder with its ``index.html`` and its pages. All links are relative, so the site works from
a disk as from a web server.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd

from marketing_models.regions import Hierarchy
from marketing_models.reporting import readings
from marketing_models.reporting.language import Text, say
from marketing_models.reporting.page import Link, PageContext
from marketing_models.study import Study

BRIEF = "00_decision_brief"
PAGES: Mapping[str, Text] = {
    BRIEF: say("经营决策简报", "Decision brief"),
    "40_demand": say("电力需求预测", "Demand forecast"),
}
INDEX = "index"
INDEX_TITLE = say("单位首页", "Unit page")
STORE_TITLE = say("全部单位", "All units")
MADE = "made"  # state of a page that judges
_VERDICT = ("headline", "recommendation", "deadline", "deadline_at", "owner")


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
        return Link(label=readings.unit_name(hierarchy, unit), href=href, unit_id=unit)

    stems = [INDEX, *(stem for stem in PAGES if stem in available.get(unit_id, ()))]
    titles = {**PAGES, INDEX: INDEX_TITLE}
    return PageContext(
        unit_id=unit_id,
        page_name=page,
        title=titles[page],
        path=(
            Link(label=STORE_TITLE, href="../../{index}"),
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
    """Return what the index pages, later issues and comparisons need of a page.

    Parameters
    ----------
    objects : iterable of mapping
        Display objects of the page as JSON.

    Returns
    -------
    dict
        Pure JSON: ``headline``, ``recommendation``, ``deadline``, ``deadline_at`` and ``owner`` of
        the verdict as far as it has them, ``tiles``, ``findings`` and ``tables``.
    """
    found: dict[str, Any] = {"tiles": [], "findings": [], "tables": []}
    for held in objects:
        if held["kind"] == "verdict":
            found |= {key: held[key] for key in _VERDICT if key in held}
        elif held["kind"] == "kpis":
            found["tiles"] = held["tiles"]
        elif held["kind"] == "findings":
            found["findings"] = held["items"]
        elif held["kind"] == "table":
            found["tables"].append(held)
    return found
