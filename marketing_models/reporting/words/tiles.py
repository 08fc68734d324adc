"""Tiles: one key figure with its comparison."""

import pandas as pd

from marketing_models.reporting import formats, times
from marketing_models.reporting.display import Tile
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import LANGUAGES, Text, say
from marketing_models.reporting.readings import Reading

PERCENT = formats.scale("1", "province")


def tile(name: str, label: tuple[str, str], reading: Reading, as_: Scale, note: Text) -> Tile:
    """Make a tile of a stored number.

    Parameters
    ----------
    name : str
        Stable name of the tile.
    label : tuple of str
        What it is, in Chinese and English.
    reading : Reading
        The number and its address.
    as_ : Scale
        How it prints.
    note : mapping of {"zh", "en"} to str
        Its comparison.

    Returns
    -------
    Tile
        Without an address if there is no number.
    """
    return Tile(
        name=name,
        label=say(*label),
        value=reading.value,
        scale=as_,
        note=note,
        anchor=reading.anchor,
    )


def range_note(low: Reading, high: Reading, as_: Scale) -> Text:
    """Say the range that holds the value in eight of ten cases."""
    inner = {
        lang: f"{formats.number(low.value, as_, lang)}–{formats.number(high.value, as_, lang)}"
        for lang in LANGUAGES
    }
    return say("80%区间 {r}", "80% interval {r}", r=inner)


def growth_note(new: Reading, old: Reading) -> Text:
    """Say how the coming week compares with the last."""
    rate = formats.ratio(new.value, old.value)
    if rate is None:
        return say("未来一周无可比数", "no comparison for the coming week")
    return say("未来一周较其{c}", "coming week: {c}", c=formats.against(rate))


def error_note(usual: Reading) -> Text:
    """Say what the error has been on past weeks."""
    if usual.value is None:
        return say("以往误差未知", "past error unknown")
    return say("以往平均 {e}", "{e} on past weeks", e=formats.share(usual.value))


def coverage_note(coverage: Reading) -> Text:
    """Say how often the 80 % interval covered the past."""
    if coverage.value is None:
        return say("80%区间未经检验", "80% interval not tested")
    return say("80%区间覆盖{c}", "80% interval covered {c}", c=formats.share(coverage.value))


def p90_note(high: Reading, as_: Scale, at: pd.Timestamp | None = None) -> Text:
    """Print what one case in ten exceeds, and when the peak falls where that is known."""
    shown = {lang: formats.number(high.value, as_, lang) for lang in LANGUAGES}
    if at is None:
        return say("P90 {p}", "P90 {p}", p=shown)
    return say("P90 {p}；{t}", "P90 {p}; {t}", t=times.moment(at), p=shown)


def risk_tile(shortfall: Reading, coverage: Reading) -> Tile:
    """Make the tile of the shortage or, where no balance is known, of the interval's record."""
    if shortfall.value is None:
        return tile(
            "coverage",
            ("80%区间实际覆盖", "Coverage, 80% interval"),
            coverage,
            PERCENT,
            say("应为 80%", "should be 80%"),
        )
    return tile(
        "shortfall_probability",
        ("缺口概率", "Probability of shortfall"),
        shortfall,
        PERCENT,
        say("供需{w}", "supply and demand {w}", w=formats.balance(float(shortfall.value))),
    )
