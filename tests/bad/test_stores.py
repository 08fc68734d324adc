"""Stores that are not what they should be: one clear message, and nothing changes."""

import json
import shutil

import pandas as pd
import pytest

from marketing_models.cis import Store
from marketing_models.errors import SchemaError, StoreError, UnknownUnitError


@pytest.fixture
def small(world, tmp_path):
    made = Store.init(tmp_path / "small", unit_id="99")
    made.write({"org_unit": world["org_unit"]})
    return made


def changed(store, **entries):
    path = store.folder / "version.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**held, **entries}), encoding="utf-8")


def test_no_store_names_the_commands_that_make_one(tmp_path):
    with pytest.raises(StoreError, match=r"no store at .*nowhere; make one with: marketing-models"):
        Store.open(tmp_path / "nowhere")


def test_a_path_under_a_regular_file_is_named_on_open_and_on_init(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="lies under or is a regular file; name a folder"):
        Store.open(tmp_path / "file" / "store")
    with pytest.raises(StoreError, match="lies under or is a regular file; name a folder"):
        Store.init(tmp_path / "file" / "store", unit_id="99")


def test_a_relative_path_is_refused(tmp_path):
    with pytest.raises(StoreError, match="is a relative path; give a bare name or a full path"):
        Store.open("data/demo")


def test_a_store_of_a_newer_schema_is_not_touched(small):
    changed(small, schema_version=99)
    with pytest.raises(StoreError, match="written by schema 99, this package knows 1; upgrade"):
        Store.open(small.folder)


def test_a_half_written_store_says_so_and_starts_afresh(small):
    (small.folder / "version.json").unlink()
    with pytest.raises(StoreError, match="half-written: it has tables but no version"):
        Store.open(small.folder)
    assert Store.init(small.folder, unit_id="99").read("org_unit").empty


def test_a_table_missing_from_the_store_is_named_with_its_version(small):
    shutil.rmtree(small.folder / "tables" / "org_unit")
    with pytest.raises(StoreError, match=r"names version 1 of table org_unit.*restore the folder"):
        Store.open(small.folder).hierarchy()


def test_a_broken_version_file_points_to_its_copy(small):
    (small.folder / "version.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="does not read as a version vector"):
        Store.open(small.folder)


def test_a_version_that_never_was_is_refused(small):
    with pytest.raises(StoreError, match="has no version 7"):
        Store.open(small.folder, version=7)


def test_a_batch_with_one_bad_table_writes_none_of_its_tables(small, world):
    before = (small.folder / "version.json").read_bytes()
    bad = world["unit_load"].head(5).drop(columns="load_kw").assign(load_kw="x")
    with pytest.raises(SchemaError, match="load_kw does not read as int64"):
        small.write({"weather_observed": world["weather_observed"].head(5), "unit_load": bad})
    assert (small.folder / "version.json").read_bytes() == before
    assert Store.open(small.folder).read("weather_observed").empty


def test_a_key_that_stands_twice_is_refused_with_its_row(small, world):
    twice = pd.concat([world["unit_load"].head(2), world["unit_load"].head(1)])
    with pytest.raises(SchemaError, match=r"key stands twice \(1 rows\), first again in row 2"):
        small.write({"unit_load": twice})


def test_an_unknown_unit_names_its_neighbours(small):
    with pytest.raises(UnknownUnitError, match=r"no unit '990109'.*did you mean 9901"):
        small.read("org_unit", unit_id="990109")
