"""Bills, readings, settlements: laws of the dictionary, planted answers to prices, null worlds."""

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import billing, consumption, contracts, customers, metering
from marketing_models.tariffs import ADDENDS, BANDS, COMPONENTS, rebill

BAND_ENERGY = [f"{band}_energy_kwh" for band in BANDS]


@pytest.fixture(scope="module")
def made(counties):
    return billing.tables(counties.usual[0])


@pytest.fixture(scope="module")
def held(counties, made):
    """The tables as the store gives them back."""
    county = counties.usual[0]
    masters = customers.tables(county).tables | contracts.tables(county).tables
    wanted = ("agreement", "supply_point", "meter_installation")
    raw = made.tables | {name: masters[name] for name in wanted}
    return {name: schemas.conform(name, frame) for name, frame in raw.items()}


def monthly(county):
    """Billed energy by point and month, all kinds of bill together."""
    bills = county.bills
    month = county.scale.months.get_indexer(pd.DatetimeIndex(bills["month_start"]))
    energy = np.zeros(county.energy_kwh.shape)
    np.add.at(energy, (bills["point"].to_numpy(), month), bills["energy_kwh"].to_numpy())
    return energy


def test_every_bill_comes_out_again_from_readings_agreements_and_prices(held):
    # Law: no fen of difference in any component.
    again = rebill(held).set_index("bill_id")
    bills = held["bill"].set_index("bill_id").reindex(again.index)
    names = list(COMPONENTS)
    assert len(again) == len(held["bill"])
    assert again["has_reading"].all()
    assert (bills[names].isna() == again[names].isna()).all(axis=None)
    assert (bills[names].fillna(0) - again[names].fillna(0)).abs().max(axis=None) < 0.001


def test_parts_of_a_bill_add_up_and_catalogue_excludes_energy_and_network(held):
    # Reconciliation rules of the dictionary.
    bills = held["bill"]
    beside = bills["capacity_charge_yuan"].where(bills["catalogue_charge_yuan"].notna())
    parts = bills[list(ADDENDS)].fillna(0).sum(axis=1) + beside.fillna(0)
    assert (parts - bills["receivable_yuan"]).abs().max() < 0.01
    bundled = bills["catalogue_charge_yuan"].notna()
    assert bills.loc[bundled, ["energy_charge_yuan", "network_charge_yuan"]].isna().all(axis=None)
    industry = bills["tariff_code"].str.startswith("industrial")
    assert (bundled == ~industry).all()  # this world begins after June 2023


def test_bands_add_up_to_the_energy_and_none_is_negative(held):
    bills = held["bill"]
    banded = bills[bills[BAND_ENERGY].notna().any(axis=1)]
    assert (banded[BAND_ENERGY].sum(axis=1) - banded["energy_kwh"]).abs().max() < 0.01
    forward = banded[banded["bill_type_code"] != "reversal"]
    assert forward[BAND_ENERGY].min(axis=None) >= 0
    assert set(banded["tariff_code"]) == {
        "residential_time_of_use",
        "industrial_commercial_two_part",
    }


def test_energy_of_a_reading_is_the_difference_of_its_indexes_times_the_ratio(held):
    ratio = held["meter_installation"].set_index("meter_id")["meter_ratio"]
    rows = held["meter_reading"]
    shown = (rows["closing_index"] - rows["opening_index"]) * rows["meter_id"].map(ratio)
    assert (shown - rows["energy_kwh"]).abs().max() < 0.001
    assert (rows["opening_index"] >= 0).all()


def test_a_register_goes_on_where_it_stopped_and_a_new_meter_begins_at_zero(counties, held):
    rows = held["meter_reading"].sort_values(["meter_id", "register_code", "reading_date"])
    rows = rows.drop_duplicates(["meter_id", "register_code", "reading_date"], keep="last")
    by = rows.groupby(["meter_id", "register_code"])
    gap = rows["opening_index"] - by["closing_index"].shift()
    assert gap.abs().max() < 0.005
    meters = held["meter_installation"].set_index("meter_id")["valid_from"]
    new = meters.index[meters >= counties.usual[0].scale.months[0]]
    first = by.head(1)
    assert (first.loc[first["meter_id"].isin(new), "opening_index"] == 0).all()
    assert first["meter_id"].isin(new).sum() > 20


def test_a_reversal_is_the_negative_of_its_bill_and_a_supplement_follows(held):
    bills = held["bill"].set_index("bill_id")
    back = bills[bills["bill_type_code"] == "reversal"]
    of = bills.loc[back["reversed_bill_id"]]
    names = ["energy_kwh", "receivable_yuan", *ADDENDS]
    total = back[names].fillna(0).to_numpy() + of[names].fillna(0).to_numpy()
    assert len(back) > 10
    assert np.abs(total).max() < 0.005
    again = bills.loc[back["reversed_bill_id"] + "-S"]
    assert (again["bill_type_code"] == "supplement").all()
    assert (again["known_at"].to_numpy() > of["known_at"].to_numpy()).all()
    assert (again["energy_kwh"].to_numpy() != of["energy_kwh"].to_numpy()).any()
    assert bills.index.is_unique


def test_all_bills_of_a_month_together_are_what_the_meter_measured(counties):
    county = counties.usual[0]
    net = county.energy_kwh - billing.self_consumed_kwh(county)
    assert np.abs(monthly(county) - net * county.connected).max() < 0.01


def test_use_shared_out_adds_up_to_the_load_of_the_class_less_theft(counties):
    county = counties.usual[0]
    month = county.loads_kw.index.to_numpy().astype("datetime64[M]")
    # The days after the last bill have loads, too.
    total = county.loads_kw.groupby(month).sum().iloc[: len(county.scale.months)]
    gross = county.energy_kwh / (1 - county.unmetered_frac)
    for name in ("residential", "agricultural"):
        own = (county.points["class_name"] == name).to_numpy()
        got = county.points.loc[own, "represented_count"].to_numpy() @ gross[own]
        # The meter resolves hundredths of its ratio, rounded for each point and month.
        assert got == pytest.approx(total[name].to_numpy(), rel=1e-4)
    assert (county.energy_kwh[~county.connected] == 0).all()


def test_instalments_are_two_a_month_before_the_settlement(held):
    bills = held["bill"]
    parts = bills[bills["bill_type_code"] == "instalment"]
    assert (parts.groupby(["supply_point_id", "month_start"]).size() == 2).all()
    share = (
        parts["supply_point_id"].nunique()
        / bills.loc[
            bills["tariff_code"] == "industrial_commercial_two_part", "supply_point_id"
        ].nunique()
    )
    assert 0.15 < share < 0.55  # a third of few
    assert parts["capacity_charge_yuan"].isna().all()
    rest = bills[bills["bill_type_code"] == "regular"]
    assert rest["energy_kwh"].min() >= 0


def test_homes_answer_to_the_block_price_as_planted(counties, made):
    # Planted: mean own elasticity -0.41, substitution 0.041 (published values, parameters).
    price = made.truth["billing_price"]
    own = np.log(price["use_ratio"]) / np.log(price["price_ratio"])
    assert own.mean() == pytest.approx(-0.41, abs=0.06)
    bands = price[price["band_price_ratio"] < 1]
    swap = -np.log(bands["band_use_ratio"]) / np.log(bands["band_price_ratio"])
    assert swap.median() == pytest.approx(0.041 * np.exp(-0.18), rel=0.3)


def test_a_panel_of_bills_recovers_the_planted_elasticity_against_the_null_world(counties):
    # The same draws with and without effect: the ratio of the bills is the answer to the price.
    slopes = []
    for usual, null in zip(counties.usual, counties.of("null_price_response"), strict=True):
        home = (usual.points["class_name"] == "residential").to_numpy()
        ratio = consumption.block_price_ratio(null, null.energy_kwh)[home]
        use = (usual.energy_kwh[home] + 0.005) / (null.energy_kwh[home] + 0.005)
        here = usual.connected[home] & (null.energy_kwh[home] > 20)
        x, y = np.log(ratio[here]), np.log(use[here])
        # The class's load is shared out: who does not pay more uses what others leave.
        month = np.broadcast_to(np.arange(here.shape[1]), here.shape)[here]
        means = [pd.Series(v).groupby(month).transform("mean").to_numpy() for v in (x, y)]
        slopes.append(np.sum((x - means[0]) * (y - means[1])) / np.sum((x - means[0]) ** 2))
    assert np.mean(slopes) == pytest.approx(-0.41, abs=0.05)


def test_the_null_world_answers_to_no_price(counties):
    county = counties.of("null_price_response")[0]
    truth = billing.tables(county).truth
    assert (truth["billing_price"]["use_ratio"] == 1).all()
    assert (truth["billing_price"]["band_use_ratio"] == 1).all()
    assert (metering.flexibility_ratio(county) == 0).all()


def test_direct_traders_leave_the_bands_when_they_are_no_longer_bound(counties):
    # Planted: use shifts to the valley by price; since March 2026 traders face no band price.
    bills = pd.concat([county.bills for county in counties.usual])
    own = bills[bills["tariff_code"] == "industrial_commercial_two_part"]
    trades = own["market_role_code"].isin(["retail", "wholesale"])
    share = {}
    for year in ("2025", "2026"):
        spring = own["month_start"].isin(pd.to_datetime([f"{year}-04-01", f"{year}-05-01"]))
        part = own[trades & spring]
        share[year] = part["peak_energy_kwh"].sum() / part["energy_kwh"].sum()
    assert share["2026"] > share["2025"]


def test_the_owner_of_a_roof_is_paid_for_the_surplus(counties, held):
    county, rows = counties.usual[0], held["generation_settlement"]
    assert len(rows) > 50
    made = rows["self_consumed_energy_kwh"] + rows["fed_in_energy_kwh"]
    assert made.min() >= 0
    before = rows["month_start"] < "2025-06-01"
    assert rows.loc[before, "mechanism_energy_kwh"].isna().all()
    # 0.4153, the benchmark price, for all surplus until the mechanism.
    paid = rows["payable_yuan"] / rows["fed_in_energy_kwh"]
    sold = before & (rows["fed_in_energy_kwh"] > 50)
    assert paid[sold].to_numpy() == pytest.approx(0.4153, abs=2e-4)
    generated = metering.generated_kwh(county)
    assert (billing.self_consumed_kwh(county) <= generated + 1e-6).all()


def test_prices_and_power_factors_are_those_of_a_province(counties):
    # Published: business 0.55-0.75, homes 0.49-0.62 yuan/kWh (calibration, 2024).
    bills = pd.concat(
        [
            county.bills.assign(
                rep=county.points["represented_count"].to_numpy()[county.bills["point"]]
            )
            for county in counties.usual
        ]
    )
    money, energy = bills["receivable_yuan"] * bills["rep"], bills["energy_kwh"] * bills["rep"]
    home = bills["tariff_code"].isin(["residential", "residential_time_of_use", "shared_meter"])
    farm = bills["tariff_code"] == "agricultural"
    assert 0.49 < money[home].sum() / energy[home].sum() < 0.62
    business = ~home & ~farm
    assert 0.55 < money[business].sum() / energy[business].sum() < 0.75
    factor = bills["power_factor_frac"].dropna()
    assert 0.88 < factor.median() < 0.96


def test_readings_of_large_worlds_are_those_of_the_last_year(counties, monkeypatch):
    county = counties.usual[0]
    monkeypatch.setattr("marketing_models.synthetic.readings._ALL_MONTHS_UP_TO", 100)
    rows = billing.tables(county).tables["meter_reading"]
    assert rows["month_start"].nunique() == 12
    assert rows["month_start"].max() == county.scale.months[-1]


def test_a_wrong_reading_begins_where_its_correction_does_and_comes_before_it(held):
    key = ["meter_id", "register_code", "reading_date"]
    rows = held["meter_reading"]
    again = rows[rows["quality_code"] == "corrected"]
    both = again.merge(rows[rows["quality_code"] != "corrected"], "inner", key)
    assert len(both) == len(again) > 10
    assert both["opening_index_x"].to_numpy() == pytest.approx(both["opening_index_y"].to_numpy())
    assert (both["known_at_x"] > both["known_at_y"]).all()
