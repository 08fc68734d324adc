"""The published residential tariff, bill by bill to the fen; authority and working in the YAML."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml

from marketing_models.tariffs import (
    charges_yuan,
    residential_charge_yuan,
    residential_time_of_use_charge_yuan,
    tariff_price_rows,
)

BILLS = yaml.safe_load(
    Path(__file__).with_name("residential_tariff.yaml").read_text(encoding="utf-8")
)
DAY = datetime.date(2026, 7, 1)


def bare_bills(**fields):
    """A bill of July 2026 with the columns that charges ask for, empty but for some."""
    texts = ("tariff_code", "market_role_code", "capacity_basis_code", "voltage_level_code")
    energies = ("critical_peak", "peak", "flat", "valley")
    numbers = (
        *(f"{band}_energy_kwh" for band in energies),
        *("energy_kwh", "used_before_kwh", "reactive_energy_kvarh", "maximum_demand_kw"),
        *("contract_demand_kw", "power_factor_standard_frac", "retail_price_yuan_per_kwh"),
        *("contract_capacity_kva", "running_capacity_kva"),
    )
    row = {**dict.fromkeys(texts), **dict.fromkeys(numbers, float("nan")), **fields}
    types = {**dict.fromkeys(texts, "str"), **dict.fromkeys(numbers, "float64")}
    return pd.DataFrame([{"month_start": pd.Timestamp(DAY), **row}]).astype(types)


@pytest.mark.parametrize("bill", BILLS, ids=lambda bill: bill["name"])
def test_the_worked_bill_comes_out_to_the_fen(bill):
    used = {"used_before_kwh": pd.Series([bill["used_before_kwh"]])}
    parts = [pd.Series([value]) for value in bill["energy_kwh"].values()]
    rule = residential_charge_yuan if len(parts) == 1 else residential_time_of_use_charge_yuan
    assert rule(*parts, **used, on=DAY).to_list() == [bill["charge_yuan"]]


def test_a_shared_meter_pays_one_price_without_blocks():
    # 5,000 kWh x 0.558.
    bill = bare_bills(tariff_code="shared_meter", energy_kwh=5000.0)
    assert charges_yuan(bill)["catalogue_charge_yuan"].to_list() == [2790.0]


def test_the_price_table_carries_the_published_prices():
    rows = tariff_price_rows().set_index(["tariff_code", "time_band_code", "block_from_kwh"])
    price = rows["price_yuan_per_kwh"]
    assert price["residential"]["all"].to_dict() == {0: 0.538, 2760: 0.588, 4800: 0.838}
    assert price["residential_time_of_use"]["peak"].to_dict() == {
        0: 0.568,
        2760: 0.618,
        4800: 0.868,
    }
    valley = price["residential_time_of_use"]["valley"]
    assert valley.to_dict() == {0: 0.288, 2760: 0.338, 4800: 0.588}
    assert price["shared_meter"]["all"].to_dict() == {0: 0.558}
    homes = rows.loc[["residential", "residential_time_of_use", "shared_meter"], "source_name"]
    assert homes.str.startswith("浙江省物价局").all()
