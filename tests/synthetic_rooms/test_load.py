"""Load of a county: identities of its series, planted effects, physics of its photovoltaic plant.

Aims of shape are published aggregates: load factor 0.587-0.79 and cooling 0.37-0.50 of the peak
(provinces of China, NDRC 2023-07-27), night share of charging 0.24-0.45 (about 2023).
"""

import numpy as np
import pandas as pd
import pytest

from marketing_models import parameters
from marketing_models.synthetic import load, mean_loads, sky
from marketing_models.synthetic.county import County
from marketing_models.synthetic.profiles import CLASSES, profile
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World


@pytest.fixture(scope="module")
def made(counties):
    return load.tables(counties.usual[0])


def series(made, name):
    rows = made.tables["unit_load"].query("series_code == @name")
    return rows.set_index("period_start")["load_kw"]


def test_series_of_a_county_are_whole_and_grid_is_total_less_photovoltaic(counties, made):
    total, grid, sun = (series(made, name) for name in ("total", "grid", "photovoltaic"))
    assert {str(s.dtype) for s in (total, grid, sun)} == {"int64"}
    assert total.index.equals(counties.usual[0].scale.hours)
    assert (total == grid + sun).all()
    assert (series(made, "charging") < total).all()


def test_total_is_the_metered_load_of_the_classes_over_what_losses_leave(counties, made):
    county = counties.usual[0]
    metered = county.loads_kw[list(CLASSES)].sum(axis=1)
    supplied = metered / (1 - county.profile.loss_frac)
    assert (series(made, "total") - supplied).abs().max() <= 0.5


def test_photovoltaic_plant_rests_at_night_and_yields_about_a_thousand_hours(counties):
    county = counties.usual[0]
    plants = county.points.query("distributed_pv_kw > 0")
    sun = county.solar_kw
    assert (sun[(sun.index.hour < 4) | (sun.index.hour > 20)] < 0.5).all()
    power = plants["distributed_pv_kw"] * plants["represented_count"]
    old = power[plants["pv_since"] <= sun.index[-8766]].sum()
    # 950 to 1,200 full-load hours in East China (planning figures); what came later adds.
    assert 900 * old <= sun.iloc[-8766:].sum() <= 1250 * power.sum()


def test_a_plant_generates_from_the_day_it_was_connected(counties):
    county = counties.usual[0]
    dates = county.points.query("distributed_pv_kw > 0")["pv_since"]
    before = county.solar_kw[: dates.min() - pd.Timedelta(hours=1)]
    assert (before == 0).all()


def test_charging_grows_and_a_third_of_it_is_by_night(counties):
    charging = load.charging_kw(counties.usual[0])
    home = charging - counties.usual[0].loads_kw["charging"]
    assert 0.05 < home.sum() / charging.sum() < 0.6
    assert (home < counties.usual[0].loads_kw["residential"]).all()
    by_year = charging.groupby(charging.index.year).mean()
    assert by_year[2025] / by_year[2024] > 1.15
    night = charging[(charging.index.hour >= 23) | (charging.index.hour < 7)].sum()
    assert 0.24 <= night / charging.sum() <= 0.45


@pytest.mark.parametrize("seed", [1, 2])
def test_a_province_has_the_load_factor_and_cooling_share_of_published_ones(seed):
    scale = Scale(city_count=2, county_count=4, supply_point_count=4000, month_count=24)
    world = World(scale=scale, seed=seed)
    total = sum(
        load.loads_kw(County(world=world, unit_id=unit)).sum(axis=1) for unit in world.city_of
    )
    year = total[total.index.year == 2025]
    assert 0.587 <= year.mean() / year.max() <= 0.79
    assert 11 <= year.idxmax().hour <= 21
    spring = year[year.index.month.isin([4, 5, 10]) & (year.index.day_of_week < 5)]
    mild = spring[spring.index.hour == year.idxmax().hour].quantile(0.4)
    assert 0.34 <= 1 - mild / year.max() <= 0.53


@pytest.mark.parametrize("name", CLASSES)
def test_counties_differ_but_the_province_keeps_to_its_growth(name):
    scale = Scale(city_count=3, county_count=12, supply_point_count=4000, month_count=2)
    world = World(scale=scale, seed=5)
    own = [profile(unit, world) for unit in world.city_of]
    sizes = np.array([sum(each.row_count.values()) for each in own])
    growth = np.array([each.growth_frac[name] for each in own])
    mean, spread = parameters.at("synthetic.growth_frac", pd.Timestamp(scale.last_day))[name]
    assert np.average(growth, weights=sizes) == pytest.approx(mean, abs=1e-12)
    assert 0.4 * spread < growth.std() < 1.8 * spread


def test_rows_of_a_county_add_to_its_size_with_every_class_in_it(counties):
    for county in counties.usual:
        rows = county.profile.row_count
        assert tuple(rows) == CLASSES
        assert min(rows.values()) >= 1
        assert sum(rows.values()) == len(county.points)


def test_use_rises_with_heat_and_with_cold_and_is_level_between(counties):
    county = counties.usual[0]
    hours = pd.date_range("2025-05-05", periods=(sky.WARM_UP_DAYS + 1) * 24, freq="h")
    paths = pd.DataFrame(np.tile([0.0, 16.0, 18.0, 33.0], (len(hours), 1)), hours)
    mean = mean_loads.mean_loads(county.profile, county.world, paths)
    cold, mild, warm, hot = np.sum([mean.loads_kw(name) for name in CLASSES], axis=(0, 1))
    assert cold > 1.04 * mild
    assert hot > 1.35 * mild
    assert abs(warm / mild - 1) < 0.02


def test_a_recession_takes_from_industry_in_the_last_fourteen_months_alone(counties):
    usual, bad = (counties.of(name)[0].loads_kw for name in ("usual", "recession"))
    ratio = (bad / usual).resample("MS").mean()
    assert ratio["large"].iloc[-13:].max() < 0.97
    assert ratio.iloc[:-16].to_numpy() == pytest.approx(1, abs=1e-12)
    assert ratio["residential"].to_numpy() == pytest.approx(1, abs=1e-12)


def test_the_reform_moves_use_from_peak_to_valley_hours_and_the_truth_says_so(counties):
    usual, new = counties.usual[0], counties.of("tariff_reform")[0]
    ratio = (new.loads_kw / usual.loads_kw)["large"]
    late = ratio["2026-01":].groupby(ratio["2026-01":].index.hour).mean()
    assert late[18] == pytest.approx(0.97)
    assert late[3] == pytest.approx(1.03)
    assert ratio[:"2025-06"].to_numpy() == pytest.approx(1)
    shift = load.tables(new).truth["load_hour_effects"].set_index("hour_number")["price_shift_kw"]
    assert shift[18] < 0 < shift[3]


def test_without_response_to_prices_loads_are_as_usual(counties):
    usual, null = (counties.of(name)[0].loads_kw for name in ("usual", "null_price_response"))
    pd.testing.assert_frame_equal(usual, null)


def test_the_true_parts_of_the_load_add_to_the_total(counties, made):
    truth = made.truth["load_effects"].set_index("month_start")
    whole = truth[["base_kwh", "cooling_kwh", "heating_kwh"]].sum(axis=1)
    monthly = series(made, "total").resample("MS").sum()
    np.testing.assert_allclose(whole, monthly, rtol=1e-4)
    assert truth["cooling_kwh"].idxmax().month in {7, 8}


def test_a_county_alone_has_the_loads_it_has_beside_others(counties):
    world = World(scale=counties.usual[1].scale, seed=counties.usual[1].world.seed)
    alone = County(world=world, unit_id=counties.usual[1].unit_id)
    pd.testing.assert_frame_equal(alone.loads_kw, counties.usual[1].loads_kw)
