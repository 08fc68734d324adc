"""The published residential tariff: blocks by the year's cumulative energy, with time of use."""

from datetime import date, datetime

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.tariffs.exact import Whole, fen_rounded, hundredths, ten_thousandths


def residential_charge_yuan(
    energy_kwh: pd.Series, *, used_before_kwh: pd.Series, on: date | datetime
) -> pd.Series:
    r"""Charge homes with their own meter and one price for all hours.

    Parameters
    ----------
    energy_kwh : Series of shape (n_bills,)
        Energy of the billing period. No gaps. [kWh]
    used_before_kwh : Series of shape (n_bills,)
        Energy of the same calendar year before the period, on the same index; another index is
        an error. [kWh]
    on : date
        Day whose prices hold for all these bills.

    Returns
    -------
    Series of shape (n_bills,)
        Energy charge, rounded half up to the fen once. [yuan]

    Notes
    -----
    With price :math:`p`, block bounds :math:`b_k` and additions :math:`a_k`, energy before
    :math:`u` and now :math:`e`, the charge is :math:`p e + \sum_k a_k e_k`, where :math:`e_k`
    is the part of :math:`(u, u+e]` above :math:`b_k` and not above :math:`b_{k+1}`.

    References
    ----------
    .. [1] 浙江省物价局, 关于完善居民生活用电阶梯电价政策有关事项的通知 (prices below 1 kV).

    Examples
    --------
    >>> residential_charge_yuan(
    ...     pd.Series([200.0]), used_before_kwh=pd.Series([2700.0]), on=date(2026, 7, 1)
    ... ).to_list()
    [114.6]
    """
    return _charge({"all": energy_kwh}, used_before_kwh, on)


def residential_time_of_use_charge_yuan(
    peak_energy_kwh: pd.Series,
    valley_energy_kwh: pd.Series,
    *,
    used_before_kwh: pd.Series,
    on: date | datetime,
) -> pd.Series:
    """Charge homes with their own meter that chose a peak and a valley price.

    The blocks count peak and valley energy together; their additions are the same in both bands,
    so that it does not matter in which band the upper block was reached.

    Parameters
    ----------
    peak_energy_kwh, valley_energy_kwh : Series of shape (n_bills,)
        Energy of the billing period by band, on one index. No gaps. [kWh]
    used_before_kwh : Series of shape (n_bills,)
        Energy of the same calendar year before the period, both bands, on that index. [kWh]
    on : date
        Day whose prices hold for all these bills.

    Returns
    -------
    Series of shape (n_bills,)
        Energy charge, rounded half up to the fen once. [yuan]

    See Also
    --------
    residential_charge_yuan : for the formula, its source and its errors.
    """
    return _charge({"peak": peak_energy_kwh, "valley": valley_energy_kwh}, used_before_kwh, on)


def residential_time_band(periods: pd.DatetimeIndex, *, on: date | datetime) -> pd.Series:
    """Return the time band of each period for homes that chose time of use.

    Parameters
    ----------
    periods : DatetimeIndex of shape (n_periods,)
        Left-closed starts of hours or parts of hours.
    on : date
        Day whose rule holds for all these periods.

    Returns
    -------
    Series of shape (n_periods,)
        ``peak`` or ``valley``.
    """
    valley = parameters.at("tariff.residential_valley_hours", on)
    # The valley runs over midnight.
    in_valley = (periods.hour >= valley["from"]) | (periods.hour < valley["to"])
    return pd.Series(np.where(in_valley, "valley", "peak"), periods, name="time_band_code")


def _charge(
    energy_kwh: dict[str, pd.Series], used_before_kwh: pd.Series, on: date | datetime
) -> pd.Series:
    index = _one_index([*energy_kwh.values(), used_before_kwh])
    price = parameters.at("tariff.residential_price_yuan_per_kwh", on)
    energy = {band: hundredths(part) for band, part in energy_kwh.items()}
    micro_yuan = sum(part * ten_thousandths(price[band]) for band, part in energy.items())
    total = np.sum(list(energy.values()), axis=0)
    micro_yuan = micro_yuan + _additions(hundredths(used_before_kwh), total, on)
    return pd.Series(fen_rounded(micro_yuan), index, name="catalogue_charge_yuan")


def _one_index(parts: list[pd.Series]) -> pd.Index:
    index = parts[0].index
    if not all(part.index.equals(index) for part in parts):
        raise ValueError(
            "energy and used_before_kwh must share one index; align them first, bill by bill"
        )
    return index


def _additions(before: Whole, energy: Whole, on: date | datetime) -> Whole:
    bounds = parameters.at("tariff.residential_block_from_kwh", on)
    additions = parameters.at("tariff.residential_block_addition_yuan_per_kwh", on)
    micro_yuan = np.zeros_like(energy)
    below = 0
    for bound, addition in zip(bounds, additions, strict=True):
        # Each block adds its step over the block below to everything above its bound.
        step = ten_thousandths(addition) - below
        above = np.clip(before + energy - bound * 100, 0, energy)
        micro_yuan += above * step
        below += step
    return micro_yuan
