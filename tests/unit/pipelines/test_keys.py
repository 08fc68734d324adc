"""What a page's key must and must not depend on. Authority: the definition, part by part."""

import json

import pytest

from marketing_models.errors import PageError
from pipelines import keys


@pytest.fixture
def notebook(tmp_path):
    return written(tmp_path / "40_demand.ipynb")


def written(path, *, source="x = 1", outputs=(), number=None, tags=("parameters",), ident="a"):
    code = {"cell_type": "code", "outputs": list(outputs), "execution_count": number}
    held = [
        {
            **code,
            "id": ident,
            "metadata": {"tags": list(tags)},
            "source": ['unit_id = "99"\n', "n = 3"],
        },
        {**code, "id": "b", "metadata": {}, "source": 'READS = ("demand", "brief")'},
        {**code, "id": "c", "metadata": {"scrolled": True}, "source": source},
        {"cell_type": "markdown", "id": "d", "metadata": {}, "source": "# t"},
    ]
    path.write_text(json.dumps({"cells": held, "metadata": {}, "nbformat": 4}), encoding="utf-8")
    return path


def key(notebook, **changed):
    given = {"parameters": {"n": 3}, "versions": {"unit_load": 4}, "context": {"unit_id": "99"}}
    return keys.page(notebook, **{**given, **changed})


def test_outputs_identifiers_and_other_metadata_do_not_count(notebook, tmp_path):
    other = written(tmp_path / "run.ipynb", outputs=[{"data": 1}], number=7, ident="z")
    assert key(notebook) == key(other)


@pytest.mark.parametrize(
    "changed",
    [
        {"parameters": {"n": 4}},
        {"parameters": {"n": "3"}},
        {"parameters": {"n": 3, "m": None}},
        {"versions": {"unit_load": 5}},
        {"versions": {"unit_loads": 4}},
        {"context": {"unit_id": "9901"}},
    ],
)
def test_every_input_counts(notebook, changed):
    assert key(notebook) != key(notebook, **changed)


def test_source_and_tags_of_a_cell_count(notebook, tmp_path):
    assert key(notebook) != key(written(tmp_path / "s.ipynb", source="x = 2"))
    assert key(notebook) != key(written(tmp_path / "t.ipynb", tags=()))


def test_package_lock_and_python_count(notebook, monkeypatch):
    first = key(notebook)
    for name in keys.environment():
        other = {**keys.environment(), name: "other"}
        with monkeypatch.context() as patch:
            patch.setattr(keys, "environment", lambda other=other: other)
            assert key(notebook) != first


def test_the_code_is_that_of_templates_parameters_and_dictionary_too(tmp_path, monkeypatch):
    # Law: one changed byte in any file of the package changes the hash, compiled files do not.
    monkeypatch.setattr(keys, "ROOT", tmp_path)
    names = ["marketing_models/a.py", "marketing_models/reporting/style.css", "pipelines/x.yml"]
    for name in [*names, "pipelines/__pycache__/x.pyc"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    seen = {keys.code.__wrapped__()}
    for name in names:
        (tmp_path / name).write_text("2")
        seen.add(keys.code.__wrapped__())
    (tmp_path / "pipelines/__pycache__/x.pyc").write_text("2")
    seen.add(keys.code.__wrapped__())
    assert len(seen) == 1 + len(names)


def test_parameters_and_reads_are_taken_from_their_cells(notebook):
    assert keys.parameters(notebook) == {"unit_id": "99", "n": 3}
    assert keys.reads(notebook) == ("demand", "brief")


def test_a_notebook_that_declares_no_reads_is_refused(tmp_path):
    path = tmp_path / "10_customers.ipynb"
    path.write_text(json.dumps({"cells": []}), encoding="utf-8")
    with pytest.raises(PageError, match=r"10_customers\.ipynb declares no READS"):
        keys.reads(path)


def test_canonical_json_is_one_form():
    # Hand-written: sorted keys, no spaces, characters as they are.
    assert keys.canonical({"b": [1, "省"], "a": None}) == '{"a":null,"b":[1,"省"]}'
