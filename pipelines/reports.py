"""Reports: make the pages of a named run, in Chinese and English, and publish them as one site.

``python -m pipelines.reports weekly --store demo --issue latest``
"""

import argparse
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout
from tqdm import tqdm

from marketing_models.cis import Store
from marketing_models.errors import MarketingModelsError, PageError, UnknownUnitError
from marketing_models.reporting import site
from pipelines import publication
from pipelines.issues import resolve
from pipelines.jobs import Job, Page, check, execute

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
RUNS = Path(__file__).with_name("reports.yml")
DONE, SOME_FAILED, LOCKED, REFUSED = 0, 3, 4, 5


def load_run(name: str) -> Mapping[str, Any]:
    """Return a named run: issue, pages, levels and parameters.

    Parameters
    ----------
    name : str
        Name in ``reports.yml``.

    Returns
    -------
    mapping
        As the file has it.

    Raises
    ------
    PageError
        If there is no such run.
    """
    runs: Mapping[str, Any] = yaml.safe_load(RUNS.read_text(encoding="utf-8"))
    if name not in runs:
        raise PageError(f"no run {name!r} in {RUNS.name}; there are {', '.join(sorted(runs))}")
    return runs[name]


def plan(
    store: Store,
    run: Mapping[str, Any],
    *,
    issue: str,
    units: Sequence[str] = (),
    parameters: Mapping[str, Any],
) -> list[Job]:
    """Turn a run into page jobs, or refuse it as a whole.

    Parameters
    ----------
    store : Store
        The store.
    run : mapping
        As `load_run` returns.
    issue : str
        Name of the issue, already resolved.
    units : sequence of str
        Only these units; by default all of the run's levels.
    parameters : mapping
        Passed to every notebook, over those of the run.

    Returns
    -------
    list of Job
        Unit by unit, from the root down.

    Raises
    ------
    UnknownUnitError
        If the store has no such unit.
    """
    hierarchy = store.hierarchy()
    for unit in units:
        if unit not in hierarchy:
            raise UnknownUnitError(unit, hierarchy)
    chosen = [
        unit
        for unit in hierarchy.below(hierarchy.root)
        if unit in (units or hierarchy) and hierarchy.level(unit) in run["levels"]
    ]
    given = {**run["parameters"], **parameters}
    notebooks = [NOTEBOOKS / f"{page}.ipynb" for page in run["pages"]]
    for notebook in notebooks:
        check(notebook, {"unit_id", "issue", "store", *given})
    stamp = site.Stamp.of(store.read_study("demand", issue=issue), store=store.folder.name)
    available = {unit: set(run["pages"]) for unit in chosen}
    return [
        Job(
            notebook=notebook,
            unit_id=unit,
            parameters={**given, "unit_id": unit, "issue": issue, "store": str(store.folder)},
            context=site.page_context(
                hierarchy, unit, notebook.stem, available=available, stamp=stamp
            ),
        )
        for unit in chosen
        for notebook in notebooks
    ]


def make(jobs: Sequence[Job], workers: int) -> Iterator[Page]:
    """Execute jobs side by side and yield each page as it is done.

    Parameters
    ----------
    jobs : sequence of Job
        The jobs.
    workers : int
        Processes at once.

    Yields
    ------
    Page
        In the order of completion.
    """
    # The builder draws the charts; a kernel would only draw them for a session.
    os.environ["MARKETING_MODELS_CHARTS"] = "off"
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(execute, job) for job in jobs]):
            yield done.result()


def run_reports(store: Store, jobs: Sequence[Job], folder: Path, *, workers: int) -> list[Page]:
    """Make all pages, publish them as one site and return them.

    Parameters
    ----------
    store : Store
        The store.
    jobs : sequence of Job
        As `plan` returns.
    folder : Path
        Folder of the site; replaced as a whole when the last page is done.
    workers : int
        Processes at once.

    Returns
    -------
    list of Page
        Those that failed have an error.
    """
    began = time.time()
    bar = tqdm(make(jobs, workers), total=len(jobs), desc=f"pages of {store.folder.name}")
    pages = sorted(bar, key=lambda page: (page.unit_id, page.page_name))
    run = {
        "host": socket.gethostname(),
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began)),
        "seconds": round(time.time() - began, 1),
        "workers": workers,
    }
    publication.publish(store, jobs, pages, folder, run)
    return pages


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.reports", description=__doc__)
    parser.add_argument("run", nargs="?", default="weekly", help="name of a run in reports.yml")
    parser.add_argument("--store", default="demo", help="bare name or absolute path")
    parser.add_argument("--issue", help="2026-08-03, 2026-W32, 2026-08 or latest")
    parser.add_argument("--unit", action="append", default=[], help="only this unit; repeatable")
    parser.add_argument("--site", type=Path, help="folder of the site; default site/<store>")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="passed to every notebook; repeatable",
    )
    return parser


def _parameters(given: Sequence[str]) -> dict[str, Any]:
    pairs = [item.partition("=") for item in given]
    wrong = [name for name, sign, _ in pairs if not sign]
    if wrong:
        raise PageError(f"--parameter {wrong[0]!r} has no value; write {wrong[0]}=VALUE")
    return {name: yaml.safe_load(value) for name, _, value in pairs}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0 all pages, 3 published with some failed, 4 another run holds the lock, 5 refused.
    """
    given = _parser().parse_args(argv)
    try:
        store = Store.open(given.store)
        run = load_run(given.run)
        issue = resolve(store, given.issue or run["issue"]).name
        jobs = plan(
            store, run, issue=issue, units=given.unit, parameters=_parameters(given.parameter)
        )
        folder = (given.site or ROOT / "site" / store.folder.name).absolute()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock", timeout=0):
            pages = run_reports(store, jobs, folder, workers=given.workers)
    except MarketingModelsError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except Timeout as held:
        sys.stderr.write(f"another run holds {held.lock_file}; wait for it\n")
        return LOCKED
    failed = [page for page in pages if page.error]
    for page in failed:
        sys.stderr.write(f"{page.unit_id} {page.page_name} failed: {page.error}\n")
    sys.stdout.write(f"{folder / 'index.html'}\n")
    return SOME_FAILED if failed else DONE


if __name__ == "__main__":
    sys.exit(main())
