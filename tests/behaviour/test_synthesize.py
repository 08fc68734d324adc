"""A synthetic store is one content, whoever and however many made it; its truth lies apart.

Authority: laws. Digests of rows must not depend on processes, a county alone must equal itself in
the province, and what no study may read must change no study.
"""

import shutil

import pytest

from marketing_models.cis import Store, truth
from marketing_models.cli import main
from marketing_models.errors import StoreError
from marketing_models.study import Study
from pipelines.build import build
from pipelines.issues import resolve

SIZE = ["--cities", "2", "--counties", "3", "--supply-points", "150", "--months", "26"]


def made(folder, *words):
    assert main(["synthesize", "--store", str(folder), "--seed", "7", *SIZE, *words]) == 0
    return folder


def digests(capsys, folder, *words):
    capsys.readouterr()
    assert main(["digest", "--store", str(folder), *words]) == 0
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    return made(tmp_path_factory.mktemp("synthesized") / "province", "--workers", "1")


def test_processes_change_no_digest(province, tmp_path, capsys):
    again = made(tmp_path / "again", "--workers", "2")
    told = digests(capsys, province)
    assert told == digests(capsys, again)
    counts = {line.split()[0]: int(line.split()[1]) for line in told.splitlines()}
    assert counts["supply_point"] >= 150
    assert counts["bill"] > 1000


def test_a_county_made_alone_has_the_digests_of_that_county(province, tmp_path, capsys):
    units = digests(capsys, province, "--units").split()
    assert units[0] == "99"
    assert len(units) == 1 + 2 + 3
    county = units[-1]
    alone = made(tmp_path / "alone", "--unit-id", county)
    assert Store.open(alone).unit_id == county
    told = digests(capsys, province, "--unit-id", county)
    assert told == digests(capsys, alone, "--unit-id", county)
    assert told != digests(capsys, province, "--unit-id", units[-2])


def test_the_truth_is_no_store_and_names_what_it_is(province, tmp_path):
    hidden = truth.folder_of(province)
    assert len(truth.read(province, "payments_late"))
    for place in (hidden, hidden / "payments_late"):
        with pytest.raises(StoreError, match="holds the truth behind a synthetic province"):
            Store.open(place)
        with pytest.raises(StoreError, match="only tests and benchmarks"):
            Store.init(place, unit_id="99")
    with pytest.raises(StoreError, match="no truth 'nothing'"):
        truth.read(province, "nothing")


def test_no_study_changes_when_the_truth_is_deleted(province, tmp_path):
    studies: list[Study] = []
    for name in ("with", "without"):
        folder = tmp_path / name
        shutil.copytree(province, folder)
        shutil.copytree(truth.folder_of(province), truth.folder_of(folder))
        if name == "without":
            shutil.rmtree(truth.folder_of(folder))
        store = Store.open(folder)
        build(store, resolve(store, "latest"), seed=1)
        studies.append(Store.open(folder).digest())
    assert studies[0] == studies[1]


def test_an_unknown_county_and_preset_are_refused(tmp_path, capsys):
    words = ["synthesize", "--store", str(tmp_path / "s"), *SIZE]
    assert main([*words, "--unit-id", "990199"]) == 1
    assert "990199" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*words, "--preset", "sunshine"])
    assert not (tmp_path / "s").exists()
