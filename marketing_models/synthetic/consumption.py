"""What each supply point uses: the load of its class shared out, with habits, prices, trouble."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.metering import meter_ratio, stepped
from marketing_models.synthetic.streams import Floats, autoregression

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_WHIMS, _TREND = 0.22, 0.03
# Weak customers lose more in bad times than strong ones, and a little in all times.
_RESILIENCE, _WEAKNESS = 0.4, 0.02


def energy_kwh(county: "County") -> Floats:
    """Return the metered use of one represented supply point by month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        The month's load of the class shared out by size, habits and the price that homes face,
        less savings; then less theft, which is thus missing from sales. Gross of own photovoltaic
        generation, in what the meter resolves, zero before connection. [kWh]
    """
    weights = _weights(county)
    plain = _shared_out(county, weights)
    used = _shared_out(county, weights * price_response(county, plain))
    return stepped(used * (1 - county.unmetered_frac), meter_ratio(county.points)[:, None])


def _shared_out(county: "County", weights: Floats) -> Floats:
    points, months = county.points, county.scale.months
    loads = county.loads_kw
    month = loads.index.to_numpy().astype("datetime64[M]")
    monthly = loads.groupby(month).sum().loc[months.to_numpy().astype("datetime64[M]")]
    energy = np.zeros(weights.shape)
    for name, total in monthly.items():
        own = (points["class_name"] == name).to_numpy()
        part = weights[own]
        everyone = points.loc[own, "represented_count"].to_numpy() @ part
        energy[own] = part * np.divide(
            total.to_numpy(), everyone, out=np.zeros(len(months)), where=everyone > 0
        )
    return energy


def _weights(county: "County") -> Floats:
    points, months = county.points, county.scale.months
    numbers = county.stream("bill", "energy")
    whims = autoregression(numbers.standard_normal((len(months), len(points))), 0.55).T
    trend = numbers.standard_normal(len(points))[:, None]
    season = np.cos(2 * np.pi * (months.month.to_numpy() - 7.7) / 12)
    homes = ~points["industry_code"].isin(list(INDUSTRIES)).to_numpy()
    power = np.where(homes, _WHIMS, 0.6 * _WHIMS)[:, None] * whims
    power += (points["cooling_exponent"].to_numpy() * _warmth(points, homes))[:, None] * season
    power += _TREND * trend * np.arange(len(months)) / 12 + _industry_power(county)
    weight = np.exp(power) * points["share_frac"].to_numpy()[:, None]
    kept: Floats = weight * (1 - county.saved_frac) * county.connected
    return kept


def _warmth(points: pd.DataFrame, homes: npt.NDArray[np.bool_]) -> Floats:
    """Return how far the appetite for cooling moves the use: little in works that cool little."""
    share = points["industry_code"].map({c: i.cooling_share_frac for c, i in INDUSTRIES.items()})
    cooled = np.minimum(share.fillna(0.0).to_numpy() / 0.3, 1.0)
    return np.where(homes, 1.0, cooled)


def _industry_power(county: "County") -> Floats:
    """Growth, the economy and the Spring Festival by industry, in logs; homes have none of it."""
    points, months = county.points, county.scale.months
    known = list(INDUSTRIES.values())
    place = pd.Index(list(INDUSTRIES)).get_indexer(pd.Index(points["industry_code"]))
    growth = np.array([one.growth_frac for one in known])[:, None]
    sleep = np.array([one.festival_sleep_frac for one in known])[:, None]
    sensitivity = np.array([one.stress_sensitivity for one in known])[:, None]
    calm = growth * np.arange(len(months)) / 12 + np.log(1 - sleep * festival_share(months))
    trouble = -sensitivity * county.world.stress[list(INDUSTRIES)].to_numpy().T
    vigour = points["vigour"].to_numpy()[:, None]
    power = calm[place] + trouble[place] * np.exp(-_RESILIENCE * vigour) + _WEAKNESS * vigour
    return np.where(place[:, None] < 0, 0.0, power)


def festival_share(months: pd.DatetimeIndex) -> Floats:
    """Return the part of each month in which works rest: some four weeks around the festival.

    Parameters
    ----------
    months : DatetimeIndex of shape (n_months,)
        First days of months without gap.

    Returns
    -------
    array of shape (n_months,)
        Mean over the days of a ramp up, rest and ramp down. [1]
    """
    festivals = pd.to_datetime(parameters.table("lunar_new_year")["date"]).to_numpy()
    days = pd.date_range(months[0], months[-1] + pd.offsets.MonthEnd(1), freq="D")
    away = (days.to_numpy()[:, None] - festivals[None, :]) / np.timedelta64(1, "D")
    asleep = np.clip(np.minimum((away + 16) / 7, (20 - away) / 7), 0, 1).max(axis=1)
    return pd.Series(asleep, days).resample("MS").mean().to_numpy()


def used_before_kwh(county: "County", energy_kwh: Floats) -> Floats:
    """Add up the energy of the calendar year before each month.

    Parameters
    ----------
    county : County
        The county.
    energy_kwh : array of shape (n_points, n_months)
        Energy by month. [kWh]

    Returns
    -------
    array of shape (n_points, n_months)
        Counted from the first month with bills on: what was used before it is not in any bill,
        and no bill must depend on it. [kWh]
    """
    used = np.zeros_like(energy_kwh)
    for i, month in enumerate(county.scale.months[1:], start=1):
        if month.month > 1:
            used[:, i] = (used[:, i - 1] + energy_kwh[:, i - 1]).round(2)
    return used


def block_price_ratio(county: "County", energy_kwh: Floats, band: str = "all") -> Floats:
    """Return the price of the block in which each home's month begins, over the first block's.

    Parameters
    ----------
    county : County
        The county.
    energy_kwh : array of shape (n_points, n_months)
        Energy by month. [kWh]
    band : str
        Time band whose first-block price is meant.

    Returns
    -------
    array of shape (n_points, n_months)
        One for all who pay no blocks. [1]
    """
    points, day = county.points, county.scale.origin
    bounds = parameters.at("tariff.residential_block_from_kwh", day)
    additions = np.array(parameters.at("tariff.residential_block_addition_yuan_per_kwh", day))
    first = parameters.at("tariff.residential_price_yuan_per_kwh", day)[band]
    block = np.searchsorted(bounds, used_before_kwh(county, energy_kwh), side="right") - 1
    blocks = points["tariff_code"].isin(["residential", "residential_time_of_use"]).to_numpy()
    return np.where(blocks[:, None], 1 + additions[block] / first, 1.0)


def home_elasticity_ratio(county: "County") -> Floats:
    """Return the own price elasticity of each point, zero but for homes. Shape (n_points,)."""
    mean = parameters.at("synthetic_billing.home_elasticity_ratio", county.scale.origin)
    draw = county.stream("bill", "elasticity").lognormal(-0.045, 0.3, len(county.points))
    home = (county.points["class_name"] == "residential").to_numpy()
    return np.where(home, county.world.effects.price_response * mean * draw, 0.0)


def price_response(county: "County", plain_kwh: Floats) -> Floats:
    """Return the factor on use that answers to the price of the block.

    Parameters
    ----------
    county : County
        The county.
    plain_kwh : array of shape (n_points, n_months)
        Use without any answer to prices, whose blocks homes expect to reach. [kWh]

    Returns
    -------
    array of shape (n_points, n_months)
        One in the first block. [1]
    """
    ratio = block_price_ratio(county, plain_kwh)
    response: Floats = ratio ** home_elasticity_ratio(county)[:, None]
    return response
