"""Small cells: which counties of a store are hidden. Authority: the rule, on planted counties."""

import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from planted_worlds import YEAR, of_members, with_a_business_of, with_households

from marketing_models import parameters
from marketing_models.cis import Store
from marketing_models.reporting import privacy
from marketing_models.timeaxis import Issue
from pipelines.build import hidden_units

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture
def members(world):
    return of_members(world)


# Which counties are hidden


@pytest.fixture
def hides(tmp_path):
    """Units that a store with some customers hides, with the reason."""

    def find(members):
        store = Store.init(tmp_path / "store", unit_id="99")
        tables = ("org_unit", "supply_point", "account", "bill")
        store.write({table: members[table] for table in tables if table in members})
        issue = Issue.parse("2026-08-02")
        found = hidden_units(store, issue, issue.origin + pd.Timedelta(hours=8))
        assert {f.severity for f in found} <= {"forbid"}
        assert not any(f.facts for f in found)
        return {f.unit_id: f.code for f in found}

    return find


FEW, COMPLEMENT = "privacy.few_members", "privacy.complement"
HIDDEN = {"990101": FEW, "990102": COMPLEMENT}


def test_a_world_of_plenty_hides_nobody(members, hides):
    assert hides(members) == {}


def test_nine_households_hide_their_county_and_ten_do_not(members, hides, tmp_path):
    assert hides(with_households(members, "990101", 9)) == HIDDEN
    (tmp_path / "store").rename(tmp_path / "nine")
    assert hides(with_households(members, "990101", 10)) == {}


def test_a_row_of_a_sampled_store_counts_for_all_it_represents(members, hides):
    few = with_households(members, "990101", 5)
    points = few["supply_point"]
    ours = (points["county_id"] == "990101") & (points["tariff_class_code"] == "residential")
    points.loc[ours, "represented_count"] = 2
    assert hides(few) == {}


@pytest.mark.parametrize(("share", "found"), [(0.8501, HIDDEN), (0.8499, {})])
def test_a_business_of_85_percent_of_the_energy_hides_its_county(members, hides, share, found):
    assert hides(with_a_business_of(members, "990101", share)) == found


@pytest.mark.parametrize(("share", "found"), [(0.8501, HIDDEN), (0.8499, {})])
def test_without_bills_capacity_tells_which_business_is_large(members, hides, share, found):
    points = members["supply_point"].copy()
    own = points["county_id"] == "990101"
    one = points[own & (points["tariff_class_code"] == "industrial_commercial")].index[0]
    points.loc[one, ["represented_count", "account_id"]] = [1, "alone"]
    size = (points["contract_capacity_kva"] * points["represented_count"])[own].drop(one).sum()
    points.loc[one, "contract_capacity_kva"] = share / (1 - share) * size
    assert hides({"org_unit": members["org_unit"], "supply_point": points}) == found


def test_one_business_of_many_supply_points_is_one(members, hides):
    points, account = members["supply_point"], members["account"]
    own = points["county_id"] == "990101"
    one = points[own & (points["tariff_class_code"] != "residential")]
    held = account["account_id"].isin(one["account_id"])
    party = account[held]["party_id"].iloc[0]
    accounts = account.assign(party_id=account["party_id"].mask(held, party))
    alone = one.assign(represented_count=1)
    kept = pd.concat([points.drop(one.index), alone])
    assert hides({**members, "supply_point": kept, "account": accounts})["990101"] == FEW


def test_closed_supply_points_are_no_members(members, hides):
    points = members["supply_point"]
    homes = (points["county_id"] == "990101") & (points["tariff_class_code"] == "residential")
    shut = homes & (homes.cumsum() > 9)
    closed = points.assign(
        status_code=points["status_code"].mask(shut, "closed"),
        represented_count=points["represented_count"].mask(homes, 1),
    )
    assert hides({**members, "supply_point": closed}) == HIDDEN


def test_members_that_were_not_known_at_the_issue_do_not_count(members, hides):
    nine = with_households(members, "990101", 9)
    points = members["supply_point"]
    late = points[~points["supply_point_id"].isin(nine["supply_point"]["supply_point_id"])]
    later = late.assign(valid_from=pd.Timestamp("2026-08-04"))
    rows = pd.concat([nine["supply_point"], later])
    assert hides({**members, "supply_point": rows}) == HIDDEN


def test_a_store_without_customers_hides_nobody(members, hides):
    assert hides({"org_unit": members["org_unit"]}) == {}


# What the rule changes where it hides nobody


def run(notebook, store, unit):
    """Run the cells of a notebook here and return what it displays, as JSON."""
    shown = []
    held = {"display": lambda *objects: shown.extend(o.as_json() for o in objects)}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, held)  # noqa: S102 - the notebook is what is tested
            if "parameters" in cell.metadata.get("tags", ()):
                held |= {"unit_id": unit, "store": str(store.folder)}
    return shown


@pytest.mark.slow
def test_where_nobody_is_hidden_the_rule_changes_no_byte(store, monkeypatch):
    assert not privacy.hidden(store.read_study("demand"))
    for notebook in NOTEBOOKS:
        for unit in ("99", "9902", "990101"):
            ruled = json.dumps(run(notebook, store, unit), ensure_ascii=False)
            with monkeypatch.context() as free:
                free.setattr(privacy, "protect", lambda study: study)
                assert json.dumps(run(notebook, store, unit), ensure_ascii=False) == ruled


def test_the_thresholds_are_dated_parameters():
    names = [name for name in parameters.names() if name.startswith("privacy.")]
    assert {name: parameters.at(name, YEAR) for name in names} == {
        "privacy.household_least_count": 10,
        "privacy.business_least_count": 3,
        "privacy.business_largest_frac": 0.85,
    }
