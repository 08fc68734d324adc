"""Places and summaries of pages. Authority: the layout of a site, followed by hand."""

import json

import pytest

from marketing_models.reporting import site


@pytest.fixture(scope="module")
def stamp(demand):
    return site.Stamp.of(demand, store="demo")


def test_a_page_of_a_unit_that_lacks_it_is_not_linked_but_its_index_is(demand, stamp):
    available = {"99": ["40_demand"], "9902": ["00_decision_brief"], "990202": ["40_demand"]}

    context = site.page_context(
        demand.hierarchy, "9902", "00_decision_brief", available=available, stamp=stamp
    )

    assert [(link.unit_id, link.href) for link in context.children] == [
        ("990201", None),
        ("990202", "../990202/index.html"),
    ]
    assert [link.href for link in context.path] == [
        "../../{index}",
        "../99/index.html",
        "../9902/00_decision_brief.html",
    ]
    assert [link.href for link in context.pages] == ["index.html", None]


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


def test_a_summary_is_pure_json_with_verdict_tiles_findings_and_tables(brief, objects_of):
    objects = objects_of["00_decision_brief"](brief.of("99"))

    held = site.summary(objects)

    assert set(held) == {
        "headline",
        "recommendation",
        "deadline",
        "deadline_at",
        "owner",
        "tiles",
        "findings",
        "tables",
    }
    assert [tile["name"] for tile in held["tiles"]][:2] == ["week_energy", "week_peak"]
    assert [table["name"] for table in held["tables"]] == ["brief_items", "brief_kpis"]
    assert held["findings"] == next(o["items"] for o in objects if o["kind"] == "findings")
    assert json.loads(json.dumps(held, allow_nan=False)) == held


def test_a_page_without_a_verdict_has_no_headline():
    assert site.summary([]) == {"tiles": [], "findings": [], "tables": []}
