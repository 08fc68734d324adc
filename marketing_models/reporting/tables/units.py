"""Tables of page 40 that compare a unit's children: each row links one level down."""

import pandas as pd

from marketing_models.reporting import privacy, readings, times
from marketing_models.reporting.display import Table
from marketing_models.reporting.language import Text, say
from marketing_models.reporting.tables.demand import (
    ENERGY,
    PEAK,
    growth,
    percentile_fields,
)
from marketing_models.reporting.tables.grid import Field, Layout, Record, lay_out
from marketing_models.study import Study


def demand_units(study: Study) -> Table:
    """Show last week's energy of the unit and of its children.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        The unit itself first, as the total of the others.
    """
    table = "result_demand_energy"
    rows = _of_units(study, table, resolution_code="week")
    last = rows[rows["period_start"] == rows["period_start"].max()] if len(rows) else rows
    week = times.days(pd.Timestamp(last["period_start"].iloc[0])) if len(last) else ""
    layout = Layout(
        name="demand_units",
        table=table,
        caption=say("各单位上一周用电量（{w}）", "Energy of the last week by unit ({w})", w=week),
        fields=[
            _unit_field(study),
            Field(head=ENERGY, column="energy_kwh"),
            Field(head=say("上年可比", "Year before"), column="base_energy_kwh"),
            Field(head=say("同比", "Change"), derived=growth, is_signed=True),
        ],
        notes=(
            say(
                "各单位之和等于合计；因四舍五入，打印值可能略有差异。",
                "Units add up to the total; printed values may differ slightly by rounding.",
            ),
        ),
    )
    return lay_out(study, layout, last, total=study.unit_id)


def demand_unit_forecast(study: Study) -> Table:
    """Show the forecast week of the unit and of its children.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Table
        P10, P50 and P90 of energy and peak as columns; the unit itself first.
    """
    table = "result_demand_forecast"
    layout = Layout(
        name="demand_unit_forecast",
        table=table,
        caption=say(
            "各单位未来一周预测（{w}）",
            "Forecast of the coming week by unit ({w})",
            w=times.days(readings.origin(study)),
        ),
        fields=[
            _unit_field(study),
            *percentile_fields("energy_kwh", ENERGY),
            *percentile_fields("peak_load_kw", PEAK),
        ],
        spread="percentile_number",
        notes=(
            say(
                "分位数不能相加：各单位不会同时偏高，最大负荷也不在同一时刻，"
                "所以合计行不等于各行之和。",
                "Percentiles do not add up: units are not all high at once and their peaks fall at "
                "different hours, so the total is not the sum of the rows.",
            ),
        ),
    )
    rows = _of_units(study, table, resolution_code="week")
    return lay_out(study, layout, rows, total=study.unit_id)


def _of_units(study: Study, table: str, **equal: str) -> pd.DataFrame:
    """Return the rows of the unit and its children; a child without any has empty ones."""
    own = readings.rows(study, table, **equal)
    found = {unit: readings.rows(study, table, unit, **equal) for unit in study.children}
    children = [
        privacy.blank(table, own.assign(unit_id=unit), {unit}) if rows.empty else rows
        for unit, rows in found.items()
    ]
    return pd.concat([own, *children], ignore_index=True)


def _unit_field(study: Study) -> Field:
    def unit(record: Record) -> Text:
        name = readings.name(study, record.unit_id)
        if record.unit_id == study.unit_id and study.children:
            return say("{n}（合计）", "{n} (total)", n=name)
        return name

    return Field(head=say("单位", "Unit"), words=unit)
