"""A county with its own store, pulled from the province, works alone."""

import pandas as pd

from marketing_models.cis import Store
from pipelines.build import build
from pipelines.issues import resolve


def test_a_pulled_county_builds_its_own_study_and_agrees_with_the_province(store, tmp_path):
    county = Store.init(tmp_path / "county", unit_id="990101", calendar=store.calendar)
    county.pull(store, "990101")
    assert county.hierarchy().root == "990101"
    assert set(county.read("unit_load")["unit_id"]) == {"990101"}
    assert set(county.read("supply_point")["county_id"]) == {"990101"}
    issue = resolve(county, "latest")
    build(county, issue, seed=1)
    alone, within = (s.read_study("demand", unit_id="990101") for s in (county, store))
    assert alone.run.store_unit_id == "990101"
    assert within.run.store_unit_id == "99"
    name = "result_demand_energy"
    pd.testing.assert_frame_equal(
        alone.table(name).drop(columns="forecast_energy_kwh"),
        within.table(name).drop(columns="forecast_energy_kwh"),
    )
    kpis = county.read_study("brief").table("result_brief_kpi")
    assert "next_week_energy_p50_kwh" in set(kpis["indicator_code"])


def test_publishing_back_changes_nothing_but_the_receipt(store, tmp_path):
    parent = Store.init(tmp_path / "parent", unit_id="99")
    parent.pull(store)
    before = parent.digest()
    county = Store.init(tmp_path / "county", unit_id="990101")
    county.pull(parent, "990101")
    county.publish(parent)
    assert parent.digest() == before
    assert set(parent.read("publication")["unit_id"]) == {"99", "990101"}


def test_the_same_study_written_again_makes_no_new_version(store):
    version = store.version
    build(store, resolve(store, "latest"), seed=1)
    assert Store.open(store.folder).version == version
