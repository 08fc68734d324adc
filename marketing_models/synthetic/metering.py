"""What the meters of a county measure: use by band, what roofs cover, demand, reactive energy."""

from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import contracts
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.tariffs import (
    BANDS,
    business_time_band,
    follows_bands,
    residential_time_band,
)

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# Homes use in fits and starts: less of their roof's output meets their own use than the smooth
# load of the class suggests.
_MEETS_FRAC = {"residential": 0.72, "agricultural": 0.75, "small": 0.88}
# Reactive energy is metered from 100 kVA on, where the adjustment begins.
_REACTIVE_FROM_KVA = 100.0
_TANGENT = 0.38


def meter_ratio(points: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the whole number by which each point's register differences become energy."""
    return np.rint(points["meter_ratio"].to_numpy("float64")).astype("int64")


def stepped(energy_kwh: Floats, ratio: npt.NDArray[np.int64]) -> Floats:
    """Return energy as a meter with two decimals shows it: a multiple of its ratio, in kWh."""
    return np.rint(energy_kwh * 100 / ratio) * ratio / 100


def floored(energy_kwh: Floats, ratio: npt.NDArray[np.int64]) -> Floats:
    """Return as `stepped`, but never more than the energy."""
    return np.floor(energy_kwh * 100 / ratio + 1e-6) * ratio / 100


def agreement_rows(county: "County") -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return the supply agreements, and by point and month the place of the one in force.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        As `contracts.agreements`, by point and first day.
    array of shape (n_points, n_months)
        Places in it; before the first agreement its first one.
    """
    rows = contracts.agreements(county).sort_values(["point", "valid_from"], kind="stable")
    months = county.scale.months
    count, width = len(county.points), len(months) + 1
    point = rows["point"].to_numpy()
    first = months.searchsorted(rows["valid_from"].to_numpy().astype("datetime64[us]"))
    first = np.where(pd.Series(point).duplicated(), first, 0)
    wanted = np.arange(count)[:, None] * width + np.arange(len(months))[None, :]
    place = np.searchsorted(point * width + first, wanted.ravel(), side="right") - 1
    return rows.reset_index(drop=True), place.reshape(wanted.shape)


def generated_kwh(county: "County") -> Floats:
    """Return what the roof plant of each point generates in each month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        Zero without plant or before ``pv_since``. [kWh]
    """
    points, months = county.points, county.scale.months
    kw = points["distributed_pv_kw"].fillna(0.0).to_numpy("float64")[:, None]
    here = (points["pv_since"].to_numpy()[:, None] < months.to_numpy()) & county.connected
    kw = np.where(here, kw, 0.0)
    total = points["represented_count"].to_numpy("float64") @ kw
    output = _monthly(county.solar_kw, months)
    per_kw = np.divide(output, total, out=np.zeros(len(months)), where=total > 0)
    return kw * per_kw


@lru_cache(maxsize=1)
def self_consumed_kwh(county: "County") -> Floats:
    """Return own generation used behind the meter.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        The part of the generation that meets use in the same hour, the use having the shape of
        the class's load; a multiple of what the meter resolves. [kWh]
    """
    points, generated = county.points, generated_kwh(county)
    used = np.zeros(generated.shape)
    for name, meets in {**_MEETS_FRAC, "large": 1.0, "charging": 0.9}.items():
        own = np.flatnonzero((points["class_name"] == name) & (generated.sum(axis=1) > 0))
        if len(own):
            used[own] = meets * _overlap_kwh(county, name, own, generated[own])
    ratio = meter_ratio(points)[:, None]
    return floored(np.minimum(used, 0.97 * county.energy_kwh), ratio)


def _overlap_kwh(
    county: "County", name: str, own: npt.NDArray[np.int64], generated: Floats
) -> Floats:
    """Add up by month the smaller of use and generation in each hour."""
    months = county.scale.months
    edges = county.scale.hours.searchsorted([*months, months[-1] + pd.DateOffset(months=1)])
    load, sun = county.loads_kw[name].to_numpy(), county.solar_kw.to_numpy()
    result = np.zeros(generated.shape)
    for month, (first, last) in enumerate(pairwise(edges)):
        shapes = [part[first:last] / max(part[first:last].sum(), 1e-9) for part in (load, sun)]
        use = county.energy_kwh[own, month][:, None] * shapes[0]
        result[:, month] = np.minimum(use, generated[:, month][:, None] * shapes[1]).sum(axis=1)
    return result


def _monthly(hourly: pd.Series, months: pd.DatetimeIndex) -> Floats:
    month = hourly.index.to_numpy().astype("datetime64[M]")
    sums = hourly.groupby(month).sum()
    return sums.reindex(months.to_numpy().astype("datetime64[M]"), fill_value=0.0).to_numpy()


def home_valley_odds(county: "County") -> Floats:
    """Return by month how homes divide their energy: valley over peak, shape (n_months,)."""
    load = county.loads_kw["residential"]
    hour = pd.date_range("2026-01-01", periods=24, freq="h")
    valley = (residential_time_band(hour, on=hour[0]) == "valley").to_numpy()
    by_hour = _by_hour(load, county.scale.months)
    return by_hour[:, valley].sum(axis=1) / np.maximum(by_hour[:, ~valley].sum(axis=1), 1e-9)


def _by_hour(load_kw: pd.Series, months: pd.DatetimeIndex) -> Floats:
    """Return the energy of each month by clock hour, shape (n_months, 24)."""
    index = pd.DatetimeIndex(load_kw.index)
    place = months.searchsorted(index, side="right") - 1
    inside = index < months[-1] + pd.DateOffset(months=1)
    cell = place[inside] * 24 + index.hour[inside]
    sums = np.bincount(cell, load_kw.to_numpy()[inside], minlength=24 * len(months))
    return sums.astype("float64").reshape(len(months), 24)


def band_energy_kwh(
    county: "County", point: npt.NDArray[np.int64], month: npt.NDArray[np.int64], rows: pd.DataFrame
) -> dict[str, Floats]:
    """Divide the energy of industrial bills over the bands.

    Parameters
    ----------
    county : County
        The county.
    point, month : array of shape (n_bills,)
        Whose bills, and of which month.
    rows : DataFrame of shape (n_bills, n_columns)
        With ``energy_kwh, month_start, market_role_code, tariff_code``.

    Returns
    -------
    dict of str to array
        Energy by band, in what the meter resolves; together the energy. [kWh]
    """
    weight = _band_shares(county)[month] * np.exp(_band_habits(county)[point])
    ratio = _faced_ratio(rows)
    weight *= ratio ** -flexibility_ratio(county)[point][:, None]
    weight *= np.exp(0.04 * county.stream("bill", "bands").standard_normal(weight.shape))
    total = weight.sum(axis=1, keepdims=True)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    energy, step = rows["energy_kwh"].to_numpy(), meter_ratio(county.points)[point]
    parts = {
        band: floored(energy * share[:, place], step)
        for place, band in enumerate(BANDS)
        if band != "flat"
    }
    rest = (energy - sum(parts.values())).round(2)
    return {**parts, "flat": rest}


def _band_shares(county: "County") -> Floats:
    """Return the bands' shares of the large customers' load, shape (n_months, 4)."""
    months = county.scale.months
    by_hour = _by_hour(county.loads_kw["large"], months)
    shares = np.zeros((len(months), len(BANDS)))
    for place, first in enumerate(months):
        sums = np.bincount(_band_places(first), by_hour[place], minlength=len(BANDS))
        shares[place] = sums / max(sums.sum(), 1e-9)
    return shares


@cache
def _band_places(month_start: pd.Timestamp) -> npt.NDArray[np.int64]:
    """Return the place of each clock hour's band: the same for all counties."""
    hours = pd.date_range(month_start, periods=24, freq="h")
    band = business_time_band(hours, on=month_start)
    return np.array([BANDS.index(name) for name in band], "int64")


def _band_habits(county: "County") -> Floats:
    return county.stream("bill", "band_habits").normal(0, 0.22, (len(county.points), len(BANDS)))


def _faced_ratio(rows: pd.DataFrame) -> Floats:
    """Return the price ratio of each band that a bill's customer faces: 1 without bands."""
    bound = follows_bands(rows["month_start"], rows["market_role_code"], rows["tariff_code"])
    place, days = pd.factorize(rows["month_start"])
    held = [parameters.at("tariff.time_band_ratio", day) for day in days]
    table = np.array([[one[band] for band in BANDS] for one in held]).reshape(-1, len(BANDS))
    return np.where(bound.to_numpy()[:, None], table[place], 1.0)


def flexibility_ratio(county: "County") -> Floats:
    """Return how strongly each point shifts use away from dear bands, shape (n_points,).

    Few can shift much: the elasticity of a band's share to its price ratio is lognormal.
    """
    numbers = county.stream("bill", "flexibility")
    level = parameters.at("synthetic_billing.industry_shift_ratio", county.scale.origin)
    draw = numbers.lognormal(-0.32, 0.8, len(county.points))
    return county.world.effects.price_response * level * draw


def maximum_demand_kw(county: "County", energy_kwh: Floats) -> Floats:
    """Return the highest mean power of each large customer and month.

    Parameters
    ----------
    county : County
        The county.
    energy_kwh : array of shape (n_points, n_months)
        Use behind the meter. [kWh]

    Returns
    -------
    array of shape (n_points, n_months)
        Mean power over a hidden load factor that wanders, at most a little beyond the contract
        capacity; missing but for large customers. [kW]
    """
    months = county.scale.months
    large = np.flatnonzero(county.points["class_name"] == "large")
    points, used = county.points.iloc[large], energy_kwh[large]
    usual = points["industry_code"].map({c: i.load_factor_frac for c, i in INDUSTRIES.items()})
    numbers = county.stream("bill", "demand")
    own = numbers.normal(0, 0.14, len(points))[:, None]
    wander = autoregression(numbers.standard_normal((len(months), len(points))), 0.6).T
    # The load factor of a month is higher than that of the year.
    factor = 1.12 * usual.fillna(0.5).to_numpy()[:, None] * np.exp(own + 0.06 * wander)
    mean_kw = used / (24 * months.days_in_month.to_numpy())
    most = 1.03 * points["contract_capacity_kva"].to_numpy("float64")[:, None]
    peak = np.minimum(mean_kw / np.clip(factor, 0.15, 0.97), most)
    demand = np.full(energy_kwh.shape, np.nan)
    demand[large] = np.maximum(peak, mean_kw).round(2)
    return demand


def reactive_energy_kvarh(county: "County", energy_kwh: Floats) -> Floats:
    """Return the reactive energy of each point and month.

    Parameters
    ----------
    county : County
        The county.
    energy_kwh : array of shape (n_points, n_months)
        Use behind the meter, whose reactive part no roof plant supplies. [kWh]

    Returns
    -------
    array of shape (n_points, n_months)
        Missing below 100 kVA, where it is not metered. [kvarh]
    """
    points = county.points
    numbers = county.stream("bill", "reactive")
    own = numbers.normal(0, 0.34, len(points))[:, None]
    noise = numbers.normal(0, 0.07, energy_kwh.shape)
    reactive = energy_kwh * _TANGENT * np.exp(own + noise)
    metered = points["contract_capacity_kva"].to_numpy("float64") >= _REACTIVE_FROM_KVA
    step = meter_ratio(points)[:, None]
    return np.where(metered[:, None], stepped(reactive, step), np.nan)
