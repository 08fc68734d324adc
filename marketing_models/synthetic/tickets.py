"""Requests to the service centre: what becomes of the contacts that are written down."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.calls import (
    bill_calls_expected,
    contacts,
    outage_calls_count,
    service_level,
)
from marketing_models.synthetic.choices import coded, draws_by_number
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.field_work import work_orders
from marketing_models.synthetic.moments import (
    NEVER,
    Moments,
    added,
    hours_between,
    minutes,
    named,
)
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.working_days import working_days_later

CAUSES = {
    "low_voltage_line": ("低压线路故障", "Low-voltage line"),
    "meter": ("计量装置故障", "Meter"),
    "fuse": ("开关熔丝故障", "Switch or fuse"),
    "customer_side": ("客户内部故障", "Fault of the customer's own"),
    "grid_outage": ("电网停电", "Interruption of the grid"),
    "high_bill": ("电费突增", "High bill"),
    "price": ("电价政策", "Prices"),
    "payment": ("交费及票据", "Payment and receipts"),
    "connection": ("业扩报装", "Connection"),
    "outage_notice": ("停电信息", "Notice of interruptions"),
    "network_service": ("网上服务", "Service on the network"),
    "frequent_outage": ("频繁停电", "Frequent interruptions"),
    "low_voltage": ("电压质量", "Voltage"),
    "attitude": ("服务态度", "Attitude"),
    "delay": ("业务超时", "Delay"),
    "works": ("电网建设", "Works on the grid"),
    "theft": ("违约用电", "Theft of energy"),
    "other": ("其他", "Other"),
}
# How many contacts of a cause are written down as tickets; the others are answered at once.
_WRITTEN = {"outage": 0.06, "fault": 0.85, "bill": 0.15, "question": 0.19}
_TYPES = {
    "bill": {"enquiry": 0.86, "service": 0.09, "opinion": 0.05},
    "question": {
        "enquiry": 0.84,
        "service": 0.08,
        "report": 0.03,
        "opinion": 0.02,
        "suggestion": 0.015,
        "praise": 0.015,
    },
}
_CAUSES_OF = {
    "outage": {"grid_outage": 1.0},
    "fault": {"low_voltage_line": 0.3, "meter": 0.15, "fuse": 0.25, "customer_side": 0.3},
    "bill": {"high_bill": 0.62, "price": 0.2, "payment": 0.18},
    "question": {
        "price": 0.2,
        "payment": 0.2,
        "connection": 0.25,
        "outage_notice": 0.15,
        "network_service": 0.1,
        "other": 0.1,
    },
    "quality": {"frequent_outage": 0.9, "low_voltage": 0.1},
    "anger": {"attitude": 0.26, "delay": 0.34, "outage_notice": 0.26, "works": 0.14},
}
_CLASS_OF = {
    "frequent_outage": "quality",
    "low_voltage": "quality",
    "attitude": "service",
    "delay": "business",
    "outage_notice": "outage",
    "works": "construction",
}
_CHANNELS = {"phone": 0.80, "app": 0.12, "web": 0.05, "hall": 0.03}
_UNKNOWN_CAUSE_FRAC, _SUSPENDED_FRAC = 0.08, 0.05
# Median and spread of the hours that a request stays open, if it is not answered at once.
_OPEN_HOURS = {
    "enquiry": (22.0, 0.9),
    "service": (44.0, 0.75),
    "report": (90.0, 0.7),
    "opinion": (80.0, 0.7),
    "suggestion": (80.0, 0.7),
    "complaint": (75.0, 0.6),
    "praise": (1.0, 0.5),
    "urge": (2.0, 1.0),
}
_AT_ONCE_FRAC = 0.75
_URGED_FRAC, _URGED_AFTER_HOURS, _REOPENED_FRAC = 0.10, 30.0, 0.02
# Median minutes from the call to the arrival of a crew that is free in calm weather.
_TRAVEL_MINUTES = {"urban": 9.5, "rural": 14.5, "remote": 25.0}
_KNOWN_AFTER = np.timedelta64(5, "m")


def tables(county: County) -> Made:
    """Return the requests of a county, the field jobs they lead to, and the calls expected.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Tables ``ticket`` and ``work_order``; truth ``tickets_rate`` by day.
    """
    rows = ticket_rows(county)
    hidden = ["point", "cause", "arrived_at", "contact", "number", "area_type_code"]
    return Made(
        tables={"ticket": rows.drop(columns=hidden), "work_order": work_orders(county, rows)},
        truth={"tickets_rate": expected_calls(county)},
    )


@lru_cache(maxsize=1)
def ticket_rows(county: County) -> pd.DataFrame:
    """Return the rows of the table ``ticket`` and what only the generator knows of them.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        With ``point``, ``cause`` and ``contact``, the row of the contact or -1; ``arrived_at`` of
        the crew, where one was sent; ``area_type_code``.
    """
    first = _written(county)
    later = pd.concat([first, _urges(county, first), _reopened(county, first)], ignore_index=True)
    return _finished(county, later)


def _written(county: County) -> pd.DataFrame:
    """Choose the contacts that become tickets: always the first of an outage."""
    calls = contacts(county)
    draws = draws_by_number(county, calls, 1, "written")[0]
    share = calls["cause"].map(_WRITTEN).astype("float64").fillna(1.0).to_numpy()
    about = calls[calls["cause"] == "outage"].sort_values("opened_at", kind="stable")
    first = about.index[~about["outage"].duplicated()]
    chosen = draws < share
    chosen[first] = True
    rows = calls[chosen].rename_axis("contact").reset_index()
    rows["ticket_id"] = contact_ids(county, rows)
    mother = pd.Series(rows["ticket_id"].to_numpy(), rows["outage"].to_numpy())
    mother = mother[np.isin(rows["contact"], first)]
    repeats = (rows["cause"] == "outage") & ~rows["contact"].isin(first)
    rows["parent_ticket_id"] = rows["outage"].map(mother).where(repeats).astype("str")
    return _dated(county, _described(county, rows))


def contact_ids(county: County, rows: pd.DataFrame) -> pd.Series:
    """Return identifiers of contacts: county, cause and number."""
    unit, marks = county.unit_id, [name[0].upper() for name in rows["cause"].cat.categories]
    codes = zip(rows["cause"].cat.codes.tolist(), rows["number"].tolist(), strict=True)
    ids = [f"{unit}-{marks[code]}{number}" for code, number in codes]
    return pd.Series(ids, rows.index, dtype="str")


def _described(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    kind, why, known, channel, _ = draws_by_number(county, rows, 5, "described")
    cause = rows["cause"].to_numpy(dtype="object")
    angry = np.isin(cause, ["complaint", "regulator"])
    # Interruptions announced or ordered are asked about; faults are reported.
    outage = rows["outage"].to_numpy()
    unforeseen = county.outages["outage_type_code"].to_numpy(dtype="object") == "fault"
    failed = (cause == "outage") & np.append(unforeseen, False)[outage]
    ticket_type = np.where(failed | (cause == "fault"), "fault", "enquiry").astype("object")
    ticket_type[angry] = "complaint"
    subject = np.where(angry, np.where(outage >= 0, "quality", "anger"), cause)
    code = np.full(len(rows), None, dtype="object")
    for name, share in _CAUSES_OF.items():
        own = subject == name
        code[own] = coded(share, why[own])
    for name, share in _TYPES.items():
        own = cause == name
        ticket_type[own] = coded(share, kind[own])
    code[ticket_type == "report"] = "theft"
    of_class = pd.Series(code).map(_CLASS_OF).where(angry)
    code[(known < _UNKNOWN_CAUSE_FRAC) & ~angry] = None
    return rows.assign(
        ticket_type_code=ticket_type,
        cause_code=code,
        complaint_class_code=of_class.to_numpy(),
        channel_code=np.where(cause == "regulator", "regulator", coded(_CHANNELS, channel)),
        area_type_code=_area(county, rows["point"].to_numpy()),
    )


def _area(county: County, point: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    area = county.points["area_type_code"].to_numpy(dtype="object")
    return np.where(point >= 0, area[point], "urban")


def _dated(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Close the requests; send crews to faults that nobody has reported before."""
    draws = draws_by_number(county, rows, 6, "dated")
    opened = rows["opened_at"].to_numpy()
    fault = (rows["ticket_type_code"] == "fault").to_numpy()
    job = fault & rows["parent_ticket_id"].isna().to_numpy()
    arrived = opened + minutes(arrival_minutes(rows, job, draws[:2]))
    repaired = arrived + minutes(np.exp(3.5 + 0.9 * _normal(draws[2])))
    ends = county.outages["ended_at"].to_numpy()
    ended = np.append(ends, NEVER)[rows["outage"]]
    of_outage = fault & (rows["outage"] >= 0).to_numpy()
    restored = np.where(np.isnat(ended), ended, np.maximum(ended, arrived))
    repaired = np.where(of_outage, restored + minutes(3 + 25 * draws[3]), repaired)
    spread = pd.DataFrame(_OPEN_HOURS, ["median", "spread"]).T.reindex(rows["ticket_type_code"])
    hours = spread["median"].to_numpy() * np.exp(spread["spread"].to_numpy() * _normal(draws[2]))
    at_once = (rows["ticket_type_code"] == "enquiry").to_numpy() & (draws[4] < _AT_ONCE_FRAC)
    lasting = np.where(at_once, 2 + 14 * draws[3], 60 * _slowness(county) * hours)
    suspended = np.where(~fault & ~at_once & (draws[5] < _SUSPENDED_FRAC), 4320 * draws[3], 0)
    suspended = np.rint(suspended)
    closed = opened + minutes(np.nan_to_num(lasting) + suspended)
    return rows.assign(
        arrived_at=np.where(job, arrived, NEVER),
        suspended_minutes=suspended,
        closed_at=np.where(fault, repaired, closed),
    )


def arrival_minutes(rows: pd.DataFrame, job: npt.NDArray[np.bool_], draws: Floats) -> Floats:
    """Return how long a repair crew takes to arrive.

    Parameters
    ----------
    rows : DataFrame of shape (n,)
        Has ``opened_at`` and ``area_type_code``.
    job : array of shape (n,)
        Whether a crew is sent.
    draws : array of shape (2, n)
        Uniform between zero and one. [1]

    Returns
    -------
    array of shape (n,)
        By the way to go, and by the jobs of the hour before, of which every crew drives one. [min]
    """
    opened = rows["opened_at"].to_numpy()
    calls = np.sort(opened[job])
    hour = np.timedelta64(60, "m")
    busy = np.searchsorted(calls, opened) - np.searchsorted(calls, opened - hour)
    way = rows["area_type_code"].map(_TRAVEL_MINUTES).to_numpy(dtype="float64")
    taken: Floats = way * np.exp(0.42 * _normal(draws[0])) * (1 + 0.07 * np.minimum(busy, 40))
    return taken + np.where(draws[1] > 0.985, 45 * draws[0], 1.0)


def _slowness(county: County) -> float:
    return float(county.stream("ticket", "slowness").lognormal(0.0, 0.22))


def _normal(place: Floats) -> Floats:
    """Turn uniform into nearly normal numbers, by the logistic quantile."""
    inner = np.clip(place, 1e-6, 1 - 1e-6)
    quantile: Floats = np.log(inner / (1 - inner)) * np.sqrt(3) / np.pi
    return quantile


def _urges(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Ask again about requests that stay open."""
    draws = draws_by_number(county, rows, 3, "urge")
    end = rows["closed_at"].fillna(county.scale.origin)
    hours = hours_between(rows["opened_at"], end)
    urged = (hours > _URGED_AFTER_HOURS) & (draws[0] < _URGED_FRAC)
    opened = rows["opened_at"].to_numpy() + minutes(60 * hours * (0.4 + 0.5 * draws[1]))
    children = _children(rows[urged], opened[urged], 2 + 200 * draws[2, urged], "U")
    return children.assign(ticket_type_code="urge")


def _reopened(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Open again what was closed too early."""
    draws = draws_by_number(county, rows, 3, "reopened")
    kept = rows["ticket_type_code"].isin(["fault", "service", "complaint"]).to_numpy()
    kept = kept & (draws[0] < _REOPENED_FRAC) & rows["closed_at"].notna().to_numpy()
    opened = rows["closed_at"].to_numpy() + minutes(30 + 4000 * draws[1])
    return _children(rows[kept], opened[kept], 60 + 2500 * draws[2, kept], "R")


def _children(rows: pd.DataFrame, opened: Moments, lasting: Floats, mark: str) -> pd.DataFrame:
    return rows.assign(
        parent_ticket_id=rows["ticket_id"],
        ticket_id=rows["ticket_id"] + mark,
        opened_at=opened,
        closed_at=added(opened, minutes(lasting)),
        arrived_at=np.full(len(rows), NEVER),
        suspended_minutes=0,
        contact=-1,
    )


def _finished(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    origin = np.datetime64(county.scale.origin)
    point, outage = rows["point"].to_numpy(), rows["outage"].to_numpy()
    opened = rows["opened_at"].to_numpy()
    closed = rows["closed_at"].to_numpy()
    closed = np.where(closed + _KNOWN_AFTER < origin, closed, NEVER)
    known = np.where(np.isnat(closed), opened, closed) + _KNOWN_AFTER
    rows = rows.assign(
        county_id=county.unit_id,
        supply_point_id=named(county.points["supply_point_id"], point).to_numpy(),
        serving_unit_id=named(county.points["supply_station_id"], point, county.unit_id).to_numpy(),
        outage_id=named(county.outages["outage_id"], outage).to_numpy(),
        closed_at=closed,
        due_at=_due(county, rows),
        known_at=known,
    )
    return rows[(opened < origin) & (known < origin)].drop(columns="outage")


def _due(county: County, rows: pd.DataFrame) -> Moments:
    limit = rows["ticket_type_code"].map(service_level("limit_working_days", county)).to_numpy()
    due = working_days_later(rows["opened_at"].to_numpy(), np.nan_to_num(limit), county)
    return np.where(np.isnan(limit), NEVER, due)


def expected_calls(county: County) -> pd.DataFrame:
    """Return the calls that are expected of a county by day, about outages and about bills.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        ``county_id, day_start, outage_calls_expected_count, bill_calls_expected_count`` and the
        number of both that came about, whether or not they became tickets.
    """
    days = county.scale.hours[::24]
    calls = contacts(county)
    about = outage_calls_count(county)
    began = days.get_indexer(county.outages["started_at"].dt.floor("D"))
    opened = days.get_indexer(calls["opened_at"].dt.floor("D"))
    came = calls["cause"].isin(["outage", "bill"]).to_numpy()
    return pd.DataFrame(
        {
            "county_id": county.unit_id,
            "day_start": days,
            "outage_calls_expected_count": np.bincount(began, about, len(days)),
            "bill_calls_expected_count": bill_calls_expected(county),
            "calls_count": np.bincount(opened[came], minlength=len(days)),
        }
    )
