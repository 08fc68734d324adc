"""What customers ask the grid for: supply that began, grew, shrank or ended in the time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic import grid
from marketing_models.synthetic.calls import service_level
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_OF_POINT = [
    *("supply_point_id", "tariff_class_code", "industry_code", "voltage_level_code", "feeder_id"),
    *("transformer_area_id", "class_name", "vigour"),
]
_BUILDER_INDUSTRIES = ("K70", "E47", "C38", "C39", "G59", "Q83")
_BUILDER_HOMES_FRAC, _BUILDER_DUAL_FRAC = 0.45, 0.08
_BUILDER_KVA, _BUILDER_SPREAD = (315.0, 1700.0, 12_500.0), 0.75
_CHARGER_KNOWN_FRAC = 0.7
# Part of the free rating that planners give away.
_GIVEN_FRAC = 0.85
_LOW_VOLTAGE_KVA = 100.0


def requested(county: County) -> pd.DataFrame:
    """Return what was asked for and granted, or is to be, with the room that the grid has for it.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Columns of the table ``application`` that do not depend on its course; ``done_date``,
        ``class_name``, ``vigour`` and ``is_constrained``.
    """
    parts = [_of_points(county), _of_builders(county)]
    return _limited(county, pd.concat(parts, ignore_index=True))


def _of_points(county: County) -> pd.DataFrame:
    points, first = county.points, county.scale.months[0]
    began = points["connected_date"]
    grew = points["contract_capacity_kva"] - points["earlier_capacity_kva"]
    at_first = points["earlier_capacity_kva"].fillna(points["contract_capacity_kva"])
    charger = points["charging_power_kw"].where(points["class_name"] != "charging")
    kind = np.where(points["class_name"] == "charging", "charging", "new")
    whole = points["contract_capacity_kva"]
    asked: list[tuple[str, npt.ArrayLike, pd.Series, pd.Series]] = [
        ("N", kind, at_first, began),
        ("L", "larger", grew.where(grew > 0), points["capacity_since"]),
        ("S", "smaller", -grew.where(grew < 0), points["capacity_since"]),
        ("R", "suspension", whole, points["suspended_date"]),
        ("C", "closure", whole, points["closed_date"]),
        ("P", "photovoltaic", points["distributed_pv_kw"], points["pv_since"]),
        ("V", "charging", charger, _charger_since(county)),
    ]
    day = np.column_stack([since.to_numpy(dtype="datetime64[s]") for *_, since in asked])
    size = np.column_stack([kva.to_numpy(dtype="float64") for _, _, kva, _ in asked])
    limits = np.datetime64(first), np.datetime64(county.scale.origin)
    row, column = np.nonzero((day >= limits[0]) & (day < limits[1]) & (size > 0))
    marks = [mark for mark, *_ in asked]
    types = np.array([np.broadcast_to(code, len(points)) for _, code, *_ in asked], dtype="object")
    numbered = zip(row.tolist(), column.tolist(), strict=True)
    ids = [f"{county.unit_id}-{marks[k]}{point}" for point, k in numbered]
    dual = points["backup_feeder_id"].notna().to_numpy()
    return (
        points[_OF_POINT]
        .iloc[row]
        .assign(
            application_id=np.array(ids, dtype="object"),
            application_type_code=types[column, row],
            applied_capacity_kva=size[row, column],
            is_dual_supply=dual[row] & np.isin(column, [marks.index("N"), marks.index("L")]),
            done_date=day[row, column],
        )
    )


def _charger_since(county: County) -> pd.Series:
    numbers, points = county.stream("application", "charger"), county.points
    draws = numbers.random((2, len(points)))
    # Later years have more of them.
    age = np.floor(draws[0] ** 2 * len(county.scale.hours) / 24)
    day = pd.Series(county.scale.origin.normalize() - pd.to_timedelta(age + 1, "D"), points.index)
    return day.where((day > points["connected_date"]) & (draws[1] < _CHARGER_KNOWN_FRAC))


def _of_builders(county: County) -> pd.DataFrame:
    """Draw builders of homes and works, whose supply points the sample does not hold."""
    numbers, points = county.stream("application", "builder"), county.points
    customers = float(points["represented_count"].sum())
    years = len(county.scale.hours) / 8766
    rate = service_level("builders_per_1000_year", county)
    count = numbers.poisson(rate * customers / 1000 * years)
    draws, spread = numbers.random((4, count)), numbers.standard_normal(count)
    low, median, high = _BUILDER_KVA
    homes = draws[0] < _BUILDER_HOMES_FRAC
    place = (draws[1] * len(points)).astype("int64")
    industries = np.array(_BUILDER_INDUSTRIES, dtype="object")
    industry = industries[(draws[2] * len(industries)).astype("int64")]
    kva = np.clip(median * np.exp(_BUILDER_SPREAD * spread), low, high)
    return pd.DataFrame(
        {
            "supply_point_id": None,
            "tariff_class_code": np.where(homes, "residential", "industrial_commercial"),
            "industry_code": np.where(homes, "K70", industry),
            "voltage_level_code": "10kV",
            "feeder_id": points["feeder_id"].to_numpy(dtype="object")[place],
            "transformer_area_id": None,
            "class_name": np.where(homes, "residential", "large"),
            "vigour": spread[::-1],
            "application_id": [f"{county.unit_id}-B{number}" for number in range(count)],
            "application_type_code": "new",
            "applied_capacity_kva": np.rint(kva / 5) * 5,
            "is_dual_supply": draws[3] < _BUILDER_DUAL_FRAC,
            "done_date": county.scale.months[0]
            + pd.to_timedelta(np.floor(draws[3] * len(county.scale.hours) / 24), "D"),
        }
    )


def _limited(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Compare with the free rating of the transformer area, or of feeder and substation."""
    room = _room_kva(county)
    kva = rows["applied_capacity_kva"].to_numpy()
    growing = rows["application_type_code"].isin(["new", "larger", "photovoltaic", "charging"])
    small = (kva < _LOW_VOLTAGE_KVA) & rows["transformer_area_id"].notna()
    equipment = rows["transformer_area_id"].where(small, rows["feeder_id"])
    free = room["free_kva"].reindex(equipment).to_numpy()
    above = room["free_kva"].reindex(room["parent"].reindex(equipment)).to_numpy()
    free, above = np.nan_to_num(free, nan=np.inf), np.nan_to_num(above, nan=np.inf)
    least = np.where(small, free, np.minimum(free, above))
    # One home or shop behind a row never fills a transformer that has any room.
    is_constrained = growing.to_numpy() & (kva > np.maximum(least, 0.0))
    upstream = county.stream("application", "upstream").random(len(rows)) < 0.04
    code = np.select(
        [upstream, small, above < free], ["upstream", "transformer", "substation"], "feeder"
    )
    return rows.drop(columns="transformer_area_id").assign(
        is_constrained=is_constrained,
        constraint_code=code,
        constrained_capacity_kva=_beyond(kva, least),
    )


def _beyond(kva: Floats, free_kva: Floats) -> Floats:
    return np.rint(np.clip(kva - np.maximum(free_kva, 0.0), 0.0, kva))


def _room_kva(county: County) -> pd.DataFrame:
    """Return the rating that is free of each piece of equipment, and what feeds it."""
    made = grid.tables(county)
    plant = made.tables["equipment"].merge(made.truth["grid_loading"], on="equipment_id")
    free = plant["rated_capacity_kva"] * (_GIVEN_FRAC - plant["loading_frac"])
    frame = pd.DataFrame({"free_kva": free, "parent": plant["parent_equipment_id"]})
    return frame.set_index(plant["equipment_id"])
