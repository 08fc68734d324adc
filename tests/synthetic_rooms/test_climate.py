"""Weather: consistent fields, calibrated forecasts, episodes, stations and their weights."""

import numpy as np
import pandas as pd
import pytest

from marketing_models.synthetic import climate, sky
from marketing_models.synthetic.scale import PROVINCE, Scale
from marketing_models.synthetic.world import World

HOUR = pd.Timedelta(hours=1)


@pytest.fixture(scope="module")
def world(counties):
    return counties.usual[0].world


@pytest.fixture(scope="module")
def made(world):
    return climate.tables(world, next(iter(world.cities))).tables


def test_a_demo_has_at_least_eleven_stations():
    # The size that provinces' models use: a station for every city at least, eleven in the demo.
    cities = World(scale=Scale(), seed=1).cities
    assert sum(len(climate.stations(city)) for city in cities) >= 11


def test_every_station_reports_every_hour_within_physical_bounds(world, made):
    seen = made["weather_observed"]
    assert (seen.groupby("weather_station_id").size() == len(world.scale.hours)).all()
    assert seen["humidity_frac"].between(0.15, 1).all()
    assert seen["irradiance_w_per_m2"].between(0, 1100).all()
    assert seen["temperature_degc"].between(-20, 44).all()
    night = seen["period_start"].dt.hour.isin([0, 1, 2, 3, 22, 23])
    assert (seen.loc[night, "irradiance_w_per_m2"] == 0).all()
    assert (seen["known_at"] == seen["period_start"] + HOUR).all()


def test_a_year_has_the_sun_of_the_lower_yangtze(made):
    # About 1,100 to 1,500 kWh/m2 a year (solar atlases of Zhejiang and Jiangxi).
    sun = made["weather_observed"].groupby("weather_station_id")["irradiance_w_per_m2"].mean()
    assert sun.mul(8.766).between(1100, 1500).all()


def test_the_sun_of_a_clear_noon_is_what_haurwitz_gives(world):
    # 28 deg north at the equinox: cos z = 0.88, 1098 * 0.88 * exp(-0.059 / 0.88) = 904 W/m2.
    was = sky.truth(world, climate.stations(next(iter(world.cities)))[0])["clear_w_per_m2"]
    noon = was[(was.index.month == 3) & (was.index.day == 21) & (was.index.hour == 12)]
    assert noon.to_numpy() == pytest.approx(890, abs=25)


def test_a_forecast_has_five_members_and_a_week_and_newer_stations_a_shorter_past(world, made):
    rows = made["weather_forecast"]
    assert (rows["known_at"] == rows["issued_at"] + 4 * HOUR).all()
    count = rows.groupby(["weather_station_id", "issued_at"]).size()
    assert (count == 5 * 168).all()
    assert not rows.duplicated(
        ["issued_at", "weather_station_id", "member_number", "period_start"]
    ).any()
    issues = count.groupby("weather_station_id").size().tolist()
    assert issues == [401, 401, 191, 191]
    assert rows["issued_at"].max() == world.scale.origin


def test_errors_grow_with_the_lead_and_members_are_as_far_apart_as_the_truth_is(made):
    columns = ["weather_station_id", "period_start", "temperature_degc", "irradiance_w_per_m2"]
    pairs = made["weather_forecast"].merge(
        made["weather_observed"][columns],
        on=["weather_station_id", "period_start"],
        suffixes=("", "_seen"),
    )
    day = (pairs["period_start"] - pairs["issued_at"]).dt.days
    control = pairs["member_number"] == 0
    for field in ("temperature_degc", "irradiance_w_per_m2"):
        miss = (pairs[field] - pairs[field + "_seen"])[control] ** 2
        error = np.sqrt(miss.groupby(day[control]).mean())
        assert error[6] > 1.2 * error[0]
    said = pairs[~control].groupby(["weather_station_id", "issued_at", "period_start"])
    spread = said["temperature_degc"].agg(["mean", "std"])
    seen = pairs[control].set_index(spread.index.names)["temperature_degc_seen"]
    ratio = (seen - spread["mean"]).std() / np.sqrt((spread["std"] ** 2).mean())
    assert 0.85 <= ratio <= 1.6


def test_an_issue_made_alone_is_the_one_in_the_series(world, made):
    station = climate.stations(next(iter(world.cities)))[0]
    alone = climate.said(world, station, pd.DatetimeIndex([world.scale.origin]))["temperature"]
    rows = made["weather_forecast"]
    last = rows[(rows["issued_at"] == world.scale.origin) & (rows["weather_station_id"] == station)]
    np.testing.assert_allclose(last["temperature_degc"], alone.ravel(), atol=0.051)


def test_weights_of_every_unit_add_to_one_over_its_own_stations(world):
    units = [*world.city_of, *world.cities, PROVINCE]
    for unit in units:
        weights = climate.unit_stations(world, unit)
        assert weights["weight_frac"].sum() == pytest.approx(1, abs=1e-12)
        assert weights["weight_frac"].min() > 0
        assert weights["latitude_deg"].between(28, 30.5).all()
    above = climate.weights_above(world)
    assert set(above["unit_id"]) == {PROVINCE, *world.cities}


@pytest.mark.parametrize(
    ("preset", "sign", "month", "least_degc"),
    [("heat_wave", 1, "2026-07", 2.0), ("cold_drought", -1, "2026-01", 2.0)],
)
def test_an_episode_lies_in_the_last_season_and_nowhere_else(
    counties, preset, sign, month, least_degc
):
    usual, other = counties.usual[0], counties.of(preset)[0]
    weather = [climate.county_weather(c.world, c.unit_id) for c in (usual, other)]
    change = sign * (weather[1] - weather[0])["temperature_degc"]
    assert change[month].mean() > least_degc
    assert change.abs()[:"2025-12"].max() == 0
    assert change.max() == pytest.approx(3.0 if sign > 0 else 5.0, abs=0.05)


def test_hot_days_of_summer_are_the_clear_ones(made):
    seen = made["weather_observed"]
    noon = seen[seen["period_start"].dt.hour == 13].set_index("period_start")
    noon = noon[noon["weather_station_id"] == noon["weather_station_id"].iloc[0]]
    summer = noon[noon.index.month.isin([7, 8])]
    assert summer["temperature_degc"].corr(summer["irradiance_w_per_m2"]) > 0.2
