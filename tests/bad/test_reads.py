"""Reads that nobody declared: refused with both names, lest a page outlive what it was made of."""

import pytest

from marketing_models.cis import Store
from marketing_models.cis.store import tables_behind
from marketing_models.errors import InsufficientDataError, SchemaError, UndeclaredReadError

SAID = "is read, declared is brief; add it to READS, or do not read it"


@pytest.fixture
def of_brief(store):
    return Store.open(store.folder, reads=("brief",))


def test_a_declared_study_and_its_units_are_read(store, of_brief):
    assert of_brief.reads == ("brief",)
    assert of_brief.hierarchy().root == "99"
    for unit in store.hierarchy():
        read, free = (s.read_study("brief", unit_id=unit) for s in (of_brief, store))
        assert read.findings == free.findings
        assert all(read.tables[name].equals(rows) for name, rows in free.tables.items())


def test_another_study_is_refused_by_its_name(of_brief):
    with pytest.raises(UndeclaredReadError, match=f"'demand' {SAID}") as caught:
        of_brief.read_study("demand")
    assert (caught.value.name, caught.value.declared) == ("demand", ("brief",))


@pytest.mark.parametrize(
    ("table", "read"),
    [
        ("unit_load", lambda s: s.read("unit_load")),
        ("unit_load", lambda s: s.arrow("unit_load", "990101")),
        ("unit_load", lambda s: s.query("SELECT count(*) FROM unit_load")),
        ("unit_load", lambda s: s.last_complete_day()),
        ("result_demand_energy", lambda s: s.read("result_demand_energy", unit_id="99")),
    ],
    ids=["read", "arrow", "query", "last day", "result"],
)
def test_a_table_is_refused_however_it_is_read(of_brief, table, read):
    with pytest.raises(UndeclaredReadError, match=f"'{table}' {SAID}"):
        read(of_brief)


def test_a_declared_table_is_read_and_studies_are_not(store):
    of_table = Store.open(store.folder, reads=["supply_point"])
    assert len(of_table.read("supply_point", unit_id="9901"))
    with pytest.raises(UndeclaredReadError, match="'brief' is read, declared is supply_point"):
        of_table.read_study("brief")


def test_nothing_declared_is_nothing_read_and_no_declaration_is_everything(store):
    with pytest.raises(UndeclaredReadError, match="'brief' is read, declared is nothing"):
        Store.open(store.folder, reads=()).read_study("brief")
    assert Store.open(store.folder).reads is None


def test_a_name_that_is_no_study_and_no_table_is_refused_at_once(store):
    with pytest.raises(SchemaError, match=r"no such table; the dictionary has"):
        Store.open(store.folder, reads=("demnd",))


def test_the_tables_behind_a_study_are_those_it_is_read_from():
    assert tables_behind(("brief", "unit_load")) == {
        *("result_brief_kpi", "result_brief_item", "study_run", "study_finding"),
        *("org_unit", "unit_load"),
    }


def test_a_study_that_was_never_built_names_the_command_that_builds_it(of_brief):
    with pytest.raises(InsufficientDataError, match=r"run: python -m pipelines\.build"):
        of_brief.read_study("brief", issue="2020-01-01")
