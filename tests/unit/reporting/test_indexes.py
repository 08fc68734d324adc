"""Index pages of an issue. Authority: the site written into a folder and its links followed."""

import base64
import copy
import hashlib
import html
import json
import os
import re
import subprocess
import sys
from urllib.parse import unquote

import pytest

from marketing_models.reporting import indexes, site, tables, words

CJK = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
EVIL = '<script>x</script>"onload=1 =cmd|/c\u202e\u2028\nend'


def summary_of(objects, unit, page, issue, **more):
    held = site.summary([o.as_json() for o in objects])
    return {**held, "unit_id": unit, "page": page, "issue": issue, "state": "made", **more}


@pytest.fixture(scope="module")
def summaries(demand, brief):
    held = {}
    for unit in demand.hierarchy:
        d, b = demand.of(unit), brief.of(unit)
        held[unit] = {
            "00_decision_brief": summary_of(
                [words.brief_verdict(b), words.brief_kpis(b), tables.brief_kpis(b)],
                unit,
                "00_decision_brief",
                demand.issue,
            ),
            "40_demand": summary_of(
                [
                    words.demand_verdict(d),
                    words.demand_kpis(d),
                    tables.demand_days(d),
                    tables.demand_units(d),
                    words.findings(d),
                ],
                unit,
                "40_demand",
                demand.issue,
            ),
        }
    return held


@pytest.fixture(scope="module")
def stamp(demand):
    return site.Stamp.of(demand, store="demo")


def times(summaries, factor):
    """The same issue with every tile's number times a factor."""
    held = copy.deepcopy(summaries)
    for pages in held.values():
        for page in pages.values():
            for tile in page["tiles"]:
                if tile.get("value") is not None:
                    tile["value"] *= factor
    return held


@pytest.fixture(scope="module")
def history(summaries):
    return [(f"2026-07-{day:02}", times(summaries, day / 30)) for day in (13, 20, 27)]


@pytest.fixture(scope="module")
def files(demand, summaries, stamp, history):
    return indexes.files(demand.hierarchy, summaries, stamp, history=history)


def manifest(issue, summaries, count):
    headline = summaries["99"]["00_decision_brief"]["headline"]
    return {"issue": issue, "data_date": issue, "headline": headline, "page_count": count}


def written(folder, files):
    for place, text in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def links(read):
    refresh = [m.attributes["content"] for m in read.all("meta", http_equiv="refresh")]
    return [a.attributes["href"] for a in read.all("a")] + [r.split("url=")[1] for r in refresh]


@pytest.fixture
def written_site(tmp_path, summaries, stamp, files, history):
    """Two issues in a folder; the pages that are not under test are blank."""
    for issue in (*(name for name, _ in history), stamp.issue):
        folder = tmp_path / "issues" / issue
        written(folder, files)
        places = [
            (t, unit, page) for t in ("zh", "en") for unit in summaries for page in site.PAGES
        ]
        for tongue, unit, page in places:
            for kind in ("html", "pdf", "xlsx", "ipynb"):
                (folder / tongue / unit / f"{page}.{kind}").write_text("x")
    issues = [manifest(name, summaries, 14) for name in (history[-1][0], stamp.issue)]
    written(tmp_path, {"index.html": indexes.root(issues)})
    return tmp_path


def test_every_link_of_a_written_site_leads_to_a_file(written_site, stamp, files, read_page):
    now = written_site / "issues" / stamp.issue
    followed = 0
    for path in [written_site / "index.html", *(now / n for n in files if n.endswith(".html"))]:
        read = read_page(path.read_text(encoding="utf-8"))
        ids = {f"#{e.attributes.get('id')}" for e in read.elements}
        sources = [s.attributes["src"] for s in read.all("script") if "src" in s.attributes]
        for href in links(read) + sources:
            followed += 1
            is_there = href in ids or (path.parent / unquote(href)).resolve().is_file()
            assert is_there, (path, href)
    assert followed > 400


def test_files_stand_where_the_site_has_them(demand, files, summaries, stamp):
    units = sorted(demand.hierarchy)
    assert sorted(files) == sorted(
        ["index.html", "index.en.html"]
        + [f"{tongue}/search.js" for tongue in ("zh", "en")]
        + [f"{t}/{u}/{p}.html" for t in ("zh", "en") for u in units for p in ("compare", "index")]
    )
    first = indexes.files(demand.hierarchy, summaries, stamp)
    assert not [name for name in first if "compare" in name]
    assert "compare.html" not in "".join(first.values())


def test_the_index_leads_with_the_decision_of_the_root_and_lists_all_units_in_order(
    files, summaries, read_page
):
    lead = summaries["99"]["00_decision_brief"]
    for name, tag, language in (("index.html", "zh-CN", "zh"), ("index.en.html", "en", "en")):
        read = read_page(files[name])
        assert read.all("html")[0].attributes["lang"] == tag
        heading = " ".join(read.all("h1")[0].text.split())
        assert heading.replace(" ", "") == lead["headline"][language].replace(" ", "")
        main = " ".join(read.all("main")[0].text.split())
        for said in ("recommendation", "deadline", "owner"):
            assert lead[said][language] in main
        assert read.all("time")[0].attributes["datetime"] == lead["deadline_at"]
    names = [th.text for th in read_page(files["index.html"]).all("th", scope="row")]
    assert names == ["示范省", "昆山市", "安宁市", "富民县", "临江市", "石林县", "小溪县"]
    rows = [e for e in read_page(files["index.html"]).all("tr") if "class" in e.attributes]
    assert [e.attributes["class"] for e in rows] == [f"depth-{n}" for n in (0, 1, 2, 2, 1, 2, 2)]


def test_english_pages_have_no_chinese(files):
    for name in files:
        if name.startswith("en/") or name == "index.en.html":
            text = re.sub(r"<(style|script)>.*?</\1>", "", files[name], flags=re.S)
            assert CJK.findall(text) == [], name


def test_numbers_of_the_table_of_units_are_the_stored_ones(demand, files, read_page):
    read = read_page(files["index.html"])
    heads = read.all("th", scope="col")
    energy = next(h for h in heads if h.attributes.get("data-table") == "result_demand_energy")
    assert energy.attributes["data-column"] == "energy_kwh"
    assert "period_start=" in energy.attributes["data-key"]
    place = heads.index(energy)

    for unit in demand.hierarchy:
        row = next(r for r in read.all("tr") if r.attributes.get("data-unit-id") == unit)
        cells = [e for e in read.all("td") if row in e.parents]
        stored = demand.of(unit).table("result_demand_energy")
        weeks = stored[stored["resolution_code"] == "week"].sort_values("period_start")
        value = cells[place - 1].attributes["data-value"]
        assert float(value) == pytest.approx(weeks["energy_kwh"].iloc[-1], abs=1e-9)


def test_a_tile_has_its_period_its_exact_number_and_a_spark_of_four_issues(files, read_page):
    read = read_page(files["zh/9902/index.html"])
    tile = next(e for e in read.all("div") if e.attributes.get("class") == "tile")
    assert "8月4日至10日" in tile.text  # the week after the last day of the data, 3 August
    assert tile.attributes["data-unit-id"] == "9902"
    spark = read.all("svg", role="img")[0]
    # 13/30 of today's value at first: 30/13 - 1 = 130.8 % more now.
    assert spark.attributes["aria-label"].startswith("4期：首期")
    assert spark.attributes["aria-label"].endswith("增长130.8%")


def test_a_spark_has_only_values_that_stood_in_the_same_column(
    demand, summaries, stamp, history, read_page
):
    other = copy.deepcopy(history)
    for tile in other[0][1]["9902"]["00_decision_brief"]["tiles"]:
        if tile["name"] == "week_energy":
            tile["anchor"]["column"] = "another_value"

    files = indexes.files(demand.hierarchy, summaries, stamp, history=other)

    first, second = read_page(files["zh/9902/index.html"]).all("svg", role="img")[:2]
    assert first.attributes["aria-label"].startswith("3期")
    assert second.attributes["aria-label"].startswith("4期")


def test_pages_that_were_not_made_are_counted_and_listed_with_their_reason(
    demand, summaries, stamp, read_page
):
    partial = copy.deepcopy(summaries)
    late = {"zh": "数据截至7月20日", "en": "data as of 20 Jul"}
    for unit, state in (("990101", "no_data"), ("990102", "no_data"), ("9901", "failed")):
        partial[unit]["40_demand"] |= {"state": state, "reason": late, "tiles": []}
    del partial["990202"]

    files = indexes.files(demand.hierarchy, partial, stamp)

    read = read_page(files["index.html"])
    states = next(e for e in read.all("div") if e.attributes.get("id") == "states")
    told = " ".join(states.text.split())
    # Two pages share state and reason and stand in one line.
    assert told.count("无可用数据：数据截至7月20日") == 1
    assert "生成失败：数据截至7月20日" in told
    assert "小溪县" in told
    assert "9 页已生成；3 页无判断；1 本期未出页面的单位" in " ".join(
        read.all("main")[0].text.split()
    )
    assert "en/990202/index.html" not in files
    assert not [h for h in links(read) if "990202" in h]
    assert "小溪县" in [th.text for th in read.all("th", scope="row")]
    unit = read_page(files["zh/990101/index.html"])
    assert "无可用数据：数据截至7月20日" in unit.all("main")[0].text


def test_children_stand_side_by_side_with_their_share_of_what_adds_up(demand, files, read_page):
    read = read_page(files["zh/9901/index.html"])
    heads = [h.text for h in read.all("th", scope="col")]
    share = heads.index("占上级%")
    assert len([h for h in heads if h.startswith("占上级")]) == 1  # percentiles do not add up
    rows = [r for r in read.all("tr") if "data-unit-id" in r.attributes]
    assert [r.attributes["data-unit-id"] for r in rows] == ["9901", "990101", "990102"]
    shares = [[e for e in read.all("td") if r in e.parents][share - 1] for r in rows]
    assert "data-made" not in shares[0].attributes
    held = [float(s.attributes["data-made"]) for s in shares[1:]]
    assert sum(held) == pytest.approx(1)
    # 420 MW and 260 MW of the same shape: 420 / 680.
    assert held[0] == pytest.approx(420 / 680, rel=1e-6)


def test_a_unit_page_has_its_way_up_its_children_downloads_and_limits(files, read_page):
    for language in ("zh", "en"):
        read = read_page(files[f"{language}/9902/index.html"])
        path = read.all("nav")[0]
        up = [a.attributes["href"] for a in read.all("a") if path in a.parents]
        index = "index.html" if language == "zh" else "index.en.html"
        assert up == [f"../../{index}", "../99/index.html"]
        hrefs = links(read)
        assert {"../990201/index.html", "../990202/index.html", "compare.html"} <= set(hrefs)
        assert {f"../9902/40_demand.{kind}" for kind in ("html", "pdf", "xlsx", "ipynb")} <= set(
            hrefs
        )
    codes = [
        li.attributes["data-finding"] for li in read.all("li") if "data-finding" in li.attributes
    ]
    assert "demand.history.gaps" in codes


def test_a_comparison_links_both_issues_and_has_one_table_for_each_column_of_numbers(
    files, read_page
):
    read = read_page(files["zh/9902/compare.html"])
    hrefs = set(links(read))
    past = "../../../2026-07-27/zh/9902/"
    assert {"index.html", f"{past}index.html", "40_demand.html", f"{past}40_demand.html"} <= hrefs
    captions = [c.text for c in read.all("caption")]
    assert captions.count("关键指标") == 2
    assert {"用电量 P50", "最大负荷 P90", "同比"} <= set(captions)


def test_a_page_of_the_root_missing_in_the_past_issue_is_not_compared(demand, summaries, stamp):
    past = {"99": {"40_demand": summaries["99"]["40_demand"]}}

    files = indexes.files(demand.hierarchy, summaries, stamp, history=[("2026-07-27", past)])

    assert sorted(n for n in files if "compare" in n) == [
        "en/99/compare.html",
        "zh/99/compare.html",
    ]
    assert "2026-07-27/zh/99/00_decision_brief.html" not in files["zh/99/compare.html"]


def test_an_inline_script_is_allowed_by_its_hash_and_nothing_else_is(files):
    for name, text in files.items():
        if not name.endswith(".html"):
            continue
        policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])
        allowed = re.search(r"script-src 'self' '(sha256-[^']+)'", policy)[1]
        assert "default-src 'none'" in policy
        for script in re.findall(r"<script>(.*?)</script>", text, re.S):
            digest = hashlib.sha256(script.encode()).digest()
            assert allowed == f"sha256-{base64.b64encode(digest).decode()}"
        assert not re.search(r"\son\w+=", re.sub(r"<script>.*?</script>", "", text, flags=re.S))
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def evil(held):
    """Every text of every language becomes hostile, beside what it was."""
    if isinstance(held, dict):
        if set(held) == {"zh", "en"} and all(isinstance(v, str) for v in held.values()):
            return {language: text + EVIL for language, text in held.items()}
        return {
            key: value if key in {"unit", "period_start"} else evil(value)
            for key, value in held.items()
        }
    return [evil(value) for value in held] if isinstance(held, list) else held


def test_hostile_names_are_inert_everywhere(demand, summaries, stamp, read_page):
    units = demand.hierarchy.units.assign(
        unit_name=lambda f: EVIL + f["unit_name"], unit_name_en=lambda f: EVIL + f["unit_id"]
    )
    hostile = evil(summaries)
    hostile["990101"]["40_demand"] |= {"state": "failed", "reason": {"zh": EVIL, "en": EVIL}}

    files = indexes.files(
        type(demand.hierarchy)(units), hostile, stamp, history=[("2026-07-27", hostile)] * 3
    )
    files["root"] = indexes.root([manifest(EVIL, hostile, 2)])

    for name, text in files.items():
        assert "\u202e" not in text, name
        assert "\u2028" not in text, name
        if name.endswith(".js"):
            assert "<" not in text
            assert json.loads(text.removeprefix("window.siteSearch=").removesuffix(";\n"))
            continue
        read = read_page(text)
        # One inline script and the search index, no other.
        assert len(read.all("script")) == (0 if "compare" in name or name == "root" else 2), name
        assert not [k for e in read.elements for k in e.attributes if k.startswith("on")], name
    assert "&lt;script&gt;x&lt;/script&gt;&#34;onload=1 =cmd|/c end" in files["index.html"]


def test_the_same_issue_is_the_same_bytes_in_any_process_and_time_zone(tmp_path):
    code = (
        "import hashlib, sys, pathlib\n"
        "from marketing_models.reporting import indexes, sparks, formats\n"
        "issue = dict(issue='2026-08-02', data_date='2026-08-02', page_count=3,"
        " headline=dict(zh='结论', en='Headline'))\n"
        "s = formats.scale('kWh', 'city', [1e8])\n"
        "print(hashlib.sha256((indexes.root([issue]) + sparks.draw([1e8, 2e8, 3e8], s, 'zh'))"
        ".encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
        ).stdout
        for zone, seed in (("UTC", "1"), ("America/New_York", "2"))
    }
    assert len(told) == 1


def test_all_files_of_an_issue_are_the_same_twice(demand, summaries, stamp, history, files):
    again = indexes.files(
        demand.hierarchy, copy.deepcopy(summaries), stamp, history=copy.deepcopy(history)
    )
    assert again == files


def test_the_root_leads_to_the_newest_issue_and_lists_all_without_a_script(summaries, read_page):
    issues = [manifest(name, summaries, count) for name, count in (("2026-W31", 14), ("a b&c", 12))]
    issues[0]["headline"] = None

    text = indexes.root(issues)

    read = read_page(text)
    assert links(read)[-1] == "issues/a%20b%26c/index.html"
    assert "issues/2026-W31/index.en.html" in links(read)
    assert "<script" not in text
    listed = [" ".join(li.text.split()) for li in read.all("li")]
    assert listed[0].startswith("a b&c English 数据截至 a b&c · 12 页")
    assert listed[1].endswith("14 页")


def test_a_site_without_issues_says_so_and_leads_nowhere():
    assert "refresh" not in indexes.root([])
    assert "尚无报告" in indexes.root([])


def test_a_county_of_its_own_has_an_index_without_map_or_table_of_others(
    demand, summaries, stamp, read_page
):
    units = demand.hierarchy.units.query("unit_id == '990201'")
    own = type(demand.hierarchy)(units.reset_index(drop=True))

    files = indexes.files(own, {"990201": summaries["990201"]}, stamp)

    read = read_page(files["index.html"])
    assert not [e for e in read.all("svg") if e.attributes.get("class") == "map"]
    assert [th.text for th in read.all("th", scope="row")] == ["石林县"]


def test_pages_keep_their_budget(files):
    assert max(len(t.encode()) for n, t in files.items() if n.endswith("/index.html")) < 60_000
    assert len(files["index.html"].encode()) < 150_000
