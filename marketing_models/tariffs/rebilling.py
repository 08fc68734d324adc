"""Bills computed again from readings, agreements and parameters: what an auditor would do."""

from typing import Any

import numpy as np
import pandas as pd

from marketing_models.tariffs.bills import ADDENDS, charges_yuan
from marketing_models.tariffs.business import BANDS

COMPONENTS = (*ADDENDS, "capacity_charge_yuan", "receivable_yuan")
_BAND_ENERGY = [f"{band}_energy_kwh" for band in BANDS]
_ENERGY = ["energy_kwh", *_BAND_ENERGY]
_TERMS = [
    *("tariff_code", "market_role_code", "retail_price_yuan_per_kwh", "capacity_basis_code"),
    *("contract_demand_kw", "power_factor_standard_frac"),
]
_PLACE = ["voltage_level_code", "contract_capacity_kva", "running_capacity_kva"]
_MONTH = ["supply_point_id", "month_start"]
Tables = dict[str, pd.DataFrame]


def rebill(tables: Tables) -> pd.DataFrame:
    """Compute bills again from what was measured and agreed.

    Parameters
    ----------
    tables : dict of str to DataFrame
        ``bill, meter_reading, agreement, supply_point, meter_installation`` by the dictionary,
        all versions of the rows of some supply points, with all their bills. A bill whose period
        has no reading is computed from its own energy.

    Returns
    -------
    DataFrame of shape (n_bills, n_components + 3)
        ``bill_id, bill_type_code, has_reading`` and the components [yuan]; missing where a bill
        has no such part. Instalments are charged for energy alone, and what the month costs beyond
        them is the regular bill; a reversal is the negative of the bill that it takes back.

    See Also
    --------
    charges_yuan : which charges each bill.
    """
    kept = [*_MONTH, "bill_id", "bill_type_code", "reversed_bill_id", "issued_date", "known_at"]
    measured = ["reactive_energy_kvarh", "maximum_demand_kw"]
    bills = tables["bill"][[*kept, *_ENERGY, *measured]].reset_index(drop=True)
    forward = bills[bills["bill_type_code"] != "reversal"].reset_index(drop=True)
    forward = _with_readings(forward, tables)
    forward = _in_force(forward, tables["agreement"].query("tariff_code != 'feed_in'"), _TERMS)
    forward = _in_force(forward, tables["supply_point"], _PLACE)
    forward["used_before_kwh"] = _used_before(forward, bills)
    charged = _charged(forward)
    return pd.concat([charged, _reversals(bills, charged)], ignore_index=True)


def _with_readings(bills: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Put the energy of the readings in the place of that of the bills."""
    read = _readings(tables)
    part = bills["bill_type_code"] == "instalment"
    last = bills["month_start"] + pd.offsets.MonthEnd(0)
    day = last.where(~part, bills["issued_date"] - pd.Timedelta(days=1))
    wanted = bills.assign(reading_date=day.astype("datetime64[s]"), place=bills.index)
    keys = ["supply_point_id", "reading_date"]
    found = wanted[["place", *keys, "known_at"]].merge(
        read, "inner", keys, suffixes=("", "_of_reading")
    )
    found = found[found["known_at_of_reading"] <= found["known_at"]]
    # Of several versions of a reading the bill follows the latest that was known.
    found = found.sort_values("known_at_of_reading", kind="stable")
    found = found.drop_duplicates(["place", "column"], keep="last")
    wide = found.pivot(index="place", columns="column", values="read_kwh").reindex(bills.index)
    energy = {name: wide[name].fillna(bills[name]) for name in wide.columns if name in _ENERGY}
    has = wide["energy_kwh"].notna() if "energy_kwh" in wide else False
    return bills.assign(**energy, has_reading=has)


def _readings(tables: Tables) -> pd.DataFrame:
    """Return the energy that each register shows, by supply point and day."""
    meters = tables["meter_installation"].drop_duplicates("meter_id", keep="last")
    read = tables["meter_reading"].merge(
        meters[["meter_id", "supply_point_id", "meter_ratio"]], "inner", "meter_id"
    )
    read = read[read["register_code"] != "export"]
    shown = (read["closing_index"] - read["opening_index"]) * read["meter_ratio"]
    column = (read["register_code"] + "_energy_kwh").replace("total_energy_kwh", "energy_kwh")
    return read[["supply_point_id", "reading_date", "known_at"]].assign(
        column=column, read_kwh=shown.round(2)
    )


def _in_force(bills: pd.DataFrame, versions: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Add what was in force on the first day of each bill's month."""
    held = versions[["supply_point_id", "valid_from", *names]].sort_values("valid_from")
    held = held.assign(valid_from=held["valid_from"].astype("datetime64[s]"))
    rows = bills[_MONTH].assign(place=bills.index).sort_values("month_start", kind="stable")
    rows = rows.assign(month_start=rows["month_start"].astype("datetime64[s]"))
    joined = pd.merge_asof(
        rows, held, left_on="month_start", right_on="valid_from", by="supply_point_id"
    )
    return bills.join(joined.set_index("place")[names])


def _used_before(forward: pd.DataFrame, bills: pd.DataFrame) -> pd.Series:
    """Return the energy of all bills of the same year's earlier months."""
    read = forward.set_index("bill_id")["energy_kwh"]
    energy = bills["bill_id"].map(read)
    taken_back = -bills["reversed_bill_id"].map(read)
    cents = (energy.fillna(taken_back) * 100).round().astype("int64")
    month = bills[_MONTH].assign(cents=cents).groupby(_MONTH, sort=True)["cents"].sum()
    year = pd.DatetimeIndex(month.index.get_level_values(1)).year
    within = month.groupby([month.index.get_level_values(0), year], sort=False)
    before = (within.cumsum() - month).rename("cents").reset_index()
    found = forward[_MONTH].merge(before, "left", _MONTH)["cents"]
    return (found / 100).clip(lower=0).set_axis(forward.index)


def _charged(bills: pd.DataFrame) -> pd.DataFrame:
    """Charge instalments for themselves, other bills for their month less its instalments."""
    part = bills["bill_type_code"] == "instalment"
    fields: dict[str, Any] = {
        "power_factor_standard_frac": np.nan,
        "capacity_basis_code": "capacity",
        "running_capacity_kva": 0.0,
        "maximum_demand_kw": np.nan,
        "reactive_energy_kvarh": np.nan,
    }
    paid = bills[part].assign(**fields)
    paid = paid.assign(**charges_yuan(paid)).assign(capacity_charge_yuan=np.nan)
    earlier = paid.groupby(_MONTH)[[*_ENERGY, *COMPONENTS]].sum()
    rest = bills[~part]
    before = rest[_MONTH].merge(earlier.reset_index(), "left", _MONTH).set_index(rest.index)
    before = before[[*_ENERGY, *COMPONENTS]].fillna(0.0)
    whole = rest.assign(**(rest[_ENERGY] + before[_ENERGY]).round(2))
    charges = charges_yuan(whole)[list(COMPONENTS)]
    rest = rest.assign(**(charges - before[list(COMPONENTS)]).round(2))
    names = ["bill_id", "bill_type_code", "has_reading", *COMPONENTS]
    return pd.concat([paid[names], rest[names]], ignore_index=True)


def _reversals(bills: pd.DataFrame, charged: pd.DataFrame) -> pd.DataFrame:
    back = bills[bills["bill_type_code"] == "reversal"]
    names = list(COMPONENTS)
    of = charged.set_index("bill_id").reindex(back["reversed_bill_id"])
    amounts = (-of[names]).set_axis(back.index)
    return back[["bill_id", "bill_type_code"]].assign(
        has_reading=of["has_reading"].to_numpy(), **amounts
    )
