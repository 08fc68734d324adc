"""Figures of page 40: the fan of the coming week, and the last week against its forecast."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from marketing_models.reporting import formats, readings, times
from marketing_models.reporting.display import Figure
from marketing_models.reporting.figures import pieces
from marketing_models.reporting.figures.pieces import ACCENT, INK, QUIET, SHORTAGE, SOFT, WIDTH
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import LANGUAGES, Text, say
from marketing_models.study import Study

_HALO = {"stroke": "#ffffff", "strokeWidth": 4}
_WEEK = pd.Timedelta(days=7)


def demand_fan(study: Study) -> Figure:
    """Draw the coming week as a band and a line, after the measured load of the week before.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Figure
        With the available supply, and what it lacks shaded, where a balance is known.
    """
    forecast, actual = _forecast(study), readings.rows(study, "result_demand_review")
    as_ = readings.scale(study, "load_kw", *forecast["p50"], *actual["load_kw"])
    week = times.days(readings.origin(study))
    with_supply = say(
        "；虚线：可供电力，深色为不足部分", "; dashes: available supply, dark where it falls short"
    )
    words = (
        say("未来一周逐时负荷（{d}）", "Load of the coming week by hour ({d})", d=week),
        say(
            "灰线：上一周实际；绿线：中位预测（P50）；绿带：80%区间（P10–P90）{s}。当地时间。",
            "Grey line: last week, measured; green line: median forecast (P50); green band: 80% "
            "interval (P10–P90){s}. Local time.",
            s=with_supply if forecast["supply"].notna().any() else "",
        ),
        _spoken(week, forecast, as_),
    )
    return pieces.figure(
        "demand_fan", words, lambda language: _fan(forecast, actual, as_, language)
    )


def _forecast(study: Study) -> pd.DataFrame:
    forecast = readings.fan(study)
    supply = readings.rows(
        study, "result_demand_balance", resolution_code="day", percentile_number=50
    )
    by_day = supply.set_index("period_start")["available_supply_kw"].astype("float64")
    days = forecast["period_start"].astype("datetime64[us]").dt.normalize()
    return forecast.assign(supply=by_day.reindex(days).to_numpy())


def _spoken(week: Text, forecast: pd.DataFrame, as_: Scale) -> Text:
    if forecast.empty:
        return say("无可用数据。", "No usable data.")
    return say(
        "{d}逐时负荷的中位预测在{low}到{high}之间，80%区间最高到{top}。",
        "Median forecast of hourly load for {d}: from {low} to {high}; 80% interval up to {top}.",
        d=week,
        low=formats.amount(forecast["p50"].min(), as_),
        high=formats.amount(forecast["p50"].max(), as_),
        top=formats.amount(forecast["p90"].max(), as_),
    )


def _fan(forecast: pd.DataFrame, actual: pd.DataFrame, as_: Scale, language: str) -> pieces.Drawn:
    if forecast.empty:
        return pieces.nothing(language)
    drawn_at = pieces.points(forecast, ["p10", "p50", "p90", "supply"], as_, language)
    coming = [
        {**point, "text": _hour(row, as_)[language]}
        for point, row in zip(drawn_at, forecast.itertuples(), strict=True)
    ]
    past = pieces.points(actual, ["load_kw"], as_, language)
    begin = forecast["period_start"].iloc[0]
    first = min([begin, *actual["period_start"]])
    x = pieces.time_axis(first, begin + _WEEK, language)
    y = pieces.load_axis("p50", [*coming, *past], as_, language)
    known = [point for point in coming if point["supply"] is not None]
    points: dict[str, Sequence[pieces.Point]] = {
        "coming": coming,
        "past": past,
        "supply": [{**p, "top": max(p["p50"] or 0.0, p["supply"])} for p in known],
        "origin": [_labels(begin, known, language)],
    }
    hours = pieces.hover("coming", 2 * len(coming), x)
    drawn: alt.TopLevelMixin = alt.layer(*_layers(x, y), hours).properties(width=WIDTH, height=300)
    return drawn, points


def _hour(row: Any, as_: Scale) -> Text:
    return say(
        "{t} {middle}（{range}）",
        "{t} {middle} ({range})",
        t=times.moment(row.period_start),
        middle={language: formats.number(row.p50, as_, language) for language in LANGUAGES},
        range=formats.interval(row.p10, row.p90, as_),
    )


def _labels(begin: pd.Timestamp, known: Sequence[pieces.Point], language: str) -> pieces.Point:
    texts = {
        "coming": say("未来一周：中位预测与80%区间", "coming week: median and 80% interval"),
        "past": say("上一周：实际", "last week: measured"),
        "available": say("可供电力", "available supply") if known else say("", ""),
    }
    held = {name: text[language] for name, text in texts.items()}
    return {
        "at": pieces.wall_time(begin),
        "supply": known[0]["supply"] if known else None,
        **held,
    }


def _layers(x: alt.X, y: alt.Y) -> list[alt.Chart]:
    coming, past, known, origin = map(pieces.chart, ("coming", "past", "supply", "origin"))
    supply, top = pieces.along(y, "supply"), alt.value(2)
    dashes = {"strokeDash": [6, 4], "strokeWidth": 1.3, "interpolate": "step-after"}
    text = {"fontSize": 13}
    after, before = {"align": "left", "dx": 6}, {"align": "right", "dx": -6}
    high = {"baseline": "top"}
    return [
        pieces.mark(coming, "area", color=ACCENT, opacity=0.22).encode(
            x=x, y=pieces.along(y, "p10"), y2=alt.Y2("p90:Q")
        ),
        pieces.mark(past, "line", color=SOFT, strokeWidth=1.4).encode(
            x=alt.X("at:T"), y=pieces.along(y, "load_kw")
        ),
        pieces.mark(known, "area", color=SHORTAGE, opacity=0.75).encode(
            x=alt.X("at:T"), y=supply, y2=alt.Y2("top:Q")
        ),
        pieces.mark(known, "line", color=INK, **dashes).encode(x=alt.X("at:T"), y=supply),
        pieces.mark(coming, "line", color=ACCENT, strokeWidth=1.8).encode(x=x, y=y),
        pieces.mark(origin, "rule", color=SOFT).encode(x=alt.X("at:T")),
        *(
            pieces.mark(origin, "text", **text, **side, color=colour).encode(
                x=alt.X("at:T"), y=height, text=alt.Text(f"{name}:N")
            )
            for name, side, colour, height in (
                ("coming", {**after, **high}, ACCENT, top),
                ("past", {**before, **high}, QUIET, top),
                ("available", {**before, **_HALO}, "#ffffff", supply),
                ("available", before, INK, supply),
            )
        ),
    ]


def demand_review(study: Study) -> Figure:
    """Draw last week's measured load and what was forecast for it a week before.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Figure
        Two lines.
    """
    rows = readings.rows(study, "result_demand_review")
    as_ = readings.scale(study, "load_kw", *rows["load_kw"], *rows["mean_load_kw"])
    error = formats.share(_week_error(rows))
    begin = readings.origin(study) - _WEEK
    words = (
        say("上一周预测与实际（{d}）", "Last week: forecast and actual ({d})", d=times.days(begin)),
        say(
            "绿线：七日前的预测（均值）；灰线：实际。全周逐时加权误差{e}。",
            "Green line: forecast made seven days before (mean); grey line: measured. Weighted "
            "hourly error of the week {e}.",
            e=error,
        ),
        say(
            "上一周逐时预测与实际，加权误差{e}。",
            "Forecast and measured load of last week by hour; weighted error {e}.",
            e=error,
        ),
    )
    return pieces.figure("demand_review", words, lambda language: _review(rows, as_, language))


def _week_error(rows: pd.DataFrame) -> float | None:
    known = rows[["load_kw", "mean_load_kw"]].astype("float64").dropna()
    total = known["load_kw"].sum()
    if total <= 0:
        return None
    return float((known["load_kw"] - known["mean_load_kw"]).abs().sum() / total)


def _review(rows: pd.DataFrame, as_: Scale, language: str) -> pieces.Drawn:
    # Without a text for each hour: the table below the chart has them, and pages have a budget.
    hours = pieces.points(rows, ["load_kw", "mean_load_kw"], as_, language)
    if not pieces.sizes(hours):
        return pieces.nothing(language)
    first = rows["period_start"].iloc[0]
    x = pieces.time_axis(first, first + _WEEK, language)
    y = pieces.load_axis("load_kw", hours, as_, language)
    chart = pieces.chart("hours")
    drawn = alt.layer(
        pieces.mark(chart, "line", color=SOFT, strokeWidth=1.6).encode(x=x, y=y),
        pieces.mark(chart, "line", color=ACCENT, strokeWidth=1.6).encode(
            x=alt.X("at:T"), y=pieces.along(y, "mean_load_kw")
        ),
    )
    return drawn.properties(width=WIDTH, height=240), {"hours": hours}
