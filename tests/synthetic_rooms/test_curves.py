"""Curves of large customers: they carry the billed energy, and look like their industries."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import calendars, schemas
from marketing_models.synthetic import curves, daily_shapes, metering
from marketing_models.synthetic.county import County
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

LOADS = [f"load_{number:02d}_w" for number in range(1, 97)]


@pytest.fixture(scope="module")
def made(counties):
    return [curves.tables(county).tables["customer_load"] for county in counties.usual]


@pytest.fixture(scope="module")
def rows(made):
    return schemas.conform("customer_load", pd.concat(made))


def intervals(rows):
    return rows[LOADS].to_numpy("float64", na_value=np.nan)


def shapes_of(rows, counties):
    points = pd.concat([c.points for c in counties.usual]).set_index("supply_point_id")
    shape = points["industry_code"].map({c: i.shape_name for c, i in INDUSTRIES.items()})
    return rows["supply_point_id"].map(shape)


def working(rows):
    kind = calendars.days("cn", rows["reading_date"].min(), rows["reading_date"].max())
    kind = kind["kind_code"].set_axis(kind.index.astype("datetime64[s]"))
    return rows["reading_date"].map(kind).isin(["ordinary", "make_up"]).to_numpy()


def test_interval_values_are_within_one_per_cent_of_the_register_of_the_day(rows):
    """Reconciliation rule of the schema: sum of load_w over 4 is daily_energy_wh within 1 %."""
    load = intervals(rows)
    whole = ~np.isnan(load).any(axis=1)
    wh, register = load[whole].sum(axis=1) / 4, rows.loc[whole, "daily_energy_wh"]
    assert (np.abs(wh - register) <= 0.01 * register + 50).all()
    # The register is read apart from the curve: the two are not the same number.
    assert (np.abs(wh - register) > 1e-4 * register).mean() > 0.8


def test_the_days_of_a_month_add_up_to_the_billed_energy(made, counties):
    for county, rows in zip(counties.usual, made, strict=True):
        large = county.points[
            (county.points["class_name"] == "large") & county.points["distributed_pv_kw"].isna()
        ]
        month = len(county.scale.months) - 3
        billed = county.energy_kwh[large.index, month]
        own = rows[rows["month_start"] == county.scale.months[month]]
        daily = own.groupby("supply_point_id")["daily_energy_wh"].sum() / 1000
        found = large["supply_point_id"].map(daily).fillna(0.0).to_numpy()
        assert found == pytest.approx(billed, rel=2e-3, abs=1)


def test_what_a_roof_gives_is_either_used_or_fed_in(made, counties):
    """Conservation: import less export is use less generation."""
    for county, rows in zip(counties.usual, made, strict=True):
        large = county.points[
            (county.points["class_name"] == "large") & county.points["distributed_pv_kw"].gt(0)
        ]
        month = len(county.scale.months) - 3
        sign = rows["direction_code"].map({"import": 1, "export": -1})
        own = rows.assign(net=sign * rows["daily_energy_wh"] / 1000)
        own = own[own["month_start"] == county.scale.months[month]]
        net = large["supply_point_id"].map(own.groupby("supply_point_id")["net"].sum())
        use = county.energy_kwh - metering.generated_kwh(county)
        assert net.to_numpy() == pytest.approx(use[large.index, month], rel=0.03, abs=200)


def test_there_is_a_row_a_day_for_thirteen_months_and_the_days_since(rows, counties):
    scale = counties.usual[0].scale
    days = rows["reading_date"]
    assert days.min() == scale.months[-13]
    assert days.max() == pd.Timestamp(scale.last_day)
    assert (rows["known_at"] == days + pd.Timedelta(days=1, hours=8)).all()


def test_nothing_is_negative_and_only_plants_feed_in(rows, counties):
    assert np.nanmin(intervals(rows)) >= 0
    points = pd.concat([c.points for c in counties.usual]).set_index("supply_point_id")
    exported = rows[rows["direction_code"] == "export"]["supply_point_id"]
    assert points.loc[exported, "distributed_pv_kw"].gt(0).all()


def test_some_intervals_are_missing_and_some_days_estimated_but_few(rows):
    missing = np.isnan(intervals(rows)).any(axis=1)
    assert 0.005 < missing.mean() < 0.03
    assert 0.001 < (rows["quality_code"] == "estimated").mean() < 0.01
    assert not missing[rows["quality_code"] == "estimated"].any()


def test_a_day_shift_works_by_day_and_a_continuous_plant_all_night(rows, counties):
    """Own assumption of the shapes, recovered from the rows."""
    load = intervals(rows)
    shape = shapes_of(rows, counties).to_numpy()
    chosen = working(rows) & (rows["direction_code"] == "import").to_numpy()
    night = np.nanmean(load[:, :20], axis=1) / np.maximum(np.nanmean(load, axis=1), 1)
    assert np.nanmedian(night[chosen & (shape == "day_shift")]) < 0.6
    assert 0.9 < np.nanmedian(night[chosen & (shape == "continuous")]) < 1.15


def test_plants_sleep_at_the_spring_festival(rows, counties):
    """The festival of 2026 was on 17 February."""
    shape = shapes_of(rows, counties)
    own = rows[shape.isin(["two_shift", "day_shift"]) & (rows["direction_code"] == "import")]
    daily = own.groupby("reading_date")["daily_energy_wh"].sum()
    ordinary = daily["2026-03-16":"2026-03-20"].mean()
    assert daily["2026-02-17":"2026-02-20"].mean() < 0.65 * ordinary


def test_shapes_have_mean_one_so_that_energy_is_kept():
    for shape in (daily_shapes.WORKING, daily_shapes.REST, daily_shapes.TWO_PEAKS):
        assert np.asarray(shape).mean(axis=-1) == pytest.approx(1.0)


def test_a_county_without_large_customers_and_with_one_month_has_no_rows_but_the_columns():
    world = World(
        scale=Scale(city_count=1, county_count=1, supply_point_count=40, month_count=1), seed=3
    )
    county = County(world=world, unit_id=next(iter(world.city_of)))
    county.points["class_name"] = county.points["class_name"].replace("large", "small")
    found = curves.tables(county).tables["customer_load"]
    assert len(found) == 0
    assert {"load_01_w", "load_96_w", "daily_energy_wh"} <= set(found.columns)
