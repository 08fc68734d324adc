"""Notebooks are pages: order of cells, no logic, no outputs but those that are checked."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from marketing_models.cis.store import tables_behind

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LOGIC = re.compile(r"^\s*(def|class|while|try|for|if)\b|\blambda\b", re.MULTILINE)


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_notebook_is_short_and_without_logic(notebook):
    lines = [cell.source.splitlines() for cell in code(notebook)]
    assert sum(map(len, lines)) <= 60
    assert max(map(len, lines)) <= 15
    assert not [cell.source for cell in code(notebook) if LOGIC.search(cell.source)]


def test_the_first_code_cell_holds_the_parameters_as_plain_literals(notebook):
    first = code(notebook)[0]
    assert first.metadata.get("tags") == ["parameters"]
    assert {line.split(" = ")[0] for line in first.source.splitlines()} >= {
        "unit_id",
        "issue",
        "store",
    }
    assert not re.search(r"[(\[{]", first.source)


def calls(notebook, name):
    """All calls of a function or method of that name, with their arguments as text."""
    held = ast.parse("\n".join(cell.source for cell in code(notebook)))
    return [
        node
        for node in ast.walk(held)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name
    ]


def test_the_second_code_cell_alone_declares_what_is_read_as_a_plain_tuple(notebook):
    declaring = [i for i, cell in enumerate(code(notebook)) if re.search(r"\bREADS =", cell.source)]
    assert declaring == [1]
    name, _, held = code(notebook)[1].source.partition(" = ")
    declared = ast.literal_eval(held)
    assert name == "READS"
    assert isinstance(declared, tuple)
    assert tables_behind(declared)
    read = {ast.literal_eval(call.args[0]) for call in calls(notebook, "read_study")}
    assert set(declared) == read


def test_stores_are_opened_for_the_declared_reads_alone(notebook):
    opened = calls(notebook, "open")
    assert [ast.unparse(call) for call in opened] == ["Store.open(store, reads=READS)"]
    imported = [line for c in code(notebook) for line in c.source.splitlines() if "import" in line]
    assert not [line for line in imported if re.search(r"pandas|duckdb|deltalake|pyarrow", line)]


def test_every_study_passes_through_protection(notebook):
    protected = [ast.unparse(call.args[0]) for call in calls(notebook, "protect")]
    assert protected
    assert sorted(protected) == sorted(ast.unparse(c) for c in calls(notebook, "read_study"))
    assert {ast.unparse(c.func) for c in calls(notebook, "protect")} == {"privacy.protect"}


def test_it_begins_with_a_question_and_ends_in_limits_and_sources(notebook):
    assert notebook.cells[0].cell_type == "markdown"
    assert "?" in notebook.cells[0].source or "？" in notebook.cells[0].source
    headings = [
        c.source for c in notebook.cells if c.cell_type == "markdown" and c.source.startswith("## ")
    ]
    assert "Limits and sources" in headings[-1]


def test_only_checked_cells_keep_outputs_and_those_are_text(notebook):
    for cell in code(notebook):
        if "# NBVAL_CHECK_OUTPUT" in cell.source:
            assert cell.outputs
            assert all(
                set(o.get("data", {"text/plain": ""})) == {"text/plain"} for o in cell.outputs
            )
        else:
            assert not cell.outputs
