"""Words. Authority: sentences written out by hand from the numbers of the sample."""

from dataclasses import replace

import pandas as pd
import pytest

from marketing_models.findings import Finding
from marketing_models.reporting import words


def with_week(study, replaced, **values):
    """The sample with hand-made percentiles of the week for every unit."""
    rows = study.tables["result_demand_forecast"].copy()
    week = rows["resolution_code"] == "week"
    for column, by_percentile in values.items():
        for percentile, value in by_percentile.items():
            rows.loc[week & (rows["percentile_number"] == percentile), column] = value
    return replaced(study, result_demand_forecast=rows)


@pytest.fixture
def hand_made(demand, replaced):
    """P10-P50-P90: 3.0, 3.2, 3.4 亿千瓦时 and 200, 210, 225 万千瓦; last week 3.0 亿千瓦时."""
    study = with_week(
        demand,
        replaced,
        energy_kwh={10: 3.0e8, 50: 3.2e8, 90: 3.4e8},
        peak_load_kw={10: 2_000_000, 50: 2_100_000, 90: 2_250_000},
    )
    energy = study.tables["result_demand_energy"].copy()
    last = energy["period_start"] == pd.Timestamp("2026-07-28")
    week = energy["resolution_code"] == "week"
    counties = energy["unit_id"].map(
        {"990101": 2.0e8, "990102": 0.5e8, "990201": 0.4e8, "990202": 0.1e8}
    )
    energy.loc[last & week, "energy_kwh"] = counties[last & week]
    balance = study.tables["result_demand_balance"].copy()
    balance["shortfall_probability_frac"] = 0.12
    balance["shortfall_kw"] = balance["percentile_number"].map({50: -50_000, 95: 34_000})
    return replaced(study, result_demand_energy=energy, result_demand_balance=balance).of("99")


def test_the_verdict_of_demand_says_how_much_how_high_and_how_sure(hand_made):
    said = words.demand_verdict(hand_made)

    # 3.2 / 3.0 = +6.7 %; the balance is below 20 %, so the headline does not speak of it
    assert said.headline == {
        "zh": "8月4日至10日用电量预计3.20亿千瓦时，较上一周增长6.7%；最大负荷210.0万千瓦",
        "en": "4–10 Aug: 320.0 GWh expected, up 6.7% on the week before; peak 2,100 MW",
    }
    assert said.recommendation["zh"].startswith(
        "按最大负荷225.0万千瓦安排供应和检修，九成把握不超过"
    )
    assert [text["zh"] for text in said.sentences] == [
        "预计用电量3.00–3.40亿千瓦时（80%区间）。",
        "预计最大负荷210.0万千瓦，十分之一可能超过225.0万千瓦，出现在8月5日15时。",
        "电力供需紧平衡，缺口概率12%。二十分之一可能缺口超过3.40万千瓦。",
        "以往各周逐时误差平均3.1%。80%区间实际覆盖79.2%的时段。",
    ]
    assert [text["en"] for text in said.sentences] == [
        "Energy 300.0–340.0 GWh (80% interval).",
        "Peak 2,100 MW; one chance in ten above 2,250 MW; at 5 Aug 15:00.",
        (
            "Supply and demand: tightly balanced; probability of a shortfall 12%. "
            "One chance in twenty that it exceeds 34.0 MW."
        ),
        "On past weeks the hourly error was 3.1%. The 80% interval covered 79.2% of hours.",
    ]


def test_a_likely_shortfall_reaches_the_headline(hand_made, replaced):
    balance = hand_made.tables["result_demand_balance"].assign(shortfall_probability_frac=0.62)

    said = words.demand_verdict(replaced(hand_made, result_demand_balance=balance))

    assert said.headline["zh"].endswith("最大负荷210.0万千瓦，供需存在缺口（缺口概率62%）")
    assert said.headline["en"].endswith("; supply short, 62% chance of a shortfall")


def test_without_a_row_of_the_week_the_worst_day_decides(hand_made, replaced):
    balance = hand_made.tables["result_demand_balance"]
    days = balance[balance["resolution_code"] == "day"].copy()
    days["shortfall_probability_frac"] = [0.01 * n for n in range(len(days))]
    own = days[(days["unit_id"] == "99") & (days["percentile_number"] == 50)]
    worst = own["shortfall_probability_frac"].max()

    tile = words.demand_kpis(replaced(hand_made, result_demand_balance=days)).tiles[-1]

    assert tile.value == worst


def test_the_error_is_that_of_the_model_whatever_its_code_never_of_the_baseline(demand, replaced):
    rows = demand.tables["result_demand_backtest"].copy()
    rows["model_code"] = rows["model_code"].replace("load_regression", "z_model")

    tiles = words.demand_kpis(replaced(demand, result_demand_backtest=rows).of("99")).tiles

    assert tiles[3].anchor.key["model_code"] == "z_model"


def test_five_key_figures_carry_the_stored_numbers_and_where_they_stand(hand_made):
    tiles = {tile.name: tile for tile in words.demand_kpis(hand_made).tiles}

    assert {name: tile.value for name, tile in tiles.items()} == {
        "week_energy": 320_000_000,
        "week_peak": 2_100_000,
        "last_week_energy": 300_000_000,
        "week_error": 0.0205,
        "shortfall_probability": 0.12,
    }
    peak = tiles["week_peak"].anchor
    assert (peak.table, peak.unit_id, peak.column) == (
        "result_demand_forecast",
        "99",
        "peak_load_kw",
    )
    assert peak.key == {
        "percentile_number": 50,
        "period_start": "2026-08-04T00:00:00",
        "resolution_code": "week",
        "series_code": "total",
    }
    assert tiles["week_energy"].note["zh"] == "80%区间 3.00–3.40"
    assert tiles["week_peak"].note["zh"] == "P90 225.0；8月5日15时"
    assert tiles["last_week_energy"].note["zh"] == "未来一周较其增长6.7%"


def test_without_a_balance_the_fifth_figure_is_how_often_the_interval_held(demand):
    tiles = words.demand_kpis(demand.of("990101")).tiles

    assert [tile.name for tile in tiles][-1] == "coverage"
    assert tiles[-1].value == 0.792
    assert words.demand_verdict(demand.of("990101")).sentences[2]["zh"] == (
        "无可供电力数据，电力平衡不作判断。"
    )


def test_a_unit_without_a_forecast_gets_no_judgement_and_empty_tiles(demand, replaced):
    bare = {name: rows.head(0) for name, rows in demand.tables.items()}
    study = replaced(demand, **bare).of("9901")

    assert words.demand_verdict(study).headline == {
        "zh": "昆山市本期无可用数据，不作判断。",
        "en": "Kunshan: no usable data for this period; no judgement.",
    }
    assert [tile.value for tile in words.demand_kpis(study).tiles] == [None] * 5
    assert [tile.anchor for tile in words.demand_kpis(study).tiles] == [None] * 5


@pytest.fixture
def hand_made_brief(brief, replaced):
    rows = brief.tables["result_brief_kpi"].copy()
    values = {
        "next_week_energy_p10_kwh": 3.0e8,
        "next_week_energy_p50_kwh": 3.2e8,
        "next_week_energy_p90_kwh": 3.4e8,
        "next_week_peak_p10_kw": 2.0e6,
        "next_week_peak_p50_kw": 2.1e6,
        "next_week_peak_p90_kw": 2.25e6,
        "last_week_energy_kwh": 3.2e8,
        "shortfall_probability_frac": 0.12,
    }
    rows["indicator_value"] = rows["indicator_code"].map(values).fillna(rows["indicator_value"])
    return replaced(brief, result_brief_kpi=rows)


def test_the_verdict_of_the_brief_says_what_by_when_at_what_price_and_how_sure(hand_made_brief):
    said = words.brief_verdict(hand_made_brief.of("990101"))

    # The county has no balance, so one matter: 225 - 210 = 15 万千瓦 more than the alternative.
    assert said.headline == {
        "zh": "8月4日至10日：按最大负荷225.00万千瓦安排供应；8月4日12时前定",
        "en": "4–10 Aug: arrange supply for a peak of 2,250.0 MW; decide by 4 Aug 12:00",
    }
    assert said.recommendation == {
        "zh": "按P90最大负荷安排供应，够用的把握90%（较大可能）；比备选多备15.00万千瓦。"
        "费用尚无数据。",
        "en": "Arrange supply for the P90 peak, sufficient with probability 90% "
        "(likely); 150.0 MW more than the alternative. No cost data yet.",
    }
    assert said.deadline_at == "2026-08-04T12:00:00"
    assert said.owner["zh"] == "安宁市"
    first, balance, energy = (text["zh"] for text in said.sentences)
    assert first == "备选“按P50最大负荷安排供应”：不够的可能50%。"
    assert balance == "无可供电力数据，电力平衡不作判断。"
    assert energy.startswith("预计用电量32,000.00万千瓦时（80%区间30,000.00–34,000.00万千瓦时）")
    assert energy.endswith("，较上一周持平。")


def test_two_matters_are_named_in_one_headline_and_an_idle_one_in_none(brief, replaced):
    both = words.brief_verdict(brief.of("99"))
    assert both.headline["zh"].startswith("8月4日至10日：准备负荷管理方案，并按最大负荷")
    assert "Prepare a load-management plan." in both.recommendation["en"]

    rows = brief.tables["result_brief_item"].copy()
    first = rows["rank_number"] == 1
    rows.loc[first, "is_recommended"] = rows.loc[first, "option_code"] == "watch"
    idle = words.brief_verdict(replaced(brief, result_brief_item=rows).of("99"))
    assert "负荷管理方案" not in idle.headline["zh"]
    assert idle.sentences[0]["zh"] == "负荷管理方案：暂不准备，逐日跟踪。"


def test_the_earliest_of_several_deadlines_counts(brief, replaced):
    rows = brief.tables["result_brief_item"].copy()
    second = rows["rank_number"] == 2
    rows.loc[second, "deadline_at"] = pd.Timestamp("2026-08-04 09:30")

    said = words.brief_verdict(replaced(brief, result_brief_item=rows).of("99"))

    assert said.deadline_at == "2026-08-04T09:30:00"
    assert said.headline["zh"].endswith("8月4日9时30分前定")


def test_a_known_cost_stands_in_the_recommendation(brief, replaced):
    rows = brief.tables["result_brief_item"].assign(expected_cost_yuan=3_124_000.0)

    said = words.brief_verdict(replaced(brief, result_brief_item=rows).of("990101"))

    assert "预期费用312.40万元" in said.recommendation["zh"]
    assert "尚无数据" not in said.recommendation["zh"]
    assert "expected cost 3.1240 million yuan" in said.recommendation["en"]


def test_an_option_without_words_is_named_by_its_code(brief, replaced):
    rows = brief.tables["result_brief_item"].copy()
    rows["option_code"] = rows["option_code"].replace("plan_on_p90", "buy_everything")

    said = words.brief_verdict(replaced(brief, result_brief_item=rows).of("990101"))

    assert said.headline["zh"] == "8月4日至10日：buy_everything；8月4日12时前定"


def test_a_brief_without_items_gives_no_judgement(brief, replaced):
    empty = brief.tables["result_brief_item"].head(0)

    said = words.brief_verdict(replaced(brief, result_brief_item=empty).of("99"))

    assert said.headline["zh"] == "示范省本期无可用数据，不作判断。"


def test_findings_speak_first_of_the_unit_then_of_those_below(demand):
    lines = [item.text["zh"] for item in words.findings(demand.of("99")).items]

    assert lines == [
        "富民县因数据不足未作预测，合计不含这些单位。",
        "没有足够的天气预报存档（12期），以历年同期气温代替，区间因此较宽。",
        "小溪县：负荷数据缺失7.1%。",
        "安宁市：demand.a.new.code (a=x; b=2)",
    ]


def test_an_unknown_finding_and_one_without_its_facts_fall_back_to_code_and_facts(demand):
    found = (
        Finding(code="never.seen", severity="note", unit_id="99", facts={"z": 1, "a": [1, 2]}),
        Finding(code="demand.history.gaps", severity="note", unit_id="99", facts={"other": 1}),
        Finding(code="bare", severity="forbid", unit_id="99"),
    )

    items = words.findings(replace(demand, findings=found).of("99")).items

    assert [item.text["en"] for item in items] == [
        "bare",
        "demand.history.gaps (other=1)",
        "never.seen (a=[1, 2]; z=1)",
    ]


def test_many_units_with_one_finding_share_one_line(demand):
    found = tuple(
        Finding(
            code="demand.history.gaps", severity="limit", unit_id=unit, facts={"missing_frac": 0.1}
        )
        for unit in ("990202", "990102", "990201", "990101")
    )

    items = words.findings(replace(demand, findings=found).of("99")).items

    assert [item.text["zh"] for item in items] == [
        "安宁市、富民县、石林县等4个单位：负荷数据缺失10.0%。"
    ]


def test_sources_name_the_computing_unit_the_versions_and_the_parameters(demand):
    text = str(words.sources(demand.of("990202")))

    assert "计算单位：示范省" in text
    assert "result_demand_forecast@12" in text
    assert "读数时刻：2026-08-04 08:00" in text
    changed = replace(demand, run=replace(demand.run, parameters={"seed": 2, "draws": 200}))
    assert str(words.sources(changed)).splitlines()[-1] != text.splitlines()[-1]
