"""Cells to values and reasons. Authority: hand-worked cells, and plain pandas where it applies."""

import pandas as pd
import pytest

from marketing_models import units
from marketing_models.cis.casting import cast, key_column
from marketing_models.cis.mapping import load
from marketing_models.cis.reading import Records

HEADER = ["县", "时刻", "负荷", "质量"]
SOUND = ["7701", "2026-03-01 00:15", "1.5", "0"]


def read(source, records, header=HEADER, known=("7701", "7702")):
    lines = list(range(2, 2 + len(records)))
    return cast(source, header, Records(lines, records, []), set(known))


def curve(grid, change=None):
    return load(grid(change)).sources[0]


def rules(held):
    return held["sources"]["curve"]["columns"]


def reasons(found):
    return list(
        found.faults[["record", "column", "reason_code"]].itertuples(index=False, name=None)
    )


def test_a_sound_record_becomes_a_row_in_the_units_of_the_dictionary(grid):
    row = read(curve(grid), [SOUND]).rows.iloc[0]
    # 1.5 MW is 1500 kW; the quarter-hour ends at 00:30 and is known 8 hours later.
    assert row["load_kw"] == 1500
    assert row["period_start"] == pd.Timestamp("2026-03-01 00:15")
    assert row["known_at"] == pd.Timestamp("2026-03-01 08:30")
    assert (row["unit_id"], row["quality_code"]) == ("7701", "measured")
    assert (row["level"], row["resolution_code"]) == ("county", "quarter_hour")


def test_columns_may_come_in_any_order_and_with_strangers_between(grid):
    header = ["质量", "x", "负荷", "县", "时刻"]
    found = read(curve(grid), [["0", "?", "1.5", "7701", "2026-03-01 00:15"]], header)
    assert found.rows["load_kw"].to_list() == [1500]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("县", "", "missing_value"),
        ("县", "77O1", "bad_id"),
        ("县", "７７０１", "bad_id"),
        ("县", "7709", "bad_code"),
        ("时刻", "", "missing_value"),
        ("时刻", "2026-02-30 00:15", "bad_date"),
        ("时刻", "20260301", "bad_date"),
        ("负荷", "1.5O", "bad_number"),
        ("负荷", "1e3", "bad_number"),
        ("负荷", "１", "bad_number"),
        ("负荷", "1,500", "bad_number"),
        ("负荷", ".5", "bad_number"),
        ("负荷", "nan", "bad_number"),
        ("负荷", "0.0005", "bad_number"),  # half a kW, and no rounding was declared
        ("负荷", "1000.1", "out_of_range"),
        ("负荷", "-99999999999999999", "out_of_range"),
        ("质量", "", "missing_value"),
        ("质量", "2", "bad_code"),
    ],
)
def test_a_faulty_cell_is_named_with_its_reason(grid, column, cell, reason):
    record = list(SOUND)
    record[HEADER.index(column)] = cell
    found = read(curve(grid), [SOUND, record])
    assert reasons(found) == [(1, column, reason)]
    assert found.faults["cell"].to_list() == [cell]
    assert found.rows["record"].to_list() == [0]


def test_all_faulty_cells_of_a_record_are_named_in_the_order_of_the_file(grid):
    found = read(curve(grid), [["7709", "x", "y", "z"]])
    assert reasons(found) == [
        (0, "县", "bad_code"),
        (0, "时刻", "bad_date"),
        (0, "负荷", "bad_number"),
        (0, "质量", "bad_code"),
    ]
    assert found.rows.empty


def test_blanks_around_a_cell_do_not_count(grid):
    found = read(curve(grid), [["\t7701 ", "\u30002026-03-01 00:15", "\xa01.5\r", " 0 "]])
    assert found.rows["load_kw"].to_list() == [1500]


@pytest.mark.parametrize(
    ("meaning", "rows", "faults"),
    [
        ("error", 1, [(1, "负荷", "missing_value")]),
        ("null", 2, []),
        ("no_row", 1, []),
    ],
)
def test_an_empty_cell_means_what_the_mapping_says(grid, meaning, rows, faults):
    source = curve(grid, lambda held: rules(held)["load_kw"].update(empty=meaning))
    found = read(source, [SOUND, ["7702", "2026-03-01 00:15", " ", "0"]])
    assert (len(found.rows), reasons(found)) == (rows, faults)
    assert found.rows["load_kw"].isna().sum() == (meaning == "null")


def test_a_fault_beside_an_empty_cell_without_a_row_is_still_a_fault(grid):
    source = curve(grid, lambda held: rules(held)["load_kw"].update(empty="no_row"))
    found = read(source, [["7701", "2026-13-01 00:15", "", "0"]])
    assert reasons(found) == [(0, "时刻", "bad_date")]


@pytest.mark.parametrize(
    ("text", "expected"), [("0.0004", 0), ("0.0005", 0), ("0.0015", 2), ("0.0016", 2)]
)
def test_declared_rounding_goes_to_the_nearest_and_halves_to_the_even(grid, text, expected):
    # 0.5 kW lies between 0 and 1, 1.5 kW between 1 and 2.
    source = curve(grid, lambda held: rules(held)["load_kw"].update(round="nearest"))
    record = [*SOUND[:2], text, "0"]
    assert read(source, [record]).rows["load_kw"].to_list() == [expected]


def test_noise_of_the_conversion_is_no_fraction(grid):
    # 1.001 * 1000 is 1000.9999999999999 in binary.
    record = [*SOUND[:2], "1.001", "0"]
    assert read(curve(grid), [record]).rows["load_kw"].to_list() == [1001]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1'234", 1234),
        ("1'234'567.0", 1234567),
        ("-1'234", -1234),
        ("1234", 1234),
        ("12'34", None),
        ("'123", None),
        ("1'2345", None),
        ("1'234.5'6", None),
    ],
)
def test_thousands_separators_go_only_between_groups_of_three(grid, text, expected):
    def change(held):
        rules(held)["load_kw"] = {"from": "负荷", "unit": "kW", "thousands": "'"}

    found = read(curve(grid, change), [[*SOUND[:2], text, "0"]])
    if expected is None:
        assert reasons(found) == [(0, "负荷", "bad_number")]
    else:
        assert found.rows["load_kw"].to_list() == [expected]


def test_limits_are_those_of_the_printed_number_and_included(grid):
    def change(held):
        rules(held)["load_kw"].update(minimum=2, maximum=3)

    texts = ["1.999", "2", "3", "3.001"]
    found = read(curve(grid, change), [[*SOUND[:2], text, "0"] for text in texts])
    assert [record for record, _, _ in reasons(found)] == [0, 3]
    assert set(found.faults["reason_code"]) == {"out_of_range"}


def test_a_number_that_is_too_large_after_conversion_is_out_of_range(grid):
    # 2 ** 53 = 9,007,199,254,740,992: above it not every whole kW is a float64.
    source = curve(grid, lambda held: rules(held)["load_kw"].pop("maximum"))
    texts = ["9007199254740", "9007199254741"]
    found = read(source, [[*SOUND[:2], text, "0"] for text in texts])
    assert reasons(found) == [(1, "负荷", "out_of_range")]
    assert found.rows["load_kw"].to_list() == [9_007_199_254_740_000]


def test_dropped_records_are_no_data_even_if_they_are_faulty(grid):
    source = curve(grid, lambda held: held["sources"]["curve"].update(drop={"县": ["合计", "99"]}))
    found = read(source, [[" 合计 ", "", "x", ""], SOUND, ["99", "", "", ""]])
    assert found.kept.tolist() == [1]
    assert (len(found.rows), len(found.faults)) == (1, 0)
    assert found.rows["record"].to_list() == [1]


def wide(held):
    source = held["sources"]["curve"]
    source["header"] = {"columns": ["区", "年", "月", "日"]}
    source["unpivot"] = {
        "columns": "P{number:02d}",
        "first": 1,
        "last": 3,
        "cell": "点",
        "part": {"name": "分", "first": 0, "step": 20},
    }
    rules(held).update(
        unit_id={"from": "区", "template": "77{number:02d}"},
        period_start={"time": {"year": "年", "month": "月", "day": "日", "minute": "分"}},
        known_at={"period_hours": 1, "delay_hours": 0.5},
        load_kw={"from": "点", "unit": "kW", "empty": "no_row"},
        quality_code={"value": "measured"},
    )


WIDE = ["区", "年", "月", "日", "P01", "P02", "P03"]


def test_a_range_of_columns_becomes_rows_with_the_part_of_the_key_that_it_stands_for(grid):
    found = read(curve(grid, wide), [["1", "2026", "3", "01", "10", "", "30"]], WIDE)
    rows = found.rows[["unit_id", "period_start", "known_at", "load_kw"]]
    # P01 is minute 0, P03 minute 2 x 20 = 40; P02 is empty: no row.
    assert rows.to_dict("list") == {
        "unit_id": ["7701", "7701"],
        "period_start": [pd.Timestamp("2026-03-01 00:00"), pd.Timestamp("2026-03-01 00:40")],
        "known_at": [pd.Timestamp("2026-03-01 01:30"), pd.Timestamp("2026-03-01 02:10")],
        "load_kw": [10, 30],
    }


def test_a_fault_in_a_range_is_named_by_its_own_column_and_the_whole_record_waits(grid):
    records = [["1", "2026", "3", "1", "10", "x", "1.5"], ["2", "2026", "3", "1", "1", "2", "3"]]
    found = read(curve(grid, wide), records, WIDE)
    assert reasons(found) == [(0, "P02", "bad_number"), (0, "P03", "bad_number")]
    assert found.rows["record"].to_list() == [1, 1, 1]


@pytest.mark.parametrize(
    ("year", "month", "day", "column"),
    [
        ("26a", "3", "1", "年"),
        ("20261", "3", "1", "年"),
        ("2026", "13", "1", "月"),
        ("2026", "0", "1", "月"),
        ("2026", "2", "29", "日"),
        ("2026", "4", "31", "日"),
        ("2026", "1", "32", "日"),
        ("0", "2", "29", "年"),
        ("2026", "x", "31", "月"),
    ],
)
def test_a_moment_that_cannot_be_composed_blames_one_part(grid, year, month, day, column):
    found = read(curve(grid, wide), [["1", year, month, day, "1", "2", "3"]], WIDE)
    assert reasons(found) == [(0, column, "bad_date")]


def test_composed_days_agree_with_the_calendar_of_pandas(grid):
    days = pd.date_range("1995-12-01", "2004-03-01", freq="D")
    records = [["1", str(d.year), str(d.month), str(d.day), "1", "", ""] for d in days]
    found = read(curve(grid, wide), records, WIDE)
    assert found.rows["period_start"].to_list() == days.to_list()


def test_a_template_over_a_number_needs_digits(grid):
    found = read(curve(grid, wide), [["1a", "2026", "3", "1", "1", "2", "3"]], WIDE)
    assert reasons(found) == [(0, "区", "bad_id")]


def test_degrees_go_through_scale_and_offset(tmp_path):
    source = load("gefcom2012").sources[1]
    header = ["station_id", "year", "month", "day", *(f"h{hour}" for hour in range(1, 25))]
    record = ["11", "2008", "2", "29", "32", "-40", "99.5", *[""] * 21]
    found = read(source, [record], header)
    # 32 °F is 0 °C, -40 is -40 in both, 99.5 °F is 37.5 °C.
    assert found.rows["temperature_degc"].to_list() == pytest.approx([0, -40, 37.5])
    assert found.rows["weather_station_id"].unique().tolist() == ["S11"]
    assert units.conversion("degF", "degC")[0] == pytest.approx(5 / 9)


def test_the_column_blamed_for_a_repeated_key_feeds_its_first_part(grid):
    assert key_column(curve(grid)) == "县"
    assert key_column(curve(grid, lambda h: rules(h).update(unit_id={"value": "7701"}))) == "时刻"
    change = lambda held: (wide(held), rules(held).update(unit_id={"value": "7701"}))  # noqa: E731
    assert key_column(curve(grid, change)) == "日"
