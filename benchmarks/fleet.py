"""The report fleet against papermill's own runner, on the same pages, in one run.

``python benchmarks/fleet.py --sample 12`` takes that many units with all their pages and runs
their notebooks A, B, A, B: A one after another through ``papermill.execute_notebook`` with a fresh
``python3`` kernel each, B through the fleet's engine with kernels forked from a warm one, its start
included. Beside them once: A in a pool of two processes, and the whole chain from notebook to
site. Both sides leave the drawing of charts to the builder. The last line is the ratio of A to B.

``--full`` makes a province of 137 units, builds its studies and makes its whole site.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from marketing_models.reporting.display import SESSION_HTML

if TYPE_CHECKING:
    from pipelines.jobs import Job
    from pipelines.request import Request

ROOT = Path(__file__).resolve().parents[1]
STACK = ("papermill", "ipykernel", "distributed", "pandas", "duckdb", "deltalake", "altair")
FULL = {"cities": 14, "counties": 122, "months": 30, "supply-points": 20_000}


def asked(store: Path, site: Path, units: Sequence[str] = ()) -> "Request":
    """Return the request for pages of some units, of all by default."""
    from pipelines import request

    chosen = [part for unit in units for part in ("--unit", unit)]
    line = ["weekly", "--store", str(store), "--site", str(site), *chosen]
    return request.read(request.parser().parse_args(line))


def jobs(store: Path, count: int) -> "list[Job]":
    """Return the page jobs of the first units of a store."""
    from marketing_models.cis import Store
    from pipelines import fleet

    hierarchy = Store.open(store).hierarchy()
    units = list(hierarchy.below(hierarchy.root))[:count]
    return fleet.plan(asked(store, ROOT / "site" / "unused", units)).jobs


def plain(notebook: Path, parameters: dict[str, object]) -> None:
    """Run one page as papermill does it by itself."""
    import papermill

    with tempfile.TemporaryDirectory() as work:
        papermill.execute_notebook(
            str(notebook),
            f"{work}/page.ipynb",
            parameters=parameters,
            kernel_name="python3",
            progress_bar=False,
        )


def run_plain(store: Path, count: int) -> None:
    """Run A: one page after another."""
    for job in jobs(store, count):
        plain(job.notebook, dict(job.parameters))


def run_pool(store: Path, count: int) -> None:
    """Run A in a pool of two processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(plain, j.notebook, dict(j.parameters)) for j in jobs(store, count)]
        for future in waiting:
            future.result()


def run_fleet(store: Path, count: int) -> None:
    """B: the fleet's engine and kernels, without building files from what the pages displayed."""
    from pipelines import kernels

    kernels.warm()
    from pipelines import engine

    with engine.client(None, 2 * (os.cpu_count() or 1), store) as client:
        client.gather(client.map(run_notebook, jobs(store, count), pure=False))
        kernels.close()


def run_notebook(job: "Job") -> int:
    """Run one page's notebook as the fleet does; return the number of its display objects."""
    from pipelines import kernels
    from pipelines.jobs import displayed, run

    with tempfile.TemporaryDirectory() as work:
        return len(
            displayed(run(job, Path(work) / "page.ipynb", kernels.Watch(env={SESSION_HTML: "off"})))
        )


def run_chain(store: Path, count: int) -> None:
    """Run the whole chain: notebooks, three files in two languages each, index, publication."""
    from pipelines import reports

    with tempfile.TemporaryDirectory() as site:
        units = dict.fromkeys(job.context.unit_id for job in jobs(store, count))
        chosen = [part for unit in units for part in ("--unit", unit)]
        code = reports.main(["weekly", "--store", str(store), "--site", f"{site}/site", *chosen])
        sys.exit(code)


ARMS = {"papermill": run_plain, "fleet": run_fleet, "pool of 2": run_pool, "chain": run_chain}


def timed(arm: str, store: Path, count: int) -> tuple[float, float]:
    """Run one arm in a process of its own; return its seconds of wall and of CPU."""
    line = [sys.executable, __file__, "--store", str(store), "--sample", str(count), "--arm", arm]
    before, began = os.times(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        code = subprocess.run(line, cwd=ROOT, stderr=told, stdout=told, check=False).returncode
        told.seek(0)
        if code:
            sys.exit(f"{arm} ended with {code}:\n{told.read()[-3000:]}")
    after = os.times()
    cpu = after.children_user + after.children_system
    return time.perf_counter() - began, cpu - before.children_user - before.children_system


def sample(store: Path, count: int) -> None:
    """Print A, B, A, B and what stands beside them."""
    os.environ[SESSION_HTML] = "off"
    pages = len(jobs(store, count))
    print("stack: " + ", ".join(f"{name} {version(name)}" for name in STACK))
    print(f"{pages} pages of {count} units in {store}, {os.cpu_count()} cores")
    print("baseline: papermill.execute_notebook one after another, a fresh python3 kernel a page")
    found: dict[str, list[tuple[float, float]]] = {}
    for arm in ("papermill", "fleet", "papermill", "fleet", "pool of 2", "chain"):
        wall, cpu = timed(arm, store, count)
        found.setdefault(arm, []).append((wall, cpu))
        print(
            f"{arm:10s} wall {wall:7.1f} s  cpu {cpu:7.1f} s  "
            f"a page {wall / pages:5.2f} s  {cpu / pages:5.2f} CPU-s",
            flush=True,
        )
    for arm in ("pool of 2", "papermill"):
        wall, cpu = (
            statistics.mean(run[part] for run in found[arm])
            / statistics.mean(run[part] for run in found["fleet"])
            for part in (0, 1)
        )
        against = "" if arm == "papermill" else f"against a {arm}: "
        print(f"{against}ratio wall={wall:.1f} cpu={cpu:.1f}")


def full(folder: Path, threads: int) -> None:
    """Make a whole province's site and print what it cost."""
    store, site = folder / "store", folder / "site"
    size = [part for name, number in FULL.items() for part in (f"--{name}", str(number))]
    ready(store, size)
    line = ["-m", "pipelines.reports", "weekly", "--store", str(store), "--site", str(site)]
    wall, cpu = step("reports", [*line, "--threads", str(threads)])
    issue = site / "issues" / (site / "latest").read_text().strip()
    pages = list(issue.glob("*/*/[0-9]*.html"))
    print(
        f"{len(pages)} pages of one language: {wall / len(pages):.2f} s and "
        f"{cpu / len(pages):.2f} CPU-s each, three files each"
    )
    for kind in ("html", "pdf", "xlsx"):
        sizes = [path.stat().st_size for path in issue.glob(f"*/*/[0-9]*.{kind}")]
        print(
            f"{kind}: largest {max(sizes) / 1000:.0f} kB, mean {sum(sizes) / len(sizes) / 1000:.0f}"
        )
    for name in ("index.html", "zh/search.js"):
        print(f"{name}: {(issue / name).stat().st_size / 1000:.0f} kB")
    step("nothing to do", line)


def ready(store: Path, size: Sequence[str] = ()) -> None:
    """Make a store with its studies, as far as they are not there."""
    generator = "import sys; from marketing_models.cli import main; sys.exit(main(sys.argv[1:]))"
    if not (store / "version.json").exists():
        step("synthesize", ["-c", generator, "synthesize", "--store", str(store), *size])
    step("studies", ["-m", "pipelines.build", "--store", str(store)])


def step(name: str, command: Sequence[str]) -> tuple[float, float]:
    """Run one command, watching the memory of all its processes; print and return its cost."""
    before, began = os.times(), time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL)
    peak: list[float] = [0.0]
    watcher = threading.Thread(target=watch, args=(process.pid, peak))
    watcher.start()
    code = process.wait()
    watcher.join()
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    print(
        f"{name}: exit {code}, wall {wall:.1f} s, cpu {cpu:.1f} s, memory {peak[0]:.0f} MB",
        flush=True,
    )
    if code:
        sys.exit(code)
    return wall, cpu


def watch(pid: int, peak: list[float]) -> None:
    """Keep the largest proportional memory, in MB, of a process and all below it."""
    while psutil.pid_exists(pid):
        total = 0
        for process in family(pid):
            try:
                total += process.memory_full_info().pss
            except (psutil.Error, OSError):
                continue
        peak[0] = max(peak[0], total / 1e6)
        time.sleep(0.5)


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all below it, as far as they still live."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)] if top.status() != "zombie" else []
    except psutil.Error:
        return []


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=12, help="units, each with all its pages")
    parser.add_argument("--store", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--full", action="store_true", help="a whole province of 137 units")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.arm:
        ARMS[given.arm](given.store.resolve(), given.sample)
    elif given.full:
        folder = Path(tempfile.mkdtemp(prefix="fleet-"))
        full(folder, given.threads)
        shutil.rmtree(folder)
    else:
        ready(given.store.resolve())
        sample(given.store.resolve(), given.sample)


if __name__ == "__main__":
    main()
