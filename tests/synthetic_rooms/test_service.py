"""Outages, requests, field jobs and transactions: what drives them, their limits, their queues."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import calls, counters, halls, outages, storms, tickets
from marketing_models.synthetic.county import County
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.working_days import working_days_later
from marketing_models.synthetic.world import World

ROOMS = (outages, tickets, counters)


def of(counties, preset="usual"):
    """All rows of the room, table by table, of both counties."""
    made = [[room.tables(county).tables for room in ROOMS] for county in counties.of(preset)]
    parts = [{name: rows for one in rooms for name, rows in one.items()} for rooms in made]
    return {name: pd.concat([part[name] for part in parts]) for name in parts[0]}


@pytest.fixture(scope="module")
def made(counties):
    return of(counties)


def years(counties):
    return len(counties.usual[0].scale.hours) / 8766


def total(counties, of_county):
    return sum(of_county(county) for county in counties.usual)


def hours(rows):
    return (rows["ended_at"] - rows["started_at"]) / pd.Timedelta(hours=1)


def minutes(earlier, later):
    return (later - earlier) / pd.Timedelta(minutes=1)


# Form: the dictionary.


@pytest.mark.parametrize("table", ["outage_event", "ticket", "work_order", "service_transaction"])
def test_rows_keep_to_the_dictionary_and_are_known_by_the_end_of_the_world(made, counties, table):
    rows = schemas.conform(table, made[table])
    assert len(rows) > 20
    assert (rows["known_at"] < counties.usual[0].scale.origin).all()


def test_a_row_is_not_known_before_what_it_tells_of_has_happened(made):
    for table in ("outage_event", "ticket", "work_order", "service_transaction"):
        rows = made[table]
        moments = [n for n in rows.columns if n.endswith("_at") and n not in {"due_at", "known_at"}]
        for name in moments:
            assert not (rows[name] > rows["known_at"]).any(), (table, name)


def test_references_within_the_room_exist(made):
    known = set(made["ticket"]["ticket_id"])
    assert set(made["ticket"]["parent_ticket_id"].dropna()) <= known
    assert set(made["work_order"]["ticket_id"].dropna()) <= known
    assert set(made["service_transaction"]["ticket_id"].dropna()) <= known
    assert set(made["ticket"]["outage_id"].dropna()) <= set(made["outage_event"]["outage_id"])


def test_nobody_is_served_at_a_supply_point_that_is_not_connected(made, counties):
    points = pd.concat([county.points for county in counties.usual]).set_index("supply_point_id")
    rows = made["ticket"].dropna(subset=["supply_point_id"])
    contacts = rows[rows["parent_ticket_id"].isna()]
    point = points.loc[contacts["supply_point_id"]]
    opened = contacts["opened_at"].to_numpy()
    assert (point["connected_date"].to_numpy() <= opened).all()
    assert not (point["closed_date"].to_numpy() <= opened).any()


def test_a_county_is_the_same_whenever_it_is_made(counties):
    again = County(world=counties.usual[1].world, unit_id=counties.usual[1].unit_id)
    for room in ROOMS:
        for name, rows in room.tables(counties.usual[1]).tables.items():
            pd.testing.assert_frame_equal(rows, room.tables(again).tables[name])


def test_the_smallest_county_of_one_month_has_all_tables():
    world = World(
        scale=Scale(city_count=1, county_count=1, supply_point_count=40, month_count=1), seed=3
    )
    county = County(world=world, unit_id=next(iter(world.city_of)))
    for room in ROOMS:
        for name, rows in room.tables(county).tables.items():
            schemas.conform(name, rows)


# Levels: published values, in the ranges of the calibration.


def test_interruptions_are_those_of_the_national_availability(made, counties):
    # CEC: 99.924 % in 2024, 6.7 hours; cities of 2018 from 1.1 to 12 (doubled, trimmed).
    rows = made["outage_event"]
    rows = rows[rows["outage_type_code"].isin(["planned", "fault"])]
    kept = [outages._sites(county) for county in counties.usual]
    sites = pd.concat(kept).set_index("equipment_id")
    weight = rows["interrupted_mv_customer_count"]
    base = sites.loc[sites["is_feeder"], "mv_count"].sum() * years(counties)
    assert 1.1 <= (weight * hours(rows)).sum() / base <= 12.0
    assert 0.6 <= weight.sum() / base <= 3.0
    fault = rows["outage_type_code"] == "fault"
    assert 0.45 <= (weight * hours(rows))[fault].sum() / (weight * hours(rows)).sum() <= 0.85
    assert (weight <= sites.loc[rows["equipment_id"], "mv_count"].to_numpy()).all()


def test_the_country_is_without_supply_longer_than_the_town(made, counties):
    # China 2024: 99.97 % in towns, 99.91 % in the country, a ratio of 3 (2.0 to 4.5; two small
    # counties scatter beyond).
    rows = made["outage_event"]
    rows = rows[rows["outage_type_code"].isin(["planned", "fault"])]
    sites = pd.concat([outages._sites(county) for county in counties.usual]).set_index(
        "equipment_id"
    )
    lost = rows["interrupted_mv_customer_count"] * hours(rows)
    by_area = lost.groupby(sites["is_rural"].reindex(rows["equipment_id"]).to_numpy()).sum()
    feeders = sites[sites["is_feeder"]]
    mean = by_area / feeders.groupby("is_rural")["mv_count"].sum()
    assert 1.6 <= mean[True] / mean[False] <= 6.0


def test_contacts_and_their_mix_lie_in_their_published_ranges(made, counties):
    # Hunan 2010: 116 calls to 95598 in a thousand people, assumed from 60 to 250; the outages of
    # two small counties scatter by a sixth.
    people = total(counties, calls.population_count) * years(counties)
    bare = made["service_transaction"]
    bare = bare[(bare["channel_code"] == "phone") & bare["ticket_id"].isna()]
    assert 50 <= (len(made["ticket"]) + len(bare)) / people * 1000 <= 250
    mix = made["ticket"]["ticket_type_code"].value_counts(normalize=True)
    assert 0.15 <= mix["fault"] <= 0.45
    assert 0.40 <= mix["enquiry"] <= 0.80
    assert mix["complaint"] < 0.03
    assert len(mix) == 9


def test_complaints_are_those_of_a_published_company(made, counties):
    # 547 in three years over 0.45 million customers: 40 of 100 000 a year, from 5 to 120.
    rows = made["ticket"][made["ticket"]["ticket_type_code"] == "complaint"]
    own = rows[(rows["channel_code"] != "regulator") & rows["parent_ticket_id"].isna()]
    customers = total(counties, lambda c: c.points["represented_count"].sum()) * years(counties)
    assert 5 <= len(own) / customers * 1e5 <= 120
    assert own["complaint_class_code"].notna().all()


def test_crews_arrive_as_published_and_later_in_the_country(made, counties):
    # Binzhou and Ganzhou, 2014-2015: 10 to 16 minutes in town, 15 in the country.
    area = pd.concat(
        [c.points.set_index("supply_point_id")["area_type_code"] for c in counties.usual]
    )
    rows = made["work_order"].query("order_type_code == 'repair'")
    rows = rows.merge(made["ticket"][["ticket_id", "opened_at", "supply_point_id"]], on="ticket_id")
    took = minutes(rows["opened_at"], rows["arrived_at"])
    mean = took.groupby(rows["supply_point_id"].map(area)).mean()
    assert 10 <= mean["urban"] <= 30
    assert max(mean["urban"], 15) <= mean["rural"] <= 60
    assert (took.dropna() > 0).all()
    assert not (rows["closed_at"] < rows["arrived_at"]).any()
    assert 0 < (rows["arrived_at"] > rows["due_at"]).mean() < 0.05


# What drives them: planted effects.


def test_storms_and_heat_bring_faults(counties):
    county = counties.usual[0]
    ratio = storms.fault_ratio(county)
    faults = county.outages.query("outage_type_code == 'fault'")["started_at"].dt.floor("h")
    stormy = storms.storm_ratio(county) > 1
    expected = ratio[stormy].sum() / ratio.sum()
    seen = stormy.reindex(faults).mean()
    # Three binomial standard deviations about the share that the hours' ratios plan.
    assert abs(seen - expected) < 3 * np.sqrt(expected * (1 - expected) / len(faults))
    assert seen > 3 * stormy.mean()


def test_calls_follow_the_true_rates(counties):
    for county in counties.usual:
        truth = tickets.tables(county).truth["tickets_rate"]
        expected = (
            truth["outage_calls_expected_count"] + truth["bill_calls_expected_count"]
        ).to_numpy()
        seen = truth["calls_count"].to_numpy()
        assert seen.sum() == pytest.approx(expected.sum(), rel=0.12)
        assert np.corrcoef(np.log1p(expected), np.log1p(seen))[0, 1] > 0.6


def test_a_bill_far_above_the_usual_brings_several_times_the_calls(counties):
    county = counties.usual[0]
    ratio = calls.bill_calls_count(county)
    rows = calls.contacts(county).query("cause == 'bill' and point >= 0")
    first = county.scale.months[0]
    month = (rows["opened_at"] - pd.Timedelta(days=6)).dt.to_period("M") - first.to_period("M")
    month = np.clip(month.map(lambda span: span.n).to_numpy() - 1, 0, ratio.shape[1] - 1)
    weight = county.points["represented_count"].to_numpy()[:, None]
    shocked = (ratio >= 4).astype("float64")
    share_of_bills = (shocked * weight * (ratio > 0)).sum() / (weight * (ratio > 0)).sum()
    share_of_calls = shocked[rows["point"], month].mean()
    assert share_of_calls > 2 * share_of_bills


def test_a_bill_like_those_before_it_brings_usual_calls_by_hand():
    # Mean of the three before: 100, so that 100 is usual, and exp(1) as much 1 + 7 x 0.75.
    amount = np.array([[100.0, 100.0, 100.0, 100.0, np.nan, 200.0]])
    before = calls._mean_before(amount, 3)[0]
    assert np.isnan(before[0])
    assert before[1:5].tolist() == [100.0] * 4
    assert before[5] == 100.0


def test_repeats_of_one_outage_name_the_first_who_called(made):
    rows = made["ticket"].query("ticket_type_code == 'fault'")
    repeats = rows[rows["outage_id"].notna() & rows["parent_ticket_id"].notna()]
    repeats = repeats[~repeats["ticket_id"].str.endswith("R")]
    first = rows.set_index("ticket_id").loc[repeats["parent_ticket_id"]]
    assert len(repeats) > 10
    assert (first["outage_id"].to_numpy() == repeats["outage_id"].to_numpy()).all()
    assert (first["opened_at"].to_numpy() <= repeats["opened_at"].to_numpy()).all()


def test_without_risk_only_who_is_cut_off_changes(counties):
    usual, null = counties.usual[0].outages, counties.of("null_risk")[0].outages
    same = usual["outage_type_code"] != "arrears"
    others = null[null["outage_type_code"] != "arrears"]
    pd.testing.assert_frame_equal(usual[same].reset_index(drop=True), others.reset_index(drop=True))


def test_a_heat_wave_adds_faults_and_takes_none_away(counties):
    usual = set(counties.usual[0].outages.query("outage_type_code == 'fault'")["outage_id"])
    hot = set(counties.of("heat_wave")[0].outages.query("outage_type_code == 'fault'")["outage_id"])
    assert usual <= hot


# Hand-worked: working days and queues.


def test_a_sunday_worked_in_exchange_counts_by_the_order_of_the_state_council(counties):
    # Sunday 29 September 2024 was worked, 1 to 7 October were off (order of October 2023).
    moments = np.array(
        ["2024-09-27T10:00", "2024-09-30T15:30", "2024-09-28T08:00"], "datetime64[us]"
    )
    later = working_days_later(moments, np.array([1, 1, 1]), counties.usual[0])
    wanted = ["2024-09-29T10:00", "2024-10-08T15:30", "2024-09-29T08:00"]
    assert later.tolist() == np.array(wanted, "datetime64[us]").tolist()


def test_the_queue_of_a_window_is_lindleys_by_hand():
    day, one = np.zeros(4, dtype="int64"), np.ones(4, dtype="int64")
    arrived, served = np.array([0.0, 1.0, 2.0, 20.0]), np.array([5.0, 1.0, 3.0, 1.0])
    assert halls._started(day, one, arrived, served).tolist() == [0.0, 5.0, 6.0, 20.0]
    # Two windows in turn: 0 and 2 at the first, 1 and 20 at the second.
    assert halls._started(day, 2 * one, arrived, served).tolist() == [0.0, 1.0, 5.0, 20.0]


def test_days_do_not_queue_into_each_other():
    day, one = np.array([0, 1], dtype="int64"), np.ones(2, dtype="int64")
    started = halls._started(day, one, np.array([500.0, 480.0]), np.array([99.0, 1.0]))
    assert started.tolist() == [500.0, 480.0]


def test_some_visitors_queue_some_give_up_and_a_few_are_from_elsewhere(made):
    rows = made["service_transaction"].query("channel_code == 'hall'")
    wait = minutes(rows["arrived_at"], rows["started_at"])
    assert (wait.dropna() >= 0).all()
    assert wait.quantile(0.9) > 2
    assert 0.005 < rows["started_at"].isna().mean() < 0.2
    elsewhere = ~rows.apply(lambda r: r["serving_unit_id"].startswith(r["county_id"]), axis=1)
    assert 0.015 < elsewhere.mean() < 0.05
