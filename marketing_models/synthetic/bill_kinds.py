"""Bills that are not one a month: instalments of large customers, and wrong bills set right."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.metering import floored, meter_ratio, stepped
from marketing_models.tariffs import ADDENDS, BANDS, TWO_PART, charges_yuan

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_BAND_ENERGY = [f"{band}_energy_kwh" for band in BANDS]
_MONEY = [*ADDENDS, "capacity_charge_yuan", "receivable_yuan"]
_AMOUNTS = ["energy_kwh", *_BAND_ENERGY, "reactive_energy_kvarh", *_MONEY]
_INSTALMENT_DAYS = (10, 20)
REGULAR, _FIRST, _SECOND, _REVERSAL, _SUPPLEMENT, _REVERSED = range(6)
_TYPES = ("regular", "instalment", "instalment", "reversal", "supplement", "regular")
_SUFFIXES = ("", "-1", "-2", "-R", "-S", "")
_DUE_AFTER = pd.Timedelta(days=5)


def in_instalments(county: "County", bills: pd.DataFrame) -> pd.DataFrame:
    """Let some large customers pay for ten days, for ten more, and settle the month.

    Parameters
    ----------
    county : County
        The county.
    bills : DataFrame
        Regular bills of whole months with their terms and charges.

    Returns
    -------
    DataFrame
        With two instalments before each of their bills, for energy alone; what the month costs
        beyond them, capacity and power factor included, stays in the regular bill.
    """
    numbers = county.stream("bill", "instalment")
    frac = parameters.at("synthetic_billing.instalment_frac", county.scale.origin)
    chosen = numbers.random(len(county.points)) < frac
    noise = numbers.normal(0, 0.05, (len(_INSTALMENT_DAYS), *county.energy_kwh.shape))
    own = chosen[bills["point"]] & (bills["tariff_code"] == TWO_PART).to_numpy()
    whole = bills[own]
    parts = [
        _instalment(county, whole, number, noise[number]) for number in range(len(_INSTALMENT_DAYS))
    ]
    rest = whole.assign(is_split=True)
    for name in ("energy_kwh", *_BAND_ENERGY, *_MONEY):
        paid = sum(part[name].fillna(0.0) for part in parts)
        rest[name] = (whole[name] - paid).round(2)
    return pd.concat([bills[~own], *parts, rest], ignore_index=True)


def _instalment(
    county: "County", whole: pd.DataFrame, number: int, noise: npt.NDArray[np.float64]
) -> pd.DataFrame:
    point, month = whole["point"].to_numpy(), whole["month"].to_numpy()
    step = meter_ratio(county.points)[point]
    length = county.scale.months.days_in_month.to_numpy()[month]
    share = 10 / length * np.exp(noise[point, month])
    bands = {name: floored(whole[name].to_numpy() * share, step) for name in _BAND_ENERGY}
    read = whole["month_start"] + pd.Timedelta(days=_INSTALMENT_DAYS[number] - 1)
    issued = read + pd.Timedelta(days=1)
    rows = whole.assign(
        **bands,
        energy_kwh=np.sum(list(bands.values()), axis=0).round(2),
        maximum_demand_kw=np.nan,
        reactive_energy_kvarh=np.nan,
        power_factor_standard_frac=np.nan,
        capacity_basis_code="capacity",
        running_capacity_kva=0.0,
        kind=(_FIRST, _SECOND)[number],
        is_split=True,
        issued_date=issued,
        due_date=issued + _DUE_AFTER,
        known_at=issued + (whole["known_at"] - whole["issued_date"]),
    )
    charges = charges_yuan(rows)
    # What is not charged yet is no part of the bill.
    charges["capacity_charge_yuan"] = np.nan
    return rows.assign(**charges)


def corrected(county: "County", bills: pd.DataFrame) -> pd.DataFrame:
    """Make some bills wrong, take them back and issue them again.

    Parameters
    ----------
    county : County
        The county.
    bills : DataFrame
        As `in_instalments` returns them.

    Returns
    -------
    DataFrame
        A wrong bill follows a wrong reading. It is found some days later, before the next bill:
        then its negative and a supplement for the right energy are issued. What is found after
        the end of the world's time is not wrong.
    """
    numbers = county.stream("bill", "corrected")
    shape = county.energy_kwh.shape
    frac = parameters.at("synthetic_billing.corrected_bill_frac", county.scale.origin)
    hit = numbers.random(shape) < frac
    factor = np.where(numbers.random(shape) < 0.12, 10.0, np.exp(numbers.normal(0.1, 0.45, shape)))
    days = numbers.integers(3, 19, shape)
    at = (bills["point"].to_numpy(), bills["month"].to_numpy())
    again = bills["issued_date"] + pd.to_timedelta(days[at], "D")
    found = (again + (bills["known_at"] - bills["issued_date"]) <= county.scale.origin).to_numpy()
    own = hit[at] & found & ~bills["is_split"].to_numpy() & (bills["energy_kwh"] > 0).to_numpy()
    right = bills[own]
    wrong = _wrong(county, right, factor[at][own])
    back = _reversal(wrong, again[own])
    return pd.concat([bills[~own], wrong, back, _supplement(right, again[own])], ignore_index=True)


def _wrong(county: "County", right: pd.DataFrame, factor: npt.NDArray[np.float64]) -> pd.DataFrame:
    step = meter_ratio(county.points)[right["point"].to_numpy()]
    energy = stepped(right["energy_kwh"].to_numpy() * factor, step)
    ratio = energy / right["energy_kwh"].to_numpy()
    bands = {name: floored(right[name].to_numpy() * ratio, step) for name in _BAND_ENERGY}
    # The last band takes what rounding leaves: flat, or peak where homes have but two bands.
    rest = np.where(right["flat_energy_kwh"].isna(), "peak_energy_kwh", "flat_energy_kwh")
    for name in ("peak_energy_kwh", "flat_energy_kwh"):
        others = np.nansum([bands[one] for one in _BAND_ENERGY if one != name], axis=0)
        left = np.where(right[name].isna(), np.nan, (energy - others).round(2))
        bands[name] = np.where(rest == name, left, bands[name])
    rows = right.assign(**bands, energy_kwh=energy, kind=_REVERSED)
    return rows.assign(**charges_yuan(rows))


def _reversal(wrong: pd.DataFrame, issued: pd.Series) -> pd.DataFrame:
    return wrong.assign(
        **{name: -wrong[name] for name in _AMOUNTS},
        kind=_REVERSAL,
        issued_date=issued,
        due_date=issued,
        known_at=issued + (wrong["known_at"] - wrong["issued_date"]),
    )


def _supplement(right: pd.DataFrame, issued: pd.Series) -> pd.DataFrame:
    return right.assign(
        kind=_SUPPLEMENT,
        issued_date=issued,
        due_date=issued + pd.to_timedelta(right["due_days"], "D"),
        known_at=issued + (right["known_at"] - right["issued_date"]),
    )


def named(county: "County", bills: pd.DataFrame) -> pd.DataFrame:
    """Give bills their numbers, and the names of whom and what they are for.

    Parameters
    ----------
    county : County
        The county.
    bills : DataFrame
        With ``point, month, kind``.

    Returns
    -------
    DataFrame
        With ``bill_id, bill_type_code, reversed_bill_id, supply_point_id, account_id, county_id``.
    """
    point, kind = bills["point"].to_numpy(), bills["kind"].to_numpy()
    ids = county.points["supply_point_id"].array.take(point)
    label = pd.Series(county.scale.months.strftime("-%Y%m"), dtype="str").array
    regular = pd.Series(ids + label.take(bills["month"].to_numpy()))
    suffix = pd.Series(_SUFFIXES, dtype="str").array.take(kind)
    return bills.assign(
        bill_id=regular + pd.Series(suffix),
        bill_type_code=pd.Categorical(_TYPES).take(kind),
        reversed_bill_id=regular.where(kind == _REVERSAL),
        supply_point_id=ids,
        account_id=county.points["account_id"].array.take(point),
        county_id=county.unit_id,
    )
