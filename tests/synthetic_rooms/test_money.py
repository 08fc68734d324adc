"""Payments, statements and collection: the books agree, and the hidden risk shows as planted."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from marketing_models import parameters, schemas
from marketing_models.synthetic import bank, collection, demands, payments, prepayment, risk
from marketing_models.synthetic.county import County
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World


@pytest.fixture(scope="module")
def made(counties):
    return [payments.tables(county) for county in counties.usual]


def table(made, name):
    return pd.concat([one.tables[name] for one in made], ignore_index=True)


def truth(made, name):
    return pd.concat([one.truth[name] for one in made], ignore_index=True)


@pytest.fixture(scope="module")
def booked(made, counties):
    """Allocations with their payment and bill."""
    bills = pd.concat([county.bills for county in counties.usual], ignore_index=True)
    columns = ["bill_id", "account_id", "receivable_yuan", "issued_date", "due_date"]
    rows = table(made, "payment_allocation").merge(
        table(made, "payment").drop(columns=["account_id", "month_start", "known_at"]),
        on="payment_id",
        validate="m:1",
    )
    return rows.merge(bills[[*columns, "bill_type_code"]], on="bill_id", validate="m:1")


TABLES = [
    *("payment", "payment_allocation", "bank_statement_line", "collection_action"),
    "external_flag",
]


@pytest.mark.parametrize("name", TABLES)
def test_rows_keep_to_the_dictionary(made, name):
    """Authority: the data dictionary."""
    rows = schemas.conform(name, table(made, name))
    assert len(rows)


def test_no_payment_is_booked_twice_against_bills(made, booked):
    """Authority: reconciliation rule, allocations of a payment are at most what was paid."""
    sums = booked.groupby("payment_id").agg(
        bills=("allocated_yuan", "sum"),
        late=("allocated_late_charge_yuan", "sum"),
        paid=("paid_yuan", "first"),
    )
    paid_in = sums[sums["paid"] > 0]
    assert (paid_in["bills"] + paid_in["late"] <= paid_in["paid"] + 0.005).all()


def test_bills_are_paid_to_the_fen_or_still_open(booked):
    """Authority: the books; a bill is paid once, whatever parts, doubles and bounces there were."""
    paid = booked.groupby("bill_id")["allocated_yuan"].sum().round(2)
    due = booked.groupby("bill_id")["receivable_yuan"].first()
    assert (np.sign(due) * (paid - due) <= 0.005).all()
    assert (np.abs(paid - due) < 0.005).mean() > 0.98


def test_late_in_the_rows_is_late_in_the_truth(made, booked, counties):
    """Authority: the definition, an amount open after the due date."""
    origin = counties.usual[0].scale.origin
    in_time = booked["booked_at"] < booked["due_date"] + pd.Timedelta(days=1)
    bills = pd.concat([county.bills for county in counties.usual], ignore_index=True)
    bills = bills[bills["due_date"] + pd.Timedelta(days=1) < origin]
    paid = booked[in_time].groupby("bill_id")["allocated_yuan"].sum()
    is_open = bills["receivable_yuan"] - bills["bill_id"].map(paid).fillna(0.0) > 0.005
    seen = is_open.groupby([bills["account_id"], bills["month_start"]]).max().rename("seen")
    both = truth(made, "payments_late").join(seen, on=["account_id", "month_start"], how="inner")
    assert len(both) > 5000
    assert (both["seen"] == both["is_late"]).all()


def test_hidden_probability_is_calibrated_and_leads_new_late_payers(made):
    """Authority: planted effect; outcomes are draws from the stated chance."""
    late = truth(made, "payments_late")
    error = np.sqrt((late["late_probability"] * (1 - late["late_probability"])).sum())
    assert abs(late["is_late"].sum() - late["late_probability"].sum()) < 4 * error
    new = late[late["is_new"]]
    assert 0.60 < roc_auc_score(new["is_late"], new["late_probability"]) < 0.80


def test_without_risk_every_customer_is_alike(counties):
    """Authority: null world; the marginal rate stays about the same."""
    level = parameters.at("synthetic_money.late_bill_frac", pd.Timestamp("2026-01-01"))
    held = [risk.risk(county) for county in counties.of("null_risk")]
    usual = [risk.risk(county) for county in counties.usual]
    for one in held:
        assert set(np.unique(one.late_frac)) <= {0.0, level}
    rate = [np.mean([one.is_late.mean() for one in world]) for world in (held, usual)]
    assert 0.5 < rate[0] / rate[1] < 1.6


def test_clean_means_twelve_bills_in_time():
    """Authority: hand-worked."""
    is_late = np.zeros((3, 15), bool)
    is_late[1, 1] = True
    billed = np.ones((3, 15), bool)
    billed[2, 3] = False
    expected = np.zeros((3, 15), bool)
    expected[0, 12:], expected[1, 14:] = True, True
    assert (risk.clean(is_late, billed) == expected).all()


def test_late_charge_by_hand():
    """Authority: supply rules of 1996, article 98: 1 per mille homes, 2 and 3 others."""
    day = 86_400
    due = pd.Timestamp("2025-12-21").value // 10**9
    line = pd.DataFrame(
        {"fen": [100_000, 100_000, -500], "due": [due] * 3, "home": [True, False, True]}
    )
    paid = np.array([due + 20 * day, due + 20 * day, due + 20 * day])
    # 20 days to 10 January: home 20 at 1; other 10 to 31 December at 2 and 10 after at 3 per mille.
    charge = payments.late_charge_fen(line, paid)
    assert charge.tolist() == [2_000, 2_000 + 3_000, 0]


def test_oldest_debt_is_paid_with_the_newest():
    """Authority: hand-worked; each account apart."""
    account, paid = np.array([0, 0, 0, 1, 1]), np.array([50, 20, 30, 9, 10])
    assert demands.oldest_first(account, paid).tolist() == [20, 20, 30, 9, 10]


def test_money_paid_ahead_goes_to_the_oldest_bill():
    """Authority: hand-worked: bills 30 + 80 and 40, top-ups to 50, to 150, and to 50."""
    cut = prepayment.oldest_money_first(
        np.array([0, 0, 1]), np.array([30, 110, 40]), np.array([50, 150, 50]), np.arange(3)
    )
    rows = list(cut[["payment", "line", "fen"]].itertuples(index=False, name=None))
    assert rows == [(0, 0, 30), (0, 1, 20), (1, 1, 60), (2, 2, 40)]


def test_prepaid_homes_pay_before_the_bill(counties, made, booked):
    """Authority: planted; prepaid supply is paid ahead and never late."""
    for county in counties.usual:
        ahead = county.points.groupby("account_id")["is_prepaid"].min()
        own = booked[booked["account_id"].isin(ahead.index[ahead])]
        own = own[(own["receivable_yuan"] > 0) & (own["allocated_yuan"] > 0)]
        assert len(own)
        assert (own["paid_at"] < own["issued_date"] + pd.Timedelta(days=1)).all()
        assert (own["allocated_late_charge_yuan"] == 0).all()


def test_statements_differ_only_where_planted(made):
    """Authority: planted exceptions, four kinds of one half per cent each."""
    paid, lines = table(made, "payment"), table(made, "bank_statement_line")
    planted = truth(made, "bank_exceptions")
    at_bank = paid[paid["bank_reference"].notna() & paid["booked_at"].notna()]
    odd = set(planted["bank_reference"])
    clean = at_bank[~at_bank["bank_reference"].isin(odd)].set_index("bank_reference")
    seen = lines[~lines["bank_reference"].isin(odd)].set_index("bank_reference")
    assert seen.index.is_unique
    assert seen["paid_yuan"].sort_index().equals(clean["paid_yuan"].sort_index())
    share = planted["exception_code"].value_counts() / len(at_bank)
    assert share.between(0.003, 0.007).all()
    assert set(share.index) == set(bank.EXCEPTIONS)


def test_collection_shortens_debts_that_were_not_held_out(made):
    """Authority: planted effect; the hold-out is by lot, so time left alone is alike."""
    late = truth(made, "collection_effect")
    by_arm = late.groupby("is_control")[["free_days", "treated_days"]]
    assert (late["treated_days"] <= late["free_days"]).all()
    assert by_arm.get_group(True).eval("free_days == treated_days").all()
    assert np.log(late["free_days"]).groupby(late["is_control"]).mean().diff().abs().iloc[1] < 0.35
    long = late[late["free_days"] > 12]
    ratio = (long["treated_days"] / long["free_days"]).groupby(long["is_control"]).mean()
    assert ratio[False] < 0.8


def test_steps_come_before_the_money_and_controls_get_none(made):
    """Authority: planted; a held-out debt has one row without a moment."""
    steps = table(made, "collection_action")
    assert steps.loc[steps["is_control"], "acted_at"].isna().all()
    assert steps.loc[~steps["is_control"], "acted_at"].notna().all()
    assert 0.02 < steps["is_control"].sum() / (steps["action_code"] == "reminder").sum() < 0.09
    decided = steps["action_code"].isin(["notice", "disconnection", "legal", "reconnection"])
    assert (steps["decider_id"].notna() == decided).all()


def test_most_payments_come_from_outside_halls_and_some_at_other_counties(made):
    """Authority: 83.2 % outside own halls, Jiangxi 2014 (Xinhua 2015-01-27), as lower bound."""
    paid = table(made, "payment")
    hall = paid["channel_code"] == "hall"
    assert 0.83 <= 1 - hall.mean() <= 0.95
    assert (paid["serving_unit_id"].notna() == hall).all()
    served = paid[hall]
    away = served["serving_unit_id"].str[:-2] != served["county_id"]
    assert 0.01 < away.mean() < 0.06


def test_nothing_is_booked_after_the_last_day(made, counties):
    """Authority: the world ends at its origin; what is under way has no booking."""
    paid, origin = table(made, "payment"), counties.usual[0].scale.origin
    assert paid["paid_at"].max() < origin
    assert paid["booked_at"].max() < origin
    transit = paid[paid["booked_at"].isna()]
    assert len(transit) < 0.01 * len(paid)
    assert not table(made, "payment_allocation")["payment_id"].isin(transit["payment_id"]).any()


def test_records_lean_on_distress_only_where_there_is_risk(counties):
    """Authority: planted effect and null world."""

    def lean(preset):
        score = []
        for county in counties.of(preset):
            held = risk.risk(county)
            flags = collection.external_flags(county, held)
            hit = held.accounts["party_id"].isin(flags["party_id"])
            own = held.accounts["class_name"] != "residential"
            vigour = held.accounts["vigour"]
            score.append(vigour[own & ~hit].mean() - vigour[own & hit].mean())
        return np.mean(score)

    assert lean("usual") > 0.15
    assert abs(lean("null_risk")) < 0.35


def test_the_smallest_county_has_its_books_too():
    """Authority: the scale's own floor, 40 supply points and one month."""
    world = World(
        scale=Scale(city_count=1, county_count=1, supply_point_count=40, month_count=1), seed=3
    )
    made = payments.tables(County(world=world, unit_id=next(iter(world.city_of))))
    for name, rows in made.tables.items():
        schemas.conform(name, rows)
    assert not made.truth["payments_late"]["is_new"].any()
