"""Tables of page 00: what is to be decided, and the figures with where they come from."""

from collections.abc import Callable, Sequence

import pandas as pd

from marketing_models import units
from marketing_models.reporting import readings, times
from marketing_models.reporting.display import Cell, Column, Row, Table
from marketing_models.reporting.formats import Number
from marketing_models.reporting.language import Text, same, say
from marketing_models.reporting.readings import indicator
from marketing_models.reporting.tables.grid import Field, Layout, Record, lay_out
from marketing_models.reporting.words import brief as words
from marketing_models.reporting.words.tiles import PERCENT
from marketing_models.study import Study

TABLE = "result_brief_kpi"
_HEADS = {
    "kWh": say("电量", "Energy"),
    "kW": say("最大负荷", "Peak load"),
    "1": say("比率", "Share"),
}
# Rows of the table of figures: what they are, and the indicators that stand in them.
_FIGURES: Sequence[tuple[tuple[str, str], Sequence[str]]] = (
    (("未来一周 P10", "Coming week, P10"), ("next_week_energy_p10_kwh", "next_week_peak_p10_kw")),
    (("未来一周 P50", "Coming week, P50"), ("next_week_energy_p50_kwh", "next_week_peak_p50_kw")),
    (("未来一周 P90", "Coming week, P90"), ("next_week_energy_p90_kwh", "next_week_peak_p90_kw")),
    (("上一周实际", "Last week, actual"), ("last_week_energy_kwh", "last_week_peak_kw")),
    (("缺口概率", "Probability of shortfall"), ("shortfall_probability_frac",)),
    (("上期预测误差", "Error of the last forecast"), ("last_error_frac",)),
    (("80%区间实际覆盖", "Coverage of the 80% interval"), ("coverage_80_frac",)),
)


def brief_items(study: Study) -> Table:
    """Show each matter with its options, price, confidence, deadline and who acts.

    Parameters
    ----------
    study : Study
        A brief, cut to one unit.

    Returns
    -------
    Table
        One row an option; the recommended one is marked.
    """
    table = "result_brief_item"
    layout = Layout(
        name="brief_items",
        table=table,
        caption=say("待决事项与备选", "Decisions and options"),
        fields=[
            Field(head=say("方案", "Option"), words=_option),
            Field(
                head=say("安排的最大负荷", "Peak planned for"), derived=_peak_of(study), unit="kW"
            ),
            Field(head=say("把握", "Confidence"), column="success_frac"),
            Field(head=say("预期代价", "Expected cost"), column="expected_cost_yuan"),
            Field(head=say("最迟时间", "Deadline"), words=_deadline),
            Field(head=say("责任单位", "Responsible"), words=_owner_of(study)),
        ],
        notes=(
            say(
                "把握：方案够用的概率。安排供应，指一周最大负荷不超过所安排的数值；"
                "暂不准备，指一周不出现缺口。",
                "Confidence: probability that the option suffices. A planned peak: that the week "
                "stays below it; watching: that no shortfall occurs.",
            ),
        ),
    )
    rows = readings.rows(study, table).sort_values(
        ["rank_number", "is_recommended"], ascending=[True, False], kind="stable"
    )
    return lay_out(study, layout, rows, is_marked=lambda r: bool(r.any["is_recommended"]))


def _option(record: Record) -> Text:
    name = words.option(str(record.key["option_code"]))
    if record.any["is_recommended"]:
        return say("{n}（建议）", "{n} (recommended)", n=name)
    return name


def _deadline(record: Record) -> Text:
    return times.moment(pd.Timestamp(record.any["deadline_at"]))


def _peak_of(study: Study) -> Callable[[Record], Number | None]:
    return lambda record: words.option_peak(study, str(record.key["option_code"])).value


def _owner_of(study: Study) -> Callable[[Record], Text]:
    return lambda record: readings.name(study, str(record.any["owner_unit_id"]))


def brief_kpis(study: Study) -> Table:
    """Show the figures of the brief; each column has one unit.

    Parameters
    ----------
    study : Study
        A brief, cut to one unit.

    Returns
    -------
    Table
        Indicators stand in the column of their unit, so the cell carries the indicator's key.
    """
    rows = readings.rows(study, TABLE)
    held = {str(code) for code in rows["indicator_code"]}
    listed = {code for _, codes in _FIGURES for code in codes}
    figures = [
        *((say(*label), codes) for label, codes in _FIGURES if held & set(codes)),
        *((same(code), (code,)) for code in sorted(held - listed)),
    ]
    scales = (words.energy_scale(study), words.peak_scale(study), PERCENT)
    return Table(
        name="brief_kpis",
        table=TABLE,
        caption=say("主要指标", "Key figures"),
        columns=(
            Column(head=say("指标", "Figure")),
            *(
                Column(head=head, column="indicator_value", scale=scale)
                for head, scale in zip(_HEADS.values(), scales, strict=True)
            ),
            Column(head=say("出处（表.列）", "Source (table.column)")),
        ),
        rows=tuple(_figure(study, rows, label, codes) for label, codes in figures),
    )


def _figure(study: Study, rows: pd.DataFrame, label: Text, codes: Sequence[str]) -> Row:
    by_unit = {units.unit_of(code): code for code in codes}
    found = rows[rows["indicator_code"].isin(codes)]
    names = zip(found["table_name"], found["column_name"], strict=True)
    places = sorted({f"{table}.{column}" for table, column in names})
    return Row(
        unit_id=study.unit_id,
        key={},
        cells=(
            Cell(text=label),
            *(_indicator(study, by_unit.get(unit)) for unit in _HEADS),
            Cell(text=same(", ".join(places))),
        ),
    )


def _indicator(study: Study, code: str | None) -> Cell:
    if code is None:
        return Cell(text=same(""))
    return Cell(value=indicator(study, code).value, key={"indicator_code": code})
