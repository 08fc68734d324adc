"""Exact money: energy in hundredths of a kWh, prices in ten-thousandths of a yuan, whole fen."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Whole = npt.NDArray[np.int64]


def hundredths(energy_kwh: pd.Series) -> Whole:
    """Return billed energy as whole hundredths of a kWh.

    Parameters
    ----------
    energy_kwh : Series of shape (n,)
        Energy as bills carry it, with two decimals. [kWh]

    Returns
    -------
    array of shape (n,)
        [0.01 kWh]

    Raises
    ------
    ValueError
        If a value is missing or negative.
    """
    values = energy_kwh.to_numpy("float64", na_value=np.nan)
    bad = ~(values >= 0)
    if bad.any():
        row = energy_kwh.index[int(bad.argmax())]
        raise ValueError(
            f"energy of row {row!r} is {values[bad.argmax()]}; a charge needs energy of at least"
            " zero: leave out gaps, and take back a bill by its negative"
        )
    return np.rint(values * 100).astype("int64")


def ten_thousandths(price_yuan_per_kwh: float) -> int:
    """Return a price as whole ten-thousandths of a yuan per kWh.

    Parameters
    ----------
    price_yuan_per_kwh : float
        A price with at most four decimals. [yuan/kWh]

    Returns
    -------
    int
        [0.0001 yuan/kWh]

    Raises
    ------
    ValueError
        If the price has more decimals.
    """
    whole = round(price_yuan_per_kwh * 10_000)
    if abs(whole - price_yuan_per_kwh * 10_000) > 1e-6:
        raise ValueError(
            f"price {price_yuan_per_kwh} has more than four decimals; publish it rounded"
        )
    return whole


def fen_rounded(micro_yuan: Whole) -> npt.NDArray[np.float64]:
    """Return an amount in yuan, rounded once, half up, to the fen.

    Parameters
    ----------
    micro_yuan : array of shape (n,)
        Product of `hundredths` and `ten_thousandths`. [0.000001 yuan]

    Returns
    -------
    array of shape (n,)
        The float64 nearest to an amount of whole fen. [yuan]
    """
    return (micro_yuan + 5_000) // 10_000 / 100
