"""Parties, accounts, supply points, meters and names of the synthetic province."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import codes, customers, persons
from marketing_models.synthetic.county import County
from marketing_models.synthetic.industries import INDUSTRIES, SHAPES
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.sites import SIZES_KVA, is_business, spread_evenly
from marketing_models.synthetic.world import World


@pytest.fixture(scope="module")
def points(counties):
    return pd.concat([county.points for county in counties.usual], ignore_index=True)


def stored(county, table):
    rooms = {"party_personal": persons}
    made = rooms.get(table, customers).tables(county)
    return schemas.conform(table, made.tables[table])


def test_the_shares_of_a_class_add_up_to_one_over_all_it_stands_for(counties):
    # By the definition of share_frac.
    for county in counties.usual:
        weighted = county.points["share_frac"] * county.points["represented_count"]
        assert np.allclose(weighted.groupby(county.points["class_name"]).sum(), 1.0)


def test_homes_are_nine_in_ten_supply_points(points):
    # calibration: 0.84 to 0.93, company profiles put homes near nine tenths
    count = points.groupby("class_name")["represented_count"].sum()
    assert 0.84 < count["residential"] / count.sum() < 0.93


def test_four_fifths_of_homes_stay_in_the_first_block(points):
    # NDRC 2012-06-14: about 80 percent of homes unchanged; the variant of the draft 70 percent.
    homes = points[points["class_name"] == "residential"]
    assert 0.70 < (homes["annual_kwh"] <= 2760).mean() < 0.82


def test_use_of_homes_spreads_as_household_surveys_found(points):
    # NDRC draft of 2010 by its quantiles 0.82 to 0.85; survey of 2012 0.69; accepted 0.65 to 0.85.
    used = points.loc[points["class_name"] == "residential", "annual_kwh"]
    assert 0.65 < np.log(used[used > 120]).std() < 0.85


def test_large_customers_own_transformers_of_made_sizes(points):
    large = points[points["class_name"] == "large"]
    assert large["contract_capacity_kva"].isin(SIZES_KVA).all()
    assert (large["represented_count"] == 1).all()
    assert (large["running_capacity_kva"] <= large["contract_capacity_kva"]).all()
    assert large["transformer_area_id"].isna().all()


def test_nobody_uses_more_than_his_transformer_carries(points):
    business = points[is_business(points)]
    assert (business["annual_kwh"] / 8760 < 0.8 * business["contract_capacity_kva"]).all()


def test_only_known_industries_occur_and_homes_have_none(points):
    homes = points["class_name"] == "residential"
    assert points.loc[homes, "industry_code"].isna().all()
    assert set(points.loc[~homes, "industry_code"]) <= set(INDUSTRIES)
    assert (points.loc[points["class_name"] == "charging", "industry_code"] == "F52").all()


def test_every_industry_has_one_of_the_shapes():
    assert {i.shape_name for i in INDUSTRIES.values()} <= set(SHAPES)


def test_even_numbers_fill_each_part_of_the_interval():
    # By construction: one in each of n equal parts.
    drawn = spread_evenly(40, np.random.default_rng(3))
    assert sorted((drawn * 40).astype(int)) == list(range(40))


def test_versions_of_a_supply_point_follow_each_other_without_gap(counties):
    for county in counties.usual:
        rows = stored(county, "supply_point").sort_values(["supply_point_id", "valid_from"])
        following = rows.groupby("supply_point_id")["valid_from"].shift(-1)
        assert rows["valid_to"].equals(following)
        assert rows["supply_point_id"].duplicated().any()


def test_the_last_version_is_what_the_point_is_now(counties):
    county = counties.usual[0]
    rows = stored(county, "supply_point")
    last = rows[rows["valid_to"].isna()].set_index("supply_point_id")
    points = county.points.set_index("supply_point_id")
    assert len(last) == len(points)
    for name in ("status_code", "closed_date", "industry_code", "running_capacity_kva"):
        pd.testing.assert_series_equal(
            last[name].loc[points.index], points[name], check_dtype=False
        )


def test_a_roof_plant_is_in_no_version_before_it_was_connected(counties):
    county = counties.usual[0]
    since = county.points.set_index("supply_point_id")["pv_since"]
    rows = stored(county, "supply_point")
    begun = rows["valid_from"] >= rows["supply_point_id"].map(since)
    assert rows["distributed_pv_kw"].notna().equals(begun)
    assert (~begun & rows["supply_point_id"].map(since).notna()).any()


def test_running_capacity_by_month_is_that_of_the_version_in_force(counties):
    for county in counties.usual:
        rows = stored(county, "supply_point")
        rows["point"] = rows["supply_point_id"].map(
            {name: i for i, name in enumerate(county.points["supply_point_id"])}
        )
        for place, month in enumerate(county.scale.months):
            on = (rows["valid_from"] <= month) & ~(rows["valid_to"] <= month)
            now = customers.running_kva(county)[rows.loc[on, "point"], place]
            assert np.array_equal(now, rows.loc[on, "running_capacity_kva"])


def test_roofs_yield_three_to_four_percent_of_all_use(points):
    # NEA 2025-01-23: 346 of 9,850 TWh were distributed; about 1,000 hours a year.
    # Two small counties: the accepted range is that of provinces, 0.01 to 0.115.
    weight = points["represented_count"]
    share = (
        1000 * (points["distributed_pv_kw"] * weight).sum() / (points["annual_kwh"] * weight).sum()
    )
    assert 0.01 < share < 0.115


def test_a_county_alone_is_the_county_in_the_province(counties):
    county = counties.usual[1]
    alone = County(world=World(scale=county.scale, seed=11), unit_id=county.unit_id)
    pd.testing.assert_frame_equal(alone.points, county.points)


def test_a_party_has_one_vigour_and_its_accounts_one_party(points):
    assert len(points[["party_id", "vigour"]].drop_duplicates()) == points["party_id"].nunique()
    pairs = points[["account_id", "party_id"]].drop_duplicates()
    assert len(pairs) == points["account_id"].nunique()
    assert points["account_id"].duplicated().any()
    assert points["party_id"].nunique() < points["account_id"].nunique()


def test_groups_are_headed_by_a_party_of_the_county(counties):
    party = stored(counties.usual[0], "party")
    assert party["group_id"].isin(party["party_id"]).all()
    assert (party["group_id"] != party["party_id"]).any()


def test_a_changed_meter_begins_when_the_first_ends(counties):
    rows = pd.concat([stored(county, "meter_installation") for county in counties.usual])
    twice = rows[rows["supply_point_id"].duplicated(keep=False)]
    twice = twice.sort_values(["supply_point_id", "valid_from"])
    first, second = twice.iloc[::2], twice.iloc[1::2]
    assert len(twice) > 0
    assert (first["valid_to"].to_numpy() == second["valid_from"].to_numpy()).all()
    assert (first["meter_id"].to_numpy() != second["meter_id"].to_numpy()).all()


def test_homes_are_metered_directly_and_large_customers_through_transformers(points):
    assert (points.loc[points["class_name"] == "residential", "meter_ratio"] == 1).all()
    assert (points.loc[points["class_name"] == "large", "meter_ratio"] >= 300).all()
    # 20,000 kVA at 110 kV are 105 A: 1,100 times 20 (100 A over 5 A) or the next step.
    highest = points[points["contract_capacity_kva"] >= 20_000]
    assert (highest["meter_ratio"] >= 1100 * 20).all()


def test_printed_numbers_have_ten_digits_and_occur_once(counties):
    rows = pd.concat([stored(county, "party_personal") for county in counties.usual])
    assert rows["printed_number"].str.fullmatch(r"\d{10}").all()
    assert rows["printed_number"].is_unique


def test_names_hold_characters_beyond_gb2312(counties):
    rows = pd.concat([stored(county, "party_personal") for county in counties.usual])
    names = "".join(rows["personal_name"])
    assert names.encode("gb18030").decode("gb18030") == names
    assert set("㐂𠮷") & set(names)


def test_a_party_has_one_name(counties):
    rows = stored(counties.usual[0], "party_personal")
    named = rows[["party_id", "personal_name"]].drop_duplicates()
    assert len(named) == rows["party_id"].nunique() < len(rows)


def test_codes_of_supply_points_stand_in_the_code_list(points):
    lists = schemas.conform("code_list", codes.code_list()).groupby("list_code")["code"].agg(set)
    kept = {
        "industry_code": "industry",
        "voltage_level_code": "voltage_level",
        "importance_level_code": "importance_level",
        "area_type_code": "area_type",
        "restriction_code": "restriction",
        "rest_day_code": "weekday",
        "status_code": "status",
        "loss_cause_code": "loss_cause",
        "tariff_class_code": "tariff_class",
        "tariff_code": "tariff",
    }
    for column, name in kept.items():
        assert set(points[column].dropna()) <= lists[name], column


def test_the_smallest_county_of_one_month_can_be_made():
    scale = Scale(city_count=1, county_count=1, supply_point_count=40, month_count=1)
    county = County(world=World(scale=scale, seed=5), unit_id="990101")
    assert len(stored(county, "supply_point")) >= 40
    assert is_business(county.points).any()
