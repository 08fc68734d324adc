"""Laws of a unit's weather, against an oracle that loops."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from marketing_models import weather

WORLDS = settings(deadline=None, max_examples=30)


@st.composite
def worlds(draw):
    """Observed rows with gaps, weights that add to one, and periods of any step."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    stations = [f"W{n}" for n in numbers.permutation(9)[: draw(st.integers(1, 4))]]
    units = [f"99{n}" for n in numbers.permutation(9)[: draw(st.integers(1, 3))]]
    step = draw(st.sampled_from(["15min", "30min", "h"]))
    periods = pd.date_range("2026-07-01", periods=draw(st.integers(1, 5)), freq=step, unit="us")
    every = pd.MultiIndex.from_product([periods, stations]).to_frame(index=False)
    every.columns = ["period_start", "weather_station_id"]
    every["temperature_degc"] = numbers.uniform(-20, 40, len(every))
    observed = every[numbers.random(len(every)) < draw(st.sampled_from([0.2, 0.7, 1.0]))]
    share = numbers.integers(0, 4, (len(units), len(stations))) + np.eye(len(units), len(stations))
    share[share.sum(axis=1) == 0] = 1
    share /= share.sum(axis=1, keepdims=True)
    weights = pd.MultiIndex.from_product([units, stations]).to_frame(index=False)
    weights.columns = ["unit_id", "weather_station_id"]
    return observed, weights.assign(weight_frac=share.ravel()), periods


def oracle(observed, weights, period, unit):
    held = observed[observed["period_start"] == period]
    value = dict(zip(held["weather_station_id"], held["temperature_degc"], strict=True))
    total = weight = 0.0
    for row in weights[weights["unit_id"] == unit].itertuples():
        if row.weather_station_id in value:
            total += row.weight_frac * value[row.weather_station_id]
            weight += row.weight_frac
    return total / weight if weight else np.nan


@WORLDS
@given(worlds())
def test_every_cell_is_the_mean_that_a_loop_gives(world):
    observed, weights, periods = world
    got = weather.unit_temperature(observed, weights, periods)
    assert got.columns.to_list() == sorted(weights["unit_id"].unique())
    for unit in got.columns:
        for period in periods:
            expected = oracle(observed, weights, period, unit)
            np.testing.assert_allclose(got.at[period, unit], expected, atol=1e-9)


@WORLDS
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world, random):
    observed, weights, periods = world
    mixed = observed.iloc[random.sample(range(len(observed)), len(observed))]
    turned = weights.iloc[random.sample(range(len(weights)), len(weights))]
    pd.testing.assert_frame_equal(
        weather.unit_temperature(mixed, turned, periods),
        weather.unit_temperature(observed, weights, periods),
    )


@WORLDS
@given(worlds(), st.floats(-10, 10))
def test_a_shift_of_all_stations_shifts_every_unit(world, shift):
    observed, weights, periods = world
    moved = observed.assign(temperature_degc=observed["temperature_degc"] + shift)
    np.testing.assert_allclose(
        weather.unit_temperature(moved, weights, periods),
        weather.unit_temperature(observed, weights, periods) + shift,
        atol=1e-9,
    )


@WORLDS
@given(worlds())
def test_one_member_is_the_observed_mean(world):
    observed, weights, periods = world
    if observed.empty:
        return
    members = weather.unit_members(observed.assign(member_number=3), weights, periods)
    np.testing.assert_allclose(
        members.sel(member=3), weather.unit_temperature(observed, weights, periods)
    )


@WORLDS
@given(worlds())
def test_gaps_are_counted_as_a_loop_counts_them(world):
    observed, weights, periods = world
    gaps = weather.station_gaps(observed, weights, periods)
    held = set(zip(observed["weather_station_id"], observed["period_start"], strict=True))
    expected = {
        (row.unit_id, row.weather_station_id): sum(
            (row.weather_station_id, period) not in held for period in periods
        )
        for row in weights.itertuples()
        if row.weight_frac > 0
    }
    got = gaps.set_index(["unit_id", "weather_station_id"])["missing_count"].to_dict()
    assert got == {key: count for key, count in expected.items() if count}
