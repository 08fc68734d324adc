"""Energy statistics, equipment, indicators and prices: their sums close, their growth is real."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import energy, macro
from marketing_models.synthetic.scale import PROVINCE

SECTORS = ["primary", "secondary", "tertiary", "residential"]
WAYS = ["sold", "line_loss", "plant_own_use", "self_consumed"]


@pytest.fixture(scope="module")
def made(counties):
    return [energy.tables(county) for county in counties.usual]


@pytest.fixture(scope="module")
def county_rows(made):
    return pd.concat([one.tables["unit_energy"] for one in made], ignore_index=True)


@pytest.fixture(scope="module")
def indicators(counties):
    parts = [macro.tables(county).tables["indicator_value"] for county in counties.usual]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def whole(counties, indicators):
    return macro.province_tables(counties.usual[0].world, indicators).tables


def wide(rows):
    return rows.pivot_table("energy_kwh", ["unit_id", "period_start", "known_at"], "series_code")


def current(rows):
    key = ["unit_id", "series_code", "period_start"]
    return rows.sort_values("known_at").drop_duplicates(key, keep="last")


@pytest.mark.parametrize("of", ["county", "parents"])
def test_total_is_the_sum_of_sectors_and_of_the_ways_it_went(county_rows, counties, of):
    """Reconciliation rule of the schema, for every version, to the hundredth of a kWh."""
    world = counties.usual[0].world
    rows = county_rows if of == "county" else energy.parents(county_rows, world)
    cents = (100 * wide(schemas.conform("unit_energy", rows))).round().astype("int64")
    assert (cents["total"] == cents[SECTORS].sum(axis=1)).all()
    assert (cents["total"] == cents[WAYS].sum(axis=1)).all()
    assert (cents["supplied"] == cents["sold"] + cents["line_loss"]).all()


def test_city_and_province_are_the_sums_of_their_counties(county_rows, counties):
    above = energy.parents(county_rows, counties.usual[0].world)
    key = ["series_code", "period_start", "known_at"]
    summed = county_rows.groupby(key)["energy_kwh"].sum()
    for unit in (PROVINCE, *counties.usual[0].world.cities):
        own = above[above["unit_id"] == unit].set_index(key)["energy_kwh"]
        assert own.sort_index().to_numpy() == pytest.approx(summed.to_numpy(), abs=0.005)
    assert set(above["level"]) == {"province", "city"}


def test_sold_energy_is_the_bills_times_the_customers_they_stand_for(made, counties):
    for county, one in zip(counties.usual, made, strict=True):
        bills = county.bills
        weight = county.points["represented_count"].to_numpy()[bills["point"]]
        billed = (bills["energy_kwh"] * weight).groupby(bills["month_start"]).sum()
        rows = current(one.tables["unit_energy"]).set_index("period_start")
        sold = rows.loc[rows["series_code"] == "sold", "energy_kwh"]
        assert sold.to_numpy() == pytest.approx(billed[sold.index].to_numpy(), abs=0.005)


def test_the_change_is_on_the_last_word_about_the_month_a_year_before(county_rows):
    last = current(county_rows).set_index(["unit_id", "series_code", "period_start"])
    unit = county_rows["unit_id"].iloc[0]
    this, before = (
        last.loc[(unit, "total", pd.Timestamp(d))] for d in ("2026-03-01", "2025-03-01")
    )
    grown = this["energy_kwh"] / before["energy_kwh"] - 1
    assert this["year_on_year_change_ratio"] == pytest.approx(grown, abs=6e-5)
    first = county_rows["period_start"] < county_rows["period_start"].min() + pd.DateOffset(years=1)
    assert county_rows.loc[first, "year_on_year_change_ratio"].isna().all()


def test_no_bulletin_is_known_before_its_month_is_over_or_after_the_world_ends(
    county_rows, counties
):
    end = county_rows["period_start"] + pd.DateOffset(months=1)
    assert (county_rows["known_at"] > end).all()
    assert (county_rows["known_at"] <= counties.usual[0].scale.origin).all()


def test_some_months_are_revised_and_the_revision_is_small(county_rows):
    total = county_rows[county_rows["series_code"] == "total"]
    spread = total.groupby(["unit_id", "period_start"])["energy_kwh"].agg(["count", "min", "max"])
    assert set(spread["count"]) == {1, 2}
    assert (spread["max"] / spread["min"] < 1.02).all()


def test_no_area_sells_more_than_it_is_supplied_and_peaks_exceed_means(made):
    rows = schemas.conform("equipment_load", pd.concat([m.tables["equipment_load"] for m in made]))
    assert (rows["sold_energy_kwh"] <= rows["supplied_energy_kwh"]).all()
    hours = rows["period_start"].dt.days_in_month * 24
    assert (rows["peak_load_kw"] + 1 >= rows["supplied_energy_kwh"] / hours).all()
    assert (rows["peak_at"].dt.to_period("M") == rows["period_start"].dt.to_period("M")).all()


def test_feeders_sell_what_the_bills_of_their_customers_charge(made, counties):
    for county, one in zip(counties.usual, made, strict=True):
        rows = one.tables["equipment_load"]
        feeders = rows[rows["equipment_id"].isin(county.points["feeder_id"])]
        on_feeder = county.points["feeder_id"].notna().to_numpy()
        weight = county.points["represented_count"].to_numpy()[:, None]
        billed = (energy.billed_kwh(county) * weight)[on_feeder].sum()
        assert feeders["sold_energy_kwh"].sum() == pytest.approx(billed, rel=1e-9)


def test_theft_shows_in_the_loss_of_its_area(made):
    """Planted effect: an area's loss less its technical part is what was kept from the meters."""
    rows = pd.concat([one.tables["equipment_load"] for one in made])
    truth = pd.concat([one.truth["energy_losses"] for one in made])
    both = rows.merge(
        truth, left_on=["equipment_id", "period_start"], right_on=["equipment_id", "month_start"]
    )
    explained = both["supplied_energy_kwh"] * (1 - both["technical_loss_frac"])
    stolen = explained - both["sold_energy_kwh"]
    assert stolen.to_numpy() == pytest.approx(both["unmetered_kwh"].to_numpy(), abs=0.1)


def test_control_totals_equal_the_bills_by_role_and_in_all(indicators, counties):
    county = counties.usual[0]
    bills = county.bills
    weight = county.points["represented_count"].to_numpy()[bills["point"]]
    month = bills["month_start"] == pd.Timestamp("2026-03-01")
    billed = (bills["energy_kwh"] * weight)[month].groupby(bills["market_role_code"]).sum()
    rows = indicators[
        (indicators["unit_id"] == county.unit_id)
        & (indicators["indicator_code"] == "sold_control")
        & (indicators["period_start"] == pd.Timestamp("2026-03-01"))
    ].set_index("member_code")["indicator_value"]
    assert rows["all"] == pytest.approx(billed.sum(), abs=0.005)
    assert rows[billed.index].to_numpy() == pytest.approx(billed.to_numpy(), abs=0.005)


def test_the_province_adds_its_counties_up_and_weighs_their_growth(indicators, whole):
    rows = whole["indicator_value"]
    gdp = rows[(rows["unit_id"] == PROVINCE) & (rows["indicator_code"] == "gdp")]
    gdp = gdp[gdp["resolution_code"] == "year"].iloc[0]
    own = indicators[
        (indicators["indicator_code"] == "gdp")
        & (indicators["resolution_code"] == "year")
        & (indicators["known_at"] == gdp["known_at"])
    ]
    assert gdp["indicator_value"] == pytest.approx(own["indicator_value"].sum(), abs=0.02)
    change = own["year_on_year_change_ratio"]
    assert change.min() - 1e-4 <= gdp["year_on_year_change_ratio"] <= change.max() + 1e-4


def test_targets_follow_from_the_year_before_by_the_rule_of_the_measures(indicators):
    """Grid companies save at least 0.3 % of last year's sales; the plan covers 30 % of the peak."""
    rows = indicators[indicators["unit_id"] == indicators["unit_id"].iloc[0]]
    code = rows.set_index(["indicator_code", "period_start"])
    year = pd.Timestamp("2026-01-01")
    saving = code.loc[("saving_target", year), "indicator_value"]
    target = code.loc[("sold_target", year), "indicator_value"]
    assert 0.003 / 1.10 < saving / target < 0.003 / 1.0
    quota = rows[rows["indicator_code"] == "load_quota"].query("period_start == @year")
    by_tier = quota.set_index("member_code")["indicator_value"]
    assert by_tier.to_numpy() == pytest.approx(by_tier["A"] * np.arange(1, 7), rel=0.01)


def test_indicators_keep_to_the_dictionary(indicators, whole):
    schemas.conform("indicator_value", pd.concat([indicators, whole["indicator_value"]]))


def test_output_falls_in_a_recession(counties):
    def last(preset):
        rows = macro.tables(counties.of(preset)[0]).tables["indicator_value"]
        rows = rows[rows["indicator_code"] == "industrial_output"]
        return rows["year_on_year_change_ratio"].iloc[-14:-2].mean()

    assert last("recession") < last("usual") - 0.01


def test_prices_are_low_at_noon_high_on_hot_evenings_and_within_their_limits(whole):
    """What provincial spot markets with photovoltaic plant show since 2023."""
    prices = schemas.conform("purchase_price", whole["purchase_price"])
    spot = prices[prices["resolution_code"] == "hour"].set_index("period_start")
    price = spot["purchase_price_yuan_per_kwh"]
    assert price.between(0, 1.5).all()
    ahead = price[spot["market_code"] == "day_ahead"]
    by_hour = ahead[ahead.index.month.isin([4, 5])].groupby(lambda t: t.hour).mean()
    assert by_hour[12] < 0.8 * by_hour[19]
    summer = ahead[ahead.index.month.isin([7, 8])]
    assert summer.nlargest(40).index.hour.isin(range(15, 23)).mean() > 0.9
    real = price[spot["market_code"] == "real_time"]
    assert real.std() > ahead.std()


def test_day_ahead_prices_are_known_before_the_day(whole):
    rows = whole["purchase_price"]
    ahead = rows[rows["market_code"] == "day_ahead"]
    assert (ahead["known_at"] < ahead["period_start"].dt.normalize()).all()
