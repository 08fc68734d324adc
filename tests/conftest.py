"""What all tests share: the folder of real data, a small built province, and no silent skips."""

import os
import shutil
from pathlib import Path

import pytest

from marketing_models import synthetic
from marketing_models.cis import Store
from pipelines.build import build
from pipelines.issues import resolve

ROOT = Path(__file__).parents[1]
REAL_DATA = "MARKETING_MODELS_REAL_DATA"


@pytest.fixture(scope="session")
def real_data():
    folder = os.environ.get(REAL_DATA)
    if not folder:
        pytest.skip(f"real data: set {REAL_DATA} to the folder that holds it")
    return Path(folder)


@pytest.fixture(scope="session")
def chromium():
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("no browser: install chromium and chromium-driver")


@pytest.fixture(scope="session")
def world():
    """Tables of a province with two cities and four counties, 26 months."""
    scale = synthetic.Scale(city_count=2, county_count=4, supply_point_count=200, month_count=26)
    return synthetic.province(scale, seed=7)


@pytest.fixture(scope="session")
def store(world, tmp_path_factory):
    """The small province in a store, with the studies of its last day."""
    made = Store.init(tmp_path_factory.mktemp("province") / "store", unit_id="99")
    made.write(world)
    build(made, resolve(made, "latest"), seed=1)
    return Store.open(made.folder)


def pytest_terminal_summary(terminalreporter):
    for report in _refused(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"refused skip: {report.nodeid}: {report.longrepr[2]}")


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and _refused(reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _refused(skipped):
    if not os.environ.get("MARKETING_MODELS_REFUSE_SKIPS"):
        return []
    allowed = "Skipped: real data:" if not os.environ.get(REAL_DATA) else "\0"
    return [report for report in skipped if not report.longrepr[2].startswith(allowed)]
