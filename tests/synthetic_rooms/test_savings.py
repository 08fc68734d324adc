"""Saving projects: what they save, what is claimed of it, and what a verdict leaves."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import saving_records, savings


@pytest.fixture(scope="module")
def made(counties):
    return [saving_records.tables(county) for county in counties.usual]


def joined(made, name):
    return pd.concat([one.tables[name] for one in made], ignore_index=True)


def test_an_effect_begins_after_completion_grows_for_three_months_and_ends_with_its_life():
    # Hand-worked: no decay, one year of life, so 0.03, 0.06, 0.09 ... 0.09, 0.
    row = {"completed_date": pd.Timestamp("2024-01-15"), "life_years": 1.0}
    rows = pd.DataFrame([{**row, "true_frac": 0.09, "yearly_decay_frac": 0.0}])
    months = pd.date_range("2023-12-01", "2025-02-01", freq="MS")
    expected = [0, 0, 0.03, 0.06, *[0.09] * 10, 0]
    assert savings.effect_frac(rows, months)[0] == pytest.approx(expected)


def test_an_effect_wears_off_by_its_yearly_rate():
    # Hand-worked: exp(-0.10 x 2) two years (730.5 days) after completion.
    row = {"completed_date": pd.Timestamp("2022-01-01"), "life_years": 10.0}
    rows = pd.DataFrame([{**row, "true_frac": 0.08, "yearly_decay_frac": 0.10}])
    found = savings.effect_frac(rows, pd.DatetimeIndex(["2024-01-01"]))
    assert found[0, 0] == pytest.approx(0.08 * np.exp(-0.2), rel=1e-3)


def test_a_planned_project_saves_nothing():
    rows = pd.DataFrame(
        {
            "completed_date": [pd.NaT],
            "life_years": 9.0,
            "true_frac": 0.1,
            "yearly_decay_frac": 0.0,
        }
    )
    assert savings.effect_frac(rows, pd.date_range("2020-01-01", periods=9, freq="MS")).sum() == 0


def test_a_tenth_and_then_a_fifth_save_28_percent():
    # Hand-worked: 1 - 0.9 x 0.8.
    found = savings._overlapping(np.array([1, 1]), np.array([[0.1], [0.2]]), 3)
    assert found[:, 0] == pytest.approx([0.0, 0.28, 0.0])


def test_projects_at_one_site_overlap_instead_of_adding(counties):
    for county in counties.usual:
        rows, found = savings.projects(county), savings.saved_frac(county)
        alone = savings.effect_frac(rows, county.scale.months)
        for point, places in rows.groupby("point").indices.items():
            kept = np.prod([1 - alone[place] for place in places], axis=0)
            assert found[point] == pytest.approx(1 - kept)
        others = np.delete(np.arange(len(county.points)), rows["point"])
        assert not found[others].any()


def test_metered_use_falls_by_what_the_projects_save(counties):
    for usual, null in zip(counties.usual, counties.of("null_saving"), strict=True):
        assert not null.saved_frac.any()
        large = (usual.points["class_name"] == "large").to_numpy()
        kept = usual.energy_kwh[large] / np.maximum(null.energy_kwh[large], 1e-9)
        expected = 1 - usual.saved_frac[large]
        # The load of a class is settled, so what some save the others use: one factor a month.
        used = null.energy_kwh[large].min(axis=1) > 1000
        factor = (kept / expected)[used]
        assert np.ptp(factor, axis=0) == pytest.approx(0, abs=2e-3)
        assert np.ptp(expected[used], axis=0).max() > 0.02


def test_true_savings_of_projects_add_up_to_what_their_sites_saved(counties, made):
    for county, one in zip(counties.usual, made, strict=True):
        truth = one.truth["savings_effect"]
        told = truth.groupby("supply_point_id")["saved_energy_kwh"].sum()
        saved, used = county.saved_frac, county.energy_kwh
        real = pd.Series((used * saved / (1 - saved)).sum(axis=1), county.points["supply_point_id"])
        assert told.to_numpy() == pytest.approx(real[told.index].to_numpy(), rel=1e-6, abs=1e-6)


def test_a_verdict_is_a_later_version_of_its_claim_and_never_above_it(made):
    rows = schemas.conform("saving_record", joined(made, "saving_record"))
    key = ["project_id", "period_start"]
    claim = rows[rows["status_code"] == "claimed"].set_index(key)
    verdict = rows[rows["status_code"] != "claimed"].set_index(key)
    assert len(verdict)
    before = claim.loc[verdict.index]
    assert (verdict["known_at"] > before["known_at"]).all()
    assert (verdict["verified_saving_kwh"] <= before["claimed_saving_kwh"]).all()
    assert (verdict.loc[verdict["status_code"] == "rejected", "verified_saving_kwh"] == 0).all()
    assert before["verified_saving_kwh"].isna().all()


def test_records_speak_of_whole_years_and_are_known_after_them(counties, made):
    rows = joined(made, "saving_record")
    year_end = rows["period_start"] + pd.DateOffset(years=1)
    assert (rows["known_at"] > year_end).all()
    assert (rows["known_at"] < counties.usual[0].scale.origin).all()
    assert rows["period_start"].dt.strftime("%m-%d").eq("01-01").all()


def test_substitution_adds_use_and_claims_no_saving_of_electricity(counties, made):
    projects = pd.concat([savings.projects(county) for county in counties.usual])
    swapped = projects["saving_class_code"] == "substitution"
    assert (projects.loc[swapped, "true_frac"] <= 0).all()
    assert (projects.loc[~swapped, "true_frac"] >= 0).all()
    records = joined(made, "saving_record").merge(projects[["project_id", "saving_class_code"]])
    kind = records["saving_class_code"]
    assert (records.loc[kind == "substitution", "claimed_saving_kwh"] == 0).all()
    assert records.loc[kind == "shifting", "shifted_load_kw"].notna().all()


def test_a_project_has_a_version_when_planned_and_one_in_service(made):
    rows = schemas.conform("saving_project", joined(made, "saving_project"))
    planned = rows[rows["completed_date"].isna()]
    done = rows[rows["completed_date"].notna()].set_index("project_id")
    assert planned["project_id"].is_unique
    ended = planned.set_index("project_id")["valid_to"].dropna()
    assert (ended == done.loc[ended.index, "valid_from"]).all()
    assert (done["valid_from"] > done["completed_date"]).all()
