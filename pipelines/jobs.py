"""Page jobs: one notebook for one unit and issue, executed into a page in both languages."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.manager import AsyncKernelManager

from marketing_models.errors import PageError
from marketing_models.reporting import page
from marketing_models.reporting.display import MIME

PAGE_SECONDS = 600


class PrivateKernelManager(AsyncKernelManager):
    """Talks to its kernel over sockets in a private folder: no port that two pages could want."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.transport = "ipc"
        self._sockets = tempfile.TemporaryDirectory()
        self.ip = f"{self._sockets.name}/kernel"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One page to make; whatever schedules jobs sees only this and `execute`.

    Attributes
    ----------
    notebook : Path
        The notebook; its stem is the name of the page.
    unit_id : str
        Unit of the page.
    parameters : mapping
        Everything passed to the notebook; the store as an absolute path.
    context : PageContext
        Where the page stands in the site.
    """

    notebook: Path
    unit_id: str
    parameters: Mapping[str, Any]
    context: page.PageContext

    @property
    def page_name(self) -> str:
        """Name of the page."""
        return self.notebook.stem


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came of a job.

    Attributes
    ----------
    unit_id, page_name : str
        Which page it is.
    html : mapping of {"zh", "en"} to str
        The page; empty if it failed.
    objects : tuple of mapping
        Display objects of the notebook, as JSON.
    error : str or None
        Why it failed.
    incident : str or None
        The partial notebook of a failed page.
    """

    unit_id: str
    page_name: str
    html: Mapping[str, str]
    objects: tuple[Mapping[str, Any], ...] = ()
    error: str | None = None
    incident: str | None = None


def check(notebook: Path, parameters: Iterable[str]) -> None:
    """Refuse a notebook that is not there, or a parameter that it does not declare.

    Parameters
    ----------
    notebook : Path
        The notebook.
    parameters : iterable of str
        Names that would be passed.

    Raises
    ------
    PageError
        Naming every unknown parameter: papermill alone would run on defaults.
    """
    if not notebook.is_file():
        held = ", ".join(sorted(path.stem for path in notebook.parent.glob("*.ipynb")))
        raise PageError(f"no page {notebook.stem!r}; there are {held}")
    known = list(papermill.inspect_notebook(str(notebook)))
    problems = [
        f"{notebook.name} has no parameter {name!r}; "
        f"{_hint(name, known)}it has {', '.join(sorted(known))}"
        for name in parameters
        if name not in known
    ]
    if problems:
        raise PageError("\n".join(problems))


def _hint(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def execute(job: Job) -> Page:
    """Run a page's notebook in a fresh kernel and build the page from what it displayed.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Page
        A failed notebook becomes a page with an error, never an exception: the others go on.
    """
    with tempfile.TemporaryDirectory() as work:
        output = Path(work) / "page.ipynb"
        try:
            notebook = papermill.execute_notebook(
                str(job.notebook),
                str(output),
                parameters=dict(job.parameters),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=PAGE_SECONDS,
                cwd=work,
                kernel_manager_class=PrivateKernelManager,
            )
        except Exception as reason:  # noqa: BLE001 - a page must not take the run along
            partial = output.read_text(encoding="utf-8") if output.exists() else None
            return Page(
                unit_id=job.unit_id,
                page_name=job.page_name,
                html={},
                error=str(reason).strip().splitlines()[-1],
                incident=partial,
            )
    objects = displayed(notebook)
    return Page(
        unit_id=job.unit_id,
        page_name=job.page_name,
        html=page.build(objects, job.context),
        objects=objects,
    )


def displayed(notebook: nbformat.NotebookNode) -> tuple[Mapping[str, Any], ...]:
    """Return the display objects of an executed notebook, in order."""
    return tuple(
        output["data"][MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if MIME in output.get("data", {})
    )
