"""The books of a synthetic province agree with one another, as long as nobody spoils them.

Authority: laws. The rules of reconciliation hold without exception, and every bill comes out again
from readings, agreements and dated prices.
"""

import pandas as pd
import pytest

from marketing_models import synthesis, synthetic
from marketing_models.cis import Store, delta, reconciliation
from marketing_models.synthetic.world import World
from marketing_models.tariffs import COMPONENTS, rebill

SCALE = synthetic.Scale(city_count=1, county_count=2, supply_point_count=100, month_count=14)
ORIGIN = pd.DataFrame(
    {
        "batch_id": ["b1"],
        "mapping_name": "synthetic",
        "file_name": "synthetic",
        "file_sha256": "0",
        "content_digest": "0",
        "delivery_code": "full",
        "repaired_count": 0,
        "quarantined_count": 0,
        "committed_at": pd.Timestamp("2026-08-03"),
        "schema_version": 1,
    }
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store.init(tmp_path_factory.mktemp("books") / "s", unit_id="99")
    synthesis.synthesize(World(scale=SCALE, seed=11), store, origin=ORIGIN)
    return Store.open(store.folder)


def rows_of(store, name):
    return delta.to_pandas(name, store.arrow(name))


def broken(store):
    found = reconciliation.check(store)
    wrong = found[(found["severity"] == "E") & (found["violation_count"] > 0)]
    return wrong.set_index("rule")["violation_count"].to_dict()


def test_the_books_of_a_synthetic_province_have_no_error(store):
    assert broken(store) == {}
    assert (reconciliation.check(store)["row_count"] > 0).sum() > 100


def test_a_wrong_amount_a_lost_reference_and_a_false_sum_are_all_told(store, tmp_path):
    bill, ticket, energy = (rows_of(store, name) for name in ("bill", "ticket", "unit_energy"))
    regular = bill.index[bill["bill_type_code"] == "regular"]
    bill.loc[regular[:3], "receivable_yuan"] += 0.10
    named = ticket.index[ticket["supply_point_id"].notna()]
    ticket.loc[named[:2], "supply_point_id"] = "nowhere"
    of_province = energy.index[(energy["unit_id"] == "99") & (energy["series_code"] == "charging")]
    energy.loc[of_province[0], "energy_kwh"] += 1000
    spoiled = {"bill": bill, "ticket": ticket, "unit_energy": energy}
    tables = {n: rows_of(store, n) for n in store.vector.tables} | spoiled
    other = Store.init(tmp_path / "spoiled", unit_id="99")
    other.write(tables)
    assert broken(Store.open(other.folder)) == {
        "bill_amount_is_its_parts": 3,
        "ticket.supply_point_id exists in supply_point": 2,
        "unit_energy.energy_kwh is the sum of the counties": 1,
    }


def test_every_bill_of_the_store_comes_out_again_to_the_fen(store):
    names = list(COMPONENTS)
    wanted = ("bill", "meter_reading", "agreement", "supply_point", "meter_installation")
    tables = {name: rows_of(store, name) for name in wanted}
    again = rebill(tables).set_index("bill_id")
    held = tables["bill"].set_index("bill_id").reindex(again.index)
    assert len(again) == len(tables["bill"]) > 1000
    assert (held[names].isna() == again[names].isna()).all(axis=None)
    fen = 100 * (held[names].fillna(0) - again[names].fillna(0)).abs()
    assert fen.round().to_numpy().sum() == 0
