"""Parameters: every file keeps to the schema, speaks both languages and names its sources."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from marketing_models import parameters
from marketing_models.errors import UnknownParameterError
from marketing_models.units import unit_of

FOLDER = Path(parameters.__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))
SCHEMA = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
ROOT = FOLDER.parents[1]
CODE = [*ROOT.glob("marketing_models/**/*.py"), *ROOT.glob("pipelines/**/*.py")]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def as_json(path):
    """A file with its dates as text, which is what the schema speaks of."""
    held = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: {str(key): value for key, value in one.items()} for name, one in held.items()}


def entries():
    for path in FILES:
        for name, one in as_json(path).items():
            for key, value in one.items():
                if re.match(r"\d{4}-", key):
                    yield f"{path.stem}.{name}", key, value


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_file_keeps_to_the_schema(path):
    jsonschema.Draft202012Validator(SCHEMA).validate(as_json(path))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: one["2000-01-01"].pop("source"), "'source' is a required property"),
        (lambda one: one["2000-01-01"].update(source=""), "too short|non-empty"),
        (lambda one: one["name"].pop("zh"), "'zh' is a required property"),
        (lambda one: one["description"].update(en=""), "too short|non-empty"),
        (lambda one: one.pop("unit"), "'unit' is a required property"),
        (lambda one: one.pop("2000-01-01"), "does not have enough properties"),
        (lambda one: one.update({"2000": {"value": 1, "source": "long enough"}}), "2000"),
        (lambda one: one["2000-01-01"].update(until="2001-01-01"), "until"),
    ],
)
def test_the_schema_refuses_what_readers_would_miss(spoil, said):
    held = copy.deepcopy(as_json(FOLDER / "issue.yaml"))
    spoil(held["delay_hours"])
    with pytest.raises(jsonschema.ValidationError, match=said):
        jsonschema.Draft202012Validator(SCHEMA).validate(held)


@pytest.mark.parametrize("name", parameters.names())
def test_names_and_descriptions_are_in_both_languages(name):
    held = parameters.describe(name)
    for part in ("name", "description"):
        assert CHINESE.search(held[part]["zh"]), part
        assert not CHINESE.search(held[part]["en"]), part


@pytest.mark.parametrize("name", parameters.names())
def test_the_end_of_the_name_promises_the_declared_unit(name):
    assert unit_of(name) in {None, parameters.describe(name)["unit"]}


@pytest.mark.parametrize(("name", "day", "held"), list(entries()))
def test_every_dated_value_has_a_source_and_can_be_read_on_its_day(name, day, held):
    assert held["source"].strip()
    assert parameters.at(name, parameters.pd.Timestamp(day)) == held["value"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda p: p.stem)
def test_every_row_of_a_dated_table_has_a_source(path):
    assert parameters.table(path.stem)["source"].str.strip().ne("").all()


def test_the_code_asks_only_for_parameters_that_exist():
    stems = "|".join(path.stem for path in FILES)
    asked = re.compile(rf'(?:at|entry|describe)\(\s*"((?:{stems})\.[a-z_0-9]+)"')
    found = {name for p in CODE for name in asked.findall(p.read_text(encoding="utf-8"))}
    assert found
    assert found <= set(parameters.names())


def test_a_parameter_nobody_declared_is_refused_with_those_there_are():
    with pytest.raises(UnknownParameterError, match=r"no parameter 'tariff.nonsense'.*tariff\."):
        parameters.at("tariff.nonsense", parameters.pd.Timestamp("2026-01-01"))
