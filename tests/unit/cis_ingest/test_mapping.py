"""Mapping files: what is declared is checked before a cell is read. Authority: the schema."""

import pandas as pd
import pytest

from marketing_models.cis import mapping
from marketing_models.cis.mapping import load, packaged
from marketing_models.errors import IngestError


def curve(held):
    return held["sources"]["curve"]


def rules(held):
    return curve(held)["columns"]


def test_a_mapping_carries_what_a_store_and_a_batch_need(grid):
    held = load(grid())
    assert (held.label, held.calendar, held.unit_id, held.delivery) == (
        "grid@2",
        "cn",
        "77",
        "delta",
    )


def test_literal_rows_are_one_for_each_number_and_conform_to_the_dictionary(grid):
    units = load(grid()).rows["org_unit"]
    assert units["unit_id"].to_list() == ["77", "7701", "7702"]
    assert units["unit_name"].to_list() == ["七市", "第1县", "第2县"]
    assert units["parent_unit_id"].isna().to_list() == [True, False, False]
    assert set(units["valid_from"]) == {pd.Timestamp("2020-01-01")}


def test_every_packaged_mapping_loads_and_the_names_are_those_of_the_files():
    assert "gefcom2012@1" in [held.label for held in packaged()]
    for path in mapping.FOLDER.glob("*.yaml"):
        assert load(path.stem).label.startswith(path.stem + "@")


def test_units_and_stations_of_gefcom2012_are_those_declared():
    rows = load("gefcom2012").rows
    units = rows["org_unit"].set_index("unit_id")
    assert units["level"].value_counts().to_dict() == {"province": 1, "city": 4, "county": 20}
    # Zones five by five: 1-5 below G1, 16-20 below G4.
    parents = units.loc[[f"Z{zone:02d}" for zone in range(1, 21)], "parent_unit_id"]
    assert parents.to_list() == [f"G{1 + (zone - 1) // 5}" for zone in range(1, 21)]
    assert (units.at["Z07", "unit_name"], units.at["Z07", "unit_name_en"]) == (
        "第7供电区",
        "Zone 7",
    )
    weights = rows["unit_weather_station"].groupby("unit_id")["weight_frac"]
    assert set(weights.size()) == {11}
    assert weights.sum().sub(1).abs().max() < 1e-12


def test_a_header_is_known_in_any_order_but_not_with_a_column_that_forbids_it():
    load_history, temperature = load("gefcom2012").sources
    header = ("zone_id", "year", "month", "day", *(f"h{hour}" for hour in range(1, 25)))
    assert load_history.knows(header[::-1])
    assert load_history.knows((*header, "remark"))
    assert not load_history.knows(("id", *header))
    assert not load_history.resembles(("id", *header[:-1]))
    assert load_history.resembles(header[:-1])
    assert load_history.lacking(header[:-1]) == ["h24"]
    assert not temperature.knows(header)
    # One name of four and no hours: another file altogether.
    assert not load_history.resembles(("year", "holiday"))


def wrong(change):
    return pytest.param(change, id=change.__name__)


def an_unknown_key_at_the_top(held):
    held["calender"] = "cn"
    return r"top level: .*'calender' was unexpected.*known keys: name, version, .*calendar"


def an_unknown_key_in_a_rule(held):
    rules(held)["load_kw"]["units"] = "MW"
    return r"at sources\.curve\.columns\.load_kw: .*'units' was unexpected.*known keys: .*unit"


def a_missing_key(held):
    del held["calendar"]
    return r"at top level: 'calendar' is a required property"


def an_unknown_calendar(held):
    held["calendar"] = "uk"
    return r"at calendar: 'uk' is not one of \['cn', 'us', 'tw'\]"


def a_rule_of_two_kinds(held):
    rules(held)["level"]["from"] = "县"
    return r"columns\.level: give one of value, from, time, period_hours with delay_hours"


def a_delay_without_a_period(held):
    rules(held)["known_at"] = {"delay_hours": 8}
    return r"columns\.known_at: give one of value, from, time, period_hours with delay_hours"


def a_date_without_quotes(held):
    held["rows"]["org_unit"][0]["row"]["valid_from"] = pd.Timestamp("2020-01-01").date()
    return r"rows\.org_unit\.0\.row\.valid_from: .*write codes and dates in quotes"


def a_code_without_quotes(held):
    rules(held)["quality_code"]["codes"] = {1: "measured"}
    return r"quality_code\.codes: 1 is not of type 'string'; write codes and dates in quotes"


def a_pattern_that_is_none(held):
    rules(held)["unit_id"]["pattern"] = "[0-9"
    return r"columns\.unit_id\.pattern: '\[0-9' is not a 'regex'"


def an_unknown_table(held):
    curve(held)["table"] = "unit_loads"
    return r"sources\.curve: no table 'unit_loads' in the dictionary"


def an_unknown_column(held):
    rules(held)["load_mw"] = {"value": 1}
    return r"table unit_load has no column 'load_mw'; see schemas/dictionary\.csv"


def a_required_column_without_a_rule(held):
    del rules(held)["quality_code"]
    return r"column quality_code of unit_load is required; give a rule for it"


def a_cell_that_no_file_has(held):
    rules(held)["load_kw"]["from"] = "功率"
    return r"columns\.load_kw: '功率' is neither in the header nor made by unpivot"


def a_dropped_column_that_no_file_has(held):
    curve(held)["drop"] = {"zone": ["21"]}
    return r"drop names 'zone', which is not in the header"


def an_unknown_unit_of_measure(held):
    rules(held)["load_kw"]["unit"] = "hp"
    return r"load_kw: unit of the source: no conversion from 'hp' to 'kW'; known sources: .*'MW'"


def no_unit_of_measure(held):
    del rules(held)["load_kw"]["unit"]
    return r"load_kw: unit of the source: no conversion from 'none' to 'kW'"


def a_moment_without_its_format(held):
    del rules(held)["period_start"]["format"]
    return r"period_start: give the format in which the source writes it"


def an_option_of_another_kind(held):
    rules(held)["load_kw"]["codes"] = {"1": "2"}
    return r"load_kw: 'codes' does not apply; for this column .*'unit'"


def an_option_beside_a_constant(held):
    rules(held)["level"]["pattern"] = "x"
    return r"level: 'pattern' does not apply"


def a_number_where_a_code_belongs(held):
    rules(held)["level"] = {"value": 3}
    return r"level: constant 3 is no text; write codes and dates \(ISO\) in quotes"


def a_truth_where_a_code_belongs(held):
    rules(held)["level"] = {"value": True}
    return r"level: constant True is no text"


def a_code_where_a_number_belongs(held):
    rules(held)["load_kw"] = {"value": "10"}
    return r"load_kw: constant '10' is no number"


def a_day_that_the_calendar_does_not_have(held):
    rules(held)["period_start"] = {"value": "2008-02-30"}
    return r"period_start: constant '2008-02-30' is no moment"


def a_composed_moment_for_a_number(held):
    rules(held)["load_kw"] = {"time": {"year": "县", "month": "县", "day": "县"}}
    return r"load_kw: load_kw is no date or moment; give value or from"


def a_template_without_its_field(held):
    rules(held)["unit_id"]["template"] = "77{zone}"
    return r"unit_id: template '77\{zone\}' must be made of \{number\} or \{text\}"


def a_template_that_reaches_into_an_object(held):
    rules(held)["unit_id"]["template"] = "{number.real}"
    return r"template '\{number\.real\}' must be made of"


def a_known_at_without_a_period_start(held):
    del rules(held)["period_start"]
    return r"known_at: period_hours counts from period_start, which has no rule"


def a_literal_row_that_breaks_the_dictionary(held):
    del held["rows"]["org_unit"][1]["row"]["level"]
    return r"rows\.org_unit: column level is empty in row 1; it is required"


def a_literal_row_twice(held):
    held["rows"]["org_unit"].append(held["rows"]["org_unit"][0])
    return r"rows\.org_unit: key stands twice \(1 rows\), first again in row 3: unit_id=77"


def a_literal_template_without_its_number(held):
    held["rows"]["org_unit"][1]["row"]["unit_name"] = "第{zone}县"
    return r"rows\.org_unit: a template or number does not read: KeyError\('zone'\)"


@pytest.mark.parametrize(
    "change",
    [
        wrong(value)
        for name, value in sorted(globals().items())
        if name.startswith(("a_", "an_", "no_")) and callable(value)
    ],
)
def test_a_mapping_that_breaks_a_rule_is_refused_with_place_and_remedy(grid, change):
    expected = {}
    path = grid(lambda held: expected.update(message=change(held)))
    with pytest.raises(IngestError, match=expected["message"]) as caught:
        load(path)
    assert all(problem.startswith(f"mapping {path}, ") for problem in caught.value.problems)


def test_constants_of_the_right_kind_are_taken(grid):
    def change(held):
        rules(held)["load_kw"] = {"value": 10}
        rules(held)["period_start"] = {"value": "2008-02-29 12:00"}

    assert load(grid(change)).sources[0].rules["load_kw"] == {"value": 10}


def test_all_problems_of_a_mapping_come_at_once(grid):
    def change(held):
        an_unknown_unit_of_measure(held)
        a_required_column_without_a_rule(held)
        a_literal_row_twice(held)

    with pytest.raises(IngestError, match="hp") as caught:
        load(grid(change))
    assert len(caught.value.problems) == 3


def test_a_name_that_is_no_mapping_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(IngestError, match=r"no mapping 'gefcom'; name one of gefcom2012"):
        load("gefcom")
    with pytest.raises(IngestError, match=r"no mapping '.*absent\.yaml'; name one of"):
        load(tmp_path / "absent.yaml")


def test_text_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("name: [a\n")
    with pytest.raises(IngestError, match=r"broken\.yaml does not read as YAML: .*line 2"):
        load(path)
    path.write_text("just words")
    with pytest.raises(IngestError, match=r"at top level: 'just words' is not of type 'object'"):
        load(path)
