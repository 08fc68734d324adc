"""Index pages and links. Authority: the layout of the site written into a folder and followed."""

import re
from urllib.parse import unquote

import pytest

from marketing_models.reporting import indexes, site, words

CJK = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
def summaries(demand, brief):
    held = {}
    for unit in demand.hierarchy:
        d, b = demand.of(unit), brief.of(unit)
        held[unit] = {
            "00_decision_brief": site.summary(
                [words.brief_verdict(b).as_json(), words.brief_kpis(b).as_json()]
            ),
            "40_demand": site.summary(
                [words.demand_verdict(d).as_json(), words.demand_kpis(d).as_json()]
            ),
        }
    return held


@pytest.fixture(scope="module")
def stamp(demand):
    return site.Stamp.of(demand, store="demo")


def test_every_link_of_a_written_site_leads_to_a_file(
    tmp_path, demand, summaries, stamp, demand_pages, read_page
):
    root = tmp_path / "demo"
    written = {"index.html": indexes.store_index(demand.hierarchy, summaries, stamp)}
    for unit in demand.hierarchy:
        pages = {"index": indexes.unit_index(demand.hierarchy, unit, summaries, stamp)}
        if unit in demand_pages:
            pages["40_demand"] = demand_pages[unit]
        for name in site.PAGES:
            pages.setdefault(name, pages["index"])
        for name, both in pages.items():
            written |= {f"{lang}/{unit}/{name}.html": html for lang, html in both.items()}
    for place, html in written.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")

    for place, html in written.items():
        read = read_page(html)
        ids = {e.attributes.get("id") for e in read.elements}
        for link in read.all("a"):
            href = link.attributes["href"]
            if href.startswith("#"):
                assert href[1:] in ids
            else:
                assert ((root / place).parent / unquote(href)).resolve().is_file(), (place, href)


def test_the_index_of_a_store_shows_the_headlines_of_its_root_and_all_units_in_order(
    demand, summaries, stamp, read_page
):
    html = indexes.store_index(demand.hierarchy, summaries, stamp)
    read = read_page(html)

    assert read.all("html")[0].attributes["lang"] == "zh-CN"
    assert summaries["99"]["00_decision_brief"]["headline"]["zh"] in read.all("main")[0].text
    names = [th.text for th in read.all("th", scope="row")]
    assert names == ["示范省", "昆山市", "安宁市", "富民县", "临江市", "石林县", "小溪县"]
    assert [e.attributes["class"] for e in read.all("tr") if "class" in e.attributes] == [
        f"depth-{n}" for n in (0, 1, 2, 2, 1, 2, 2)
    ]
    hrefs = {a.attributes["href"] for a in read.all("a")}
    assert {"zh/990202/40_demand.html", "en/990202/00_decision_brief.html"} <= hrefs


def test_numbers_of_an_index_carry_their_place_like_tiles(demand, summaries, stamp, read_page):
    read = read_page(indexes.store_index(demand.hierarchy, summaries, stamp))

    cells = [e for e in read.all("td") if "data-value" in e.attributes]
    assert len(cells) == 7 * 3
    assert {c.attributes["data-table"] for c in cells} == {
        "result_demand_energy",
        "result_demand_forecast",
    }
    by_unit = {
        c.attributes["data-unit-id"]: c
        for c in cells
        if c.attributes["data-column"] == "energy_kwh"
        and c.attributes["data-table"] == "result_demand_energy"
    }
    energy = demand.of("9902").table("result_demand_energy")
    last = energy[energy["resolution_code"] == "week"].sort_values("period_start").iloc[-1]
    assert float(by_unit["9902"].attributes["data-value"]) == last["energy_kwh"]


def test_the_index_of_a_unit_has_both_languages_its_children_and_its_way_up(
    demand, summaries, stamp, read_page
):
    both = indexes.unit_index(demand.hierarchy, "9902", summaries, stamp)

    for language, tag, child in (("zh", "zh-CN", "小溪县"), ("en", "en", "990202")):
        read = read_page(both[language])
        assert read.all("html")[0].attributes["lang"] == tag
        assert [th.text for th in read.all("th", scope="row")][-1] == child
        path = read.all("nav")[0]
        up = [a.attributes["href"] for a in read.all("a") if path in a.parents]
        assert up == ["../../index.html", "../99/index.html"]
    assert CJK.findall(re.sub(r"<style>.*?</style>", "", both["en"], flags=re.S)) == []


def test_a_unit_or_page_that_failed_is_named_but_not_linked(demand, summaries, stamp, read_page):
    partial = {u: dict(pages) for u, pages in summaries.items() if u != "990201"}
    del partial["990202"]["00_decision_brief"]

    read = read_page(indexes.store_index(demand.hierarchy, partial, stamp))
    context = site.page_context(
        demand.hierarchy, "9902", "00_decision_brief", available=partial, stamp=stamp
    )

    hrefs = {a.attributes["href"] for a in read.all("a")}
    assert not [h for h in hrefs if "990201" in h]
    assert "zh/990202/00_decision_brief.html" not in hrefs
    assert "石林县" in [th.text for th in read.all("th", scope="row")]
    assert [(link.unit_id, link.href) for link in context.children] == [
        ("990201", None),
        ("990202", "../990202/index.html"),
    ]


def test_opaque_unit_codes_are_quoted_in_addresses(demand, stamp):
    units = demand.hierarchy.units.replace({"990202": 'a/b "c'})
    context = site.page_context(
        type(demand.hierarchy)(units),
        "9902",
        "40_demand",
        available={'a/b "c': ["40_demand"]},
        stamp=stamp,
    )

    assert context.children[-1].href == "../a%2Fb%20%22c/40_demand.html"


def test_the_stamp_says_until_which_day_the_data_go(stamp):
    assert (stamp.issue, stamp.data_date, stamp.store_version_number) == (
        "2026-08-03",
        "2026-08-03",
        12,
    )


def test_a_summary_is_pure_json_with_headline_deadline_and_tiles(summaries):
    held = summaries["99"]["00_decision_brief"]

    assert set(held) == {"headline", "deadline", "deadline_at", "tiles"}
    assert [tile["name"] for tile in held["tiles"]][:2] == ["week_energy", "week_peak"]
