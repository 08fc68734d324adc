"""Dated parameters bill by bill: each bill is priced by what held on the first of its month."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.tariffs.exact import Whole, ten_thousandths


def days_of(name: str) -> list[date]:
    """Return the days on which a parameter changed, the first on which it held included."""
    held: Any = parameters.describe(name)
    return sorted(key for key in held if isinstance(key, date))


def by_month(name: str, months: pd.Series, pick: Callable[[Any], Any]) -> npt.NDArray[Any]:
    """Return for each bill what `pick` makes of the parameter in force in the bill's month."""
    place, days = pd.factorize(months)
    return np.array([pick(_held(name, day)) for day in days])[place]


@cache
def _held(name: str, day: pd.Timestamp) -> Any:
    # Bills ask for the same months over and over; the files do not change in between.
    return parameters.at(name, day)


def price(name: str, months: pd.Series) -> Whole:
    """Return the price in force in each bill's month, in ten-thousandths of a yuan."""
    return by_month(name, months, ten_thousandths)


def price_of(name: str, months: pd.Series, kinds: pd.Series, *path: str) -> Whole:
    """Return the price of each bill's kind, such as its voltage, in 0.0001 yuan.

    Raises
    ------
    ValueError
        If a bill does not say its kind.
    """
    place, days = pd.factorize(months)
    code, known = pd.factorize(kinds)
    if (code < 0).any():
        row = kinds.index[int((code < 0).argmax())]
        raise ValueError(f"{kinds.name} of bill {row!r} is empty; {name} needs it")
    names = [str(kind) for kind in known]
    table = np.array([_prices(_held(name, day), names, path) for day in days])
    return table.reshape(len(days), len(names))[place, code]


def _prices(value: Any, kinds: list[str], path: tuple[str, ...]) -> list[int]:
    for step in path:
        value = value[step]
    return [ten_thousandths(value[kind]) for kind in kinds]
