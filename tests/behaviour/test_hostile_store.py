"""A store whose texts are attacks. Authority: every file read by a parser of its own format.

A text is inert if it is only ever read as text: it makes no element, attribute, formula, link, code
or request. Written down here is what pages consist of; whatever else appears came from a text.
"""

import ast
import base64
import hashlib
import json
import re
import shutil
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import nbformat
import numpy as np
import pandas as pd
import pytest
from planted_worlds import without

from marketing_models import schemas
from marketing_models.cis import Store
from pipelines import reports, request
from pipelines.build import build
from pipelines.issues import resolve

pytestmark = pytest.mark.slow

MARKUP = "<script>alert(1)</script></title></style></svg><img src=x onerror=alert(1)>"
QUOTES = "\"onload=\"alert(1) 'onclick='alert(1)"
FORMULA = "=cmd|' /C calc'!A0"
MARKS = "\u202ea\u2028b\u2029c\nd\r\x1b[31m\x00"
SLOTS = "{index} {language} {0} %s {{ 7*7 }} $x$ \\u003c"
TYPST = '#import "x": * #panic()'
LINK = "javascript:alert(1) https://example.org/"
LONG = "绵" * 100_000
NAMES = (f"{MARKUP}{QUOTES}", f"{FORMULA} {MARKS}", LONG, f"{SLOTS} {TYPST} {LINK}")
ATTACK = f"{MARKUP} {QUOTES} {FORMULA} {MARKS} {SLOTS} {TYPST} {LINK}".replace("\x00", "")
CODES = {
    "99": 'a&b"c',
    "9901": "x y\\<b>",
    "990101": "单位1#?%7Cs{0}{index}",
    "990102": "--unit='+alert(1)+'=1+1",
}
UNITS = tuple(CODES.values())[:3]
UNIT_COLUMNS = {"unit_id", "county_id", "parent_unit_id"}
EARLIER = "2026-07-26"


def attacked(table, rows):
    """Append all attacks to every name and identifier, the same everywhere, and change all codes
    of units; codes that models look for stay."""
    columns = schemas.columns(table)
    texts = columns.index[columns["type"] == "string"].intersection(rows.columns)
    named = [name for name in texts if name.endswith(("_name", "_id")) and name not in UNIT_COLUMNS]
    return rows.assign(
        **{name: rows[name] + ATTACK for name in named},
        **{name: rows[name].replace(CODES) for name in texts if name in UNIT_COLUMNS},
    )


@pytest.fixture(scope="module")
def hostile(world, tmp_path_factory):
    """A store of attacks; a station has gaps, so that its name is told, and so has a finding."""
    for unit in ("9902", "990201", "990202"):
        world = without(world, unit)
    tables = {name: attacked(name, rows) for name, rows in world.items()}
    units = tables["org_unit"]
    tables["org_unit"] = units.assign(
        unit_name=np.resize(NAMES, len(units)), unit_name_en=np.resize(NAMES[::-1], len(units))
    )
    observed = tables["weather_observed"]
    is_lost = (observed["weather_station_id"] == observed["weather_station_id"][0]) & (
        observed.index % 3 == 0
    )
    tables["weather_observed"] = observed[~is_lost]
    store = Store.init(tmp_path_factory.mktemp("hostile") / "store", unit_id=CODES["99"])
    store.write(tables)
    build(store, resolve(store, "latest"), seed=1)
    found = store.read("study_finding")
    facts = {"name": LONG, ATTACK: ATTACK, "units": [ATTACK, CODES["9901"]]}
    store.write(
        {
            "study_finding": found[found["unit_id"] == CODES["990101"]].assign(
                finding_code=f"no.words.{ATTACK}", facts_json=json.dumps(facts)
            )
        }
    )
    return Store.open(store.folder)


def run(store, site, *more):
    units = [part for unit in UNITS for part in ("--unit", unit)]
    return reports.main(
        ["weekly", "--store", str(store.folder), "--site", str(site), *units, *more]
    )


@pytest.fixture(scope="module")
def site(hostile, tmp_path_factory):
    """Root, city and county, with an issue before them so that there are comparisons."""
    folder = tmp_path_factory.mktemp("sites") / "site"
    assert run(hostile, folder) == 0
    newest = folder / "issues" / "2026-08-02"
    shutil.copytree(newest, folder / "issues" / EARLIER)
    manifest = json.loads((newest / "manifest.json").read_text(encoding="utf-8"))
    written = json.dumps({**manifest, "issue": EARLIER})
    (folder / "issues" / EARLIER / "manifest.json").write_text(written, encoding="utf-8")
    shutil.rmtree(folder.with_name(".site") / "done")
    assert run(hostile, folder) == 0
    return folder


@pytest.fixture(scope="module")
def files(site):
    """Every file of the site by its kind."""
    found = {}
    for path in sorted(p for p in site.rglob("*") if p.is_file() and EARLIER not in p.parts):
        found.setdefault(path.suffix, []).append(path)
    pages = len(UNITS) * 2 * 2
    assert {kind: len(paths) for kind, paths in found.items()} == {
        "": 1,  # latest
        ".html": 1 + 2 + pages + 2 * 2 * len(UNITS),  # root, index, pages, unit and comparison
        ".js": 2,
        ".pdf": pages,
        ".xlsx": pages,
        ".ipynb": pages,
        ".json": 2 + pages // 2,
    }
    return found


# What pages consist of

TAGS = """
    svg g path rect text tspan line title a body caption dd details div dl dt figcaption figure
    footer h1 h2 h3 head header html input label li main meta nav ol option p script section select
    span strong style summary table tbody td th thead time tr ul
"""
ATTRIBUTES = """
    aria-current aria-hidden aria-label autocomplete charset class colspan content d datetime dy
    fill font-size font-weight for height hidden href hreflang http-equiv id lang name opacity role
    rowspan scope spellcheck src stroke stroke-dasharray stroke-width style tabindex text-anchor
    transform type value viewbox width x y xmlns
"""


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.said, self._open = [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data):
        (self.scripts if self._open == "script" and data.strip() else self.said).append(data)

    def handle_endtag(self, tag):
        self._open = ""

    def handle_comment(self, data):
        raise AssertionError(data)


@pytest.fixture(scope="module")
def pages(files):
    return {path: Page(path.read_text(encoding="utf-8")) for path in files[".html"]}


def test_no_element_and_no_attribute_comes_from_a_text(pages):
    for path, page in pages.items():
        assert {tag for tag, _ in page.elements} <= set(TAGS.split()), path
        names = {name for _, held in page.elements for name in held}
        assert {name for name in names if not name.startswith("data-")} <= set(
            ATTRIBUTES.split()
        ), path
        assert not [held["style"] for _, held in page.elements if "(" in held.get("style", "")]


def test_links_lead_to_places_beside_the_page_and_nowhere_else(pages, site):
    for path, page in pages.items():
        for tag, held in page.elements:
            for link in (held[name] for name in ("href", "src") if name in held):
                parts = urlsplit(link)
                assert tag in {"a", "script"}, path
                assert (parts.scheme, parts.netloc, parts.query) == ("", "", ""), link
                target = (path.parent / unquote(parts.path)).resolve()
                assert target == path.parent.resolve() or target.is_file(), (path, link)
                assert target.is_relative_to(site.resolve())


def test_only_our_own_script_runs_and_a_policy_with_its_hash_forbids_any_other(pages):
    own = {
        (Path(reports.__file__).parents[1] / "marketing_models/reporting/templates" / name)
        .read_text(encoding="utf-8")
        .strip()
        for name in ("page.js", "index.js")
    }
    for path, page in pages.items():
        assert {text.strip() for text in page.scripts} <= own, path
        sources = {held["src"] for tag, held in page.elements if tag == "script" and "src" in held}
        assert {Path(source).name for source in sources} <= {"search.js"}
        metas = [held for tag, held in page.elements if held.get("http-equiv") and tag == "meta"]
        assert {held["http-equiv"] for held in metas} <= {"Content-Security-Policy", "refresh"}
        (policy,) = [h["content"] for h in metas if h["http-equiv"] == "Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert (rules["default-src"], rules["base-uri"]) == ("'none'", "'none'")
        hashes = [base64.b64encode(hashlib.sha256(t.encode()).digest()) for t in page.scripts]
        wanted = {f"'sha256-{digest.decode()}'" for digest in hashes}
        allowed = set(rules.get("script-src", "").split())
        assert wanted <= allowed <= wanted | {"'self'"} or not page.scripts, path


def test_names_are_said_as_they_are_without_what_turns_or_breaks_a_line(pages, site):
    for path, page in pages.items():
        said = " ".join(page.said)
        assert not re.search("[\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\x1b\x00]", said)
        if path.name == "40_demand.html":
            assert MARKUP[:50] in said or SLOTS[:30] in said, path
            assert "no.words." in said or UNITS[2] not in str(path)
    county = pages[site / "issues/2026-08-02/zh" / CODES["990101"] / "40_demand.html"]
    assert f"{LONG[:59]}…" in " ".join(county.said)
    assert CODES["990101"] in json.dumps([h for _, h in county.elements], ensure_ascii=False)
    assert "W9901" in " ".join(county.said), "the finding about a station"


def test_the_search_is_one_assignment_of_json(files):
    for path in files[".js"]:
        text = path.read_text(encoding="utf-8")
        found = re.fullmatch(r"window\.siteSearch=(\{[^<>&\u2028\u2029\n]*\});\n", text)
        held = json.loads(found[1])
        assert [code for code, _, _ in held["units"]] == list(UNITS)
        name = MARKUP if path.parent.name == "zh" else SLOTS
        assert held["units"][0][1].startswith(name[:30])


def test_a_workbook_has_no_formula_link_or_part_from_elsewhere(files):
    for path in files[".xlsx"]:
        book = zipfile.ZipFile(path)
        assert book.testzip() is None
        assert not [n for n in book.namelist() if re.search("vba|external|macro|embed|drawing", n)]
        for name in book.namelist():
            root = ElementTree.fromstring(book.read(name))  # noqa: S314 - our own
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert not tags & {"f", "hyperlink", "hyperlinks", "ddeLink", "oleLink", "r", "rPh"}
            assert not [e for e in root.iter() if e.get("TargetMode")]


def test_a_pdf_has_no_action_script_link_or_attachment(files):
    stream = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
    for path in files[".pdf"]:
        held = path.read_bytes()
        inner = []
        for packed in stream.findall(held):
            try:
                inner.append(zlib.decompress(packed))
            except zlib.error:
                inner.append(b"")
        objects = [part for part in inner if not part.startswith((b"\x00", b"OTTO"))]
        told = stream.sub(b"", held) + b"".join(objects)
        wrong = rb"/(JS|JavaScript|Launch|URI|EmbeddedFile|OpenAction|AA|SubmitForm|GoToR)\b"
        assert re.search(wrong, told) is None, path
        assert b"/Page" in told


def test_a_notebook_is_the_one_of_the_project_with_literals_as_parameters(files):
    for path in files[".ipynb"]:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        original = nbformat.read(request.NOTEBOOKS / path.name, as_version=4)
        for cell, own in zip(notebook.cells, original.cells, strict=True):
            assert not cell.get("outputs")
            if "parameters" not in cell.metadata.get("tags", ()):
                assert cell.source == own.source
                continue
            lines = ast.parse(cell.source).body
            given = {line.targets[0].id: ast.literal_eval(line.value) for line in lines}
            assert given["unit_id"] == path.parent.name


def test_every_json_file_is_json_to_the_letter_of_its_standard(files):
    def refuse(constant):
        raise AssertionError(constant)

    for path in files[".json"]:
        assert json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse), path
    manifest = json.loads(
        next(p for p in files[".json"] if p.stem == "manifest").read_text("utf-8")
    )
    assert {page["state"] for page in manifest["pages"]} == {"made"}
    assert {page["unit_id"] for page in manifest["pages"]} == set(UNITS)


def test_a_browser_meets_no_dialog_error_request_or_dead_link(site, chromium):
    from browser import visit

    pages, errors, outside, dead = visit(site / "index.html")  # a dialog would raise
    assert (errors, outside, dead) == ([], [], [])
    assert {path for path in pages if EARLIER not in path} >= {
        path.as_uri() for path in site.rglob("*.html") if EARLIER not in path.parts
    }


# What cannot be shown


def test_codes_that_cannot_name_a_folder_are_refused_all_at_once(world, tmp_path, capsys):
    codes = ["..", "a/b", "search.js", "a\nb", "a\u202eb", "单" * 86, " "]
    org_unit, load = world["org_unit"], world["unit_load"]
    county = org_unit[org_unit["unit_id"] == "990101"]
    more = pd.concat([county.assign(unit_id=code) for code in codes])
    store = Store.init(tmp_path / "store", unit_id="99")
    known = load[load["unit_id"] == "990101"]
    store.write({"org_unit": pd.concat([org_unit, more]), "unit_load": known})
    line = ["weekly", "--store", str(store.folder), "--site", str(tmp_path / "site")]
    assert reports.main(line) == 5
    told = (
        "cannot name a folder; give it in org_unit a code of one line, without / and not too long"
    )
    lines = capsys.readouterr().err.splitlines()
    assert sorted(lines) == sorted(f"unit {code!r} {told}" for code in codes)
    assert not (tmp_path / "site").exists()
