"""Runs that must be refused before the first page: message, exit code, nothing written."""

import pytest

from marketing_models.cis import Store
from pipelines import build, reports


def refused(main, capsys, *arguments):
    with pytest.MonkeyPatch.context():
        code = main([str(a) for a in arguments])
    assert code == 5
    return capsys.readouterr().err


@pytest.fixture
def ask(store, tmp_path, capsys):
    def run(*arguments):
        told = refused(
            reports.main, capsys, *arguments, "--store", store.folder, "--site", tmp_path / "site"
        )
        assert not (tmp_path / "site").exists()
        return told

    return run


def test_an_unknown_parameter_is_refused_with_its_neighbour(ask):
    told = ask("weekly", "--parameter", "isue=2026-08")
    assert "00_decision_brief.ipynb has no parameter 'isue'; did you mean 'issue'?" in told


def test_an_unknown_run_names_those_there_are(ask):
    assert "no run 'yearly' in reports.yml; there are daily, monthly, weekly" in ask("yearly")


def test_an_unknown_unit_names_its_neighbours(ask):
    assert "no unit '990199'" in ask("weekly", "--unit", "990199")


def test_an_issue_that_is_no_time_is_refused(ask):
    assert "issue '2026-13' is no day" in ask("weekly", "--issue", "2026-13")


def test_an_issue_after_the_data_says_how_far_they_reach(ask):
    told = ask("weekly", "--issue", "2026-12")
    assert "complete days up to 2026-08-02" in told
    assert "ingest what is missing" in told


def test_an_issue_without_a_study_names_the_command_that_makes_it(ask):
    assert "run: python -m pipelines.build" in ask("weekly", "--issue", "2026-07-01")


def test_a_period_before_the_data_is_refused_by_the_build(store, capsys):
    version = Store.open(store.folder).version
    told = refused(build.main, capsys, "--store", store.folder, "--issue", "2020-01-01")
    assert "needed" in told
    assert Store.open(store.folder).version == version


def test_a_store_without_load_is_refused_by_the_build(tmp_path, capsys):
    Store.init(tmp_path / "empty", unit_id="99")
    told = refused(build.main, capsys, "--store", tmp_path / "empty")
    assert "needed hourly load" in told
    assert "ingest or synthesize first" in told
