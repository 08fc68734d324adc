"""Metrics on numbers that one can check in the head, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from marketing_models.evaluation import bias_frac, coverage_frac, pinball, wape, wrmse


@pytest.fixture
def actual():
    return pd.Series([100.0, 200.0, 100.0], index=list("abc"))


@pytest.fixture
def forecast():
    return pd.Series([110.0, 180.0, 100.0], index=list("abc"))


def test_wape_is_thirty_of_four_hundred(actual, forecast):
    # 10 + 20 + 0 of 400.
    assert wape(actual, forecast) == pytest.approx(0.075)


def test_bias_counts_too_high_as_positive(actual, forecast):
    # 10 - 20 + 0 of 400.
    assert bias_frac(actual, forecast) == pytest.approx(-0.025)


def test_pinball_weighs_the_side_by_the_share(actual, forecast):
    # y - q = -10, 20, 0; share 0.9: 0.1 * 10, 0.9 * 20, 0; mean of 1, 18, 0
    assert pinball(actual, forecast, 0.9) == pytest.approx(19 / 3)


def test_pinball_of_the_true_quantile_is_least():
    # Gneiting and Raftery 2007, section 6: the score is proper.
    drawn = pd.Series(np.random.default_rng(1).normal(size=20_000))
    scores = {q: pinball(drawn, drawn * 0 + q, 0.9) for q in (0.8, 1.2816, 1.8)}
    assert min(scores, key=scores.get) == pytest.approx(1.2816)


def test_coverage_counts_both_bounds_as_inside(actual):
    low = pd.Series([100.0, 201.0, 50.0], index=list("abc"))
    high = pd.Series([100.0, 300.0, 150.0], index=list("abc"))
    assert coverage_frac(actual, low, high) == pytest.approx(2 / 3)


def test_wrmse_weighs_squared_errors(actual, forecast):
    # 20 times 100 and once 400, of a weight of 22.
    weight = pd.Series([20.0, 1.0, 1.0], index=list("abc"))
    assert wrmse(actual, forecast, weight) == pytest.approx(np.sqrt(2400 / 22))


@pytest.mark.parametrize("metric", [wape, bias_frac])
def test_a_missing_pair_is_left_out_on_either_side(metric, actual, forecast):
    known = metric(actual[["a", "c"]], forecast[["a", "c"]])
    assert metric(actual.where(actual < 200), forecast) == pytest.approx(known)
    assert metric(actual, forecast.where(forecast < 180)) == pytest.approx(known)


def test_a_row_without_a_bound_is_left_out(actual):
    low = pd.Series([np.nan, 0.0, 0.0], index=list("abc"))
    high = pd.Series([500.0, np.nan, 50.0], index=list("abc"))
    assert coverage_frac(actual, low, high) == 0.0


def test_unequal_indexes_raise_although_pandas_would_align(actual, forecast):
    shifted = forecast.set_axis(list("bcd"))
    with pytest.raises(ValueError, match="must share one index; align them first"):
        wape(actual, shifted)
    with pytest.raises(ValueError, match="2 of them on one side only"):
        wrmse(actual, forecast, forecast.set_axis(list("bcd")))
    with pytest.raises(ValueError, match="must share one index"):
        coverage_frac(actual, shifted, forecast)


def test_nothing_known_is_no_perfect_score(actual, forecast):
    with pytest.raises(ValueError, match="nothing can be judged"):
        wape(actual, forecast * np.nan)
