"""Sites of a few units, from the demo province and from real data, as a reader gets them."""

import json
import shutil
from pathlib import Path

import pytest
from site_sums import compare

from marketing_models.cis import Store
from marketing_models.cis.ingest import ingest
from pipelines import build, reports
from pipelines.issues import resolve

pytestmark = pytest.mark.slow


def made(store, site, units):
    chosen = [part for unit in units for part in ("--unit", unit)]
    assert reports.main(["weekly", "--store", str(store), "--site", str(site), *chosen]) == 0
    return site


@pytest.fixture(scope="module")
def demo_site(store, tmp_path_factory):
    """One province, one city and its two counties."""
    site = tmp_path_factory.mktemp("sites") / "demo"
    return made(store.folder, site, ["99", "9901", *store.hierarchy().children("9901")])


@pytest.fixture(scope="module")
def real_store(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "gefcom2012"
    report = ingest(real_data / "gefcom2012_load", folder)
    assert report.quarantined_count == 0
    assert build.main(["--store", str(folder)]) == 0
    return Store.open(folder)


@pytest.fixture(scope="module")
def real_site(real_store, tmp_path_factory):
    site = tmp_path_factory.mktemp("sites") / "real"
    return made(real_store.folder, site, ["G", "G1", "Z01", "Z02"])


def no_broken_link(site):
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("no browser: install chromium and chromium-driver")
    from browser import visit

    pages, errors, outside, broken = visit(site / "index.html")
    assert len(pages) == 1 + 2 * 4 * 3  # the index; unit index and two pages, twice, of four units
    assert (errors, outside, broken) == ([], [], [])


def test_the_demo_site_has_no_broken_link_error_or_request(demo_site):
    no_broken_link(demo_site)


def test_the_real_site_has_no_broken_link_error_or_request(real_site):
    no_broken_link(real_site)


def sums_hold_over_all_counties(store, site):
    """Only units whose children are all in the site can be added up; take the city."""
    partial = site.parent / f"{site.name}_city"
    shutil.copytree(site, partial)
    for language in ("zh", "en"):
        shutil.rmtree(partial / language / store.unit_id)
    return compare(partial)


def test_counties_of_the_demo_site_add_up_to_their_city(store, demo_site):
    tables, compared, wrong = sums_hold_over_all_counties(store, demo_site)
    assert len(tables) >= 3
    assert compared >= 300
    assert not wrong


def test_the_same_pages_built_twice_are_the_same_bytes(store, demo_site, tmp_path):
    units = ["99", "9901", *store.hierarchy().children("9901")]
    again = made(store.folder, tmp_path / "again", units)
    first, second = (
        {p.relative_to(s): p.read_bytes() for p in s.rglob("*.html")} for s in (demo_site, again)
    )
    assert len(first) == 1 + 2 * 4 * 3
    assert first == second
    manifests = [json.loads((s / "manifest.json").read_text("utf-8")) for s in (demo_site, again)]
    assert all(set(m.pop("run")) == {"host", "started_at", "seconds", "workers"} for m in manifests)
    assert manifests[0] == manifests[1] | {"store": manifests[0]["store"]}


def test_real_data_say_that_weather_and_supply_are_not_known(real_store, real_site):
    study = real_store.read_study("demand", unit_id="Z01")
    codes = {finding.code for finding in study.findings}
    assert {"demand.weather.climatology", "demand.supply.absent"} <= codes
    page = (real_site / "en" / "Z01" / "00_decision_brief.html").read_text(encoding="utf-8")
    assert "no judgement" in page
    assert resolve(real_store, "latest").name == "2008-06-29"


def test_a_page_that_fails_does_not_stop_the_others_and_the_exit_code_says_so(
    store, tmp_path, monkeypatch
):
    notebooks = tmp_path / "notebooks"
    shutil.copytree(reports.NOTEBOOKS, notebooks)
    broken = notebooks / "40_demand.ipynb"
    text = broken.read_text(encoding="utf-8")
    broken.write_text(text.replace("tables.demand_days", "tables.demand_daze"), encoding="utf-8")
    monkeypatch.setattr(reports, "NOTEBOOKS", notebooks)
    site = tmp_path / "site"
    code = reports.main(
        ["weekly", "--store", str(store.folder), "--site", str(site), "--unit", "990101"]
    )
    assert code == 3
    told = (site / "zh" / "990101" / "40_demand.html").read_text(encoding="utf-8")
    assert "demand_daze" in told
    assert (site / "failed" / "990101_40_demand.ipynb").is_file()
    assert "<table" in Path(site / "zh" / "990101" / "00_decision_brief.html").read_text("utf-8")
