"""Is the demand forecast honest: on worlds made here, with responses that it does not know."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from marketing_models.demand import (
    LoadHistory,
    backcast,
    findings,
    forecast,
    rolling_errors,
    scenarios,
)

ORIGIN = pd.Timestamp("2025-07-07")
FIRST = pd.Timestamp("2023-07-01")


def calendar():
    dates = pd.date_range(FIRST, ORIGIN + pd.Timedelta(days=20), freq="D")
    return pd.DataFrame(
        {
            "kind_code": np.where(dates.day_of_week >= 5, "weekend", "ordinary"),
            "holiday_code": "",
            "festival_day_number": pd.array([pd.NA] * len(dates), dtype="Int64"),
            "is_provisional": False,
        },
        index=dates,
    )


def world(*, units=("u",), noise=0.01, response=0.02, step="h", seed=11):
    """Log load of an hourly profile, weekends, a softplus of heat, and noise that lasts a day."""
    rng = np.random.default_rng(seed)
    periods = pd.date_range(FIRST, ORIGIN + pd.Timedelta(days=14), freq=step, inclusive="left")
    slots = round(pd.Timedelta(days=1) / (periods[1] - periods[0]))
    hour = (periods.hour + periods.minute / 60).to_numpy()
    season = -12 * np.cos(2 * np.pi * (periods.day_of_year.to_numpy() - 20) / 365.25)
    loads, temperatures = {}, {}
    for unit in units:
        weather = lasting(rng, len(periods), 2 * slots)
        temperature = 15 + season + 4 * np.sin((hour - 9) / 24 * 2 * np.pi) + 3 * weather
        heat = np.log1p(np.exp(temperature - 24))
        shape = 0.2 * np.sin((hour - 7) / 24 * 2 * np.pi) - 0.1 * (periods.day_of_week >= 5)
        wander = noise * lasting(rng, len(periods), slots)
        loads[unit] = 1000 * np.exp(shape + response * heat + wander)
        temperatures[unit] = temperature
    return LoadHistory(
        load_kw=pd.DataFrame(loads, index=periods),
        temperature_degc=pd.DataFrame(temperatures, index=periods),
        days=calendar(),
    )


def lasting(rng, count, memory):
    keep = np.exp(-1 / memory)
    shocks = pd.Series(rng.normal(size=count))
    smooth = shocks.ewm(alpha=1 - keep, adjust=False).mean() * np.sqrt((1 + keep) / (1 - keep))
    return smooth.to_numpy()


def actual_weather(history, origin=ORIGIN, add=0.0):
    slots = history.slots_per_day
    table = history.temperature_degc.loc[origin:].iloc[: 7 * slots] + add
    return xr.DataArray(
        table.to_numpy()[None],
        dims=("member", "period", "unit"),
        coords={"member": [1], "period": table.index, "unit": list(table.columns)},
    )


def after(history, load_kw):
    return history.load_kw.loc[load_kw["period"].to_numpy()].to_numpy()


@pytest.fixture(scope="module")
def common():
    return world(units=("west", "east"))


def test_nothing_from_the_origin_on_reaches_a_forecast(common):
    # Law: features and fits from a truncated copy are identical, to the last bit.
    members = actual_weather(common)
    rng = np.random.default_rng(1)
    spoilt = common.load_kw.copy(), common.temperature_degc.copy()
    for table in spoilt:
        table.loc[ORIGIN:] = rng.uniform(1, 99, size=table.loc[ORIGIN:].shape)
    later = replace(common, load_kw=spoilt[0], temperature_degc=spoilt[1])
    full = forecast(common, members)
    assert full.identical(forecast(common.before(ORIGIN), members))
    assert full.identical(forecast(later, members))


def test_nothing_after_an_origin_reaches_its_past_error(common):
    origins = [ORIGIN - pd.Timedelta(days=days) for days in (28, 21, 7)]
    weather = {origin: actual_weather(common, origin) for origin in origins}
    full = rolling_errors(common, weather)
    until = origins[1] + pd.Timedelta(days=7)
    early = rolling_errors(common.before(until), {o: weather[o] for o in origins[:2]})
    assert np.abs(full[:, :2] - early).max() < 1e-9


def test_a_later_boom_reaches_no_early_error():
    # After the second origin the load is fifty times as large, up to the third a long time later.
    made = world()
    origins = [FIRST + pd.Timedelta(days=days) for days in (200, 210, 700)]
    weather = {origin: actual_weather(made, origin) for origin in origins}
    boom = made.load_kw.copy()
    boom.loc[origins[1] + pd.Timedelta(days=7) :] *= 50
    calm, spoilt = (rolling_errors(h, weather) for h in (made, replace(made, load_kw=boom)))
    assert np.abs(calm - spoilt)[:, :2].max() < 1e-9


def test_an_unknown_actual_is_an_unknown_error_and_not_zero(common):
    errors = rolling_errors(common.before(ORIGIN), {ORIGIN: actual_weather(common)})
    assert np.isnan(errors).all()
    assert errors.dims == ("model", "origin", "lead", "unit")


def test_load_without_response_invents_none():
    # Null: constant load under any weather, and noise of 1 % under 6 degrees more.
    flat = world(response=0.0, noise=0.0)
    flat = replace(flat, load_kw=flat.load_kw * 0 + 800.0)
    hot = forecast(flat, actual_weather(flat, add=6.0))
    assert np.abs(hot / 800 - 1).max() < 1e-6
    noisy = world(response=0.0)
    usual, hot = (forecast(noisy, actual_weather(noisy, add=add)) for add in (0.0, 6.0))
    assert abs(float((hot / usual).mean()) - 1) < 0.02


def test_a_planted_response_to_heat_is_recovered():
    # Recovery: 3 degrees more at 24 to 33 degrees raise the softplus by about 3, the load by 6 %.
    made = world(response=0.02, noise=0.003)
    usual, hot = (forecast(made, actual_weather(made, add=add)) for add in (0.0, 3.0))
    t = actual_weather(made).to_numpy()
    planted = 0.02 * (np.log1p(np.exp(t + 3 - 24)) - np.log1p(np.exp(t - 24)))
    assert float(np.log(hot / usual).mean()) == pytest.approx(planted.mean(), abs=0.006)


def test_a_covariate_matters_at_its_own_hour_and_not_before():
    # A spike in the third day must not move the first two, and must move the third.
    made = world(noise=0.003)
    members, spiked = actual_weather(made), actual_weather(made).copy(deep=True)
    spiked[:, 60:66] += 5.0
    change = np.abs(forecast(made, spiked) - forecast(made, members))
    assert change[:, :48].max() == 0
    assert change[:, 60:66].min() > 5


def test_a_planted_holiday_drop_is_recovered():
    made = world(noise=0.003)
    days, load = made.days.copy(), made.load_kw.copy()
    drop = {-1: 0.1, 0: 0.45, 1: 0.3}
    for new_year in ("2023-07-12", "2024-07-10", "2025-07-09"):
        for number, share in drop.items():
            day = pd.Timestamp(new_year) + pd.Timedelta(days=number)
            days.loc[day, "festival_day_number"] = number
            load.loc[str(day.date())] *= 1 - share
            if number >= 0:
                days.loc[day, ["kind_code", "holiday_code"]] = ["statutory", "spring_festival"]
    made = replace(made, load_kw=load, days=days)
    predicted = forecast(made, actual_weather(made))[0, :, 0].to_numpy().reshape(7, 24)
    truth = load.loc[ORIGIN:].to_numpy()[:168].reshape(7, 24)
    assert predicted.sum(axis=1) == pytest.approx(truth.sum(axis=1), rel=0.03)


def test_an_unseen_off_day_is_forecast_as_a_sunday_and_a_make_up_day_as_a_friday():
    made = world(noise=0.001, response=0.0)
    days = made.days.copy()
    days.loc["2025-07-09", ["kind_code", "holiday_code"]] = ["adjusted_off", "never_seen"]
    days.loc["2025-07-12", "kind_code"] = "make_up"
    moved = forecast(replace(made, days=days), actual_weather(made))[0, :, 0]
    daily = moved.to_numpy().reshape(7, 24).mean(axis=1)
    assert daily[2] / daily[1] == pytest.approx(np.exp(-0.1), abs=0.01)
    assert daily[5] / daily[4] == pytest.approx(1.0, abs=0.01)


def test_it_beats_the_seasonal_naive(common):
    origins = [ORIGIN - pd.Timedelta(days=days) for days in range(7, 200, 28)]
    errors = rolling_errors(common, {o: actual_weather(common, o) for o in origins})
    size = np.abs(errors).mean(("origin", "lead", "unit"))
    assert float(size.sel(model="load_regression")) < 0.6 * float(size.sel(model="seasonal_naive"))


def test_a_load_that_triples_is_followed_within_days_and_comes_back():
    made = world(noise=0.005)
    load = made.load_kw.copy()
    load.loc["2025-07-02":] *= 3
    tripled = replace(made, load_kw=load)
    predicted = forecast(tripled, actual_weather(made))[0].to_numpy()
    assert np.abs(predicted / load.loc[ORIGIN:].to_numpy()[:168] - 1).mean() < 0.06
    load = made.load_kw.copy()
    load.loc["2025-03-10":"2025-03-16"] /= 5  # a week of standstill, long over
    stopped = replace(made, load_kw=load)
    predicted = forecast(stopped, actual_weather(made))[0].to_numpy()
    assert np.abs(predicted / load.loc[ORIGIN:].to_numpy()[:168] - 1).mean() < 0.04


def test_hours_of_outage_are_missing_and_not_small():
    made = world(noise=0.003)
    load = made.load_kw.copy()
    load.loc["2025-06-30 02:00":"2025-06-30 20:00"] = 0.0
    load.loc["2025-05-30 02:00":"2025-06-02 20:00"] *= 0.01
    members = actual_weather(made)
    usual, after_outage = forecast(made, members), forecast(replace(made, load_kw=load), members)
    assert np.abs(after_outage / usual - 1).max() < 0.01


def test_order_names_and_scale_change_nothing_but_themselves(common):
    # Metamorphic: a unit's forecast depends on no other unit, on no name, and scales with it.
    members = actual_weather(common)
    both = forecast(common, members)
    names = {"east": "9", "west": "10"}
    turned = replace(
        common,
        load_kw=(common.load_kw * 1000)[["east", "west"]].rename(columns=names),
        temperature_degc=common.temperature_degc[["east", "west"]].rename(columns=names),
    )
    other = forecast(turned, members.sel(unit=["east", "west"]).assign_coords(unit=["9", "10"]))
    assert other["unit"].to_numpy().tolist() == ["9", "10"]
    assert np.allclose(other.sel(unit="9"), 1000 * both.sel(unit="east"), rtol=1e-7)


@pytest.mark.parametrize("step", ["30min", "15min"])
def test_shorter_steps_are_forecast_as_well(step):
    made = world(noise=0.003, step=step)
    made = replace(
        made,
        load_kw=made.load_kw.loc["2024-03-01":],
        temperature_degc=made.temperature_degc.loc["2024-03-01":],
    )
    predicted = forecast(made, actual_weather(made))
    assert predicted.sizes["period"] == 7 * made.slots_per_day
    assert np.abs(predicted[0].to_numpy() / after(made, predicted) - 1).mean() < 0.02


def test_members_are_forecast_one_by_one():
    made = world()
    cool, hot = actual_weather(made, add=-3.0), actual_weather(made, add=3.0)
    together = forecast(made, xr.concat([cool, hot.assign_coords(member=[2])], "member"))
    assert np.allclose(together[0], forecast(made, cool)[0])
    assert float(together[1].mean()) > float(together[0].mean())


def test_members_that_do_not_fit_are_refused_with_all_reasons(common):
    members = actual_weather(common)
    bad = members.sel(unit=["west"])[:, 5:].copy(deep=True)
    bad[0, 0] = np.nan
    with pytest.raises(ValueError, match="not whole days") as caught:
        forecast(common, bad)
    assert "units east are missing" in str(caught.value)
    assert "a member must be complete" in str(caught.value)
    beyond = members.assign_coords(period=members["period"] + pd.Timedelta(days=30))
    with pytest.raises(ValueError, match="does not follow the history") as caught:
        forecast(common, beyond)
    assert "the calendar lacks 2025-08-0" in str(caught.value)


def test_short_histories_are_refused_or_forecast_with_a_finding(common):
    origin = FIRST + pd.Timedelta(days=120)
    members = actual_weather(common, origin)
    assert {f.severity for f in findings(common.before(origin))} == {"limit"}
    predicted = forecast(common, members)
    assert np.abs(predicted[0].to_numpy() / after(common, predicted) - 1).mean() < 0.05


def test_a_blank_week_is_estimated_from_both_sides():
    # The level stands 10 % higher after the gap: in its middle the estimate lies between.
    made = world(noise=0.002)
    truth = made.load_kw.copy()
    blank = slice("2025-02-10", "2025-02-16")
    load = truth.copy()
    load.loc[blank] = np.nan
    estimate = backcast(replace(made, load_kw=load))
    known = estimate["u"].notna()
    assert known.sum() == 168
    assert np.abs(estimate["u"][known] / truth["u"][known] - 1).mean() < 0.015
    load.loc["2025-02-17":] *= 1.1
    raised = backcast(replace(made, load_kw=load))["u"][known] / estimate["u"][known]
    daily = raised.to_numpy().reshape(7, 24).mean(axis=1)
    assert (np.diff(daily) > 0).all()
    assert daily[0] < 1.035
    assert daily[-1] > 1.065


def test_of_the_days_after_a_gap_the_nearest_count_most():
    made = world(noise=0.01)
    load = made.load_kw.copy()
    load.loc["2025-02-10":"2025-02-16"] = np.nan
    usual = backcast(replace(made, load_kw=load))["u"].dropna()
    load.loc["2025-02-17":"2025-03-08"] *= 1.03
    raised = backcast(replace(made, load_kw=load))["u"].dropna() / usual
    assert raised.iloc[-24:].mean() > 1.02


def test_scenarios_cover_nominally_in_hours_sums_and_weekly_energy():
    # Propriety: errors of 90 past weeks and of 60 judged weeks come from one process, in which
    # units share most of their error and hours hang together.
    rng = np.random.default_rng(21)
    hours, units = 168, 4
    common_part = lasting(rng, 150 * hours, 60).reshape(150, hours, 1)
    own_part = np.stack(
        [lasting(rng, 150 * hours, 20).reshape(150, hours) for _ in range(units)], 2
    )
    truth = 0.05 * (0.8 * common_part + 0.6 * own_part)
    leads, names = np.arange(hours, dtype=float), list("abcd")
    hits: dict[str, list[float]] = {"hour": [], "sum": [], "energy": [], "peak": []}
    for week in range(90, 150):
        origin = FIRST + pd.Timedelta(days=7 * week)
        point = xr.DataArray(
            np.full((1, hours, units), 500.0),
            dims=("member", "period", "unit"),
            coords={
                "member": [1],
                "period": pd.date_range(origin, periods=hours, freq="h"),
                "unit": names,
            },
        )
        past = xr.DataArray(
            truth[:week],
            dims=("origin", "lead", "unit"),
            coords={
                "origin": pd.date_range(FIRST, periods=week, freq="7D"),
                "lead": leads,
                "unit": names,
            },
        )
        draws = scenarios(point, past, seed=week).to_numpy()
        load = 500 * np.exp(truth[week])
        pairs = {
            "hour": (draws, load),
            "sum": (draws.sum(2), load.sum(1)),
            "energy": (draws.sum((1, 2)), load.sum()),
            "peak": (draws.sum(2).max(1), load.sum(1).max()),
        }
        for name, (drawn, happened) in pairs.items():
            low, high = np.percentile(drawn, [10, 90], axis=0)
            hits[name].append(float(np.mean((happened >= low) & (happened <= high))))
    # Nominal 80 %; 60 weeks of hours that hang together leave about 4 points of noise, single
    # weekly figures about 5.
    assert np.mean(hits["hour"]) == pytest.approx(0.8, abs=0.06)
    assert np.mean(hits["sum"]) == pytest.approx(0.8, abs=0.08)
    assert np.mean(hits["energy"]) == pytest.approx(0.8, abs=0.13)
    assert np.mean(hits["peak"]) == pytest.approx(0.8, abs=0.13)
