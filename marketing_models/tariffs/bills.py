"""All components of bills, vectorised over bills of any tariff and month, exact to the fen."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.errors import UnknownParameterError
from marketing_models.tariffs.business import TWO_PART, Amounts, business_charges
from marketing_models.tariffs.dated import days_of, price_of
from marketing_models.tariffs.exact import fen_rounded, hundredths
from marketing_models.tariffs.power_factor import power_factor_frac, power_factor_rate_frac
from marketing_models.tariffs.residential import (
    residential_charge_yuan,
    residential_time_of_use_charge_yuan,
)

ADDENDS = (
    *("catalogue_charge_yuan", "energy_charge_yuan", "upstream_loss_charge_yuan"),
    *("network_charge_yuan", "system_operation_charge_yuan", "government_surcharge_yuan"),
    "power_factor_adjustment_yuan",
)
"""Parts that add up to the bill; beside a catalogue charge the capacity charge is one more."""
_NEEDED = [
    *("month_start", "tariff_code", "market_role_code", "energy_kwh", "used_before_kwh"),
    *("critical_peak_energy_kwh", "peak_energy_kwh", "flat_energy_kwh", "valley_energy_kwh"),
    *("reactive_energy_kvarh", "maximum_demand_kw", "capacity_basis_code", "contract_demand_kw"),
    *("power_factor_standard_frac", "retail_price_yuan_per_kwh", "voltage_level_code"),
    *("contract_capacity_kva", "running_capacity_kva"),
]
_BLOCKS = ("tariff.residential_block_from_kwh", "tariff.residential_block_addition_yuan_per_kwh")
_HOME_PRICES = (*_BLOCKS, "tariff.residential_price_yuan_per_kwh")
_NOT_ADJUSTED = ("government_surcharge_yuan", "power_factor_adjustment_yuan")


def charges_yuan(bills: pd.DataFrame) -> pd.DataFrame:
    """Charge bills of any tariff, each by the prices in force on the first of its month.

    Parameters
    ----------
    bills : DataFrame of shape (n_bills, n_columns)
        By the names of the dictionary: of the bill ``month_start, tariff_code, market_role_code,
        energy_kwh`` [kWh], energy by band, ``reactive_energy_kvarh, maximum_demand_kw``; of the
        agreement ``capacity_basis_code, contract_demand_kw, power_factor_standard_frac,
        retail_price_yuan_per_kwh``; of the supply point ``voltage_level_code,
        contract_capacity_kva, running_capacity_kva``; and ``used_before_kwh``, the energy of the
        same calendar year before the month, for homes. Columns that a tariff does not need may be
        empty in its rows.

    Returns
    -------
    DataFrame of shape (n_bills, n_components + 3)
        On the same index the components by the names of the dictionary, each rounded half up to
        the fen, missing where a bill has no such part [yuan]; ``power_factor_frac`` [1] and
        ``receivable_yuan``.

    Raises
    ------
    UnknownParameterError
        If a tariff has no rule.

    References
    ----------
    .. [1] 发改价格〔2023〕526号, the parts of industrial and commercial bills since June 2023.
    .. [2] 功率因数调整电费办法, (83) 水电财字第215号.
    """
    bills = bills[_NEEDED]
    code = bills["tariff_code"]
    unknown = code[~code.isin(list(_RULES))]
    if len(unknown):
        raise UnknownParameterError(
            f"no rule for tariff {unknown.iloc[0]!r}; there are {', '.join(_RULES)}"
        )
    names = [*ADDENDS, "capacity_charge_yuan"]
    amounts: Amounts = {name: np.full(len(bills), np.nan) for name in names}
    for rule in dict.fromkeys(_RULES.values()):
        own = code.isin([known for known, other in _RULES.items() if other is rule]).to_numpy()
        for name, values in rule(bills[own]).items() if own.any() else ():
            amounts[name][own] = values
    return _adjusted(bills, pd.DataFrame(amounts, index=bills.index))


def receivable_yuan(charges: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the sum of the parts of bills.

    Parameters
    ----------
    charges : DataFrame of shape (n_bills, n_columns)
        The components, missing where a bill has no such part. [yuan]

    Returns
    -------
    array of shape (n_bills,)
        To the fen. A capacity charge counts only beside a catalogue charge: otherwise it is a
        part of the network charge. [yuan]
    """
    parts = charges[list(ADDENDS)].to_numpy("float64", na_value=np.nan)
    total = np.nansum(parts, axis=1) + _capacity_beside_catalogue(charges)
    return total.round(2)


def _capacity_beside_catalogue(charges: pd.DataFrame) -> npt.NDArray[np.float64]:
    capacity = charges["capacity_charge_yuan"].where(charges["catalogue_charge_yuan"].notna(), 0.0)
    return np.nan_to_num(capacity.to_numpy("float64", na_value=np.nan))


def _adjusted(bills: pd.DataFrame, charges: pd.DataFrame) -> pd.DataFrame:
    """Add the power-factor adjustment, which the funds of the state are no part of."""
    standard = bills["power_factor_standard_frac"]
    factor = power_factor_frac(bills["energy_kwh"], bills["reactive_energy_kvarh"])
    rate = np.rint(power_factor_rate_frac(factor, standard).to_numpy() * 10_000)
    base = charges.drop(columns=list(_NOT_ADJUSTED)).assign(
        capacity_charge_yuan=_capacity_beside_catalogue(charges)
    )
    fen = np.rint(np.nansum(base.to_numpy(), axis=1) * 100).astype("int64")
    adjustment = fen_rounded(fen * rate.astype("int64"))
    applies = (standard.notna() & factor.notna()).to_numpy()
    charges["power_factor_adjustment_yuan"] = np.where(applies, adjustment, np.nan)
    return charges.assign(power_factor_frac=factor, receivable_yuan=receivable_yuan(charges))


def _plain(bills: pd.DataFrame) -> Amounts:
    charge = np.empty(len(bills))
    for code in bills["tariff_code"].unique():
        own = (bills["tariff_code"] == code).to_numpy()
        name = f"tariff.{code}_price_yuan_per_kwh"
        component = pd.Series("catalogue", bills.index[own])
        price = price_of(name, bills["month_start"][own], component)
        charge[own] = fen_rounded(hundredths(bills["energy_kwh"][own]) * price)
    return {"catalogue_charge_yuan": charge}


def _home(bills: pd.DataFrame) -> Amounts:
    """Charge homes, all months between two changes of their prices together."""
    days = pd.DatetimeIndex(sorted({day for name in _HOME_PRICES for day in days_of(name)}))
    epoch = days.searchsorted(bills["month_start"].to_numpy(), side="right")
    charge = np.empty(len(bills))
    for number in np.unique(epoch):
        own = epoch == number
        # Before the first day the oldest prices are asked for, and refused with a reason.
        day = bills["month_start"][own].iloc[0]
        charge[own] = _home_charge(bills[own], day)
    return {"catalogue_charge_yuan": charge}


def _home_charge(bills: pd.DataFrame, on: pd.Timestamp) -> npt.NDArray[np.float64]:
    chosen = (bills["tariff_code"] == "residential_time_of_use").to_numpy()
    charge = np.empty(len(bills))
    one, two = bills[~chosen], bills[chosen]
    charge[~chosen] = residential_charge_yuan(
        one["energy_kwh"], used_before_kwh=one["used_before_kwh"], on=on
    )
    charge[chosen] = residential_time_of_use_charge_yuan(
        two["peak_energy_kwh"],
        two["valley_energy_kwh"],
        used_before_kwh=two["used_before_kwh"],
        on=on,
    )
    return charge


_RULES: dict[str, Callable[[pd.DataFrame], Amounts]] = {
    "residential": _home,
    "residential_time_of_use": _home,
    "shared_meter": _plain,
    "agricultural": _plain,
    "industrial_commercial": business_charges,
    TWO_PART: business_charges,
}
