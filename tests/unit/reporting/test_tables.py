"""Tables. Authority: the rows of the study themselves, read again with plain pandas."""

import pandas as pd
import pytest

from marketing_models.reporting import tables


def stored(table):
    """(unit, whole key) -> column -> value of every cell that names a stored column."""
    held = {}
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            if column.column and cell.text is None:
                key = tuple(sorted({**row.key, **cell.key}.items()))
                held.setdefault((row.unit_id, key), {})[column.column] = cell.value
    return held


def expected(rows, columns, keys):
    held = {}
    for row in rows.to_dict("records"):
        key = tuple(
            sorted(
                (k, v.isoformat() if isinstance(v, pd.Timestamp) else v)
                for k, v in ((k, row[k]) for k in keys)
            )
        )
        values = {c: None if pd.isna(row[c]) else row[c] for c in columns}
        held[(row["unit_id"], key)] = values
    return held


PERIOD = ("series_code", "resolution_code", "period_start")


def test_days_show_three_percentiles_of_energy_and_peak_of_each_day(demand):
    study = demand.of("9901")
    rows = study.table("result_demand_forecast")
    rows = rows[rows["resolution_code"].isin(["day", "week"])]
    rows = rows[rows["percentile_number"].isin([10, 50, 90])]

    shown = tables.demand_days(study)

    assert len(shown.rows) == 8  # seven days, then the week
    assert stored(shown) == expected(
        rows, ("energy_kwh", "peak_load_kw"), (*PERIOD, "percentile_number")
    )


@pytest.mark.parametrize("unit", ["99", "9902", "990101"])
def test_units_show_last_week_of_the_unit_and_its_children_and_they_add_up(demand, unit):
    study = demand.of(unit)
    rows = study.tables["result_demand_energy"]
    rows = rows[rows["resolution_code"] == "week"]
    rows = rows[rows["period_start"] == rows["period_start"].max()]

    shown = tables.demand_units(study)

    assert stored(shown) == expected(rows, ("energy_kwh", "base_energy_kwh"), PERIOD)
    assert [row.unit_id for row in shown.rows] == [unit, *study.children]
    assert [row.is_total for row in shown.rows] == [True] + [False] * len(study.children)
    energies = [row.cells[1].value for row in shown.rows]
    if study.children:
        assert round(sum(energies[1:]), 2) == energies[0]


def test_growth_is_printed_from_the_comparable_base_but_is_no_stored_number(demand):
    shown = tables.demand_units(demand.of("9902"))

    # The small county fell by 1.8 %, the other rose by 3.1 % in the sample.
    assert [shown._printed(row, "zh")[3] for row in shown.rows[1:]] == ["+3.1", "-1.8"]
    assert shown.columns[3].column is None


def test_the_forecast_of_units_shows_the_total_first_and_says_that_percentiles_do_not_add_up(
    demand,
):
    shown = tables.demand_unit_forecast(demand.of("99"))

    assert [row.unit_id for row in shown.rows] == ["99", "9901", "9902"]
    assert "分位数不能相加" in shown.notes[0]["zh"]
    assert shown.rows[0].cells[2].key == {"percentile_number": 50}


def test_energy_shows_the_last_7_days_8_weeks_and_13_months(demand):
    study = demand.of("9901")

    shown = tables.demand_energy(study)

    lengths = [row.key["resolution_code"] for row in shown.rows]
    assert [lengths.count(code) for code in ("day", "week", "month")] == [7, 8, 13]
    rows = study.table("result_demand_energy")
    newest = rows[rows["resolution_code"] == "day"]["period_start"].max()
    assert shown.rows[6].key["period_start"] == newest.isoformat()


def test_a_value_that_is_not_known_is_a_missing_cell(demand, replaced):
    rows = demand.tables["result_demand_energy"].copy()
    rows.loc[rows["unit_id"] == "990202", "base_energy_kwh"] = float("nan")
    study = replaced(demand, result_demand_energy=rows).of("990202")

    shown = tables.demand_units(study)

    assert [cell.value for cell in shown.rows[0].cells[2:]] == [None, None]
    assert shown._printed(shown.rows[0], "en")[2:] == ["—", "—"]


def test_scenarios_show_the_low_middle_and_high_week_of_the_first_day_and_add_up(demand):
    city, counties = demand.of("9901"), [demand.of(u) for u in ("990101", "990102")]

    shown = tables.demand_scenarios(city)

    assert len(shown.rows) == 24
    assert [cell.key["draw_number"] for cell in shown.rows[0].cells[1:]] == [20, 100, 180]
    parts = [tables.demand_scenarios(county) for county in counties]
    for hour, row in enumerate(shown.rows):
        for place in (1, 2, 3):
            assert row.cells[place].value == sum(p.rows[hour].cells[place].value for p in parts)


def test_the_review_shows_the_last_day_hour_by_hour(demand):
    study = demand.of("9902")
    rows = study.table("result_demand_review")
    rows = rows[rows["period_start"] >= pd.Timestamp("2026-08-03")]

    assert stored(tables.demand_review(study)) == expected(
        rows, ("load_kw", "mean_load_kw"), PERIOD
    )


def test_the_balance_shows_demand_and_shortfall_of_both_percentiles(demand):
    study = demand.of("9901")
    rows = study.table("result_demand_balance")
    both = expected(
        rows, ("load_kw", "shortfall_kw"), ("resolution_code", "period_start", "percentile_number")
    )

    shown = stored(tables.demand_balance(study))

    assert {
        place: {c: held[c] for c in ("load_kw", "shortfall_kw")} for place, held in shown.items()
    } == both


def test_without_supply_the_balance_says_that_it_cannot_judge(demand):
    shown = tables.demand_balance(demand.of("990202"))

    assert shown.rows == ()
    assert shown.notes == (
        {"zh": "无可供电力数据，不作判断。", "en": "No supply balance: no judgement."},
    )


def test_the_backtest_spreads_metrics_over_columns_in_order_of_the_horizon(demand):
    study = demand.of("99")

    shown = tables.demand_backtest(study)

    order = ["hours_1_6", "hours_7_24", "days_2_3", "days_4_5", "days_6_7", "days_1_7"]
    assert [row.key["horizon_code"] for row in shown.rows[::2]] == order
    rows = study.table("result_demand_backtest")
    held = {place: v for place, v in stored(shown).items() if v["metric_value"] is not None}
    assert held == expected(
        rows, ("metric_value",), ("series_code", "model_code", "horizon_code", "metric_code")
    )


def test_a_metric_model_and_horizon_without_words_stand_under_their_codes(demand, replaced):
    rows = demand.tables["result_demand_backtest"].copy()
    rows["model_code"] = rows["model_code"].replace("seasonal_naive", "other_model")
    rows["metric_code"] = rows["metric_code"].replace("wape_frac", "rmse_kw")
    rows["horizon_code"] = rows["horizon_code"].replace("days_6_7", "month")

    text = str(tables.demand_backtest(replaced(demand, result_demand_backtest=rows).of("99")))

    assert {"other_model", "month"} <= {word.strip() for word in text.replace("\n", "|").split("|")}
    assert "rmse_kw" in text


def test_a_small_county_has_its_whole_column_in_the_small_unit(demand):
    shown = tables.demand_unit_forecast(demand.of("990202"))

    peaks = [column for column in shown.columns if column.column == "peak_load_kw"]
    assert {column.scale.unit["zh"] for column in peaks} == {"千瓦"}
    assert {column.scale.unit["en"] for column in peaks} == {"kW"}


def test_one_small_child_brings_the_whole_column_of_the_city_to_the_small_unit(demand):
    city = tables.demand_unit_forecast(demand.of("9902"))
    other = tables.demand_unit_forecast(demand.of("9901"))

    assert city.columns[-1].scale.unit["zh"] == "千瓦"
    assert other.columns[-1].scale.unit["zh"] == "万千瓦"


def test_a_shortfall_near_zero_does_not_shrink_the_unit_of_its_table(demand, replaced):
    rows = demand.tables["result_demand_balance"].copy()
    rows["shortfall_kw"] = 7
    shown = tables.demand_balance(replaced(demand, result_demand_balance=rows).of("99"))

    assert {c.scale.unit["zh"] for c in shown.columns if c.column and c.column.endswith("_kw")} == {
        "万千瓦"
    }


def test_items_show_the_recommended_option_first_and_mark_it(brief):
    shown = tables.brief_items(brief.of("99"))

    codes = [(row.key["rank_number"], row.key["option_code"]) for row in shown.rows]
    assert codes == [(1, "prepare_load_plan"), (1, "watch"), (2, "plan_on_p90"), (2, "plan_on_p50")]
    assert [row.is_marked for row in shown.rows] == [True, False, True, False]


def test_indicators_stand_in_the_column_of_their_unit_each_with_its_own_key(brief):
    study = brief.of("99")
    rows = study.table("result_brief_kpi")

    shown = stored(tables.brief_kpis(study))

    assert shown == {
        ("99", (("indicator_code", code),)): {"indicator_value": value}
        for code, value in zip(rows["indicator_code"], rows["indicator_value"], strict=True)
    }


def test_an_indicator_that_is_new_stands_under_its_code(brief, replaced):
    rows = brief.tables["result_brief_kpi"].copy()
    rows.loc[rows["indicator_code"] == "last_week_peak_kw", "indicator_code"] = "charging_kwh"

    shown = tables.brief_kpis(replaced(brief, result_brief_kpi=rows).of("99"))

    last = shown.rows[-1]
    assert last.cells[0].text == {"zh": "charging_kwh", "en": "charging_kwh"}
    assert last.cells[1].key == {"indicator_code": "charging_kwh"}


def test_other_series_than_the_total_do_not_mix_in(demand, replaced):
    rows = demand.tables["result_demand_energy"]
    others = [rows.assign(series_code=code, energy_kwh=1.0) for code in ("sales", "zone")]
    study = replaced(demand, result_demand_energy=pd.concat([*others, rows]))

    assert tables.demand_energy(study.of("99")) == tables.demand_energy(demand.of("99"))


def test_every_table_of_an_empty_study_can_be_shown(demand, brief):
    for study in (demand, brief):
        empty = {name: rows.head(0) for name, rows in study.tables.items()}
        bare = type(study)(**{**vars_of(study), "tables": empty})
        for make in all_tables(study.name):
            assert make(bare).rows == ()


def vars_of(study):
    return {
        name: getattr(study, name)
        for name in ("name", "issue", "unit_id", "hierarchy", "tables", "findings", "run")
    }


def all_tables(study_name):
    return [getattr(tables, name) for name in tables.__all__ if name.startswith(study_name)]
