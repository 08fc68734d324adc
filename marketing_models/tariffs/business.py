"""What industry and commerce pay: the bundled price until June 2023, its parts since."""

from datetime import date, datetime
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.tariffs.dated import by_month, days_of, price, price_of
from marketing_models.tariffs.exact import Whole, fen_rounded, hundredths

BANDS = ("critical_peak", "peak", "flat", "valley")
TWO_PART = "industrial_commercial_two_part"
_AGENCY = "tariff.agency_energy_price_yuan_per_kwh"
_PER_KWH = ("upstream_loss", "system_operation", "government_surcharge")
Amounts = dict[str, npt.NDArray[np.float64]]


def business_time_band(periods: pd.DatetimeIndex, *, on: date | datetime) -> pd.Series:
    """Return the time band of each period for industry and commerce on the two-part tariff.

    Parameters
    ----------
    periods : DatetimeIndex of shape (n_periods,)
        Left-closed starts of hours or parts of hours.
    on : date
        Day whose rule holds for all these periods.

    Returns
    -------
    Series of shape (n_periods,)
        ``critical_peak``, ``peak``, ``flat`` or ``valley``.
    """
    band = np.full((13, 24), "flat", dtype=object)
    for season in parameters.at("tariff.time_band_hours", on):
        for name in ("critical_peak", "peak", "valley"):
            for first, last in season[name]:
                band[season["months"], first:last] = name
    return pd.Series(band[periods.month, periods.hour], periods, name="time_band_code", dtype="str")


def follows_bands(months: pd.Series, role_code: pd.Series, tariff_code: pd.Series) -> pd.Series:
    """Return which bills have an energy price that follows the bands of the government.

    Parameters
    ----------
    months : Series of shape (n_bills,)
        First days of the billing months.
    role_code, tariff_code : Series of shape (n_bills,)
        ``market_role_code`` and ``tariff_code`` of the bills, on the same index.

    Returns
    -------
    Series of shape (n_bills,)
        True on the two-part tariff, since March 2026 only for those who do not trade themselves.
    """
    code, roles = pd.factorize(role_code)
    place, days = pd.factorize(months)
    held = [set(parameters.at("tariff.time_band_roles", day)) for day in days]
    bound = np.array([[str(role) in value for role in roles] for value in held])
    bound = bound.reshape(len(days), len(roles))
    return (tariff_code == TWO_PART) & bound[place, code]


def business_charges(bills: pd.DataFrame) -> Amounts:
    """Charge industry and commerce; the power factor is dealt with on top of this."""
    first = pd.Timestamp(days_of(_AGENCY)[0])
    has_parts = (bills["month_start"] >= first).to_numpy()
    amounts: Amounts = {}
    for held, rule in ((has_parts, _parts), (~has_parts, _bundled)):
        for name, values in rule(bills[held]).items() if held.any() else ():
            amounts.setdefault(name, np.full(len(bills), np.nan))[held] = values
    return amounts


def _bundled(bills: pd.DataFrame) -> Amounts:
    name = "tariff.industrial_commercial_price_yuan_per_kwh"
    price_of_all = price_of(name, bills["month_start"], bills["tariff_code"])
    return {
        "catalogue_charge_yuan": fen_rounded(_by_band(bills, price_of_all)),
        "capacity_charge_yuan": _capacity(bills),
    }


def _parts(bills: pd.DataFrame) -> Amounts:
    months, energy = bills["month_start"], hundredths(bills["energy_kwh"])
    amounts = {
        name: fen_rounded(energy * price(f"tariff.{name}_price_yuan_per_kwh", months))
        for name in _PER_KWH
    }
    capacity = _capacity(bills)
    network = fen_rounded(energy * _network_price(bills)) + np.nan_to_num(capacity)
    return {
        "energy_charge_yuan": fen_rounded(_by_band(bills, _energy_price(bills))),
        "upstream_loss_charge_yuan": amounts["upstream_loss"],
        "network_charge_yuan": network.round(2),
        "capacity_charge_yuan": capacity,
        "system_operation_charge_yuan": amounts["system_operation"],
        "government_surcharge_yuan": amounts["government_surcharge"],
    }


def _by_band(bills: pd.DataFrame, flat_price: Whole) -> Whole:
    """Return energy times price, by band where it follows the bands, in millionths."""
    months = bills["month_start"]
    plain = hundredths(bills["energy_kwh"]) * flat_price
    bound = follows_bands(months, bills["market_role_code"], bills["tariff_code"]).to_numpy()
    own = bills[bound]
    total = np.zeros(len(own), "int64")
    for band in BANDS:
        ratio = by_month("tariff.time_band_ratio", own["month_start"], itemgetter(band))
        ratio = np.rint(ratio * 100).astype("int64")
        of_band = (flat_price[bound] * ratio + 50) // 100
        total += hundredths(own[f"{band}_energy_kwh"]) * of_band
    plain[bound] = total
    return plain


def _energy_price(bills: pd.DataFrame) -> Whole:
    """Return the price in flat hours: of the agency, of last resort, or of the own contract."""
    role, months = bills["market_role_code"], bills["month_start"]
    agency = price(_AGENCY, months)
    times = by_month("tariff.last_resort_energy_ratio", months, lambda value: round(value * 100))
    found = np.where(role == "last_resort", (agency * times + 50) // 100, agency)
    contract = bills["retail_price_yuan_per_kwh"].to_numpy("float64", na_value=np.nan)
    trades = role.isin(["wholesale", "retail"]).to_numpy() & ~np.isnan(contract)
    return np.where(trades, np.rint(np.nan_to_num(contract) * 10_000).astype("int64"), found)


def _network_price(bills: pd.DataFrame) -> Whole:
    name, months = "tariff.network_price_yuan_per_kwh", bills["month_start"]
    voltage = bills["voltage_level_code"]
    parts = {kind: price_of(name, months, voltage, kind) for kind in ("single", "two_part")}
    return np.where(bills["tariff_code"] == TWO_PART, parts["two_part"], parts["single"])


def _capacity(bills: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return what two-part customers pay for capacity or demand; missing for all others."""
    charge = np.full(len(bills), np.nan)
    own = (bills["tariff_code"] == TWO_PART).to_numpy()
    part = bills[own]
    months, voltage = part["month_start"], part["voltage_level_code"]
    by_capacity = (part["capacity_basis_code"] == "capacity").to_numpy()
    kva = hundredths(part["running_capacity_kva"])
    for_capacity = kva * price_of("tariff.capacity_price_yuan_per_kva_month", months, voltage)
    for_demand = _charged_demand(part) * _demand_price(part)
    charge[own] = fen_rounded(np.where(by_capacity, for_capacity, for_demand))
    return charge


def _charged_demand(bills: pd.DataFrame) -> Whole:
    """Return measured demand, or contract demand and twice what goes beyond it, in 0.01 kW."""
    basis = bills["capacity_basis_code"]
    measured = hundredths(bills["maximum_demand_kw"].where(basis != "capacity", 0.0))
    contract = hundredths(bills["contract_demand_kw"].where(basis == "contract_demand", 0.0))
    months = bills["month_start"]
    above = by_month("tariff.demand_excess", months, lambda rule: round(rule["above_ratio"] * 100))
    times = by_month("tariff.demand_excess", months, lambda rule: round(rule["times"]))
    excess = np.maximum(measured - (contract * above + 50) // 100, 0)
    return np.where(basis == "contract_demand", contract + times * excess, measured)


def _demand_price(bills: pd.DataFrame) -> Whole:
    months, voltage = bills["month_start"], bills["voltage_level_code"]
    full = price_of("tariff.demand_price_yuan_per_kw_month", months, voltage)
    rule = "tariff.demand_reduction"
    least = by_month(rule, months, lambda value: round(value["from_kwh_per_kva"]))
    ratio = by_month(rule, months, lambda value: round(value["ratio"] * 100))
    reached = hundredths(bills["energy_kwh"]) >= least * hundredths(bills["contract_capacity_kva"])
    return np.where(reached, (full * ratio + 50) // 100, full)
