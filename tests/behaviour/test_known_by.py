"""Nothing known after an issue reaches it: a truncated copy gives the same forecasts."""

import pandas as pd
import pytest

from marketing_models.cis import Store
from pipelines.build import build
from pipelines.issues import resolve

CUT = pd.Timestamp("2026-07-26 08:00")
RESULTS = ("scenario", "forecast", "balance", "review", "energy", "backtest")


@pytest.fixture(scope="module")
def truncated(world, tmp_path_factory):
    """The small province as it was known at the cut: no later row exists at all."""
    known = {
        table: rows[rows["known_at"] <= CUT] if "known_at" in rows else rows
        for table, rows in world.items()
    }
    made = Store.init(tmp_path_factory.mktemp("truncated") / "store", unit_id="99")
    made.write(known)
    return made


def test_forecasts_of_an_earlier_issue_do_not_know_what_came_after(store, truncated):
    issue = resolve(truncated, "latest")
    assert issue.name == "2026-07-25"
    build(truncated, issue, seed=1)
    build(store, issue, seed=1)
    for name in RESULTS:
        table = f"result_demand_{name}"
        run = {"run_id": [f"demand-{issue.name}-99"]}
        early, late = truncated.read(table, where=run), store.read(table, where=run)
        assert len(early)
        pd.testing.assert_frame_equal(early, late)


def test_a_correction_is_seen_only_from_the_moment_it_was_known(world, tmp_path):
    made = Store.init(tmp_path / "store", unit_id="99")
    made.write({"org_unit": world["org_unit"], "unit_load": world["unit_load"]})
    first = world["unit_load"].iloc[[0]]
    later = pd.Timestamp("2026-08-05")
    made.write({"unit_load": first.assign(load_kw=first["load_kw"] + 7, known_at=later)})
    names = ("unit_id", "series_code", "period_start")
    key = {name: first[name].tolist() for name in names}
    before = made.read("unit_load", known_by=later - pd.Timedelta(seconds=1), where=key)
    after = made.read("unit_load", known_by=later, where=key)
    assert before["load_kw"].tolist() == first["load_kw"].tolist()
    assert after["load_kw"].tolist() == (first["load_kw"] + 7).tolist()
    assert made.read("unit_load", where=key)["load_kw"].tolist() == after["load_kw"].tolist()
    assert made.arrow("unit_load").num_rows == len(world["unit_load"]) + 1


def test_a_county_that_lags_is_named_and_does_not_hold_the_others_up(world, tmp_path):
    load = world["unit_load"]
    late = (load["unit_id"] == "990101") & (load["period_start"] >= "2026-07-31")
    made = Store.init(tmp_path / "store", unit_id="99")
    made.write({**world, "unit_load": load[~late]})
    issue = resolve(made, "latest")
    assert issue.name == "2026-08-02"
    build(made, issue, seed=1)
    found = {f.code: f for f in made.read_study("demand", unit_id="990101").findings}
    assert found["demand.history.behind"].facts == {
        "through_date": "2026-07-30",
        "days_behind": 3,
    }
    energy = made.read_study("demand").table("result_demand_energy")
    days = energy[energy["resolution_code"] == "day"]["period_start"]
    assert days.max() == pd.Timestamp("2026-07-30")  # no sum misses a county in silence
