"""Notebooks are pages: order of cells, no logic, no outputs but those that are checked."""

import re
from pathlib import Path

import nbformat
import pytest

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
