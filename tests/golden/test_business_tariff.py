"""Bills of industry, commerce and farms, to the fen; authority and working in the YAML."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from marketing_models.tariffs import charges_yuan, power_factor_rate_frac

BILLS = yaml.safe_load(Path(__file__).with_name("business_tariff.yaml").read_text(encoding="utf-8"))
NUMBERS = [
    *("energy_kwh", "used_before_kwh", "critical_peak_energy_kwh", "peak_energy_kwh"),
    *("flat_energy_kwh", "valley_energy_kwh", "reactive_energy_kvarh", "maximum_demand_kw"),
    *("contract_demand_kw", "power_factor_standard_frac", "retail_price_yuan_per_kwh"),
    *("contract_capacity_kva", "running_capacity_kva"),
]
TEXTS = ["tariff_code", "market_role_code", "capacity_basis_code", "voltage_level_code"]
ALL = (
    *("catalogue", "energy", "upstream_loss", "network", "capacity", "system_operation"),
    *("government_surcharge", "power_factor", "receivable"),
)
# Percent of the bill by standard and power factor, as the published table prints them.
TABLE = {
    0.90: {1.0: -0.75, 0.95: -0.75, 0.94: -0.6, 0.91: -0.15, 0.9: 0, 0.89: 0.5, 0.7: 10.0,
           0.69: 11.0, 0.65: 15.0, 0.64: 17.0, 0.6: 25.0},
    0.85: {1.0: -1.1, 0.94: -1.1, 0.93: -0.95, 0.91: -0.65, 0.9: -0.5, 0.86: -0.1, 0.85: 0,
           0.84: 0.5, 0.65: 10.0, 0.64: 11.0, 0.6: 15.0, 0.59: 17.0},
    0.80: {1.0: -1.3, 0.92: -1.3, 0.91: -1.15, 0.9: -1.0, 0.81: -0.1, 0.8: 0, 0.79: 0.5,
           0.6: 10.0, 0.59: 11.0, 0.55: 15.0, 0.54: 17.0},
}  # fmt: skip


def frame(bills):
    rows = pd.DataFrame(bills).reindex(columns=["month_start", *NUMBERS, *TEXTS])
    types = {**dict.fromkeys(NUMBERS, "float64"), **dict.fromkeys(TEXTS, "str")}
    return rows.astype({"month_start": "datetime64[s]", **types})


def column(name):
    known = {
        "government_surcharge": "government_surcharge_yuan",
        "power_factor": "power_factor_adjustment_yuan",
        "receivable": "receivable_yuan",
    }
    return known.get(name, f"{name}_charge_yuan")


@pytest.mark.parametrize("bill", BILLS, ids=lambda bill: bill["name"])
def test_the_worked_bill_comes_out_to_the_fen(bill):
    charges = charges_yuan(frame([bill["bill"]])).iloc[0]
    got = {name: charges[column(name)] for name in ALL if pd.notna(charges[column(name)])}
    assert got == bill["charges"]


def test_bills_charged_together_are_the_bills_charged_alone():
    together = charges_yuan(frame([bill["bill"] for bill in BILLS]))
    assert together["receivable_yuan"].to_list() == [b["charges"]["receivable"] for b in BILLS]


@pytest.mark.parametrize("standard", TABLE)
def test_the_adjustment_is_that_of_the_published_table(standard):
    factor = pd.Series(list(TABLE[standard]))
    rate = power_factor_rate_frac(factor, pd.Series(standard, factor.index))
    assert (rate * 100).round(4).to_list() == list(TABLE[standard].values())
