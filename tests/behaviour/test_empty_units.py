"""A county whose load nobody knows. Authority: its page says so, the others stand without it."""

import json

import pytest

from marketing_models.cis import Store
from pipelines import reports
from pipelines.build import build
from pipelines.issues import resolve

EMPTY = "990201"


@pytest.fixture(scope="module")
def lacking(world, tmp_path_factory):
    """The small province, in which one county has sent no load."""
    load = world["unit_load"]
    held = Store.init(tmp_path_factory.mktemp("lacking") / "store", unit_id="99")
    held.write({**world, "unit_load": load[load["unit_id"] != EMPTY]})
    assert build(held, resolve(held, "latest"), seed=1) == ()
    return Store.open(held.folder)


def test_the_study_has_no_row_of_it_and_says_so(lacking):
    study = lacking.read_study("demand")
    assert EMPTY not in set(study.tables["result_demand_backtest"]["unit_id"])
    found = {(finding.code, finding.unit_id) for finding in study.findings}
    assert {("demand.history.absent", EMPTY), ("demand.units.left_out", "99")} <= found
    assert len(study.table("result_demand_forecast"))


def test_its_pages_say_so_and_the_exit_code_is_three(lacking, tmp_path, capsys):
    site = tmp_path / "site"
    units = ["--unit", EMPTY, "--unit", "9902"]
    assert (
        reports.main(["weekly", "--store", str(lacking.folder), "--site", str(site), *units]) == 3
    )
    assert f"{EMPTY} 40_demand no_data" in capsys.readouterr().err
    (issue,) = (site / "issues").iterdir()
    manifest = json.loads((issue / "manifest.json").read_text(encoding="utf-8"))
    states = {(page["unit_id"], page["page"]): page["state"] for page in manifest["pages"]}
    assert {states[EMPTY, page] for page in ("00_decision_brief", "40_demand")} == {"no_data"}
    assert {states["9902", page] for page in ("00_decision_brief", "40_demand")} == {"made"}
    for language, words in (("zh", "本单位本期无可用数据"), ("en", "No usable data for this unit")):
        told = (issue / language / EMPTY / "40_demand.html").read_text(encoding="utf-8")
        assert words in told
        assert "<table" not in told
