"""Tariffs: exact money, dated components, the price table and refusals, by hand."""

import datetime

import pandas as pd
import pytest

from marketing_models import schemas, tariffs
from marketing_models.errors import UnknownParameterError
from marketing_models.tariffs import exact

DAY = datetime.date(2026, 7, 1)


def test_half_a_fen_is_rounded_up_and_less_is_not():
    # 1.005 yuan is 1,005,000 millionths; float rounding of 1.005 would give 1.00.
    assert exact.fen_rounded(pd.Series([1_005_000, 1_004_999]).to_numpy()).tolist() == [1.01, 1.0]


def test_prices_and_energies_become_whole_numbers_without_loss():
    assert exact.ten_thousandths(0.538) == 5380
    assert exact.ten_thousandths(1e-4) == 1
    # 0.29 x 100 is 28.999999999999996 in floating point.
    assert exact.hundredths(pd.Series([0.29, 123456.78, 0.0])).tolist() == [29, 12345678, 0]


def test_a_price_with_five_decimals_is_refused():
    with pytest.raises(ValueError, match=r"0\.53801 has more than four decimals"):
        exact.ten_thousandths(0.53801)


@pytest.mark.parametrize("value", [-0.01, float("nan"), None])
def test_energy_below_zero_or_missing_is_refused_with_its_row(value):
    energy = pd.Series([1.0, value], index=["bill-1", "bill-2"], dtype="Float64")
    used = pd.Series([0.0, 0.0], index=energy.index)
    with pytest.raises(ValueError, match="energy of row 'bill-2' is"):
        tariffs.residential_charge_yuan(energy, used_before_kwh=used, on=DAY)


def test_energy_and_used_before_must_be_rows_of_the_same_bills():
    energy, used = pd.Series([1.0], index=["a"]), pd.Series([1.0], index=["b"])
    with pytest.raises(ValueError, match="share one index; align them first"):
        tariffs.residential_charge_yuan(energy, used_before_kwh=used, on=DAY)
    with pytest.raises(ValueError, match="share one index"):
        tariffs.residential_time_of_use_charge_yuan(energy, used, used_before_kwh=used, on=DAY)


def test_charges_keep_the_labels_of_the_bills_and_leave_the_input_alone():
    energy = pd.Series([200.0, 100.0], index=["b", "a"], name="kwh")
    used = pd.Series([2700.0, 4750.0], index=["b", "a"])
    before = energy.copy()
    charge = tariffs.residential_charge_yuan(energy, used_before_kwh=used, on=DAY)
    assert charge.to_dict() == {"b": 114.60, "a": 71.30}
    pd.testing.assert_series_equal(energy, before)


TEXTS = ("tariff_code", "market_role_code", "capacity_basis_code", "voltage_level_code")
NUMBERS = (
    *("energy_kwh", "used_before_kwh", "critical_peak_energy_kwh", "peak_energy_kwh"),
    *("flat_energy_kwh", "valley_energy_kwh", "reactive_energy_kvarh", "maximum_demand_kw"),
    *("contract_demand_kw", "power_factor_standard_frac", "retail_price_yuan_per_kwh"),
    *("contract_capacity_kva", "running_capacity_kva"),
)


def bills(*rows):
    """Bills with the columns that charges ask for; what a row does not say is empty."""
    frame = pd.DataFrame(list(rows)).reindex(columns=["month_start", *TEXTS, *NUMBERS])
    types = {**dict.fromkeys(TEXTS, "str"), **dict.fromkeys(NUMBERS, "float64")}
    return frame.astype({"month_start": "datetime64[s]", **types})


SHOP = {
    "tariff_code": "industrial_commercial",
    "market_role_code": "agency",
    "voltage_level_code": "below_1kV",
    "energy_kwh": 1000.0,
}
WORKS = {
    **SHOP,
    "tariff_code": "industrial_commercial_two_part",
    "voltage_level_code": "10kV",
    "critical_peak_energy_kwh": 0.0,
    "peak_energy_kwh": 500.0,
    "flat_energy_kwh": 300.0,
    "valley_energy_kwh": 200.0,
    "capacity_basis_code": "capacity",
    "contract_capacity_kva": 400.0,
    "running_capacity_kva": 400.0,
}


def test_industry_pays_a_catalogue_price_until_june_2023_and_its_parts_after():
    charges = tariffs.charges_yuan(
        bills({**SHOP, "month_start": "2023-05-01"}, {**SHOP, "month_start": "2023-06-01"})
    )
    until, since = charges.iloc[0], charges.iloc[1]
    assert until["catalogue_charge_yuan"] == until["receivable_yuan"] == 665.0
    assert pd.isna(until["energy_charge_yuan"])
    assert pd.isna(since["catalogue_charge_yuan"])
    # 402 + 12.7 + 205.2 + 21.2 + 29.2.
    assert since["receivable_yuan"] == 670.30
    assert {*charges.columns} <= set(schemas.columns("bill").index)


def test_a_capacity_charge_is_inside_network_and_beside_a_catalogue_charge():
    days = ("2023-05-01", "2025-05-01")
    charges = tariffs.charges_yuan(bills(*({**WORKS, "month_start": day} for day in days)))
    parts = charges[list(tariffs.ADDENDS)].sum(axis=1)
    assert charges["capacity_charge_yuan"].to_list() == [12_000.0, 11_000.0]
    assert (charges["receivable_yuan"] - parts).round(2).to_list() == [12_000.0, 0.0]


def test_direct_traders_are_bound_to_the_bands_until_march_2026_and_agency_users_after():
    # 0.4 x (500 x 1.7 + 300 + 200 x 0.4) against 0.4 x 1000.
    own = {**WORKS, "retail_price_yuan_per_kwh": 0.4}
    rows = [
        {**own, "month_start": month, "market_role_code": role}
        for month in ("2026-02-01", "2026-03-01")
        for role in ("retail", "wholesale")
    ]
    energy = tariffs.charges_yuan(bills(*rows))["energy_charge_yuan"].to_list()
    assert energy == [492.0, 492.0, 400.0, 400.0]
    agency = tariffs.charges_yuan(bills({**WORKS, "month_start": "2026-03-01"}))
    # 500 x 0.6504 + 300 x 0.3826 + 200 x 0.1530.
    assert agency["energy_charge_yuan"].to_list() == [470.58]


def test_a_bill_with_nothing_used_has_no_power_factor_and_no_adjustment():
    row = {**SHOP, "month_start": "2025-01-01", "energy_kwh": 0.0}
    row |= {"power_factor_standard_frac": 0.85, "reactive_energy_kvarh": 0.0}
    charges = tariffs.charges_yuan(bills(row))
    assert charges[["power_factor_frac", "power_factor_adjustment_yuan"]].isna().all(axis=None)
    assert charges["receivable_yuan"].to_list() == [0.0]


def test_a_standard_without_table_is_refused():
    with pytest.raises(ValueError, match=r"standard 0\.88; there are 0\.8, 0\.85, 0\.9"):
        tariffs.power_factor_rate_frac(pd.Series([0.9]), pd.Series([0.88]))


def test_a_bill_without_voltage_is_refused_by_its_row():
    row = {**SHOP, "month_start": "2025-01-01", "voltage_level_code": None}
    with pytest.raises(ValueError, match="voltage_level_code of bill 0 is empty"):
        tariffs.charges_yuan(bills(row))


def test_a_fault_in_one_part_of_a_bill_is_found_by_computing_it_again():
    meter = {"supply_point_id": "S1", "meter_id": "M1", "meter_ratio": 10.0}
    since = {"supply_point_id": "S1", "valid_from": pd.Timestamp("2020-01-01")}
    place = {**since, **{name: WORKS[name] for name in WORKS if name.endswith("_kva")}}
    reading = {"meter_id": "M1", "month_start": "2025-01-01", "reading_date": "2025-01-31"}
    reading |= {"register_code": "total", "known_at": "2025-02-01 08:00"}
    bill = {"supply_point_id": "S1", "month_start": "2025-01-01", "bill_id": "B1"}
    bill |= {"bill_type_code": "regular", "issued_date": "2025-02-01", "energy_kwh": 1000.0}
    bill |= {"known_at": "2025-02-02"}
    tables = {
        "bill": pd.DataFrame([bill]).reindex(columns=schemas.columns("bill").index),
        "meter_reading": pd.DataFrame([{**reading, "opening_index": 5.0, "closing_index": 105.5}]),
        "meter_installation": pd.DataFrame([meter]),
        "agreement": pd.DataFrame([{**since, **SHOP}]).reindex(
            columns=["supply_point_id", "valid_from", *TEXTS[:3], *NUMBERS[8:11]]
        ),
        "supply_point": pd.DataFrame([{**place, "voltage_level_code": "below_1kV"}]),
    }
    for name in ("bill", "meter_reading"):
        dates = {c: "datetime64[s]" for c in tables[name] if c.endswith(("_date", "_start"))}
        dates["known_at"] = "datetime64[us]"
        tables[name] = tables[name].astype(dates)
    tables["agreement"]["tariff_code"] = "industrial_commercial"
    again = tariffs.rebill(tables)
    # The registers say 1,005 kWh: 392.96 + 12.76 + 206.23 + 32.46 + 29.35 (2025: 0.391, 0.0323).
    assert again["receivable_yuan"].to_list() == [673.76]


def test_invented_prices_say_that_they_are_invented():
    rows = tariffs.tariff_price_rows()
    energy = rows[(rows["tariff_code"] == "agricultural") | (rows["component_code"] == "energy")]
    energy = energy[energy["tariff_code"] != "feed_in"]
    assert energy["source_name"].str.startswith("own assumption").all()


def test_the_price_table_covers_every_tariff_and_the_published_network_prices():
    rows = tariffs.tariff_price_rows()
    homes = {"residential", "residential_time_of_use", "shared_meter"}
    business = {"industrial_commercial", "industrial_commercial_two_part"}
    assert set(rows["tariff_code"]) == homes | business | {"agricultural", "feed_in"}
    new = rows[(rows["valid_from"] == "2026-08-01") & (rows["component_code"] == "network")]
    assert new["price_yuan_per_kwh"].to_list() == [0.2412, 0.0895]
    assert new["source_name"].str.contains("1077号").all()
    capacity = rows[(rows["component_code"] == "capacity") & (rows["valid_from"] == "2026-08-01")]
    assert capacity["price_yuan_per_kva_month"].to_list() == [27.5]
    assert capacity["price_yuan_per_kw_month"].to_list() == [44.0]


def test_the_bands_of_industry_cover_the_day_and_change_with_the_season():
    hours = pd.date_range("2026-07-01", periods=24, freq="h")
    summer = tariffs.business_time_band(hours, on=DAY).value_counts().to_dict()
    assert summer == {"valley": 9, "flat": 7, "peak": 6, "critical_peak": 2}
    spring = tariffs.business_time_band(hours - pd.Timedelta(days=91), on=DAY)
    assert spring.iloc[[11, 16, 23]].to_list() == ["valley", "peak", "flat"]


def test_a_tariff_without_rule_is_refused():
    with pytest.raises(
        UnknownParameterError, match="no rule for tariff 'feed_in'; there are resid"
    ):
        tariffs.charges_yuan(bills({**SHOP, "month_start": DAY, "tariff_code": "feed_in"}))


def test_no_price_is_made_up_before_the_first_notice():
    with pytest.raises(UnknownParameterError, match="no value on 2012-06-30"):
        tariffs.residential_charge_yuan(
            pd.Series([1.0]), used_before_kwh=pd.Series([0.0]), on=datetime.date(2012, 6, 30)
        )


def test_versions_of_a_price_follow_each_other_without_gap_or_overlap():
    rows = tariffs.tariff_price_rows()
    pd.testing.assert_frame_equal(schemas.conform("tariff_price", rows), rows)
    for _, versions in rows.groupby("tariff_code"):
        spans = versions[["valid_from", "valid_to"]].drop_duplicates().sort_values("valid_from")
        assert spans["valid_to"].iloc[:-1].to_list() == spans["valid_from"].iloc[1:].to_list()
        assert spans["valid_to"].isna().sum() == 1


def test_the_valley_of_homes_runs_from_ten_at_night_to_eight():
    periods = pd.date_range("2026-07-01", periods=48, freq="30min")
    band = tariffs.residential_time_band(periods, on=DAY)
    assert set(band[band == "valley"].index.hour) == {22, 23, *range(8)}
    assert (band == "valley").sum() == 20
