"""Regressors on temperatures that one can average in the head."""

import numpy as np
import pandas as pd
import pytest

from marketing_models.demand.features import Recipe, effective_weekday

SCALE = 15 / 1.8  # degC of one unit of the scaled temperature
CENTRE = (60 - 32) / 1.8


def terms_of(days, slots, temperature, count):
    table = days("2024-04-01", count)
    recipe = Recipe.of(table, table.index, slots)
    return recipe, recipe.terms(CENTRE + SCALE * temperature[None], table.index)


@pytest.mark.parametrize("slots", [24, 48, 96])
def test_trailing_means_count_hours_and_not_periods(days, slots):
    # A ramp of 1 an hour. The window of hours a to b before the end of the last period, which
    # begins at h, holds periods that begin from h + step - b to h - a: their mean.
    hours = np.arange(10 * slots) * 24 / slots
    step = 24 / slots
    _, terms = terms_of(days, slots, hours, 10)
    last = hours[-1]
    for name, first_hour, last_hour in [
        ("mean_3h", 0, 3),
        ("mean_4_6h", 3, 6),
        ("mean_24h", 0, 24),
        ("mean_25_48h", 24, 48),
        ("mean_168h", 0, 168),
    ]:
        middle = (last + step - last_hour + last - first_hour) / 2
        assert terms[name][0, -1, -1] == pytest.approx(middle, abs=1e-9), name


def test_a_decaying_mean_halves_after_its_half_life(days):
    jump = np.r_[np.zeros(5 * 24), np.ones(5 * 24)]
    _, terms = terms_of(days, 24, jump, 10)
    assert terms["decay_12h"][0, 5, 11] == pytest.approx(0.5)
    assert terms["decay_60h"][0, 7, 11] == pytest.approx(0.5)


def test_the_same_decay_in_quarter_hours(days):
    jump = np.r_[np.zeros(5 * 96), np.ones(5 * 96)]
    _, terms = terms_of(days, 96, jump, 10)
    assert terms["decay_12h"][0, 5, 47] == pytest.approx(0.5)


def test_hinges_begin_at_their_knot(days):
    _, terms = terms_of(days, 24, np.full(240, 0.5), 10)
    assert terms["mean_24h>0.3"][0, -1, -1] == pytest.approx(0.2)
    assert terms["mean_24h>0.7"][0, -1, -1] == 0


def test_the_first_week_without_a_weekly_mean_is_unknown_and_no_zero(days):
    _, terms = terms_of(days, 24, np.zeros(240), 10)
    assert np.isnan(terms["mean_168h"][0, 6, 22])
    assert terms["mean_168h"][0, 6, 23] == pytest.approx(0)


def test_names_match_the_matrix(days):
    recipe, terms = terms_of(days, 24, np.zeros(240), 10)
    matrix = recipe.matrix(np.zeros((3, 240)), days("2024-04-01", 10).index[-2:])
    assert recipe.names() == tuple(terms)
    assert matrix.shape == (24, len(terms), 3 * 2)


def test_an_off_day_is_a_sunday_and_a_make_up_day_a_friday(days):
    table = days("2024-04-29", 7)  # a Monday
    kinds = "ordinary adjusted_off statutory ordinary ordinary make_up weekend"
    table["kind_code"] = kinds.split()
    assert effective_weekday(table).tolist() == [0, 6, 6, 3, 4, 4, 6]


def test_each_holiday_and_the_work_day_after_it_have_their_own_regressor(days):
    table = days("2024-04-29", 14)
    table.loc["2024-05-01":"2024-05-02", "kind_code"] = "statutory"
    table.loc["2024-05-01":"2024-05-02", "holiday_code"] = "labour_day"
    recipe = Recipe.of(table, table.index, 24)
    calendar = recipe.calendar
    assert calendar.index[calendar["holiday_labour_day"] == 1].day.tolist() == [1, 2]
    assert calendar.index[calendar["after_labour_day"] == 1].day.tolist() == [3]


def test_a_holiday_that_the_history_never_saw_has_no_regressor(days):
    table = days("2024-04-01", 40)
    table.loc["2024-05-01", ["kind_code", "holiday_code"]] = ["statutory", "labour_day"]
    recipe = Recipe.of(table, table.index[:20], 24)
    assert "holiday_labour_day" not in recipe.calendar
    assert recipe.calendar.at[pd.Timestamp("2024-05-01"), "weekday_6"] == 1


def test_festival_days_are_counted_from_eight_before_to_fifteen_after(days):
    table = days("2024-01-20", 60)
    numbers = pd.Series(range(-10, 50), index=table.index, dtype="Int64")
    table["festival_day_number"] = numbers.where((numbers >= -8) & (numbers <= 15))
    calendar = Recipe.of(table, table.index, 24).calendar
    festival = calendar.filter(like="festival_")
    assert festival.shape[1] == 24
    assert festival.sum(axis=1).tolist() == [0] * 2 + [1] * 24 + [0] * 34
