"""Units of which nothing, or not everything, may or can be said: their pages say so.

Authority: the rule of small cells; every number of a hidden county searched for in every file; all
totals of the issue solved as a linear system.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from fleet_kills import digest
from planted_worlds import (
    of_members,
    with_a_business_of,
    with_a_single_business,
    with_households,
)

from marketing_models import schemas, synthetic
from marketing_models.cis import Store
from marketing_models.reporting import formats
from marketing_models.studies import demand
from pipelines import reports
from pipelines.build import build
from pipelines.issues import resolve

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LONE, BESIDE, NINE, GIANT, NEXT = "990101", "990102", "990201", "990202", "990203"
HIDDEN = (LONE, BESIDE, NINE, GIANT, NEXT)
TEN, SHOWN, SILENT = "990301", "990302", "990303"
UNITS = ("99", "9901", "9903", LONE, NINE, SILENT)
PAGES = ("00_decision_brief", "40_demand")
EARLIER = "2026-07-26"
WITHHELD = {"zh": "样本过少，数据不予公开", "en": "Too few members to publish"}
UNKNOWN = {
    "zh": "本单位本期无可用数据（没有负荷数据）",
    "en": "No usable data for this unit and period",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A lone customer, nine households, a giant, ten households, and a county without load."""
    scale = synthetic.Scale(city_count=3, county_count=8, supply_point_count=400, month_count=20)
    world = of_members(synthetic.province(scale, seed=5))
    load = world["unit_load"]
    world = {**world, "unit_load": load[load["unit_id"] != SILENT]}
    world = with_a_single_business(world, LONE)
    world = with_households(world, NINE, 9)
    world = with_a_business_of(world, GIANT, 0.91)
    world = with_households(world, TEN, 10)
    store = Store.init(tmp_path_factory.mktemp("planted") / "store", unit_id="99")
    store.write(world)
    assert build(store, resolve(store, "latest"), seed=1) == ()
    return Store.open(store.folder)


def run(store, site, units):
    chosen = [part for unit in units for part in ("--unit", unit)]
    return reports.main(["weekly", "--store", str(store.folder), "--site", str(site), *chosen])


@pytest.fixture(scope="module")
def issue(planted, tmp_path_factory):
    """The issue, made after an earlier one so that a city has a comparison."""
    site = tmp_path_factory.mktemp("odd") / "site"
    assert run(planted, site, ["9901"]) == 0
    made = site / "issues" / "2026-08-02"
    shutil.copytree(made, site / "issues" / EARLIER)
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    written = json.dumps({**manifest, "issue": EARLIER})
    (site / "issues" / EARLIER / "manifest.json").write_text(written, encoding="utf-8")
    assert run(planted, site, UNITS) == 3
    assert (made / "zh" / "9901" / "compare.html").is_file()
    return made


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def summary(issue, unit, page):
    return read(issue / "data" / unit / f"{page}.json")


class Rows(HTMLParser):
    """Rows of the tables of a page: attributes, and all cells with their attributes and text."""

    def __init__(self, path):
        super().__init__()
        self.rows, self.spoken, self.text, self._cell = [], [], "", None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.spoken.append(held.get("aria-label") or "")
        if tag == "tr":
            self.rows.append((held, []))
        if tag in {"td", "th"}:
            self._cell = [held, ""]
            self.rows[-1][1].append(self._cell)

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._cell = None

    def handle_data(self, data):
        self.text += data
        if self._cell is not None:
            self._cell[1] += data


# States


def test_states_stand_in_the_manifest_the_summaries_and_the_log(issue, planted):
    states = {(p["unit_id"], p["page"]): p["state"] for p in read(issue / "manifest.json")["pages"]}
    odd = dict.fromkeys((LONE, NINE), "suppressed") | {SILENT: "no_data"}
    assert states == {(unit, page): odd.get(unit, "made") for unit in UNITS for page in PAGES}
    brief = read(issue / "summaries.json")
    assert {key: brief[key[0]][key[1]]["state"] for key in states} == states
    found = {f.unit_id: f.code for f in planted.read_study("demand").findings}
    assert {u: c.partition(".")[2] for u, c in found.items() if c.startswith("privacy.")} == {
        # The giant is so large that with nine households it is still 85 %: the next must go, too.
        LONE: "few_members", BESIDE: "complement",
        NINE: "few_members", GIANT: "few_members", NEXT: "complement",
    }  # fmt: skip
    assert found[SILENT] == "demand.history.absent"


@pytest.mark.parametrize("unit", [LONE, NINE, SILENT])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_an_odd_unit_says_why_in_every_format(issue, unit, language):
    why = (UNKNOWN if unit == SILENT else WITHHELD)[language]
    for page in PAGES:
        path = issue / language / unit / f"{page}.html"
        shown = Rows(path)
        assert why in " ".join(shown.text.split())
        assert shown.rows == []
        assert "<figure" not in path.read_text(encoding="utf-8")
        assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
        texts, numbers = cells(path.with_suffix(".xlsx"))
        assert any(why in text for text in texts)
        assert numbers == []
        held = summary(issue, unit, page)
        assert why in held["reason"][language]
        assert (held["tiles"], held["tables"], held["findings"]) == ([], [], [])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_index_lists_odd_units_with_their_reason(issue, language):
    name = {"zh": "index.html", "en": "index.en.html"}[language]
    html = (issue / name).read_text(encoding="utf-8")
    listed = html.partition('id="states"')[2].partition("</div>")[0]
    for unit, why in ((LONE, WITHHELD), (NINE, WITHHELD), (SILENT, UNKNOWN)):
        before, _, _ = listed.partition(f'href="{language}/{unit}/40_demand.html"')
        assert before != listed, unit
        assert why[language] in before.rpartition("<dt>")[2], unit


def cells(path):
    """Return texts and numbers of all sheets of a workbook."""
    book = zipfile.ZipFile(path)
    strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
    texts = ["".join(one.itertext()) for one in strings]
    numbers = [
        found
        for name in book.namelist()
        if name.startswith("xl/worksheets/sheet")
        for found in re.findall(r"<c r=\"[A-Z]+\d+\"(?: s=\"\d+\")?><v>", book.read(name).decode())
    ]
    return texts, numbers


# Nothing of a hidden unit


def test_no_number_of_a_hidden_county_stands_in_any_file(issue, planted):
    secrets = set()
    for name in ("demand", "brief"):
        for unit in HIDDEN:
            for table, rows in planted.read_study(name, unit_id=unit).tables.items():
                columns = [c for c in schemas.columns(table).index if c in rows]
                numbers = rows[rows["unit_id"] == unit][columns].select_dtypes("number").stack()
                # Shorter ones are in any page by chance.
                secrets |= {
                    formats.exact(formats.plain(n)) for n in numbers.dropna() if abs(n) >= 1e5
                }
    assert len(secrets) > 500
    for path in (p for p in issue.rglob("*") if p.suffix in {".html", ".js", ".json", ".xlsx"}):
        said = path.read_text(encoding="utf-8") if path.suffix != ".xlsx" else unpacked(path)
        assert not secrets & set(re.findall(r"\d+(?:\.\d+)?", said)), path


def unpacked(path):
    book = zipfile.ZipFile(path)
    return " ".join(book.read(name).decode() for name in book.namelist())


def test_rows_of_hidden_units_print_stars_on_every_page_of_their_parents(issue, planted):
    starred = set()
    names = {text: unit for unit in HIDDEN for text in planted.hierarchy().name(unit).values()}
    for path in issue.rglob("*.html"):
        shown = Rows(path)
        for held, row in shown.rows:
            unit = held.get("data-unit-id") or names.get(row[0][1].strip())
            if unit not in HIDDEN:
                continue
            assert not any("data-value" in attributes for attributes, _ in row), path
            printed = {text.strip() for _, text in row[1:]} - {"", "—"}
            assert not any(re.search(r"\d", text) for text in printed), (path, printed)
            if path.stem == "40_demand":
                assert printed == {"*"}
            starred |= {(path.stem, unit)} if "*" in printed else set()
        for spoken in shown.spoken:
            if any(name in spoken for name in names):
                assert not re.search(r"\d", spoken), (path, spoken)
    # A comparison leaves out what neither issue shows.
    assert starred == {("40_demand", LONE), ("40_demand", BESIDE)}


def test_rows_of_hidden_units_hold_no_number_in_workbook_and_summary(issue, planted):
    names = {planted.hierarchy().name(unit)["zh"] for unit in HIDDEN}
    found = 0
    for path in issue.glob("zh/*/*.xlsx"):
        book = zipfile.ZipFile(path)
        strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
        texts = ["".join(one.itertext()) for one in strings]
        for name in (n for n in book.namelist() if n.startswith("xl/worksheets/sheet")):
            for row in re.findall(r"<row .*?</row>", book.read(name).decode(), re.DOTALL):
                said = [texts[int(place)] for place in re.findall(r't="s"><v>(\d+)</v>', row)]
                if names & set(said):
                    found += 1
                    assert "*" in said
                    assert not re.search(r"<c r=\"[A-Z]+\d+\"(?: s=\"\d+\")?><v>", row), path
    assert found >= 2
    for path in issue.glob("data/*/*.json"):
        held = read(path)
        rows = [row for table in held["tables"] for row in table["rows"]]
        hidden = [row for row in rows if row["unit_id"] in HIDDEN]
        assert not any("value" in cell for row in hidden for cell in row["cells"])
        told = [item for item in held["findings"] if item["unit_id"] in HIDDEN]
        assert not any(fact != "*" for item in told for fact in item["facts"].values())


def test_the_search_and_the_summaries_of_hidden_units_hold_no_digit(issue):
    for language in ("zh", "en"):
        text = (issue / language / "search.js").read_text(encoding="utf-8")
        held = json.loads(text.removeprefix("window.siteSearch=").removesuffix(";\n"))
        headlines = {unit: [line for _, line in pages] for unit, _, pages in held["units"]}
        assert set(headlines) == set(UNITS)
        for unit in (LONE, NINE):
            assert not re.search(r"\d", " ".join(headlines[unit]))
    brief = read(issue / "summaries.json")
    for unit in (LONE, NINE):
        assert not re.search(r"\d", json.dumps(list(brief[unit].values()), ensure_ascii=False))


def test_no_sum_of_the_issue_gives_a_hidden_county_by_subtraction(issue, planted):
    known = {}
    for path in issue.glob("data/*/*.json"):
        for table in read(path)["tables"]:
            for row in table["rows"]:
                for column, cell in zip(table["columns"], row["cells"], strict=True):
                    key = json.dumps({**row["key"], **cell["key"]}, sort_keys=True)
                    if "column" in column and "value" in cell:
                        place = (table["table"], key, column["column"])
                        known.setdefault(place, set()).add(row["unit_id"])
    summed = {(t, c) for t in schemas.tables() for c in schemas.summed(t)}
    additive = {frozenset(units) for (t, _, c), units in known.items() if (t, c) in summed}
    assert max(map(len, additive)) >= 6
    hierarchy = planted.hierarchy()
    counties = [c for c in hierarchy.counties("99") if c != SILENT]
    for units in additive:
        told = [[float(c in hierarchy.counties(unit)) for c in counties] for unit in units]
        for unit in HIDDEN:
            own = [float(c == unit) for c in counties]
            assert np.linalg.matrix_rank([*told, own]) > np.linalg.matrix_rank(told)


def test_a_county_without_load_is_a_dash_and_totals_say_that_they_are_without_it(issue, planted):
    found = {(f.code, f.unit_id) for f in planted.read_study("demand").findings}
    assert {("demand.history.absent", SILENT), ("demand.units.left_out", "99")} <= found
    shown = Rows(issue / "en" / "9903" / "40_demand.html")
    rows = [row for held, row in shown.rows if held.get("data-unit-id") == SILENT]
    assert [text.strip() for row in rows for _, text in row[1:]]
    assert {text.strip() for row in rows for _, text in row[1:]} == {"—"}
    assert "totals are without them" in shown.text


# What broke


def test_pages_of_a_broken_study_say_what_broke(world, tmp_path, monkeypatch, capsys):
    def broken(*_, **__):
        raise ZeroDivisionError("<b>no load</b> in \u202e{unit}")

    load = world["unit_load"]
    store = Store.init(tmp_path / "store", unit_id="99")
    known = load[load["unit_id"] == "990101"]
    store.write({"org_unit": world["org_unit"], "unit_load": known})
    monkeypatch.setattr(demand, "study", broken)
    assert build(store, resolve(store, "latest"), seed=1) == ("demand", "brief")
    site = tmp_path / "site"
    assert run(store, site, ["990101"]) == 3
    assert "990101 40_demand no_data: No usable data" in capsys.readouterr().err
    for language, words in (
        ("zh", "本期研究未能算出："),
        ("en", "The study of this issue broke: "),
    ):
        folder = site / "issues" / "2026-08-02" / language / "990101"
        told = f"{words}ZeroDivisionError: <b>no load</b> in {{unit}}"
        assert told in Rows(folder / "40_demand.html").text
        assert any(told in text for text in cells(folder / "40_demand.xlsx")[0])


def test_without_forked_kernels_the_pages_are_the_same_and_one_line_says_why(store, tmp_path):
    told = []
    for switch in ("on", "off"):
        line = ["weekly", "--store", str(store.folder), "--site", str(tmp_path / switch / "site")]
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.reports", *line, "--unit", "990101"],
            cwd=ROOT,
            env={**os.environ, "MARKETING_MODELS_FORK": switch},
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stderr.count("pages run in kernels that are not forked"))
        assert ("MARKETING_MODELS_FORK is off" in done.stderr) == (switch == "off")
    assert told == [0, 1]
    forked, plain = (digest(tmp_path / switch / "site") for switch in ("on", "off"))
    assert len(forked) > 20
    assert forked == plain
