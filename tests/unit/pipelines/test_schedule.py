"""The files that start the reports by the clock: they parse, and name what there is."""

import ast
import configparser
import importlib.util
import re
import shlex
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines import request

SCHEDULE = Path(request.__file__).with_name("schedule")
FOLDER = "/opt/marketing_models"
# Authority: the times that docs/reports.md and the crontab promise, Beijing time.
CLOCK = {"daily": "05:30", "monthly": "06:30"}


def asked(command):
    """Parse a command line as the reports would; it must name a module and a run that exist."""
    words = shlex.split(command)
    assert words[0].removeprefix(f"{FOLDER}/") == ".venv/bin/python"
    assert words[1] == "-m"
    assert importlib.util.find_spec(words[2]).origin == str(
        Path(request.__file__).with_name("reports.py")
    )
    given = request.parser().parse_args(words[3:])
    assert request.load_run(given.run)["pages"]
    assert given.build
    return given


def unit(name):
    parsed = configparser.ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str
    parsed.read_string((SCHEDULE / name).read_text(encoding="utf-8"))
    return parsed


def jobs():
    lines = (SCHEDULE / "crontab").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    return kept[0], [line.split(maxsplit=5) for line in kept[1:]]


def test_the_crontab_starts_each_run_at_its_time_in_beijing():
    zone, entries = jobs()
    assert zone == "CRON_TZ=Asia/Shanghai"
    found = {}
    for minute, hour, day, month, weekday, command in entries:
        assert (month, weekday) == ("*", "*")
        assert "%" not in command  # cron ends the line there
        place, _, line = command.partition(" && ")
        assert place == f"cd {FOLDER}"
        run = asked(line).run
        assert day == {"daily": "*", "monthly": "2"}[run]
        found[run] = f"{hour:0>2}:{minute:0>2}"
    assert found == CLOCK


@pytest.mark.parametrize("run", sorted(CLOCK))
def test_each_timer_starts_the_service_of_its_run(run):
    timer = unit(f"reports-{run}.timer")
    assert set(timer.sections()) == {"Unit", "Timer", "Install"}
    assert timer["Timer"]["Unit"] == f"reports@{run}.service"
    assert timer["Timer"]["Persistent"] == "yes"
    day = {"daily": "*-*-*", "monthly": "*-*-02"}[run]
    assert timer["Timer"]["OnCalendar"] == f"{day} {CLOCK[run]} Asia/Shanghai"
    assert timer["Install"]["WantedBy"] == "timers.target"
    service = unit("reports@.service")["Service"]
    assert asked(service["ExecStart"].replace("%i", run)).run == run


def test_the_service_knows_which_exit_codes_have_published_a_site():
    service = unit("reports@.service")
    assert set(service.sections()) == {"Unit", "Service"}
    held = service["Service"]
    # Authority: the table of exit codes in docs/reports.md.
    assert held["SuccessExitStatus"].split() == ["3", "6"]
    assert (held["Type"], held["WorkingDirectory"]) == ("oneshot", FOLDER)
    # The store and the site are written; all else is read only.
    assert held["ReadWritePaths"].split() == [f"{FOLDER}/data", f"{FOLDER}/site"]
    assert held["ProtectSystem"] == "strict"


def test_the_recipe_for_airflow_runs_the_commands_of_the_crontab():
    text = (SCHEDULE / "airflow_dag.py").read_text(encoding="utf-8")
    tree = ast.parse(text)
    held = {
        line.targets[0].id: ast.literal_eval(line.value)
        for line in tree.body
        if isinstance(line, ast.Assign)
    }
    entries = {asked(e[5].partition(" && ")[2]).run: " ".join(e[:5]) for e in jobs()[1]}
    assert held == {"FOLDER": FOLDER, "RUNS": entries}
    (bash,) = [
        ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "bash_command"
    ]
    for name in entries:
        line = eval(bash, {"name": name})  # noqa: S307 - our own file
        command, _, judged = line.partition(" || ")
        assert command == jobs_line(name)
        for code, told in {3: 99, 6: 99, 5: 5, 143: 143}.items():
            ended = subprocess.run(["bash", "-c", f"(exit {code}) || {judged}"], check=False)
            assert ended.returncode == told
    assert "skip_on_exit_code=99" in text
    assert 'tz="Asia/Shanghai"' in text


def jobs_line(run):
    return next(e[5].partition(" && ")[2] for e in jobs()[1] if f" {run} " in e[5])


systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    # The program must exist for systemd: the checkout stands where the units are tried.
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    for path in SCHEDULE.glob("reports*"):
        text = path.read_text(encoding="utf-8").replace(FOLDER, str(tmp_path))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    for run in CLOCK:
        (tmp_path / f"reports@{run}.service").symlink_to(tmp_path / "reports@.service")
    names = [tmp_path / f"reports-{run}.timer" for run in CLOCK]
    services = [tmp_path / f"reports@{run}.service" for run in CLOCK]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *names, *services],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


@systemd
@pytest.mark.parametrize("run", sorted(CLOCK))
def test_systemd_starts_each_run_at_its_time_in_beijing(run):
    when = unit(f"reports-{run}.timer")["Timer"]["OnCalendar"]
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--base-time=2026-08-14 12:00:00 UTC", when],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    # The day after the base for one run, the second of the next month for the other.
    found = re.search(
        r"\(in UTC\): \w+ ([\d-]+ [\d:]+) UTC|Next elapse: \w+ ([\d-]+ [\d:]+) UTC", done.stdout
    )
    moment = datetime.fromisoformat(f"{found[1] or found[2]}+00:00")
    there = moment.astimezone(ZoneInfo("Asia/Shanghai"))
    day = {"daily": "2026-08-15", "monthly": "2026-09-02"}[run]
    assert f"{there:%Y-%m-%d %H:%M}" == f"{day} {CLOCK[run]}"
