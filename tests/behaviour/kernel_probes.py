"""Cells that show in what kind of kernel they run, and what came out of them, made comparable."""

import json
import os
import re
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

SPEC = json.loads(
    (Path(__file__).parents[2] / "pipelines/kernelspec/kernel.json").read_text(encoding="utf-8")
)
PROBES = {
    "order of stdout and stderr": """
        import sys
        print("a"); print("b", file=sys.stderr); print("c"); sys.stdout.flush(); print("d")
    """,
    "output of child processes": """
        import os, subprocess
        os.system("echo system; echo fault >&2")
        print(subprocess.run("echo run; cat", shell=True, capture_output=True, text=True).stdout)
    """,
    "output past Python": "import os; _ = os.write(1, b'descriptor\\n')",
    "input is refused": "input('name? ')",
    "a loop is running": "import asyncio; print(asyncio.get_running_loop().is_running())",
    "top-level await": "await asyncio.sleep(0.01, 'awaited')",
    "tasks run on after a cell": """
        task = asyncio.get_running_loop().create_task(asyncio.sleep(0.01, "done"))
        await task
    """,
    "line magics": "%precision 3\n1 / 3",
    "cell magics": "%%bash\necho shell $((1 + 1))\nexit 0",
    "a cell magic that fails": "%%bash\nexit 3",
    "shell escape": "listed = !echo one; echo two\nlisted",
    "display and update": """
        from IPython.display import HTML, display
        shown = display(HTML("<b>first</b>"), display_id="probe")
        shown.update(HTML("<b>second</b>"))
    """,
    "clear output": """
        from IPython.display import clear_output
        print("gone"); clear_output(); print("stays")
    """,
    "threads print into their cell": """
        import threading
        worker = threading.Thread(target=print, args=("from a thread",))
        worker.start(); worker.join()
        print(threading.current_thread() is threading.main_thread())
    """,
    "a pool of processes": """
        from concurrent.futures import ProcessPoolExecutor
        with ProcessPoolExecutor(2) as pool: print(list(pool.map(abs, [-1, -2])))
    """,
    "a pool runs functions of the page": """
        def doubled(x): return 2 * x
        with ProcessPoolExecutor(1) as pool: print(list(pool.map(doubled, [1, 2])))
    """,
    "seeds": """
        import random
        import numpy as np
        random.seed(1); np.random.seed(1)
        print(random.random(), np.random.random(), np.random.default_rng(1).random())
    """,
    "working folder": "os.getcwd()",
    "search path": "sys.path",
    "arguments": "sys.argv, sys.orig_argv[1:], sys.executable, sys.prefix",
    "flags": "import locale; sys.flags, sys._xoptions, sys.warnoptions, locale.getlocale()",
    "main module": """
        import __main__
        print(__name__, __main__.__dict__ is globals(), vars(__main__).get("__file__"), __main__)
        print(sorted(name for name in globals() if name.startswith("__")))
    """,
    "pickle of the page's own class": """
        import pickle
        class Own: pass
        pickle.loads(pickle.dumps(Own())).__class__ is Own, Own.__module__
    """,
    "environment": "sorted(os.environ)",
    "time zone": "import time; time.tzname, time.localtime(0).tm_hour",
    "an error": """
        def inner(): return 1 / 0
        def outer(): return inner()
        outer()
    """,
    "a chained error": """
        try: {}["key"]
        except KeyError as problem: raise ValueError("no key") from problem
    """,
    "a syntax error": "def broken(:",
    "leaving": "sys.exit(3)",
    "still there": "print('still there')",
    "warnings": "import warnings; warnings.warn('careful')",
    "logging": """
        import logging
        logging.warning("logged")
        logging.getLogger().level, len(logging.getLogger().handlers), logging.lastResort.level
    """,
    "signals": """
        import signal
        print({n: str(signal.getsignal(n)) for n in (2, 10, 13, 15, 17)})
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1) >= 0)
    """,
    "interrupts": "signal.raise_signal(signal.SIGINT)",
    "place among processes": """
        print(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())
        print(os.environ["JPY_PARENT_PID"] == str(os.getppid()), sys.stdin.read())
        import multiprocessing
        print(multiprocessing.current_process(), multiprocessing.parent_process())
    """,
    "descriptors": """
        def kind(n):
            try: return os.readlink(f"/proc/self/fd/{n}").split(":")[0]
            except OSError: return "closed"
        print(sorted(map(kind, range(3, 100))))
    """,
    "limits of the process": """
        import resource
        print([resource.getrlimit(n) for n in range(16)], os.umask(18), os.nice(0))
    """,
    "interpreter": """
        import gc, decimal
        print(gc.isenabled(), gc.get_threshold(), sys.getrecursionlimit(), sys.getswitchinterval())
        print(type(sys.stdout), type(get_ipython()), sys.stdout.encoding, decimal.getcontext())
        print(get_ipython().history_manager.hist_file, sys.excepthook.__module__)
    """,
    "change of folder": "os.chdir('/'); os.getcwd()",
    "much output": "for i in range(20_000): print(i, 'x' * 40)\nos.urandom(0), 'y' * 300_000",
    "tables": "import pandas as pd; pd.DataFrame({'a': [1, 2], 'b': ['x', None]})",
    "charts": """
        import altair as alt
        alt.Chart(pd.DataFrame({"a": [1, 2]})).mark_line().encode(x="a:Q").to_dict()
    """,
    "queries": """
        import duckdb
        duckdb.sql("select sum(range) from range(1_000_000)").fetchall()
    """,
    "tables of the store": """
        import tempfile
        from deltalake import DeltaTable, write_deltalake
        with tempfile.TemporaryDirectory() as folder:
            write_deltalake(folder, pd.DataFrame({"a": [1, 2, 3]}))
            print(DeltaTable(folder).to_pandas().a.sum(), DeltaTable(folder).version())
    """,
    "models": """
        from sklearn.linear_model import LinearRegression
        x = np.arange(2000.0).reshape(-1, 2)
        LinearRegression().fit(x, x.sum(axis=1)).coef_.round(6), (x.T @ x).shape
    """,
    "numbers of cells": "In[-2].strip(), len(Out) > 5",
}
# What a kernel of either kind has in its name or its place, and what differs between any two runs.
OWN = [
    (rf"{re.escape(tempfile.gettempdir())}/ipykernel_\d+/\d+\.py", "<cell>"),
    (r"-f',*(\\n)? *'[^']*\.json'", "-f', '<file>'"),
    (r"ipykernel_\d+", "ipykernel_N"),
    (r"0x[0-9a-f]{6,}", "0xN"),
    (r"\bpid=\d+|, \d{3,}, 'MainProcess'", "pid"),
]


def notebook(codes):
    """Return a notebook of some cells."""
    cells = [new_code_cell(_dedent(code)) for code in codes]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": spec})


def _dedent(code):
    lines = code.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines).strip()


def run(codes, kernel, folder, **settings):
    """Run cells in one kernel that starts in a folder; return the outputs of each."""
    client = NotebookClient(
        notebook(codes), kernel_name=kernel, shutdown_kernel="immediate", **settings
    )
    with client.setup_kernel(cwd=str(folder), env=os.environ | SPEC["env"]):
        for number, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, number)
    return [_plain(cell.outputs) for cell in client.nb.cells]


def _plain(outputs):
    """Return outputs without what is a kernel's own; when a stream was flushed is not told."""
    found = {}
    for number, output in enumerate(outputs):
        if output.output_type == "stream":
            found[output.name] = found.get(output.name, "") + output.text
        else:
            found[number] = {name: value for name, value in output.items() if name != "metadata"}
    text = repr(list(found.values()))
    for pattern, name in OWN:
        text = re.sub(pattern, name, text)
    return text


def compared(kernel, folder):
    """Return what each probe gives in a kernel."""
    return dict(zip(PROBES, run(PROBES.values(), kernel, folder, allow_errors=True), strict=True))
