"""The analyst's side: open a page's notebook, make a scenario of a page, compare two pages.

``python -m pipelines.analyst --store demo scenario zh/990101/40_demand unit_id=990102``
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from marketing_models.cis.location import locate
from marketing_models.errors import MarketingModelsError, PageError
from pipelines import keys, request
from pipelines.cache import Cache, write

WORK = keys.ROOT / "work"
REFUSED = 5
_SHORT = 12


@dataclass(frozen=True)
class Shelf:
    """Finished pages of one site, by page or by key.

    Attributes
    ----------
    site : Path
        Root of the site.
    """

    site: Path

    def entry(self, name: str) -> Path:
        """Return the folder in the cache of a page.

        Parameters
        ----------
        name : str
            ``zh/990101/40_demand`` of the newest issue, the same behind the name of an issue, or
            the beginning of a key.

        Returns
        -------
        Path
            With the files of the page.

        Raises
        ------
        PageError
            If there is no such page, or several keys begin like this.
        """
        cache = Cache.beside(self.site)
        found = sorted(cache.entry("").glob(f"{name}*")) if "/" not in name else []
        if "/" in name:
            found = [cache.entry(key) for key in self._keys(name) if cache.holds(key)]
        if len(found) != 1:
            raise PageError(
                f"{len(found)} pages are called {name!r} in {self.site}; name one as "
                "zh/990101/40_demand, 2026-08-02/zh/990101/40_demand, or by its key"
            )
        return found[0]

    def _keys(self, name: str) -> list[str]:
        *issue, _, unit, page = ["", "", *name.removesuffix(".html").split("/")][-4:]
        latest = self.site / "latest"
        chosen = issue[0] or (latest.read_text(encoding="utf-8").strip() if latest.exists() else "")
        manifest = self.site / "issues" / chosen / "manifest.json"
        if not manifest.is_file():
            raise PageError(f"no issue {chosen!r} in {self.site}; make it with: make reports")
        pages = json.loads(manifest.read_text(encoding="utf-8"))["pages"]
        return [held["key"] for held in pages if (held["unit_id"], held["page"]) == (unit, page)]


def lab(shelf: Shelf, page: str | None) -> list[str]:
    """Return the command that opens JupyterLab, on a copy of a page's notebook if one is named.

    Parameters
    ----------
    shelf : Shelf
        Finished pages.
    page : str or None
        The page; None for all notebooks.

    Returns
    -------
    list of str
        Program and arguments.
    """
    opened = keys.ROOT / "notebooks"
    if page:
        opened = WORK / f"{page.replace('/', '_')}.ipynb"
        opened.parent.mkdir(exist_ok=True)
        shutil.copyfile(shelf.entry(page) / "page.ipynb", opened)
    return [sys.executable, "-m", "jupyter", "lab", str(opened)]


def scenario(shelf: Shelf, page: str, changed: Sequence[str]) -> Path:
    """Make a page again with other parameters, under a key of its own.

    Parameters
    ----------
    shelf : Shelf
        Finished pages; the scenario joins them in the cache, not in the site.
    page : str
        The page that it starts from.
    changed : sequence of str
        ``NAME=VALUE`` pairs; a parameter that the notebook does not have is refused.

    Returns
    -------
    Path
        Folder with the files of the page.

    Raises
    ------
    PageError
        If the page fails.
    """
    from pipelines import fleet, jobs

    entry = shelf.entry(page)
    given = keys.parameters(entry / "page.ipynb") | request.parameters(changed)
    name = json.loads((entry / "page.json").read_text(encoding="utf-8"))["page"]
    planned = fleet.plan(
        request.Request(
            store=locate(given.pop("store")),
            notebooks=[request.NOTEBOOKS / f"{name}.ipynb"],
            levels=["province", "city", "county"],
            units=[given.pop("unit_id")],
            issue=given.pop("issue"),
            parameters=given,
            site=shelf.site,
            key="",
            threads=1,
        )
    )
    (job,) = planned.jobs
    made = jobs.execute(replace(job, context=_alone(job.context)))
    if made.state != jobs.MADE:
        raise PageError(f"the scenario is {made.state}: {made.reason}")
    key = keys.sha256([job.key, "scenario"])
    Cache.beside(shelf.site).put(key, made.files)
    return _laid_out(WORK / "scenarios" / key[:_SHORT], job.context, made.files)


def compare(shelf: Shelf, first: str, second: str) -> Path:
    """Lay two pages side by side: figures of both, and tables joined on their keys.

    Parameters
    ----------
    shelf : Shelf
        Finished pages.
    first, second : str
        Pages or keys: of two units, issues or scenarios. The difference is first minus second.

    Returns
    -------
    Path
        Folder with the comparison in both languages.
    """
    from marketing_models.reporting import comparison, page
    from marketing_models.reporting.display import Section
    from marketing_models.reporting.language import same, say

    entries = [shelf.entry(name) for name in (first, second)]
    summaries = [json.loads((e / "page.json").read_text(encoding="utf-8")) for e in entries]
    labels = [say("{a} {b}", "{a} {b}", a=s["unit_id"], b=s["issue"]) for s in summaries]
    if labels[0] == labels[1]:
        labels = [
            say("{a}（{k}）", "{a} ({k})", a=label, k=e.name[:_SHORT])
            for label, e in zip(labels, entries, strict=True)
        ]
    context = page.PageContext(
        unit_id=summaries[0]["unit_id"],
        page_name="compare",
        title=say("比较", "Comparison"),
        path=tuple(page.Link(label=label) for label in labels),
        pages=(),
        children=(),
        other_language="../../{language}/compare/compare.html",
        issue=" · ".join(dict.fromkeys(s["issue"] for s in summaries)),
        data_date=" · ".join(dict.fromkeys(s["data_date"] for s in summaries)),
        store=shelf.site.name,
        store_version_number=0,
        computed_by=same(""),
        downloads=("pdf", "xlsx"),
    )
    objects = list(comparison.compare(summaries[0], summaries[1], (labels[0], labels[1])))
    for label, entry in zip(labels, entries, strict=True):
        held = json.loads((entry / "objects.json").read_text(encoding="utf-8"))
        drawn = [
            {**o, "name": f"{o['name']}_{entry.name[:4]}"} for o in held if o["kind"] == "figure"
        ]
        objects += [Section(title=label).as_json(), *drawn]
    names = "_".join(entry.name[:_SHORT] for entry in entries)
    return _laid_out(WORK / "comparisons" / names, context, page.files(objects, context))


def _alone(context: Any) -> Any:
    """Return the context of a page that stands outside a site: nothing to go to."""
    return replace(
        context,
        path=tuple(replace(link, href=None) for link in context.path),
        children=tuple(replace(link, href=None) for link in context.children),
        pages=(),
    )


def _laid_out(folder: Path, context: Any, files: Any) -> Path:
    for name, content in files.items():
        language, _, kind = name.partition(".")
        if language in {"zh", "en"}:
            write(folder / language / context.unit_id / f"{context.page_name}.{kind}", content)
            if "page.ipynb" in files:
                path = folder / language / context.unit_id / f"{context.page_name}.ipynb"
                write(path, files["page.ipynb"])
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.analyst", description=__doc__)
    parser.add_argument("--store", default="demo", help="bare name or absolute path")
    parser.add_argument("--site", type=Path, help="folder of the site; default site/<store>")
    commands = parser.add_subparsers(dest="command", required=True)
    opened = commands.add_parser("lab", help="open JupyterLab")
    opened.add_argument("page", nargs="?")
    made = commands.add_parser("scenario", help="make a page with other parameters")
    made.add_argument("page")
    made.add_argument("changed", nargs="+", metavar="NAME=VALUE")
    laid = commands.add_parser("compare", help="lay two pages side by side")
    laid.add_argument("first")
    laid.add_argument("second")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0, or 5 if it was refused.
    """
    given = _parser().parse_args(argv)
    store = locate(given.store)
    shelf = Shelf((given.site or keys.ROOT / "site" / store.name).absolute())
    try:
        if given.command == "lab":
            command = lab(shelf, given.page)
            os.execv(command[0], command)  # noqa: S606 - the analyst's own JupyterLab
        if given.command == "scenario":
            folder = scenario(shelf, given.page, given.changed)
        else:
            folder = compare(shelf, given.first, given.second)
    except MarketingModelsError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
