"""The grid of the synthetic province: who hangs on what, and how much it carries."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import grid
from marketing_models.synthetic.scale import stations_below


@pytest.fixture(scope="module")
def equipment(counties):
    made = [grid.tables(county).tables["equipment"] for county in counties.usual]
    return schemas.conform("equipment", pd.concat(made, ignore_index=True))


def test_areas_hang_on_feeders_and_feeders_on_substations(equipment):
    kind = equipment.set_index("equipment_id")["equipment_type_code"]
    above = {"transformer_area": "feeder", "feeder": "substation"}
    for below, upper in above.items():
        parents = equipment.loc[equipment["equipment_type_code"] == below, "parent_equipment_id"]
        assert (parents.map(kind) == upper).all()
    top = equipment["equipment_type_code"] == "substation"
    assert equipment.loc[top, "parent_equipment_id"].isna().all()


def test_what_a_supply_point_names_is_in_the_table(counties, equipment):
    known = set(equipment["equipment_id"])
    for county in counties.usual:
        points = county.points
        for name in ("transformer_area_id", "feeder_id", "backup_feeder_id"):
            assert set(points[name].dropna()) <= known
        assert set(points["supply_station_id"]) <= set(stations_below(county.unit_id))


def test_the_area_of_a_point_is_fed_by_its_feeder(counties, equipment):
    parent = equipment.set_index("equipment_id")["parent_equipment_id"]
    for county in counties.usual:
        points = county.points.dropna(subset=["transformer_area_id"])
        assert (points["transformer_area_id"].map(parent) == points["feeder_id"]).all()


def test_a_second_source_is_another_feeder(counties):
    for county in counties.usual:
        twice = county.points.dropna(subset=["backup_feeder_id"])
        assert (twice["backup_feeder_id"] != twice["feeder_id"]).all()


def test_few_transformers_are_overloaded_and_the_median_is_half_full(counties):
    # Own assumption for the synthetic province: median load over rating one half.
    loading = pd.concat([grid.tables(c).truth["grid_loading"] for c in counties.usual])
    assert 0.40 < loading["loading_frac"].median() < 0.62
    assert 0.0 < (loading["loading_frac"] > 1).mean() < 0.12


def test_upgrades_are_planned_where_little_headroom_is_left(counties):
    rows = pd.concat(
        [
            made.tables["equipment"].merge(made.truth["grid_loading"], on="equipment_id")
            for made in map(grid.tables, counties.usual)
        ]
    )
    planned = rows["upgrade_capacity_kva"].notna()
    assert planned.any()
    assert rows.loc[planned, "loading_frac"].min() > rows["loading_frac"].median()
    assert rows["upgrade_cost_yuan"].notna().equals(planned)


def test_ratings_are_of_the_series_in_which_transformers_are_made(equipment):
    # The series R10: 100, 125, 160, 200, 250, 315, 400, 500, 630, 800 (ISO 3, rounded).
    kva = equipment["rated_capacity_kva"].to_numpy()
    first = kva / 10 ** np.floor(np.log10(kva) + 1e-9)
    series = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]
    assert np.isclose(first[:, None], series, rtol=1e-6).any(axis=1).all()


def test_losing_a_feeder_does_not_concern_most_of_a_county(counties):
    county = counties.usual[0]
    weight = county.points["annual_kwh"] * county.points["represented_count"]
    share = weight.groupby(county.points["feeder_id"]).sum() / weight.sum()
    assert len(share) > 10
    assert share.max() < 0.35
