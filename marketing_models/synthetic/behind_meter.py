"""What stands behind the meters: roofs, storage, chargers, own plant, and what must stay on."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.industries import HEAVY, INDUSTRIES
from marketing_models.synthetic.sites import by_class
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# Share of sites with a roof plant, on urban and on rural ground, and its median size. [1, 1, kW]
_ROOFS = {
    "residential": (0.005, 0.036, 17.0),
    "agricultural": (0.010, 0.030, 27.0),
    "small": (0.027, 0.054, 40.0),
}
_LARGE_ROOF_FRAC, _ROOF_KW_PER_KVA = 0.26, 0.30
# Roof plants began to spread this long before the end, twice as many every third year.
_ROOF_YEARS, _DOUBLING_YEARS = 9.0, 3.0
_STORAGE_FRAC, _STORAGE_KW_PER_KVA = 0.035, 0.20
_CHARGER_FRAC = {"residential": 0.045, "agricultural": 0.005, "small": 0.05, "large": 0.20}
_CHARGER_KW = {"residential": 7.0, "agricultural": 7.0, "small": 40.0, "large": 180.0}
_OWN_FRAC = {"large": 0.05}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_FREQUENCY = (0.06, 0.08, 0.09, 0.09, 0.08, 0.15, 0.45)
_RESTRICTIONS = ("eliminated", "restricted", "over_limit", "high_emission", "lighting", "illegal")
_RESTRICTION_FREQUENCY = (0.10, 0.30, 0.20, 0.25, 0.12, 0.03)
_VITAL = {"Q84": 0.5, "D46": 0.5, "S92": 0.15, "C26": 0.12, "C25": 0.3, "C31": 0.10, "J66": 0.1}
_IMPORTANCE = ("special", "first", "second", "temporary")
_IMPORTANCE_FREQUENCY = (0.03, 0.25, 0.66, 0.06)
# Part of the mean load that must stay on, by shape of use.
_SAFETY_FRAC = {
    "continuous": 0.22, "two_shift": 0.10, "day_shift": 0.06, "office": 0.12, "retail": 0.10,
}  # fmt: skip


def behind_meter(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    """Return the plant and the duties of each site.

    Parameters
    ----------
    county : County
        The county.
    sites : DataFrame
        As `sites.sites` returns them.

    Returns
    -------
    DataFrame
        On the same index: ``distributed_pv_kw, pv_since, storage_power_kw, charging_power_kw,
        own_generation_kw, safety_load_kw, importance_level_code, restriction_code, rest_day_code,
        is_energy_intensive``; a plant that is not there is missing.
    """
    return pd.concat([_roofs(county, sites), _plant(county, sites), _duties(county, sites)], axis=1)


def _roofs(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("supply_point", "roof")
    name, kva = sites["class_name"], sites["contract_capacity_kva"].to_numpy()
    urban, rural = ({c: r[i] for c, r in _ROOFS.items()} for i in (0, 1))
    chance = np.where(sites["is_urban"], by_class(name, urban), by_class(name, rural))
    chance += by_class(name, {"large": _LARGE_ROOF_FRAC})
    size = by_class(name, {c: r[2] for c, r in _ROOFS.items()})
    # A plant fills a roof, not the contract: the largest sites have the smallest plants for theirs.
    large_kw = _ROOF_KW_PER_KVA * 1000 * (kva / 1000) ** 0.75
    median = np.where(name == "large", large_kw, size)
    kw = (median * np.exp(0.45 * numbers.standard_normal(len(sites)))).round(1)
    has = _evenly(name, chance, numbers)
    doublings = 2 ** (_ROOF_YEARS / _DOUBLING_YEARS)
    later = np.log2(1 + (doublings - 1) * numbers.random(len(sites))) * _DOUBLING_YEARS
    end = county.scale.origin - pd.Timedelta(days=1)
    began = end - pd.to_timedelta(np.floor((_ROOF_YEARS - later) * 365.25), "D")
    since = np.maximum(began.to_numpy(), sites["connected_date"].to_numpy())
    return pd.DataFrame(
        {
            "distributed_pv_kw": np.where(has, kw, np.nan),
            "pv_since": np.where(has, since, np.datetime64("NaT")).astype("datetime64[s]"),
        }
    )


def _evenly(name: pd.Series, chance: Floats, numbers: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Decide by chance, evenly spread inside each class: systematic sampling in random order."""
    order = np.lexsort((numbers.random(len(chance)), name))
    reached = np.floor(np.cumsum(chance[order]) + numbers.random())
    hit = np.empty(len(chance), dtype=bool)
    hit[order] = np.diff(reached, prepend=np.floor(reached[:1] - chance[order][:1])) > 0
    return hit


def _plant(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("supply_point", "plant")
    name, kva = sites["class_name"], sites["contract_capacity_kva"].to_numpy()
    size = np.exp(0.4 * numbers.standard_normal((3, len(sites))))
    stores = _evenly(name, by_class(name, {"large": _STORAGE_FRAC}), numbers)
    charges = _evenly(name, by_class(name, _CHARGER_FRAC), numbers)
    owns = _evenly(name, by_class(name, _OWN_FRAC), numbers)
    charger = np.where(name == "residential", 7.0, by_class(name, _CHARGER_KW) * size[1])
    charger = np.where(name == "charging", 0.9 * kva, np.where(charges, charger, np.nan))
    return pd.DataFrame(
        {
            "storage_power_kw": np.where(stores, _STORAGE_KW_PER_KVA * kva * size[0], np.nan),
            "charging_power_kw": charger,
            "own_generation_kw": np.where(owns, 0.15 * kva * size[2], np.nan),
        }
    ).round(0)


def _duties(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("supply_point", "duty")
    draws = numbers.random((7, len(sites)))
    large, industry = sites["class_name"] == "large", sites["industry_code"]
    shape = industry.map({code: i.shape_name for code, i in INDUSTRIES.items()})
    shifts = large & shape.isin(["two_shift", "day_shift"])
    safety = by_class(shape, _SAFETY_FRAC) * (0.4 + 1.2 * draws[0]) * sites["annual_kwh"] / 8760
    vital = by_class(industry, _VITAL) * np.where(large, 1.0, 0.02) + 0.004 * large
    limited = np.where(large & industry.isin([*HEAVY, "C17", "C22"]), 0.10, 0.01 * large)
    return pd.DataFrame(
        {
            "safety_load_kw": safety.where(large).round(0),
            "importance_level_code": _coded(
                _IMPORTANCE, _IMPORTANCE_FREQUENCY, draws[1] < vital, draws[2]
            ),
            "restriction_code": _coded(
                _RESTRICTIONS, _RESTRICTION_FREQUENCY, draws[3] < limited, draws[4]
            ),
            "rest_day_code": _coded(_DAYS, _DAY_FREQUENCY, shifts & (draws[5] < 0.7), draws[6]),
            "is_energy_intensive": large & industry.isin(HEAVY),
        }
    )


def _coded(
    codes: tuple[str, ...], frequency: tuple[float, ...], has: pd.Series, draw: Floats
) -> pd.Series:
    place = np.searchsorted(np.cumsum(frequency)[:-1], draw, "right")
    return pd.Series(np.array(codes)[place], dtype="str").where(np.asarray(has))
