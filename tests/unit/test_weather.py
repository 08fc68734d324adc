"""Weather of a unit: weighted means, missing stations, members and degree days, by hand."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import weather
from marketing_models.errors import SchemaError

HOURS = pd.date_range("2026-07-01", periods=3, freq="h")
WEIGHTS = pd.DataFrame(
    {
        "unit_id": ["990102", "990101", "990101"],
        "weather_station_id": ["W2", "W1", "W2"],
        "weight_frac": [1.0, 0.75, 0.25],
    }
)


def rows(**stations):
    return pd.concat(
        pd.DataFrame(
            {
                "weather_station_id": name,
                "period_start": HOURS[: len(values)],
                "temperature_degc": values,
            }
        )
        for name, values in stations.items()
    ).reset_index(drop=True)


def test_a_unit_has_the_weighted_mean_of_its_stations():
    # 0.75 x 20 + 0.25 x 30 = 22.5; the second unit has station W2 alone.
    got = weather.unit_temperature(rows(W1=[20.0], W2=[30.0], W9=[99.0]), WEIGHTS, HOURS[:1])
    assert got.to_dict("list") == {"990101": [22.5], "990102": [30.0]}


def test_a_missing_station_leaves_its_weight_to_the_others_and_is_counted():
    observed = rows(W1=[20.0, 20.0, 20.0], W2=[30.0, np.nan])
    got = weather.unit_temperature(observed, WEIGHTS, HOURS)
    assert got["990101"].to_list() == [22.5, 20.0, 20.0]
    assert got["990102"].isna().to_list() == [False, True, True]
    gaps = weather.station_gaps(observed, WEIGHTS, HOURS)
    assert gaps.to_dict("list") == {
        "unit_id": ["990101", "990102"],
        "weather_station_id": ["W2", "W2"],
        "missing_count": [2, 2],
    }


def test_a_station_without_any_row_is_a_gap_for_all_periods():
    observed = rows(W2=[30.0, 31.0, 32.0])
    assert weather.unit_temperature(observed, WEIGHTS, HOURS)["990101"].to_list() == [30, 31, 32]
    gaps = weather.station_gaps(observed, WEIGHTS, HOURS)
    assert gaps[["weather_station_id", "missing_count"]].to_numpy().tolist() == [["W1", 3]]


def test_complete_stations_have_no_gaps_and_unused_stations_are_nobodys():
    observed = rows(W1=[1.0, 2.0, 3.0], W2=[1.0, 2.0, 3.0], W9=[1.0])
    assert weather.station_gaps(observed, WEIGHTS, HOURS).empty


def test_all_stations_missing_is_missing_not_zero():
    got = weather.unit_temperature(rows(W1=[np.nan], W2=[np.nan]), WEIGHTS, HOURS[:1])
    assert got.isna().all(axis=None)


def test_periods_not_asked_for_are_left_out_and_unknown_ones_are_missing():
    later = HOURS + pd.Timedelta(hours=2)
    got = weather.unit_temperature(rows(W2=[30.0, 31.0, 32.0]), WEIGHTS, later)
    assert got.index.equals(later)
    assert got["990102"].iloc[0] == 32.0
    assert got["990102"].iloc[1:].isna().all()


@pytest.mark.parametrize("total", [0.9, 1.1, 1.00001])
def test_weights_that_do_not_add_to_one_are_refused_with_their_sum(total):
    spoilt = WEIGHTS.assign(weight_frac=[total, 0.75, 0.25])
    with pytest.raises(SchemaError, match=f"unit 990102 add to {total:.6g}, not to one") as error:
        weather.unit_temperature(rows(W1=[1.0]), spoilt, HOURS)
    assert error.value.table == "unit_weather_station"


def test_thirds_add_to_one():
    third = pd.DataFrame(
        {"unit_id": "u", "weather_station_id": ["a", "b", "c"], "weight_frac": [1 / 3] * 3}
    )
    got = weather.unit_temperature(rows(a=[10.0], b=[20.0], c=[30.0]), third, HOURS[:1])
    assert got["u"].to_list() == pytest.approx([20.0])


def test_a_station_that_stands_twice_for_a_unit_is_refused_with_all_other_problems():
    spoilt = pd.concat([WEIGHTS, WEIGHTS.iloc[[0]]])
    with pytest.raises(SchemaError, match="station W2 stands twice for unit 990102") as error:
        weather.unit_temperature(rows(W1=[1.0]), spoilt, HOURS)
    assert len(error.value.problems) == 2


def test_two_values_of_a_station_for_one_period_are_refused():
    observed = pd.concat([rows(W1=[1.0, 2.0]), rows(W1=[1.0])])
    with pytest.raises(SchemaError, match="1 values stand twice, first again period_start=2026"):
        weather.unit_temperature(observed, WEIGHTS, HOURS)


def forecast(shift=0.0):
    parts = [
        rows(W1=[20.0 + m, 21.0 + m], W2=[30.0 + m, 31.0 + m]).assign(member_number=m)
        for m in (2, 0)
    ]
    forecast = pd.concat(parts, ignore_index=True)
    forecast["temperature_degc"] += shift
    return forecast


def test_each_member_of_a_forecast_is_averaged_by_itself():
    got = weather.unit_members(forecast(), WEIGHTS, HOURS[:2])
    assert got.dims == ("member", "period", "unit")
    assert got["member"].to_numpy().tolist() == [0, 2]
    assert pd.DatetimeIndex(got["period"].to_numpy()).equals(HOURS[:2])
    # Member 2 at the second hour: 0.75 x 23 + 0.25 x 33 = 25.5.
    assert float(got.sel(member=2, period=HOURS[1], unit="990101")) == 25.5
    assert got.sel(member=0, unit="990102").to_numpy().tolist() == [30.0, 31.0]


def test_members_lack_what_the_forecast_does_not_reach():
    got = weather.unit_members(forecast(), WEIGHTS, HOURS)
    assert np.isnan(got.sel(period=HOURS[2])).all()
    assert np.isfinite(got.sel(period=HOURS[:2])).all()


def test_two_issues_of_a_forecast_at_once_are_refused():
    both = pd.concat([forecast(), forecast(1.0)])
    with pytest.raises(SchemaError, match="of a forecast one issue"):
        weather.unit_members(both, WEIGHTS, HOURS)


@pytest.mark.parametrize("count", [1, 24, 48])
def test_degree_days_come_from_the_mean_of_the_day_whatever_the_step(count):
    # Days with means 10, 18 and 26 degC against a base of 18: 8 and 0, 0 and 0, 0 and 8.
    periods = pd.date_range("2026-07-01", periods=3 * count, freq=pd.Timedelta(days=1) / count)
    swing = np.tile(np.linspace(-4, 4, count) if count > 1 else [0.0], 3)
    series = pd.Series(np.repeat([10.0, 18.0, 26.0], count) + swing, periods)
    got = weather.degree_days(series, base_degc=18.0)
    assert got["heating_degree_days"].to_list() == pytest.approx([8, 0, 0], abs=1e-9)
    assert got["cooling_degree_days"].to_list() == pytest.approx([0, 0, 8], abs=1e-9)
    assert got.index.to_list() == list(pd.date_range("2026-07-01", periods=3))


def test_a_day_with_a_missing_hour_has_no_degree_days():
    periods = pd.date_range("2026-07-01", periods=48, freq="h")
    series = pd.Series(30.0, periods)
    series.iloc[5] = np.nan
    assert weather.degree_days(series, base_degc=26.0).isna().to_numpy().tolist() == [
        [True, True],
        [False, False],
    ]
