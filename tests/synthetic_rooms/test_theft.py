"""Theft and inspections: rare, hidden, leaning as planted, found by a biased sample."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import inspections, theft


@pytest.fixture(scope="module")
def told(counties):
    return [theft.story(county) for county in counties.usual]


@pytest.fixture(scope="module")
def made(counties):
    return [inspections.tables(county) for county in counties.usual]


def test_inspections_keep_to_the_dictionary(made):
    """Authority: the data dictionary."""
    rows = schemas.conform("inspection", pd.concat([one.tables["inspection"] for one in made]))
    assert set(rows["selection_code"]) <= {"routine", "random", "tip_off", "model"}
    assert set(rows["outcome_code"]) <= {"normal", "theft", "meter_fault", "breach"}


def test_the_meter_misses_energy_from_start_to_discovery(counties, told):
    """Authority: the definition; theft is one run of months with one share."""
    for county, one in zip(counties.usual, told, strict=True):
        share, month = theft.unmetered_frac(county), np.arange(len(county.scale.months))
        expected = (one.start_month[:, None] <= month) & (month < one.end_month[:, None])
        assert ((share > 0) == expected).all()
        assert 0 <= share.max() < 1
        assert (share.max(axis=1) <= one.frac).all()


def test_few_steal(counties, told):
    """Authority: own assumption, 0.4 to 1.2 % of supply points over five years."""
    months = len(counties.usual[0].scale.months)
    ever = np.concatenate([one.start_month < months for one in told]).mean()
    assert 0.001 < ever < 0.02


def test_hazard_keeps_its_mean_and_leans_only_where_there_is_risk(counties):
    """Authority: planted effect and null world."""
    for usual, null in zip(counties.usual, counties.of("null_risk"), strict=True):
        leaning, flat = theft.hazards(usual, 0.001), theft.hazards(null, 0.001)
        assert flat == pytest.approx(np.full(flat.shape, 0.001))
        assert leaning[usual.connected].mean() == pytest.approx(0.001)
        name = usual.points["class_name"]
        assert leaning[name == "small"].mean() > 2 * leaning[name == "residential"].mean()
        homes, prepaid = name == "residential", usual.points["is_prepaid"]
        assert leaning[homes & prepaid].mean() > 2 * leaning[homes & ~prepaid].mean()
        assert np.corrcoef(leaning.mean(axis=1), usual.points["vigour"])[0, 1] < 0


def test_starts_come_at_the_stated_hazard(counties):
    """Authority: binomial sampling error."""
    made = [
        inspections.tables(one) for world in ("usual", "null_risk") for one in counties.of(world)
    ]
    truth = pd.concat([one.truth["theft_hazard"] for one in made])
    later = truth[truth["month_start"] > truth["month_start"].min()]
    expected = later["start_probability"].sum()
    assert abs(later["is_start"].sum() - expected) < 4 * np.sqrt(expected)


def test_found_theft_is_theft_and_ends_there(told):
    """Authority: planted; nobody is found who does not steal, and nobody twice."""
    for one in told:
        found = one.inspections[one.inspections["is_found"]]
        point = found["point"].to_numpy()
        assert (found["month"] >= one.start_month[point]).all()
        assert (found["month"] < one.end_month[point]).all()
        assert (one.end_month[point] == found["month"] + 1).all()


def test_what_stops_theft_has_an_earlier_start(told):
    """Authority: the definition."""
    for one in told:
        ended = one.end_month < theft.NEVER
        assert (one.start_month[ended] < one.end_month[ended]).all()


def test_theft_is_billed_with_its_penalty_and_breach_without_energy(made):
    """Authority: supply rules of 1996, article 102: the charge and three times the charge."""
    rows = pd.concat([one.tables["inspection"] for one in made], ignore_index=True)
    by_outcome = rows.groupby("outcome_code")
    stolen = by_outcome.get_group("theft")
    price = stolen["backbilled_yuan"] / stolen["backbilled_energy_kwh"] / 4
    assert price[stolen["backbilled_energy_kwh"] > 10].round(2).isin([0.55, 0.75]).all()
    breach = by_outcome.get_group("breach")
    assert breach["backbilled_energy_kwh"].isna().all()
    assert (breach["backbilled_yuan"] > 0).all()
    assert by_outcome.get_group("normal")["backbilled_yuan"].isna().all()


def test_outcomes_are_known_after_the_visit_and_before_the_end(made, counties):
    """Authority: known-at rule, an outcome is known when it was filed."""
    rows = pd.concat([one.tables["inspection"] for one in made], ignore_index=True)
    assert (rows["known_at"] > rows["acted_at"]).all()
    assert rows["known_at"].max() < counties.usual[0].scale.origin
