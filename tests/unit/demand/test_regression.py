"""The regression as an estimator: what it keeps, and that a horizon is seen as history would be."""

import numpy as np
import pandas as pd
import pytest

from marketing_models.demand import LoadRegression
from marketing_models.demand.features import Recipe
from marketing_models.demand.fitting import predicted
from marketing_models.demand.regression import UnitModel


@pytest.mark.parametrize("step_hours", [1.0, 0.5])
def test_a_horizon_has_the_regressors_that_history_would_have(history, step_hours):
    made = history(120, step_hours=step_hours)
    recipe = Recipe.of(made.days, made.dates, made.slots_per_day)
    model = UnitModel.of(made, "east", recipe)
    model.walk.advance(100, at_end=True)
    week = slice(100, 107)
    slots = made.slots_per_day
    temperature = made.temperature_degc["east"].to_numpy()[None, 100 * slots : 107 * slots]
    seen = model.log_load(100, temperature, made.dates[week])[0]
    known = predicted(model.walk.matrix[..., week], model.walk.coefficients)
    # The slowest mean has halved eight times over the days that lead in.
    assert seen == pytest.approx(known + model.walk.shift(99), abs=2e-3)


def test_coefficients_are_labelled_and_predictions_follow_the_history(history):
    made = history(120, units=("a", "b"))
    model = LoadRegression().fit(made)
    assert model.coefficients_.dims == ("unit", "slot", "term")
    assert "mean_3h>0" in model.coefficients_["term"].to_numpy()
    periods = pd.date_range("2024-06-29", periods=48, freq="h")
    weather = made.temperature_degc.iloc[-48:].set_axis(periods)
    predictions = model.predict(weather)
    assert predictions.columns.to_list() == ["a", "b"]
    ratio = predictions["b"] / predictions["a"]
    assert np.allclose(ratio, 2.0, rtol=0.05)


def test_a_stronger_penalty_shrinks_the_response(history):
    made = history(120)
    weak, strong = (LoadRegression(ridge=ridge).fit(made).coefficients_ for ridge in (0.1, 1e4))
    assert float((strong**2).sum()) < 0.1 * float((weak**2).sum())


def test_a_unit_that_begins_late_is_fitted_from_its_first_day(history):
    made = history(700, units=("a", "b"))
    load = made.load_kw.copy()
    load.iloc[: 500 * 24, 1] = np.nan
    late = type(made)(load_kw=load, temperature_degc=made.temperature_degc, days=made.days)
    model = LoadRegression().fit(late)
    weather = made.temperature_degc.iloc[-24:].set_axis(
        pd.date_range(made.periods[-1] + pd.Timedelta(hours=1), periods=24, freq="h")
    )
    predictions = model.predict(weather)
    assert predictions.notna().all(axis=None)
    codes = {(f.unit_id, f.code) for f in model.findings_}
    assert ("b", "demand.history.gaps") in codes
