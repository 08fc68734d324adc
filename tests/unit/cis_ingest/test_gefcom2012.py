"""The real folder of GEFCom2012. Authority: the same files through plain pandas."""

import time

import pandas as pd
import pytest

from marketing_models.cis import Store
from marketing_models.cis.ingest import ingest

pytestmark = pytest.mark.real_data
HOURS = [f"h{hour}" for hour in range(1, 25)]


@pytest.fixture(scope="module")
def folder(real_data):
    return real_data / "gefcom2012_load"


@pytest.fixture(scope="module")
def taken_in(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("gefcom2012") / "store"
    start = time.monotonic()
    report = ingest(folder, place)
    return report, Store.open(place), time.monotonic() - start


def plain(folder, name, key):
    """Return the file as one series by key and moment, without what is empty."""
    table = pd.read_csv(folder / f"{name}.csv.zip", thousands=",")
    hourly = table.set_index([key, "year", "month", "day"])[HOURS].stack().dropna()
    parts = hourly.index.to_frame(index=False, name=[key, "year", "month", "day", "h"])
    moments = pd.to_datetime(parts[["year", "month", "day"]]) + pd.to_timedelta(
        parts["h"].str[1:].astype(int) - 1, unit="h"
    )
    return pd.Series(hourly.to_numpy(), index=[parts[key], moments])


def test_it_is_read_within_a_minute_and_its_other_files_are_left_alone(taken_in):
    report, _, seconds = taken_in
    assert seconds <= 60
    assert report.mapping == "gefcom2012@1"
    assert report.quarantined_count == 0
    assert [name.partition("#")[0] for name in report.ignored] == [
        "Holiday_List.csv.zip",
        "Load_benchmark.csv.zip",
        "README.txt",
    ]
    assert report.files["line_count"].to_list() == [33_000, 18_073]


def test_loads_are_those_of_the_file_to_the_kilowatt(taken_in, folder):
    rows = taken_in[1].read("unit_load")
    expected = plain(folder, "Load_history", "zone_id")
    assert len(rows) == len(expected) == 761_400
    assert rows["unit_id"].nunique() == 20
    assert int(rows["load_kw"].sum()) == int(expected.sum())
    zone = rows["unit_id"].str[1:].astype(int)
    found = pd.Series(rows["load_kw"].to_numpy(), index=[zone, rows["period_start"]]).sort_index()
    expected = expected.sort_index()
    assert (found.to_numpy() == expected.to_numpy()).all()
    assert found.index.equals(expected.index)
    # Line 2 of the file begins: zone 1, 2004-01-01, h1 "16,853".
    assert found.loc[(1, pd.Timestamp("2004-01-01 00:00"))] == 16_853
    assert ((rows["known_at"] - rows["period_start"]) == pd.Timedelta(hours=1)).all()
    assert set(rows["series_code"] + rows["resolution_code"] + rows["level"]) == {"totalhourcounty"}
    assert set(rows["quality_code"]) == {"measured"}


def test_temperatures_are_those_of_the_file_in_degrees_celsius(taken_in, folder):
    rows = taken_in[1].read("weather_observed")
    expected = plain(folder, "temperature_history", "station_id")
    assert len(rows) == len(expected) == 433_554
    station = rows["weather_station_id"].str[1:].astype(int)
    found = pd.Series(rows["temperature_degc"].to_numpy(), index=[station, rows["period_start"]])
    fahrenheit = (found.sort_index() * 9 / 5 + 32).to_numpy()
    assert abs(fahrenheit - expected.sort_index().to_numpy()).max() < 1e-9
    assert ((rows["known_at"] - rows["period_start"]) == pd.Timedelta(hours=1)).all()


def test_the_units_form_a_hierarchy_whose_counties_all_have_load_and_weather(taken_in):
    store = taken_in[1]
    assert (store.unit_id, store.calendar) == ("G", "us")
    hierarchy = store.hierarchy()
    assert hierarchy.children("G") == ("G1", "G2", "G3", "G4")
    assert hierarchy.counties("G3") == ("Z11", "Z12", "Z13", "Z14", "Z15")
    counties = set(hierarchy.counties("G"))
    assert set(store.read("unit_load")["unit_id"]) == counties
    weights = store.read("unit_weather_station")
    assert set(weights["unit_id"]) == counties
    assert set(weights["weather_station_id"]) == set(
        store.read("weather_observed")["weather_station_id"]
    )
    assert weights.groupby("unit_id")["weight_frac"].sum().sub(1).abs().max() < 1e-12


def test_the_same_folder_again_is_no_work(taken_in, folder):
    report, store, _ = taken_in
    again = ingest(folder, store.folder)
    assert (again.is_repeated, again.version) == (True, report.version)
