"""Requests: what a run of the reports was asked for; light, so that nothing to do costs nothing."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from marketing_models.cis.location import locate
from marketing_models.errors import PageError
from pipelines import clock, keys
from pipelines.cache import Cache

NOTEBOOKS = keys.ROOT / "notebooks"
RUNS = Path(__file__).with_name("reports.yml")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked of the command line.

    Attributes
    ----------
    store : Path
        Folder of the store.
    notebooks : sequence of Path
        Pages.
    levels, units : sequence of str
        Levels of units; only these units, by default all.
    parameters : mapping
        Passed to every notebook.
    issue : str
        Name of the issue, absolute or relative.
    site : Path
        Root of the site.
    key : str
        What the whole run is made from.
    threads : int
        Pages at once where there is no cluster.
    cluster : str or None
        Address of a scheduler.
    deadline_minutes : float or None
        After which what is ready is published.
    """

    store: Path
    notebooks: Sequence[Path]
    levels: Sequence[str]
    units: Sequence[str]
    parameters: Mapping[str, Any]
    issue: str
    site: Path
    key: str
    threads: int
    cluster: str | None = None
    deadline_minutes: float | None = None

    @property
    def state(self) -> Path:
        """Folder beside the site, never served: lock, cache, and what has been done."""
        return Cache.beside(self.site).folder

    @property
    def done(self) -> Path:
        """File that names the issue once this very run has been published in full."""
        return self.state / "done" / self.key

    def is_done(self) -> bool:
        """Tell whether this very run has been published in full and still stands."""
        if not self.done.is_file():
            return False
        issue = self.done.read_text(encoding="utf-8")
        manifest = self.site / "issues" / issue / "manifest.json"
        if not manifest.is_file():
            return False
        return bool(json.loads(manifest.read_text(encoding="utf-8"))["run_key"] == self.key)


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


def parameters(given: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs.

    Parameters
    ----------
    given : sequence of str
        As they stand on the command line.
    known : mapping
        Parameters with the values that they have otherwise. Where that is a text, or there is
        none, the value stays as it is written: 0101 is no number. Elsewhere it is JSON.

    Returns
    -------
    dict
        Values by name.

    Raises
    ------
    PageError
        If a pair has no name or no sign, or its value is no JSON where it must be; all at once.
    """
    read, problems = {}, []
    for pair in given:
        name, sign, value = pair.partition("=")
        if not (name and sign):
            problems.append(f"{pair!r} changes no parameter; write NAME=VALUE")
        elif isinstance(known.get(name, ""), str):
            read[name] = value
        else:
            try:
                read[name] = json.loads(value)
            except ValueError:
                like = json.dumps(known[name])
                problems.append(f"{pair!r} has no value such as {like}; write it as JSON")
    if problems:
        raise PageError("\n".join(problems))
    return read


def parser() -> argparse.ArgumentParser:
    """Return the command line of the reports."""
    made = argparse.ArgumentParser(prog="python -m pipelines.reports")
    made.add_argument("run", nargs="?", default="weekly", help="name of a run in reports.yml")
    made.add_argument("--store", default="demo", help="bare name or absolute path")
    made.add_argument("--issue", help="2026-08-03, 2026-W32, 2026-08, latest, yesterday, …")
    made.add_argument("--build", action="store_true", help="run the studies of the issue first")
    made.add_argument("--unit", action="append", default=[], help="only this unit; repeatable")
    made.add_argument("--site", type=Path, help="folder of the site; default site/<store>")
    made.add_argument("--threads", type=int, default=2 * (os.cpu_count() or 1))
    made.add_argument("--cluster", help="address of a Dask scheduler; default: this process")
    made.add_argument(
        "--deadline", type=float, metavar="MINUTES", help="publish what is ready after that"
    )
    made.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="passed to every notebook; repeatable",
    )
    return made


def read(given: argparse.Namespace) -> Request:
    """Turn a command line into a request.

    Parameters
    ----------
    given : Namespace
        Of `parser`.

    Returns
    -------
    Request
        Nothing of it has been compared with the store yet.
    """
    run = load_run(given.run)
    store = locate(given.store)
    notebooks = [NOTEBOOKS / f"{page}.ipynb" for page in run["pages"]]
    known = {n: v for path in notebooks if path.is_file() for n, v in keys.parameters(path).items()}
    asked = {
        "levels": run["levels"],
        "units": sorted(given.unit),
        "parameters": {**run["parameters"], **parameters(given.parameter, known)},
        "issue": clock.named(given.issue or run["issue"], clock.now()),
    }
    return Request(
        store=store,
        notebooks=notebooks,
        site=(given.site or keys.ROOT / "site" / store.name).absolute(),
        key=keys.run(asked, notebooks, store),
        threads=given.threads,
        cluster=given.cluster,
        deadline_minutes=given.deadline,
        **asked,
    )
