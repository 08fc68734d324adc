"""Display objects. Authority: the contract of Jupyter's mime bundles and of the page's JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest

from marketing_models.findings import Finding
from marketing_models.reporting import figures, set_language, tables, words
from marketing_models.reporting.display import MIME, SESSION_HTML, Findings, Section
from marketing_models.reporting.language import say


def all_of(demand, brief):
    return [
        words.demand_verdict(demand),
        words.demand_kpis(demand),
        tables.demand_days(demand),
        words.findings(demand),
        words.sources(demand),
        words.brief_verdict(brief),
        tables.brief_kpis(brief),
        figures.demand_fan(demand),
        Section(title=say("依据", "Evidence")),
    ]


def test_every_object_shows_text_html_and_one_page_object_as_pure_json(demand, brief):
    for shown in all_of(demand, brief):
        bundle = shown._repr_mimebundle_()

        assert set(bundle) == {"text/plain", "text/html", MIME}
        assert MIME.endswith("+json")
        assert json.loads(json.dumps(bundle[MIME], allow_nan=False)) == bundle[MIME]
        assert bundle[MIME]["kind"] == type(shown).kind
        assert bundle["text/plain"] == str(shown)


def test_the_page_object_does_not_depend_on_the_language_of_the_session(demand, brief):
    chinese = [shown.as_json() for shown in all_of(demand, brief)]
    set_language("en")

    assert [shown.as_json() for shown in all_of(demand, brief)] == chinese


def test_texts_follow_the_language_of_the_session(demand):
    kpis = words.demand_kpis(demand.of("990202"))
    chinese = str(kpis)
    set_language("en")

    assert "最大负荷（P50）" in chinese
    assert "Peak load (P50)" in str(kpis)


def test_a_session_gets_html_with_the_chart_and_a_fleet_the_page_object_alone(demand, monkeypatch):
    shown = figures.demand_review(demand)
    assert "<svg" in shown._repr_mimebundle_()["text/html"]

    monkeypatch.setenv(SESSION_HTML, "off")
    assert set(shown._repr_mimebundle_()) == {"text/plain", MIME}


def test_the_text_of_a_table_has_its_heads_and_printed_numbers(brief):
    lines = str(tables.brief_kpis(brief.of("990202"))).splitlines()

    assert lines[0] == "主要指标"
    assert lines[1] == "指标 | 电量 万千瓦时 | 最大负荷 千瓦 | 比率 % | 出处（表.列）"
    # 492,000 kWh = 49.20 万千瓦时; the loads of the sample county are whole kilowatts
    assert lines[5].startswith("上一周实际 | 49.20 | 3,")


def test_facts_of_numpy_types_become_json(demand):
    finding = Finding(code="x", severity="note", unit_id="99", facts={"n": np.int64(3)})

    held = words.findings(replace(demand, findings=(finding,))).as_json()

    assert held["items"][0]["facts"] == {"n": 3}


def test_without_findings_the_page_says_so():
    assert str(Findings(items=())) == "未发现数据局限。"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_verdict_text_has_deadline_and_owner_in_the_session_language(brief, language):
    set_language(language)

    lines = str(words.brief_verdict(brief.of("990202"))).splitlines()

    wanted = {
        "zh": ("最迟：8月4日12时", "责任单位：小溪县"),
        "en": ("Decide by: 4 Aug 12:00", "Responsible: 990202"),
    }
    assert tuple(lines[2:4]) == wanted[language]
