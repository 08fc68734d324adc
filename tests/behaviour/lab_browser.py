"""Opens a page's notebook in JupyterLab, runs it in a headless browser and says what appeared.

Usage: python tests/behaviour/lab_browser.py zh/990101/40_demand --picture lab.png
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from browser import browser
from selenium.webdriver.support.ui import WebDriverWait

from marketing_models.reporting.display import SESSION_HTML

ROOT = Path(__file__).parents[2]
MARK = "MARKETING_MODELS_LAB_MARK"
WAIT_S = 60
# What a reader looks for; the notebook attaches only the cells that can be seen.
SEEN = {"headlines": "h1", "tiles": ".tile", "charts": "figure svg", "tables": "table[data-table]"}
_PANEL = "const panel = jupyterapp.shell.currentWidget;"
_CELLS = (
    _PANEL + "return panel.content.widgets.filter(cell => cell.model.type === 'code').map(cell => "
    "[cell.model.executionCount, cell.model.outputs.toJSON().map(o => o.output_type)]);"
)


@contextmanager
def lab(arguments, folder):
    """Yield the page that JupyterLab opens in the browser, and a list of what it left behind.

    It is started as an analyst starts it. The list is filled when it has ended: processes, and
    folders of kernels.
    """
    mark, left = secrets.token_hex(8), []
    settings = {
        "ServerApp": {"open_browser": False, "allow_root": True},
        "LabApp": {"expose_app_in_browser": True, "news_url": None},
    }
    (folder / "tmp").mkdir()
    (folder / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    env = {**os.environ, **dict.fromkeys(places, str(folder)), MARK: mark}
    env.pop(SESSION_HTML, None)  # whoever has made pages in this process has turned it off
    with (folder / "lab.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.analyst", *arguments],
            env=env | {"TMPDIR": str(folder / "tmp")},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            yield _first(folder, "jpserver-file-to-run-*.html").as_uri(), left
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_S)
            left += [*_becomes_empty(lambda: _marked(mark))]
            left += [*map(str, (folder / "tmp").glob("mm-kernels-*"))]


def _first(folder, pattern):
    until = time.monotonic() + WAIT_S
    while not (found := sorted(folder.glob(pattern))) and time.monotonic() < until:
        time.sleep(0.05)
    return found[0]


def _marked(mark):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def _becomes_empty(look, within_s=10):
    until = time.monotonic() + within_s
    while (found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def use(address, picture):
    """Open the notebook, run it, interrupt and restart its kernel; return what was seen."""
    began = time.monotonic()
    with browser() as driver:
        driver.get(address)
        told = {}

        def until(script, *arguments):
            WebDriverWait(driver, WAIT_S, 0.05).until(
                lambda d: d.execute_script(script, *arguments)
            )
            nonlocal began
            now = time.monotonic()
            took, began = round(now - began, 1), now
            return took

        told["open_s"] = until(
            "if (!window.jupyterapp) return false;" + _PANEL + "return panel && panel.content && "
            "panel.content.widgets && panel.sessionContext && panel.sessionContext.session && "
            "panel.sessionContext.session.kernel && "
            "panel.sessionContext.session.kernel.status === 'idle';"
        )
        told["kernel"] = driver.execute_script(
            _PANEL + "return panel.sessionContext.session.kernel.name;"
        )
        told["run_s"] = _run_all(driver, until)
        cells = driver.execute_script(_CELLS)
        told["cells"] = len(cells)
        told["cells_run"] = sum(count is not None for count, _ in cells)
        told["errors"] = sum("error" in kinds for _, kinds in cells)
        told["outputs"] = sum(len(kinds) for _, kinds in cells)
        driver.set_window_size(1400, 9000)
        count = "document.querySelectorAll('.jp-OutputArea ' + {}).length"
        until(f"return arguments[0].every(name => {count.format('name')});", list(SEEN.values()))
        for name, selector in SEEN.items():
            told[name] = driver.execute_script(f"return {count.format('arguments[0]')};", selector)
        if picture:
            driver.save_screenshot(str(picture))
        return told | _controlled(driver, until)


def _run_all(driver, until):
    until("return true;")
    driver.execute_script("jupyterapp.commands.execute('notebook:run-all-cells');")
    return until(
        _PANEL + "return panel.content.widgets.every(cell => cell.model.type !== 'code' || "
        "cell.model.executionCount !== null) && "
        "panel.sessionContext.session.kernel.status === 'idle';"
    )


def _controlled(driver, until):
    """Interrupt a cell that sleeps, and restart the kernel: the variables are gone then."""
    kernel = _PANEL + "const kernel = panel.sessionContext.session.kernel;"
    ask = (
        kernel + "window.told = ''; const asked = kernel.requestExecute({code: arguments[0]});"
        "asked.onIOPub = m => { if (m.header.msg_type === 'error') window.told += m.content.ename; "
        "if (m.header.msg_type === 'stream') window.told += m.content.text; };"
        "asked.done.then(() => { window.told += ' done'; }, e => { window.told += ' ' + e; });"
    )
    done = "return window.told.endsWith('done');"
    driver.execute_script(ask, "import time; print('sleeps', flush=True); time.sleep(300)")
    until("return window.told.startsWith('sleeps');")
    driver.execute_script(kernel + "kernel.interrupt();")
    told = {"interrupt_s": until(done)}
    told["interrupted"] = driver.execute_script("return window.told;").split()[-2]
    driver.execute_script(
        kernel + "window.told = ''; kernel.restart().then(() => { window.told = 'done'; });"
    )
    told["restart_s"] = until(done)
    driver.execute_script(ask, "print('study' in globals())")
    until(done)
    told["kept"] = driver.execute_script("return window.told;").split()[0]
    return told


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page")
    parser.add_argument("--store", default="demo")
    parser.add_argument("--site")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args(argv)
    site = ["--site", given.site] if given.site else []
    told, left = trial([*("--store", given.store), *site, "lab", given.page], given.picture)
    sys.stdout.write(f"{told}\nleft behind: {left or 'nothing'}\n")
    return int(bool(left) or bool(told["errors"]) or told["cells_run"] < told["cells"])


def trial(arguments, picture=None):
    """Return what was seen and what was left behind when JupyterLab had ended."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="lab-") as folder:
        with lab(arguments, Path(folder)) as (address, left):
            told = use(address, picture)
        return told, left


if __name__ == "__main__":
    sys.exit(main())
