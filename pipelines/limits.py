"""Limits of a kernel: how long it may run and how much memory it may have."""

import contextlib
from pathlib import Path


def exceeded(pid: int, run_s: float, seconds: float | None, memory_mb: float | None) -> str | None:
    """Say which limit a process is over.

    Parameters
    ----------
    pid : int
        The process.
    run_s : float
        How long it has been running [s].
    seconds : float or None
        How long it may run [s].
    memory_mb : float or None
        Its proportional share of memory [MB] that it may have.

    Returns
    -------
    str or None
        None while it is within both.
    """
    if seconds is not None and run_s >= seconds:
        return f"ended after {seconds:g} s"
    if memory_mb is not None and memory(pid) > memory_mb:
        return f"ended at {memory_mb:g} MB"
    return None


def memory(pid: int) -> float:
    """Return the proportional share of memory of a process [MB]; 0 if it is gone.

    Parameters
    ----------
    pid : int
        The process.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
