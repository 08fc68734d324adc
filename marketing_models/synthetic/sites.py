"""How large the sites of customers are: energy, capacity, industry, place, day of connection."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.industries import INDUSTRIES, PUBLIC
from marketing_models.synthetic.profiles import CLASSES, represented_count
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

BUSINESS = ("small", "large", "charging")
LARGE_KVA = 315.0
SIZES_KVA = np.array(
    [
        *(315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000),
        *(6300, 8000, 10000, 12500, 16000, 20000, 25000, 31500, 40000, 50000, 63000),
        *(90000, 120000, 150000, 180000, 240000),
    ],
    dtype="float64",
)
_TAIL, _TAIL_KVA, _HOURS_GROW = 1.08, 80_000.0, 0.02
# Industries that use much for their capacity also have the larger sites; services the smaller,
# and public ones smaller still.
_AFFINITY, _SERVICE_AFFINITY, _PUBLIC_AFFINITY, _AFFINITY_NOISE = 0.7, -0.5, -0.6, 0.8
# Spread of the logarithm of energy between the customers of a class.
_SPREAD = {"residential": 0.69, "agricultural": 0.90, "small": 1.10, "charging": 0.85}
# Use of the rated capacity over the year, which sizes the connection. [hours]
_FULL_HOURS = {"residential": 300.0, "agricultural": 700.0, "small": 1300.0, "charging": 620.0}
_LEAST_KVA = {"residential": 4.0, "agricultural": 5.0, "small": 5.0, "charging": 63.0}
_MOST_KVA = {"residential": 60.0, "agricultural": 250.0, "small": 250.0, "charging": 1250.0}
_HARDLY_USED_FRAC, _HARDLY_USED_RATIO = 0.12, 0.03
_URBAN_FRAC = {"residential": 0.58, "agricultural": 0.05, "small": 0.60, "charging": 0.70}
_LARGE_URBAN_FRAC = 0.35
_NEW_FRAC_PER_YEAR = {"residential": 0.02, "agricultural": 0.015, "small": 0.035, "large": 0.03}
_NEW_CHARGING_FRAC_PER_YEAR = 0.12
# No customer is drawn with more use, over capacity and over the mean of a mass class.
_MOST_HOURS, _MOST_RATIO = 6200.0, 22.0
# How unevenly industries are spread over counties (standard deviation of the log frequency).
_CLUSTER = 0.40


def spread_evenly(count: int, numbers: np.random.Generator) -> Floats:
    """Return uniform numbers of which every part of the interval has its share, in random order.

    Parameters
    ----------
    count : int
        How many.
    numbers : Generator
        Their source.

    Returns
    -------
    array of shape (count,)
        Between 0 and 1. Shares of customers then hardly differ between seeds.
    """
    even = (np.arange(count) + numbers.random(count)) / max(count, 1)
    return np.asarray(numbers.permutation(even), dtype="float64")


def chosen(
    codes: list[str], weights: Floats, count: int, numbers: np.random.Generator
) -> npt.NDArray[np.str_]:
    """Return codes drawn in proportion to weights, evenly spread.

    Parameters
    ----------
    codes : list of str
        What is drawn.
    weights : array of shape (n_codes,)
        How often each occurs, relative to the others.
    count : int
        How many are drawn.
    numbers : Generator
        Their source.

    Returns
    -------
    array of shape (count,)
        The codes.
    """
    edges = np.cumsum(weights) / np.sum(weights)
    place = np.searchsorted(edges[:-1], spread_evenly(count, numbers), "right")
    return np.asarray(np.array(codes)[place], dtype=np.str_)


def parameter(name: str, county: "County") -> Any:
    """Return a parameter of the customers in force on the last day of a province.

    Parameters
    ----------
    name : str
        Such as ``closure_frac_per_year``.
    county : County
        A county of the province.

    Returns
    -------
    object
        As `parameters.at`.
    """
    return parameters.at(f"synthetic_customers.{name}", pd.Timestamp(county.scale.last_day))


def is_business(points: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return whether each supply point is billed as industrial or commercial."""
    return points["class_name"].isin(BUSINESS).to_numpy()


def by_class(class_name: pd.Series, values: dict[str, float]) -> Floats:
    """Return a value of each row's class.

    Parameters
    ----------
    class_name : Series
        Class by row.
    values : dict of str to float
        Value by class; other classes have 0.

    Returns
    -------
    array
        One value a row.
    """
    names = class_name.to_numpy(dtype=object)
    result = np.zeros(len(names))
    for name, value in values.items():
        result[names == name] = value
    return result


def sites(county: "County") -> pd.DataFrame:
    """Return one row per supply point of a county, with its size, industry, place and age.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        ``class_name, represented_count, industry_code, share_frac, annual_kwh,
        contract_capacity_kva, is_urban, connected_date``, in order of class.
    """
    rows = county.profile.row_count
    parts = [_of_class(county, name, rows[name]) for name in CLASSES if rows.get(name, 0)]
    points = pd.concat(parts, ignore_index=True)
    points["connected_date"] = _connected(county, points["class_name"])
    return points


def _of_class(county: "County", name: str, count: int) -> pd.DataFrame:
    numbers = county.stream("supply_point", "site", name)
    industry = _industries(county, name, count)
    represented = represented_count(name, county.scale)
    relative, kva = _relative_energy(name, industry, numbers)
    share = relative / relative.sum() / represented
    annual_kwh = county.profile.energy_kwh[name] * share
    if name == "large":
        least = np.searchsorted(SIZES_KVA, np.maximum(kva, annual_kwh / _MOST_HOURS))
        kva = SIZES_KVA[np.minimum(least, len(SIZES_KVA) - 1)]
    else:
        kva = _capacity_kva(name, annual_kwh, numbers)
    urban_frac = _URBAN_FRAC.get(name, _LARGE_URBAN_FRAC)
    return pd.DataFrame(
        {
            "class_name": pd.Series([name] * count, dtype="str"),
            "represented_count": represented,
            "industry_code": pd.Series(industry, dtype="str").replace("", None),
            "share_frac": share,
            "annual_kwh": annual_kwh,
            "contract_capacity_kva": kva,
            "is_urban": spread_evenly(count, numbers) < urban_frac,
        }
    )


def _industries(county: "County", name: str, count: int) -> npt.NDArray[np.str_]:
    numbers = county.stream("supply_point", "industry", name)
    cluster = np.exp(_CLUSTER * county.stream("industry").standard_normal(len(INDUSTRIES)))
    if name in {"residential", "charging"}:
        return np.full(count, "F52" if name == "charging" else "", dtype="<U3")
    is_farm = name == "agricultural"
    kept = [
        (i, by_size, factor)
        for i, factor in zip(INDUSTRIES.values(), cluster.tolist(), strict=True)
        if (i.sector_code == "primary") == is_farm
        and (by_size := i.large_weight if name == "large" else i.small_weight) > 0
    ]
    weight = np.array([w for _, w, _ in kept])
    tilted = weight * np.array([factor for _, _, factor in kept])
    # Counties specialise inside a sector; the sectors keep their shares.
    sector = pd.Series([i.sector_code for i, _, _ in kept])
    sums = pd.DataFrame({"weight": weight, "tilted": tilted}).groupby(sector).transform("sum")
    tilted *= (sums["weight"] / sums["tilted"]).to_numpy()
    return chosen([i.code for i, _, _ in kept], tilted, count, numbers)


def _relative_energy(
    name: str, industry: npt.NDArray[np.str_], numbers: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw energy, relative inside the class, and the capacity of the large."""
    count = len(industry)
    place, spread = spread_evenly(count, numbers), numbers.standard_normal(count)
    factor = np.array([INDUSTRIES[i].size_factor if i else 1.0 for i in industry])
    if name == "large":
        service = np.array([INDUSTRIES[i].sector_code == "tertiary" for i in industry])
        affinity = _AFFINITY * np.log(factor) + _SERVICE_AFFINITY * service
        affinity += _PUBLIC_AFFINITY * np.isin(industry, PUBLIC)
        affinity += _AFFINITY_NOISE * numbers.standard_normal(count)
        place = np.sort(place)[np.argsort(np.argsort(affinity))]
        tail = np.minimum(LARGE_KVA * (1 - place) ** (-1 / _TAIL), _TAIL_KVA)
        kva = SIZES_KVA[np.searchsorted(SIZES_KVA, tail)]
        return kva * factor * (kva / 1000) ** _HOURS_GROW * np.exp(0.40 * spread), kva
    energy = np.exp(_SPREAD[name] * _heavy_normal(place)) * (factor if name == "small" else 1.0)
    rests = numbers.permutation(count) < round(_HARDLY_USED_FRAC * count)
    if name == "residential":
        energy = np.where(rests, _HARDLY_USED_RATIO * energy, energy)
    return np.minimum(energy, _MOST_RATIO * energy.mean()), np.zeros(count)


def _heavy_normal(place: Floats) -> Floats:
    # Logistic quantile scaled to unit variance: heavier tails than the normal distribution.
    return np.log(place / (1 - place)) * np.sqrt(3) / np.pi


def _capacity_kva(name: str, annual_kwh: Floats, numbers: np.random.Generator) -> Floats:
    kva = annual_kwh / _FULL_HOURS[name] * np.exp(0.35 * numbers.standard_normal(len(annual_kwh)))
    return np.clip(np.ceil(kva), _LEAST_KVA[name], _MOST_KVA[name])


def _connected(county: "County", class_name: pd.Series) -> pd.Series:
    """Let some begin within the time axis, on the first of a month, the others long before."""
    numbers = county.stream("supply_point", "connected")
    months, count = county.scale.months, len(class_name)
    years = len(months) / 12
    rate = by_class(class_name, _NEW_FRAC_PER_YEAR | {"charging": _NEW_CHARGING_FRAC_PER_YEAR})
    first = months[numbers.integers(0, len(months), count)]
    age_days = np.where(
        class_name == "charging", 1 + 2500 * numbers.random(count), 1 + 7300 * numbers.random(count)
    )
    before = months[0] - pd.to_timedelta(np.floor(age_days), "D")
    is_new = spread_evenly(count, numbers) < rate * years
    return pd.Series(np.where(is_new, first, before)).astype("datetime64[s]")
