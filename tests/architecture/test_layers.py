"""The house rules of imports hold, and break when they are broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(folder):
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    ran = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
    )
    return ran.returncode, ran.stdout


@pytest.fixture
def house(tmp_path):
    for name in ("marketing_models", "pipelines"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_house_as_it_stands_keeps_its_contracts(house):
    code, said = lint(house)
    assert code == 0, said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("room", "line", "broken"),
    [
        ("demand/history.py", "from marketing_models.cis import Store", "rooms import only"),
        ("weather.py", "from marketing_models import calendars", "rooms import only"),
        ("schemas/__init__.py", "from marketing_models import parameters", "rooms import only"),
        ("studies/brief.py", "from marketing_models.cis import Store", "studies never touch"),
        ("reporting/formats.py", "import papermill", "papermill and the engine"),
        ("studies/brief.py", "import deltalake", "only cis reads"),
        ("cli.py", "import pipelines.build", "papermill and the engine"),
    ],
)
def test_a_planted_import_breaks_its_contract(house, room, line, broken):
    path = house / "marketing_models" / room
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    code, said = lint(house)
    assert code == 1
    assert any(broken in row and "BROKEN" in row for row in said.splitlines()), said


@pytest.mark.slow
def test_a_stray_module_breaks_the_build(house):
    (house / "marketing_models" / "helpers.py").write_text('"""Stray."""\n', encoding="utf-8")
    code, said = lint(house)
    assert code == 1
    assert "helpers" in said
