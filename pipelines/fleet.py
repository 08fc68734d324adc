"""The fleet: a run becomes page jobs, those not in the cache are made, and all are published."""

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from distributed import Client, as_completed
from tqdm import tqdm

from marketing_models.cis import Store, locate
from marketing_models.cis.store import tables_behind
from marketing_models.errors import InsufficientDataError, PageError, UnknownUnitError
from marketing_models.regions import Hierarchy
from marketing_models.reporting import site
from marketing_models.reporting.language import clean
from pipelines import engine, kernels, keys
from pipelines.cache import Cache
from pipelines.issues import resolve
from pipelines.jobs import Job, Made, check, execute, late, lost
from pipelines.publication import Edition, publish
from pipelines.request import Request

_OWN_PARAMETERS = ("unit_id", "issue", "store")
_LONGEST_FOLDER = 255
_UNFIT = "cannot name a folder; give it in org_unit a code of one line, without / and not too long"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The pages of a run.

    Attributes
    ----------
    jobs : list of Job
        Unit by unit, from the root down.
    hierarchy : Hierarchy
        Units of the store.
    stamp : Stamp
        What the pages share.
    store_unit_id : str
        Unit of the store.
    """

    jobs: list[Job]
    hierarchy: Hierarchy
    stamp: site.Stamp
    store_unit_id: str


def plan(request: Request) -> Plan:
    """Turn a request into page jobs, or refuse it as a whole.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Plan
        Its jobs with their keys.

    Raises
    ------
    UnknownUnitError
        If the store has no such unit.
    PageError
        If no unit is left, or one has an identifier that cannot be the name of a folder.
    """
    store = Store.open(request.store)
    issue = resolve(store, request.issue)
    hierarchy = store.hierarchy()
    for unit in request.units:
        if unit not in hierarchy:
            raise UnknownUnitError(unit, hierarchy)
    chosen = [
        unit
        for unit in hierarchy.below(hierarchy.root)
        if unit in (request.units or hierarchy) and hierarchy.level(unit) in request.levels
    ]
    if problems := [f"unit {unit!r} {_UNFIT}" for unit in chosen if _is_unfit(unit)]:
        raise PageError("\n".join(problems))
    if not chosen:
        raise PageError("no unit is left")
    defaults = {
        notebook: check(notebook, {*_OWN_PARAMETERS, *request.parameters})
        for notebook in request.notebooks
    }
    stamp = _stamp(store, request.notebooks, issue.name)
    available = {unit: {path.stem for path in request.notebooks} for unit in chosen}
    jobs = []
    for unit in chosen:
        for notebook, parameters in defaults.items():
            given = parameters | dict(request.parameters) | {"unit_id": unit, "issue": issue.name}
            context = site.page_context(
                hierarchy, unit, notebook.stem, available=available, stamp=stamp
            )
            jobs.append(_job(store, notebook, given, context))
    return Plan(jobs=jobs, hierarchy=hierarchy, stamp=stamp, store_unit_id=store.unit_id)


def _is_unfit(unit: str) -> bool:
    """Tell whether a code cannot name a folder of the site, or is none that can be read."""
    is_path = Path(unit).name != unit or unit in {"", "..", "search.js"}
    return is_path or clean(unit) != unit or len(unit.encode()) > _LONGEST_FOLDER


def _stamp(store: Store, notebooks: Sequence[Path], issue: str) -> site.Stamp:
    """Take the stamp from any study of the issue; without one there is nothing to report."""
    missing: InsufficientDataError | None = None
    for name in dict.fromkeys(name for notebook in notebooks for name in keys.reads(notebook)):
        try:
            return site.Stamp.of(store.read_study(name, issue=issue), store=store.folder.name)
        except InsufficientDataError as reason:
            missing = missing or reason
    raise missing or PageError("no page reads a study")


def _job(store: Store, notebook: Path, given: Mapping[str, Any], context: Any) -> Job:
    is_local = locate(store.folder.name) == store.folder
    shown = store.folder.name if is_local else str(store.folder)
    return Job(
        notebook=notebook,
        parameters={**given, "store": str(store.folder)},
        store=shown,
        context=context,
        key=keys.page(
            notebook,
            parameters={**given, "store": shown},
            versions=_versions(store, keys.reads(notebook)),
            context=asdict(context),
        ),
    )


def _versions(store: Store, reads: Sequence[str]) -> dict[str, int]:
    return {table: store.vector.tables[table] for table in sorted(tables_behind(reads))}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run.

    Attributes
    ----------
    issue : str
        Name of the issue that was published.
    troubles : mapping of str to list of tuple
        By state other than ``made``: unit, page and reason.
    """

    issue: str
    troubles: Mapping[str, list[tuple[str, str, str]]]


def run(request: Request) -> Outcome:
    """Make and publish the pages of a request.

    Parameters
    ----------
    request : Request
        The request; the caller holds the lock of the site.

    Returns
    -------
    Outcome
        With the pages that are not as they should be.
    """
    began = time.time()
    cache = Cache.beside(request.site)
    cache.sweep()
    planned = plan(request)
    ended = make(planned.jobs, cache, request)
    edition = Edition(
        folder=request.site,
        run_key=request.key,
        jobs=planned.jobs,
        entries={key: _entry(key, made) for key, made in ended.items()},
        hierarchy=planned.hierarchy,
        stamp=planned.stamp,
        store_unit_id=planned.store_unit_id,
    )
    publish(edition, cache, _record(request, began))
    cache.sweep()
    return Outcome(issue=planned.stamp.issue, troubles=_troubles(planned.jobs, ended))


def _entry(key: str, made: Made) -> str:
    return key if made.state == site.MADE else f"{key}.failed"


def _record(request: Request, began: float) -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began)),
        "seconds": round(time.time() - began, 1),
        "threads": request.threads,
        "cluster": request.cluster,
    }


def _troubles(
    jobs: Sequence[Job], ended: Mapping[str, Made]
) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for job in jobs:
        made = ended[job.key]
        if made.state != site.MADE:
            told = (job.context.unit_id, job.context.page_name, made.reason or "")
            found.setdefault(made.state, []).append(told)
    return found


def make(jobs: Sequence[Job], cache: Cache, request: Request) -> dict[str, Made]:
    """Make the pages that are not in the cache and keep each as soon as it is done.

    Parameters
    ----------
    jobs : sequence of Job
        The jobs.
    cache : Cache
        This process alone writes to it; workers return bytes.
    request : Request
        Says where pages are made and until when.

    Returns
    -------
    dict of str to Made
        By key, without files.
    """
    ended = {job.key: Made(files={}) for job in jobs if cache.holds(job.key)}
    todo = [job for job in jobs if job.key not in ended]
    if todo:
        bar = tqdm(total=len(jobs), initial=len(ended), desc="pages", smoothing=0.05)
        with bar, engine.client(request.cluster, request.threads, request.store) as client:
            try:
                for job, made in _completed(client, todo, request):
                    ended[job.key] = _kept(cache, job, made)
                    bar.update()
            finally:
                if len(ended) < len(jobs):  # else the engine would wait for pages that still run
                    kernels.close()
    return ended | {job.key: _kept(cache, job, late(job)) for job in todo if job.key not in ended}


def _kept(cache: Cache, job: Job, made: Made) -> Made:
    # A failed page gets a name of its own: no later run takes it for a finished one.
    cache.put(_entry(job.key, made), made.files, replace=made.state != site.MADE)
    return replace(made, files={})


def _completed(client: Client, jobs: Sequence[Job], request: Request) -> Iterator[tuple[Job, Made]]:
    """Yield pages in the order of completion; a page whose kernel was lost is tried once more."""
    expected = engine.agreement(request.store)

    def submit(job: Job, attempt: int) -> Any:
        name = f"{job.context.page_name}-{job.key}-{attempt}"
        task = (expected, request.store, execute, job)
        return client.submit(engine.checked, *task, key=name, pure=False)

    waiting = {submit(job, 1): job for job in jobs}
    seconds = None if request.deadline_minutes is None else 60 * request.deadline_minutes
    queue = as_completed(list(waiting), timeout=seconds)
    again: set[str] = set()
    with contextlib.suppress(TimeoutError):
        for future in queue:
            job = waiting.pop(future)
            made = _result(future, job)
            if made.is_lost and job.key not in again:
                again.add(job.key)
                retried = submit(job, 2)
                waiting[retried] = job
                queue.add(retried)
            else:
                yield job, made
    client.cancel(list(waiting))


def _result(future: Any, job: Job) -> Made:
    error = future.exception()
    if error is None:
        made: Made = future.result()
        return made
    return lost(job, error)
