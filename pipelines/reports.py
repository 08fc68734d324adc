"""Reports: make the pages of a named run, in Chinese and English, and publish them as one site.

``python -m pipelines.reports daily --store demo``
"""

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock, Timeout

from marketing_models.errors import MarketingModelsError
from pipelines import request
from pipelines.request import Request

DONE, SOME_FAILED, LOCKED, REFUSED, LATE = 0, 3, 4, 5, 6


class _StoppedError(BaseException):
    """A signal asked this process to end; its argument is the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0 all pages, 3 published with some failed, 4 another run holds the lock, 5 refused, 6
        published what was ready at the deadline, 130 or 143 interrupted.
    """
    given = request.parser().parse_args(argv)
    try:
        with _interruptible():
            return _run(given)
    except MarketingModelsError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except Timeout as held:
        sys.stderr.write(f"another run holds {held.lock_file}; wait for it\n")
        return LOCKED
    except _StoppedError as stopped:
        sys.stderr.write("interrupted; finished pages are kept, the same command goes on\n")
        return int(stopped.args[0])


def _run(given: argparse.Namespace) -> int:
    asked = request.read(given)
    if asked.is_done():
        sys.stdout.write(f"nothing to do: {asked.site / 'index.html'}\n")
        return DONE
    asked.state.mkdir(parents=True, exist_ok=True)
    with FileLock(asked.state / "lock", timeout=0):
        if given.build and _build(asked) == REFUSED:
            return REFUSED
        return _published(request.read(given))


def _build(asked: Request) -> int:
    from pipelines import build

    cluster = ["--cluster", asked.cluster] if asked.cluster else []
    return build.main(["--store", str(asked.store), "--issue", asked.issue, *cluster])


def _published(asked: Request) -> int:
    from pipelines import kernels

    if asked.cluster is None:
        kernels.warm()
    from pipelines import fleet

    outcome = fleet.run(asked)
    if not outcome.troubles:
        _remember(asked.done, outcome.issue)
    _tell(asked.site, outcome.troubles)
    if "late" in outcome.troubles:
        return LATE
    return SOME_FAILED if outcome.troubles else DONE


def _remember(done: Path, issue: str) -> None:
    from pipelines.cache import swap

    done.parent.mkdir(exist_ok=True)
    swap(done, issue.encode())


def _tell(site: Path, troubles: Mapping[str, Sequence[tuple[str, str, str]]]) -> None:
    for state, pages in troubles.items():
        for unit, page, reason in pages:
            sys.stderr.write(f"{unit} {page} {state}: {reason}\n")
    sys.stdout.write(f"{site / 'index.html'}\n")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turn the two signals that end a run into an error that leaves every block in order."""

    def stop(number: int, _: FrameType | None) -> Any:
        raise _StoppedError(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
