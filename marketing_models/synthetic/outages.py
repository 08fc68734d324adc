"""Interruptions of supply of a county: planned work, faults raised by storms and heat, arrears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.moments import minutes
from marketing_models.synthetic.storms import fault_ratio, storm_ratio, temperature_degc
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

CAUSES = {
    "equipment_fault": ("设备故障", "Equipment fault"),
    "external_damage": ("外力破坏", "External damage"),
    "storm": ("自然灾害", "Storm"),
    "overload": ("过负荷", "Overload"),
    "tree": ("树障", "Tree"),
    "customer_equipment": ("用户设备影响", "Customer equipment"),
    "maintenance": ("计划检修", "Maintenance"),
    "construction": ("工程施工", "Construction"),
    "customer_request": ("用户申请", "Request of a customer"),
    "arrears": ("欠费停电", "Arrears"),
}
_FAULT_CAUSES = ("equipment_fault", "external_damage", "tree", "customer_equipment")
_PLANNED_CAUSES = ("maintenance", "construction", "customer_request")
# Part of the interruptions of a transformer area that begin in itself, not on its feeder.
_OWN_FRAC = 0.12
# A fault or a job on a feeder interrupts the whole of it, or a section of random size.
_WHOLE_FRAC, _SECTION_FRAC = 0.25, (0.10, 0.90)
_MOST_RATIO = 100.0
_WEEKDAY = np.array([1.0, 1.1, 1.1, 1.1, 1.0, 0.6, 0.4])
_MONTH = np.array([0.6, 0.6, 1.2, 1.3, 1.3, 1.1, 0.6, 0.6, 1.0, 1.3, 1.3, 1.0])
_HOT_DEGC, _OVERLOAD_FRAC, _STORM_FRAC = 32.0, 0.35, 0.85
_KNOWN_AFTER = pd.Timedelta(minutes=30)


def tables(county: County) -> Made:
    """Return the interruptions of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        The table ``outage_event``.
    """
    from marketing_models.synthetic.county import Made  # a county imports this module

    return Made(tables={"outage_event": county.outages})


def outage_events(county: County) -> pd.DataFrame:
    """Return the interruptions of supply of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Rows of the table ``outage_event``. One that lasts beyond the last day has no end.

    Notes
    -----
    Faults are a thinned Poisson process: each piece of equipment has a hidden frailty, and each
    hour the ratio of `storms.fault_ratio`. Thinning keeps the candidates of two worlds of one seed
    the same.
    """
    sites = _sites(county)
    parts = [_faults(county, sites), _planned(county, sites), _arrears(county)]
    rows = pd.concat(parts, ignore_index=True).assign(county_id=county.unit_id)
    known = rows["ended_at"].where(rows["ended_at"] < county.scale.origin)
    rows = rows.assign(ended_at=known, known_at=known.fillna(rows["started_at"]) + _KNOWN_AFTER)
    return rows[rows["known_at"] < county.scale.origin].reset_index(drop=True)


def _at(name: str, county: County) -> Any:
    return parameters.at(f"synthetic_service.{name}", pd.Timestamp(county.scale.last_day))


def _sites(county: County) -> pd.DataFrame:
    """Return feeders and transformer areas: who hangs on them, whether rural, how frail."""
    points = county.points
    own = (points["class_name"] == "large") | points["transformer_area_id"].isna()
    kept = pd.DataFrame(
        {
            "feeder": points["feeder_id"],
            "area": points["transformer_area_id"].mask(own),
            "customer_count": points["represented_count"],
            "own_count": own.astype("int64"),
            "rural_count": (points["area_type_code"] != "urban").astype("int64"),
        }
    )
    feeders = _gathered(kept, "feeder").assign(is_feeder=True)
    feeders["mv_count"] = feeders["own_count"] + kept.groupby("feeder")["area"].nunique()
    areas = _gathered(kept, "area").assign(is_feeder=False, mv_count=1)
    sites = pd.concat([feeders, areas]).rename_axis("equipment_id").reset_index()
    frailty = county.stream("outage_event", "frailty").gamma(4.0, 0.25, len(sites))
    sites = sites.assign(frailty=frailty, is_rural=sites["rural_count"] * 2 > sites["row_count"])
    mean_part = _WHOLE_FRAC + (1 - _WHOLE_FRAC) * sum(_SECTION_FRAC) / 2
    return sites.assign(
        event_ratio=np.where(sites["is_feeder"], (1 - _OWN_FRAC) / mean_part, _OWN_FRAC)
        * np.where(sites["is_rural"], _at("rural_interruption_ratio", county)["count"], 1.0)
    )


def _gathered(kept: pd.DataFrame, by: str) -> pd.DataFrame:
    groups = kept.groupby(by)
    sums = groups[["customer_count", "own_count", "rural_count"]].sum()
    return sums.assign(row_count=groups.size())


def _faults(county: County, sites: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("outage_event", "fault")
    hours, ratio = county.scale.hours, fault_ratio(county).to_numpy()
    rate = sites["event_ratio"] * sites["frailty"] * _at("interruptions_per_year", county)["fault"]
    count = numbers.poisson(rate.sum() * len(hours) / 8766 * _MOST_RATIO)
    hour = numbers.integers(0, len(hours), count)
    kept = numbers.random(count) < ratio[hour] / _MOST_RATIO
    place = np.searchsorted(rate.cumsum(), numbers.random(count) * rate.sum())
    draws = numbers.random((3, count))[:, kept]
    spread = numbers.standard_normal(count)[kept]
    place, hour = place[kept], hour[kept]
    stormy = storm_ratio(county).to_numpy()[hour] > 1
    hot = temperature_degc(county).to_numpy()[hour] > _HOT_DEGC
    usual = np.array(_FAULT_CAUSES)[(draws[1] * len(_FAULT_CAUSES)).astype("int64")]
    cause = np.where(hot & (draws[0] < _OVERLOAD_FRAC), "overload", usual)
    # Log-normal with a deviation of 0.8: a few faults last for most of a day.
    lasting = np.exp(0.8 * spread - 0.32) * np.where(stormy, 1.6, 1.0)
    events = pd.DataFrame(
        {
            "number": np.flatnonzero(kept),
            "site": place,
            "started_at": hours.to_numpy()[hour] + minutes(60 * draws[2]),
            "lasting_hours": lasting * _at("interruption_hours", county)["fault"],
            "cause_code": np.where(stormy & (draws[0] < _STORM_FRAC), "storm", cause),
        }
    )
    return _rows(county, sites, events, "fault")


def _planned(county: County, sites: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("outage_event", "planned")
    days = county.scale.hours[::24]
    weight = _WEEKDAY[days.day_of_week] * _MONTH[days.month - 1]
    rate = sites["event_ratio"] * _at("interruptions_per_year", county)["planned"]
    count = numbers.poisson(rate.sum() * len(days) / 365.25)
    day = np.searchsorted(weight.cumsum(), numbers.random(count) * weight.sum())
    place = np.searchsorted(rate.cumsum(), numbers.random(count) * rate.sum())
    lasting = np.clip(numbers.normal(1.0, 0.35, count), 0.15, 2.0)
    events = pd.DataFrame(
        {
            "number": np.arange(count),
            "site": place,
            "started_at": days.to_numpy()[day] + minutes(30 * numbers.integers(12, 20, count)),
            "lasting_hours": lasting * _at("interruption_hours", county)["planned"],
            "cause_code": numbers.choice(_PLANNED_CAUSES, count, p=[0.55, 0.30, 0.15]),
        }
    )
    return _rows(county, sites, events, "planned")


def _rows(county: County, sites: pd.DataFrame, events: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Finish the events of one kind: whom each interrupts, and for how long."""
    site = sites.iloc[events["site"]].reset_index(drop=True)
    events = events.reset_index(drop=True)
    # A number of its own for every candidate: thinning must not shift those that remain.
    last = int(events["number"].max()) + 1 if len(events) else 0
    drawn = county.stream("outage_event", kind, "section").random((last, 2))[events["number"]]
    low, high = _SECTION_FRAC
    part = np.where(drawn[:, 0] < _WHOLE_FRAC, 1.0, low + (high - low) * drawn[:, 1])
    part = np.where(site["is_feeder"], part, 1.0)
    longer = np.where(site["is_rural"], _at("rural_interruption_ratio", county)["hours"], 1.0)
    lasting = np.clip(60 * events["lasting_hours"] * longer, 3, 4320)
    letter = kind[0].upper()
    return pd.DataFrame(
        {
            "outage_id": f"{county.unit_id}-{letter}" + events["number"].astype("str"),
            "outage_type_code": kind,
            "equipment_id": site["equipment_id"],
            "started_at": events["started_at"],
            "ended_at": events["started_at"] + minutes(lasting.to_numpy()),
            "interrupted_customer_count": _part(site["customer_count"], part),
            "interrupted_mv_customer_count": _part(site["mv_count"], part),
            "cause_code": events["cause_code"],
        }
    )


def _part(count: pd.Series, part: Floats) -> Floats:
    return np.maximum(np.rint(count.to_numpy() * part), 1.0)


def _arrears(county: County) -> pd.DataFrame:
    """Cut off a few who have not paid, on working days; weak payers more often."""
    numbers, points = county.stream("outage_event", "arrears"), county.points
    days = county.scale.hours[::24]
    days = days[days.day_of_week < 5] if len(days) > 6 else days
    mass = points["represented_count"].where(points["class_name"].isin(["residential", "small"]), 0)
    rate = _at("arrears_cut_per_1000_year", county) * mass.sum() / 1000
    count = numbers.poisson(rate * len(county.scale.hours) / 8766)
    weight = mass * np.exp(-0.8 * county.world.effects.risk * points["vigour"])
    draws = numbers.random((4, count))
    cut = points.iloc[np.searchsorted(weight.cumsum(), draws[0] * weight.sum())]
    day = days.to_numpy()[(draws[1] * len(days)).astype("int64")]
    started = day + minutes(np.rint(540 + 420 * draws[2]))
    events = pd.DataFrame(
        {
            "outage_id": [f"{county.unit_id}-A{number}" for number in range(count)],
            "outage_type_code": "arrears",
            "equipment_id": cut["transformer_area_id"].fillna(cut["feeder_id"]).to_numpy(),
            "started_at": started,
            "ended_at": started + minutes(60 * np.exp(2.6 + 2.2 * (draws[3] - 0.5))),
            "interrupted_customer_count": 1,
            "interrupted_mv_customer_count": 0,
            "cause_code": "arrears",
        }
    )
    return events[(cut["connected_date"] < pd.Series(started, cut.index)).to_numpy()]
