"""The workbook. Authority: the display objects; ECMA-376 part 1, read here as zipped XML by the
standard library, not by the library that wrote it."""

import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from marketing_models.reporting import site, workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Sheets:
    """A workbook as values and number formats by sheet and cell."""

    def __init__(self, content: bytes) -> None:
        self.files = zipfile.ZipFile(io.BytesIO(content))
        self._shared = [
            "".join(t.text or "" for t in one.iter(f"{MAIN}t"))
            for one in self._xml("xl/sharedStrings.xml")
        ]
        styles = self._xml("xl/styles.xml")
        codes = {f.get("numFmtId"): f.get("formatCode") for f in styles.iter(f"{MAIN}numFmt")}
        codes |= {"0": "General", "3": "#,##0", "4": "#,##0.00"}
        forms = styles.find(f"{MAIN}cellXfs")
        self._codes = [codes[form.get("numFmtId")] for form in forms]
        targets = {r.get("Id"): r.get("Target") for r in self._xml("xl/_rels/workbook.xml.rels")}
        self.sheets = {
            s.get("name"): self._xml(f"xl/{targets[s.get(RELATION)]}")
            for s in self._xml("xl/workbook.xml").iter(f"{MAIN}sheet")
        }

    def _xml(self, name: str):
        return ElementTree.fromstring(self.files.read(name))  # noqa: S314 - our own

    def cells(self, sheet: str) -> dict[str, tuple[object, str]]:
        held = {}
        for cell in self.sheets[sheet].iter(f"{MAIN}c"):
            value = cell.find(f"{MAIN}v")
            if value is not None:
                is_text = cell.get("t") == "s"
                shown = self._shared[int(value.text)] if is_text else float(value.text)
                held[cell.get("r")] = (shown, self._codes[int(cell.get("s", "0"))])
        return held

    def rows(self, sheet: str) -> list[list[object]]:
        lines: dict[int, dict[str, object]] = {}
        for place, (value, _) in self.cells(sheet).items():
            column, line = re.fullmatch(r"([A-Z]+)(\d+)", place).groups()
            lines.setdefault(int(line), {})[column] = value
        return [list(lines[n].values()) for n in sorted(lines)]


def made(objects, *, language="zh", unit="9902", page="40_demand", study):
    context = site.page_context(
        study.hierarchy,
        unit,
        page,
        available={one: list(site.PAGES) for one in study.hierarchy},
        stamp=site.Stamp.of(study, store="demo"),
    )
    return workbook.build(objects, context, language)


@pytest.fixture(scope="module")
def objects(demand, objects_of):
    return objects_of["40_demand"](demand.of("9902"))


@pytest.fixture(scope="module")
def content(demand, objects):
    return {lang: made(objects, language=lang, study=demand) for lang in ("zh", "en")}


@pytest.fixture(scope="module")
def sheets(content):
    return {language: Sheets(held) for language, held in content.items()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_number_of_every_table_stands_in_display_units_with_all_its_digits(
    objects, sheets, language
):
    tables = [one for one in objects if one["kind"] == "table" and one["rows"]]
    names = list(sheets[language].sheets)[1:]
    assert len(names) == len(tables) > 5

    for name, table in zip(names, tables, strict=True):
        held = sheets[language].rows(name)
        heads = 3 if any("group" in column for column in table["columns"]) else 2
        for row, line in zip(table["rows"], held[heads:], strict=False):
            columns = table["columns"]
            keys = len(line) - len(columns)
            found = [line[0], *line[1 + keys :]]
            for cell, column, value in zip(row["cells"], columns, found, strict=True):
                if "scale" not in column or "text" in cell:
                    assert value == cell["text"][language]
                elif "value" not in cell:
                    assert value == "—"
                else:
                    divisor = Decimal(repr(column["scale"]["divisor"][language]))
                    exact = Decimal(repr(cell["value"])) / divisor
                    assert value == pytest.approx(float(exact), rel=1e-15)


def test_numbers_show_as_many_decimals_as_the_page_and_changes_their_sign(sheets, demand, objects):
    """Forms by hand: 万千瓦时 of a city has 2 decimals, 万千瓦 1, a change 1 with its sign."""
    days = sheets["zh"].cells("逐日预测")
    assert {days[f"{column}4"][1] for column in "CDE"} == {"#,##0.00"}
    assert {days[f"{column}4"][1] for column in "FGH"} == {"#,##0.0"}
    units = next(name for name in sheets["zh"].sheets if name.startswith("各单位上一周"))
    changes = {code for _, code in sheets["zh"].cells(units).values() if "+" in code}
    assert changes == {"+#,##0.0;-#,##0.0;#,##0.0"}


def test_heads_have_units_groups_stand_above_and_both_stay_in_sight(sheets):
    sheet = sheets["zh"].sheets["逐日预测"]
    cells = sheets["zh"].cells("逐日预测")

    assert cells["A1"][0] == "逐日预测"
    assert [cells[place][0] for place in ("C2", "F2")] == ["用电量", "最大负荷"]
    assert [cells[f"{c}3"][0] for c in "ABCF"] == [
        "时段",
        "时段起点",
        "P10\n万千瓦时",
        "P10\n万千瓦",
    ]
    assert [m.get("ref") for m in sheet.iter(f"{MAIN}mergeCell")] == ["C2:E2", "F2:H2"]
    pane = next(sheet.iter(f"{MAIN}pane"))
    assert (pane.get("xSplit"), pane.get("ySplit"), pane.get("state")) == ("1", "3", "frozen")
    assert sheet.find(f"{MAIN}autoFilter").get("ref") == "A3:I11"


def test_times_of_rows_are_times(sheets):
    """Serial days of ECMA-376: day 1 is 1900-01-01, with the 29 February 1900 that never was."""
    value, code = sheets["en"].cells("Forecast by day")["B5"]

    assert datetime(1899, 12, 30) + timedelta(days=value) == datetime(2026, 8, 5)
    assert code == "yyyy-mm-dd hh:mm"


def test_rows_of_several_units_have_their_codes_and_rows_of_one_have_not(sheets):
    units = next(name for name in sheets["zh"].sheets if name.startswith("各单位上一周"))
    assert [row[1] for row in sheets["zh"].rows(units)[1:5]] == [
        "单位代码",
        "9902",
        "990201",
        "990202",
    ]
    assert "单位代码" not in sheets["zh"].rows("逐日预测")[2]


@pytest.mark.parametrize(("language", "about"), [("zh", "说明"), ("en", "About")])
def test_the_first_sheet_says_what_the_page_says(sheets, objects, language, about):
    held = sheets[language]
    assert next(iter(held.sheets)) == about
    texts = {value for value, _ in held.cells(about).values()}

    said = []
    for one in objects:
        if one["kind"] == "verdict":
            said += [one["headline"], one["recommendation"], *one["sentences"]]
        elif one["kind"] == "kpis":
            said += [text for tile in one["tiles"] for text in (tile["label"], tile["note"])]
        elif one["kind"] in {"findings", "sources"}:
            said += [item["text"] for item in one["items"]]
    assert len(said) > 20
    assert {text[language] for text in said if text[language]} <= texts
    assert {"2026-08-03", "demo · 版本 12" if language == "zh" else "demo · version 12"} <= texts


def test_tiles_stand_as_numbers_beside_their_unit(sheets, objects):
    rows = sheets["zh"].rows("说明")
    tiles = next(one["tiles"] for one in objects if one["kind"] == "kpis")

    for tile in tiles:
        row = next(row for row in rows if row[0] == tile["label"]["zh"])
        assert row[1] == pytest.approx(tile["value"] / tile["scale"]["divisor"]["zh"], rel=1e-15)
        assert row[2] == tile["scale"]["unit"]["zh"]


def test_missing_is_a_dash_suppressed_a_star_and_zero_a_zero(demand):
    scale = {
        "unit": {"zh": "千瓦", "en": "kW"},
        "divisor": {"zh": 1, "en": 1},
        "decimals": {"zh": 0, "en": 0},
        "is_signed": False,
    }
    cells = [{"key": {}}, {"key": {}, "text": {"zh": "*", "en": "*"}}, {"key": {}, "value": 0}]
    table = {
        "kind": "table",
        "caption": {"zh": "表", "en": "Table"},
        "columns": [
            {"head": {"zh": "名", "en": "name"}},
            {"head": {"zh": "量", "en": "size"}, "scale": scale},
        ],
        "rows": [
            {
                "unit_id": "1",
                "key": {},
                "is_total": False,
                "is_marked": False,
                "cells": [{"key": {}, "text": {"zh": "甲", "en": "A"}}, cell],
            }
            for cell in cells
        ],
        "notes": [],
    }

    held = Sheets(made([table], language="en", study=demand))

    assert [row[1] for row in held.rows("Table")[2:]] == ["—", "*", 0.0]


def test_a_table_without_rows_has_no_sheet_and_its_notes_say_why(demand):
    table = {
        "kind": "table",
        "caption": {"zh": "空表", "en": "Empty"},
        "columns": [],
        "rows": [],
        "notes": [{"zh": "没有数据。", "en": "No data."}],
    }

    held = Sheets(made([table], study=demand))

    assert list(held.sheets) == ["说明"]
    assert ["空表", "没有数据。"] in held.rows("说明")


@pytest.mark.parametrize(
    ("title", "taken", "name"),
    [
        ("各单位上一周用电量", (), "各单位上一周用电量"),
        ("a/b\\c?d*e[f]:g", (), "a b c d e f g"),
        ("'quoted'", (), "quoted"),
        ("x" * 40, (), "x" * 31),
        ("x" * 40, ("x" * 31,), "x" * 29 + " 2"),
        ("Load", ("load", "load 2"), "Load 3"),
        ("History", ("history",), "History 2"),
        ("", (), "-"),
        ("𠮷" * 20, (), "𠮷" * 15),
    ],
)
def test_names_of_sheets_are_short_allowed_and_their_own(title, taken, name):
    """Excel: at most 31 UTF-16 units, none of []:*?/\\, no quote at an end, case-blind, and
    History is its own. A character outside the first plane has two units: 15 fit, not 15.5."""
    assert workbook.fresh_name(title, taken) == name


def test_columns_are_wide_enough_for_their_longest_value(sheets):
    """A full-width character takes two: 8月4日至10日 has 4 of them and 5 digits, so 13."""
    sheet = sheets["zh"].sheets["逐日预测"]
    widths = {
        place: float(column.get("width"))
        for column in sheet.iter(f"{MAIN}col")
        for place in range(int(column.get("min")), int(column.get("max")) + 1)
    }

    assert sorted(widths) == list(range(1, 10))
    assert widths[1] > 13
    assert widths[2] > len("2026-08-05 00:00")
    assert all(9 <= width < 30 for width in widths.values())


def test_the_workbook_carries_the_day_of_the_data_and_no_other_time(content):
    for held in content.values():
        files = zipfile.ZipFile(io.BytesIO(held))
        core = files.read("docProps/core.xml").decode()
        assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2026-08-03T00:00:00Z"}
        assert {one.date_time for one in files.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_workbooks_stay_below_60_kilobytes(content):
    assert max(map(len, content.values())) < 60_000


def test_two_workbooks_agree_in_every_byte_in_any_thread(content, demand, objects):
    with ThreadPoolExecutor(4) as pool:
        held = list(pool.map(lambda _: made(objects, study=demand), range(8)))
    assert set(held) == {content["zh"]}
