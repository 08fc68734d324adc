"""Tables of page 40: forecast, past energy, scenarios, review, balance and backtest."""

import pandas as pd

from marketing_models import units
from marketing_models.reporting import formats, readings, times
from marketing_models.reporting.display import Table
from marketing_models.reporting.language import Text, same, say
from marketing_models.reporting.tables.grid import Field, Layout, Record, lay_out
from marketing_models.study import Study

PERCENTILES = (10, 50, 90)
LOW_MIDDLE_HIGH = (20, 100, 180)

ENERGY = say("用电量", "Energy")
PEAK = say("最大负荷", "Peak load")
LOAD = say("负荷", "Load")
_SPANS = {"day": ("日", "day", 7), "week": ("周", "week", 8), "month": ("月", "month", 13)}


def percentile_fields(column: str, group: Text) -> list[Field]:
    """Return the columns of P10, P50 and P90 of one quantity."""
    return [
        Field(head=same(f"P{percentile}"), group=group, column=column, part=percentile)
        for percentile in PERCENTILES
    ]


def growth(record: Record) -> float | None:
    """Return the change on the comparable base of the year before."""
    return formats.ratio(record.number("energy_kwh"), record.number("base_energy_kwh"))


def demand_days(study: Study) -> Table:
    """Show energy and peak of each of the seven days that are forecast, and of the week.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        One row a day, the week last; P10, P50 and P90 as columns.
    """
    table = "result_demand_forecast"
    known = (readings.rows(study, table, resolution_code=code) for code in ("day", "week"))
    rows = pd.concat(list(known), ignore_index=True)
    fields = [
        Field(head=say("时段", "Period"), words=_span),
        *percentile_fields("energy_kwh", ENERGY),
        *percentile_fields("peak_load_kw", PEAK),
        Field(head=say("出现时刻", "At"), words=_peak_hour),
    ]
    layout = Layout(
        name="demand_days",
        table=table,
        caption=say("逐日预测", "Forecast by day"),
        fields=fields,
        spread="percentile_number",
        notes=(
            say(
                "P10–P90为80%区间；各日分位数不能相加，全周另计。",
                "P10–P90 is the 80% interval; percentiles of days do not add up to the week's.",
            ),
        ),
    )
    return lay_out(study, layout, rows)


def _peak_hour(record: Record) -> Text:
    at = record.parts.get(50, {}).get("peak_at")
    return same(formats.MISSING) if at is None or pd.isna(at) else times.hour(pd.Timestamp(at))


def demand_energy(study: Study) -> Table:
    """Show measured energy of the last days, weeks and months against its comparable base.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        At most 7 days, 8 weeks and 13 months, the latest last.
    """
    table = "result_demand_energy"
    parts = [
        readings.rows(study, table, resolution_code=code).tail(count)
        for code, (_, _, count) in _SPANS.items()
    ]
    fields = [
        Field(head=say("时段", "Period"), words=_period),
        Field(
            head=say("粒度", "Length"),
            words=lambda r: say(*_SPANS[str(r.key["resolution_code"])][:2]),
        ),
        Field(head=ENERGY, column="energy_kwh"),
        Field(head=say("上年可比", "Year before"), column="base_energy_kwh"),
        Field(head=say("同比", "Change"), derived=growth, is_signed=True),
        Field(head=say("上期预测", "Forecast"), column="forecast_energy_kwh"),
        Field(head=say("预测偏差", "Deviation"), derived=_deviation, is_signed=True),
    ]
    layout = Layout(
        name="demand_energy",
        table=table,
        caption=say("近期用电量", "Recent energy"),
        fields=fields,
        notes=(
            say(
                "同比按可比基数计算；预测偏差=（上期预测−实际）/实际。",
                "Change on a comparable base; deviation = (forecast − actual) / actual.",
            ),
        ),
    )
    return lay_out(study, layout, pd.concat(parts, ignore_index=True))


def _deviation(record: Record) -> float | None:
    return formats.ratio(record.number("forecast_energy_kwh"), record.number("energy_kwh"))


def _period(record: Record) -> Text:
    code = str(record.key["resolution_code"])
    if code == "day":
        return times.weekday(record.start)
    return times.days(record.start) if code == "week" else times.month(record.start)


def demand_scenarios(study: Study) -> Table:
    """Show the first day hour by hour in a low, a middle and a high week.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        24 rows; draws 20, 100 and 180 as columns.
    """
    table = "result_demand_scenario"
    rows = _first_day(study, readings.rows(study, table))
    rows = rows[rows["draw_number"].isin(LOW_MIDDLE_HIGH)]
    heads = (("偏低周", "low week"), ("居中周", "middle week"), ("偏高周", "high week"))
    fields = [
        Field(head=say("时段起点", "Hour"), words=lambda r: times.hour(r.start)),
        *(
            Field(
                head=say(f"{zh}（第{draw}次抽样）", f"{en} (draw {draw})"),
                group=LOAD,
                column="load_kw",
                part=draw,
            )
            for draw, (zh, en) in zip(LOW_MIDDLE_HIGH, heads, strict=True)
        ),
    ]
    layout = Layout(
        name="demand_scenarios",
        table=table,
        caption=say("{d}逐时情景", "Scenarios of {d} by hour", d=times.day(readings.origin(study))),
        fields=fields,
        spread="draw_number",
        notes=(
            say(
                "抽样按计算单位全周电量由低到高编号；同一编号在各单位是同一种情形，"
                "所以各县之和等于市、省（分位数则不然）。",
                "Draws are numbered by the computing unit's energy of the week, lowest first; one "
                "number is one state of the world in every unit, so counties add up to city and "
                "province (percentiles do not).",
            ),
        ),
    )
    return lay_out(study, layout, rows)


def _first_day(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    begin = readings.origin(study)
    return rows[
        (rows["period_start"] >= begin) & (rows["period_start"] < begin + pd.Timedelta(days=1))
    ]


def demand_review(study: Study) -> Table:
    """Show the last day hour by hour: measured load and what was forecast a week before.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        24 rows.
    """
    table = "result_demand_review"
    begin = readings.origin(study) - pd.Timedelta(days=1)
    rows = readings.rows(study, table)
    rows = rows[rows["period_start"] >= begin]
    fields = [
        Field(head=say("时段起点", "Hour"), words=lambda r: times.hour(r.start)),
        Field(head=say("实际负荷", "Actual"), column="load_kw"),
        Field(head=say("七日前预测", "Forecast 7 days before"), column="mean_load_kw"),
        Field(
            head=say("偏差", "Deviation"),
            is_signed=True,
            derived=lambda r: formats.ratio(r.number("mean_load_kw"), r.number("load_kw")),
        ),
    ]
    layout = Layout(
        name="demand_review",
        table=table,
        caption=say("{d}预测与实际", "Forecast and actual, {d}", d=times.day(begin)),
        fields=fields,
    )
    return lay_out(study, layout, rows)


def demand_balance(study: Study) -> Table:
    """Show supply against demand by day, in the middle and in the bad case.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        Without rows, and saying so, where no balance is known.
    """
    table = "result_demand_balance"
    rows = readings.rows(study, table)
    fields = [
        Field(head=say("时段", "Period"), words=_span),
        Field(head=say("可供电力", "Available supply"), column="available_supply_kw", part=50),
        Field(head=say("备用", "Reserve"), column="reserve_kw", part=50, sets_unit=False),
        *(
            Field(head=same(f"P{p}"), group=say("需求", "Demand"), column="load_kw", part=p)
            for p in (50, 95)
        ),
        *(
            Field(
                head=same(f"P{p}"),
                group=say("缺口（负为富余）", "Shortfall (negative: headroom)"),
                column="shortfall_kw",
                part=p,
                is_signed=True,
                sets_unit=False,
            )
            for p in (50, 95)
        ),
        Field(
            head=say("缺口概率", "Probability of shortfall"),
            column="shortfall_probability_frac",
            part=50,
        ),
    ]
    note = say("无可供电力数据，不作判断。", "No supply balance: no judgement.")
    layout = Layout(
        name="demand_balance",
        table=table,
        caption=say("电力平衡", "Supply and demand"),
        fields=fields,
        spread="percentile_number",
        notes=() if len(rows) else (note,),
    )
    return lay_out(study, layout, rows)


def _span(record: Record) -> Text:
    of_week = record.key["resolution_code"] == "week"
    return times.days(record.start) if of_week else times.weekday(record.start)


_MODELS = {
    "load_regression": say("负荷回归", "load regression"),
    "seasonal_naive": say("上周同时刻（基准）", "same hour of last week (baseline)"),
}
_HORIZONS = {
    "hours_1_6": say("1–6小时", "hours 1–6"),
    "hours_7_24": say("7–24小时", "hours 7–24"),
    "days_2_3": say("第2–3天", "days 2–3"),
    "days_4_5": say("第4–5天", "days 4–5"),
    "days_6_7": say("第6–7天", "days 6–7"),
    "days_1_7": say("全周", "whole week"),
}
_METRICS = {
    "wape_frac": say("加权误差", "Weighted error"),
    "last_wape_frac": say("其中上期", "Last forecast"),
    "bias_frac": say("平均偏差", "Bias"),
    "coverage_50_frac": say("50%区间覆盖", "50% interval coverage"),
    "coverage_80_frac": say("80%区间覆盖", "80% interval coverage"),
    "coverage_90_frac": say("90%区间覆盖", "90% interval coverage"),
    "pinball_frac": say("分位损失", "Pinball loss"),
    "week_count": say("检验周数", "Weeks"),
}


def demand_backtest(study: Study) -> Table:
    """Show how the models did on past weeks, by horizon.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        One row a horizon and model; metrics as columns.
    """
    table = "result_demand_backtest"
    rows = readings.rows(study, table)
    place = {code: rank for rank, code in enumerate(_HORIZONS)}
    far = len(place)
    rows = rows.sort_values(
        ["horizon_code", "model_code"],
        key=lambda s: s.map(lambda code: (place.get(code, far), code)),
        kind="stable",
    )
    known = [code for code in _METRICS if code in set(rows["metric_code"])]
    codes = known + sorted(set(rows["metric_code"]) - set(known))
    fields = [
        Field(
            head=say("预测时距", "Horizon"), words=lambda r: _named(_HORIZONS, r, "horizon_code")
        ),
        Field(head=say("模型", "Model"), words=lambda r: _named(_MODELS, r, "model_code")),
        *(
            Field(
                head=_METRICS.get(code, same(code)),
                column="metric_value",
                part=code,
                unit=units.unit_of(code) or "",
                is_signed=code.startswith("bias"),
            )
            for code in codes
        ),
    ]
    layout = Layout(
        name="demand_backtest",
        table=table,
        caption=say("历史检验", "Test on past weeks"),
        fields=fields,
        spread="metric_code",
        notes=(
            say(
                "每次检验只用当时已知的数据；覆盖率应接近其名义值。",
                "Each test saw only what was known then; coverage should be near nominal.",
            ),
        ),
    )
    return lay_out(study, layout, rows)


def _named(names: dict[str, Text], record: Record, column: str) -> Text:
    code = str(record.key[column])
    return names.get(code, same(code))
