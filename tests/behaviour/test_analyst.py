"""An analyst takes a page on from where the site leaves it: opens it, changes it, compares it."""

import json
import shutil
from pathlib import Path

import fleet_kills
import lab_browser
import pytest
from browser import Read, leads_somewhere

from marketing_models.cis import Store
from pipelines import analyst, build, keys, reports, request, shelf
from pipelines.issues import resolve

pytestmark = pytest.mark.slow

PAGE = "zh/990101/40_demand"


@pytest.fixture(scope="module")
def site(store, tmp_path_factory):
    made = tmp_path_factory.mktemp("analyst") / "site"
    publish(store.folder, made)
    return made


@pytest.fixture(scope="module", autouse=True)
def work(tmp_path_factory):
    """A folder of its own for all that an analyst makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf, "WORK", tmp_path_factory.mktemp("work") / "work")
        yield shelf.WORK


def publish(store, site, *more):
    units = ["--unit", "99", "--unit", "990101"]
    assert reports.main(["weekly", "--store", str(store), "--site", str(site), *units, *more]) == 0


def run(store, site, *words):
    return analyst.main(["--store", str(store.folder), "--site", str(site), *words])


def page_of(folder):
    return json.loads((folder / "page.json").read_text(encoding="utf-8"))


def pages(told):
    """Return the pages that a command names; there is one in each language."""
    found = [Path(line) for line in told.splitlines() if line.endswith(".html")]
    assert {path.relative_to(shelf.WORK).parts[2] for path in found} == {"zh", "en"}
    return found


def dead(path):
    page = Read(path.as_uri())
    assert any("://" in link for link in page.links)
    home = f"{shelf.WORK.as_uri()}/"
    return [
        link
        for link in page.links
        if not leads_somewhere(link.partition("#")[0], home)
        or ("#" in link and link.partition("#")[2] not in page.places)
    ]


@pytest.fixture
def made(store, site, capsys):
    """A scenario of the county's page that is about the province."""
    assert run(store, site, "scenario", PAGE, "unit_id=99") == 0
    return capsys.readouterr().out


def test_a_scenario_is_the_page_that_its_parameters_ask_for(site, made):
    # Authority: the page of the province in the site, which the fleet made.
    key = made.splitlines()[-1].removeprefix("key ")
    folder = shelf.WORK / "scenarios" / key
    assert len(key) == 12
    ours, theirs = page_of(folder), page_of(shelf.find(site, "zh/99/40_demand"))
    assert ours == theirs
    assert keys.parameters(folder / "page.ipynb")["unit_id"] == "99"
    for language in ("zh", "en"):
        files = {path.name for path in (folder / language / "99").iterdir()}
        assert files == {f"40_demand.{kind}" for kind in ("html", "pdf", "xlsx", "ipynb")}


def test_a_scenario_says_what_was_changed_and_has_no_dead_link(made):
    for path in pages(made):
        assert dead(path) == []
        text = path.read_text(encoding="utf-8")
        assert "情景：unit_id=99" in text or "scenario: unit_id=99" in text


def test_the_same_scenario_is_made_once_and_another_has_another_key(store, site, made, capsys):
    folder = pages(made)[0].parents[2]
    number = folder.stat().st_ino
    assert run(store, site, "scenario", PAGE, "unit_id=99") == 0
    assert capsys.readouterr().out == made
    assert folder.stat().st_ino == number
    assert run(store, site, "scenario", folder.name, "unit_id=990101") == 0
    assert capsys.readouterr().out.splitlines()[-1] != f"key {folder.name}"


def test_an_analyst_changes_nothing_of_a_site(store, site, made, capsys):
    before = fleet_kills.digest(site), fleet_kills.digest(site.with_name(".site"))
    shutil.rmtree(shelf.WORK / "scenarios")
    assert run(store, site, "scenario", PAGE, "unit_id=99") == 0
    assert run(store, site, "compare", PAGE, "zh/99/40_demand") == 0
    assert run(store, site, "scenario", PAGE, "unit=99") == 5
    assert "has no parameter 'unit'; did you mean 'unit_id'?" in capsys.readouterr().err
    assert run(store, site, "scenario", PAGE, "unit_id=98") == 5
    assert "no unit '98'" in capsys.readouterr().err
    assert before == (fleet_kills.digest(site), fleet_kills.digest(site.with_name(".site")))


def test_two_units_lie_side_by_side_with_the_charts_of_both(store, site, capsys):
    assert run(store, site, "compare", PAGE, "zh/99/40_demand") == 0
    summaries = [page_of(shelf.find(site, name)) for name in (PAGE, "zh/99/40_demand")]
    values = [held["tiles"][0]["value"] for held in summaries]
    names = [store.hierarchy().name(unit) for unit in ("990101", "99")]
    for path in pages(capsys.readouterr().out):
        language = path.parent.name
        text = path.read_text(encoding="utf-8")
        assert dead(path) == []
        assert text.count("<figure>") == 2 * 2
        heading = text.partition("<h1>")[2].partition("</h1>")[0]
        assert summaries[0]["tiles"][0]["label"][language] in heading
        assert all(name[language] in heading for name in names)
        assert ("MWh;" in heading) == (language == "en")
        assert all(held["headline"][language] in text for held in summaries)
        # Hand-worked: the difference is first minus second; the county is the smaller.
        unit = 1e4 if language == "zh" else 1e3
        places = summaries[1]["tiles"][0]["scale"]["decimals"][language]
        assert values[0] < values[1]
        assert f"-{abs(values[0] - values[1]) / unit:,.{places}f}"[:-2] in heading
        for kind in ("pdf", "xlsx"):
            assert path.with_suffix(f".{kind}").stat().st_size > 1000


def test_a_page_and_its_scenario_are_called_by_what_differs(store, site, made, capsys):
    key = made.splitlines()[-1].removeprefix("key ")
    assert run(store, site, "compare", "en/99/40_demand", key) == 0
    for path in pages(capsys.readouterr().out):
        # Nothing differs but how they were asked for, so their keys tell them apart.
        text = path.read_text(encoding="utf-8")
        assert key in text
        assert shelf.find(site, "en/99/40_demand").name[:12] in text
        assert dead(path) == []


def test_two_issues_of_a_page_are_called_by_their_days(store, site, tmp_path, capsys):
    shutil.copytree(store.folder, tmp_path / "store")
    held = Store.open(tmp_path / "store")
    build.build(held, resolve(held, "2026-08-01"), seed=1)
    both = tmp_path / "site"
    publish(held.folder, both)
    publish(held.folder, both, "--issue", "2026-08-01")
    capsys.readouterr()
    assert run(held, both, "compare", PAGE, f"2026-08-01/{PAGE}") == 0
    for path in pages(capsys.readouterr().out):
        text = path.read_text(encoding="utf-8")
        heading = text.partition("<h1>")[2].partition("</h1>")[0]
        assert heading.index("2026-08-02") < heading.index("2026-08-01")
        assert "2026-08-02 · 2026-08-01" in text
        assert dead(path) == []


def test_the_notebook_of_a_page_opens_with_its_parameters_and_without_outputs(site):
    copied = analyst.lab(site, PAGE)
    assert copied.parent == shelf.WORK
    assert keys.parameters(copied) == keys.parameters(shelf.find(site, PAGE) / "page.ipynb")
    held = json.loads(copied.read_text(encoding="utf-8"))
    assert held["metadata"]["kernelspec"]["name"] == "mm-fork"
    assert [c for c in held["cells"] if c.get("outputs") or c.get("execution_count")] == []
    copied.write_text("my work", encoding="utf-8")
    assert analyst.lab(site, PAGE).read_text(encoding="utf-8") == "my work"
    copied.unlink()


def test_a_scenario_that_fails_is_a_page_that_says_so(store, site, tmp_path, monkeypatch, capsys):
    shutil.copytree(request.NOTEBOOKS, tmp_path / "notebooks")
    monkeypatch.setattr(request, "NOTEBOOKS", tmp_path / "notebooks")
    notebook = tmp_path / "notebooks" / "40_demand.ipynb"
    sound = notebook.read_text(encoding="utf-8")
    broken = sound.replace("tables.demand_days", "tables.demand_daze")
    notebook.write_text(broken, encoding="utf-8")
    assert run(store, site, "scenario", PAGE, "unit_id=99") == 3
    shown = capsys.readouterr()
    assert "the scenario is failed: AttributeError" in shown.err
    for path in pages(shown.out):
        assert "demand_daze" in path.read_text(encoding="utf-8")
    key = shown.out.splitlines()[-1].removeprefix("key ")
    assert run(store, site, "compare", PAGE, key) == 5
    assert "is failed: AttributeError" in capsys.readouterr().err


def test_jupyterlab_runs_the_notebook_in_a_warm_kernel_and_leaves_nothing(store, site):
    told, left = lab_browser.trial(["--store", str(store.folder), "--site", str(site), "lab", PAGE])
    key = shelf.find(site, PAGE).name[:12]
    (lab_browser.ROOT / "work" / f"990101_40_demand_{key}.ipynb").unlink()
    assert left == []
    assert told["kernel"] == "mm-fork"
    assert (told["errors"], told["cells_run"]) == (0, told["cells"])
    assert min(told["headlines"], told["tiles"], told["charts"], told["tables"]) > 0
    assert (told["interrupted"], told["kept"]) == ("KeyboardInterrupt", "False")
    assert max(told["run_s"], told["interrupt_s"], told["restart_s"]) < 30
