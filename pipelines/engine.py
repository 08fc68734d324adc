"""The engine: where jobs run, in this process or on a cluster, through one Dask client."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster

from marketing_models.errors import EngineError
from pipelines import keys

CONNECT_S = 20
# A page's kernel is a process of its own: the memory of this one says nothing about it.
_SETTINGS = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.admin.tick.limit": "60s",
}


@contextlib.contextmanager
def client(
    cluster: str | None, threads: int, store: Path, *, processes: bool = False
) -> Iterator[Client]:
    """Give a client whose workers all agree with this process.

    Parameters
    ----------
    cluster : str or None
        Address of a running scheduler, such as ``tcp://10.0.0.1:8786`` or ``tls://…``; None for
        threads of this process.
    threads : int
        Threads where there is no cluster.
    store : Path
        Folder of the store that all workers must see alike.
    processes : bool, default=False
        True for a process instead of each thread: for work in Python, which threads would share.

    Yields
    ------
    Client
        Closed with the block; a cluster that was running goes on.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        if cluster is None:
            local = LocalCluster(
                n_workers=threads if processes else 1,
                threads_per_worker=1 if processes else threads,
                processes=processes,
                dashboard_address="127.0.0.1:0",
                worker_dashboard_address="127.0.0.1:0",
            )
            cluster = stack.enter_context(local)
        made = stack.enter_context(_connected(cluster))
        _require_agreement(made, store)
        yield made


def _connected(cluster: Any) -> Client:
    try:
        made = Client(cluster, timeout=CONNECT_S)
    except (OSError, RuntimeError, ValueError) as reason:
        raise EngineError(
            f"no scheduler answers at {cluster} ({reason}); start one with: dask scheduler"
        ) from None
    try:
        made.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        made.close()
        raise EngineError(
            f"the scheduler at {cluster} has no worker; start one with: dask worker {cluster}"
        ) from None
    return made


def agreement(store: Path) -> dict[str, str]:
    """Return what two processes must share before their pages may stand in one site."""
    vector = store / "version.json"
    held = vector.read_bytes() if vector.is_file() else b""
    return {**keys.environment(), f"version.json of {store}": keys.sha256(held)}


def _require_agreement(made: Client, store: Path) -> None:
    own = agreement(store)
    found: Mapping[str, Mapping[str, str]] = made.run(agreement, store)
    problems = [
        f"worker {worker} differs in {name}: {theirs.get(name)} against {value} here"
        for worker, theirs in sorted(found.items())
        for name, value in own.items()
        if theirs.get(name) != value
    ]
    if problems:
        remedy = "give every worker the same checkout, lock file and store, then run again"
        raise EngineError("\n".join([*problems, remedy]))


def checked(expected: Mapping[str, str], store: Path, function: Any, *arguments: Any) -> Any:
    """Call a function on a worker that agrees, before and after; a late one was never asked.

    Parameters
    ----------
    expected : mapping of str to str
        What the client's `agreement` was.
    store : Path
        Folder of the store.
    function : callable
        What to call.
    *arguments : object
        With what.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    EngineError
        If this worker has another package, lock file or store, or the store was written meanwhile.
    """
    if agreement(store) != expected:
        raise EngineError("this worker has another package, lock file or store; run again")
    found = function(*arguments)
    if agreement(store) != expected:
        raise EngineError("the store was written while the page was made; run again")
    return found
