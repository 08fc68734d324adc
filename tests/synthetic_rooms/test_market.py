"""Surveys of other energy and offers to customers: designs, misreports, and planted effects."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import parameters, schemas
from marketing_models.synthetic import offers, other_energy, surveys


def ranked(probability):
    """The area under the curve that a probability has in expectation, for its own outcomes."""
    p = np.sort(probability)
    lower = np.concatenate([[0.0], np.cumsum(1 - p)[:-1]])
    same = pd.Series(1 - p).groupby(p).transform("sum").to_numpy()
    first = np.searchsorted(p, p)
    below = np.concatenate([[0.0], np.cumsum(1 - p)])[first]
    assert lower.shape == below.shape
    return (p * (below + same / 2)).sum() / (p.sum() * (1 - p).sum())


@pytest.fixture(scope="module")
def surveyed(counties):
    return [surveys.tables(county) for county in counties.usual]


@pytest.fixture(scope="module")
def offered(counties):
    return [offers.tables(county) for county in counties.usual]


def joined(made, name, held="tables"):
    return pd.concat([getattr(one, held)[name] for one in made], ignore_index=True)


def test_one_tonne_of_raw_coal_is_5815_kwh():
    # GB/T 2589-2020: 20,934 kJ/kg, 38,979 kJ/m3, 42,705 kJ/kg, 50,242 kJ/kg; 3,600 kJ in a kWh.
    content = parameters.at("synthetic_market.calorific_value", pd.Timestamp("2026-01-01"))
    kwh = {name: value / 3600 for name, value in content.items()}
    assert kwh["coal"] * 1000 == pytest.approx(5815.0, abs=0.1)
    assert kwh["gas"] == pytest.approx(10.8275, abs=1e-4)
    assert kwh["oil"] * 1000 == pytest.approx(11862.5, abs=0.1)
    assert kwh["lpg"] == pytest.approx(13.956, abs=1e-3)


def test_energy_is_the_reported_quantity_by_its_calorific_value(surveyed):
    rows = schemas.conform("other_energy_use", joined(surveyed, "other_energy_use"))
    coal = rows[(rows["carrier_code"] == "coal") & (rows["fuel_unit_code"] == "t")]
    assert len(coal)
    assert (coal["final_energy_kwh"] - 5815 * coal["fuel_quantity"]).abs().max() <= 0.5


def test_people_round():
    # Hand-worked: to one figure, to two, hardly at all.
    found = surveys._heaped(np.array([1234.5678] * 3), np.array([0.1, 0.5, 0.9]))
    assert found == pytest.approx([1000.0, 1200.0, 1234.568])


def test_a_draw_by_size_estimates_the_total_of_its_size_without_error(counties, surveyed):
    # Horvitz and Thompson (1952): with chances proportional to size every draw gives the total.
    for county, one in zip(counties.usual, surveyed, strict=True):
        points = county.points
        size = np.sqrt(points["annual_kwh"].clip(lower=1.0) * points["represented_count"])
        by_id = pd.Series(size.to_numpy(), points["supply_point_id"])
        homes = points["class_name"] == "residential"
        rows = one.tables["survey_response"]
        rows = rows[rows["campaign_id"].str.startswith("H") & rows["supply_point_id"].notna()]
        count = by_id.index.to_series().map(
            points.set_index("supply_point_id")["represented_count"]
        )
        drawn = rows["supply_point_id"]
        weight = 1 / (rows["inclusion_frac"].to_numpy() * count[drawn].to_numpy())
        total = (weight * by_id[drawn].to_numpy()).sum()
        # One respondent in 25 cannot be matched; one draw more or less is at most one in eleven.
        assert total == pytest.approx(size[homes].sum(), rel=0.30)


def test_those_who_do_not_answer_say_nothing(surveyed):
    rows = schemas.conform("survey_response", joined(surveyed, "survey_response"))
    silent = rows["answer_code"] != "accepted"
    said = ["max_payback_years", "switch_intent_code", "planned_load_kw"]
    assert rows.loc[silent, said].isna().all(axis=None)
    assert rows.loc[~silent, "switch_intent_code"].notna().all()
    assert rows["inclusion_frac"].between(0, 1, inclusive="right").all()
    key = ["campaign_id", "respondent_id"]
    reported = joined(surveyed, "other_energy_use")[key].drop_duplicates()
    assert len(reported.merge(rows[~silent][key])) == len(reported)


def test_businesses_answer_as_often_as_the_published_range_says(surveyed):
    # Anhui load-management survey: 0.746 of firms, an upper end; 0.4 assumed for voluntary ones.
    rows = joined(surveyed, "survey_response")
    firms = rows[rows["campaign_id"].str.startswith("B")]
    assert 0.55 <= (firms["answer_code"] == "accepted").mean() <= 0.90


def test_without_potential_there_is_no_energy_that_electricity_could_replace(counties):
    for county in counties.of("null_potential"):
        made = surveys.tables(county)
        assert set(made.truth["surveys_true_use"]["carrier_code"]) <= {"electricity"}
        assert set(made.tables["other_energy_use"]["carrier_code"]) <= {"electricity"}


def test_heat_that_is_electric_already_stays_below_the_metered_energy(counties):
    for county in counties.usual:
        use = other_energy.true_use(county)
        heat = use[use["carrier_code"] == "electricity"]
        total = heat.groupby("point")["final_energy_kwh"].sum()
        assert (total < 2 * county.points["annual_kwh"].loc[total.index]).all()


def test_smelters_burn_coal_and_shops_do_not(counties):
    use = pd.concat(
        [
            other_energy.true_use(county).assign(
                industry=lambda rows, county=county: (
                    county.points["industry_code"].take(rows["point"]).to_numpy()
                )
            )
            for county in counties.usual
        ]
    )
    assert "coal" in set(use.loc[use["industry"].isin(["C30", "C31"]), "carrier_code"])
    assert "coal" not in set(use.loc[use["industry"] == "F52", "carrier_code"])


def test_held_out_customers_were_not_contacted_and_are_one_in_seven(offered):
    rows = schemas.conform("marketing_contact", joined(offered, "marketing_contact"))
    assert rows.loc[rows["is_control"], "acted_at"].isna().all()
    assert rows.loc[~rows["has_consent"], ["acted_at", "outcome_code"]].isna().all(axis=None)
    # Binomial, 3.5 standard errors around the planted 0.15.
    error = np.sqrt(0.15 * 0.85 / len(rows))
    assert rows["is_control"].mean() == pytest.approx(0.15, abs=3.5 * error)


def test_the_control_arm_recovers_the_planted_effect(offered):
    truth = joined(offered, "offers_response", "truth").merge(
        joined(offered, "marketing_contact")[["contact_id", "is_control"]]
    )
    arms = truth.groupby("is_control")["accepted"].agg(["mean", "var", "count"])
    found = arms["mean"][False] - arms["mean"][True]
    error = np.sqrt((arms["var"] / arms["count"]).sum())
    assert found == pytest.approx(truth["treatment_effect"].mean(), abs=3 * error)
    assert truth["treatment_effect"].mean() > 0.08


def test_outcomes_are_filed_after_the_contact_and_later_ones_are_still_empty(counties, offered):
    rows = joined(offered, "marketing_contact")
    known = rows["outcome_code"].notna() & rows["acted_at"].notna()
    assert (rows["known_at"] < counties.usual[0].scale.origin).all()
    assert (rows.loc[known, "known_at"] > rows.loc[known, "acted_at"]).all()
    assert rows["contact_id"].is_unique


def test_hidden_interest_leaves_acceptance_rankable_within_the_wanted_range(offered):
    # Wanted of the world: the truth's own area under the curve between 0.65 and 0.75.
    truth = joined(offered, "offers_response", "truth").merge(
        joined(offered, "marketing_contact")[["contact_id", "is_control"]]
    )
    assert 0.62 <= ranked(truth.loc[~truth["is_control"], "response_probability"]) <= 0.78


def test_without_segments_every_customer_has_the_same_chance(counties, offered):
    null = [offers.tables(county) for county in counties.of("null_segments")]
    truth = joined(null, "offers_response", "truth").merge(
        joined(null, "marketing_contact")[["contact_id", "is_control"]]
    )
    assert (truth.groupby("is_control")["response_probability"].std() < 1e-12).all()
    usual = joined(offered, "offers_response", "truth")
    # The marginal rate stays: the two worlds differ by the effect alone.
    assert truth["response_probability"].mean() == pytest.approx(
        usual["response_probability"].mean(), abs=0.05
    )
