"""Small cells: what too few members make up is on no page, and no page gives it by subtraction.

Authority: the rule itself, on planted counties; the totals on the pages solved as a linear system.
"""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from marketing_models import parameters, schemas, synthetic
from marketing_models.cis import Store
from marketing_models.errors import NoDataError, NoPageError, SuppressedError
from marketing_models.reporting import formats, markup, privacy
from marketing_models.timeaxis import Issue
from pipelines.build import build, hidden_units
from pipelines.issues import resolve

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
YEAR = pd.Timestamp("2025-08-03")


def with_households(world, county, count):
    """Leave a county so many households, each standing for itself; its businesses stay."""
    points = world["supply_point"]
    homes = points["tariff_class_code"] == "residential"
    own = points[(points["county_id"] == county) & homes]
    kept = own.head(count).assign(represented_count=1)
    return {**world, "supply_point": pd.concat([points.drop(own.index), kept])}


def with_a_single_business(world, county):
    points = world["supply_point"]
    own = points[points["county_id"] == county]
    one = own[own["tariff_class_code"] == "industrial_commercial"].head(1)
    kept = one.assign(represented_count=1)
    return {**world, "supply_point": pd.concat([points.drop(own.index), kept])}


def with_a_business_of(world, county, share):
    """Give one business of a county that share of all energy billed in the last year."""
    points, bills = world["supply_point"].copy(), world["bill"].copy()
    own = points["county_id"] == county
    one = points[own & (points["tariff_class_code"] == "industrial_commercial")].index[0]
    points.loc[one, "represented_count"] = 1
    weight = bills["supply_point_id"].map(points.set_index("supply_point_id")["represented_count"])
    last = (bills["month_start"] >= YEAR) & (bills["county_id"] == county)
    its = last & (bills["supply_point_id"] == points.at[one, "supply_point_id"])
    others = (bills["energy_kwh"] * weight)[last & ~its].sum()
    bills.loc[its, "energy_kwh"] = round(share / (1 - share) * others / its.sum(), 2)
    # It stands alone, whoever held it together with others before.
    alone = dict.fromkeys(("account_id", "party_id"), "alone")
    points.loc[one, "account_id"] = alone["account_id"]
    account = world["account"].head(1).assign(**alone)
    return {
        **world, "supply_point": points, "bill": bills,
        "account": pd.concat([world["account"], account]),
    }  # fmt: skip


def without(world, county):
    names = ("unit_id", "county_id")
    return {
        table: rows[~rows[[n for n in names if n in rows]].isin([county]).any(axis=1)]
        for table, rows in world.items()
    }


# Which counties are hidden


@pytest.fixture
def hides(tmp_path):
    """Units that a store with some customers hides, with the reason."""

    def find(world):
        store = Store.init(tmp_path / "store", unit_id="99")
        tables = ("org_unit", "supply_point", "account", "bill")
        store.write({table: world[table] for table in tables if table in world})
        issue = Issue.parse("2026-08-02")
        found = hidden_units(store, issue, issue.origin + pd.Timedelta(hours=8))
        assert {f.severity for f in found} <= {"forbid"}
        assert not any(f.facts for f in found)
        return {f.unit_id: f.code for f in found}

    return find


FEW, COMPLEMENT = "privacy.few_members", "privacy.complement"
HIDDEN = {"990101": FEW, "990102": COMPLEMENT}


def test_a_world_of_plenty_hides_nobody(world, hides):
    assert hides(world) == {}


def test_nine_households_hide_their_county_and_ten_do_not(world, hides, tmp_path):
    assert hides(with_households(world, "990101", 9)) == HIDDEN
    (tmp_path / "store").rename(tmp_path / "nine")
    assert hides(with_households(world, "990101", 10)) == {}


def test_a_row_of_a_sampled_store_counts_for_all_it_represents(world, hides):
    few = with_households(world, "990101", 5)
    points = few["supply_point"]
    ours = (points["county_id"] == "990101") & (points["tariff_class_code"] == "residential")
    points.loc[ours, "represented_count"] = 2
    assert hides(few) == {}


@pytest.mark.parametrize(("share", "found"), [(0.8501, HIDDEN), (0.8499, {})])
def test_a_business_of_85_percent_of_the_energy_hides_its_county(world, hides, share, found):
    assert hides(with_a_business_of(world, "990101", share)) == found


@pytest.mark.parametrize(("share", "found"), [(0.8501, HIDDEN), (0.8499, {})])
def test_without_bills_capacity_tells_which_business_is_large(world, hides, share, found):
    points = world["supply_point"].copy()
    own = points["county_id"] == "990101"
    one = points[own & (points["tariff_class_code"] == "industrial_commercial")].index[0]
    points.loc[one, ["represented_count", "account_id"]] = [1, "alone"]
    size = (points["contract_capacity_kva"] * points["represented_count"])[own].drop(one).sum()
    points.loc[one, "contract_capacity_kva"] = share / (1 - share) * size
    assert hides({"org_unit": world["org_unit"], "supply_point": points}) == found


def test_one_business_of_many_supply_points_is_one(world, hides):
    points, account = world["supply_point"], world["account"]
    own = points["county_id"] == "990101"
    one = points[own & (points["tariff_class_code"] != "residential")]
    held = account["account_id"].isin(one["account_id"])
    party = account[held]["party_id"].iloc[0]
    accounts = account.assign(party_id=account["party_id"].mask(held, party))
    alone = one.assign(represented_count=1)
    kept = pd.concat([points.drop(one.index), alone])
    assert hides({**world, "supply_point": kept, "account": accounts})["990101"] == FEW


def test_closed_supply_points_are_no_members(world, hides):
    points = world["supply_point"]
    homes = (points["county_id"] == "990101") & (points["tariff_class_code"] == "residential")
    shut = homes & (homes.cumsum() > 9)
    closed = points.assign(
        status_code=points["status_code"].mask(shut, "closed"),
        represented_count=points["represented_count"].mask(homes, 1),
    )
    assert hides({**world, "supply_point": closed}) == HIDDEN


def test_members_that_were_not_known_at_the_issue_do_not_count(world, hides):
    nine = with_households(world, "990101", 9)
    points = world["supply_point"]
    late = points[~points["supply_point_id"].isin(nine["supply_point"]["supply_point_id"])]
    later = late.assign(valid_from=pd.Timestamp("2026-08-04"))
    rows = pd.concat([nine["supply_point"], later])
    assert hides({**world, "supply_point": rows}) == HIDDEN


def test_a_store_without_customers_hides_nobody(world, hides):
    assert hides({"org_unit": world["org_unit"]}) == {}


# What the pages show


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A province with a lone customer, nine households, a giant, ten households and a newcomer."""
    scale = synthetic.Scale(city_count=3, county_count=8, supply_point_count=400, month_count=20)
    world = synthetic.province(scale, seed=5)
    new = world["org_unit"][world["org_unit"]["unit_id"] == "990303"]
    world = without(world, "990303")
    world = with_a_single_business(world, "990101")
    world = with_households(world, "990201", 9)
    world = with_a_business_of(world, "990202", 0.91)
    world = with_households(world, "990301", 10)
    store = Store.init(tmp_path_factory.mktemp("planted") / "store", unit_id="99")
    store.write(world)
    build(store, resolve(store, "latest"), seed=1)
    store.write({"org_unit": new})  # joined after the build: nothing is known of it
    return store


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


@pytest.fixture(scope="module")
def site(planted):
    """What every page of the planted province shows, or the error instead."""
    found = {}
    for notebook in NOTEBOOKS:
        for unit in planted.hierarchy():
            try:
                found[unit, notebook.stem] = run(notebook, planted, unit)
            except NoPageError as error:
                found[unit, notebook.stem] = error
    return found


SECRET = ("990101", "990102", "990201", "990202", "990203")


def test_the_planted_units_are_hidden_with_what_keeps_them_so(planted):
    codes = {f.unit_id: f.code for f in planted.read_study("demand").findings}
    hidden = {unit: code for unit, code in codes.items() if code.startswith("privacy.")}
    # 990202 is so large that with 990201 it is still 85 %: 990203 must go, too.
    assert hidden == {
        "990101": FEW, "990102": COMPLEMENT, "990201": FEW, "990202": FEW, "990203": COMPLEMENT,
    }  # fmt: skip
    assert privacy.hidden(planted.read_study("brief")) == set(SECRET)


def test_pages_are_made_of_units_that_may_be_shown_and_of_no_others(planted, site):
    for unit in planted.hierarchy():
        for notebook in NOTEBOOKS:
            page = site[unit, notebook.stem]
            kind = SuppressedError if unit in SECRET else NoDataError if unit == "990303" else list
            assert type(page) is kind, (unit, notebook.stem)
            if kind is not list:
                said = str(page)
                assert "样本过少" in said or "本单位本期无可用数据（没有收到数据）" in said
                assert not any(letter.isdigit() for letter in said)


def test_no_number_of_a_hidden_county_is_on_any_page(planted, site):
    secrets = set()
    for name in ("demand", "brief"):
        for unit in SECRET:
            for table, rows in planted.read_study(name, unit_id=unit).tables.items():
                columns = [c for c in schemas.columns(table).index if c in rows]
                numbers = rows[rows["unit_id"] == unit][columns].select_dtypes("number").stack()
                # Shorter ones are in any page by chance.
                secrets |= {
                    formats.exact(formats.plain(n)) for n in numbers.dropna() if abs(n) >= 1e5
                }
    assert len(secrets) > 500
    pages = {key: page for key, page in site.items() if isinstance(page, list)}
    said = json.dumps(list(pages.values()), ensure_ascii=False)
    assert not secrets & set(re.findall(r"\d+(?:\.\d+)?", said))
    for shown in pages.values():
        for table in (held for held in shown if held["kind"] == "table"):
            for row in (r for r in table["rows"] if r["unit_id"] in SECRET):
                assert not any("value" in cell for cell in row["cells"])
                assert {cell["text"]["zh"] for cell in row["cells"][1:]} == {"*"}


def test_no_sum_on_any_page_gives_a_hidden_county_by_subtraction(planted, site):
    hierarchy = planted.hierarchy()
    known = {}
    for shown in (page for page in site.values() if isinstance(page, list)):
        for table in (held for held in shown if held["kind"] == "table"):
            for row in table["rows"]:
                for column, cell in zip(table["columns"], row["cells"], strict=True):
                    key = json.dumps({**row["key"], **cell["key"]}, sort_keys=True)
                    if "column" in column and "value" in cell:
                        place = (table["table"], key, column["column"])
                        known.setdefault(place, set()).add(row["unit_id"])
    summed = {(t, c) for t in schemas.tables() for c in schemas.summed(t)}
    additive = {frozenset(units) for (t, _, c), units in known.items() if (t, c) in summed}
    assert max(map(len, additive)) >= 6
    for units in additive:
        assert_unsolvable(hierarchy, units)


def assert_unsolvable(hierarchy, units):
    counties = [c for c in hierarchy.counties("99") if c != "990303"]

    def indicator(unit):
        return [float(county in hierarchy.counties(unit)) for county in counties]

    told = [indicator(unit) for unit in units]
    for unit in SECRET:
        assert np.linalg.matrix_rank([*told, indicator(unit)]) > np.linalg.matrix_rank(told)


def test_hidden_rows_print_a_star_missing_ones_a_dash_and_the_limits_say_why(site):
    for language in ("zh", "en"):
        for city, mark in (("9901", "*"), ("9903", "—")):
            shown = [o for o in site[city, "40_demand"] if o.get("name") == "demand_units"]
            html = markup.fragment(shown[0], language)
            unit = {"9901": "990102", "9903": "990303"}[city]
            row = html.partition(f'data-unit-id="{unit}"')[2].partition("</tr>")[0]
            assert row.count(f'<td class="number">{mark}</td>') == 3
    limits = site["9901", "40_demand"][-2]["items"]
    said = {i["unit_id"]: i["text"]["en"] for i in limits if i["code"].startswith("privacy.")}
    assert set(said) == {"990101", "990102"}
    assert said["990101"].endswith("Too few members to publish.")
    assert "Withheld" in said["990102"]


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
