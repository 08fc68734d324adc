"""Laws of draws and metrics that must hold whatever the numbers are."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from marketing_models.demand import scenarios
from marketing_models.demand.correction import correction
from marketing_models.evaluation import bias_frac, pinball, wape, wrmse

ORIGIN = pd.Timestamp("2025-03-03")
seeds = st.integers(0, 2**32 - 1)


@st.composite
def worlds(draw):
    """Forecast and past errors of one to four units, in steps of 1, 1/2 or 1/4 h."""
    rng = np.random.default_rng(draw(seeds))
    units = [f"unit {n}" for n in range(draw(st.integers(1, 4)))]
    step = draw(st.sampled_from([1.0, 0.5, 0.25]))
    count = round(draw(st.sampled_from([24, 48])) / step)
    periods = pd.date_range(ORIGIN, periods=count, freq=pd.Timedelta(hours=step))
    point = xr.DataArray(
        rng.uniform(100, 1000, size=(draw(st.integers(1, 3)), count, len(units))),
        dims=("member", "period", "unit"),
        coords={"period": periods, "unit": units},
    )
    weeks = draw(st.integers(12, 30))
    errors = xr.DataArray(
        rng.normal(0, 0.1, size=(weeks, count, len(units))),
        dims=("origin", "lead", "unit"),
        coords={
            "origin": pd.date_range(end=ORIGIN - pd.Timedelta(days=7), periods=weeks, freq="7D"),
            "lead": np.arange(count) * step,
            "unit": units,
        },
    )
    return point, errors


@settings(max_examples=25, deadline=None)
@given(worlds(), seeds)
def test_draws_are_joint_ranked_and_indifferent_to_order(world, seed):
    point, errors = world
    draws = scenarios(point, errors, draw_count=40, seed=seed)
    energy = draws.sum(("period", "unit")).to_numpy()
    assert (np.diff(energy) >= 0).all()
    turned = scenarios(
        point.isel(unit=slice(None, None, -1)),
        errors.transpose("unit", "origin", "lead"),
        draw_count=40,
        seed=seed,
    )
    assert (turned.sum(("period", "unit")).to_numpy() == energy).all()
    # Oracle: each draw is the mean forecast times one past week, the same for all its units.
    mean = point.mean("member").to_numpy()
    weeks = np.rint(mean * np.exp(errors.to_numpy())).astype(int)
    for draw in draws.to_numpy():
        assert (weeks == draw).all(axis=(1, 2)).any()


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([24, 48, 96]), st.floats(0.01, 100))
def test_the_correction_scales_and_turns_with_its_residuals(seed, slots, factor):
    residuals = np.random.default_rng(seed).normal(0, 0.05, size=(40, slots))
    residuals[10:12] = np.nan
    made = correction(residuals, 7)
    assert correction(factor * residuals, 7) == pytest.approx(factor * made, rel=1e-9)
    assert correction(-residuals, 7) == pytest.approx(-made, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 30), st.floats(0.01, 1000))
def test_metrics_ignore_order_and_scale_as_their_units_do(seed, count, factor):
    rng = np.random.default_rng(seed)
    actual = pd.Series(rng.uniform(1, 10, size=count))
    forecast = pd.Series(rng.uniform(1, 10, size=count))
    weight = pd.Series(rng.uniform(1, 10, size=count))
    order = rng.permutation(count)
    for metric in (wape, bias_frac):
        assert metric(actual[order], forecast[order]) == pytest.approx(metric(actual, forecast))
        assert metric(factor * actual, factor * forecast) == pytest.approx(metric(actual, forecast))
    scaled = wrmse(factor * actual, factor * forecast, factor * weight)
    assert scaled == pytest.approx(factor * wrmse(actual, forecast, weight))
    loss = pinball(actual, forecast, 0.3)
    assert pinball(factor * actual, factor * forecast, 0.3) == pytest.approx(factor * loss)
    assert abs(bias_frac(actual, forecast)) <= wape(actual, forecast) + 1e-12
    # The median's pinball loss is half the mean absolute error.
    half = 0.5 * (actual - forecast).abs().mean()
    assert pinball(actual, forecast, 0.5) == pytest.approx(half)
