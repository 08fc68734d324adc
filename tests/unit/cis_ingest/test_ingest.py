"""A delivery into a store: accepted, put aside, repeated, corrected. Authority: counted by hand."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketing_models.cis import Store
from marketing_models.cis.ingest import detect, ingest
from marketing_models.errors import IngestError

HEADER = ["县", "时刻", "负荷", "质量"]
HOURS = [f"h{hour}" for hour in range(1, 25)]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "store"


def quarter(unit, minute, load, quality="0"):
    return [unit, f"2026-03-01 00:{minute:02d}", load, quality]


def test_a_delivery_makes_the_store_and_fills_all_tables_in_one_version(write_csv, grid, place):
    path = write_csv("b.csv", [HEADER, quarter("7702", 0, "2"), quarter("7701", 15, "1.5")])
    report = ingest(path.parent, place, mapping=grid())
    store = Store.open(place)
    assert (store.unit_id, store.calendar, store.version, report.version) == ("77", "cn", 1, 1)
    assert report.row_counts == {"org_unit": 3, "unit_load": 2}
    assert store.hierarchy().counties("77") == ("7701", "7702")
    assert store.read("unit_load")[["unit_id", "load_kw"]].to_numpy().tolist() == [
        ["7701", 1500],
        ["7702", 2000],
    ]
    row = store.read("batch").iloc[0]
    assert (row["file_name"], row["mapping_name"], row["delivery_code"]) == (
        "b.csv",
        "grid@2",
        "delta",
    )
    assert (row["line_count"], row["accepted_count"], row["quarantined_count"]) == (2, 2, 0)
    assert store.read("quarantine").empty


def test_faulty_lines_go_to_quarantine_as_they_were_read_and_the_others_are_accepted(
    write_csv, grid, place
):
    rows = [
        HEADER,
        quarter("7701", 0, "1"),
        [" 7701 ", "2026-03-01 00:75", "1,5", "0"],
        ["7701", "2026-03-01 00:30", "1"],
        quarter("7702", 0, "1"),
    ]
    path = write_csv("b.csv", rows)
    report = ingest(path.parent, place, mapping=grid())
    aside = Store.open(place).read("quarantine")
    columns = ["file_name", "line_number", "column_name", "reason_code", "raw_text"]
    assert sorted(aside[columns].itertuples(index=False, name=None)) == [
        ("b.csv", 3, "时刻", "bad_date", " 7701 \t2026-03-01 00:75\t1,5\t0"),
        ("b.csv", 3, "负荷", "bad_number", " 7701 \t2026-03-01 00:75\t1,5\t0"),
        ("b.csv", 4, "", "field_count", "7701\t2026-03-01 00:30\t1"),
    ]
    assert set(aside["batch_id"]) == set(report.files["batch_id"])
    assert set(aside["county_id"]) == {"77"}
    assert report.quarantined_count == 2
    assert report.files["accepted_count"].to_list() == [2]
    assert len(Store.open(place).read("unit_load")) == 2
    assert [sentence.partition(":")[0] for sentence in report.faults] == [
        "b.csv line 3, column 时刻",
        "b.csv line 3, column 负荷",
        "b.csv line 4",
    ]
    assert report.faults[1] == (
        "b.csv line 3, column 负荷: bad_number '1,5': not a number as the mapping declares it; "
        "write digits and a decimal point"
    )


def test_of_two_sound_lines_with_one_key_the_first_stands_in_order_of_file_and_line(
    write_csv, grid, place
):
    write_csv("b.csv", [HEADER, quarter("7701", 0, "3"), quarter("7701", 15, "4")])
    rows = [HEADER, quarter("7701", 0, "x"), quarter("7701", 0, "1"), quarter("7701", 0, "2")]
    path = write_csv("a.csv", rows)
    ingest(path.parent, place, mapping=grid())
    store = Store.open(place)
    assert store.read("unit_load")["load_kw"].to_list() == [1000, 4000]
    aside = store.read("quarantine")
    columns = ["file_name", "line_number", "column_name", "reason_code"]
    # Line 2 of a.csv is faulty anyhow and does not compete for the key.
    assert aside[columns].to_numpy().tolist() == [
        ["a.csv", 2, "负荷", "bad_number"],
        ["a.csv", 4, "县", "duplicate_key"],
        ["b.csv", 2, "县", "duplicate_key"],
    ]


def test_a_line_that_collides_only_with_a_refused_one_is_accepted(write_csv, place):
    # Day rows of zone 1: A fills hour 1, B hours 1-2 (collides with A), C hour 2 (only with B).
    def day(*loads):
        return ["1", "2008", "1", "1", *loads, *[""] * (24 - len(loads))]

    header = ["zone_id", "year", "month", "day", *HOURS]
    path = write_csv("a.csv", [header, day("10"), day("20", "21"), day("", "31")])
    report = ingest(path.parent, place)
    assert Store.open(place).read("unit_load")["load_kw"].to_list() == [10, 31]
    (sentence,) = report.faults
    assert sentence == (
        "a.csv line 3, column zone_id: duplicate_key '1': the key was accepted before in this "
        "delivery; take one of the two out"
    )


def test_dropped_lines_are_counted_and_belong_to_neither_side(write_csv, place):
    header = ["zone_id", "year", "month", "day", *HOURS]
    zones = ("21", "20", "21 ", "2x")
    rows = [[zone, "2008", "1", "1", "1,000", *["2"] * 23] for zone in zones]
    path = write_csv("a.csv", [header, *rows])
    report = ingest(path.parent, place)
    assert report.dropped == {"a.csv": 2}
    assert report.files["line_count"].to_list() == [2]
    store = Store.open(place)
    # Dropped lines keep their numbers: the faulty one is the fifth of the file.
    assert store.read("quarantine")["line_number"].to_list() == [5]
    assert store.read("unit_load")["unit_id"].unique().tolist() == ["Z20"]
    assert store.read("unit_load")["load_kw"].sum() == 1000 + 23 * 2


@pytest.mark.parametrize(
    ("row", "counts"), [(["20", "2008", "1"], (1, 0, 1)), (["21", *["1"] * 27], (0, 0, 0))]
)
def test_a_file_without_one_accepted_line_still_has_its_batch_row(write_csv, place, row, counts):
    path = write_csv("a.csv", [["zone_id", "year", "month", "day", *HOURS], row])
    ingest(path.parent, place)
    names = ["line_count", "accepted_count", "quarantined_count"]
    assert tuple(Store.open(place).read("batch")[names].iloc[0]) == counts
    assert Store.open(place).read("unit_load").empty


def test_the_same_files_again_do_nothing_and_say_so(write_csv, grid, place):
    path = write_csv("b.csv", [HEADER, quarter("7701", 0, "1"), quarter("7701", 15, "x")])
    first = ingest(path.parent, place, mapping=grid())
    again = ingest(path.parent, place, mapping=grid())
    assert (first.is_repeated, again.is_repeated) == (False, True)
    assert again.version == first.version == Store.open(place).version
    assert again.quarantined_count == 1
    # The same bytes under another name are the same file.
    path.rename(path.with_name("c.csv"))
    assert ingest(path.parent, place, mapping=grid()).is_repeated


def test_another_version_of_the_mapping_reads_the_same_files_anew(write_csv, grid, place):
    path = write_csv("b.csv", [HEADER, quarter("7701", 0, "1")])
    ingest(path.parent, place, mapping=grid())

    def in_kw(held):
        held["version"] = 3
        held["sources"]["curve"]["columns"]["load_kw"]["unit"] = "kW"

    report = ingest(path.parent, place, mapping=grid(in_kw))
    assert not report.is_repeated
    assert Store.open(place).read("unit_load")["load_kw"].to_list() == [1]


def test_a_corrected_file_replaces_and_the_first_one_after_it_is_read_again(write_csv, grid, place):
    for load in ("1", "2", "1"):
        path = write_csv("b.csv", [HEADER, quarter("7701", 0, load)])
        assert not ingest(path.parent, place, mapping=grid()).is_repeated
        assert Store.open(place).read("unit_load")["load_kw"].to_list() == [int(load) * 1000]


def test_a_new_file_beside_an_old_one_is_read(write_csv, grid, place):
    write_csv("a.csv", [HEADER, quarter("7701", 0, "1")])
    folder = write_csv("a.csv", [HEADER, quarter("7701", 0, "1")]).parent
    ingest(folder, place, mapping=grid())
    write_csv("b.csv", [HEADER, quarter("7701", 15, "2")])
    assert not ingest(folder, place, mapping=grid()).is_repeated
    assert Store.open(place).read("unit_load")["load_kw"].to_list() == [1000, 2000]


def test_equal_content_has_one_digest_in_whatever_order_it_comes(write_csv, grid, tmp_path):
    rows = [quarter("7701", 0, "1"), quarter("7702", 15, "2"), quarter("7702", 30, "2")]
    deliveries = {
        "as_is": [HEADER, *rows],
        "rows_turned": [HEADER, *rows[::-1]],
        "columns_turned": [HEADER[::-1], *(row[::-1] for row in rows)],
        "other": [HEADER, *rows[:2], quarter("7702", 30, "3")],
    }
    digests = {}
    for name, lines in deliveries.items():
        folder = write_csv("b.csv", lines, folder=name).parent
        report = ingest(folder, tmp_path / f"store_{name}", mapping=grid())
        digests[name] = report.files["content_digest"].iloc[0]
    assert digests["as_is"] == digests["rows_turned"] == digests["columns_turned"]
    assert digests["as_is"] != digests["other"]


def test_two_stores_from_one_delivery_are_equal(write_csv, grid, tmp_path):
    folder = write_csv("b.csv", [HEADER, quarter("7701", 0, "1"), quarter("7701", 15, "x")]).parent
    digests = []
    for name in ("one", "two"):
        ingest(folder, tmp_path / name, mapping=grid())
        digests.append(Store.open(tmp_path / name).digest())
    assert digests[0] == digests[1]


def test_parquet_and_csv_of_the_same_rows_make_the_same_store(write_csv, grid, tmp_path):
    rows = [quarter("7701", 0, "1.25"), quarter("7702", 15, "2")]
    folder = write_csv("b.csv", [HEADER, *rows]).parent
    other = tmp_path / "other"
    other.mkdir()
    frame = pd.DataFrame(rows, columns=HEADER).assign(负荷=lambda f: f["负荷"].astype(float))
    frame.to_parquet(other / "b.parquet")
    for name, source in (("one", folder), ("two", other)):
        ingest(source, tmp_path / name, mapping=grid())
    assert Store.open(tmp_path / "one").digest() == Store.open(tmp_path / "two").digest()


def test_the_headers_of_a_folder_choose_the_mapping_and_strangers_are_ignored(write_csv, place):
    header = ["zone_id", "year", "month", "day", *HOURS]
    row = ["1", "2008", "1", "1", *["5"] * 24]
    write_csv("benchmark.csv", [["id", *header], ["1", *row]])
    write_csv("holidays.csv", [["", "2004"], ["New Year's Day", "January 1"]])
    folder = write_csv("history.csv", [[f" {name}" for name in header[::-1]], row[::-1]]).parent
    (folder / "README.txt").write_text("read me")
    assert detect(folder).label == "gefcom2012@1"
    report = ingest(folder, place)
    assert report.ignored == ["README.txt", "benchmark.csv", "holidays.csv"]
    assert report.row_counts["unit_load"] == 24


def test_a_unit_that_only_the_store_knows_is_known(write_csv, grid, place):
    folder = write_csv("b.csv", [HEADER, quarter("7701", 0, "1")]).parent
    ingest(folder, place, mapping=grid())
    store = Store.open(place)
    row = store.read("org_unit").iloc[[1]].assign(unit_id="7799")
    store.write({"org_unit": row})
    folder = write_csv("c.csv", [HEADER, quarter("7799", 0, "1")]).parent
    assert ingest(folder, place, mapping=grid()).quarantined_count == 0


def test_one_unknown_unit_is_a_faulty_line_and_nothing_but_unknown_units_a_refusal(
    write_csv, grid, place
):
    folder = write_csv("b.csv", [HEADER, quarter("7701", 0, "1"), quarter("8801", 0, "1")]).parent
    assert ingest(folder, place, mapping=grid()).quarantined_count == 1
    write_csv("b.csv", [HEADER, quarter("8801", 0, "1"), quarter("8802", 0, "1")])
    before = Store.open(place).digest()
    message = r"b\.csv, column 县: no row has a known unit \(found 8801, 8802\)"
    with pytest.raises(IngestError, match=message):
        ingest(folder, place, mapping=grid())
    assert Store.open(place).digest() == before


CELLS = {
    "县": st.sampled_from(["7701", "7702", "7709", "77", ""]),
    "时刻": st.sampled_from([f"2026-03-01 00:{m:02d}" for m in (0, 15, 30, 45)] + ["", "x"]),
    "负荷": st.sampled_from(["1", "2.5", "", "1,0", "1e9"]),
    "质量": st.sampled_from(["0", "1", "2"]),
}


@given(
    records=st.lists(
        st.one_of(
            st.tuples(*CELLS.values()).map(list),
            st.lists(st.just("7701"), min_size=1, max_size=6).filter(lambda r: len(r) != 4),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_accepted_and_quarantined_lines_add_up_and_a_slow_reader_agrees(
    records, write_csv, grid, tmp_path_factory
):
    folder = write_csv("b.csv", [HEADER, *records]).parent
    place = tmp_path_factory.mktemp("any") / "store"
    expected = slow_reader(records)
    if all(unit == "unknown" for _, unit in expected["units"]) and expected["units"]:
        with pytest.raises(IngestError, match="no row has a known unit"):
            ingest(folder, place, mapping=grid())
        return
    report = ingest(folder, place, mapping=grid())
    aside = Store.open(place).read("quarantine")
    found = aside[["line_number", "column_name", "reason_code"]].itertuples(index=False, name=None)
    assert sorted(found) == sorted(expected["faults"])
    row = report.files.iloc[0]
    assert row["line_count"] == len(records)
    assert row["quarantined_count"] == aside["line_number"].nunique()
    assert row["accepted_count"] + row["quarantined_count"] == row["line_count"]
    assert len(Store.open(place).read("unit_load")) == row["accepted_count"]


def slow_reader(records):
    """Judge one record after the other, with rules written out by hand."""
    faults, units, seen = [], [], set()
    for line, record in enumerate(records, start=2):
        if len(record) != 4:
            faults.append((line, "", "field_count"))
            continue
        unit, at, load, quality = record
        wrong = []
        if unit not in {"7701", "7702"}:
            wrong.append(("县", {"": "missing_value", "77": "bad_id"}.get(unit, "bad_code")))
        units.append((line, "unknown" if ("县", "bad_code") in wrong else "other"))
        if not at.startswith("2026"):
            wrong.append(("时刻", "bad_date" if at else "missing_value"))
        if load in {"1,0", "1e9"}:
            wrong.append(("负荷", "bad_number"))
        if quality == "2":
            wrong.append(("质量", "bad_code"))
        if not wrong and (unit, at) in seen:
            wrong.append(("县", "duplicate_key"))
        if not wrong:
            seen.add((unit, at))
        faults += [(line, *fault) for fault in wrong]
    return {"faults": faults, "units": units}
