"""Which supply points the company loses, when and why: closures and own generation."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.industries import INDUSTRIES, PUBLIC
from marketing_models.synthetic.sites import chosen, is_business, parameter
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# How the log hazard of loss leans on what nobody sees: vigour, and stress by sensitivity; and on
# what the company knows: exposure to price, size, youth, payment form, use of the capacity.
_VIGOUR, _STRESS = -0.37, 5.0
_EXPOSED, _SIZE, _YOUTH, _PREPAID, _USED = 0.50, -0.12, 1.2, 0.5, -0.75
_EXPOSURE = {"fixed": 0.0, "time_shaped": 0.3, "spot_linked": 1.0, "shared": 0.6}
_HOME_VIGOUR = -0.25
_YOUTH_FADES_YEARS = 3.0
# Retail, catering, clothing, furniture and building sites come and go; public bodies stay.
_FICKLE, _FICKLE_SCORE, _PUBLIC_SCORE = ("F52", "H62", "C18", "C21", "E47"), 0.55, -0.9
# Use of the rated capacity over the year that is usual in each class.
_USUAL_HOURS = {"small": 1200.0, "large": 2900.0, "charging": 420.0}
_SUSPENDED_FRAC = 0.004
_CAUSES = ("closure", "own_generation", "photovoltaic", "other_fuel", "direct_supply", "credit")
_CAUSE_FREQUENCY = {
    "large": (0.58, 0.20, 0.03, 0.05, 0.06, 0.08),
    "small": (0.83, 0.04, 0.03, 0.03, 0.0, 0.07),
}


def lost(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    """Return which supply points the company lost, when and why.

    Parameters
    ----------
    county : County
        The county.
    sites : DataFrame
        Supply points with their terms and ``vigour``.

    Returns
    -------
    DataFrame
        On the same index: ``closed_date`` (first of a month), ``loss_cause_code``,
        ``suspended_date, status_code``.
    """
    numbers = county.stream("supply_point", "lost")
    months, count = county.scale.months, len(sites)
    hazard = _loss_hazard(county, sites)
    reached = np.cumsum(-np.log1p(-hazard), axis=1) > numbers.exponential(size=count)[:, None]
    gone: npt.NDArray[np.bool_] = np.asarray(reached.any(axis=1))
    closed = pd.Series(months.to_numpy()[reached.argmax(axis=1)]).where(gone)
    rest_month = numbers.integers(max(len(months) - 12, 0), len(months), count)
    rests = is_business(sites) & ~gone & (numbers.random(count) < _SUSPENDED_FRAC)
    suspended = pd.Series(months.to_numpy()[rest_month])
    rests &= (suspended > sites["connected_date"]).to_numpy()
    cause = np.where(
        sites["class_name"] == "large",
        chosen(list(_CAUSES), np.array(_CAUSE_FREQUENCY["large"]), count, numbers),
        chosen(list(_CAUSES), np.array(_CAUSE_FREQUENCY["small"]), count, numbers),
    )
    cause = np.where(is_business(sites), cause, "closure")
    return pd.DataFrame(
        {
            "closed_date": closed.astype("datetime64[s]"),
            "loss_cause_code": pd.Series(cause, dtype="str").where(gone),
            "suspended_date": suspended.where(rests).astype("datetime64[s]"),
            "status_code": np.select([gone, rests], ["closed", "suspended"], "active"),
        }
    )


def _loss_hazard(county: "County", sites: pd.DataFrame) -> Floats:
    """Return the chance of loss by supply point and month, given that it is still there.

    The mean hazard of businesses, and of homes, is the parameter's in usual years, whether
    effects are at work or not: what leans on customers is divided by its mean over those there,
    what leans on the economy by its mean over usual years.
    """
    risk = county.world.effects.risk
    rate = parameter("closure_frac_per_year", county)
    business = is_business(sites)
    base = np.where(business, rate["business"], rate["home"]) / 12
    months = county.scale.months.to_numpy()
    # Everybody is billed once: none leaves before the second month.
    begun = (sites["connected_date"].to_numpy()[:, None] < months) & (months > months[0])
    standing = np.where(business, _standing(sites), _HOME_VIGOUR * sites["vigour"])
    shift = standing[:, None] + _youth(county, sites) * business[:, None]
    fixed = shift - _log_mean(shift, business, begun)[:, None]
    sense = sites["industry_code"].map({c: i.stress_sensitivity for c, i in INDUSTRIES.items()})
    lean = _STRESS * sense.fillna(0.0).to_numpy()
    stress = _stress(county, sites)
    usual = 0.25**2 + 0.35**2
    log = fixed + lean[:, None] * stress - (lean**2 * usual / 2)[:, None]
    hazard = np.minimum(base[:, None] * np.exp(risk * log), 0.5)
    return np.where(begun, hazard, 0.0)


def _log_mean(
    shift: Floats, business: npt.NDArray[np.bool_], begun: npt.NDArray[np.bool_]
) -> Floats:
    """Return the log of the mean of exp(shift) over the months of businesses, or of homes."""
    there = np.exp(shift) * begun
    rows = pd.DataFrame({"sum": there.sum(axis=1), "months": begun.sum(axis=1)})
    sums = rows.groupby(business).transform("sum")
    return np.log(sums["sum"].to_numpy() / np.maximum(sums["months"].to_numpy(), 1) + 1e-9)


def _youth(county: "County", sites: pd.DataFrame) -> Floats:
    """Return how youth shifts the log hazard by month: much at first, hardly after ten years."""
    connected = sites["connected_date"].to_numpy()[:, None]
    days = (county.scale.months.to_numpy() - connected) / np.timedelta64(1, "D")
    return _YOUTH * np.exp(-np.maximum(days, 0.0) / 365.25 / _YOUTH_FADES_YEARS)


def _stress(county: "County", sites: pd.DataFrame) -> Floats:
    """Return the stress of each supply point's industry, shape (n_points, n_months)."""
    places = county.world.stress.columns.get_indexer(pd.Index(sites["industry_code"].fillna("F52")))
    return county.world.stress.to_numpy()[:, places].T


def _standing(sites: pd.DataFrame) -> Floats:
    """Return how vigour, size, business, price, payment and idle capacity shift the log hazard."""
    industry, yearly = sites["industry_code"], sites["annual_kwh"].to_numpy()
    exposed = sites["retail_package_code"].map(_EXPOSURE).fillna(0.0).to_numpy()
    size = np.log(np.maximum(yearly, 100.0)) - np.log(25_000)
    usual = sites["class_name"].map(_USUAL_HOURS).fillna(1000.0).to_numpy()
    used = np.log(np.maximum(yearly, 1.0) / sites["contract_capacity_kva"].to_numpy() / usual)
    shift = _VIGOUR * sites["vigour"].to_numpy() + _EXPOSED * exposed + _SIZE * size
    shift += _PREPAID * sites["is_prepaid"].to_numpy() + _USED * np.clip(used, -1.0, 1.0)
    shift += _FICKLE_SCORE * industry.isin(_FICKLE) + _PUBLIC_SCORE * industry.isin(PUBLIC)
    return np.asarray(shift)


def truth(county: "County") -> pd.DataFrame:
    """Return each month in which a business could be lost, its hazard and whether it was.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        ``account_id, supply_point_id, month_start, hazard, is_lost``; homes are left out.
    """
    points, months = county.points, county.scale.months
    hazard = _loss_hazard(county, points)
    closed = points["closed_date"].to_numpy()[:, None]
    at_risk = ~(closed < months.to_numpy()) & is_business(points)[:, None] & (hazard > 0)
    point, month = np.nonzero(at_risk)
    return pd.DataFrame(
        {
            "account_id": points["account_id"].array[point],
            "supply_point_id": points["supply_point_id"].array[point],
            "month_start": months[month],
            "hazard": hazard[point, month],
            "is_lost": (closed == months.to_numpy())[point, month],
        }
    )
