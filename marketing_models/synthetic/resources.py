"""What the supply points of a county can do in a shortage: contracts and the orderly-use plan."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import enrolment
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.industries import HEAVY, INDUSTRIES
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_TIERS = ("I", "II", "III", "IV", "V", "VI")
_CLASS_LOAD_FACTOR = {"residential": 0.20, "agricultural": 0.35, "small": 0.45, "charging": 0.25}
_USUAL_FRAC, _CAPACITY_FRAC = 0.92, 0.92
# Protection list: floor over the usual load, and severest warning level at which it holds.
_IMPORTANT = {
    "special": (0.80, "I"),
    "first": (0.60, "II"),
    "second": (0.45, "III"),
    "temporary": (0.30, "IV"),
}
_PUBLIC = {"D46": (0.50, "II"), "Q84": (0.50, "II"), "P83": (0.40, "III")}
# Chance of each measure of the plan by working rhythm: shift, avoid, ration, rotate.
_MEASURES = ("shift", "avoid", "ration", "rotate")
_MEASURE_FREQUENCY = {
    "continuous": (0.20, 0.20, 0.60, 0.00),
    "two_shift": (0.40, 0.25, 0.05, 0.30),
    "day_shift": (0.25, 0.25, 0.00, 0.50),
}
_OFFICE_FREQUENCY = (0.00, 0.70, 0.30, 0.00)
_LEAST_KW = 15.0
_LATE_AFTER_MINUTES = 240
_LATE_FACTOR = {
    "residential": 1.6,
    "agricultural": 1.2,
    "industry": 0.8,
    "intensive": 0.45,
    "commercial": 1.0,
}
_HIDDEN = ("point", "usual_kw", "keenness", "reliability_ratio", "bias_ratio", "represented_count")
_TERMS = pd.DataFrame(
    [
        ("price_response", 1440, 60, 240, 1, 90, 0, 0.60, 480),
        ("contracted_response", 240, 60, 240, 2, 30, 0, 0.35, 480),
        ("invited_response", 1320, 60, 180, 1, 20, 0, 0.35, 480),
        ("interruptible", 15, 30, 120, 2, 15, 0, 0.20, 360),
        ("shift", 1440, 120, 360, 1, 60, 0, 1.05, 720),
        ("avoid", 480, 60, 480, 1, 45, 0, 0.00, 0),
        ("ration", 240, 60, 720, 1, 60, 0, 0.00, 0),
        ("rotate", 1440, 720, 1440, 1, 20, 6, 0.30, 1440),
    ],
    columns=[
        *("measure_code", "notice_minutes", "min_duration_minutes", "max_duration_minutes"),
        *("daily_call_limit_count", "season_call_limit_count", "min_rest_days"),
        *("recovery_ratio", "recovery_minutes"),
    ],
).set_index("measure_code")


def tables(county: County) -> Made:
    """Return the load resources of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``load_resource``; truth ``resources_response``: how reliable each contract is.
    """
    rows = resources(county)
    hidden = rows.loc[rows["keenness"].notna(), ["resource_id", "keenness", "reliability_ratio"]]
    return Made(
        tables={"load_resource": _seasons(county, rows).drop(columns=list(_HIDDEN))},
        truth={"resources_response": hidden.reset_index(drop=True)},
    )


def resources(county: County) -> pd.DataFrame:
    """Return every way in which a supply point of a county can change its load.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        One row a resource: columns of ``load_resource`` in its latest version, and of the
        generator ``point`` (row number), ``usual_kw`` at hours of high load, ``keenness``,
        ``reliability_ratio`` and ``bias_ratio`` of its baseline (empty for measures of the plan).
    """
    return _resources(county).copy()


@lru_cache(maxsize=1)
def _resources(county: County) -> pd.DataFrame:
    # Two rooms ask for the resources of the same county one after the other.
    sites = _sites(county)
    rows = pd.concat([_plan(county, sites), enrolment.contracts(county, sites)], ignore_index=True)
    return _with_terms(county, rows.join(sites.drop(columns="record_load_kw"), on="point"))


def _sites(county: County) -> pd.DataFrame:
    """Return what a supply point uses at hours of high load, must keep, and loses without."""
    points, numbers = county.points, county.stream("load_resource", "sites")
    industry = points["industry_code"]
    factors = {code: one.load_factor_frac for code, one in INDUSTRIES.items()}
    factor = industry.map(factors).where(points["class_name"] == "large")
    factor = factor.fillna(points["class_name"].map(_CLASS_LOAD_FACTOR)).fillna(0.5)
    ceiling = _CAPACITY_FRAC * points["contract_capacity_kva"].to_numpy()
    peak = np.minimum(points["annual_kwh"].to_numpy() / 8760 / factor.to_numpy(), ceiling)
    floor, level = _protection(points)
    usual = _USUAL_FRAC * peak
    safety = points["safety_load_kw"].fillna(0.0).to_numpy(dtype="float64")
    kind = _kind(points)
    cost = parameters.at("synthetic_market.interruption_yuan_per_kwh", county.scale.origin)
    loss = kind.map(cost).to_numpy() * numbers.lognormal(-0.125, 0.5, len(points))
    return pd.DataFrame(
        {
            "supply_point_id": points["supply_point_id"],
            "represented_count": points["represented_count"],
            "peak_kw": peak,
            "usual_kw": usual,
            "protected_load_kw": np.minimum(np.maximum(safety, floor * usual), usual).round(1),
            "protected_level_code": level,
            "interruption_yuan_per_kwh": loss.round(2),
            "late_interruption_yuan_per_kwh": (loss * kind.map(_LATE_FACTOR)).round(2),
            "record_load_kw": county.loads_kw.sum(axis=1).max(),
        }
    )


def _protection(points: pd.DataFrame) -> tuple[Floats, pd.Series]:
    importance, industry = points["importance_level_code"], points["industry_code"]
    floor, level = (
        importance.map({k: v[i] for k, v in _IMPORTANT.items()}).fillna(
            industry.map({k: v[i] for k, v in _PUBLIC.items()})
        )
        for i in range(2)
    )
    return np.asarray(floor.astype("float64").fillna(0.0)), level.astype("str")


def _kind(points: pd.DataFrame) -> pd.Series:
    sector = points["industry_code"].map({k: one.sector_code for k, one in INDUSTRIES.items()})
    kind = np.select(
        [
            points["class_name"] == "residential",
            points["class_name"] == "agricultural",
            points["industry_code"].isin(HEAVY) & (points["class_name"] == "large"),
            sector == "secondary",
        ],
        ["residential", "agricultural", "intensive", "industry"],
        "commercial",
    )
    return pd.Series(kind, points.index)


def _plan(county: County, sites: pd.DataFrame) -> pd.DataFrame:
    """Return the orderly-use plan: a measure for every large site that can give way."""
    points, numbers = county.points, county.stream("load_resource", "plan")
    count = len(points)
    shape = points["industry_code"].map({k: one.shape_name for k, one in INDUSTRIES.items()})
    frequency = np.array([_MEASURE_FREQUENCY.get(name, _OFFICE_FREQUENCY) for name in shape])
    place = (numbers.random(count)[:, None] > frequency.cumsum(axis=1)[:, :3]).sum(axis=1)
    free = (sites["usual_kw"] - sites["protected_load_kw"]).to_numpy()
    least, most = np.array([(0.5, 0.9), (0.6, 1.0), (0.55, 0.95), (0.9, 1.0)])[place].T
    given = free * (least + (most - least) * numbers.random(count))
    rows = pd.DataFrame(
        {
            "point": np.arange(count),
            "measure_code": np.array(_MEASURES)[place],
            "adjustable_load_kw": given.round(1),
            "valid_from": _planned_from(county),
            "plan_tier_code": _tiers(points, sites, given, numbers),
            "is_modulating": (place == 2) | (numbers.random(count) < 0.25),
        }
    )
    is_planned = (points["class_name"] == "large").to_numpy() & (given >= _LEAST_KW)
    return rows[is_planned & (rows["valid_from"] < county.scale.origin).to_numpy()]


def _planned_from(county: County) -> pd.DatetimeIndex:
    """Return the 20th of April from which a plan that knows the supply point holds."""
    connected = pd.DatetimeIndex(county.points["connected_date"])
    first = county.scale.months[0] - pd.Timedelta(days=300)
    begin = connected.where(connected > first, first)
    year = begin.year + np.where((begin.month > 4) | ((begin.month == 4) & (begin.day > 20)), 1, 0)
    return pd.DatetimeIndex(pd.Series(year).astype(str) + "-04-20").as_unit("us")


def _tiers(
    points: pd.DataFrame, sites: pd.DataFrame, given: Floats, numbers: np.random.Generator
) -> pd.Series:
    """Fill the tiers in order of the rules: restricted, energy-intensive, others, protected."""
    rank = np.select(
        [
            sites["protected_level_code"].notna(),
            points["restriction_code"].notna(),
            points["is_energy_intensive"].fillna(False).to_numpy(dtype=bool),
        ],
        [3.0, 0.0, 1.0],
        2.0,
    )
    order = np.argsort(rank + 0.9 * numbers.random(len(points)), kind="stable")
    step = parameters.at("synthetic_market.plan_tier_frac", pd.Timestamp("2026-01-01"))
    counted = np.where(points["class_name"] == "large", given, 0.0)[order]
    record = max(float(sites["record_load_kw"].iloc[0]), 1.0)
    place = np.ceil(counted.cumsum() / record / step).astype(int) - 1
    code = np.array([*_TIERS, None], dtype=object)[np.clip(place, 0, len(_TIERS))]
    return pd.Series(code[np.argsort(order)])


def _with_terms(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Add identifier, terms of calling, and the end of supply points that left."""
    letter = rows["measure_code"].str[:2].str.upper()
    given = rows["adjustable_load_kw"]
    hours = (_TERMS["max_duration_minutes"] / 60).reindex(rows["measure_code"]).to_numpy()
    recovers = rows["measure_code"].map(_TERMS["recovery_ratio"]) > 0
    closed = pd.to_datetime(county.points["closed_date"]).take(rows["point"].to_numpy()).to_numpy()
    ends = rows["valid_to"] if "valid_to" in rows else pd.Series(pd.NaT, rows.index)
    held = rows.assign(
        county_id=county.unit_id,
        resource_id=rows["supply_point_id"] + "-" + letter,
        late_after_minutes=_LATE_AFTER_MINUTES,
        daily_energy_limit_kwh=(given * hours).round(),
        recovery_limit_kw=(0.4 * given).round(1).where(recovers),
        valid_to=np.fmin(ends.to_numpy().astype("M8[us]"), closed.astype("M8[us]")),
    )
    terms = _TERMS.reindex(held["measure_code"]).set_index(held.index)
    held = pd.concat([held.drop(columns="peak_kw"), terms], axis=1)
    left = held["valid_to"].notna() & (held["valid_to"] <= held["valid_from"])
    return held[~left].reset_index(drop=True)


def _seasons(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Return two versions of contracts that were signed anew for the season now running."""
    origin, numbers = county.scale.origin, county.stream("load_resource", "season")
    season = pd.Timestamp(year=origin.year - (origin.month < 6), month=6, day=1)
    factor = numbers.uniform(0.75, 1.15, len(rows))
    lasts = rows["valid_to"].isna() | (rows["valid_to"] > season)
    again = rows["contracted_response_kw"].notna() & (rows["valid_from"] < season) & lasts
    promised = (rows["contracted_response_kw"] * factor).round(1)
    before = rows.assign(
        contracted_response_kw=np.minimum(promised, rows["adjustable_load_kw"]), valid_to=season
    )
    now = rows.assign(valid_from=rows["valid_from"].mask(again, season))
    return pd.concat([before[again], now], ignore_index=True)
