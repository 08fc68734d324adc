"""What a history must be, and what limits forecasts from it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from marketing_models.demand import LoadHistory, LoadRegression, findings
from marketing_models.demand.history import filled_temperature
from marketing_models.errors import InsufficientDataError


def codes(history):
    return {finding.code: finding.severity for finding in findings(history)}


@pytest.mark.parametrize(("step_hours", "slots"), [(1.0, 24), (0.5, 48), (0.25, 96)])
def test_the_step_is_read_from_the_index(history, step_hours, slots):
    made = history(60, step_hours=step_hours)
    assert made.slots_per_day == slots
    assert len(made.dates) == 60


def test_all_problems_are_named_at_once(history):
    made = history(60)
    with pytest.raises(ValueError, match="days are cut") as caught:
        LoadHistory(
            load_kw=made.load_kw[:-5],
            temperature_degc=made.temperature_degc[:-5],
            days=made.days.drop(columns="holiday_code").iloc[5:],
        )
    assert "days lacks holiday_code" in str(caught.value)
    assert "days lacks 5 days of the history, first 2024-03-01" in str(caught.value)


def test_unequal_columns_are_refused(history):
    made = history(60)
    other = made.temperature_degc.rename(columns={"east": "west"})
    with pytest.raises(ValueError, match="must share index and columns"):
        replace(made, temperature_degc=other)


def test_a_step_of_two_hours_is_refused(history):
    made = history(60)
    with pytest.raises(ValueError, match=r"the step is 2\.0 h"):
        replace(made, load_kw=made.load_kw[::2], temperature_degc=made.temperature_degc[::2])


def test_before_cuts_values_and_keeps_the_calendar(history):
    made = history(60)
    past = made.before(pd.Timestamp("2024-03-11"))
    assert past.dates[-1] == pd.Timestamp("2024-03-10")
    assert len(past.days) == len(made.days)


@pytest.mark.parametrize(("day_count", "severity"), [(55, "forbid"), (56, "limit"), (547, "limit")])
def test_a_short_history_is_a_finding(history, day_count, severity):
    assert codes(history(day_count))["demand.history.too_short"] == severity


def test_eighteen_months_without_gaps_have_no_finding(history):
    assert codes(history(548)) == {}


def test_gaps_above_five_per_cent_are_a_finding(history):
    made = history(600)
    load = made.load_kw.copy()
    load.iloc[: 29 * 24] = np.nan
    assert "demand.history.gaps" not in codes(replace(made, load_kw=load))
    load.iloc[: 31 * 24] = np.nan
    assert codes(replace(made, load_kw=load))["demand.history.gaps"] == "limit"


def test_a_load_silent_for_four_weeks_forbids(history):
    made = history(600)
    load = made.load_kw.copy()
    load.iloc[-28 * 24 :] = np.nan
    assert codes(replace(made, load_kw=load))["demand.history.stale"] == "forbid"
    load.iloc[-28 * 24] = 1.0
    assert "demand.history.stale" not in codes(replace(made, load_kw=load))


def test_a_flat_station_is_a_finding_from_a_day_on(history):
    made = history(600)
    temperature = made.temperature_degc.copy()
    temperature.iloc[100:123] = 7.0
    assert codes(replace(made, temperature_degc=temperature)) == {}
    temperature.iloc[100:124] = 7.0
    found = findings(replace(made, temperature_degc=temperature))
    assert [(f.code, f.facts["flat_hours"]) for f in found] == [("demand.temperature.constant", 24)]


def test_a_gap_of_weather_that_reaches_the_origin_forbids(history):
    made = history(600)
    temperature = made.temperature_degc.copy()
    temperature.iloc[-7 * 24 :] = np.nan
    assert codes(replace(made, temperature_degc=temperature)) == {}
    temperature.iloc[-9 * 24 :] = np.nan
    found = codes(replace(made, temperature_degc=temperature))
    assert found == {"demand.temperature.gaps": "forbid"}


def test_temperature_is_filled_from_the_day_before_only(history):
    made = history(60)
    table = made.temperature_degc.copy()
    table.iloc[48:60] = np.nan
    filled = filled_temperature(table, 24)
    assert (filled.iloc[48:60].to_numpy() == table.iloc[24:36].to_numpy()).all()
    table.iloc[48 : 48 + 8 * 24] = np.nan
    assert filled_temperature(table, 24).isna().to_numpy().sum() == 24


def test_a_forbidden_fit_is_refused_unless_accepted_by_name(history):
    made = history(55)
    with pytest.raises(InsufficientDataError, match=r"east: demand\.history\.too_short"):
        LoadRegression().fit(made)
    accepting = LoadRegression(accept=("demand.history.too_short",)).fit(made)
    assert accepting.findings_[0].severity == "forbid"
