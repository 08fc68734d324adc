"""Applications: their stages, the limits of the grid, and who gives up."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import applications
from marketing_models.synthetic.county import County
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

STAGES = [
    *("accepted_date", "answered_date", "designed_date", "constructed_date", "energised_date"),
]


def rows_of(counties, preset="usual"):
    made = [applications.tables(county) for county in counties.of(preset)]
    rows = pd.concat([one.tables["application"] for one in made], ignore_index=True)
    truth = pd.concat([one.truth["applications_withdrawal"] for one in made], ignore_index=True)
    return rows, truth


@pytest.fixture(scope="module")
def rows(counties):
    return rows_of(counties)[0]


def test_applications_keep_to_the_dictionary(rows, counties):
    kept = schemas.conform("application", rows)
    assert (kept["known_at"] < counties.usual[0].scale.origin).all()
    assert set(kept["application_type_code"]) == {
        *("new", "larger", "smaller", "suspension", "closure", "photovoltaic", "charging"),
    }


def test_stages_follow_one_another_and_end_with_the_withdrawal(rows):
    for earlier, later in pairwise(STAGES):
        assert not (rows[later] < rows[earlier]).any()
        assert not (rows[later].notna() & rows[earlier].isna()).any()
    gone = rows["withdrawn_date"].notna()
    assert gone.any()
    assert rows.loc[gone, "energised_date"].isna().all()
    assert not (rows.loc[gone, STAGES].max(axis=1) > rows.loc[gone, "withdrawn_date"]).any()


def test_every_supply_point_that_began_has_its_application(rows, counties):
    points = pd.concat([county.points for county in counties.usual])
    began = points[points["connected_date"] >= counties.usual[0].scale.months[0]]
    began = began[began["connected_date"] < counties.usual[0].scale.origin - pd.Timedelta(days=2)]
    own = rows[rows["application_id"].str.contains("-N[0-9]+$")].set_index("supply_point_id")
    assert set(began["supply_point_id"]) <= set(own.index)
    energised = own.loc[began["supply_point_id"], "energised_date"].to_numpy()
    assert (energised == began["connected_date"].to_numpy()).all()


def test_what_the_grid_cannot_carry_is_named_and_part_of_what_was_asked(rows):
    limited = rows["constraint_code"].notna()
    assert limited.any()
    assert (rows.loc[limited, "constrained_capacity_kva"] > 0).mean() > 0.95
    assert (rows["constrained_capacity_kva"] <= rows["applied_capacity_kva"])[limited].all()
    assert rows.loc[limited, "energised_date"].isna().all()
    assert set(rows.loc[limited, "constraint_code"]) <= {
        *("transformer", "feeder", "substation", "upstream"),
    }


def test_a_warehouse_waits_as_long_as_the_world_bank_found(rows):
    # Doing Business 2019, Beijing and Shanghai: 143 days, a year later 32; from 20 to 143.
    new = rows[
        (rows["application_type_code"] == "new") & (rows["tariff_class_code"] != "residential")
    ]
    own = new[new["applied_capacity_kva"].between(100, 315)]
    days = (own["energised_date"] - own["accepted_date"]).dt.days
    assert 20 <= days.median() <= 143


def test_capacity_asked_for_over_energy_is_that_of_shanghai(rows, counties):
    # 7.596 million kVA in a half-year over 87 TWh: 0.087 kVA a MWh, from 0.04 to 0.15; two
    # small counties scatter about twice as much.
    asked = rows[rows["application_type_code"].isin(["new", "larger"])]
    mwh = sum(
        (county.energy_kwh * county.points["represented_count"].to_numpy()[:, None]).sum() / 1000
        for county in counties.usual
    )
    assert 0.02 <= asked["applied_capacity_kva"].sum() / mwh <= 0.3


def test_the_hidden_hazard_holds_among_all_who_applied(counties):
    _, truth = rows_of(counties)
    growing = truth[truth["withdrawal_frac"] > 0]
    chance = growing["withdrawal_frac"]
    spread = np.sqrt((chance * (1 - chance)).sum())
    # Those under way, who may still give up, keep the count a little below the hazard.
    assert growing["is_withdrawn"].sum() - chance.sum() == pytest.approx(0, abs=4 * spread)
    high = chance > chance.median()
    assert growing["is_withdrawn"][high].mean() > 2 * growing["is_withdrawn"][~high].mean()


def test_without_risk_the_holder_does_not_move_the_hazard(counties):
    def related(preset):
        held = pd.concat([applications.application_rows(c) for c in counties.of(preset)])
        new = held[(held["class_name"] == "small") & ~held["is_constrained"]]
        new = new[new["withdrawal_frac"] > 0]
        return new["vigour"].corr(np.log(new["withdrawal_frac"]), method="spearman")

    assert related("usual") < -0.2
    assert abs(related("null_risk")) < 0.2


def test_the_smallest_county_of_one_month_has_its_table():
    scale = Scale(city_count=1, county_count=1, supply_point_count=40, month_count=1)
    world = World(scale=scale, seed=3)
    county = County(world=world, unit_id=next(iter(world.city_of)))
    schemas.conform("application", applications.tables(county).tables["application"])
