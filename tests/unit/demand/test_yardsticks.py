"""Seasonal naive and vanilla regression."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from marketing_models.demand import LoadRegression, SeasonalNaive, VanillaRegression


def horizon(history, day_count):
    step = history.periods[1] - history.periods[0]
    start = history.periods[-1] + step
    return pd.date_range(start, periods=day_count * history.slots_per_day, freq=step)


@pytest.mark.parametrize("step_hours", [1.0, 0.5])
def test_seasonal_naive_repeats_the_week(history, step_hours):
    made = history(60, step_hours=step_hours, units=("b", "a"))
    forecast = SeasonalNaive().fit(made).predict(horizon(made, 10))
    slots = made.slots_per_day
    week = made.load_kw.to_numpy()[-7 * slots :]
    assert (forecast.to_numpy()[: 7 * slots] == week).all()
    assert (forecast.to_numpy()[7 * slots :] == week[: 3 * slots]).all()
    assert forecast.columns.to_list() == ["b", "a"]


def test_an_unknown_hour_takes_the_week_before(history):
    made = history(60)
    load = made.load_kw.copy()
    load.iloc[-168] = np.nan
    load.iloc[-2 * 168] = 4321.0
    made = type(made)(load_kw=load, temperature_degc=made.temperature_degc, days=made.days)
    assert SeasonalNaive().fit(made).predict(horizon(made, 7)).iloc[0, 0] == 4321.0


def test_periods_that_do_not_follow_are_refused(history):
    made = history(60)
    with pytest.raises(ValueError, match="whole days after 2024-04-29 23:00:00"):
        SeasonalNaive().fit(made).predict(horizon(made, 7)[1:])


def test_vanilla_recovers_loads_made_by_its_own_equation(history):
    # Hong, Pinson, Fan 2014: trend, month, weekday by hour, cubic temperature by month and hour.
    made = history(500)
    periods, t = made.periods, made.temperature_degc["east"].to_numpy()
    month, hour = periods.month.to_numpy(), periods.hour.to_numpy()
    load = 900 + 0.01 * np.arange(len(t)) + 5 * month + 3 * hour * (periods.day_of_week == 2)
    load = load + (t / 10) ** 3 * month + (t / 10) ** 2 * hour
    loads = pd.DataFrame({"east": load}, index=periods)
    made = type(made)(load_kw=loads, temperature_degc=made.temperature_degc, days=made.days)
    found = VanillaRegression().fit(made).predict(made.temperature_degc)
    assert found["east"].to_numpy() == pytest.approx(load, rel=1e-6)


def test_units_with_one_weather_are_fitted_as_if_alone(history):
    made = history(200, units=("a", "b"))
    same = made.temperature_degc.assign(b=made.temperature_degc["a"])
    both = type(made)(load_kw=made.load_kw, temperature_degc=same, days=made.days)
    alone = type(made)(load_kw=made.load_kw[["b"]], temperature_degc=same[["b"]], days=made.days)
    together = VanillaRegression().fit(both).predict(same)["b"]
    assert together.to_numpy() == pytest.approx(
        VanillaRegression().fit(alone).predict(same[["b"]])["b"].to_numpy(), rel=1e-6
    )


@pytest.mark.parametrize("model", [LoadRegression(ridge=2.0), VanillaRegression(), SeasonalNaive()])
def test_estimators_clone_and_refuse_to_predict_before_fit(history, model):
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copied.predict(history(60).temperature_degc)
