"""The near side of the zygote: start it once per process, ask it for kernels, watch them."""

import asyncio
import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

ANSWER_S = 60
POLL_S = 0.005
PREFIX = "mm-kernels-"
CLAIMED_S = 60  # a folder is claimed just after it was made
LOST = "its zygote was killed"
# A unix socket's path may have 107 bytes; below the folder for temporary files we need 30.
FOLDER_BYTES = 77
_held: weakref.WeakSet[socket.socket] = weakref.WeakSet()


class NoForkError(RuntimeError):
    """A kernel cannot be forked; the message says why."""


class ForkedKernel:
    """A forked kernel, with as much of a `subprocess.Popen` as a provisioner uses.

    Parameters
    ----------
    connection : socket
        Its connection to the zygote; the kernel ends when this is closed.
    pid : int
        Its process.

    Attributes
    ----------
    returncode : int or None
        As `subprocess.Popen` has it; None while it runs.
    reason : str or None
        Why the zygote ended it, if it did.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        self.pid = pid
        self.returncode: int | None = None
        self.reason: str | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        if self.returncode is None:
            try:
                answer = receive(self._connection)
            except OSError:
                answer = {"code": -signal.SIGKILL, "reason": LOST}
            if answer:
                self.returncode, self.reason = answer["code"], answer["reason"]
                self._connection.close()
        return self.returncode

    def wait(self) -> int:
        """Return the exit code when the kernel has ended."""
        while (code := self.poll()) is None:
            select.select([self._connection], [], [])
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and all processes of its group.

        Parameters
        ----------
        number : int
            The signal.
        """
        with contextlib.suppress(OSError):  # the next poll tells
            self._connection.send(json.dumps(int(number)).encode())

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of the kernel, which ends it."""
        self._connection.close()


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Return what the zygote said, None if it has said nothing.

    Parameters
    ----------
    connection : socket
        A kernel's connection to it.

    Raises
    ------
    ConnectionError
        If the zygote is gone.
    """
    try:
        message = connection.recv(1 << 16, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    if not message:
        raise ConnectionError("the zygote is gone")
    return json.loads(message)


class Nursery:
    """The zygote of this process: started with the first kernel, ended with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._folder: Path | None = None
        self._claim: FileLock | None = None
        self._broken: str | None = None
        self._owner = os.getpid()

    def folder(self) -> Path:
        """Make a private folder for the sockets of one kernel, short enough for their paths."""
        with self._lock:
            if self._folder is None:
                short = len(os.fsencode(tempfile.gettempdir())) <= FOLDER_BYTES
                place = tempfile.gettempdir() if short else "/tmp"  # noqa: S108 - mkdtemp is private
                sweep(Path(place))
                self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
                self._claim = FileLock(self._folder / "lock", timeout=0, thread_local=False)
                self._claim.acquire()
        return Path(tempfile.mkdtemp(prefix="", dir=self._folder))

    def warm(self, program: str, env: Mapping[str, str]) -> None:
        """Start the zygote ahead of its first kernel, which then need not wait for its imports.

        Parameters
        ----------
        program : str
            Python of the kernels.
        env : mapping of str to str
            Their environment.
        """
        self.folder().rmdir()
        self._living({"command": [program], "env": dict(env)}, None)

    async def fork(self, request: Mapping[str, Any], streams: tuple[int, int]) -> ForkedKernel:
        """Ask for a kernel; a zygote that was killed is started again, once.

        Parameters
        ----------
        request : mapping
            `command`, `env`, `cwd`, `seconds` and `memory_mb` of the kernel.
        streams : tuple of int
            Descriptors of its standard output and error.

        Returns
        -------
        ForkedKernel
            The kernel, which has not said yet that it is ready.

        Raises
        ------
        NoForkError
            If no kernel can be forked here, or not this one.
        """
        if not (sys.platform == "linux" and hasattr(os, "fork")):
            raise NoForkError(f"kernels are forked on Linux only, this is {sys.platform}")
        zygote = None
        for _ in range(2):
            if self._broken:
                raise NoForkError(self._broken)
            try:
                zygote = self._living(request, zygote)
                return await ask(zygote, request, streams)
            except (ConnectionError, TimeoutError):
                continue
            except OSError as problem:  # the message is too long, or there is no more memory
                if zygote is None or zygote.fileno() >= 0:
                    raise NoForkError(str(problem)) from problem
        self._broken = "the zygote ended twice before it answered"
        raise NoForkError(self._broken)

    def _living(self, request: Mapping[str, Any], dead: socket.socket | None) -> socket.socket:
        with self._lock:
            if self._control is None or self._control is dead:
                self._end()
                self._control = self._start(request)
            return self._control

    def _start(self, request: Mapping[str, Any]) -> socket.socket:
        """Start a zygote as the kernel would be started: by exec, this process may have threads."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _held.add(ours)
        ours.setblocking(False)
        with theirs:
            self._zygote = subprocess.Popen(  # noqa: S603 - our own module
                [request["command"][0], "-m", "pipelines.zygote", str(self._folder)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=request["env"],
                start_new_session=True,
            )
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
            self._zygote = None

    def close(self) -> None:
        """End the zygote and all its kernels, and remove the folder."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            if self._control is not None and self._zygote is not None:
                self._control.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._zygote.wait(timeout=5)
            self._end()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
            if self._claim is not None:
                self._claim.release()


def sweep(place: Path) -> None:
    """Remove the folders of processes that were killed together with their zygote.

    Parameters
    ----------
    place : Path
        Where such folders are.
    """
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another's, or another sweeps too
            if time.time() - folder.stat().st_mtime > CLAIMED_S:
                with FileLock(folder / "lock", timeout=0):
                    shutil.rmtree(folder)


async def ask(
    control: socket.socket, request: Mapping[str, Any], streams: tuple[int, int]
) -> ForkedKernel:
    """Ask a zygote for a kernel.

    Parameters
    ----------
    control : socket
        The zygote's.
    request : mapping
        What the kernel is to be.
    streams : tuple of int
        Descriptors of its standard output and error.

    Returns
    -------
    ForkedKernel
        The kernel.

    Raises
    ------
    NoForkError
        If the zygote refuses.
    """
    connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    _held.add(connection)
    message = json.dumps(dict(request)).encode()
    try:
        async with asyncio.timeout(ANSWER_S):
            with theirs:
                while not _sent(control, message, (theirs.fileno(), *streams)):
                    await asyncio.sleep(POLL_S)
            while (answer := receive(connection)) is None:
                await asyncio.sleep(POLL_S)
    except BaseException:
        connection.close()
        raise
    if "refused" in answer:
        connection.close()
        raise NoForkError(answer["refused"])
    return ForkedKernel(connection, answer["pid"])


def _sent(control: socket.socket, message: bytes, descriptors: tuple[int, ...]) -> bool:
    with contextlib.suppress(BlockingIOError):  # others wait already, while the zygote warms up
        socket.send_fds(control, [message], descriptors)
        return True
    return False


NURSERY = Nursery()


def _start_over() -> None:
    """Let go, in a fork of this process, of what would keep the kernels of this one alive."""
    global NURSERY  # noqa: PLW0603 - the zygote belongs to the process, and this is another
    for connection in list(_held):
        connection.close()
    NURSERY = Nursery()


def close() -> None:
    """End the zygote of this process, if it has one, with all its kernels; the next one is new."""
    NURSERY.close()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
