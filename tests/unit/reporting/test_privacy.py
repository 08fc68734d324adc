"""Privacy. Authority: hand-worked tables, and the totals solved as a linear system."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketing_models.errors import NoDataError, NoPageError, SchemaError, SuppressedError
from marketing_models.findings import Finding
from marketing_models.regions import Hierarchy
from marketing_models.reporting import privacy, tables, words

ON = pd.Timestamp("2026-08-03")


def cells(*rows, by=("place",)):
    """Rows of: place of each dimension, households, businesses, largest share, value."""
    names = [*by, "household_count", "business_count", "largest_share_frac", "energy_kwh"]
    return pd.DataFrame(list(rows), columns=names)


def hidden(table, by=("place",)):
    found = privacy.suppress(table, values=["energy_kwh"], by=list(by), on=ON)
    shown = found["suppression_code"].isna()
    assert found["energy_kwh"].isna().equals(~shown | table["energy_kwh"].isna())
    named = found[~shown].set_index(list(by))["suppression_code"]
    return named.to_dict()


PLENTY = ("z", 5000, 40, 0.1, 9e5)


@pytest.mark.parametrize(
    ("households", "businesses", "share", "is_small"),
    [
        (9, 0, 0.0, True),
        (10, 0, 0.0, False),
        (1, 500, 0.1, True),  # each kind is counted by itself
        (9, 3, 0.5, True),
        (10, 3, 0.5, False),
        (0, 2, 0.6, True),
        (0, 3, 0.84999, False),
        (0, 3, 0.85, True),
        (800, 4, 0.85, True),
        (800, 0, 0.0, False),
        (0, 0, 0.0, False),  # nobody: no data, nothing to hide
        (None, None, None, False),  # nobody knows: a store without customers
    ],
)
def test_a_cell_is_small_below_ten_households_below_three_businesses_or_from_85_percent(
    households, businesses, share, is_small
):
    table = cells(("a", households, businesses, share, 100.0), PLENTY, ("y", 70, 30, 0.2, 4e4))
    found = hidden(table)
    assert (found.get("a") == "few") == is_small
    assert len(found) == (2 if is_small else 0)


def test_of_the_others_the_smallest_by_members_is_hidden_too():
    table = cells(
        ("a", 3, 0, 0.0, 9.0),
        ("b", 300, 9, 0.2, 1.0),
        ("c", 200, 9, 0.2, 8.0),
        PLENTY,
        ("d", 0, 0, 0, 0),
    )
    # b has the smallest value and d no members at all: neither is what "smallest" means.
    assert hidden(table) == {"a": "few", "c": "complement"}


def test_two_small_cells_hide_a_third_while_their_sum_is_small():
    one, other = ("a", 4, 0, 0.0, 9.0), ("b", 5, 0, 0.0, 9.0)
    third = ("c", 60, 5, 0.2, 8.0)
    # 4 + 5 = 9 households would follow from the total; 4 + 6 = 10 may.
    assert hidden(cells(one, other, third, PLENTY)) == {
        "a": "few", "b": "few", "c": "complement",
    }  # fmt: skip
    assert hidden(cells(one, ("b", 6, 0, 0.0, 9.0), third, PLENTY)) == {"a": "few", "b": "few"}


def test_a_dominant_business_is_not_told_by_a_complement_that_is_next_to_nothing():
    # 0.9 * 100 of 100 + 1 is still 89 %; with 30 more it is 69 %.
    table = cells(
        ("a", 20, 5, 0.9, 100.0), ("b", 11, 0, 0.0, 1.0), ("c", 400, 30, 0.2, 30.0), PLENTY
    )
    assert hidden(table) == {"a": "few", "b": "complement", "c": "complement"}


def test_a_cell_without_a_number_hides_nobody():
    table = cells(("a", 3, 0, 0.0, 9.0), ("b", 20, 5, 0.2, None), PLENTY)
    assert hidden(table) == {"a": "few", "z": "complement"}


def test_a_table_that_is_small_as_a_whole_shows_none_of_its_small_cells():
    assert hidden(cells(("a", 3, 0, 0.0, 9.0), ("b", 4, 0, 0.0, 9.0))) == {"a": "few", "b": "few"}
    assert hidden(cells(("a", 3, 0, 0.0, 9.0))) == {"a": "few"}


def test_all_columns_of_numbers_are_hidden_and_other_columns_stay():
    table = cells(("a", 3, 0, 0.0, 9.0), PLENTY, ("y", 90, 20, 0.1, 7.0)).assign(
        bill_yuan=[1, 2, 3], name=["x", "y", "z"]
    )
    found = privacy.suppress(table, values=["energy_kwh", "bill_yuan"], by=["place"], on=ON)
    assert found["bill_yuan"].isna().tolist() == [True, False, True]
    assert found["name"].tolist() == ["x", "y", "z"]
    assert table["bill_yuan"].tolist() == [1, 2, 3]


def test_rows_and_columns_of_a_table_keep_each_others_secrets():
    by = ("place", "sector")
    rows = [
        (place, sector, 100 + 10 * i + j, 20, 0.1, 1000.0 + i + j)
        for i, place in enumerate("abc")
        for j, sector in enumerate("uvw")
    ]
    rows[0] = ("a", "u", 2, 20, 0.1, 5.0)
    # One more in its row, one more in its column, and the fourth corner, else both would be told.
    assert hidden(cells(*rows, by=by), by) == {
        ("a", "u"): "few",
        ("a", "v"): "complement",
        ("b", "u"): "complement",
        ("b", "v"): "complement",
    }


def test_a_cell_that_bridges_two_hidden_blocks_is_told_by_several_totals_at_once():
    # Every row and column hides at least two cells; still (b, w) is row a + row b less columns
    # u + v: told by no single total, only by four together.
    by = ("place", "sector")
    small = {(p, s) for p in "ab" for s in "uv"} | {(p, s) for p in "cd" for s in "wx"}
    small.add(("b", "w"))
    table = cells(
        *((p, s, 5 if (p, s) in small else 200, 20, 0.1, 50.0) for p in "abcd" for s in "uvwx"),
        by=by,
    )
    found = hidden(table, by)
    assert set(found) > small
    assert_unsolvable(table, found, by)


def assert_unsolvable(table, found, by):
    """No hidden cell lies in the span of shown cells and totals."""
    places = [tuple(row) for row in table[list(by)].to_numpy()]
    hidden_places = {key if isinstance(key, tuple) else (key,) for key in found}
    known = [[float(p == q) for q in places] for p in places if p not in hidden_places]
    for place in range(len(by)):
        rest = [tuple(v for i, v in enumerate(p) if i != place) for p in places]
        known += [[float(r == line) for r in rest] for line in set(rest)]
    for cell in hidden_places:
        unit = [float(cell == p) for p in places]
        assert np.linalg.matrix_rank([*known, unit]) > np.linalg.matrix_rank(known), cell


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_hidden_cell_of_a_table_can_be_solved_from_all_totals(data):
    by = data.draw(st.sampled_from([("place",), ("place", "sector")]))
    size = [data.draw(st.integers(2, 5)) for _ in by]
    places = list(np.ndindex(*size))
    counts = st.sampled_from([1, 4, 9, 10, 30, 500])
    table = cells(
        *(
            (*p, data.draw(counts), data.draw(st.sampled_from([0, 2, 3, 60])), 0.1, 7.0)
            for p in places
        ),
        by=by,
    )
    # Totals that are small themselves are no published totals: such tables are not of this law.
    sums = [
        table.groupby(list(by[:place] + by[place + 1 :]) or (lambda _: 0))[
            ["household_count", "business_count"]
        ].sum()
        for place in range(len(by))
    ]
    if all(
        (s["household_count"] >= 10).all() and (~s["business_count"].isin([1, 2])).all()
        for s in sums
    ):
        found = hidden(table, by)
        assert_unsolvable(table, found, by)


def test_what_is_not_a_table_of_cells_is_refused():
    with pytest.raises(SchemaError, match="column business_count, largest_share_frac is missing"):
        privacy.suppress(
            cells(PLENTY).drop(columns=["business_count", "largest_share_frac"]),
            values=["energy_kwh"], by=["place"], on=ON,
        )  # fmt: skip
    with pytest.raises(SchemaError, match="row 1 is a cell that stands before"):
        hidden(cells(PLENTY, PLENTY))


# Units


def tree(**counties):
    """A hierarchy of the province P with cities A, B, ... and counties A1, A2, ..."""
    cities = sorted({name[0] for name in counties})
    rows = [("P", "province", None), *((c, "city", "P") for c in cities)]
    rows += [(name, "county", name[0]) for name in counties]
    frame = pd.DataFrame(rows, columns=["unit_id", "level", "parent_unit_id"])
    return Hierarchy(frame.assign(unit_name=frame["unit_id"], unit_name_en=None))


def members(**counties):
    """Per county: households, businesses, value of all, value of the largest business."""
    names = ["household_count", "business_count", "total_value", "largest_value"]
    frame = pd.DataFrame.from_dict(counties, orient="index", columns=names)
    return frame.rename_axis("unit_id").reset_index()


def hidden_units(**counties):
    return privacy.hidden_units(tree(**counties), members(**counties), ON)


FULL, FULLER = (900, 30, 1e6, 1e5), (2000, 50, 3e6, 2e5)
SINGLE = (0, 1, 5e4, 5e4)


def test_with_plenty_of_members_no_unit_is_hidden():
    assert hidden_units(A1=FULL, A2=FULLER, B1=FULL) == {}


def test_a_single_customer_hides_its_county_and_the_smallest_beside_it():
    assert hidden_units(A1=SINGLE, A2=FULLER, A3=FULL, B1=FULL) == {
        "A1": "few",
        "A3": "complement",
    }


def test_a_city_of_one_county_is_hidden_with_it_and_with_another_city_that_shows_no_sum():
    # A = A1; so B must go, and of B a county, else A = P - B1 - B2 - C.
    assert hidden_units(A1=SINGLE, B1=FULL, B2=FULLER, C1=FULLER, C2=FULLER) == {
        "A": "few",
        "A1": "few",
        "B": "complement",
        "B1": "complement",
    }


def test_a_city_that_is_hidden_for_another_is_not_known_from_its_only_county():
    # B and C have equally many members; Z alone makes up B and sorts after C.
    half = (450, 15, 5e5, 5e4)
    units = [("P", "province", None), *((city, "city", "P") for city in "ABC")]
    units += [
        (county, "county", city)
        for county, city in zip(("A1", "Z", "C1", "C2"), "ABCC", strict=True)
    ]
    frame = pd.DataFrame(units, columns=["unit_id", "level", "parent_unit_id"])
    named = frame.assign(unit_name=frame["unit_id"], unit_name_en=None)
    found = privacy.hidden_units(Hierarchy(named), members(A1=SINGLE, Z=FULL, C1=half, C2=half), ON)
    assert found == {"A": "few", "A1": "few", "B": "complement", "Z": "complement"}


def test_a_whole_province_of_one_customer_shows_nothing():
    assert set(hidden_units(A1=SINGLE)) == {"P", "A", "A1"}


def test_nine_households_are_hidden_and_ten_are_not():
    assert hidden_units(A1=(9, 5, 1e4, 1e3), A2=FULL, B1=FULL)["A1"] == "few"
    assert hidden_units(A1=(10, 5, 1e4, 1e3), A2=FULL, B1=FULL) == {}


def test_a_business_of_85_percent_of_its_county_is_hidden_and_one_below_is_not():
    assert set(hidden_units(A1=(900, 30, 1e6, 8.5e5), A2=FULL, B1=FULL)) == {"A1", "A2"}
    assert hidden_units(A1=(900, 30, 1e6, 8.49e5), A2=FULL, B1=FULL) == {}


def test_counties_of_which_nobody_knows_members_hide_nothing():
    none = members(A1=FULL).head(0)
    assert privacy.hidden_units(tree(A1=0, A2=0, B1=0), none, ON) == {}


def test_a_county_without_members_protects_nobody():
    found = privacy.hidden_units(
        tree(A1=0, A2=0, A3=0, B1=0), members(A1=SINGLE, A2=(0, 0, 0.0, 0.0), A3=FULL, B1=FULL), ON
    )
    assert found == {"A1": "few", "A3": "complement"}


county = st.tuples(
    st.sampled_from([0, 0, 1, 9, 10, 300]), st.sampled_from([0, 1, 2, 3, 50])
).flatmap(
    lambda n: st.tuples(
        st.just(n[0]),
        st.just(n[1]),
        st.just(float(100 * sum(n))),
        st.sampled_from([0.05, 0.5, 0.9]).map(
            lambda f: float(100 * sum(n)) * (1.0 if n == (0, 1) else f) if n[1] else 0.0
        ),
    )
)


@given(
    st.dictionaries(
        st.sampled_from([f"{c}{n}" for c in "ABCD" for n in range(1, 5)]), county, min_size=1
    )
)
@settings(max_examples=100, deadline=None)
def test_no_hidden_unit_and_no_small_sum_can_be_solved_from_what_is_published(counties):
    hierarchy, held = tree(**counties), members(**counties).set_index("unit_id")
    found = privacy.hidden_units(hierarchy, held.reset_index(), ON)
    leaves = hierarchy.counties("P")

    def indicator(unit):
        return [float(leaf in hierarchy.counties(unit)) for leaf in leaves]

    shown = [indicator(u) for u in hierarchy if u not in found]
    rank = np.linalg.matrix_rank(shown) if shown else 0
    for unit in found:
        assert np.linalg.matrix_rank([*shown, indicator(unit)]) > rank, unit
    # Rests follow by subtraction; the rule holds for each of them, not only for units.
    for unit in set(hierarchy) - set(found):
        below = [u for u in hierarchy.below(unit) if u not in found and u != unit]
        told = {county for u in below for county in hierarchy.counties(u)}
        rest = held.loc[[county for county in hierarchy.counties(unit) if county not in told]]
        assert not 0 < rest["household_count"].sum() < 10
        assert not 0 < rest["business_count"].sum() < 3
        assert not len(rest) or rest["largest_value"].max() <= 0.8499 * rest["total_value"].sum()


# Studies


@pytest.fixture
def planted(demand, brief):
    """The province with its two small counties hidden, as the build leaves it."""
    found = (
        Finding(code="privacy.few_members", severity="forbid", unit_id="990202"),
        Finding(code="privacy.complement", severity="forbid", unit_id="990201"),
    )
    return {s.name: replace(s, findings=(*s.findings, *found)) for s in (demand, brief)}


def test_a_study_that_hides_nothing_is_the_same_study(demand):
    cut = demand.of("9901")
    assert privacy.protect(cut) is cut


@pytest.mark.parametrize("name", ["demand", "brief"])
def test_values_of_hidden_units_are_gone_from_all_tables_and_keys_stay(planted, name):
    cut = planted[name].of("9902")
    kept = privacy.protect(cut)
    assert set(kept.tables) == set(cut.tables)
    for table, rows in kept.tables.items():
        before = cut.tables[table]
        is_hidden = before["unit_id"].isin(["990201", "990202"])
        assert len(rows) == len(before)
        assert rows.dtypes.equals(before.dtypes)
        keys = [k for k in privacy.schemas.keys(table) if k != "run_id"]
        assert rows[keys].equals(before[keys])
        values = rows.drop(columns=[*keys, "level"])
        assert values[is_hidden].isna().all(axis=None)
        assert values[~is_hidden].equals(before.drop(columns=[*keys, "level"])[~is_hidden])


def test_facts_of_hidden_units_are_gone_and_those_of_others_stay(planted):
    shown = words.findings(privacy.protect(planted["demand"].of("9902")))
    facts = {(i.unit_id, i.code): i.facts for i in shown.items}
    assert facts["990202", "demand.history.gaps"] == {"missing_frac": "*"}
    assert facts["99", "demand.weather.climatology"] == {"archived_count": 12}
    said = [i.text["zh"] for i in shown.items]
    assert "小溪县：负荷数据缺失*。" in said
    assert "小溪县：样本过少，数据不予公开。" in said


def test_tables_print_a_star_for_hidden_units_and_a_dash_for_missing_ones(planted, replaced):
    cut = planted["demand"].of("99")
    gone = {n: rows[rows["unit_id"] != "9901"] for n, rows in cut.tables.items()}
    for made in (tables.demand_units, tables.demand_unit_forecast):
        city = made(privacy.protect(planted["demand"].of("9902")))
        assert [set(city._printed(row, "zh")[1:]) == {"*"} for row in city.rows] == [0, 1, 1]
        province = made(privacy.protect(replaced(cut, **gone)))
        assert [row.unit_id for row in province.rows] == ["99", "9901", "9902"]
        assert set(province._printed(province.rows[1], "en")[1:]) == {"—"}


def test_the_scale_of_a_column_does_not_tell_how_small_the_hidden_are(planted, demand):
    # The county of 3,000 kW puts its city's column into 千瓦; hidden, it must not.
    units = [
        tables.demand_unit_forecast(s).columns[4].scale.unit["zh"]
        for s in (demand.of("9902"), privacy.protect(planted["demand"].of("9902")))
    ]
    assert units == ["千瓦", "万千瓦"]


@pytest.mark.parametrize("name", ["demand", "brief"])
@pytest.mark.parametrize("unit", ["990201", "990202"])
def test_the_page_of_a_hidden_unit_says_only_that_it_is_hidden(planted, name, unit):
    with pytest.raises(SuppressedError) as caught:
        privacy.protect(planted[name].of(unit))
    assert str(caught.value) == "样本过少，数据不予公开。 ∥ Too few members to publish."
    assert caught.value.state == "suppressed"


@pytest.mark.parametrize("name", ["demand", "brief"])
def test_the_page_of_a_unit_without_numbers_says_why(request, replaced, name):
    cut = request.getfixturevalue(name).of("990101")
    # What a unit without load has all the same: options of the brief, shares, no quantity.
    empty = {
        n: rows if n == "result_brief_item" else rows.head(0) for n, rows in cut.tables.items()
    }
    with pytest.raises(
        NoDataError, match="本单位本期无可用数据（没有收到数据），不作判断。"
    ) as caught:
        privacy.protect(replaced(cut, **empty))
    barred = Finding(
        code="demand.history.stale", severity="forbid", unit_id="990101", facts={"silent_days": 28}
    )
    with pytest.raises(NoDataError, match="最近28天没有负荷数据") as told:
        privacy.protect(replace(replaced(cut, **empty), findings=(barred,)))
    for error in (caught.value, told.value):
        assert error.state == "no_data"
        assert NoPageError.read(str(error)) == error.reason
        assert pickle.loads(pickle.dumps(error)).reason == error.reason  # noqa: S301 - our own
