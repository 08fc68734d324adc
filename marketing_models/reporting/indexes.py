"""Indexes: the pages of a site that lead to the others: root, province, units, comparisons."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from marketing_models.regions import Hierarchy
from marketing_models.reporting import markup, search
from marketing_models.reporting.language import LANGUAGES
from marketing_models.reporting.measures import Summaries
from marketing_models.reporting.site import Stamp
from marketing_models.reporting.site_labels import labels
from marketing_models.reporting.site_views import INDEX_FILES, Edition, History, View


def files(
    hierarchy: Hierarchy, summaries: Summaries, stamp: Stamp, *, history: History = ()
) -> dict[str, str]:
    """Build all index files of one issue.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store.
    summaries : mapping of unit to mapping of page to summary
        What `site.summary` returned of each page, with ``unit_id, page, issue, data_date,
        state`` and, where the state is not ``made``, ``reason`` in both languages.
    stamp : Stamp
        Of the issue.
    history : sequence of tuple
        Past issues, the oldest first: name, and summaries as above; those of the newest with
        their tables.

    Returns
    -------
    dict of str to str
        Text by path within the folder of the issue: ``index.html`` (Chinese), ``index.en.html``,
        and in each of the folders ``zh`` and ``en`` a ``search.js`` and for each unit
        ``index.html`` and, if the past issue has the unit too, ``compare.html``.

    Notes
    -----
    Other programs read the numbers back by attributes. Tiles carry all of them themselves, as on
    pages. In tables of units a row has ``data-unit-id`` and a cell ``data-value``, the exact
    stored number; table, key and column stand once, in the head of the column, and in a cell only
    if they differ there.
    """
    edition = Edition(hierarchy, summaries, stamp, history)
    found = {}
    for language in LANGUAGES:
        view = View(edition, language)
        found[INDEX_FILES[language]] = view.province()
        found[f"{language}/search.js"] = search.script(
            hierarchy, summaries, edition.titles, language
        )
        for unit in edition.units:
            found[f"{language}/{unit}/index.html"] = view.unit(unit)
            if edition.past_pages(unit):
                found[f"{language}/{unit}/compare.html"] = view.compare(unit)
    return found


def root(issues: Sequence[Mapping[str, Any]]) -> str:
    """Build ``index.html`` of a site: at once to the newest issue, and a list of all.

    Parameters
    ----------
    issues : sequence of mapping
        The oldest first, each with ``issue``, ``data_date``, ``headline`` in both languages or
        None, and ``page_count``.

    Returns
    -------
    str
        HTML document without a script, in Chinese with the English beside it.
    """
    return markup.render(
        "root.html.j2",
        "zh",
        words={language: labels(language) for language in LANGUAGES},
        issues=[
            {**held, "folder": f"issues/{quote(held['issue'], safe='')}"}
            for held in reversed(issues)
        ],
        pages=INDEX_FILES,
    )
