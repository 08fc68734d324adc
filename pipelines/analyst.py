"""The analyst's side: open a page's notebook, make a scenario of a page, compare two pages.

``python -m pipelines.analyst --store demo scenario zh/990101/40_demand unit_id=990102``
"""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from marketing_models.cis.location import locate
from marketing_models.errors import MarketingModelsError
from pipelines import keys, request, shelf

DONE, FAILED, REFUSED = 0, 3, 5
_SHORT = 12


def lab(site: Path, page: str | None) -> Path:
    """Return what JupyterLab is to open: a copy of a page's notebook, or all notebooks.

    Parameters
    ----------
    site : Path
        Root of the site.
    page : str or None
        The page; None for all notebooks.

    Returns
    -------
    Path
        A copy in ``work/`` that is there already stays as the analyst left it.
    """
    if not page:
        return keys.ROOT / "notebooks"
    entry = shelf.find(site, page)
    held = shelf.read(entry / "page.json")
    copied = shelf.WORK / f"{held['unit_id']}_{held['page']}_{entry.name[:_SHORT]}.ipynb"
    if not copied.exists():
        copied.parent.mkdir(exist_ok=True)
        shutil.copyfile(entry / "page.ipynb", copied)
    return copied


def scenario(site: Path, page: str, changed: Sequence[str]) -> Path:
    """Make a page again with other parameters, under a key of its own.

    Parameters
    ----------
    site : Path
        Root of the site.
    page : str
        Page or scenario to start from.
    changed : sequence of str
        ``NAME=VALUE`` pairs; a parameter that the notebook does not have is refused.

    Returns
    -------
    Path
        Folder in ``work/scenarios``, named by the key, with the files of the page.
    """
    entry = shelf.find(site, page)
    known = keys.parameters(entry / "page.ipynb")
    given = known | request.parameters(changed, known)
    # What refuses a request needs none of these.
    from marketing_models.regions import LEVELS
    from marketing_models.reporting.language import say
    from marketing_models.reporting.site import MADE
    from pipelines import fleet, jobs

    asked = request.Request(
        store=locate(given.pop("store")),
        notebooks=[request.NOTEBOOKS / f"{shelf.read(entry / 'page.json')['page']}.ipynb"],
        levels=LEVELS,
        units=[given.pop("unit_id")],
        issue=given.pop("issue"),
        parameters=given,
        site=site,
        key="",
        threads=1,
    )
    (job,) = fleet.plan(asked).jobs
    title = say(
        "{t}（情景：{c}）", "{t} (scenario: {c})", t=job.context.title, c=", ".join(changed)
    )
    folder = shelf.WORK / "scenarios" / keys.sha256([job.key, title])[:_SHORT]
    if not folder.is_dir() or shelf.read(folder / "page.json")["state"] != MADE:
        context = _alone(job.context, title)
        made = jobs.execute(replace(job, context=context))
        shelf.lay_out(folder, made.files, f"{context.unit_id}/{context.page_name}")
    return folder


def _alone(context: Any, title: Mapping[str, str]) -> Any:
    """Return the context of a page that stands outside a site: there is nothing to go to."""
    path = tuple(replace(link, href=None) for link in context.path if link.unit_id)
    own = tuple(replace(link, label=title) for link in context.pages if link.href is None)
    return replace(context, title=title, path=path, pages=own, children=())


def compare(site: Path, first: str, second: str) -> Path:
    """Lay two pages side by side: key figures, charts of both, and tables joined on their keys.

    Parameters
    ----------
    site : Path
        Root of the site.
    first, second : str
        One page of two units or issues, or a scenario of it; the difference is first minus second.

    Returns
    -------
    Path
        Folder in ``work/comparisons`` with the comparison in both languages.
    """
    from marketing_models.reporting import page
    from pipelines import comparing

    entries = [shelf.find(site, name) for name in (first, second)]
    objects, context = comparing.side_by_side(entries)
    folder = shelf.WORK / "comparisons" / "_".join(entry.name[:_SHORT] for entry in entries)
    shelf.lay_out(folder, page.files(objects, context), context.page_name)
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
    laid.add_argument("pages", nargs=2, metavar="PAGE")
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
        0, 3 if the scenario is a page that says why it could not be made, 5 if it was refused.
    """
    given = _parser().parse_args(argv)
    try:
        store = locate(given.store)
        site = (given.site or keys.ROOT / "site" / store.name).absolute()
        if given.command == "lab":
            _open(lab(site, given.page), given.page or "")
        if given.command == "compare":
            return _told(compare(site, *given.pages))
        return _told(scenario(site, given.page, given.changed))
    except MarketingModelsError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED


def _open(path: Path, page: str) -> None:
    os.environ.setdefault("MARKETING_MODELS_LANGUAGE", "en" if "en/" in page else "zh")
    command = [sys.executable, "-m", "jupyter", "lab", str(path)]
    os.execv(command[0], command)  # noqa: S606 - the analyst's own JupyterLab


def _told(folder: Path) -> int:
    """Say where the pages are and, of a scenario, by which key and whether it could be made."""
    sys.stdout.writelines(f"{path}\n" for path in sorted(folder.rglob("*.html")))
    if not (folder / "page.json").exists():
        return DONE
    sys.stdout.write(f"key {folder.name}\n")
    held = shelf.read(folder / "page.json")
    if held["state"] == "made":
        return DONE
    sys.stderr.write(f"the scenario is {held['state']}: {held['reason']['en']}\n")
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
