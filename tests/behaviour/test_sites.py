"""Sites of a few units, from the demo province and from real data, as a reader gets them."""

import json
import shutil

import pytest
from fleet_kills import digest
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


def issue_of(site):
    return site / "issues" / (site / "latest").read_text(encoding="utf-8").strip()


def nothing_wrong(start):
    from browser import barriers, kinds, visit

    pages, errors, outside, dead = visit(start)
    # The root; the index twice; unit page and two pages, twice, of four units.
    assert len(pages) == 1 + 2 + 2 * 4 * 3
    assert (errors, outside, dead) == ([], [], [])
    assert barriers(kinds(pages)) == []


def test_the_demo_site_from_the_disk_has_no_dead_link_error_request_or_barrier(demo_site, chromium):
    nothing_wrong(demo_site / "index.html")


def test_the_real_site_from_a_server_has_no_dead_link_error_request_or_barrier(real_site, chromium):
    from browser import served

    with served(real_site) as address:
        nothing_wrong(f"{address}index.html")


@pytest.mark.parametrize(("kind", "limit_kb"), [("html", 150), ("pdf", 120), ("xlsx", 60)])
def test_pages_keep_within_their_size(demo_site, real_site, kind, limit_kb):
    # Budget of the project: what a phone on a county's network takes, and a mail server.
    for site in (demo_site, real_site):
        sizes = {p.name: p.stat().st_size for p in issue_of(site).glob(f"*/*/[0-9]*.{kind}")}
        assert sizes
        assert max(sizes.values()) <= limit_kb * 1000


def sums_hold_over_all_counties(store, site):
    """Only units whose children are all in the site can be added up; take the city."""
    partial = site.parent / f"{site.name}_city"
    shutil.copytree(issue_of(site), partial)
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
    again = made(store.folder, tmp_path / "demo", units)
    first, second = digest(demo_site), digest(again)
    assert len(first) > 2 * 4 * 2 * 4
    assert first == second
    manifest = json.loads((issue_of(again) / "manifest.json").read_text("utf-8"))
    assert set(manifest["run"]) == {"host", "started_at", "seconds", "threads", "cluster"}


def test_real_data_say_that_weather_and_supply_are_not_known(real_store, real_site):
    study = real_store.read_study("demand", unit_id="Z01")
    codes = {finding.code for finding in study.findings}
    assert {"demand.weather.climatology", "demand.supply.absent"} <= codes
    page = (issue_of(real_site) / "en" / "Z01" / "00_decision_brief.html").read_text(
        encoding="utf-8"
    )
    assert "no judgement" in page
    assert resolve(real_store, "latest").name == "2008-06-29"
