"""Provinces in which a county has few households, one business, a giant, or nothing at all."""

import pandas as pd

YEAR = pd.Timestamp("2025-08-03")


def of_members(world):
    """Leave the supply points that are members: one active version of each."""
    points = world["supply_point"]
    members = points["valid_to"].isna() & (points["status_code"] != "closed")
    return {**world, "supply_point": points[members].reset_index(drop=True)}


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
