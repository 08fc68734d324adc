"""Pieces: axes, labels and colours that all charts share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from marketing_models.reporting import formats
from marketing_models.reporting.display import Figure
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import LANGUAGES, Text, say

WIDTH = 880
ACCENT, SOFT, INK, QUIET, GRID = "#0b6b63", "#8a949e", "#1b2530", "#55606c", "#e3e7ea"
# A shortage is shaded dark: red, orange, yellow and blue belong to the four warning levels alone.
SHORTAGE = "#3b3f45"
_CONFIG: Mapping[str, Any] = {
    "font": "Noto Sans CJK SC",
    "aria": False,
    "padding": {"left": 2, "right": 6, "top": 2, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "gridColor": GRID,
        "domainColor": SOFT,
        "tickColor": SOFT,
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
}
_DAY_LABEL = {
    "zh": "[utcFormat(datum.value, '%-m月%-d日'), "
    "['周日','周一','周二','周三','周四','周五','周六'][utcday(datum.value)]]",
    "en": "[utcFormat(datum.value, '%-d %b'), "
    "['Sun','Mon','Tue','Wed','Thu','Fri','Sat'][utcday(datum.value)]]",
}

Point = Mapping[str, Any]
Drawn = tuple[alt.TopLevelMixin, Mapping[str, Sequence[Point]]]


def figure(
    name: str,
    words: tuple[Text, Text, Text],
    draw: Callable[[str], Drawn],
) -> Figure:
    """Make a figure of a title, a caption, a spoken text and one drawing in each language.

    Parameters
    ----------
    name : str
        Stable name on the page.
    words : tuple of mapping
        Title, caption, spoken text.
    draw : callable
        From a language to a drawing and the points that its layers name.

    Returns
    -------
    Figure
        Points stand in the specification once, however many layers draw them.
    """
    title, caption, spoken = words
    return Figure(
        name=name,
        title=title,
        caption=caption,
        spoken=spoken,
        specification={language: _specified(*draw(language)) for language in LANGUAGES},
    )


def _specified(drawing: alt.TopLevelMixin, points: Mapping[str, Sequence[Point]]) -> dict[str, Any]:
    # Altair would check every point of every layer, at a second a page; a test checks the whole.
    specification: dict[str, Any] = drawing.to_dict(validate=False)
    datasets = {name: list(held) for name, held in points.items()}
    return {**specification, "datasets": datasets, "config": _CONFIG}


def chart(points: str) -> alt.Chart:
    """Begin a chart of the points of a name."""
    return alt.Chart(alt.NamedData(name=points))


def mark(drawn: alt.Chart, kind: str, **properties: Any) -> alt.Chart:
    """Draw the points of a chart as areas, lines, bars, texts and so on."""
    marked: alt.Chart = getattr(drawn, f"mark_{kind}")(**properties)
    return marked


def wall_time(moment: pd.Timestamp) -> str:
    """Write Beijing wall time as if it were UTC, for a utc scale.

    Any other form is read in the zone of the machine that draws.
    """
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(value: Any, as_: Scale, language: str) -> float | None:
    """Return a stored number in display units, with two digits more than are printed."""
    stored = formats.plain(value)
    if not isinstance(stored, int | float):
        return None
    return round(stored / as_.divisor[language], as_.decimals[language] + 2)


def points(rows: pd.DataFrame, columns: Sequence[str], as_: Scale, language: str) -> list[Point]:
    """Return rows as points in display units, each at the start of its period."""
    starts = [wall_time(pd.Timestamp(start)) for start in rows["period_start"]]
    held = {name: [shown(v, as_, language) for v in rows[name]] for name in columns}
    return [
        {"at": at, **{name: sizes[place] for name, sizes in held.items()}}
        for place, at in enumerate(starts)
    ]


def sizes(drawn: Sequence[Point]) -> list[float]:
    """Return all numbers of some points."""
    return [size for point in drawn for size in point.values() if isinstance(size, int | float)]


def time_axis(first: pd.Timestamp, last: pd.Timestamp, language: str) -> alt.X:
    """Return an axis of days, each named with its weekday in the language of the page."""
    midnights = pd.date_range(first.normalize(), last, freq="D", inclusive="left")
    return alt.X(
        "at:T",
        title=None,
        scale=alt.Scale(type="utc", domain=[wall_time(first), wall_time(last)]),
        axis=alt.Axis(
            values=[int(midnight.timestamp() * 1000) for midnight in midnights],
            labelExpr=_DAY_LABEL[language],
            labelAlign="left",
            labelOverlap=False,
            labelFlush=False,
        ),
    )


def load_axis(field: str, drawn: Sequence[Point], as_: Scale, language: str) -> alt.Y:
    """Return an axis of quantities with its unit on top, and room above for labels."""
    low, high = min(sizes(drawn)), max(sizes(drawn))
    room = (high - low) or 1.0
    return alt.Y(
        f"{field}:Q",
        title=as_.unit[language],
        scale=alt.Scale(domain=[max(0.0, low - 0.06 * room), high + 0.16 * room], nice=True),
        axis=alt.Axis(
            titleAngle=0,
            titleAlign="right",
            titleAnchor="end",
            titleX=-8,
            titleY=-8,
            tickCount=6,
            domain=False,
            ticks=False,
        ),
    )


def along(axis: alt.Y, field: str) -> alt.Y:
    """Return an axis for another quantity of the same layers.

    Every layer names the scale: one that does not would draw its own down to zero.
    """
    other = axis.copy()
    other["shorthand"] = f"{field}:Q"
    return other


def hover(points: str, count: int, x: alt.X) -> alt.Chart:
    """Return unseen rules over the whole height, one a point, that say the text of the point."""
    width = round(WIDTH / max(count, 1), 1)
    rules = mark(chart(points), "rule", color="transparent", strokeWidth=width, aria=True)
    return rules.encode(x=x, description=alt.Description("text:N"))


def nothing(language: str) -> Drawn:
    """Draw that there is nothing to draw."""
    said = say("无可用数据", "no usable data")
    drawn = chart("nothing").mark_text(color=QUIET, fontSize=14).encode(text=alt.Text("text:N"))
    return drawn.properties(width=WIDTH, height=60), {"nothing": [{"text": said[language]}]}
