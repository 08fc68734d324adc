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


def test_industry_pays_a_catalogue_price_until_june_2023_and_its_parts_after():
    energy = pd.Series([1000.0])
    until = tariffs.component_charges_yuan(
        energy, tariff_code="industrial_commercial", on=datetime.date(2023, 5, 31)
    )
    since = tariffs.component_charges_yuan(
        energy, tariff_code="industrial_commercial", on=datetime.date(2023, 6, 1)
    )
    assert until.columns.to_list() == ["catalogue_charge_yuan"]
    assert "catalogue_charge_yuan" not in since
    # 418 + 16 + 163 + 32 + 29.
    assert since.sum(axis=1).to_list() == [658.0]
    assert {*until.columns, *since.columns} <= set(schemas.columns("bill").index)


def test_invented_prices_say_that_they_are_invented():
    rows = tariffs.tariff_price_rows()
    invented = rows[rows["tariff_code"].isin(["agricultural", "industrial_commercial"])]
    assert invented["source_name"].str.startswith("own assumption").all()


def test_a_tariff_without_plain_price_is_refused():
    with pytest.raises(UnknownParameterError, match="for tariff 'residential'; there are shared"):
        tariffs.component_charges_yuan(pd.Series([1.0]), tariff_code="residential", on=DAY)


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
