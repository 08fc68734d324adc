"""A page in a warm kernel is the page in a fresh one, and no kill leaves anything behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import killed_runner
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager, start_new_kernel
from kernel_probes import PROBES, SPEC, compared, run
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from pipelines import forks, kernels

pytestmark = [
    pytest.mark.slow,
    # A plain kernel of Jupyter warns that it talks over TCP; papermill 2.7 has old date functions.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]
MARK = "MARKETING_MODELS_TEST_MARK"


def marked(mark):
    """Return the processes that were started with a mark in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


def becomes(condition, within_s):
    until = time.monotonic() + within_s
    while time.monotonic() < until and not condition():
        time.sleep(0.05)
    return condition()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probes")
    return compared("python3", folder), compared(kernels.NAME, folder)


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_shows_in_a_warm_kernel_what_it_shows_in_a_fresh_one(both, probe):
    # Authority: a fresh python3 kernel of Jupyter.
    fresh, warm = both
    assert warm[probe] == fresh[probe]


def test_without_forks_the_same_name_gives_plain_kernels_and_one_line_says_so(
    both, tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv(kernels.SWITCH, "off")
    monkeypatch.setattr(kernels, "_told", set())
    names = list(PROBES)[: list(PROBES).index("search path")]
    for _ in range(2):
        shown = run([PROBES[name] for name in names], kernels.NAME, tmp_path, allow_errors=True)
    fresh = both[0] | {"working folder": shown[names.index("working folder")]}
    assert dict(zip(names, shown, strict=True)) == {name: fresh[name] for name in names}
    lines = [record.message for record in caplog.records if record.name == kernels.__name__]
    assert lines == [f"pages run in kernels that are not forked: {kernels.SWITCH} is off"]


def test_the_kernel_that_is_installed_is_the_one_of_this_source():
    spec = KernelSpecManager().get_kernel_spec(kernels.NAME)
    assert json.loads((Path(spec.resource_dir) / "kernel.json").read_text("utf-8")) == SPEC


def test_kernels_of_many_threads_do_not_mix():
    code = "import os, random; print(os.getpid(), random.random(), {}, os.path.exists('mine'))\n"
    code += "open('mine', 'w').close()"
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda n: killed_runner.page(code.format(n)), range(24)))
    assert [problem for _, problem, _ in runs if problem] == []
    words = [killed_runner.text(run).split() for run, _, _ in runs]
    assert len({word[0] for word in words}) == 24
    assert len({word[1] for word in words}) == 24
    assert [word[2:] for word in words] == [[str(n), "False"] for n in range(24)]
    assert [path.name for path in forks.NURSERY.folder().parent.glob("*/*")] == []


def test_kernels_of_one_loop_do_not_mix():
    async def one():
        manager = AsyncKernelManager(kernel_name=kernels.NAME)
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=30)
        pid = manager.provisioner.pid
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return pid, manager.ip

    async def all_at_once():
        return await asyncio.gather(*(one() for _ in range(4)))

    found = asyncio.run(all_at_once())
    assert len({pid for pid, _ in found}) == len({ip for _, ip in found}) == 4
    assert not any(Path(ip).parent.exists() for _, ip in found)


@pytest.mark.parametrize("switch", ["on", "off"])
@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("import ctypes; ctypes.string_at(0)", {}, "killed by signal 11"),
        ("import os; os._exit(3)", {}, "ended with exit code 3"),
        ("while True: pass", {"seconds": 2}, "ended after 2 s"),
        ("x = bytes([1]) * (700 << 20)\nwhile True: pass", {"memory_mb": 600}, "ended at 600 MB"),
    ],
)
def test_a_page_whose_kernel_ends_fails_alone_and_says_why(
    monkeypatch, switch, code, limits, reason
):
    monkeypatch.setenv(kernels.SWITCH, switch)
    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(killed_runner.page, code, **limits)
        other = pool.submit(killed_runner.page, "import time; time.sleep(0.5); print('whole')")
        _, problem, watch = failing.result()
        good, other_problem, other_watch = other.result()
    assert isinstance(problem, (DeadKernelError, RuntimeError))  # perhaps before it was ready
    assert (watch.reason, watch.is_lost) == (reason, False)
    assert (killed_runner.text(good), other_problem, other_watch.reason) == ("whole\n", None, None)


def test_a_page_with_an_error_of_its_own_gives_no_reason_for_its_kernel():
    _, problem, watch = killed_runner.page("1/0")
    assert isinstance(problem, PapermillExecutionError)
    assert watch.reason is None


@pytest.mark.parametrize("all_run", [False, True])
def test_a_killed_zygote_loses_the_pages_that_ran_and_no_other(all_run, tmp_path):
    killed_runner.page("pass")
    with ThreadPoolExecutor(2) as pool:
        page = f"import os, time; open({str(tmp_path)!r} + f'/{{os.getpid()}}', 'w').close()"
        page += f"; time.sleep({60 if all_run else 2.5})"
        running = [pool.submit(killed_runner.page, page) for _ in range(2)]
        # At once, or when both pages are known to run, however slow the machine is.
        becomes(lambda: len(list(tmp_path.iterdir())) == 2, 60 if all_run else 0.1)
        forks.NURSERY._zygote.send_signal(signal.SIGKILL)
        ended = [page.result() for page in running]
    # One that had not been forked yet was forked by the zygote that came after.
    assert all((watch.reason == forks.LOST) == watch.is_lost for _, _, watch in ended)
    assert all(bool(problem) == watch.is_lost for _, problem, watch in ended)
    assert not all_run or all(watch.is_lost for _, _, watch in ended)
    following, problem, _ = killed_runner.page("print('next')")
    assert (killed_runner.text(following), problem) == ("next\n", None)


@pytest.mark.parametrize(("page_count", "moment_s"), [(0, 0.5), (0, 2.0), (6, 0.1)])
def test_a_killed_runner_leaves_no_process_and_no_file(tmp_path, page_count, moment_s):
    made, temporary, mark = tmp_path / "made", tmp_path / "temporary", uuid.uuid4().hex
    made.mkdir()
    temporary.mkdir()
    env = os.environ | {MARK: mark, "TMPDIR": str(temporary), kernels.SWITCH: "on"}
    env["JUPYTER_RUNTIME_DIR"] = str(temporary / "runtime")
    script = Path(killed_runner.__file__)
    runner = subprocess.Popen(
        [sys.executable, str(script), str(made)], env=env, stderr=subprocess.DEVNULL
    )
    assert becomes(lambda: len(list(made.iterdir())) >= page_count, within_s=60)
    time.sleep(moment_s)
    runner.kill()
    runner.wait()
    assert becomes(lambda: not marked(mark), within_s=15)
    left = [p for p in temporary.rglob("*") if p.is_socket() or "kernel" in p.name]
    assert [p for p in left if "ipykernel_" not in p.name] == []
    assert all(p.read_text() == f"{p.name}\n" for p in made.iterdir())


def test_interrupt_restart_and_shutdown_work_as_in_jupyterlab():
    manager, client = start_new_kernel(kernel_name=kernels.NAME, startup_timeout=30)
    folder = Path(manager.ip).parent

    def shown(code):
        found = []
        hook = found.append
        client.execute_interactive(code, timeout=20, output_hook=hook, stop_on_error=False)
        contents = [message["content"] for message in found]
        return [content.get("text", content.get("ename")) for content in contents]

    try:
        first = manager.provisioner.pid
        client.execute("import time; time.sleep(60)", stop_on_error=False)
        time.sleep(0.5)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=10)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert "same\n" in shown("held = 1; print('same')")
        manager.restart_kernel()
        client.wait_for_ready(timeout=30)
        assert manager.provisioner.pid != first
        assert "NameError" in shown("held")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not folder.exists()
