"""The page. Authority: the study's own numbers, read back from the HTML by an independent parser;
the HTML standard on language, tables and policies."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.findings import Finding
from marketing_models.regions import Hierarchy
from marketing_models.reporting import charts, figures, markup, page, site, tables

CJK = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src '{}'; "
    "base-uri 'none'; form-action 'none'"
)
HOSTILE = '<script>alert(1)</script>" onload="x" =cmd|\' \u202eabc\u2066\nline {language} {{ 7*7 }}'


def stored_numbers(study, table):
    """Every number of a table as (table, unit, key, column) -> value, by plain pandas."""
    keys = sorted(set(schemas.keys(table)) - {"run_id", "unit_id"})
    held = {}
    for row in study.tables[table].to_dict("records"):
        key = ";".join(
            f"{k}={row[k].strftime('%Y-%m-%dT%H:%M:%S') if hasattr(row[k], 'strftime') else row[k]}"
            for k in keys
        )
        for column, value in row.items():
            if column not in keys and isinstance(value, int | float) and not pd.isna(value):
                held[(table, row["unit_id"], key, column)] = value
    return held


@pytest.mark.parametrize("unit", ["99", "9902", "990202"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_number_of_every_table_is_a_row_of_the_study(
    demand, demand_pages, read_page, unit, language
):
    study = demand.of(unit)
    known = {}
    for table in study.tables:
        known |= stored_numbers(study, table)

    shown = read_page(demand_pages[unit][language]).stored()

    assert len(shown) > 200
    assert {place: float(text) for place, text in shown.items()} == {
        place: known[place] for place in shown
    }
    assert not [text for text in shown.values() if "," in text or text.endswith(".0")]


def test_both_languages_carry_the_same_numbers(demand_pages, brief_pages, read_page):
    for pages in (*demand_pages.values(), *brief_pages.values()):
        zh, en = (read_page(pages[language]).stored() for language in ("zh", "en"))
        assert zh == en


def head_order(read, table):
    """Heads of a table from left to right, those under a group in the place of their group."""
    lines = [[], []]
    for head in read.all("th"):
        if head.within("table") is table and head.parents[-2].tag == "thead":
            first = next(e for e in read.all("tr") if e.within("table") is table)
            lines[head.parents[-1] is not first].append(head)
    below = iter(lines[1])
    ordered = []
    for head in lines[0]:
        count = int(head.attributes.get("colspan", 0))
        ordered += [next(below) for _ in range(count)] if count else [head]
    return ordered


@pytest.mark.parametrize("language", ["zh", "en"])
def test_printed_numbers_are_the_stored_ones_in_the_unit_of_the_head(
    demand_pages, read_page, language
):
    factors = {
        "亿千瓦时": 1e8,
        "万千瓦时": 1e4,
        "千瓦时": 1,
        "万千瓦": 1e4,
        "千瓦": 1,
        "%": 0.01,
        "GWh": 1e6,
        "MWh": 1e3,
        "kWh": 1,
        "MW": 1e3,
        "kW": 1,
        "": 1,
    }
    for unit in ("99", "990202"):
        read = read_page(demand_pages[unit][language])
        for table in read.all("table"):
            heads = [e for e in head_order(read, table) if e.attributes.get("class") == "number"]
            rows = [
                e
                for e in read.all("tr")
                if "data-unit-id" in e.attributes and e.within("table") is table
            ]
            for row in rows:
                cells = [
                    e
                    for e in read.all("td")
                    if ("data-column" in e.attributes or e.attributes.get("class") == "number")
                    and e.within("tr") is row
                ]
                for head, cell in zip(heads, cells, strict=True):
                    if "data-value" not in cell.attributes:
                        continue
                    name = next(
                        (
                            u
                            for u in sorted(factors, key=len, reverse=True)
                            if u and head.text.endswith(u)
                        ),
                        "",
                    )
                    digits = cell.text.replace(",", "")
                    step = 10.0 ** -len(digits.partition(".")[2])
                    value = float(cell.attributes["data-value"]) / factors[name]
                    assert abs(float(digits) - value) <= step / 2 * 1.000001


def test_the_total_row_is_marked_and_the_children_link_to_their_own_page(demand_pages, read_page):
    read = read_page(demand_pages["99"]["en"])
    table = next(t for t in read.all("table") if "Forecast of the coming week by unit" in t.text)
    rows = [
        e for e in read.all("tr") if "data-unit-id" in e.attributes and e.within("table") is table
    ]

    assert [("data-total" in r.attributes, r.attributes["data-unit-id"]) for r in rows] == [
        (True, "99"),
        (False, "9901"),
        (False, "9902"),
    ]
    links = [a.attributes["href"] for a in read.all("a") if table in a.parents]
    assert links == ["../9901/40_demand.html", "../9902/40_demand.html"]


def test_row_keys_hold_all_key_columns_but_run_unit_and_what_the_cells_carry(
    demand_pages, brief_pages, read_page
):
    day = read_page(demand_pages["9902"]["zh"]).all(
        "tr", data_key="period_start=2026-08-04T00:00:00;resolution_code=day;series_code=total"
    )
    assert day
    item = read_page(brief_pages["990202"]["zh"]).all(
        "tr", data_key="option_code=plan_on_p90;rank_number=2"
    )
    assert len(item) == 1
    percentiles = {
        c.attributes["data-key"]
        for c in read_page(demand_pages["9902"]["zh"]).all("td", data_column="peak_load_kw")
    }
    assert percentiles == {f"percentile_number={p}" for p in (10, 50, 90)}


def test_a_key_is_written_sorted_by_name_whatever_the_order_it_comes_in():
    assert markup.key_text({"b": 10, "a": "x"}) == "a=x;b=10"


def test_tiles_carry_the_stored_number_and_its_place(demand, demand_pages, brief_pages, read_page):
    for pages, count in ((demand_pages, 5), (brief_pages, 5)):
        for unit, held in pages.items():
            tiles = read_page(held["en"]).all("div", **{"class": "tile"})
            assert len(tiles) == count
            assert {t.attributes["data-unit-id"] for t in tiles} == {unit}
            assert all(t.attributes.get("data-value") for t in tiles)
    first = read_page(demand_pages["9902"]["en"]).all("div", **{"class": "tile"})[0]
    rows = demand.of("9902").table("result_demand_forecast")
    week = rows[(rows["resolution_code"] == "week") & (rows["percentile_number"] == 50)]
    assert float(first.attributes["data-value"]) == week["energy_kwh"].item()
    assert first.attributes["data-key"] == (
        "percentile_number=50;period_start=2026-08-04T00:00:00;resolution_code=week;series_code=total"
    )


def test_a_missing_number_is_a_dash_without_a_value(demand, replaced, read_page):
    rows = demand.tables["result_demand_energy"].assign(base_energy_kwh=float("nan"))
    shown = tables.demand_units(replaced(demand, result_demand_energy=rows).of("990202"))

    read = read_page(markup.fragment(shown.as_json(), "zh"))

    cells = [(c.text, c.attributes.get("data-column")) for c in read.all("td")]
    assert cells == [("49.20", "energy_kwh"), ("—", None), ("—", None)]


def test_english_pages_have_no_chinese_and_a_unit_without_english_name_is_its_code(
    demand_pages, brief_pages
):
    for pages in (*demand_pages.values(), *brief_pages.values()):
        assert CJK.findall(re.sub(r"<style>.*?</style>", "", pages["en"], flags=re.S)) == []
    assert ">990202<" in demand_pages["990202"]["en"]


def test_pages_say_their_language_and_lead_to_the_other(demand_pages, read_page):
    for language, tag, other in (("zh", "zh-CN", "en"), ("en", "en", "zh")):
        read = read_page(demand_pages["9902"][language])
        assert read.all("html")[0].attributes["lang"] == tag
        hrefs = [a.attributes["href"] for a in read.all("a") if "hreflang" in a.attributes]
        assert hrefs == [f"../../{other}/9902/40_demand.html"]


def allowed(scripts):
    """The source expression that allows exactly the one script of a page (CSP level 3, 2.3.1)."""
    (script,) = scripts
    return "sha256-" + base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()


def test_nothing_is_requested_and_nothing_can_be(demand_pages, brief_pages, read_page):
    for pages in (*demand_pages.values(), *brief_pages.values()):
        for html in pages.values():
            read = read_page(html)
            policy = [m for m in read.all("meta") if m.attributes.get("http-equiv")]
            scripts = read.all("script")
            assert [m.attributes["content"] for m in policy] == [POLICY.format(allowed(scripts))]
            assert not scripts[0].attributes
            assert not {e.tag for e in read.elements} & {
                "link",
                "img",
                "iframe",
                "object",
            }
            addresses = [e.attributes.get("href") or "" for e in read.all("a")]
            assert not [a for a in addresses if a.startswith(("http", "//", "/", "javascript"))]
            assert "url(http" not in html
            assert "@import" not in html


def test_tables_and_drawings_can_be_heard(demand_pages, read_page):
    read = read_page(demand_pages["99"]["zh"])
    for table in read.all("table"):
        assert [c for c in read.all("caption") if c.parents[-1] is table]
        assert table.within("div").attributes["role"] == "region"
        assert table.within("div").attributes["tabindex"] == "0"
        assert table.within("div").attributes["aria-label"]
    for head in read.all("th"):
        assert head.attributes["scope"] in {"col", "row", "colgroup"}
    drawings = read.all("svg")
    assert len(drawings) == 2
    assert all(d.attributes["role"] == "img" and d.attributes["aria-label"] for d in drawings)
    assert len(read.all("h1")) == 1
    identifiers = [e.attributes["id"] for e in read.elements if "id" in e.attributes]
    assert len(identifiers) == len(set(identifiers))


def test_chinese_labels_of_a_drawing_are_live_text_laid_out_with_width(demand_pages, read_page):
    read = read_page(demand_pages["99"]["zh"])

    texts = [e.text for e in read.all("text")]
    assert "8月4日" in "".join(texts)
    assert "周二" in "".join(texts)
    assert "上一周：实际" in texts


def test_the_first_screen_has_the_verdict_the_figures_and_one_chart_before_the_contents(
    brief_pages,
):
    html = brief_pages["99"]["zh"]
    places = [
        html.index(part)
        for part in (
            "<h1>",
            '<div class="recommendation">',
            '<div class="tiles"',
            "<svg",
            '<nav class="contents"',
            '<section id="s1">',
        )
    ]
    assert places == sorted(places)
    assert html.count("<svg") == 1
    assert html.count('class="tile"') <= 5


def test_pages_stay_below_150_kilobytes(demand_pages, brief_pages):
    sizes = [
        len(html.encode())
        for pages in (*demand_pages.values(), *brief_pages.values())
        for html in pages.values()
    ]

    assert max(sizes) < 150_000


def test_two_builds_agree_in_every_byte(demand, demand_pages, build):
    assert build(demand.of("990202"), "40_demand") == demand_pages["990202"]


def test_a_drawing_does_not_depend_on_the_zone_of_the_machine(demand):
    figure = figures.demand_fan(demand.of("990202")).as_json()
    program = (
        "import json, sys; from marketing_models.reporting import charts; "
        "sys.stdout.buffer.write(charts.draw(json.load(sys.stdin), 'zh').encode())"
    )
    drawn = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(figure).encode(),
        capture_output=True,
        check=True,
        env={"TZ": "America/New_York", "PATH": "", "PYTHONHASHSEED": "7"},
    )

    assert drawn.stdout.decode() == str(charts.draw(figure, "zh"))


def hostile(study):
    """The study with hostile text in every column that holds text."""
    units = study.hierarchy.units.assign(unit_name=HOSTILE, unit_name_en=HOSTILE)
    texts = {
        "result_brief_item": ["option_code"],
        "result_brief_kpi": ["table_name", "column_name"],
        "result_demand_backtest": ["model_code", "horizon_code"],
    }
    held = {
        name: rows.assign(**{c: rows[c] + HOSTILE for c in texts.get(name, [])})
        for name, rows in study.tables.items()
    }
    return replace(
        study,
        hierarchy=Hierarchy(units),
        tables=held,
        findings=(Finding(code=HOSTILE, severity="note", unit_id="99", facts={HOSTILE: HOSTILE}),),
        run=replace(study.run, code_version=HOSTILE),
    )


@pytest.mark.parametrize("page_name", ["40_demand", "00_decision_brief"])
def test_hostile_text_stays_text(demand, brief, build, read_page, page_name):
    study = hostile(demand if page_name == "40_demand" else brief).of("99")

    for html in build(study, page_name).values():
        read = read_page(html)
        assert len(read.all("script")) == 1
        assert not [e for e in read.elements if any(a.startswith("on") for a in e.attributes)]
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", html)
        assert "<script>alert(1)</script>" in read.all("body")[0].text
        assert "49" not in read.all("h1")[0].text.replace("2049", "")


def test_hostile_text_in_a_drawing_stays_text(demand, read_page):
    figure = figures.demand_review(demand.of("99")).as_json()
    figure["spoken"] = {"zh": HOSTILE, "en": HOSTILE}
    figure["specification"]["zh"]["layer"][0]["encoding"]["y"]["title"] = HOSTILE

    read = read_page(charts.draw(figure, "zh"))

    assert not read.all("script")
    assert not [e for e in read.elements if any(a.startswith("on") for a in e.attributes)]
    assert "onload" in read.all("svg")[0].attributes["aria-label"]


def test_clipped_drawings_are_the_same_twice_and_do_not_clip_each_other():
    specification = {
        "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
        "mark": {"type": "line", "clip": True},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }
    words = {"spoken": {"zh": "线"}, "specification": {"zh": specification}}
    first, again, other = (
        str(charts.draw({"name": name, **words}, "zh")) for name in ("one", "one", "two")
    )

    assert first == again
    identifiers = [set(re.findall(r'\bid="([^"]+)"', drawn)) for drawn in (first, other)]
    assert identifiers[0]
    assert not identifiers[0] & identifiers[1]
    assert set(re.findall(r"url\(#([^)]+)\)", first)) == identifiers[0]


def test_a_page_leads_to_its_files_and_to_the_index_of_its_language(brief_pages, read_page):
    for language, index in (("zh", "../../index.html"), ("en", "../../index.en.html")):
        read = read_page(brief_pages["99"][language])
        links = {name: [] for name in ("files", "path")}
        for nav in read.all("nav"):
            if nav.attributes["class"] in links:
                held = [a.attributes["href"] for a in read.all("a") if nav in a.parents]
                links[nav.attributes["class"]] = held
        assert links["files"] == [
            "00_decision_brief.pdf",
            "00_decision_brief.xlsx",
            "00_decision_brief.ipynb",
        ]
        assert links["path"][0] == index


def test_every_hour_of_the_forecast_says_its_numbers_as_the_page_prints_them(
    demand, demand_pages, read_page
):
    """Authority: the forecast rows of the first hour, divided by the unit of the axis by hand."""
    rows = demand.of("9902").table("result_demand_forecast").query("resolution_code == 'hour'")
    first = rows[rows["period_start"] == "2026-08-04"].set_index("percentile_number")["load_kw"]
    low, middle, high = (f"{first[p] / 10_000:.1f}" for p in (10, 50, 90))

    read = read_page(demand_pages["9902"]["zh"])

    fan = read.all("svg")[0]
    said = [
        e.attributes for e in read.all("path") if fan in e.parents and "aria-label" in e.attributes
    ]
    assert len(said) == 168
    assert said[0]["aria-label"] == f"8月4日0时 {middle}（{low}–{high}万千瓦）"
    assert {held["role"] for held in said} == {"img"}


def test_all_files_of_a_page_keep_their_budget_and_agree_in_every_byte(demand, objects_of):
    """Budget by kind: 150, 120 and 60 kB. Four threads make the same bytes as one."""
    study = demand.of("99")
    context = site.page_context(
        study.hierarchy,
        "99",
        "40_demand",
        available={unit: list(site.PAGES) for unit in study.hierarchy},
        stamp=site.Stamp.of(study, store="demo"),
    )
    objects = objects_of["40_demand"](study)

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: page.files(objects, context), range(4))

    assert sorted(first) == ["en.html", "en.pdf", "en.xlsx", "zh.html", "zh.pdf", "zh.xlsx"]
    limits = {"html": 150_000, "pdf": 120_000, "xlsx": 60_000}
    assert [name for name, held in first.items() if len(held) > limits[name[3:]]] == []
    assert all(other == first for other in others)
