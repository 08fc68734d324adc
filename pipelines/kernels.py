"""Kernels of pages, found by the name `mm-fork`: forked from a warm zygote where that can be."""

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance
from traitlets.config import Config

from pipelines import forks, limits

NAME = "mm-fork"
SWITCH = "MARKETING_MODELS_FORK"
KILLED_S = 5
_log = logging.getLogger(__name__)
_told: set[str] = set()


class Watch:
    """What one kernel may use and, in the end, why it ended.

    Parameters
    ----------
    seconds : float or None, default None
        How long it may run [s].
    memory_mb : float or None, default None
        Its proportional share of memory [MB] that it may have.
    env : mapping of str to str, optional
        Variables that it has beside those of this process.

    Attributes
    ----------
    reason : str or None
        Why the kernel ended, if nobody asked it to.
    is_lost : bool
        True if the kernel ended through no fault of its own: once more may do.

    Examples
    --------
    >>> watch = Watch(seconds=600, memory_mb=2048)
    >>> sorted(watch.config)
    ['ForkProvisioner']
    """

    def __init__(
        self,
        *,
        seconds: float | None = None,
        memory_mb: float | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.seconds = seconds
        self.memory_mb = memory_mb
        self.env = dict(env or {})
        self.reason: str | None = None
        self.is_lost = False

    def __deepcopy__(self, _: object) -> Self:
        # Settings are copied on their way through Jupyter; the reason must come back to the caller.
        return self

    @property
    def config(self) -> Config:
        """Settings to start a kernel with, for `papermill.execute_notebook(config=...)`."""
        return Config({"ForkProvisioner": {"watch": self}})


class ForkProvisioner(LocalProvisioner):
    """Starts a kernel by forking the zygote, or as Jupyter would where that cannot be.

    Attributes
    ----------
    watch : Watch
        What the kernel may use, and why it ended.
    """

    watch = Instance(Watch, ()).tag(config=True)
    process: Any
    _folder: Path | None = None
    _started_s = 0.0
    _asked_to_end = False

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Have the kernel talk over sockets in a private folder: no port that two could want.

        Parameters
        ----------
        **kwargs
            As Jupyter gives them.
        """
        if self._folder is None and os.name == "posix":
            self._folder = forks.NURSERY.folder()
            manager: Any = self.parent
            manager.transport = "ipc"
            manager.ip = str(self._folder / "k")
            manager.connection_file = str(self._folder / "kernel.json")
        found = await super().pre_launch(**kwargs)
        return {**found, "env": {**found["env"], **self.watch.env}}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel.

        Parameters
        ----------
        cmd : list of str
            `python -m ipykernel_launcher ...`.
        **kwargs
            As `subprocess.Popen` takes them.
        """
        self._asked_to_end = False
        self._started_s = time.monotonic()
        try:
            self.process = await self._fork(cmd, **kwargs)
        except forks.NoForkError as reason:
            if not _told:
                _told.add(str(reason))
                _log.warning("pages run in kernels that are not forked: %s", reason)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid, self.pgid = self.process.pid, None
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def _fork(self, cmd: list[str], **kwargs: Any) -> forks.ForkedKernel:
        if os.environ.get(SWITCH) == "off":
            raise forks.NoForkError(f"{SWITCH} is off")
        request = {
            "command": cmd,
            "env": dict(kwargs["env"]),
            "cwd": str(Path.cwd() / (kwargs.get("cwd") or "")),
            "seconds": self.watch.seconds,
            "memory_mb": self.watch.memory_mb,
        }
        streams = (_descriptor(kwargs.get("stdout"), 1), _descriptor(kwargs.get("stderr"), 2))
        return await forks.NURSERY.fork(request, streams)

    async def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs; note why it ended."""
        code = await super().poll()
        if self.process is None or self._asked_to_end or self.watch.reason:
            return code
        if code is not None:
            self.watch.reason = getattr(self.process, "reason", None) or _reason(code)
            self.watch.is_lost = self.watch.reason == forks.LOST
        elif not isinstance(self.process, forks.ForkedKernel):
            run_s = time.monotonic() - self._started_s
            self.watch.reason = limits.exceeded(
                self.process.pid, run_s, self.watch.seconds, self.watch.memory_mb
            )
            if self.watch.reason:
                await super().kill()
        return code

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Note that the kernel has been asked to end.

        Parameters
        ----------
        restart : bool, default False
            Whether another is started then.
        """
        self._asked_to_end = True
        await super().shutdown_requested(restart=restart)

    async def terminate(self, restart: bool = False) -> None:
        """Tell the kernel to end.

        Parameters
        ----------
        restart : bool, default False
            Whether another is started then.
        """
        self._asked_to_end = True
        await super().terminate(restart=restart)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel, and return when it has ended: Jupyter looks every 0.1 s only.

        Parameters
        ----------
        restart : bool, default False
            Whether another is started then.
        """
        self._asked_to_end = True
        await super().kill(restart=restart)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILLED_S):
                while await self.poll() is None:
                    await asyncio.sleep(forks.POLL_S)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the kernel left.

        Parameters
        ----------
        restart : bool, default False
            Whether another is started, in the same folder.
        """
        await super().cleanup(restart=restart)
        if isinstance(self.process, forks.ForkedKernel):
            self.process.close()
        if self._folder is not None and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _descriptor(stream: Any, inherited: int) -> int:
    """Return the descriptor that `subprocess.Popen` would give to a kernel."""
    if stream is None:
        return inherited
    descriptor = stream if isinstance(stream, int) else stream.fileno()
    if descriptor < 0:
        raise forks.NoForkError("the kernel's output is to go to a pipe")
    return descriptor


def _reason(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def warm() -> None:
    """Start this process's zygote now, so that its imports run beside those of the caller."""
    if os.environ.get(SWITCH) != "off" and sys.platform == "linux":
        spec = KernelSpecManager().get_kernel_spec(NAME)
        forks.NURSERY.warm(sys.executable, {**os.environ, **spec.env})


def close() -> None:
    """End the zygote of this process, if it has one; it ends with the process anyway."""
    forks.close()
