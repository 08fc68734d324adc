"""Who enrolled for demand response in a county, with what promise and on which terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.industries import INDUSTRIES

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# Terms on which a site can enrol. The first four are large customers by chance, the others are
# bundled by a service firm: stores, vehicle chargers, air conditioning of business and of homes.
_KINDS = pd.DataFrame(
    [
        ("contracted_response", False, 0.08, 0.30),
        ("interruptible", False, 0.08, 0.30),
        ("invited_response", False, 0.05, 0.20),
        ("price_response", False, 0.02, 0.08),
        ("contracted_response", True, 0.60, 0.90),
        ("contracted_response", True, 0.15, 0.35),
        ("invited_response", True, 0.10, 0.25),
        ("invited_response", True, 0.30, 0.60),
    ],
    columns=["measure_code", "is_bundled", "least_frac", "most_frac"],
)
_LARGE_FREQUENCY = (0.50, 0.26, 0.16, 0.08)
_STORE, _CHARGER, _SHOP, _HOME = 4, 5, 6, 7
_BUNDLED_FRAC = {_STORE: 0.7, _CHARGER: 0.5, _SHOP: 0.04, _HOME: 0.004}
_PROMISED = ("contracted_response", "interruptible")
_LARGEST_FRAC = 0.15
_FIRM_COUNT = 8
_OPT_OUT_FRAC = 0.08
_POOR_FRAC = 0.13


def contracts(county: County, sites: pd.DataFrame) -> pd.DataFrame:
    """Return the demand-response contracts of a county.

    Parameters
    ----------
    county : County
        The county.
    sites : DataFrame
        ``peak_kw``, ``usual_kw`` and ``protected_load_kw`` by row of the supply points.

    Returns
    -------
    DataFrame
        One row a contract: columns of ``load_resource`` it settles, ``point``, and of the
        generator ``keenness`` (standard normal), ``reliability_ratio`` (response over promise) and
        ``bias_ratio`` of the baseline over the load.

    Notes
    -----
    Customers enrol in order of a hidden wish, which grows with their size, until the promises
    reach the share of the yearly maximum that the rules ask for.
    """
    numbers = county.stream("load_resource", "contracts")
    count = len(county.points)
    kind = _kind(county, numbers)
    draw = numbers.random(count)
    terms = _KINDS.iloc[np.clip(kind, 0, None)].reset_index(drop=True)
    share = terms["least_frac"] + (terms["most_frac"] - terms["least_frac"]) * draw
    target = _target_kw(county, numbers)
    promised = share * _basis_kw(county, sites, kind)
    promised = np.minimum(promised, _LARGEST_FRAC * target / sites["represented_count"])
    spare = (sites["usual_kw"] - sites["protected_load_kw"]).where(kind < _STORE, np.inf)
    rows = pd.DataFrame(
        {
            "point": np.arange(count),
            "measure_code": terms["measure_code"],
            "promised_kw": np.minimum(promised, spare),
            "is_modulating": terms["is_bundled"] | (numbers.random(count) < 0.4),
            "kind": kind,
        }
    )
    rows = pd.concat([rows, _hidden(county, numbers), _dates(county, numbers)], axis=1)
    rows["wish"] += 0.7 * np.log(sites["peak_kw"].clip(lower=0.1))
    rows = _priced(rows, terms["is_bundled"], numbers, county)
    weight = sites["represented_count"].to_numpy()
    return _enrolled(rows[rows["kind"] >= 0], weight, target, county)


def _kind(county: County, numbers: np.random.Generator) -> np.ndarray:
    """Return the place in the kinds of contract by supply point; -1: none."""
    points = county.points
    draw, place = numbers.random(len(points)), numbers.choice(4, len(points), p=_LARGE_FREQUENCY)
    name = points["class_name"]
    shape = points["industry_code"].map({k: one.shape_name for k, one in INDUSTRIES.items()})
    bundled = {
        _STORE: points["storage_power_kw"].fillna(0) > 0,
        _CHARGER: name == "charging",
        _SHOP: (name == "small") & shape.isin(["office", "retail"]),
        _HOME: name == "residential",
    }
    kind = np.where(name == "large", place, -1)
    for number, holds in bundled.items():
        kind = np.where(holds & (draw < _BUNDLED_FRAC[number]), number, kind)
    return kind


def _basis_kw(county: County, sites: pd.DataFrame, kind: np.ndarray) -> pd.Series:
    points = county.points
    basis = sites["peak_kw"].where(kind != _STORE, points["storage_power_kw"])
    return basis.where(kind != _CHARGER, points["charging_power_kw"]).fillna(0.0)


def _target_kw(county: County, numbers: np.random.Generator) -> float:
    share = parameters.at("synthetic_market.response_share_frac", county.scale.origin)
    return share * numbers.lognormal(-0.01, 0.15) * county.loads_kw.sum(axis=1).iloc[-8760:].max()


def _hidden(county: County, numbers: np.random.Generator) -> pd.DataFrame:
    count = len(county.points)
    usual = numbers.normal(0.98, 0.10, count)
    poor = numbers.random(count) < _POOR_FRAC
    keen = 0.3 * county.points["vigour"].to_numpy() + 0.954 * numbers.standard_normal(count)
    return pd.DataFrame(
        {
            "keenness": keen,
            "reliability_ratio": np.where(poor, numbers.uniform(0.1, 0.7, count), usual),
            "bias_ratio": numbers.normal(0, 0.02, count),
            "wish": keen + 1.5 * numbers.standard_normal(count),
        }
    )


def _dates(county: County, numbers: np.random.Generator) -> pd.DataFrame:
    """Draw the days of enrolment, more of them late, and of leaving again."""
    points, count = county.points, len(county.points)
    first = county.scale.months[0] - pd.Timedelta(days=365)
    whole_days = (county.scale.origin - first) / pd.Timedelta(days=1)
    days = np.floor(whole_days * numbers.random(count) ** 0.8 * 0.97)
    connected = pd.to_datetime(points["connected_date"]).to_numpy().astype("M8[us]")
    begin = first.to_datetime64().astype("M8[us]") + days.astype("m8[D]")
    begin = np.maximum(begin, connected + np.timedelta64(60, "D"))
    end = begin + numbers.integers(200, 1500, count).astype("m8[D]")
    leaves = (numbers.random(count) < _OPT_OUT_FRAC) & (end < county.scale.origin.to_datetime64())
    return pd.DataFrame(
        {"valid_from": begin, "valid_to": np.where(leaves, end, np.datetime64("NaT", "us"))}
    )


def _priced(
    rows: pd.DataFrame, is_bundled: pd.Series, numbers: np.random.Generator, county: County
) -> pd.DataFrame:
    """Add what the province pays by measure, in its three forms, and the service firm."""
    pay = parameters.at("synthetic_market.response_pay", county.scale.origin)
    energy, call, standby = (
        rows["measure_code"].map({name: paid[form] for name, paid in pay.items()})
        for form in ("yuan_per_kwh", "yuan_per_kw", "yuan_per_kw_month")
    )
    offered = numbers.uniform(0.6, 1.0, len(rows))
    is_offered = rows["measure_code"] == "invited_response"
    firm = "G" + pd.Series(numbers.integers(1, _FIRM_COUNT + 1, len(rows))).astype(str).str.zfill(2)
    through = is_bundled | (numbers.random(len(rows)) < 0.25)
    return rows.assign(
        compensation_yuan_per_kwh=energy.where(~is_offered, energy * offered).round(2),
        event_yuan_per_kw=call.where(call > 0),
        standby_yuan_per_kw_month=standby.where(standby > 0),
        aggregator_id=firm.where(through),
    )


def _enrolled(
    rows: pd.DataFrame, weight: np.ndarray, target_kw: float, county: County
) -> pd.DataFrame:
    """Keep the customers who come before the promises reach the target."""
    counts = rows["measure_code"].isin(_PROMISED)
    first = rows["wish"].where(rows["kind"] < _STORE, np.inf)
    order = rows.assign(first=first).sort_values("first", ascending=False, kind="stable").index
    kw = (rows["promised_kw"] * weight[rows["point"]]).where(counts, 0.0).loc[order]
    reached = kw.cumsum() - kw >= target_kw
    kept = rows.loc[order[~reached.to_numpy()]].sort_index()
    kept = kept[(kept["promised_kw"] >= 0.2) & (kept["valid_from"] < county.scale.origin)]
    promised = kept["promised_kw"].round(1)
    more = np.where(kept["kind"] < _STORE, 1.4, 1.0)
    return kept.assign(
        adjustable_load_kw=(promised * more).round(1),
        contracted_response_kw=promised.where(kept["measure_code"].isin(_PROMISED)),
    ).drop(columns=["promised_kw", "kind", "wish"])
