"""Comparing: the display objects and the place of a page that lays two pages side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marketing_models.cis import Store
from marketing_models.errors import PageError
from marketing_models.reporting import comparison
from marketing_models.reporting.display import Section, Verdict
from marketing_models.reporting.language import LANGUAGES, Text, same, say
from marketing_models.reporting.page import Link, PageContext
from marketing_models.reporting.readings import unit_name
from pipelines import keys, shelf

_Held = Mapping[str, Any]


def side_by_side(entries: Sequence[Path]) -> tuple[list[_Held], PageContext]:
    """Return what a comparison shows, and where it stands.

    Parameters
    ----------
    entries : sequence of Path
        Folders of two pages, as the cache keeps them. The difference is the first minus the second.

    Returns
    -------
    objects : list of mapping
        Display objects as JSON: what both say, key figures, charts and sources of each, and the
        tables joined.
    context : PageContext
        Of a page that stands alone.

    Raises
    ------
    PageError
        If one of them could not be made, or they are different pages.
    """
    summaries = [shelf.read(entry / "page.json") for entry in entries]
    for held in summaries:
        if held["state"] != "made":
            place = f"{held['unit_id']} {held['page']} of {held['issue']}"
            raise PageError(f"{place} is {held['state']}: {held['reason']['en']}; choose another")
    names = [held["page"] for held in summaries]
    if names[0] != names[1]:
        raise PageError(f"{names[0]} and {names[1]} are different pages; compare two of one kind")
    given = [keys.parameters(entry / "page.ipynb") for entry in entries]
    stores = [Store.open(held["store"]) for held in given]
    units = [unit_name(s.hierarchy(), g["unit_id"]) for s, g in zip(stores, given, strict=True)]
    called = _called(given, units, entries)
    tiles, *tables = comparison.compare(summaries[0], summaries[1], called)
    charts = [held for pair in zip(called, entries, strict=True) for held in _charts(*pair)]
    context = _context(summaries, units, called, stores[0])
    return [_verdict(summaries, called, tiles), tiles, *charts, *tables], context


def _called(
    given: Sequence[_Held], units: Sequence[Text], entries: Sequence[Path]
) -> tuple[Text, Text]:
    """Call each page by what it differs in; by its key if that is nothing that can be seen."""
    differing = [n for n in dict.fromkeys([*given[0], *given[1]]) if _differ(n, *given)]
    first, second = (
        _joined([_word(name, held, unit) for name in differing])
        for held, unit in zip(given, units, strict=True)
    )
    if first == second:
        return same(entries[0].name[:12]), same(entries[1].name[:12])
    return first, second


def _differ(name: str, ours: _Held, theirs: _Held) -> bool:
    return bool(ours.get(name) != theirs.get(name))


def _word(name: str, given: _Held, unit: Text) -> Text:
    if name == "unit_id":
        return unit
    value = given.get(name, "—")
    return same(value if name == "issue" else f"{name}={value}")


def _joined(texts: Sequence[Text]) -> Text:
    return {lang: " · ".join(dict.fromkeys(text[lang] for text in texts)) for lang in LANGUAGES}


def _verdict(summaries: Sequence[_Held], called: Sequence[Text], tiles: _Held) -> _Held:
    """Lead with the first key figure that both have; below it stands what each page says."""
    headline = say("{a}与{b}", "{a} and {b}", a=called[0], b=called[1])
    for row in tiles["rows"]:
        item, unit, *numbers = (cell.get("text") for cell in row["cells"][:5])
        if "value" in row["cells"][4]:
            first, second, difference = (_amount(number, unit) for number in numbers)
            headline = say(
                "{item}：{a}{x}，{b}{y}，相差{d}",
                "{item}: {a} {x}, {b} {y}; difference {d}",
                item=item,
                a=called[0],
                b=called[1],
                x=first,
                y=second,
                d=difference,
            )
            break
    said = [
        say("{a}：{h}", "{a}: {h}", a=name, h=held["headline"])
        for name, held in zip(called, summaries, strict=True)
        if "headline" in held
    ]
    return Verdict(headline=headline, sentences=tuple(said)).as_json()


def _amount(number: Text, unit: Text) -> Text:
    if not number["en"][-1].isdigit():  # the difference of two rates names its unit itself
        return number
    return say("{n}{u}", "{n}{u}" if unit["en"] == "%" else "{n} {u}", n=number, u=unit)


def _charts(name: Text, entry: Path) -> list[_Held]:
    shown = [
        {**held, "name": f"{held.get('name', '')}_{entry.name}"}
        for held in shelf.read(entry / "objects.json")
        if held["kind"] in {"figure", "sources"}
    ]
    return [Section(title=say("图：{a}", "Charts: {a}", a=name)).as_json(), *shown]


def _context(
    summaries: Sequence[_Held], units: Sequence[Text], called: Sequence[Text], store: Store
) -> PageContext:
    title = say("{a} 对 {b}", "{a} against {b}", a=called[0], b=called[1])
    return PageContext(
        unit_id=summaries[0]["unit_id"],
        page_name="compare",
        title=title,
        path=(Link(label=_joined(units), unit_id=summaries[0]["unit_id"]),),
        pages=(Link(label=title),),
        children=(),
        other_language="../{language}/compare.html",
        issue=_joined([same(held["issue"]) for held in summaries])["en"],
        data_date=max(held["data_date"] for held in summaries),
        store=store.folder.name,
        store_version_number=store.version,
        computed_by=unit_name(store.hierarchy(), store.unit_id),
        downloads=("pdf", "xlsx"),
    )
