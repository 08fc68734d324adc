"""Formats: display units by unit and level, digits, and the words that stand for numbers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from marketing_models.reporting.language import LANGUAGES, Text, say

MISSING = "—"
TIGHT_FROM = 0.2
Number = int | float


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How one column prints: unit, divisor and decimals in each language.

    Attributes
    ----------
    unit : mapping of {"zh", "en"} to str
        Printed unit; stands in the head of the column.
    divisor : mapping of {"zh", "en"} to int or float
        Printed number = stored number / divisor.
    decimals : mapping of {"zh", "en"} to int
        Digits behind the point.
    is_signed : bool
        True if a plus sign is printed: changes and differences.
    """

    unit: Text
    divisor: Mapping[str, Number]
    decimals: Mapping[str, int]
    is_signed: bool = False


def _rung(zh: tuple[str, Number, int], en: tuple[str, Number, int]) -> Scale:
    return Scale(
        unit={"zh": zh[0], "en": en[0]},
        divisor={"zh": zh[1], "en": en[1]},
        decimals={"zh": zh[2], "en": en[2]},
    )


# Each rung pairs the Chinese unit with the English one of nearest size, so that a column steps
# down in both languages at once. 1 亿千瓦时 = 100 GWh, 1 万千瓦 = 10 MW.
_LADDERS: Mapping[str, tuple[Scale, ...]] = {
    "kWh": (
        _rung(("亿千瓦时", 10**8, 2), ("GWh", 10**6, 1)),
        _rung(("万千瓦时", 10**4, 2), ("MWh", 10**3, 1)),
        _rung(("千瓦时", 1, 0), ("kWh", 1, 0)),
    ),
    "kW": (
        _rung(("万千瓦", 10**4, 1), ("MW", 10**3, 0)),
        _rung(("千瓦", 1, 0), ("kW", 1, 0)),
    ),
    "yuan": (
        _rung(("亿元", 10**8, 2), ("million yuan", 10**6, 1)),
        _rung(("万元", 10**4, 2), ("million yuan", 10**6, 4)),
        _rung(("元", 1, 2), ("yuan", 1, 2)),
    ),
}
# A county has two digits, and so has whatever is below 10 万千瓦 and would lose its third figure.
_FINE_POWER = _rung(("万千瓦", 10**4, 2), ("MW", 10**3, 1))
_PERCENT = _rung(("%", 0.01, 1), ("%", 0.01, 1))
_COUNT = _rung(("", 1, 0), ("", 1, 0))


def scale(unit: str, level: str, values: Iterable[Any] = (), *, is_signed: bool = False) -> Scale:
    """Choose the display unit of a whole column.

    Parameters
    ----------
    unit : str
        Unit of the dictionary: kWh, kW, yuan, 1 or count; any other prints as it is.
    level : {"province", "city", "county"}
        Level of the unit whose page it is.
    values : iterable of numbers
        The column's values. [unit]
    is_signed : bool, default=False
        True for changes and differences.

    Returns
    -------
    Scale
        The unit of the level, or a smaller one if the smallest value would print below one:
        a county of 3,000 kW has its column in 千瓦, not 0.30 万千瓦.
    """
    found = {"1": _PERCENT, "count": _COUNT}.get(unit) or _of_level(unit, level, values)
    return replace(found, is_signed=is_signed)


def _of_level(unit: str, level: str, values: Iterable[Any]) -> Scale:
    ladder = _LADDERS.get(unit)
    if ladder is None:
        return _rung((unit, 1, 2), (unit, 1, 2))
    sizes = [abs(v) for v in map(plain, values) if isinstance(v, Number) and v != 0]
    smallest = min(sizes, default=math.inf)
    if unit == "kW" and (level == "county" or smallest < 10 * _FINE_POWER.divisor["zh"]):
        ladder = (_FINE_POWER, ladder[1])
    elif level == "county":
        ladder = ladder[1:]
    return next((rung for rung in ladder if smallest >= rung.divisor["zh"]), ladder[-1])


def plain(value: Any) -> Number | str | None:
    """Return a value of a table as JSON knows it: numbers and text, missing as None.

    Parameters
    ----------
    value : object
        Cell of a frame; a time stamp becomes ``YYYY-MM-DDTHH:MM:SS``, true and false 1 and 0.

    Returns
    -------
    int, float, str or None
        Exactly the stored value; None too for what is not finite.
    """
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    return str(value) if isinstance(value, str) else _plain_number(value)


def _plain_number(value: Any) -> Number | None:
    if not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def exact(value: Number | str) -> str:
    """Return a stored value as text that reads back to the very same value.

    Parameters
    ----------
    value : int, float or str
        From `plain`.

    Returns
    -------
    str
        No thousands separators, no exponent, shortest decimals, whole numbers without a point.
    """
    if isinstance(value, str):
        return value
    digits = format(Decimal(repr(value)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def number(value: Any, as_: Scale, language: str) -> str:
    """Print one number in display units, without its unit.

    Parameters
    ----------
    value : int, float or None
        Stored value.
    as_ : Scale
        How its column prints.
    language : {"zh", "en"}
        Language of the page.

    Returns
    -------
    str
        Rounded half up as accountants do, thousands separated; ``—`` if missing.
    """
    stored = plain(value)
    if not isinstance(stored, Number):
        return MISSING
    shown = Decimal(exact(stored)) / Decimal(exact(as_.divisor[language]))
    step = Decimal(1).scaleb(-as_.decimals[language])
    rounded = shown.quantize(step, ROUND_HALF_UP) + 0  # turns minus zero into zero
    return f"{rounded:+,}" if as_.is_signed and rounded else f"{rounded:,}"


def amount(value: Any, as_: Scale) -> Text:
    """Print one number with its unit, as prose has it."""
    return {lang: _with_unit(number(value, as_, lang), as_, lang) for lang in LANGUAGES}


def interval(low: Any, high: Any, as_: Scale) -> Text:
    """Print a range with its unit once, as prose has it."""
    return {
        lang: _with_unit(f"{number(low, as_, lang)}–{number(high, as_, lang)}", as_, lang)
        for lang in LANGUAGES
    }


def _with_unit(digits: str, as_: Scale, language: str) -> str:
    unit = as_.unit[language]
    gap = " " if language == "en" and unit and unit != "%" else ""
    return digits if digits == MISSING else f"{digits}{gap}{unit}"


def ratio(value: Any, base: Any) -> float | None:
    """Return the change of a value on its base.

    Parameters
    ----------
    value, base : int, float or None
        In the same unit.

    Returns
    -------
    float or None
        None where a rate has no meaning: either is missing, or the base is not positive.
    """
    new, old = plain(value), plain(base)
    if not isinstance(new, Number) or not isinstance(old, Number) or old <= 0:
        return None
    return float(new) / float(old) - 1.0


def against(rate: float | None) -> Text:
    """Say a change as an adverb: 增长5.0%, 下降1.5%, 持平; up 5.0%, down 1.5%, level."""
    if rate is None:
        return {"zh": MISSING, "en": MISSING}
    # Below half of the last printed digit nothing moved: 0.04 % is flat, not "up 0.0%".
    if abs(rate) < 0.0005:
        return {"zh": "持平", "en": "level"}
    return say(
        *(("增长{s}", "up {s}") if rate > 0 else ("下降{s}", "down {s}")), s=share(abs(rate))
    )


def share(fraction: float | None) -> Text:
    """Print a fraction as per cent with one decimal."""
    return amount(fraction, _PERCENT)


def chance(probability: float) -> Text:
    """Print a probability in per cent; never 0% or 100%, which no sample can know."""
    if probability < 0.01:
        return {"zh": "不到1%", "en": "under 1%"}
    if probability > 0.99:
        return {"zh": "超过99%", "en": "over 99%"}
    return {language: said.replace(".0%", "%") for language, said in share(probability).items()}


def likelihood(probability: float) -> Text:
    """Name a probability on the house scale: 预计可以, 较大可能, 有可能, 把握不足."""
    scale_of_words = (
        (0.95, "预计可以", "almost certain"),
        (0.8, "较大可能", "likely"),
        (0.5, "有可能", "possible"),
    )
    for floor, zh, en in scale_of_words:
        if probability >= floor:
            return {"zh": zh, "en": en}
    return {"zh": "把握不足", "en": "uncertain"}


def balance(shortfall_probability: float) -> Text:
    """Name the balance of supply and demand: 总体平衡, 紧平衡, 偏紧, 存在缺口.

    Parameters
    ----------
    shortfall_probability : float
        Probability that demand and reserve exceed supply.

    Returns
    -------
    mapping of {"zh", "en"} to str
        Balanced below 5 %, tightly balanced from 5 to 20, tight from 20 to 50, short above.
    """
    if shortfall_probability < 0.05:
        return {"zh": "总体平衡", "en": "balanced overall"}
    if shortfall_probability < TIGHT_FROM:
        return {"zh": "紧平衡", "en": "tightly balanced"}
    if shortfall_probability <= 0.5:
        return {"zh": "偏紧", "en": "tight"}
    return {"zh": "存在缺口", "en": "short"}
