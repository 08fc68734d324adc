"""What goes wrong on the command line: exit code, message and an untouched store."""

import csv
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from marketing_models.cis import Store, mapping
from marketing_models.cli import main

HOURS = [f"h{hour}" for hour in range(1, 25)]
HEADER = ["zone_id", "year", "month", "day", *HOURS]
DAY = ["1", "2008", "1", "1", *["5"] * 24]


def changed(column, cell, record=DAY):
    return [cell if name == column else old for name, old in zip(HEADER, record, strict=True)]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "delivery"
    made.mkdir()
    return made


@pytest.fixture(scope="session")
def held(tmp_path_factory):
    """A store that holds one sound day; for tests that leave it alone."""
    made = tmp_path_factory.mktemp("held")
    write(made, [HEADER, DAY])
    assert main(["ingest", "--store", str(made / "store"), str(made)]) == 0
    return made / "store"


@pytest.fixture
def place(held, tmp_path):
    """A copy of that store, to be written to."""
    return shutil.copytree(held, tmp_path / "store")


def write(folder, rows, name="Load.csv", encoding="utf-8"):
    with (folder / name).open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)


def state(place):
    """Return all bytes of a store: whoever changes nothing leaves them as they are."""
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def refused(capsys, place, *words):
    """Run an ingest that must be refused, and return its message."""
    before = state(place)
    capsys.readouterr()
    assert main(["ingest", "--store", str(place), *map(str, words)]) == 1
    shown = capsys.readouterr()
    assert state(place) == before
    assert shown.out == ""
    assert shown.err.startswith("marketing-models ingest: ")
    assert "Traceback" not in shown.err
    return shown.err


def test_a_missing_column_is_named_with_file_and_remedy(folder, held, capsys):
    write(folder, [row[:-1] for row in (HEADER, DAY)])
    message = refused(capsys, held, folder)
    assert (
        "Load.csv lacks column h24 of gefcom2012@1 load_history; export it with all columns, or "
        "take the file out" in message
    )


def test_a_missing_column_beside_a_sound_file_refuses_both(folder, place, capsys):
    write(folder, [HEADER, changed("day", "2")], name="a.csv")
    write(folder, [row[1:] for row in (HEADER, DAY)], name="b.csv")
    assert "b.csv lacks column zone_id of gefcom2012@1 load_history" in refused(
        capsys, place, folder
    )


def test_a_column_that_stands_twice_is_refused(folder, held, capsys):
    write(folder, [[*HEADER, " h1"], [*DAY, "6"]])
    message = refused(capsys, held, folder)
    assert "Load.csv: column h1 stands twice; rename one" in message


@pytest.mark.parametrize("content", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(folder, held, capsys, content):
    (folder / "Load.csv").write_bytes(content)
    message = refused(capsys, held, folder)
    assert "Load.csv is an empty file; export it again, or take it out" in message


def test_a_header_without_rows_is_refused(folder, held, capsys):
    write(folder, [HEADER])
    message = refused(capsys, held, folder)
    assert "Load.csv has a header and no rows; export it again" in message


@pytest.mark.parametrize(
    ("encoding", "rows", "where"),
    [
        # 镕 is E946 in GB18030; a UTF-16 file begins with its mark FFFE.
        ("gb18030", [["镕", "x"], ["1", "2"]], "Load.csv line 1, byte 1 (0xE9)"),
        ("utf-16", [HEADER, DAY], "Load.csv line 1, byte 1 (0xFF)"),
        ("latin-1", [HEADER, DAY, changed("h24", "5°")], "Load.csv line 3, byte"),
    ],
)
def test_a_wrong_encoding_is_refused_with_line_and_byte(
    folder, held, capsys, encoding, rows, where
):
    write(folder, rows, encoding=encoding)
    message = refused(capsys, held, folder)
    assert where in message
    assert "not UTF-8; save the file as UTF-8 and deliver it again" in message


def test_a_folder_without_a_known_header_is_refused_with_what_was_looked_for(folder, held, capsys):
    write(folder, [["a", "b"], ["1", "2"]])
    message = refused(capsys, held, folder)
    assert "no mapping knows any file of the folder" in message
    assert "looked for gefcom2012@1 load_history (zone_id, year, month, day, h1, h2" in message
    assert "gefcom2012@1 temperature_history (station_id, year" in message
    assert "found Load.csv (a, b)" in message
    assert "rename the columns, or name a mapping file of your own" in message


def test_an_empty_folder_is_refused(folder, held, capsys):
    assert "found no CSV or Parquet" in refused(capsys, held, folder)


def test_a_named_mapping_that_knows_no_file_is_refused(folder, held, capsys):
    write(folder, [["a"], ["1"]])
    message = refused(capsys, held, "--mapping", "gefcom2012", folder)
    assert "no mapping knows any file of the folder; looked for gefcom2012@1" in message


def test_two_mappings_that_know_a_folder_are_refused_until_one_is_named(
    folder, place, capsys, tmp_path, monkeypatch
):
    text = (mapping.FOLDER / "gefcom2012.yaml").read_text(encoding="utf-8")
    mappings = tmp_path / "mappings"
    mappings.mkdir()
    (mappings / "gefcom2012.yaml").write_text(text, encoding="utf-8")
    twin = text.replace("name: gefcom2012", "name: twin")
    (mappings / "twin.yaml").write_text(twin, encoding="utf-8")
    schema = (mapping.FOLDER / "schema.json").read_text(encoding="utf-8")
    (mappings / "schema.json").write_text(schema, encoding="utf-8")
    monkeypatch.setattr(mapping, "FOLDER", mappings)
    write(folder, [HEADER, changed("day", "2")])
    message = refused(capsys, place, folder)
    assert "2 mappings know these files (gefcom2012@1, twin@1); name one of them" in message
    assert main(["ingest", "--store", str(place), "--mapping", "twin", str(folder)]) == 0


def test_a_mapping_file_with_an_unknown_key_is_refused(folder, held, capsys, tmp_path):
    path = tmp_path / "own.yaml"
    declared = yaml.safe_load((mapping.FOLDER / "gefcom2012.yaml").read_text(encoding="utf-8"))
    declared["sources"]["load_history"]["headers"] = ["zone_id"]
    path.write_text(yaml.safe_dump(declared), encoding="utf-8")
    write(folder, [HEADER, DAY])
    message = refused(capsys, held, "--mapping", path, folder)
    assert f"mapping {path}, at sources.load_history: " in message
    assert "'headers' was unexpected" in message
    assert "known keys: table, header, drop, unpivot, columns" in message


def test_a_mapping_in_which_two_sources_know_one_file_is_refused(folder, held, capsys, tmp_path):
    declared = yaml.safe_load((mapping.FOLDER / "gefcom2012.yaml").read_text(encoding="utf-8"))
    declared["sources"]["again"] = declared["sources"]["load_history"]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(declared), encoding="utf-8")
    write(folder, [HEADER, DAY])
    message = refused(capsys, held, "--mapping", path, folder)
    assert "Load.csv fits two kinds of files of gefcom2012@1; tell them apart there" in message


def test_a_file_in_which_no_unit_is_known_is_refused(folder, held, capsys):
    write(folder, [HEADER, changed("zone_id", "31"), changed("zone_id", "32")])
    message = refused(capsys, held, folder)
    assert "Load.csv, column zone_id: no row has a known unit (found 31, 32)" in message
    assert "name the mapping of this source, or add the units to it" in message


def test_a_zip_with_two_members_is_refused(folder, held, capsys):
    with zipfile.ZipFile(folder / "Load.zip", "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    message = refused(capsys, held, folder)
    assert "Load.zip holds 2 files (a.csv, b.csv); pack one file into one archive" in message


def test_files_that_do_not_open_are_refused_all_at_once(folder, held, capsys):
    (folder / "a.zip").write_bytes(b"PK")
    (folder / "b.parquet").write_bytes(b"PAR1")
    (folder / "c.csv").write_bytes(b"")
    message = refused(capsys, held, folder)
    assert "a.zip does not open as a zip archive" in message
    assert "b.parquet does not open as Parquet" in message
    assert "c.csv is an empty file" in message


def test_unreadable_records_of_several_files_are_named_all_at_once(folder, held, capsys):
    write(folder, [HEADER], name="a.csv")
    write(folder, [HEADER, changed("h1", "°")], name="b.csv", encoding="latin-1")
    (folder / "c.csv").write_text(",".join(HEADER) + '\n1,"2')
    message = refused(capsys, held, folder)
    assert "a.csv has a header and no rows" in message
    assert "b.csv line 2, byte" in message
    assert "c.csv line 2: a quote opens and does not close" in message


def test_a_folder_that_does_not_exist_is_refused(held, capsys, tmp_path):
    message = refused(capsys, held, tmp_path / "absent")
    assert f"folder {tmp_path / 'absent'} does not exist; name the folder" in message


def test_a_store_of_another_unit_is_refused(folder, capsys, tmp_path):
    Store.init(tmp_path / "other", unit_id="99", calendar="cn")
    write(folder, [HEADER, DAY])
    message = refused(capsys, tmp_path / "other", folder)
    assert "is of unit 99 with calendar cn" in message
    assert "mapping gefcom2012@1 of unit G with calendar us; name another store" in message


def test_a_store_under_a_regular_file_is_refused(folder, capsys, tmp_path):
    write(folder, [HEADER, DAY])
    (tmp_path / "file").write_text("x")
    for command in (
        ["ingest", str(folder)],
        ["status"],
        ["digest"],
        ["synthesize", "--months", "1"],
    ):
        assert main([*command, "--store", str(tmp_path / "file" / "store")]) == 1
        message = capsys.readouterr().err
        assert f"marketing-models {command[0]}: " in message
        assert "lies under or is a regular file; name a folder" in message
    assert (tmp_path / "file").read_text() == "x"


def test_a_refused_delivery_does_not_make_a_store(folder, capsys, tmp_path):
    write(folder, [HEADER, changed("zone_id", "31")])
    assert main(["ingest", "--store", str(tmp_path / "new"), str(folder)]) == 1
    assert not (tmp_path / "new").exists()


def test_rows_that_break_the_dictionary_are_refused_before_a_store_is_made(
    folder, capsys, tmp_path
):
    declared = yaml.safe_load((mapping.FOLDER / "gefcom2012.yaml").read_text(encoding="utf-8"))
    again = {"unit_id": "Z01", "level": "county", "series_code": "total"}
    again |= {"period_start": "2008-01-01", "known_at": "2008-01-01 01:00"}
    again |= {"resolution_code": "hour", "quality_code": "measured", "load_kw": 7}
    declared["rows"]["unit_load"] = [{"row": again}]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(declared), encoding="utf-8")
    write(folder, [HEADER, DAY])
    words = ["--store", str(tmp_path / "new"), "--mapping", str(path), str(folder)]
    assert main(["ingest", *words]) == 1
    message = capsys.readouterr().err
    assert "table unit_load" in message
    assert "key stands twice (1 rows), first again in row 1: unit_id=Z01" in message
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("rows", "where", "reason"),
    [
        ([DAY[:-1]], "Load.csv line 3: ", "field_count: more or fewer fields than the header"),
        (
            [changed("h7", "12x")],
            "Load.csv line 3, column h7: ",
            "bad_number '12x': not a number as the mapping declares it; write digits",
        ),
        (
            [changed("month", "13")],
            "Load.csv line 3, column month: ",
            "bad_date '13': not a date of the calendar as the mapping declares it; correct it",
        ),
        (
            [changed("day", "30", changed("month", "2"))],
            "Load.csv line 3, column day: ",
            "bad_date '30': not a date of the calendar",
        ),
        (
            [changed("h1", "-1")],
            "Load.csv line 3, column h1: ",
            "out_of_range '-1': outside the range that the mapping declares; check value and unit",
        ),
        (
            [changed("zone_id", "")],
            "Load.csv line 3, column zone_id: ",
            "missing_value: the cell must not be empty; fill it in",
        ),
        (
            [changed("zone_id", "Z1")],
            "Load.csv line 3, column zone_id: ",
            "bad_id 'Z1': not an identifier of this source; copy it from the source as text",
        ),
        (
            [changed("zone_id", "22")],
            "Load.csv line 3, column zone_id: ",
            "bad_code '22': not in the list of codes; correct it, or add it to the mapping",
        ),
        (
            [changed("zone_id", "2")] * 2,
            "Load.csv line 4, column zone_id: ",
            "duplicate_key '2': the key was accepted before in this delivery; take one of the two",
        ),
    ],
)
def test_a_faulty_row_is_put_aside_with_its_reason_and_the_rest_accepted(
    folder, place, capsys, rows, where, reason
):
    before = len(Store.open(place).read("unit_load"))
    write(folder, [HEADER, changed("day", "2"), *rows])
    assert main(["ingest", "--store", str(place), str(folder)]) == 3
    shown = capsys.readouterr()
    assert where + reason in shown.err
    assert "1 lines are in table quarantine; correct them in the source" in shown.err
    assert f"{1 + len(rows)} lines, {len(rows)} accepted, 1 quarantined" in shown.out
    store = Store.open(place)
    assert len(store.read("unit_load")) == before + 24 * len(rows)
    assert store.read("quarantine")["reason_code"].to_list() == [reason.split(":")[0].split()[0]]
    # The same again changes nothing and still says that the delivery was not whole.
    version = state(place)
    assert main(["ingest", "--store", str(place), str(folder)]) == 3
    assert state(place) == version


def test_of_many_faults_the_first_are_shown_and_the_others_counted(folder, place, capsys):
    rows = [changed("day", str(day), changed("h1", "x")) for day in range(2, 28)]
    write(folder, [HEADER, changed("month", "3"), *rows])
    assert main(["ingest", "--store", str(place), str(folder)]) == 3
    message = capsys.readouterr().err
    assert message.count("bad_number") == 20
    assert "and 6 more faulty cells" in message


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["inject"],
        ["ingest", "folder"],
        ["status"],
        ["synthesize", "--store", "x", "--cities", "many"],
        ["digest", "--store", "x", "--colour"],
    ],
)
def test_wrong_usage_exits_with_2(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "usage: marketing-models" in capsys.readouterr().err


def test_counts_that_no_province_can_have_are_wrong_usage(tmp_path, capsys):
    words = ["--cities", "4", "--counties", "3"]
    assert main(["synthesize", "--store", str(tmp_path / "s"), *words]) == 2
    assert "county_count is 3, give at least 4" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_a_store_that_does_not_exist_is_refused(tmp_path, capsys):
    for command in ("status", "digest"):
        assert main([command, "--store", str(tmp_path / "absent")]) == 1
        assert f"no store at {tmp_path / 'absent'}; make one with" in capsys.readouterr().err
    assert main(["status", "--store", "a/b"]) == 1
    assert "is a relative path; give a bare name or a full path" in capsys.readouterr().err


def test_synthesize_never_mixes_provinces(place, tmp_path, capsys):
    before = state(place)
    small = ["--cities", "1", "--counties", "1", "--supply-points", "40", "--months", "1"]
    assert main(["synthesize", "--store", str(place), *small]) == 1
    assert "holds other data; remove it or name another" in capsys.readouterr().err
    assert state(place) == before
    made = tmp_path / "made"
    assert main(["synthesize", "--store", str(made), *small, "--seed", "3"]) == 0
    once = state(made)
    assert main(["synthesize", "--store", str(made), *small, "--seed", "3"]) == 0
    assert "holds this province already; nothing done" in capsys.readouterr().out
    assert main(["synthesize", "--store", str(made), *small, "--seed", "4"]) == 1
    assert state(made) == once


def test_status_and_digest_say_what_a_store_holds(place, capsys):
    capsys.readouterr()
    assert main(["digest", "--store", str(place)]) == 0
    told = dict(line.split(" ", 1) for line in capsys.readouterr().out.splitlines())
    held = {name: found.replace("-", " ") for name, found in Store.open(place).digests().items()}
    assert told == held
    assert main(["status", "--store", str(place)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"store {place}: version 1",
        "unit G, calendar us",
        "units: 1 province, 4 city, 20 county",
        "last complete day: 2008-01-01",
        "  batch: 1 rows",
        "  org_unit: 25 rows",
        "  unit_load: 24 rows",
        "  unit_weather_station: 220 rows",
    ]


def test_an_empty_store_has_a_status(tmp_path, capsys):
    Store.init(tmp_path / "empty", unit_id="99")
    assert main(["status", "--store", str(tmp_path / "empty")]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "unit 99, calendar cn",
        "units: none",
        "last complete day: none",
    ]


def test_the_installed_command_ends_with_the_code_and_without_a_traceback(tmp_path):
    command = Path(sys.executable).with_name("marketing-models")
    words = [command, "ingest", "--store", str(tmp_path / "s"), str(tmp_path / "absent")]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr == (
        "marketing-models ingest: delivery refused:\n"
        f"  - folder {tmp_path / 'absent'} does not exist; name the folder of the delivery\n"
    )


def test_exports_are_written_with_their_faults_listed_beside_them(tmp_path, capsys):
    faults, out = tmp_path / "faults.yaml", tmp_path / "out"
    faults.write_text("bad_date: 3\nyen: 2\n")
    small = ["--cities", "1", "--counties", "1", "--supply-points", "60", "--months", "3"]
    words = ["synthesize", "--as", "sg186", "--faults", str(faults), *small]
    assert main([*words, "--out", str(out)]) == 0
    assert "3 faults and 2 odd spellings" in capsys.readouterr().out
    listed = (tmp_path / "out.faults.csv").read_text().splitlines()
    assert listed[0] == "file,line,column,reason_code"
    assert [line.rpartition(",")[2] for line in listed[1:]] == ["bad_date"] * 3
    assert all((out / line.partition(",")[0].partition("#")[0]).is_file() for line in listed[1:])
    assert main([*words, "--out", str(out)]) == 2
    assert "is not empty; ingest would read all that is in it" in capsys.readouterr().err
    faults.write_text("sunshine: 1\n")
    assert main([*words, "--out", str(tmp_path / "other")]) == 2
    assert "sunshine" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_synthesize_says_where_its_province_goes(capsys):
    assert main(["synthesize"]) == 2
    assert "--store names where the province goes" in capsys.readouterr().err
    assert main(["synthesize", "--as", "sg186"]) == 2
    assert "--out names the folder of the exports" in capsys.readouterr().err


def test_doctor_names_rows_that_do_not_agree(place, capsys):
    store = Store.open(place)
    rows = store.read("unit_load").head(1).assign(unit_id="nowhere")
    store.write({"unit_load": rows})
    capsys.readouterr()
    assert main(["doctor", "--store", str(place)]) == 3
    told = capsys.readouterr().out
    assert "E unit_load" in told
    assert "1 of" in told
    assert "nowhere" in told
