"""The zygote: a process that has imported everything, and forks one kernel per request.

It is started by `pipelines.forks` and by nothing else. Its standard input is a socket pair: each
message on it is one request, with three descriptors: the connection of the new kernel, and what
that is to have as standard output and error. Lifetimes follow these descriptors: a kernel ends
when its connection closes, and the zygote with all its kernels when its standard input does. The
zygote has one thread, so what it forks is whole.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.limits import exceeded

# What pages import, and what a kernel would import while it starts.
WARM = (
    "deltalake",
    "duckdb",
    "pyarrow.dataset",
    "xarray",
    "altair",
    "marketing_models.cis.store",
    "marketing_models.reporting.display",
    "marketing_models.reporting.figures",
    "marketing_models.reporting.tables",
    "marketing_models.reporting.words",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
)
# What acts when a process starts, and so cannot be changed for a kernel that is forked.
STARTING = ("PYTHON", "LD_", "LC_", "LANG")
MESSAGE_BYTES = 1 << 20
WATCH_S = 0.5
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


@dataclass(kw_only=True)
class Child:
    """One forked kernel.

    Attributes
    ----------
    pid : int
        Its process, which leads a session of its own.
    connection : socket
        Where its requester hears of it; closed when it is to end.
    started_s : float
        Monotonic time of the fork [s].
    seconds, memory_mb : float or None
        Its limits [s, MB].
    reason : str or None
        Why it was ended, if it was over a limit.
    """

    pid: int
    connection: socket.socket
    started_s: float
    seconds: float | None
    memory_mb: float | None
    reason: str | None = None


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process and to its group.

    Parameters
    ----------
    pid : int
        The process; it may have just been forked and not lead a group yet.
    number : int, default signal.SIGKILL
        The signal.
    """
    try:
        os.killpg(pid, number)
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


class Zygote:
    """The loop that answers requests and watches the kernels; it never returns but in a kernel.

    Parameters
    ----------
    control : socket
        Where requests come from.
    folder : str
        Folder of the requester's sockets, removed when the requester is gone.
    """

    def __init__(self, control: socket.socket, folder: str) -> None:
        self._control = control
        self._folder = folder
        self._children: dict[int, Child] = {}
        self._watched_s = 0.0
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._signals, self._wakeup = socket.socketpair()
        self._wakeup.setblocking(False)
        signal.set_wakeup_fd(self._wakeup.fileno())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._signals, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any]:
        """Answer requests until one of them makes this process a kernel.

        Returns
        -------
        dict
            The request, in the new kernel.
        """
        while True:
            for key, _ in self._selector.select(WATCH_S if self._children else None):
                if key.fileobj is self._control:
                    if request := self._fork():
                        return request
                elif key.fileobj is self._signals:
                    self._reap()
                else:
                    self._listen(key.data)
            self._watch()

    def _fork(self) -> dict[str, Any] | None:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 3)
        except OSError:
            message, descriptors = b"", []
        if not message:
            self._leave()
        request = json.loads(message) | {"parent": os.getpid(), "streams": descriptors[1:]}
        connection = socket.socket(fileno=descriptors[0])
        reason, pid = refusal(request), -1
        if reason is None:
            try:
                pid = os.fork()
            except OSError as problem:
                reason = str(problem)
        if pid == 0:
            connection.close()
            self._become_nobody()
            return request
        if reason is None:
            self._adopt(pid, connection, request)
        else:
            self._answer(connection, {"refused": reason})
            connection.close()
        for stream in request["streams"]:
            os.close(stream)
        return None

    def _adopt(self, pid: int, connection: socket.socket, request: dict[str, Any]) -> None:
        child = Child(
            pid=pid,
            connection=connection,
            started_s=time.monotonic(),
            seconds=request["seconds"],
            memory_mb=request["memory_mb"],
        )
        self._children[pid] = child
        self._selector.register(connection, selectors.EVENT_READ, child)
        self._answer(connection, {"pid": pid})

    def _become_nobody(self) -> None:
        """Close everything that is the zygote's: a child that held it would hide an end of file."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for child in self._children.values():
            child.connection.close()
        for own in (self._selector, self._control, self._signals, self._wakeup):
            own.close()

    @staticmethod
    def _answer(connection: socket.socket, answer: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # whoever asked may be gone
            connection.send(json.dumps(answer).encode(), socket.MSG_DONTWAIT)

    def _listen(self, child: Child) -> None:
        if child.pid not in self._children:  # just reaped, its number may be another's by now
            return
        try:
            message = child.connection.recv(MESSAGE_BYTES, socket.MSG_DONTWAIT)
        except OSError:
            message = b""
        if message:
            kill(child.pid, int(message))
        else:
            kill(child.pid)
            self._forget(child)

    def _forget(self, child: Child) -> None:
        if child.connection.fileno() >= 0:
            self._selector.unregister(child.connection)
            child.connection.close()

    def _reap(self) -> None:
        if signal.SIGTERM in self._signals.recv(MESSAGE_BYTES):
            self._leave()
        with contextlib.suppress(ChildProcessError):
            # A dead process keeps its number until it is waited for: its group is killed first.
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                with contextlib.suppress(OSError):
                    os.killpg(ended.si_pid, signal.SIGKILL)
                _, status = os.waitpid(ended.si_pid, 0)
                if child := self._children.pop(ended.si_pid, None):
                    code = os.waitstatus_to_exitcode(status)
                    self._answer(child.connection, {"code": code, "reason": child.reason})
                    self._forget(child)
                self._kill_orphans()

    def _kill_orphans(self) -> None:
        """Kill what a dead kernel left: the zygote inherits it, whatever session it fled to."""
        with contextlib.suppress(OSError):
            listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
            for pid in map(int, listed.split()):
                if pid not in self._children:
                    kill(pid)

    def _watch(self) -> None:
        if time.monotonic() < self._watched_s + WATCH_S:  # to read memory costs milliseconds
            return
        self._watched_s = time.monotonic()
        for child in self._children.values():
            if child.reason is None:
                run_s = self._watched_s - child.started_s
                child.reason = exceeded(child.pid, run_s, child.seconds, child.memory_mb)
                if child.reason:
                    kill(child.pid)

    def _leave(self) -> None:
        for pid in self._children:
            kill(pid)
        self._children.clear()
        with contextlib.suppress(ChildProcessError):
            while True:
                self._kill_orphans()
                os.waitpid(-1, 0)
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)


def refusal(request: dict[str, Any]) -> str | None:
    """Say why a request cannot be met by a fork.

    Parameters
    ----------
    request : dict
        The request.

    Returns
    -------
    str or None
        None if it can.
    """
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        return f"the zygote has {threads} threads"
    if not Path(request["cwd"]).is_dir():
        return f"there is no folder {request['cwd']}"
    wanted = request["env"]
    for name in sorted({*wanted, *os.environ}):
        if name.startswith(STARTING) and wanted.get(name) != os.environ.get(name):
            return f"{name} is not what it was when the zygote started"
    return None


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process (Linux).

    Parameters
    ----------
    option, value : int
        As in `man 2 prctl`.
    """
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def warm_up() -> dict[str, str]:
    """Import what pages need, and draw one chart, so that kernels are forked with it.

    Returns
    -------
    dict
        What the imported modules have set in the environment.
    """
    before = dict(os.environ)
    # Read when ipykernel is imported: a kernel ends soon after its parent, the zygote.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    for name in WARM:
        importlib.import_module(name)
    importlib.import_module("altair").Chart().mark_line().encode(x="x:Q", y="y:Q").to_dict()
    gc.collect()
    gc.freeze()
    return {name: value for name, value in os.environ.items() if before.get(name) != value}


def become_kernel(request: dict[str, Any], imported: Mapping[str, str]) -> None:
    """Make this process what the command of a request would have started.

    Parameters
    ----------
    request : dict
        The command, which is `python -m <module> ...`, its environment, folder and streams.
    imported : mapping
        What imports have set in the environment.
    """
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != request["parent"]:  # it died before it could take this process along
        os._exit(1)
    for target, stream in enumerate(request["streams"], start=1):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"] | dict(imported))
    time.tzset()
    if numpy := sys.modules.get("numpy"):  # `random` seeds itself after a fork, this does not
        numpy.random.seed()
    _, _, module, *arguments = sys.orig_argv[:] = request["command"]
    sys.argv[:] = ["-m", *arguments]
    if not sys.flags.safe_path:
        sys.path.insert(0, str(Path.cwd()))
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def standard_input() -> socket.socket:
    """Return the socket that is this process's standard input, and leave an empty one in place."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return control


def main() -> None:
    """Serve the socket on standard input; the first argument is the folder to remove at the end."""
    control = standard_input()
    if not sys.flags.safe_path:
        del sys.path[0]
    imported = warm_up()
    become_kernel(Zygote(control, sys.argv[1]).serve(), imported)


if __name__ == "__main__":
    main()
