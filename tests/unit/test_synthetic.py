"""The generator's ground: streams, sharing out, codes, names and time axes, by hand."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import regions
from marketing_models.errors import UnknownUnitError
from marketing_models.synthetic import Scale, county_tables
from marketing_models.synthetic.scale import county_sizes, hierarchy, org_units
from marketing_models.synthetic.streams import autoregression, shared_out, stream


def test_a_stream_depends_on_seed_and_name_and_on_nothing_before_it():
    first = stream(1, "bill", "990101").random(3)
    stream(1, "bill", "990102").random(1000)
    assert stream(1, "bill", "990101").random(3).tolist() == first.tolist()
    others = [(2, "bill", "990101"), (1, "bill", "990102"), (1, "unit_load", "990101")]
    assert all(stream(*other).random() != first[0] for other in others)


def test_names_are_not_run_together_into_one_key():
    assert stream(1, "ab", "c").random() != stream(1, "a", "bc").random()
    assert stream(1, "1", "c").random() != stream(11, "c").random()


@pytest.mark.parametrize("persistence", [0.5, 0.97])
def test_an_autoregression_keeps_variance_and_correlation(persistence):
    shocks = np.random.default_rng(0).standard_normal((60_000, 2))
    paths = autoregression(shocks, persistence)
    assert paths.shape == shocks.shape
    assert paths[0].tolist() == shocks[0].tolist()
    assert paths.std(axis=0) == pytest.approx([1.0, 1.0], abs=0.06)
    neighbours = np.corrcoef(paths[1:, 0], paths[:-1, 0])[0, 1]
    assert neighbours == pytest.approx(persistence, abs=0.02)


def test_an_autoregression_follows_its_recursion():
    # y1 = 0.6 y0 + 0.8 e1, because 0.8 = sqrt(1 - 0.36).
    got = autoregression(np.array([1.0, 2.0, -1.0]), 0.6)
    assert got.tolist() == pytest.approx([1.0, 2.2, 0.52])


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [(10, [1, 1], [5, 5]), (3, [5, 1, 1], [1, 1, 1]), (10, [3, 1], [7, 3]), (11, [1, 1], [6, 5])],
)
def test_whole_numbers_are_shared_out_by_largest_remainders(total, weights, shares):
    # One goes to each; of 8 more the weights 3 and 1 take 6 and 2.
    assert shared_out(total, np.array(weights, dtype=float)).tolist() == shares


@pytest.mark.parametrize(
    ("cities", "counties"), [(1, 1), (1, 2), (3, 12), (14, 122), (2, 300), (120, 130)]
)
def test_any_number_of_units_has_its_codes_names_and_sizes(cities, counties):
    scale = Scale(city_count=cities, county_count=counties, supply_point_count=counties * 45)
    units = org_units(scale, seed=3)
    # Hierarchy refuses doubles, several roots and levels out of order; below its counties are the
    # places that serve customers: three supply stations and two halls.
    found = regions.Hierarchy(units[units["level"].isin(regions.LEVELS)])
    below = units[~units["level"].isin(regions.LEVELS)]
    assert below["unit_id"].is_unique
    assert (below.groupby(["parent_unit_id", "level"]).size().unstack() == [2, 3]).all(axis=None)
    assert set(below["parent_unit_id"]) == set(found.counties("99"))
    assert found.root == "99"
    assert len(found.children("99")) == cities
    assert len(found.counties("99")) == counties
    assert units["unit_name"].is_unique
    assert units["unit_name_en"].is_unique
    assert units[["tile_row", "tile_column"]].isna().all(axis=None)
    sizes = county_sizes(scale, seed=3)
    assert sum(sizes.values()) == counties * 45
    assert min(sizes.values()) >= 40


def test_the_codes_of_the_demo_are_those_of_the_house():
    below = hierarchy(Scale(), seed=1)
    assert list(below) == ["9901", "9902", "9903"]
    assert [county for counties in below.values() for county in counties][:2] == [
        "990101",
        "990102",
    ]


def test_a_third_digit_widens_all_codes_so_that_none_reads_two_ways():
    below = hierarchy(Scale(city_count=1, county_count=120, supply_point_count=4800), seed=1)
    assert (below["9901"][0], below["9901"][-1]) == ("9901001", "9901120")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"city_count": 0}, "city_count is 0, give at least 1"),
        ({"county_count": 2}, "county_count is 2, give at least 3"),
        ({"supply_point_count": 479}, "supply_point_count is 479, give at least 480"),
        ({"month_count": 0}, "month_count is 0"),
        ({"city_count": 0, "month_count": 0}, "city_count is 0.*; month_count is 0"),
    ],
)
def test_a_scale_that_leaves_a_unit_empty_is_refused_with_all_its_problems(counts, said):
    with pytest.raises(ValueError, match=said):
        Scale(**counts)


@pytest.mark.parametrize(
    ("last_day", "last_month"),
    [("2026-08-02", "2026-07-01"), ("2026-08-01", "2026-06-01"), ("2025-01-31", "2024-12-01")],
)
def test_the_last_month_with_bills_is_the_last_one_settled(last_day, last_month):
    # Bills are issued on the first and second day of the month after.
    scale = Scale(last_day=last_day, month_count=5)
    assert scale.months[-1] == pd.Timestamp(last_month)
    assert len(scale.months) == 5
    assert scale.hours[0] == scale.months[0]
    assert scale.hours[-1] == pd.Timestamp(last_day) + pd.Timedelta(hours=23)


def test_a_county_that_the_province_lacks_is_refused():
    with pytest.raises(UnknownUnitError, match="no unit '990199'"):
        county_tables("990199", Scale(), seed=1)
