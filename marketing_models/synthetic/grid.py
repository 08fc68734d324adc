"""The grid of a county: substations, feeders and transformer areas, and who hangs on which."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.scale import stations_below
from marketing_models.synthetic.sites import by_class
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

Integers = npt.NDArray[np.int64]
# Mean over coincident maximum load of a group of customers, for sizing.
_LOAD_FACTOR = {
    "residential": 0.28, "agricultural": 0.30, "small": 0.36, "large": 0.62, "charging": 0.22,
}  # fmt: skip
_POWER_FACTOR = 0.93
_ROWS_PER_AREA = 12
_FEEDER_KW, _SUBSTATION_KW = 5500.0, 45000.0
_DEDICATED_KVA, _BACKUP_KVA = 8000.0, 2000.0
# Median of load over rating, and the spread of its logarithm: a few percent are overloaded.
_LOADING = {"substation": (0.55, 0.25), "feeder": (0.50, 0.33), "transformer_area": (0.48, 0.38)}
_VOLTAGE = {"substation": "110kV", "feeder": "10kV", "transformer_area": "10kV"}
_PLANNED_ABOVE, _PLANNED_FRAC = 0.72, 0.6
_YUAN_PER_KVA = {"substation": 420.0, "feeder": 260.0, "transformer_area": 480.0}


def placed(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    """Hang each site on the grid.

    Parameters
    ----------
    county : County
        The county.
    sites : DataFrame
        As `sites.sites` returns them.

    Returns
    -------
    DataFrame
        On the same index: ``transformer_area_id`` (missing for large customers, who have their
        own transformers), ``feeder_id, backup_feeder_id, supply_station_id``.
    """
    numbers = county.stream("equipment", "placed")
    order = np.lexsort((numbers.random(len(sites)), sites["is_urban"]))
    own = (sites["class_name"] == "large").to_numpy()[order]
    load = _peak_kw(sites)[order]
    is_alone = own & (sites["contract_capacity_kva"].to_numpy()[order] >= _DEDICATED_KVA)
    feeder = _feeders(load, is_alone)
    area = _areas(feeder, own)
    substation = _substations(load, feeder)
    station = substation * len(stations_below(county.unit_id)) // (substation.max() + 1)
    backup = own & (sites["contract_capacity_kva"].to_numpy()[order] >= _BACKUP_KVA)
    backup &= numbers.random(len(sites)) < 0.25
    other = (feeder + 1 + numbers.integers(0, 3, len(sites))) % (feeder.max() + 1)
    ids = pd.DataFrame(
        {
            "transformer_area_id": _ids(county, "T", area).where(~own),
            "feeder_id": _ids(county, "F", feeder),
            "backup_feeder_id": _ids(county, "F", other).where(backup & (other != feeder)),
            "supply_station_id": np.array(stations_below(county.unit_id))[station],
            "substation_id": _ids(county, "B", substation),
        }
    )
    return ids.set_axis(order).sort_index()


def _ids(county: "County", letter: str, number: Integers) -> pd.Series:
    names = np.array([f"{county.unit_id}{letter}{i:05d}" for i in range(number.max() + 1)])
    return pd.Series(names[number], dtype="str")


def _peak_kw(sites: pd.DataFrame) -> Floats:
    """Return the coincident maximum of all customers a row stands for, in kW."""
    mean_kw = sites["annual_kwh"].to_numpy() * sites["represented_count"].to_numpy() / 8760
    return mean_kw / by_class(sites["class_name"], _LOAD_FACTOR)


def _feeders(load: Floats, is_alone: npt.NDArray[np.bool_]) -> Integers:
    """Return the feeder of each site along their row; the largest have one for themselves."""
    along = np.cumsum(np.where(is_alone, 0.0, load))
    shared = (along / _FEEDER_KW).astype("int64")
    count = int(shared.max()) + 1
    return np.where(is_alone, count - 1 + np.cumsum(is_alone), shared)


def _areas(feeder: Integers, own: npt.NDArray[np.bool_]) -> Integers:
    """Cut the sites of a feeder that have no transformer of their own into areas."""
    rows = pd.DataFrame({"feeder": feeder, "own": own})
    place = (~rows["own"]).groupby(rows["feeder"]).cumsum().to_numpy() - 1
    within = np.maximum(place, 0) // _ROWS_PER_AREA
    _, area = np.unique(feeder * (len(feeder) + 1) + within, return_inverse=True)
    return area.astype("int64")


def _substations(load: Floats, feeder: Integers) -> Integers:
    total = np.bincount(feeder, load)
    before = np.cumsum(total) - total / 2
    number = (before / max(_SUBSTATION_KW, 1.0)).astype("int64")
    _, dense = np.unique(number, return_inverse=True)
    return dense.astype("int64")[feeder]


def tables(county: "County") -> "Made":
    """Return the table ``equipment`` of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        ``equipment``; and as truth ``grid_loading``: the load over rating each was drawn for.
    """
    from marketing_models.synthetic.county import Made  # a county imports this module

    points = county.points
    load = pd.Series(_peak_kw(points) / _POWER_FACTOR)
    kinds = [
        _rated(county, kind, load.groupby(points[column]).sum(), points)
        for kind, column in (
            ("substation", "substation_id"),
            ("feeder", "feeder_id"),
            ("transformer_area", "transformer_area_id"),
        )
    ]
    rows = pd.concat(kinds, ignore_index=True)
    truth = rows[["equipment_id", "loading_frac"]]
    return Made({"equipment": rows.drop(columns="loading_frac")}, {"grid_loading": truth})


def _rated(county: "County", kind: str, load_kva: pd.Series, points: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("equipment", kind)
    median, spread = _LOADING[kind]
    count = len(load_kva)
    loading = median * np.exp(spread * numbers.standard_normal(count))
    rated = _standard_kva(load_kva.to_numpy() / loading)
    loading = load_kva.to_numpy() / rated
    plans = (loading > _PLANNED_ABOVE) & (numbers.random(count) < _PLANNED_FRAC)
    added = _standard_kva(rated * numbers.choice([0.5, 1.0], count))
    cost = added * _YUAN_PER_KVA[kind] * np.exp(0.2 * numbers.standard_normal(count))
    parent = {"substation": None, "feeder": "substation_id", "transformer_area": "feeder_id"}[kind]
    own = "transformer_area_id" if kind == "transformer_area" else f"{kind}_id"
    above = points.dropna(subset=[own]).groupby(own)[parent].first() if parent else None
    return pd.DataFrame(
        {
            "equipment_id": load_kva.index.astype("str"),
            "county_id": county.unit_id,
            "equipment_type_code": kind,
            "parent_equipment_id": above.to_numpy() if above is not None else None,
            "voltage_level_code": _VOLTAGE[kind],
            "rated_capacity_kva": rated,
            "upgrade_capacity_kva": np.where(plans, added, np.nan),
            "upgrade_cost_yuan": np.where(plans, cost.round(-3), np.nan),
            "valid_from": pd.Timestamp("2000-01-01"),
            "loading_frac": loading,
        }
    )


def _standard_kva(kva: Floats) -> Floats:
    """Return the nearest rating of the series R10, in which transformers are made."""
    series = np.array([1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0, 10.0])
    decade = 10.0 ** np.floor(np.log10(np.maximum(kva, 10.0)))
    edges = np.sqrt(series[1:] * series[:-1])
    return series[np.searchsorted(edges, np.maximum(kva, 10.0) / decade)] * decade
