"""Figures. Authority: the rows of the study, and Altair's own schema of Vega-Lite."""

import json

import altair as alt
import pandas as pd
import pytest

from marketing_models.reporting import figures


def datasets(figure, language):
    return figure.specification[language]["datasets"]


def test_every_specification_is_valid_vega_lite(demand, brief):
    for figure in (
        figures.demand_fan(demand),
        figures.demand_review(demand),
        figures.brief_outlook(brief),
    ):
        # Few points: the schema is asked about the drawing, not about every hour.
        specification = dict(figure.specification["zh"])
        few = {name: points[:2] for name, points in specification["datasets"].items()}
        alt.Chart.from_dict({**specification, "datasets": few}, validate=True)


def test_the_fan_draws_every_hour_of_both_weeks_in_display_units(demand):
    study = demand.of("9901")
    rows = study.table("result_demand_forecast")
    hours = rows[rows["resolution_code"] == "hour"].pivot(
        index="period_start", columns="percentile_number", values="load_kw"
    )

    figure = figures.demand_fan(study)

    for language, divisor in (("zh", 10_000), ("en", 1_000)):
        coming = datasets(figure, language)["coming"]
        assert [p["at"] for p in coming] == [f"{t:%Y-%m-%dT%H:%M:%S}Z" for t in hours.index]
        for name, percentile in (("p10", 10), ("p50", 50), ("p90", 90)):
            drawn = [p[name] for p in coming]
            assert drawn == pytest.approx(list(hours[percentile] / divisor), abs=0.01)
        assert len(datasets(figure, language)["past"]) == 168
        assert max(p["at"] for p in datasets(figure, language)["past"]) == "2026-08-03T23:00:00Z"


def test_times_are_drawn_on_a_utc_scale_with_days_named_in_the_language(demand):
    figure = figures.demand_fan(demand)

    for language, label in (("zh", "%-m月%-d日"), ("en", "%-d %b")):
        text = json.dumps(figure.specification[language], ensure_ascii=False)
        axes = [layer["encoding"]["x"] for layer in figure.specification[language]["layer"]]
        assert {x["scale"]["type"] for x in axes if isinstance(x.get("scale"), dict)} == {"utc"}
        assert label in text


def test_the_shortage_is_shaded_from_the_supply_up_to_the_median_load(demand):
    figure = figures.demand_fan(demand.of("9901"))

    points = datasets(figure, "zh")["supply"]
    assert len(points) == 168
    assert all(p["top"] == max(p["p50"], p["supply"]) for p in points)
    assert any(p["top"] > p["supply"] for p in points)


def test_without_a_balance_no_supply_is_drawn_or_spoken_of(demand):
    figure = figures.demand_fan(demand.of("990202"))

    assert datasets(figure, "zh")["supply"] == []
    assert "可供电力" not in figure.caption["zh"]
    assert "可供电力" not in json.dumps(figure.specification["zh"], ensure_ascii=False)


def test_a_forecast_by_the_quarter_hour_is_drawn_like_one_by_the_hour(demand, replaced):
    rows = demand.tables["result_demand_forecast"].copy()
    hourly = rows["resolution_code"] == "hour"
    rows.loc[hourly, "resolution_code"] = "quarter_hour"
    begin = pd.Timestamp("2026-08-04")
    rows.loc[hourly, "period_start"] = begin + (rows.loc[hourly, "period_start"] - begin) / 4

    figure = figures.demand_fan(replaced(demand, result_demand_forecast=rows).of("990101"))

    assert datasets(figure, "zh")["coming"][1]["at"] == "2026-08-04T00:15:00Z"


def test_missing_hours_are_gaps_not_zeros(demand, replaced):
    rows = demand.tables["result_demand_review"].copy()
    rows.loc[rows["period_start"] == pd.Timestamp("2026-08-01 05:00"), "load_kw"] = pd.NA

    figure = figures.demand_review(replaced(demand, result_demand_review=rows).of("990101"))

    gap = [p for p in datasets(figure, "zh")["hours"] if p["at"] == "2026-08-01T05:00:00Z"]
    assert [p["load_kw"] for p in gap] == [None]


def test_the_review_says_the_weighted_error_of_the_week(demand):
    study = demand.of("9902")
    rows = study.table("result_demand_review")
    error = (rows["load_kw"] - rows["mean_load_kw"]).abs().sum() / rows["load_kw"].sum()

    assert f"{100 * error:.1f}%" in figures.demand_review(study).caption["zh"]


def test_the_outlook_needs_only_the_tables_of_the_brief(brief):
    study = brief.of("9902")
    values = study.table("result_brief_kpi").set_index("indicator_code")["indicator_value"]

    panels = datasets(figures.brief_outlook(study), "zh")

    coming, last = panels["peak"]
    assert coming["low"] == pytest.approx(values["next_week_peak_p10_kw"] / 10_000, abs=0.01)
    assert last["last"] == pytest.approx(values["last_week_peak_kw"] / 10_000, abs=0.01)
    assert last["last_text"] == f"{values['last_week_peak_kw'] / 10_000:.1f}"


def test_a_study_without_rows_draws_that_there_is_nothing(demand, brief, replaced):
    bare = {name: rows.head(0) for name, rows in demand.tables.items()}
    study = replaced(demand, **bare)
    empty = replaced(brief, result_brief_kpi=brief.tables["result_brief_kpi"].head(0))

    for figure in (
        figures.demand_fan(study),
        figures.demand_review(study),
        figures.brief_outlook(empty),
    ):
        assert datasets(figure, "zh") == {"nothing": [{"text": "无可用数据"}]}
        assert datasets(figure, "en") == {"nothing": [{"text": "no usable data"}]}
