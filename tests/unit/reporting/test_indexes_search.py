"""Search index. Authority: the JSON that the script holds, read back."""

import json

from marketing_models.reporting import search
from marketing_models.reporting.language import say

TITLES = {"00_brief": say("简报", "Brief"), "40_demand": say("需求", "Demand")}


def held(text):
    assert text.startswith("window.siteSearch=")
    return json.loads(text.removeprefix("window.siteSearch=").removesuffix(";\n"))


def test_each_page_has_its_unit_its_title_and_its_headline(demand):
    summaries = {
        "99": {"40_demand": {"headline": say("用电100", "Use of 100")}, "00_brief": {}},
        "990202": {"40_demand": {"headline": say("小", "Small")}},
    }

    zh, en = (
        held(search.script(demand.hierarchy, summaries, TITLES, tongue)) for tongue in ("zh", "en")
    )

    assert zh == {
        "pages": [["00_brief", "简报"], ["40_demand", "需求"]],
        "units": [
            ["99", "示范省", [[0, ""], [1, "用电100"]]],
            ["990202", "小溪县", [[1, "小"]]],
        ],
    }
    assert en["units"][1] == ["990202", "990202", [[1, "Small"]]]


def test_no_text_ends_the_script_or_its_line(demand):
    evil = "</script><!--\u2028\u2029\"\\'\n</SCRIPT>"
    summaries = {"99": {"40_demand": {"headline": {"zh": evil, "en": evil}}}}

    text = search.script(demand.hierarchy, summaries, TITLES, "zh")

    assert not set("<>\u2028\u2029") & set(text)
    assert text.count("\n") == 1
    # Line separators are spaces to `clean`, which puts every text on one line.
    assert held(text)["units"][0][2][0][1] == "</script><!-- \"\\' </SCRIPT>"


def test_a_long_headline_is_cut_so_that_a_whole_province_stays_small(demand):
    summaries = {"99": {"40_demand": {"headline": say("字" * 41, "w" * 90)}}}

    zh, en = (
        held(search.script(demand.hierarchy, summaries, TITLES, tongue)) for tongue in ("zh", "en")
    )

    assert zh["units"][0][2][0][1] == "字" * 40 + "…"
    assert en["units"][0][2][0][1] == "w" * 90
