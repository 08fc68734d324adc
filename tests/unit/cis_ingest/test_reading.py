"""Containers: every record keeps its text and its physical line. Authority: hand-counted lines."""

import hashlib
import zipfile

import pandas as pd
import pytest

from marketing_models.cis.reading import open_folder, read_records
from marketing_models.errors import IngestError


def only_file(folder):
    (file,), _ = open_folder(folder)
    return file


def test_lines_are_physical_also_after_line_breaks_inside_quotes(tmp_path):
    # 1 header · 2-4 one record with two breaks inside · 5 blank · 6 short record · 7 record
    (tmp_path / "a.csv").write_bytes(b'n,t\r\n1,"x\ny\r\nz"\r\n\r\n2\r\n3,w\r\n')
    records = read_records(only_file(tmp_path))
    assert records.lines == [2, 7]
    assert records.cells == [["1", "x\ny\r\nz"], ["3", "w"]]
    assert records.misfits == [(6, ["2"])]


def test_text_is_untouched_and_only_the_header_is_trimmed(tmp_path):
    (tmp_path / "a.csv").write_text(' n ,\tt\u3000\n" 007 ",="1"\n', encoding="utf-8")
    file = only_file(tmp_path)
    assert file.header == ("n", "t")
    assert read_records(file).cells == [[" 007 ", '="1"']]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    (tmp_path / "a.csv").write_text("户号,值\n1,2\n", encoding="utf-8-sig")
    assert only_file(tmp_path).header == ("户号", "值")


def test_blank_records_are_no_data_but_count_as_lines(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n , \n1,2\n\n,\n3,4", encoding="utf-8")
    assert read_records(only_file(tmp_path)).lines == [3, 6]


def test_parquet_becomes_text_with_its_row_number(tmp_path):
    frame = pd.DataFrame(
        {
            "zone": ["01", "02", None],
            "load": [1.5, None, 0.00001],
            "at": pd.to_datetime(["2026-01-01 00:15:00"] * 3),
            "count": pd.array([3, None, 5], dtype="Int64"),
        }
    )
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    records = read_records(only_file(tmp_path))
    assert records.lines == [1, 2, 3]
    assert records.cells == [
        ["01", "1.5", "2026-01-01 00:15:00", "3"],
        ["02", "", "2026-01-01 00:15:00", ""],
        ["", "0.00001", "2026-01-01 00:15:00", "5"],
    ]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_zip_of_one_reads_like_its_member_and_is_named_with_it(tmp_path, suffix):
    plain = tmp_path / f"inner.{suffix}"
    frame = pd.DataFrame({"a": ["1", "2"], "b": ["x", "y"]})
    if suffix == "csv":
        frame.to_csv(plain, index=False)
    else:
        frame.to_parquet(plain, index=False)
    folder = tmp_path / "delivery"
    folder.mkdir()
    with zipfile.ZipFile(folder / "outer.ZIP", "w") as archive:
        archive.write(plain, f"inner.{suffix}")
    file = only_file(folder)
    assert file.name == f"outer.ZIP#inner.{suffix}"
    assert file.sha256 == hashlib.sha256((folder / "outer.ZIP").read_bytes()).hexdigest()
    assert read_records(file).cells == [["1", "x"], ["2", "y"]]


def test_other_kinds_of_files_and_folders_are_left_alone(tmp_path):
    (tmp_path / "readme.txt").write_text("x")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.csv").write_text("a\n1\n")
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        archive.writestr("one.png", b"x")
    (tmp_path / "b.csv").write_text("a\n1\n")
    (tmp_path / "B.csv").write_text("a\n1\n")
    files, ignored = open_folder(tmp_path)
    assert [file.name for file in files] == ["B.csv", "b.csv"]  # as bytes, capitals first
    assert ignored == ["pictures.zip", "readme.txt"]


def test_bytes_that_are_not_utf8_far_down_do_not_stop_a_file_that_nobody_reads(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,\xff\n")
    file = only_file(tmp_path)
    assert file.header == ("a", "b")
    with pytest.raises(IngestError, match=r"a\.csv line 2, byte 7 \(0xFF\): not UTF-8; save"):
        read_records(file)


def test_an_open_quote_is_refused_at_the_line_where_it_opens(tmp_path):
    # Otherwise everything below would be one cell, and those rows would be gone in silence.
    (tmp_path / "a.csv").write_text('a,b\n1,2\n3,"4\n5,6\n7,8\n')
    with pytest.raises(IngestError, match=r"a\.csv line 3: a quote opens and does not close"):
        read_records(only_file(tmp_path))
    (tmp_path / "a.csv").write_text('a,b\n3,"' + "4\n" * 100_000)
    with pytest.raises(IngestError, match=r"line 2: a quote opens .*\(field larger than"):
        read_records(only_file(tmp_path))


def test_a_quote_inside_an_unquoted_field_is_an_ordinary_sign(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n="010",走"快"\n', encoding="utf-8")
    assert read_records(only_file(tmp_path)).cells == [['="010"', '走"快"']]
