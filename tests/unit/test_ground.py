"""Hand-worked cases of the ground rooms: time, units, regions, roll-up."""

import pandas as pd
import pytest

from marketing_models.errors import IssueError, SchemaError, UnknownUnitError
from marketing_models.findings import Finding, forbidding
from marketing_models.regions import Hierarchy
from marketing_models.study import roll_up
from marketing_models.timeaxis import Issue, energy_kwh, step_hours
from marketing_models.units import conversion


def hierarchy(rows):
    names = ["unit_id", "level", "parent_unit_id"]
    return Hierarchy(pd.DataFrame(rows, columns=names).assign(unit_name="n", unit_name_en=None))


SMALL = [("P", "province", None), ("C", "city", "P"), ("a", "county", "C"), ("b", "county", "C")]


@pytest.mark.parametrize(("step", "hours"), [("15min", 0.25), ("30min", 0.5), ("h", 1.0)])
def test_energy_is_power_times_the_step_of_its_own_index(step, hours):
    index = pd.date_range("2026-01-01", periods=4, freq=step)
    assert step_hours(index) == hours
    assert energy_kwh(pd.Series(100.0, index)) == 400 * hours


def test_an_irregular_index_is_refused_and_the_place_named():
    index = pd.DatetimeIndex(["2026-01-01 00:00", "2026-01-01 01:00", "2026-01-01 03:00"])
    with pytest.raises(ValueError, match="irregular at 2026-01-01"):
        step_hours(index)


@pytest.mark.parametrize(
    ("name", "first", "origin"),
    [
        ("2026-08-03", "2026-08-03", "2026-08-04"),
        ("2026-W32", "2026-08-03", "2026-08-10"),  # ISO week 32 of 2026 begins on Monday 3 August
        ("2026-08", "2026-08-01", "2026-09-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
    ],
)
def test_an_issue_is_a_day_an_iso_week_or_a_month(name, first, origin):
    issue = Issue.parse(name)
    assert (pd.Timestamp(issue.first_day), issue.origin) == (
        pd.Timestamp(first),
        pd.Timestamp(origin),
    )


@pytest.mark.parametrize("name", ["", "2026", "2026-8-3", "2026-02-30", "2026-W54", "latest"])
def test_other_names_of_an_issue_are_refused(name):
    with pytest.raises(IssueError, match="is no day"):
        Issue.parse(name)


def test_fahrenheit_becomes_celsius_and_an_unknown_unit_raises():
    scale, offset = conversion("degF", "degC")
    assert 32 * scale + offset == pytest.approx(0)
    assert 212 * scale + offset == pytest.approx(100)
    assert conversion("万kWh", "kWh") == (1e4, 0.0)
    with pytest.raises(ValueError, match="no conversion from 'furlong'"):
        conversion("furlong", "kWh")


def test_the_hierarchy_knows_paths_children_and_counties_without_reading_codes():
    held = hierarchy(SMALL)
    assert held.root == "P"
    assert held.path("b") == ("P", "C", "b")
    assert held.counties("P") == ("a", "b")
    assert held.children("P") == ("C",)
    with pytest.raises(UnknownUnitError, match="no unit 'x'"):
        held.children("x")


def test_all_faults_of_a_hierarchy_are_told_at_once():
    with pytest.raises(SchemaError, match="stands twice") as caught:
        hierarchy([*SMALL, ("a", "county", "C"), ("Q", "province", None), ("z", "hall", "C")])
    assert len(caught.value.problems) == 3


def test_a_roll_up_adds_counties_exactly_and_keeps_what_is_missing_missing():
    rows = pd.DataFrame(
        {
            "unit_id": ["a", "b"],
            "level": "county",
            "series_code": "total",
            "resolution_code": "day",
            "period_start": pd.Timestamp("2026-01-01"),
            "energy_kwh": [0.1, 0.2],
            "base_energy_kwh": [float("nan")] * 2,
        }
    )
    added = roll_up("result_demand_energy", rows, hierarchy(SMALL), ("P", "C", "a"))
    assert added.set_index("unit_id")["energy_kwh"].to_dict() == {"P": 0.3, "C": 0.3, "a": 0.1}
    assert added["base_energy_kwh"].isna().all()


def test_a_forbidding_finding_is_lifted_only_by_its_own_name():
    found = [Finding(code=c, severity="forbid", unit_id="a") for c in ("x", "y")]
    assert [f.code for f in forbidding(found, accept=["x"])] == ["y"]
