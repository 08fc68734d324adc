"""Page: the display objects of one notebook become one page in Chinese and one in English."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketing_models.reporting import markup
from marketing_models.reporting.language import LANGUAGES, Text


@dataclass(frozen=True, kw_only=True)
class Link:
    """A unit or page to go to.

    Attributes
    ----------
    label : mapping of {"zh", "en"} to str
        What it is called.
    href : str, optional
        Relative address, the same within both languages; None where there is no page.
    unit_id : str, optional
        The unit it leads to; rows of tables that speak of it get the same link.
    """

    label: Text
    href: str | None = None
    unit_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What a page must know beside its display objects.

    Attributes
    ----------
    unit_id, page_name : str
        Unit and file stem of the page.
    title : mapping of {"zh", "en"} to str
        Name of the page.
    path : tuple of Link
        Units from the root to the page's own, which comes last. ``{index}`` in an address stands
        for the index of the page's language.
    pages, children : tuple of Link
        The unit's pages, this one without address; units directly below.
    other_language : str
        Relative address of this page in the other language, with ``{language}`` for its folder.
    issue, data_date, store : str
        Name of the issue, last day of the data, name of the store.
    store_version_number : int
        Version of the store.
    computed_by : mapping of {"zh", "en"} to str
        Unit whose store computed the numbers.
    downloads : tuple of str
        Endings of the other files of this page, which stand beside it.
    """

    unit_id: str
    page_name: str
    title: Text
    path: tuple[Link, ...]
    pages: tuple[Link, ...]
    children: tuple[Link, ...]
    other_language: str
    issue: str
    data_date: str
    store: str
    store_version_number: int
    computed_by: Text
    downloads: tuple[str, ...] = ("pdf", "xlsx", "ipynb")


def files(objects: Sequence[Mapping[str, Any]], context: PageContext) -> dict[str, bytes]:
    """Build all files of one page.

    Parameters
    ----------
    objects : sequence of mapping
        Display objects as JSON, in the order of the notebook.
    context : PageContext
        Where the page stands.

    Returns
    -------
    dict of str to bytes
        ``zh.html``, ``zh.pdf``, ``zh.xlsx`` and the same for ``en``. The same objects give the
        same bytes.
    """
    from marketing_models.reporting import pdf, workbook

    made: dict[str, bytes] = {}
    for language in LANGUAGES:
        drawn = drawings(objects, language)
        made[f"{language}.html"] = html(objects, context, drawn, language).encode()
        made[f"{language}.pdf"] = pdf.build(objects, context, drawn, language)
        made[f"{language}.xlsx"] = workbook.build(objects, context, language)
    return made


def html(
    objects: Sequence[Mapping[str, Any]],
    context: PageContext,
    drawings: Mapping[str, str],
    language: str,
) -> str:
    """Build the HTML of one page in one language.

    Parameters
    ----------
    objects : sequence of mapping
        Display objects as JSON, in the order of the notebook. What stands before the first
        section is the first screen.
    context : PageContext
        Where the page stands.
    drawings : mapping of str to str
        SVG of each figure in this language, by its name.
    language : {"zh", "en"}
        Language of the page.

    Returns
    -------
    str
        A document that asks for nothing else and reads without its script. The same objects give
        the same bytes.

    Notes
    -----
    Other programs read the numbers back by attributes. A table has ``data-table``, a row
    ``data-unit-id`` and ``data-key`` (all key columns but run and unit, ``name=value`` joined by
    semicolons, sorted by name, times in ISO form), the row of the unit among its children also
    ``data-total``. A cell has ``data-column`` and ``data-value``, the exact stored number; where
    percentiles, draws or metrics are columns, that part of the key is the cell's ``data-key``.
    Tiles and index tables carry all of these themselves. A missing number has neither column nor
    value, nor has one that is made from others.
    """
    first, sections = split(objects)
    return markup.render(
        "page.html.j2",
        language,
        context=context,
        headline=headline(objects, context),
        first=first,
        sections=sections,
        drawings=drawings,
        links={link.unit_id: link.href for link in context.children if link.href},
    )


def split(
    objects: Iterable[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[list[Mapping[str, Any]]]]:
    """Part the objects into the first screen and the sections, each begun by its heading."""
    first: list[Mapping[str, Any]] = []
    sections: list[list[Mapping[str, Any]]] = []
    for held in objects:
        if held["kind"] == "section":
            sections.append([held])
        else:
            (sections[-1] if sections else first).append(held)
    return first, sections


def headline(objects: Iterable[Mapping[str, Any]], context: PageContext) -> Text:
    """Return the headline of the verdict, else the title of the page."""
    verdicts = (held["headline"] for held in objects if held["kind"] == "verdict")
    found: Text = next(verdicts, context.title)
    return found


def drawings(objects: Iterable[Mapping[str, Any]], language: str) -> dict[str, str]:
    """Draw the figures among the objects in one language, by name."""
    from marketing_models.reporting import charts

    return {
        str(held["name"]): charts.draw(held, language)
        for held in objects
        if held["kind"] == "figure"
    }
