"""What an analyst's command refuses: one message that names the way out, exit code 5."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketing_models.errors import PageError
from pipelines import analyst, request, shelf

ROOT = Path(__file__).parents[2]
PAGES = [
    ("99", "40_demand", "made"),
    ("99", "00_decision_brief", "made"),
    ("7", "40_demand", "failed"),
]
KEYS = ["ab01" + "0" * 60, "ab02" + "0" * 60, "cd03" + "0" * 60]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site of three pages, one of which could not be made, as the fleet leaves it."""
    monkeypatch.setattr(shelf, "WORK", tmp_path / "work")
    made = tmp_path / "site"
    issue = made / "issues" / "2026-08-02"
    issue.mkdir(parents=True)
    (made / "latest").write_text("2026-08-02\n")
    pages = []
    for (unit, page, state), key in zip(PAGES, KEYS, strict=True):
        pages.append({"unit_id": unit, "page": page, "key": key, "state": state})
        name = key if state == "made" else f"{key}.failed"
        entry = tmp_path / ".site" / "cache" / name
        entry.mkdir(parents=True)
        held = {**pages[-1], "issue": "2026-08-02", "reason": {"zh": "坏", "en": "broken study"}}
        (entry / "page.json").write_text(json.dumps(held))
        cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}}
        cell["source"] = "unit_id = '99'\nissue = '2026-08-02'\nstore = '/absent/store'"
        (entry / "page.ipynb").write_text(json.dumps({"cells": [cell]}))
    (issue / "manifest.json").write_text(json.dumps({"pages": pages}))
    return made


@pytest.fixture
def told(site, capsys):
    def run(*words, site=site):
        line = ["--store", "/absent/store", "--site", str(site), *words]
        assert analyst.main(line) == 5
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "Traceback" not in shown.err
        assert not shelf.WORK.exists()
        return shown.err

    return run


@pytest.mark.parametrize(
    "name",
    [
        "zh/98/40_demand",
        "zh/99/41_demand",
        "fr/99/40_demand",
        "ee",
        "",
        "*",
        "zh/../../etc",
        "AB01",
    ],
)
def test_a_page_that_is_not_there_is_told_with_the_names_there_may_be(told, name):
    message = told("compare", name, name)
    assert f"are called {name!r}; name one as zh/990101/40_demand" in message
    assert message.count("\n") == 1


def test_a_key_that_two_pages_begin_with_is_refused(told):
    assert "2 pages of" in told("compare", "ab0", "ab0")


def test_a_key_is_looked_for_among_scenarios_too(site, tmp_path):
    (tmp_path / "work" / "scenarios" / "ab0155555555").mkdir(parents=True)
    assert shelf.find(site, "ab015").name == "ab0155555555"
    assert shelf.find(site, "ab010").name == KEYS[0]
    assert shelf.find(site, "zh/99/40_demand.html").name == KEYS[0]
    assert shelf.find(site, "2026-08-02/en/99/40_demand").name == KEYS[0]


def test_a_failed_page_has_no_key_but_its_notebook_opens(told, site):
    assert "no pages of" in told("compare", "cd03", "cd03")
    assert analyst.lab(site, "zh/7/40_demand").is_file()


def test_without_a_site_the_command_that_makes_one_is_named(told, tmp_path):
    message = told("lab", "zh/99/40_demand", site=tmp_path / "nowhere")
    assert message == f"no site in {tmp_path / 'nowhere'}; make it with: make reports\n"


def test_an_issue_that_was_not_published_is_refused(told):
    assert "no issue '2026-08-01' in" in told(
        "compare", "zh/99/40_demand", "2026-08-01/zh/99/40_demand"
    )


@pytest.mark.parametrize("pair", ["unit_id", "=990102", ""])
def test_a_pair_without_name_or_value_is_refused(told, pair):
    message = told("scenario", "zh/99/40_demand", "issue=2026-08-02", pair)
    assert message == f"{pair!r} changes no parameter; write NAME=VALUE\n"


def test_a_value_takes_the_kind_that_the_parameter_has():
    # Authority: the rule itself. A text stays: 0101 is no number, 2026-08-02 no date.
    known = {"unit_id": "99", "reserve_frac": 0.05, "levels": ["city"], "is_open": False}
    pairs = ["unit_id=0101", "reserve_frac=1e-3", 'levels=["county"]', "is_open=true", "new=1"]
    assert request.parameters(pairs, known) == {
        "unit_id": "0101",
        "reserve_frac": 0.001,
        "levels": ["county"],
        "is_open": True,
        "new": "1",
    }
    assert request.parameters(["unit_id=a=b"], known) == {"unit_id": "a=b"}
    with pytest.raises(PageError) as refused:
        request.parameters(["reserve_frac=[", "unit_id"], known)
    assert str(refused.value) == (
        "'reserve_frac=[' has no value such as 0.05; write it as JSON\n"
        "'unit_id' changes no parameter; write NAME=VALUE"
    )


def test_a_store_that_is_not_there_is_refused(told):
    assert "no store at /absent/store" in told("scenario", "zh/99/40_demand", "unit_id=98")


def test_pages_of_two_kinds_are_not_compared(told):
    message = told("compare", "zh/99/40_demand", "zh/99/00_decision_brief")
    assert "40_demand and 00_decision_brief are different pages" in message


def test_a_page_that_could_not_be_made_is_not_compared(told):
    message = told("compare", "zh/99/40_demand", "zh/7/40_demand")
    assert "7 40_demand of 2026-08-02 is failed: broken study; choose another" in message


HOSTILE = [
    "a b  c",
    "'; touch {pwned}; '",
    '"; touch {pwned}; "',
    "$(touch {pwned})",
    "$(shell touch {pwned})",
    "`touch {pwned}`",
    "$$HOME ${HOME} $HOME",
    "澜川省 % # \\ | & > < * ? ~ !",
    "x PAGE=y unit_id=z",
]


def made(folder, *words, program=None, environment=()):
    """Run make as an analyst does; ``program`` stands in for the Python of the checkout."""
    line = ["make", "--no-print-directory", *words, "PYTHON=true"]
    line += [f"PY={program}"] if program else [f"PY={sys.executable}"]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, check=False, env=env | dict(environment)
    )


@pytest.fixture
def echo(tmp_path):
    """A program that prints its arguments, so that what make passes on can be read."""
    script = tmp_path / "echo.py"
    script.write_text("import json, sys; print(json.dumps(sys.argv[1:]))")
    return f"{sys.executable} {script}"


@pytest.mark.parametrize("value", HOSTILE)
def test_make_passes_every_value_on_letter_by_letter_and_runs_none(tmp_path, echo, value):
    pwned = tmp_path / "pwned"
    value = value.format(pwned=pwned) if "{pwned}" in value else value
    program = ["-m", "pipelines.analyst", "--store", "demo"]
    for words, passed in (
        (["scenario", f"PAGE={value}", f"x={value}"], ["scenario", "--", value, f"x={value}"]),
        (["compare", f"A={value}", f"B={value}"], ["compare", "--", value, value]),
        (["lab", f"PAGE={value}"], ["lab", "--", value]),
    ):
        done = made(tmp_path, *words, program=echo)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == [*program, *passed]
    assert not pwned.exists()


def test_make_takes_parameters_from_its_command_line_alone(tmp_path, echo):
    words = ["scenario", "PAGE=p", "b=2", "a=1", "STORE=it's"]
    done = made(tmp_path, *words, program=echo, environment={"reserve_frac": "1", "x": "2"})
    assert json.loads(done.stdout)[3:] == ["it's", "scenario", "--", "p", "a=1", "b=2"]


def test_make_lab_alone_opens_all_notebooks(tmp_path, echo):
    assert json.loads(made(tmp_path, "lab", program=echo).stdout)[-1] == "lab"
    assert analyst.lab(tmp_path, None) == ROOT / "notebooks"


def test_make_fails_with_the_message_of_the_command(tmp_path):
    store = tmp_path / "nowhere"
    done = made(tmp_path, "scenario", "PAGE=zh/99/40_demand", "x=1", f"STORE={store}")
    assert done.returncode != 0
    assert f"no site in {ROOT / 'site' / 'nowhere'}; make it with: make reports" in done.stderr
