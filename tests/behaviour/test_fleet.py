"""The fleet as those who run it meet it: resumed, locked, late, refused, killed, on a cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import fleet_kills
import psutil
import pytest
from filelock import FileLock

from marketing_models.cis import Store
from pipelines import build, engine, keys, reports, request
from pipelines.issues import resolve

ROOT = Path(__file__).parents[2]
COUNTY = "990101"


def run(store, site, *more):
    return reports.main(["weekly", "--store", str(store), "--site", str(site), *more])


def issue_of(site):
    return site / "issues" / (site / "latest").read_text(encoding="utf-8").strip()


def states(site):
    manifest = json.loads((issue_of(site) / "manifest.json").read_text(encoding="utf-8"))
    return {(page["unit_id"], page["page"]): page["state"] for page in manifest["pages"]}


@pytest.fixture(scope="module")
def county_site(store, tmp_path_factory):
    site = tmp_path_factory.mktemp("fleet") / "site"
    assert run(store.folder, site, "--unit", COUNTY) == 0
    return site


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """A copy of the notebooks that a test may change."""
    folder = tmp_path / "notebooks"
    shutil.copytree(request.NOTEBOOKS, folder)
    monkeypatch.setattr(request, "NOTEBOOKS", folder)
    return folder


def change(notebook, old, new):
    text = notebook.read_text(encoding="utf-8")
    assert old in text
    notebook.write_text(text.replace(old, new), encoding="utf-8")


def test_an_issue_has_every_file_of_its_pages_and_their_hashes(county_site):
    issue = issue_of(county_site)
    manifest = json.loads((issue / "manifest.json").read_text(encoding="utf-8"))
    for language in ("zh", "en"):
        for page in ("00_decision_brief", "40_demand"):
            for kind in ("html", "pdf", "xlsx", "ipynb"):
                assert f"{language}/{COUNTY}/{page}.{kind}" in manifest["files"]
    written = {p.relative_to(issue).as_posix() for p in issue.rglob("*") if p.is_file()}
    assert written == {*manifest["files"], "manifest.json"}
    assert fleet_kills.digest(issue).items() >= manifest["files"].items()


def test_nothing_to_do_is_seen_before_anything_heavy_is_imported(store, county_site):
    line = ["weekly", "--store", str(store.folder), "--site", str(county_site), "--unit", COUNTY]
    program = (
        "import sys; from pipelines import reports, request; code = reports.main(sys.argv[1:]); "
        "request.read(request.parser().parse_args(['daily'])); "  # yesterday is known as lightly
        "heavy = {'pandas', 'numpy', 'distributed', 'papermill', 'deltalake'} & set(sys.modules); "
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *line],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing to do")


def test_a_changed_page_alone_is_made_again(store, county_site, notebooks, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(county_site, site)
    shutil.copytree(county_site.with_name(".site"), tmp_path / ".site")
    before = fleet_kills.entries(site)
    change(notebooks / "40_demand.ipynb", "## 结论", "## 结 论")
    assert run(store.folder, site, "--unit", COUNTY) == 0
    after = fleet_kills.entries(site)
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_a_second_run_beside_the_first_is_turned_away(store, tmp_path, capsys):
    site = tmp_path / "site"
    (tmp_path / ".site").mkdir()
    with FileLock(tmp_path / ".site" / "lock"):
        assert run(store.folder, site) == 4
    assert "another run holds" in capsys.readouterr().err
    assert not site.exists()


def test_a_page_that_fails_says_so_and_is_tried_again(store, notebooks, tmp_path, capsys):
    site = tmp_path / "site"
    change(notebooks / "40_demand.ipynb", "tables.demand_days", "tables.demand_daze")
    assert run(store.folder, site, "--unit", COUNTY) == 3
    assert "990101 40_demand failed" in capsys.readouterr().err
    for language in ("zh", "en"):
        told = (issue_of(site) / language / COUNTY / "40_demand.html").read_text(encoding="utf-8")
        assert "demand_daze" in told
    assert states(site) == {
        (COUNTY, "00_decision_brief"): "made",
        (COUNTY, "40_demand"): "failed",
    }
    (failed,) = (tmp_path / ".site" / "cache").glob("*.failed")
    assert "demand_daze" in (failed / "incident.ipynb").read_text(encoding="utf-8")
    number = failed.stat().st_ino
    assert run(store.folder, site, "--unit", COUNTY) == 3
    assert failed.stat().st_ino != number


def test_a_page_that_dies_fails_alone_with_its_reason(store, notebooks, tmp_path, capsys):
    change(notebooks / "40_demand.ipynb", "# NBVAL_CHECK_OUTPUT", "import os; os._exit(7)")
    assert run(store.folder, tmp_path / "site", "--unit", COUNTY) == 3
    assert states(tmp_path / "site")[COUNTY, "00_decision_brief"] == "made"
    assert "990101 40_demand failed" in capsys.readouterr().err


def test_at_the_deadline_what_is_ready_is_published_and_the_rest_says_so(
    store, notebooks, tmp_path, capsys
):
    site = tmp_path / "site"
    change(notebooks / "40_demand.ipynb", "# NBVAL_CHECK_OUTPUT", "import time; time.sleep(600)")
    assert run(store.folder, site, "--unit", COUNTY, "--deadline", "0.4") == 6
    assert states(site)[COUNTY, "40_demand"] == "late"
    assert states(site)[COUNTY, "00_decision_brief"] == "made"
    assert "not ready at the deadline" in capsys.readouterr().err
    assert "not ready at the deadline" in (
        issue_of(site) / "en" / COUNTY / "40_demand.html"
    ).read_text(encoding="utf-8")


def test_a_stopped_run_keeps_its_finished_pages(store, tmp_path):
    trial = fleet_kills.Trial(tmp_path / "t", store.folder, units=["99", "9901", COUNTY])
    site = tmp_path / "site"
    process = trial.start(site)
    while not fleet_kills.entries(site) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    told = process.communicate()[1].decode()
    assert process.returncode == 143
    assert "finished pages are kept" in told
    assert not site.exists()
    assert fleet_kills.entries(site)
    assert fleet_kills.gone(trial) == []


def test_a_broken_study_leaves_a_page_that_says_so(world, tmp_path, monkeypatch, capsys):
    held = Store.init(tmp_path / "store", unit_id="99")
    held.write(world)

    def breaks(*_, **__):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(build.demand, "study", breaks)
    broken = build.build(held, resolve(held, "latest"), seed=1)
    assert broken == ("demand", "brief")
    site = tmp_path / "site"
    assert run(held.folder, site, "--unit", "99") == 3
    assert set(states(site).values()) == {"no_data"}
    told = (issue_of(site) / "en" / "99" / "40_demand.html").read_text(encoding="utf-8")
    assert "planted" in told
    assert "No usable data" in told


def test_a_broken_study_does_not_replace_a_good_one(store, tmp_path, monkeypatch):
    folder = tmp_path / "store"
    shutil.copytree(store.folder, folder)
    monkeypatch.setattr(build.brief, "study", lambda _: 1 / 0)
    held = Store.open(folder)
    assert build.build(held, resolve(held, "latest"), seed=1) == ("brief",)
    assert len(Store.open(folder).read_study("brief").table("result_brief_kpi"))


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_threads_and_zone_change_no_byte(store, tmp_path, zone):
    trials = {}
    for threads in (1, 4):
        folder = tmp_path / str(threads)
        trial = fleet_kills.Trial(folder / "t", store.folder, threads=threads, units=["99", COUNTY])
        os.environ["TZ"], before = zone, os.environ.get("TZ")
        try:
            trial.run(folder / "site")
        finally:
            os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        trials[threads] = fleet_kills.digest(folder / "site")
    assert len(trials[1]) > 40
    differing = {name for name in trials[1] if trials[1][name] != trials[4].get(name)}
    # The notebooks of the two trials log to different files, so their keys and copies differ.
    assert {n for n in differing if not n.endswith((".ipynb", "manifest.json"))} == set()


@pytest.mark.slow
def test_kills_of_runner_and_worker_lose_nothing_and_leave_nothing(store):
    line = ["--store", str(store.folder), "--unit", "99", "--unit", "9901", "--unit", COUNTY]
    assert fleet_kills.main([*line, "--kills", "5", "--worker-kills", "1"]) == 0


@pytest.mark.slow
def test_a_worker_with_another_package_is_refused(store, tmp_path, monkeypatch, capsys):
    trial = fleet_kills.Trial(tmp_path / "t", store.folder)
    with fleet_kills.cluster(trial, count=1) as (address, _):
        other = {**keys.environment(), "code": "0" * 64}
        monkeypatch.setattr(keys, "environment", lambda: other)
        assert run(store.folder, tmp_path / "site", "--cluster", address) == 5
    told = capsys.readouterr().err
    assert "differs in code" in told
    assert "the same checkout" in told


@pytest.mark.slow
def test_a_cluster_behind_tls_makes_the_same_site(store, county_site, tmp_path, monkeypatch):
    # As docs/reports.md has it: files named in the environment, the command unchanged.
    certificate, key = tmp_path / "node.pem", tmp_path / "node.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=node", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION", "True")
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TLS__CA_FILE", str(certificate))
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT", str(certificate))
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY", str(key))
    trial = fleet_kills.Trial(tmp_path / "t", store.folder, units=[COUNTY])
    shutil.copytree(request.NOTEBOOKS, trial.notebooks, dirs_exist_ok=True)
    with fleet_kills.cluster(trial, count=1, protocol="tls") as (address, _):
        assert address.startswith("tls://")
        trial.run(tmp_path / "site", "--cluster", address)
        plain = trial.start(tmp_path / "other", "--cluster", address.replace("tls", "tcp"))
        assert "no scheduler answers" in plain.communicate()[1].decode()
        assert plain.returncode == 5
    assert fleet_kills.digest(tmp_path / "site") == fleet_kills.digest(county_site)


def test_a_cluster_that_does_not_answer_is_refused(store, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_S", 1)
    code = run(store.folder, tmp_path / "site", "--cluster", "tcp://127.0.0.1:9")
    assert code == 5
    assert "no scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_the_engine_listens_on_loopback_alone(store):
    # A Dask worker runs any code that it is sent.
    def listening():
        held = psutil.Process().net_connections("tcp")
        return {(c.laddr.ip, c.laddr.port) for c in held if c.status == psutil.CONN_LISTEN}

    before = listening()
    with engine.client(None, 1, store.folder):
        assert {ip for ip, _ in listening() - before} <= {"127.0.0.1"}


def test_a_worker_that_disagrees_before_or_after_is_refused(store, tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(store.folder / "version.json", folder)
    expected = engine.agreement(folder)
    assert engine.checked(expected, folder, max, 1, 2) == 2
    with pytest.raises(engine.EngineError, match="this worker has another"):
        engine.checked({**expected, "lock": "other"}, folder, max, 1, 2)
    with pytest.raises(engine.EngineError, match="written while the page was made"):
        engine.checked(expected, folder, (folder / "version.json").write_text, "{}")
