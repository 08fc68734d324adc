"""Page jobs: one notebook for one unit and issue, executed into all files of its page."""

import tempfile
from collections.abc import Iterable, Mapping
from contextvars import Context
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from papermill.exceptions import PapermillExecutionError

from marketing_models import errors
from marketing_models.errors import NoPageError, PageError
from marketing_models.reporting import page, site
from marketing_models.reporting.display import MIME, SESSION_HTML, Verdict
from marketing_models.reporting.language import Text, same, say
from marketing_models.reporting.site import MADE
from pipelines import kernels, keys

PAGE_SECONDS = 600
PAGE_MEGABYTES = 2048
FAILED, LATE = "failed", "late"
_NO_PAGE = say("本页未能生成", "This page could not be made")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One page to make; whatever schedules jobs sees only this and `execute`.

    Attributes
    ----------
    notebook : Path
        The notebook; its stem is the name of the page.
    parameters : mapping
        Everything passed to the notebook; the store as an absolute path.
    store : str
        The store as a reader names it: bare where it lies in its usual place.
    context : PageContext
        Where the page stands in the site.
    key : str
        What it is made from; equal keys mean equal files.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    store: str
    context: page.PageContext
    key: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of a job.

    Attributes
    ----------
    files : mapping of str to bytes
        All files of the page by name; a failed one has a page too, which says why.
    state : {"made", "no_data", "suppressed", "failed", "late"}
        Whether it is a page that judges, and else why not.
    reason : str or None
        The same in words, for the log.
    is_lost : bool
        True if its kernel vanished through no fault of the page: once more may do.
    """

    files: Mapping[str, bytes]
    state: str = MADE
    reason: str | None = None
    is_lost: bool = False


def check(notebook: Path, parameters: Iterable[str]) -> dict[str, Any]:
    """Refuse a notebook that is not there, or a parameter that it does not declare.

    Parameters
    ----------
    notebook : Path
        The notebook.
    parameters : iterable of str
        Names that would be passed.

    Returns
    -------
    dict
        Its parameters with the values that it has by default.

    Raises
    ------
    PageError
        Naming every unknown parameter: papermill alone would run on defaults.
    """
    if not notebook.is_file():
        held = ", ".join(sorted(path.stem for path in notebook.parent.glob("*.ipynb")))
        raise PageError(f"no page {notebook.stem!r}; there are {held}")
    known = keys.parameters(notebook)
    problems = [
        f"{notebook.name} has no parameter {name!r}; "
        f"{_hint(name, list(known))}it has {', '.join(sorted(known))}"
        for name in parameters
        if name not in known
    ]
    if problems:
        raise PageError("\n".join(problems))
    return known


def _hint(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def execute(job: Job) -> Made:
    """Run a page's notebook in a kernel of its own and build the page from what it displayed.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Made
        A failed notebook becomes a page that says so, never an exception: the others go on.
    """
    # What a session would show is built here, once, for all languages and files.
    watch = kernels.Watch(seconds=PAGE_SECONDS, memory_mb=PAGE_MEGABYTES, env={SESSION_HTML: "off"})
    with tempfile.TemporaryDirectory() as work:
        output = Path(work) / "page.ipynb"
        try:
            notebook = run(job, output, watch)
            return Made(files=_files(job, displayed(notebook), MADE, None))
        except Exception as error:  # noqa: BLE001 - a page must not take the run along
            made = _stand_in(job, *judged(error, watch))
            partial = output.read_bytes() if output.exists() else b""
            files = {**made.files, "incident.ipynb": partial}
            return replace(made, files=files, is_lost=watch.is_lost)


def run(job: Job, output: Path, watch: kernels.Watch) -> nbformat.NotebookNode:
    """Run a page's notebook in a kernel of its own.

    Parameters
    ----------
    job : Job
        The job.
    output : Path
        Where the executed notebook goes; its folder is the kernel's.
    watch : Watch
        What the kernel may use.

    Returns
    -------
    NotebookNode
        With its outputs.
    """
    # In a context of its own: Jupyter keeps its event loop there, and threads inherit contexts.
    found: nbformat.NotebookNode = Context().run(_executed, job, output, watch)
    return found


def _executed(job: Job, output: Path, watch: kernels.Watch) -> nbformat.NotebookNode:
    try:
        return papermill.execute_notebook(
            str(job.notebook),
            str(output),
            parameters=dict(job.parameters),
            kernel_name=kernels.NAME,
            progress_bar=False,
            execution_timeout=PAGE_SECONDS,
            shutdown_kernel="immediate",
            request_save_on_cell_execute=False,
            # Not papermill's cwd, which moves this process and every page beside this one.
            resources={"metadata": {"path": str(output.parent)}},
            config=watch.config,
        )
    finally:
        ensure_event_loop().close()  # Jupyter makes one for each thread and leaves it open


def displayed(notebook: nbformat.NotebookNode) -> tuple[Mapping[str, Any], ...]:
    """Return the display objects of an executed notebook, in order."""
    return tuple(
        output["data"][MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if MIME in output.get("data", {})
    )


def judged(error: BaseException, watch: kernels.Watch | None = None) -> tuple[str, Text]:
    """Return the state of a page that ended in an error, and the reason in both languages."""
    if watch and watch.reason:
        return FAILED, same(watch.reason)
    if isinstance(error, PapermillExecutionError):
        kind = getattr(errors, error.ename, None)
        if isinstance(kind, type) and issubclass(kind, NoPageError):
            return kind.state, NoPageError.read(error.evalue)
        return FAILED, same(f"{error.ename}: {error.evalue}")
    return FAILED, same(f"{type(error).__name__}: {error}")


def late(job: Job) -> Made:
    """Return the page that stands in for one that was not ready at the deadline."""
    return _stand_in(job, LATE, say("到截止时间尚未完成", "not ready at the deadline"))


def lost(job: Job, error: BaseException) -> Made:
    """Return the page that stands in for one whose worker gave up."""
    return _stand_in(job, *judged(error))


def _stand_in(job: Job, state: str, reason: Text) -> Made:
    sentence = say("原因：{reason}", "Reason: {reason}", reason=reason)
    told = Verdict(headline=_NO_PAGE, sentences=(sentence,)).as_json()
    return Made(files=_files(job, [told], state, reason), state=state, reason=reason["en"])


def _files(job: Job, objects: Any, state: str, reason: Text | None) -> dict[str, bytes]:
    summary = {
        **site.summary(objects),
        "unit_id": job.context.unit_id,
        "page": job.context.page_name,
        "issue": job.context.issue,
        "data_date": job.context.data_date,
        "state": state,
        **({"reason": reason} if reason else {}),
    }
    return {
        **page.files(objects, job.context),
        "page.json": keys.canonical(summary).encode(),
        "objects.json": keys.canonical(list(objects)).encode(),
        "page.ipynb": analyst_copy(job),
    }


def analyst_copy(job: Job) -> bytes:
    """Return the notebook with this page's parameters filled in and no outputs.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    bytes
        What an analyst opens: running it gives the page again.
    """
    notebook = nbformat.read(job.notebook, as_version=4)
    given = {**job.parameters, "store": job.store}
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in given.items())
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return (nbformat.writes(notebook) + "\n").encode()
