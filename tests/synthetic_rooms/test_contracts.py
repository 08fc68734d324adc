"""Contracts of the synthetic province: roles, migration, agreements, and lost customers."""

import numpy as np
import pandas as pd

from marketing_models import schemas
from marketing_models.synthetic import contracts, losses
from marketing_models.synthetic.contracts import ROLES
from marketing_models.synthetic.industries import PUBLIC
from marketing_models.synthetic.sites import is_business


def joined(counties, frame):
    return pd.concat([frame(county) for county in counties], ignore_index=True)


def churn(counties):
    return joined(counties, losses.truth)


def migration(counties):
    return joined(counties, lambda c: contracts.tables(c).truth["contracts_migration"])


def supply(county):
    rows = schemas.conform("agreement", contracts.tables(county).tables["agreement"])
    return rows[rows["tariff_code"] != "feed_in"]


def test_homes_farms_and_public_services_keep_their_guaranteed_supply(counties):
    # 发改运行〔2017〕294号 names homes, farming, public utilities and services.
    for county in counties.usual:
        guaranteed = (county.roles == ROLES.index("guaranteed")).all(axis=1)
        public = county.points["industry_code"].isin(PUBLIC) | ~is_business(county.points)
        assert np.array_equal(guaranteed, public)


def test_only_the_large_buy_wholesale(counties):
    for county in counties.usual:
        wholesale = (county.roles == ROLES.index("wholesale")).any(axis=1)
        assert (county.points.loc[wholesale, "class_name"] == "large").all()


def test_nobody_returns_to_agency_purchase(counties):
    # Planted: the way leads from agency purchase to a retailer to the wholesale market.
    for county in counties.usual:
        agency = county.roles == ROLES.index("agency")
        assert (np.diff(agency.astype(int), axis=1) <= 0).all()
        assert agency[:, -1].sum() < agency[:, 0].sum()


def test_customers_move_as_often_as_their_hazards_say(counties):
    # Planted: moves are Bernoulli draws of the truth's hazards; four standard errors.
    rows = migration(counties.usual)
    hazard = rows["hazard"]
    error = np.sqrt((hazard * (1 - hazard)).sum())
    assert abs(rows["is_moved"].sum() - hazard.sum()) < 4 * error


def test_supply_agreements_change_hands_without_gap(counties):
    for county in counties.usual:
        rows = supply(county).sort_values(["agreement_id", "valid_from"])
        following = rows.groupby("agreement_id")["valid_from"].shift(-1)
        assert (rows["valid_to"] == following)[following.notna()].all()
        assert set(rows["supply_point_id"]) == set(county.points["supply_point_id"])


def test_the_agreement_in_force_has_the_role_of_the_month(counties):
    for county in counties.usual:
        rows = contracts.agreements(county)
        for place, month in enumerate(county.scale.months):
            on = (rows["valid_from"] <= month) & ~(rows["valid_to"] <= month)
            point = rows.loc[on, "point"].to_numpy()
            billed = county.connected[point, place]
            role = np.array(ROLES)[county.roles[point, place]]
            assert (rows.loc[on, "market_role_code"].to_numpy() == role)[billed].all()
            assert set(np.flatnonzero(county.connected[:, place])) <= set(point)


def test_only_agreements_with_a_retailer_have_its_price(counties):
    rows = joined(counties.usual, supply)
    retail = rows["market_role_code"] == "retail"
    assert (rows["retail_price_yuan_per_kwh"].notna() == retail).all()
    assert rows.loc[retail, "retail_price_yuan_per_kwh"].between(0.41, 0.50).all()


def test_from_315_kva_customers_pay_two_parts_at_power_factor_090(counties):
    # 功率因数调整电费办法 (1983): 0.90 for industry above 160 kVA, 0.85 for the other businesses.
    points = joined(counties.usual, lambda c: c.points)
    large = points["class_name"] == "large"
    assert points["is_two_part"].equals(large)
    assert (points.loc[large, "power_factor_standard_frac"] == 0.90).all()
    assert (points.loc[large, "tariff_code"] == "industrial_commercial_two_part").all()
    assert points.loc[large, "capacity_basis_code"].notna().all()
    small = points["class_name"] == "small"
    assert (points.loc[small, "power_factor_standard_frac"] == 0.85).all()


def test_every_owner_of_a_roof_plant_has_a_mechanism_price(counties):
    for county in counties.usual:
        rows = contracts.tables(county).tables["agreement"]
        owners = county.points.loc[county.points["pv_since"].notna(), "supply_point_id"]
        fed = rows[rows["tariff_code"] == "feed_in"]
        assert sorted(fed["supply_point_id"]) == sorted(owners)
        assert fed["mechanism_price_yuan_per_kwh"].notna().all()


def test_nobody_is_billed_before_connection_or_after_the_end(counties):
    for county in counties.usual:
        month = pd.DataFrame(
            np.broadcast_to(county.scale.months.to_numpy(), county.connected.shape)
        ).where(county.connected)
        points = county.points
        assert (month.min(axis=1) >= points["connected_date"])[month.notna().any(axis=1)].all()
        assert not (month.max(axis=1) >= points["closed_date"]).any()
        closed = points["status_code"] == "closed"
        assert closed.equals(points["closed_date"].notna())
        assert closed.equals(points["loss_cause_code"].notna())


def test_businesses_are_lost_as_often_as_their_hazards_say(counties):
    # Planted: losses are Bernoulli draws of the truth's hazards; four standard errors.
    rows = churn(counties.usual)
    assert abs(rows["is_lost"].sum() - rows["hazard"].sum()) < 4 * np.sqrt(rows["hazard"].sum())


def test_the_weak_the_exposed_and_the_small_are_lost_more_easily(counties):
    # Planted effects, found in the truth itself.
    points = joined(counties.usual, lambda c: c.points).set_index("supply_point_id")
    hazard = churn(counties.usual).groupby("supply_point_id")["hazard"].mean()
    known = points.loc[hazard.index]
    weak = known["vigour"] < -0.5
    assert hazard[weak].mean() > 2 * hazard[known["vigour"] > 0.5].mean()
    # The large choose spot prices more often and are lost less: size and use are held fixed.
    columns = {
        "spot": known["retail_package_code"] == "spot_linked",
        "size": np.log(known["annual_kwh"]),
        "capacity": np.log(known["contract_capacity_kva"]),
        "public": known["industry_code"].isin(PUBLIC),
        "vigour": known["vigour"],
        "new": known["connected_date"] > counties.usual[0].scale.months[0],
        "one": 1.0,
    }
    lean, *_ = np.linalg.lstsq(pd.DataFrame(columns).to_numpy(float), np.log(hazard), rcond=None)
    assert lean[0] > np.log(1.2)
    assert lean[1] < 0
    assert lean[5] > np.log(1.5)


def test_without_risk_all_businesses_have_one_hazard_of_the_same_mean(counties):
    usual, null = churn(counties.usual), churn(counties.of("null_risk"))
    assert np.isclose(null["hazard"].min(), null["hazard"].max())
    # Who has left is no longer there: the mean over survivors falls a little, the year's stress
    # moves it a little.
    assert abs(usual["hazard"].mean() / null["hazard"].mean() - 1) < 0.25


def test_without_risk_nothing_else_of_a_customer_changes(counties):
    for usual, null in zip(counties.usual, counties.of("null_risk"), strict=True):
        names = [
            "annual_kwh",
            "vigour",
            "tariff_code",
            "party_id",
            "distributed_pv_kw",
            "feeder_id",
        ]
        pd.testing.assert_frame_equal(usual.points[names], null.points[names])
        assert np.array_equal(usual.roles, null.roles)


def test_in_a_recession_more_businesses_are_lost(counties):
    late = counties.usual[0].scale.months[-12]
    usual, slump = (
        rows[rows["month_start"] >= late]["hazard"].mean()
        for rows in (churn(counties.usual), churn(counties.of("recession")))
    )
    assert slump > 1.3 * usual
