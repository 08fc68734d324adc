"""Modules stay small and files are where the tree says."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_module_has_more_than_400_lines():
    code = [*ROOT.glob("marketing_models/**/*.py"), *ROOT.glob("pipelines/*.py")]
    long = [str(p) for p in code if len(p.read_text(encoding="utf-8").splitlines()) > 400]
    assert not long


def test_no_module_is_a_bucket():
    names = {p.stem for p in ROOT.glob("marketing_models/**/*.py")}
    assert not names & {"utils", "helpers", "common", "misc", "core", "base"}


def test_the_package_imports_without_learner_solver_or_plotting_library():
    import subprocess
    import sys

    heavy = ["sklearn", "altair", "vl_convert", "deltalake", "duckdb", "papermill", "pandas"]
    code = f"import sys, marketing_models; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
