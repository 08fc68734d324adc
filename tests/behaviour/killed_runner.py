"""A runner of pages in threads, that may be killed at any moment."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from kernel_probes import notebook

from pipelines import kernels


def page(code, name="page", **limits):
    """Run a page of one cell as the fleet does; return its notebook, its error and its watch."""
    watch = kernels.Watch(**limits)
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / f"{name}.ipynb"
        nbformat.write(notebook([code]), path)
        try:
            run = papermill.execute_notebook(
                str(path),
                None,
                kernel_name=kernels.NAME,
                progress_bar=False,
                shutdown_kernel="immediate",
                config=watch.config,
                resources={"metadata": {"path": work}},
            )
        except Exception as problem:  # noqa: BLE001 - the tests look at it
            return None, problem, watch
        finally:
            ensure_event_loop().close()  # Jupyter leaves one open for each thread
    return run, None, watch


def text(run):
    """Return what the page printed."""
    return "".join(output["text"] for output in run.cells[0].outputs)


def main(folder):
    """Run pages without end, and note each that was made."""

    def one(number):
        run, problem, _ = page(f"import time; time.sleep(0.1); print({number})")
        (folder / f"{number}").write_text(str(problem) if problem else text(run))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(1000)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
