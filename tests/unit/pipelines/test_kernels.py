"""A zygote, and what it forks: the oracle of a fork is what exec gives, and of a death /proc."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import forks, kernels, limits

SPEC = json.loads(
    (Path(__file__).parents[3] / "pipelines/kernelspec/kernel.json").read_text(encoding="utf-8")
)
# The zygote without its imports: all else is the same, and a test takes milliseconds.
BARE = """
import os, sys
from pipelines import zygote
del sys.path[0]
exec(sys.argv[2])
zygote.become_kernel(zygote.Zygote(zygote.standard_input(), sys.argv[1]).serve(), {"SET": "late"})
"""
# What the forks run: a program that runs its first argument.
PAGE = "import os, sys, signal, time, subprocess\nexec(sys.argv[1])\n"


class Bare:
    """A zygote of a test, and the requests to it."""

    def __init__(self, place, before="pass"):
        self.place = place
        self.folder = place / "sockets"
        self.folder.mkdir()
        (place / "page.py").write_text(PAGE, encoding="utf-8")
        self.env = os.environ | SPEC["env"] | {"PYTHONPATH": str(place)}
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.setblocking(False)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BARE, str(self.folder), before],
                stdin=theirs.fileno(),
                env=self.env,
            )
        self.kernels = []

    def request(self, code, **changes):
        return {
            "command": [sys.executable, "-m", "page", code],
            "env": self.env,
            "cwd": str(self.place),
            "seconds": None,
            "memory_mb": None,
            **changes,
        }

    def fork(self, code, **changes):
        with (self.place / "output").open("w") as output:
            streams = (output.fileno(), output.fileno())
            kernel = asyncio.run(forks.ask(self.control, self.request(code, **changes), streams))
        self.kernels.append(kernel)
        return kernel

    def says(self, code, **changes):
        self.fork(code, **changes).wait()
        return (self.place / "output").read_text()

    def close(self):
        for kernel in self.kernels:
            kernel.close()
        self.control.close()
        return self.process.wait(timeout=10)


@pytest.fixture
def bare(tmp_path):
    zygote = Bare(tmp_path)
    yield zygote
    zygote.close()


def is_alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def becomes(condition, within_s=5):
    until = time.monotonic() + within_s
    while time.monotonic() < until and not condition():
        time.sleep(0.01)
    return condition()


def written(path):
    assert becomes(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text()


@pytest.mark.parametrize(
    "code",
    [
        "print(sys.argv[0], sys.argv[2:], sys.orig_argv[1:3], __name__)",
        "print([p for p in sys.path])",
        "print(sorted(os.environ.items()))",
        "print(os.getcwd(), os.getsid(0) == os.getpid(), sys.stdin.read())",
        "print([signal.getsignal(n) for n in (2, 13, 15, 17)], signal.set_wakeup_fd(-1))",
        "print(sorted(os.listdir('/proc/self/fd')))",
        "print(time.tzname)",
        "import __main__; print(__main__.__name__, __main__.sys is sys)",
        "sys.exit('an error')",
    ],
)
def test_a_fork_is_what_exec_would_have_made(bare, code):
    # Authority: the same command, started by exec.
    env = bare.env | {"TZ": "Asia/Shanghai", "OWN": "1", "SET": "late"}
    plain = subprocess.run(
        [sys.executable, "-m", "page", code],
        cwd=bare.place,
        env=env,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        check=False,
    )
    bare.fork("time.sleep(60)")  # an older one must not show
    assert bare.says(code, env=env) == plain.stdout


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("os._exit(4)", 4),
        ("1/0", 1),
        ("os.kill(os.getpid(), 11)", -signal.SIGSEGV),
    ],
)
def test_exit_codes_are_those_of_popen(bare, code, expected):
    kernel = bare.fork(code)
    assert (kernel.wait(), kernel.poll(), kernel.reason) == (expected, expected, None)


def test_two_forks_have_different_random_numbers(tmp_path):
    zygote = Bare(tmp_path, "import random, numpy; random.seed(1); numpy.random.seed(1)")
    code = "import random, numpy; print(random.random(), numpy.random.random())"
    first, second = zygote.says(code).split(), zygote.says(code).split()
    zygote.close()
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_signals_reach_the_kernel_and_its_group(bare):
    sign = bare.place / "sign"
    kernel = bare.fork(
        "import subprocess; other = subprocess.Popen(['sleep', '60'])\n"
        f"try:\n open({str(sign)!r}, 'w').write('up\\n'); time.sleep(60)\n"
        "except KeyboardInterrupt: sys.exit(10 + other.wait())"
    )
    written(sign)
    kernel.send_signal(signal.SIGINT)
    assert kernel.wait() == 10 - signal.SIGINT


def test_two_signals_at_once_are_two_messages(bare):
    # An interrupt and a kill that arrive together once stopped the parser.
    kernel = bare.fork("time.sleep(60)")
    kernel.send_signal(signal.SIGINT)
    kernel.kill()
    assert kernel.wait() in {-signal.SIGKILL, 1, -signal.SIGINT}
    assert bare.says("print('next')") == "next\n"


def test_a_kernel_ends_when_its_requester_lets_go(bare):
    kernel = bare.fork("signal.signal(15, signal.SIG_IGN); time.sleep(60)")
    assert is_alive(kernel.pid)
    kernel.close()
    assert becomes(lambda: not is_alive(kernel.pid))


@pytest.mark.parametrize("ending", ["exit", "kill", "segfault"])
def test_nothing_that_a_kernel_started_outlives_it(bare, ending):
    # A process that fled to a session of its own, and its child, whose parent is gone.
    sign = bare.place / "sign"
    kernel = bare.fork(
        "fled = subprocess.Popen('sleep 60 & echo $! $$; exec sleep 61', shell=True, text=True,\n"
        "    start_new_session=True, stdout=subprocess.PIPE)\n"
        f"line = fled.stdout.readline(); open({str(sign)!r}, 'w').write(line)\n"
        + {"exit": "", "kill": "time.sleep(60)", "segfault": "os.kill(os.getpid(), 11)"}[ending]
    )
    pids = [int(word) for word in written(sign).split()]
    if ending == "kill":
        kernel.kill()
    kernel.wait()
    assert len(pids) == 2
    assert becomes(lambda: not any(map(is_alive, pids)))


def test_the_zygote_goes_with_its_requester_and_takes_all_along(bare):
    pids = [bare.fork("time.sleep(60)").pid for _ in range(3)]
    (bare.folder / "kernel-1").touch()
    bare.control.close()
    assert bare.process.wait(timeout=5) == 0
    assert not any(map(is_alive, pids))
    assert not bare.folder.exists()


def test_the_zygote_leaves_in_order_when_it_is_told_to(bare):
    kernel = bare.fork("time.sleep(60)")
    bare.process.terminate()
    assert bare.process.wait(timeout=5) == 0
    assert not is_alive(kernel.pid)
    assert not bare.folder.exists()


def test_kernels_die_with_a_zygote_that_is_killed(bare):
    kernel = bare.fork("time.sleep(60)")
    bare.process.kill()
    assert (kernel.wait(), kernel.reason) == (-signal.SIGKILL, forks.LOST)
    assert becomes(lambda: not is_alive(kernel.pid))
    with pytest.raises(ConnectionError):
        bare.fork("pass")


def test_a_requester_that_is_gone_does_no_harm(bare):
    # It closed its end before the answer was sent.
    connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, (bare.place / "output").open("w") as output:
        streams = (output.fileno(), output.fileno())
        message = str(bare.request("time.sleep(60)")).replace("'", '"').replace("None", "null")
        connection.close()
        socket.send_fds(bare.control, [message.encode()], [theirs.fileno(), *streams])
    assert bare.says("print('next')") == "next\n"


@pytest.mark.parametrize(
    ("limit", "reason"),
    [({"seconds": 0.6}, "ended after 0.6 s"), ({"memory_mb": 60}, "ended at 60 MB")],
)
def test_a_kernel_over_its_limit_is_ended_with_the_reason(bare, limit, reason):
    greedy = bare.fork("held = bytes([1]) * (100 << 20)\nwhile True: pass", **limit)
    other = bare.fork("time.sleep(1.5)")
    began = time.monotonic()
    assert (greedy.wait(), greedy.reason) == (-signal.SIGKILL, reason)
    assert time.monotonic() - began < 3
    assert (other.wait(), other.reason) == (0, None)


def test_memory_is_counted_as_the_kernel_of_the_system_counts_it(bare):
    # Authority: 200 MB that the process has written to are its own alone.
    sign = bare.place / "sign"
    code = f"held = b'1' * (200 << 20); open({str(sign)!r}, 'w').write('up\\n'); time.sleep(60)"
    kernel = bare.fork(code)
    written(sign)
    assert 200 < limits.memory(kernel.pid) < 260
    kernel.kill()
    kernel.wait()
    assert limits.memory(kernel.pid) == 0


def test_a_zygote_with_two_threads_refuses(tmp_path):
    waits = "import threading as t; t.Thread(target=t.Event().wait, daemon=True).start()"
    zygote = Bare(tmp_path, waits)
    with pytest.raises(forks.NoForkError, match="the zygote has 2 threads"):
        zygote.fork("pass")
    assert zygote.close() == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cwd": "/nowhere"}, "there is no folder /nowhere"),
        ({"env": {}}, "is not what it was when the zygote started"),
    ],
)
def test_what_a_fork_cannot_give_is_refused(bare, changes, reason):
    with pytest.raises(forks.NoForkError, match=reason):
        bare.fork("pass", **changes)
    assert bare.says("print('next')") == "next\n"


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "PYTHONPATH", "LD_PRELOAD", "LC_ALL"])
def test_a_variable_that_acts_at_the_start_of_python_is_not_changed_after_it(bare, name):
    with pytest.raises(forks.NoForkError, match=f"{name} is not what it was"):
        bare.fork("pass", env=bare.env | {name: "7"})


def test_an_environment_too_long_for_one_message_is_no_reason_to_end_the_zygote(bare):
    with pytest.raises(OSError, match="too long"):
        bare.fork("pass", env=bare.env | {"LONG": "x" * 4_000_000})
    assert bare.says("print('next')") == "next\n"


def test_many_requests_may_wait_for_a_zygote_that_is_still_starting(bare):
    async def all_at_once():
        request = bare.request("pass", env=bare.env | {"LONG": "x" * 30_000})
        return await asyncio.gather(*(forks.ask(bare.control, request, (1, 2)) for _ in range(40)))

    forked = asyncio.run(all_at_once())
    assert len({kernel.pid for kernel in forked}) == 40
    assert {kernel.wait() for kernel in forked} == {0}


# pytest may have threads; this fork only sleeps.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_of_the_requester_does_not_keep_its_kernels_alive(bare):
    kernel = bare.fork("time.sleep(60)")
    helper = os.fork()
    if helper == 0:
        time.sleep(30)
        os._exit(0)
    kernel.close()
    try:
        assert becomes(lambda: not is_alive(kernel.pid), within_s=3)
    finally:
        os.kill(helper, signal.SIGKILL)
        os.waitpid(helper, 0)


@pytest.mark.parametrize("length", [10, 60, 120])
def test_sockets_have_short_paths_in_private_folders(tmp_path, monkeypatch, length):
    # Authority: unix(7), sun_path has 108 bytes and ends in a zero.
    place = tmp_path / ("x" * length)
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    nursery = forks.Nursery()
    made = [nursery.folder() for _ in range(3)]
    assert len(set(made)) == 3
    assert all(len(os.fsencode(folder / "k-99")) <= 107 for folder in made)
    assert {folder.stat().st_mode & 0o777 for folder in [*made, made[0].parent]} == {0o700}
    nursery.close()
    assert not made[0].parent.exists()


def test_folders_of_dead_processes_are_swept_and_those_of_living_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "from pipelines import forks; import os\n"
        "print(forks.NURSERY.folder(), flush=True); os._exit(0)"
    )
    killed = subprocess.check_output(
        [sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)}, text=True
    )
    dead, living = Path(killed.strip()).parent, forks.Nursery()
    held = living.folder().parent
    assert dead.exists()
    for folder in (dead, held):
        os.utime(folder, (0, 0))
    forks.sweep(tmp_path)
    assert not dead.exists()
    assert held.exists()
    living.close()


def test_a_young_folder_is_not_swept(tmp_path):
    folder = tmp_path / f"{forks.PREFIX}young"
    folder.mkdir()
    forks.sweep(tmp_path)
    assert folder.exists()


def test_the_reason_comes_back_through_settings_that_are_copied():
    # Authority: traitlets copies what it is given.
    watch = kernels.Watch(seconds=600, memory_mb=2048)
    provisioner = kernels.ForkProvisioner(config=watch.config)
    assert provisioner.watch is watch
    assert kernels.ForkProvisioner().watch is not kernels.ForkProvisioner().watch
    assert kernels.ForkProvisioner().watch.seconds is None
