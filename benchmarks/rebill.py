"""Every bill of a store computed again from readings, agreements and dated prices, to the fen.

``python benchmarks/rebill.py --store DIR`` goes through the counties of a store one by one and
prints, for each kind of bill, how many there are, how many were computed from readings, and the
fen by which all their components together differ; the last line is the sum and must be 0.
"""

import argparse
import sys
from collections.abc import Sequence

import pandas as pd

from marketing_models.cis import Store
from marketing_models.cis.delta import to_pandas
from marketing_models.tariffs import COMPONENTS, rebill

TABLES = ("bill", "meter_reading", "agreement", "supply_point", "meter_installation")


def differences(store: Store, unit_id: str) -> pd.DataFrame:
    """Return by bill of a unit its kind, whether it has a reading, and the fen it is off."""
    tables = {name: to_pandas(name, store.arrow(name, unit_id)) for name in TABLES}
    names = list(COMPONENTS)
    again = rebill(tables).set_index("bill_id")
    held = tables["bill"].set_index("bill_id").reindex(again.index)
    # A part that is there on one side alone counts as a fen more than its amount.
    lacking = (held[names].isna() != again[names].isna()).sum(axis=1)
    off = (held[names].fillna(0) - again[names].fillna(0)).abs().sum(axis=1)
    fen = (off * 100).round().astype("int64") + lacking
    return again[["bill_type_code", "has_reading"]].assign(fen=fen)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a bill differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--store", required=True)
    store = Store.open(parser.parse_args(arguments).store)
    hierarchy = store.hierarchy()
    parts = []
    for county in hierarchy.counties(hierarchy.root):
        found = differences(store, county)
        parts.append(
            found.groupby("bill_type_code").agg(
                bills=("fen", "size"), with_reading=("has_reading", "sum"), fen=("fen", "sum")
            )
        )
    total = pd.concat(parts).groupby(level=0).sum()
    total.loc["all"] = total.sum()
    sys.stdout.write(total.to_string() + "\n")
    sys.stdout.write(
        f"{total.loc['all', 'bills']} bills, difference {total.loc['all', 'fen']} fen\n"
    )
    return int(total.loc["all", "fen"] != 0)


if __name__ == "__main__":
    sys.exit(main())
