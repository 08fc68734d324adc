"""The power-factor adjustment of bills (力调): its published table and what it costs."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.tariffs.exact import Whole

_FIRST_DAY = pd.Timestamp("1983-12-02")


def power_factor_frac(energy_kwh: pd.Series, reactive_energy_kvarh: pd.Series) -> pd.Series:
    """Return the mean power factor of a billing month as bills print it.

    Parameters
    ----------
    energy_kwh : Series of shape (n_bills,)
        Active energy. [kWh]
    reactive_energy_kvarh : Series of shape (n_bills,)
        Reactive energy on the same index, missing where it is not metered. [kvarh]

    Returns
    -------
    Series of shape (n_bills,)
        Real over apparent energy, rounded half up to the hundredth; missing where nothing flowed
        or reactive energy is missing. [1]
    """
    active = energy_kwh.to_numpy("float64", na_value=np.nan)
    reactive = reactive_energy_kvarh.to_numpy("float64", na_value=np.nan)
    apparent = np.hypot(active, reactive)
    ratio = np.divide(active, apparent, out=np.full(len(active), np.nan), where=apparent > 0)
    return pd.Series(np.floor(ratio * 100 + 0.5) / 100, energy_kwh.index, name="power_factor_frac")


def power_factor_rate_frac(power_factor: pd.Series, standard_frac: pd.Series) -> pd.Series:
    """Return by how much of the bill the adjustment raises it.

    Parameters
    ----------
    power_factor : Series of shape (n_bills,)
        As `power_factor_frac` returns it. [1]
    standard_frac : Series of shape (n_bills,)
        0.90, 0.85 or 0.80; missing for customers without adjustment. [1]

    Returns
    -------
    Series of shape (n_bills,)
        Positive where the customer pays more, negative where less, zero without standard or
        without power factor. [1]

    Raises
    ------
    ValueError
        If the table has no such standard.

    References
    ----------
    .. [1] 功率因数调整电费办法, (83) 水电财字第215号.

    Examples
    --------
    >>> power_factor_rate_frac(pd.Series([0.95, 0.87]), pd.Series([0.90, 0.90])).to_list()
    [-0.0075, 0.015]
    """
    rates = _rates()
    standard = np.rint(standard_frac.to_numpy("float64", na_value=0.0) * 100).astype("int64")
    unknown = sorted(set(np.unique(standard).tolist()) - {0, *rates})
    if unknown:
        raise ValueError(
            f"no power-factor table for standard {unknown[0] / 100}; there are"
            f" {', '.join(str(known / 100) for known in sorted(rates))}"
        )
    ratio = power_factor.to_numpy("float64", na_value=np.nan)
    place = np.rint(np.nan_to_num(ratio, nan=0.0) * 100).astype("int64")
    found: Whole = np.zeros(len(place), "int64")
    for known, table in rates.items():
        found = np.where((standard == known) & ~np.isnan(ratio), table[place], found)
    return pd.Series(found / 10_000, power_factor.index)


@cache
def _rates() -> dict[int, Whole]:
    """Return by standard the adjustment at every hundredth from 0 to 1, in ten-thousandths."""
    steps = parameters.at("tariff.power_factor_steps", _FIRST_DAY)
    return {round(float(standard) * 100): _table(standard, one) for standard, one in steps.items()}


def _table(standard: str, steps: dict[str, Any]) -> Whole:
    middle = round(float(standard) * 100)
    table: Whole = np.zeros(101, "int64")
    up = _walk(middle, steps["reward"], 1)
    table[middle + 1 :] = -up[-1]
    table[middle + 1 : middle + 1 + len(up)] = -up
    down = _walk(middle, steps["penalty"], -1)
    table[middle - len(down) : middle] = down[::-1]
    return table


def _walk(start: int, segments: list[list[float]], direction: int) -> npt.NDArray[np.int64]:
    """Add up the steps of one hundredth, outwards from the standard."""
    each: list[int] = []
    for end, percent in segments:
        each += [round(percent * 100)] * ((round(end * 100) - start) * direction - len(each))
    return np.cumsum(each)
