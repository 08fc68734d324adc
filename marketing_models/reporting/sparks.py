"""Sparks: the past of a key figure as a line the size of a word."""

from collections.abc import Sequence
from dataclasses import replace

from marketing_models.reporting import formats, markup
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import say

LEAST_POINTS = 3
WIDTH, HEIGHT, MARGIN = 120, 26, 3


def draw(values: Sequence[Number | None], scale: Scale, language: str) -> str:
    """Draw the values of a key figure, issue by issue, the oldest first.

    Parameters
    ----------
    values : sequence of int, float or None
        Stored values; None where an issue has none: the line breaks there.
    scale : Scale
        How the figure prints.
    language : {"zh", "en"}
        Language of the page.

    Returns
    -------
    str
        Inline SVG that says first, last and change in words; empty with fewer than three values.
    """
    held = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(held) < LEAST_POINTS:
        return ""
    points = _points(held, len(values))
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append("{:g},{:g}".format(*points[place]))
    return markup.render(
        "spark.svg.j2",
        language,
        spoken=spoken([value for _, value in held], scale)[language],
        lines=[" ".join(run) for run in runs if len(run) > 1],
        last=points[held[-1][0]],
        size=(WIDTH, HEIGHT),
    ).strip()


def _points(held: Sequence[tuple[int, Number]], count: int) -> dict[int, tuple[float, float]]:
    low, high = min(v for _, v in held), max(v for _, v in held)
    across = (WIDTH - 2 * MARGIN) / (count - 1)
    up = (HEIGHT - 2 * MARGIN) / (high - low) if high > low else 0.0
    return {
        place: (
            round(MARGIN + place * across, 1),
            round(HEIGHT - MARGIN - (value - low) * up, 1) if up else HEIGHT / 2,
        )
        for place, value in held
    }


def spoken(values: Sequence[Number], scale: Scale) -> dict[str, str]:
    """Say a series in words: how many values, the first, the last, the change between them."""
    said = say(
        "{count}期：首期{first}，本期{last}，{change}",
        "{count} issues: first {first}, this one {last}, {change}",
        count=str(len(values)),
        first=formats.amount(values[0], scale),
        last=formats.amount(values[-1], scale),
        change=_change(values[0], values[-1], scale),
    )
    return dict(said)


def _change(first: Number, last: Number, scale: Scale) -> dict[str, str]:
    if scale.unit["zh"] != "%":
        return dict(formats.against(formats.ratio(last, first)))
    # Two rates differ by points, never by per cent.
    points = replace(scale, unit=say("个百分点", "points"))
    size = formats.amount(abs(last - first), points)
    if formats.number(last - first, scale, "zh").strip("+-0.") == "":
        return {"zh": "持平", "en": "level"}
    up = last > first
    return dict(say("提高{n}" if up else "回落{n}", "up {n}" if up else "down {n}", n=size))
