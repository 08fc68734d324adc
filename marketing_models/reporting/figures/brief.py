"""Figure of page 00: the coming week as ranges, beside the week before."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from marketing_models.reporting import formats, readings, times
from marketing_models.reporting.display import Figure
from marketing_models.reporting.figures import pieces
from marketing_models.reporting.figures.pieces import ACCENT, INK, SOFT
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import Text, say
from marketing_models.reporting.words import brief
from marketing_models.study import Study

_Panel = tuple[str, str, Text]

_ENERGY: _Panel = ("energy", "kwh", say("用电量", "Energy"))
_PEAK: _Panel = ("peak", "kw", say("最大负荷", "Peak load"))
_COMING, _LAST = say("未来一周", "coming week"), say("上一周", "last week")
_PANEL_WIDTH, _PANEL_HEIGHT = 352, 112


def brief_outlook(study: Study) -> Figure:
    """Draw energy and peak of the coming week as ranges, beside the week before.

    Parameters
    ----------
    study : Study
        A brief, cut to one unit.

    Returns
    -------
    Figure
        Two panels of interval bars.
    """
    energy, peak = brief.energy_scale(study), brief.peak_scale(study)
    words = (
        say(
            "未来一周展望（{d}）",
            "Outlook for the coming week ({d})",
            d=times.days(readings.origin(study)),
        ),
        say(
            "绿条：80%区间（P10–P90）；竖线：中位预测（P50）；灰点：上一周实际。",
            "Green bar: 80% interval (P10–P90); tick: median forecast (P50); grey dot: last week, "
            "measured.",
        ),
        say(
            "80%区间：用电量{e}，最大负荷{p}。",
            "80% intervals: energy {e}, peak load {p}.",
            e=_interval(study, _ENERGY, energy),
            p=_interval(study, _PEAK, peak),
        ),
    )
    panels = ((_ENERGY, energy), (_PEAK, peak))
    return pieces.figure("brief_outlook", words, lambda language: _outlook(study, panels, language))


def _stored(study: Study, panel: _Panel) -> list[formats.Number | None]:
    what, unit, _ = panel
    codes = [f"next_week_{what}_p{percentile}_{unit}" for percentile in (10, 50, 90)]
    return [readings.indicator(study, c).value for c in (*codes, f"last_week_{what}_{unit}")]


def _interval(study: Study, panel: _Panel, as_: Scale) -> Text:
    low, _, high, _ = _stored(study, panel)
    return formats.interval(low, high, as_)


def _outlook(study: Study, panels: Sequence[tuple[_Panel, Scale]], language: str) -> pieces.Drawn:
    drawn, points = [], {}
    for panel, as_ in panels:
        held = _points(_stored(study, panel), as_, language)
        if held:
            points[panel[0]] = held
            drawn.append(_panel(panel, held, as_, language))
    if not drawn:
        return pieces.nothing(language)
    return alt.hconcat(*drawn, spacing=40), points


def _points(
    stored: Sequence[formats.Number | None], as_: Scale, language: str
) -> list[pieces.Point]:
    low, middle, high, last = (pieces.shown(value, as_, language) for value in stored)
    if low is None or middle is None or high is None:
        return []
    printed = [formats.number(value, as_, language) for value in stored]
    coming = {"row": _COMING[language], "low": low, "middle": middle, "high": high}
    texts = dict(zip(("low_text", "middle_text", "high_text"), printed, strict=False))
    before = {"row": _LAST[language], "last": last, "last_text": printed[3]}
    told = _told(stored, as_)
    return [
        {**coming, **texts, "text": told[0][language]},
        *([{**before, "text": told[1][language]}] if last is not None else []),
    ]


def _told(stored: Sequence[formats.Number | None], as_: Scale) -> tuple[Text, Text]:
    low, middle, high, last = stored
    coming = say(
        "{row}：中位{middle}，80%区间{range}",
        "{row}: median {middle}, 80% interval {range}",
        row=_COMING,
        middle=formats.amount(middle, as_),
        range=formats.interval(low, high, as_),
    )
    before = say("{row}：{last}", "{row}: {last}", row=_LAST, last=formats.amount(last, as_))
    return coming, before


def _panel(
    panel: _Panel, points: Sequence[pieces.Point], as_: Scale, language: str
) -> alt.LayerChart:
    chart = pieces.chart(panel[0])
    x = _quantities(points, as_, panel[2], language)
    y = alt.Y(
        "row:N",
        title=None,
        scale=alt.Scale(domain=[_COMING[language], _LAST[language]]),
        axis=alt.Axis(domain=False, ticks=False, labelFontSize=13, labelPadding=8),
    )
    drawn: Any = alt.layer(
        pieces.mark(chart, "bar", color=ACCENT, opacity=0.35, height=22, aria=True).encode(
            x=x, x2=alt.X2("high:Q"), y=y, description=alt.Description("text:N")
        ),
        pieces.mark(chart, "tick", color=ACCENT, thickness=3, size=30).encode(
            x=alt.X("middle:Q"), y=y
        ),
        pieces.mark(chart, "point", color=SOFT, filled=True, size=90, opacity=1, aria=True).encode(
            x=alt.X("last:Q"), y=y, description=alt.Description("text:N")
        ),
        _number(chart, "low", y, align="right", dx=-6),
        _number(chart, "middle", y, dy=-24, fontWeight="bold"),
        _number(chart, "high", y, align="left", dx=6),
        _number(chart, "last", y, align="left", dx=10),
    ).properties(width=_PANEL_WIDTH, height=_PANEL_HEIGHT)
    return drawn


def _quantities(points: Sequence[pieces.Point], as_: Scale, title: Text, language: str) -> alt.X:
    # Ranges are compared with each other, not with zero; the numbers at their ends need room.
    sizes = pieces.sizes(points)
    room = 0.3 * ((max(sizes) - min(sizes)) or 1.0)
    head = say("{t}（{u}）", "{t} ({u})", t=title, u=as_.unit)
    return alt.X(
        "low:Q",
        title=head[language],
        scale=alt.Scale(domain=[min(sizes) - room, max(sizes) + room], nice=False),
        axis=alt.Axis(tickCount=5, titleAnchor="start"),
    )


def _number(chart: alt.Chart, field: str, y: alt.Y, **place: Any) -> alt.Chart:
    text = pieces.mark(chart, "text", fontSize=13, color=INK, baseline="middle", **place)
    return text.encode(x=alt.X(f"{field}:Q"), y=y, text=alt.Text(f"{field}_text:N"))
