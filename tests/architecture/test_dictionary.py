"""The dictionary keeps its promises: one name, one unit; keys, roll-up and labels together."""

import re

import pandas as pd
import pytest

from marketing_models import schemas, units

ROLLUP = re.compile(r"^(|sum|draws|max|none|weighted:[a-z_]+)$")


def test_the_end_of_a_name_and_its_unit_agree_in_every_row():
    rows = schemas.dictionary()
    promised = rows["column"].map(units.unit_of)
    told = rows[promised.notna()]
    wrong = told[told["unit"] != promised[promised.notna()]]
    assert wrong.empty, wrong[["table", "column", "unit"]].to_string()


def test_one_name_has_one_unit_type_and_label_in_all_tables():
    rows = schemas.dictionary().groupby("column")[["unit", "type", "label_zh", "label_en"]]
    several = rows.nunique().max(axis=1)
    assert several[several > 1].empty


def test_every_row_has_both_labels_and_a_meaning_that_is_a_sentence():
    rows = schemas.dictionary()
    assert (rows[["label_zh", "label_en", "meaning"]] != "").all(axis=None)
    assert rows["label_zh"].str.contains(r"[\u4e00-\u9fff]").all()
    assert not rows["label_en"].str.contains(r"[\u4e00-\u9fff]").any()


@pytest.mark.parametrize("table", schemas.tables())
def test_every_table_has_a_key_of_required_columns_and_a_known_roll_up(table):
    rows = schemas.columns(table)
    keys = list(schemas.keys(table))
    assert keys
    assert (rows.loc[keys, "required"] == "yes").all()
    assert rows["rollup"].map(lambda rule: bool(ROLLUP.match(rule))).all()
    assert rows.index.is_unique


def test_what_is_added_up_is_an_integer_or_a_decimal():
    rows = schemas.dictionary()
    added = rows[rows["rollup"] == "sum"]
    assert set(added["type"]) <= {"int32", "int64", "decimal(18,2)"}


def test_every_number_of_a_result_declares_its_roll_up():
    rows = schemas.dictionary()
    numbers = rows[
        rows["table"].str.startswith("result_")
        & rows["type"].isin(["int64", "float64", "decimal(18,2)"])
        & ~rows["key"].str.contains("pk")
    ]
    assert (numbers["rollup"] != "").all(), numbers[numbers["rollup"] == ""].to_string()


def test_foreign_keys_name_tables_that_exist():
    told = schemas.dictionary()["key"].str.extract(r"fk:(\w+)")[0].dropna()
    assert set(told) <= set(schemas.tables())


def test_conform_reports_all_problems_at_once():
    frame = pd.DataFrame({"unit_id": ["a", "a"], "load_kw": ["x", "1"], "stray": 1})
    with pytest.raises(schemas.SchemaError, match="stray") as caught:
        schemas.conform("unit_load", frame)
    told = "\n".join(caught.value.problems)
    assert "load_kw does not read as int64" in told
    assert "period_start is missing" in told
