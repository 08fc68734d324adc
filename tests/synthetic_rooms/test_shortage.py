"""Load resources, calls for response and what came of them."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import parameters, schemas
from marketing_models.synthetic import events, resources


@pytest.fixture(scope="module")
def held(counties):
    return [resources.tables(county) for county in counties.usual]


@pytest.fixture(scope="module")
def answered(counties):
    return [events.tables(county) for county in counties.usual]


def joined(made, name, held="tables"):
    return pd.concat([getattr(one, held)[name] for one in made], ignore_index=True)


def test_no_plant_gives_up_load_below_its_protected_floor(counties):
    for county in counties.usual:
        rows = resources.resources(county)
        own = rows[rows["measure_code"].isin(["shift", "avoid", "ration", "rotate"])]
        kept = own["usual_kw"] - own["adjustable_load_kw"]
        assert (kept >= own["protected_load_kw"] - 0.11).all()
        safety = county.points["safety_load_kw"].fillna(0).take(own["point"]).to_numpy()
        assert (own["protected_load_kw"] >= np.minimum(safety, own["usual_kw"]) - 0.06).all()


def test_a_tier_of_the_plan_is_five_percent_of_the_record_load(counties):
    # Ningxia: six tiers of 5 %; the customer on the edge may reach over it.
    for county in counties.usual:
        rows = resources.resources(county).dropna(subset="plan_tier_code")
        step = 0.05 * county.loads_kw.sum(axis=1).max()
        sums = rows.groupby("plan_tier_code")["adjustable_load_kw"].agg(["sum", "max"])
        assert set(sums.index) <= {"I", "II", "III", "IV", "V", "VI"}
        assert (sums["sum"] <= step + sums["max"] + 1).all()


def test_customers_restricted_by_the_rules_come_before_protected_ones(counties):
    rank = {name: place for place, name in enumerate(("I", "II", "III", "IV", "V", "VI"))}
    for county in counties.usual:
        rows = resources.resources(county)
        plan = rows[rows["measure_code"].isin(["shift", "avoid", "ration", "rotate"])]
        restricted = county.points["restriction_code"].notna().take(plan["point"]).to_numpy()
        protected = plan["protected_level_code"].notna().to_numpy()
        place = plan["plan_tier_code"].map(rank).fillna(6)
        if (restricted & ~protected).any() and protected.any():
            assert place[restricted & ~protected].max() <= place[protected].min()


def test_promised_response_is_near_the_share_the_rules_ask_for(counties):
    # Demand-side management rules 2023: 3-5 % of the maximum load, at least 5 % where it swings.
    promised, largest = 0.0, 0.0
    for county in counties.usual:
        rows = resources.resources(county)
        current = rows[rows["valid_to"].isna()]
        promised += (current["contracted_response_kw"] * current["represented_count"]).sum()
        largest += county.loads_kw.sum(axis=1).iloc[-8760:].max()
    assert 0.025 <= promised / largest <= 0.10


def test_an_hour_without_power_costs_homes_a_small_part_of_what_it_costs_industry():
    # RBTS 0.482/9.085 = 0.053, KILE 10.9/118.7 = 0.092; four hours 0.195.
    cost = parameters.at("synthetic_market.interruption_yuan_per_kwh", pd.Timestamp("2026-01-01"))
    assert 0.053 <= cost["residential"] / cost["industry"] <= 0.20
    assert 0.94 <= cost["commercial"] / cost["industry"] <= 1.65


def test_resources_keep_to_the_dictionary_and_versions_do_not_overlap(held):
    rows = schemas.conform("load_resource", joined(held, "load_resource"))
    rows = rows.sort_values(["resource_id", "valid_from"])
    ends = rows["valid_to"].shift(1).where(rows["resource_id"].eq(rows["resource_id"].shift(1)))
    assert (ends.dropna() <= rows.loc[ends.notna(), "valid_from"]).all()
    assert (rows["valid_to"].isna() | (rows["valid_to"] > rows["valid_from"])).all()
    assert set(rows["measure_code"]) >= {"contracted_response", "invited_response", "avoid"}


def test_calls_belong_to_the_province_and_come_on_hot_or_cold_days(counties):
    first, second = (events.response_events(county.world) for county in counties.usual)
    pd.testing.assert_frame_equal(first, second)
    rows = schemas.conform("response_event", first)
    assert (rows["called_at"] < counties.usual[0].scale.origin).all()
    assert (rows["known_at"] < counties.usual[0].scale.origin).all()
    assert (rows["called_at"] < rows["started_at"]).fillna(True).all()
    assert rows["called_at"].dt.month.isin([5, 6, 7, 8, 9, 12, 1, 2, 3]).all()


@pytest.mark.parametrize(("preset", "months"), [("heat_wave", (6, 7, 8)), ("cold_drought", (1, 2))])
def test_episodes_bring_more_calls(counties, preset, months):
    usual, other = (
        events.response_events(counties.of(name)[0].world) for name in ("usual", preset)
    )
    count = [rows["called_at"].dt.month.isin(months).sum() for rows in (usual, other)]
    assert count[1] > count[0]


def test_settlement_pays_up_to_the_cap_and_deducts_below_half(counties):
    # Hand-worked: 2 h at 1 yuan/kWh for 100 kW confirmed. 130 kW: 120 x 2; 60 kW: 60 x 2;
    # 40 kW: nothing, less (50 - 40) x 2 x 0.5.
    pairs = pd.DataFrame(
        {
            "confirmed_response_kw": 100.0,
            "delivered_response_kw": [130.0, 60.0, 40.0],
            "compensation_yuan_per_kwh": 1.0,
            "event_yuan_per_kw": np.nan,
        }
    )
    pay, penalty = events._money(counties.usual[0], pairs, pd.Series([2.0, 2.0, 2.0]))
    assert pay.tolist() == [240.0, 120.0, 0.0]
    assert penalty.tolist() == [0.0, 0.0, 10.0]


def test_only_contracts_in_force_answer_and_only_those_who_accept_deliver(counties, answered):
    rows = schemas.conform("response_delivery", joined(answered, "response_delivery"))
    accepted = rows["answer_code"] == "accepted"
    assert (
        rows.loc[~accepted, ["confirmed_response_kw", "delivered_response_kw"]]
        .isna()
        .all(axis=None)
    )
    assert rows.loc[accepted, "confirmed_response_kw"].notna().all()
    contracts = pd.concat([resources.resources(county) for county in counties.usual])
    calls = events.response_events(counties.usual[0].world)
    both = rows.merge(contracts, on="resource_id").merge(calls, on="response_event_id")
    assert len(both) == len(rows)
    assert (both["valid_from"] <= both["called_at"]).all()


def test_response_delivered_falls_short_of_the_promise_as_published(answered):
    # PJM: 0.67 in summer 2025, above 0.90 before; 1.05 assumed as the upper end.
    rows = joined(answered, "response_delivery").query("answer_code == 'accepted'")
    sums = rows.groupby("response_event_id")[
        ["delivered_response_kw", "confirmed_response_kw"]
    ].sum()
    assert 0.60 <= sums["delivered_response_kw"].sum() / sums["confirmed_response_kw"].sum() <= 1.1
    assert (rows["delivered_response_kw"] < 0).any()  # the baseline errs both ways


def test_without_price_response_what_is_settled_has_mean_zero(counties):
    null = [events.tables(county) for county in counties.of("null_price_response")]
    truth = joined(null, "events_answer", "truth")
    assert (truth["true_response_kw"].dropna() == 0).all()
    rows = (
        joined(null, "response_delivery")
        .query("answer_code == 'accepted'")
        .dropna(subset="delivered_response_kw")
    )
    error = rows["delivered_response_kw"] / rows["baseline_load_kw"]
    # Errors of one customer belong together: the standard error counts customers, not answers.
    mean = error.groupby(rows["resource_id"]).mean()
    assert mean.mean() == pytest.approx(0.0, abs=3.5 * mean.std() / np.sqrt(len(mean)) + 0.005)


def test_without_segments_every_contract_answers_with_the_same_chance(counties, answered):
    null = [events.tables(county) for county in counties.of("null_segments")]
    truth = joined(null, "events_answer", "truth")
    usual = joined(answered, "events_answer", "truth")
    assert truth["answer_probability"].std() < 1e-12
    assert usual["answer_probability"].std() > 0.1
    assert truth["answer_probability"].mean() == pytest.approx(
        usual["answer_probability"].mean(), abs=0.12
    )
