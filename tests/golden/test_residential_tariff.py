"""The published residential tariff, bill by bill to the fen; authority and working in the YAML."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml

from marketing_models.tariffs import (
    component_charges_yuan,
    residential_charge_yuan,
    residential_time_of_use_charge_yuan,
    tariff_price_rows,
)

BILLS = yaml.safe_load(
    Path(__file__).with_name("residential_tariff.yaml").read_text(encoding="utf-8")
)
DAY = datetime.date(2026, 7, 1)


@pytest.mark.parametrize("bill", BILLS, ids=lambda bill: bill["name"])
def test_the_worked_bill_comes_out_to_the_fen(bill):
    used = {"used_before_kwh": pd.Series([bill["used_before_kwh"]])}
    parts = [pd.Series([value]) for value in bill["energy_kwh"].values()]
    rule = residential_charge_yuan if len(parts) == 1 else residential_time_of_use_charge_yuan
    assert rule(*parts, **used, on=DAY).to_list() == [bill["charge_yuan"]]


def test_a_shared_meter_pays_one_price_without_blocks():
    # 5,000 kWh x 0.558.
    charge = component_charges_yuan(pd.Series([5000.0]), tariff_code="shared_meter", on=DAY)
    assert charge["catalogue_charge_yuan"].to_list() == [2790.0]


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
