"""Joint draws: what they are made of, how they are numbered."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from marketing_models.demand import scenarios
from marketing_models.errors import InsufficientDataError

ORIGIN = pd.Timestamp("2025-07-07")
LAST_WEEK = pd.Timestamp("2025-06-30")


def point(units=("a", "b"), kw=1000.0, step_hours=1.0):
    periods = pd.date_range(
        ORIGIN, periods=round(168 / step_hours), freq=f"{int(step_hours * 60)}min"
    )
    return xr.DataArray(
        np.full((2, len(periods), len(units)), kw),
        dims=("member", "period", "unit"),
        coords={"member": [1, 2], "period": periods, "unit": list(units)},
    )


def errors(values, units=("a", "b"), step_hours=1.0, last=LAST_WEEK):
    """Errors that are even over each week and unit: one value an origin."""
    leads = np.arange(round(168 / step_hours)) * step_hours
    values = np.asarray(values, dtype=float)
    return xr.DataArray(
        np.broadcast_to(values[:, None, None], (len(values), len(leads), len(units))).copy(),
        dims=("origin", "lead", "unit"),
        coords={
            "origin": pd.date_range(end=last, periods=len(values), freq="7D"),
            "lead": leads,
            "unit": list(units),
        },
    )


@pytest.mark.parametrize("step_hours", [1.0, 0.5, 0.25])
def test_a_draw_is_the_forecast_times_a_whole_week_of_one_origin(step_hours):
    log_errors = np.log(np.arange(1, 21) / 10)
    made = scenarios(
        point(step_hours=step_hours), errors(log_errors, step_hours=step_hours), seed=1
    )
    factors = made.to_numpy() / 1000
    assert (factors == factors[:, :1, :1]).all()
    assert {round(f * 10) for f in factors[:, 0, 0]} <= set(range(1, 21))


def test_draws_are_whole_kw_numbered_by_energy_of_all_units():
    rng = np.random.default_rng(4)
    past = errors(rng.normal(0, 0.1, 40), units=("x", "y", "z"))
    past += 0.05 * rng.normal(size=past.shape)
    made = scenarios(point(units=("z", "x")), past, draw_count=77, seed=2)
    assert made.dtype == np.int64
    assert made["draw"].to_numpy().tolist() == list(range(1, 78))
    assert (np.diff(made.sum(("period", "unit"))) >= 0).all()
    assert made["unit"].to_numpy().tolist() == ["z", "x"]


def test_one_seed_makes_one_set_of_draws():
    past = errors(np.random.default_rng(4).normal(0, 0.1, 40))
    first, again = (scenarios(point(), past, seed=5) for _ in range(2))
    assert first.identical(again)
    assert not first.identical(scenarios(point(), past, seed=6))


def test_origins_of_the_season_count_four_times_those_of_others():
    # 52 weeks back from 30 June 2025: seasonal ones (within 60 days) get the error +, others -.
    made_at = pd.date_range(end=ORIGIN - pd.Timedelta(days=7), periods=52, freq="7D")
    apart = np.abs(made_at.day_of_year - ORIGIN.day_of_year).to_numpy()
    near = np.minimum(apart, 365 - apart) <= 60
    draws = scenarios(point(), errors(np.where(near, 0.1, -0.1)), draw_count=2000, seed=3)
    share = float((draws[:, 0, 0] > 1000).mean())
    assert share == pytest.approx(near.sum() / (near.sum() + 0.25 * (~near).sum()), abs=0.002)


def test_december_is_near_to_january():
    january = pd.Timestamp("2025-01-06")
    periods = pd.date_range(january, periods=168, freq="h")
    made_at = pd.date_range(end=january - pd.Timedelta(days=7), periods=26, freq="7D")
    near = made_at >= january - pd.Timedelta(days=61)  # eight of 26 weeks
    past = errors(np.where(near, 0.1, -0.1), last=made_at[-1])
    draws = scenarios(point().assign_coords(period=periods), past, draw_count=2000, seed=3)
    assert float((draws[:, 0, 0] > 1000).mean()) == pytest.approx(8 / (8 + 18 / 4), abs=0.002)


def test_weeks_that_are_not_over_at_the_origin_are_never_drawn():
    past = errors(np.r_[np.zeros(20), 1.0], last=ORIGIN - pd.Timedelta(days=6))
    assert (scenarios(point(), past, seed=1) == 1000).all()


def test_weeks_older_than_two_years_are_never_drawn():
    past = errors(np.r_[np.ones(20), np.zeros(104)])
    assert (scenarios(point(), past, seed=1) == 1000).all()


def test_a_slot_without_actual_takes_the_mean_of_its_week():
    past = errors(np.full(20, np.log(2.0)))
    past[:, 5, 0] = np.nan
    assert (scenarios(point(), past, seed=1) == 2000).all()


def test_a_week_mostly_unknown_is_left_out_and_too_few_weeks_refuse():
    past = errors(np.zeros(12))
    assert scenarios(point(), past, seed=1).sizes["draw"] == 200
    past[0, :20] = np.nan
    with pytest.raises(InsufficientDataError, match=r"errors of 12 past origins.*found 11"):
        scenarios(point(), past, seed=1)
