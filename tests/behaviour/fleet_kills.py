"""Kills the runner of a fleet, or one worker of two, and compares the site with an undisturbed one.

``python tests/behaviour/fleet_kills.py --store DIR --kills 20 --worker-kills 2``
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARK = "MARKETING_MODELS_KILL_TRIAL"
RUNNER = """
import sys
from pathlib import Path
from pipelines import reports, request
request.NOTEBOOKS = Path(sys.argv[1])
sys.exit(reports.main(sys.argv[2:]))
"""


class Trial:
    """A copy of the notebooks whose pages log each start, and the command that runs them."""

    def __init__(self, folder, store, *, threads=2, units=()):
        self.folder, self.store, self.threads, self.units = folder, store, threads, units
        self.log = folder / "starts.log"
        self.notebooks = folder / "notebooks"
        shutil.copytree(ROOT / "notebooks", self.notebooks)
        for path in self.notebooks.glob("*.ipynb"):
            path.write_text(
                json.dumps(logged(json.loads(path.read_text("utf-8")), self.log)), "utf-8"
            )

    def start(self, site, *more):
        units = [part for unit in self.units for part in ("--unit", unit)]
        command = [sys.executable, "-c", RUNNER, str(self.notebooks), "weekly"]
        command += ["--store", str(self.store), "--site", str(site), "--threads", str(self.threads)]
        return subprocess.Popen(
            [*command, *units, *more],
            cwd=ROOT,
            env={**os.environ, MARK: str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def run(self, site, *more):
        started = time.monotonic()
        process = self.start(site, *more)
        told = process.communicate()[1].decode()
        assert process.returncode == 0, told
        return time.monotonic() - started

    def starts(self):
        return Counter(self.log.read_text().splitlines()) if self.log.exists() else Counter()

    def left(self):
        """Processes of this trial that still live."""
        return [pid for pid in living() if str(self.folder).encode() in environment(pid)]


def logged(notebook, log):
    source = (
        f"import os\nwith open({str(log)!r}, 'a') as f:\n    f.write(f'{{unit_id}} {{READS}}\\n')"
    )
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].insert(3, {**cell, "id": "log", "source": source})
    return notebook


def living():
    names = (path.name for path in Path("/proc").iterdir())
    return [int(name) for name in names if name.isdigit() and int(name) != os.getpid()]


def environment(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes()
    return b""


def digest(site):
    """SHA-256 of every file of a site; of a manifest without the record of its run."""
    found = {}
    for path in sorted(p for p in site.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if path.name == "manifest.json":
            held = json.loads(content)
            held.pop("run")
            content = json.dumps(held, sort_keys=True).encode()
        found[path.relative_to(site).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def entries(site):
    """Inode of every page in the cache: a page published twice has another one."""
    cache = site.with_name(f".{site.name}") / "cache"
    return {path.name: path.stat().st_ino for path in cache.glob("*")} if cache.is_dir() else {}


def gone(trial, seconds=10):
    """Wait until every process of a trial is gone, or say which are left."""
    until = time.monotonic() + seconds
    while trial.left() and time.monotonic() < until:
        time.sleep(0.05)
    return trial.left()


def kill_runner(trial, site, kills, rng, whole):
    """Kill the runner at random moments, every fifth time while the index is written."""
    seen, twice, left, done = {}, 0, 0, 0
    while done < kills:
        process = trial.start(site)
        fell = fall_in_publication(process, site) if done % 5 == 4 else fall(process, rng, whole)
        done += fell
        process.wait()
        process.stderr.close()
        left += len(gone(trial))
        now = entries(site)
        twice += sum(number != now.get(key) for key, number in seen.items())
        seen = now
        if not fell:
            shutil.rmtree(site.with_name(f".{site.name}") / "done", ignore_errors=True)
    return twice, left


def fall(process, rng, whole):
    with suppress(subprocess.TimeoutExpired):
        process.wait(rng.uniform(0.2, whole))
        return 0
    process.send_signal(signal.SIGKILL)
    return 1


def fall_in_publication(process, site):
    work = site.with_name(f".{site.name}") / "work"
    while process.poll() is None:
        if any(work.glob("*/index.html")) or any(work.glob("*/zh/*/index.html")):
            process.send_signal(signal.SIGKILL)
            return 1
    return 0


@contextmanager
def cluster(trial, count=2, protocol="tcp"):
    """A scheduler and some workers, each a process of its own."""

    def start(program, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--no-dashboard"]
        return subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env={**os.environ, MARK: str(trial.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    file = trial.folder / "scheduler.json"
    file.unlink(missing_ok=True)
    where = ("--protocol", protocol, "--host", "127.0.0.1", "--port", "0")
    processes = [start("scheduler", *where, "--scheduler-file", str(file))]
    while not (file.exists() and file.read_text()):
        assert processes[0].poll() is None, "the scheduler did not start"
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    processes += [start("worker", address, "--no-nanny", "--nthreads", "2") for _ in range(count)]
    try:
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def kill_worker(trial, site, rng):
    """Kill one worker of two once some pages are done."""
    with cluster(trial) as (address, workers):
        process = trial.start(site, "--cluster", address)
        while len(entries(site)) < 2 and process.poll() is None:
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 1))
        workers[0].kill()
        told = process.communicate()[1].decode()
        assert process.returncode == 0, told
    return len(gone(trial))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--unit", action="append", default=[])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--worker-kills", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    rng = random.Random(given.seed)  # noqa: S311 - moments of kills, not secrets
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trial = Trial(folder / "t", given.store, threads=given.threads, units=given.unit)
        whole = trial.run(folder / "whole" / "site")
        wanted, jobs = digest(folder / "whole" / "site"), sum(trial.starts().values())
        trial.log.unlink()
        site = folder / "killed" / "site"
        twice, left = kill_runner(trial, site, given.kills, rng, whole)
        trial.run(site)
        repeated = sum(trial.starts().values()) - jobs
        differ = wanted != digest(site)
        for number in range(given.worker_kills):
            trial.log.unlink(missing_ok=True)
            site = folder / f"worker{number}" / "site"
            left += kill_worker(trial, site, rng)
            twice += len(entries(site)) != jobs
            repeated += sum(trial.starts().values()) - jobs
            differ += wanted != digest(site)
        kills = given.kills + given.worker_kills
        sys.stdout.write(
            f"{kills} kills, {jobs} pages: {int(differ)} sites differ, {twice} pages published "
            f"twice, {left} processes left, {repeated} pages begun again "
            f"(allowed {kills * given.threads})\n"
        )
        return bool(differ or twice or left or repeated > kills * given.threads)


if __name__ == "__main__":
    sys.exit(main())
