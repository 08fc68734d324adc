"""Jobs in the field: repairs, meters, readings, inspections, reconnections and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models.synthetic.applications import application_rows
from marketing_models.synthetic.calls import service_level
from marketing_models.synthetic.choices import coded, draws_by_number
from marketing_models.synthetic.moments import NEVER, added, minutes
from marketing_models.synthetic.working_days import working_days_later

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_VISITS = {
    "bill": {"meter_check": 0.6, "reading": 0.4},
    "question": {"meter_check": 0.5, "inspection": 0.5},
}
_KNOWN_AFTER = np.timedelta64(10, "m")
_DAY = pd.Timedelta(days=1)
_LEAST_MINUTES = 20.0


def work_orders(county: County, tickets: pd.DataFrame) -> pd.DataFrame:
    """Return the field jobs of a county.

    Parameters
    ----------
    county : County
        The county.
    tickets : DataFrame
        As `tickets.ticket_rows` returns them.

    Returns
    -------
    DataFrame
        Rows of the table ``work_order``; a job that is not finished by the last day has no end.
    """
    parts = [
        _repairs(county, tickets),
        _visits(county, tickets),
        _reconnections(county),
        _connections(county),
    ]
    rows = pd.concat(parts, ignore_index=True).assign(county_id=county.unit_id)
    origin = county.scale.origin
    closed = rows["closed_at"].where(rows["closed_at"] + _KNOWN_AFTER < origin)
    arrived = rows["arrived_at"].where(rows["arrived_at"] + _KNOWN_AFTER < origin)
    known = closed.fillna(arrived).fillna(rows["dispatched_at"]) + _KNOWN_AFTER
    rows = rows.assign(arrived_at=arrived, closed_at=closed, known_at=known)
    return rows[known < origin].reset_index(drop=True)


def _repairs(county: County, tickets: pd.DataFrame) -> pd.DataFrame:
    rows = tickets[tickets["arrived_at"].notna()]
    draws = draws_by_number(county, rows, 2, "repair")
    opened, arrived = rows["opened_at"].to_numpy(), rows["arrived_at"].to_numpy()
    way = (arrived - opened) / np.timedelta64(1, "m")
    limit = rows["area_type_code"].map(service_level("arrival_limit_minutes", county)).to_numpy()
    # One in a hundred crews forgets to note its arrival.
    noted = np.where(draws[1] < 0.01, NEVER, arrived)
    return pd.DataFrame(
        {
            "work_order_id": "W" + rows["ticket_id"],
            "ticket_id": rows["ticket_id"],
            "order_type_code": "repair",
            "dispatched_at": opened + minutes(way * (0.05 + 0.25 * draws[0])),
            "arrived_at": noted,
            "closed_at": rows["closed_at"],
            "due_at": opened + minutes(limit),
        }
    )


def _visits(county: County, tickets: pd.DataFrame) -> pd.DataFrame:
    """Send somebody to check a meter, read it again, or look at what was reported."""
    asked = tickets["ticket_type_code"].isin(["service", "report"])
    rows = tickets[asked & tickets["cause"].isin(list(_VISITS))]
    rows = rows[~rows["ticket_id"].str.endswith(("U", "R")) & (rows["point"] >= 0)]
    draws = draws_by_number(county, rows, 3, "visit")
    kind = np.where(
        rows["cause"] == "bill",
        coded(_VISITS["bill"], draws[0]),
        coded(_VISITS["question"], draws[0]),
    )
    kind = np.where(rows["ticket_type_code"] == "report", "inspection", kind)
    limit = pd.Series(kind).map(service_level("limit_working_days", county)).to_numpy()
    opened = rows["opened_at"].to_numpy()
    end = rows["closed_at"].fillna(county.scale.origin + 9 * _DAY).to_numpy()
    open_minutes = np.maximum((end - opened) / np.timedelta64(1, "m"), _LEAST_MINUTES)
    return pd.DataFrame(
        {
            "work_order_id": "W" + rows["ticket_id"],
            "ticket_id": rows["ticket_id"],
            "order_type_code": kind,
            "dispatched_at": opened + minutes(open_minutes * (0.1 + 0.3 * draws[1])),
            "arrived_at": opened + minutes(open_minutes * (0.5 + 0.3 * draws[2])),
            "closed_at": opened + minutes(open_minutes * 0.95),
            "due_at": working_days_later(opened, limit, county),
        }
    )


def _reconnections(county: County) -> pd.DataFrame:
    """Give supply back to those who have paid: most within hours, a few after the limit."""
    rows = county.outages[county.outages["outage_type_code"] == "arrears"]
    rows = rows[rows["ended_at"].notna()]
    draws = county.stream("work_order", "reconnection").random((2, len(rows)))
    ended = rows["ended_at"].to_numpy()
    lasted = (ended - rows["started_at"].to_numpy()) / np.timedelta64(1, "m")
    # The share of the interruption after payment; the limit runs from there.
    waited = np.minimum(lasted * 0.9, 60 * np.exp(1.2 + 2.6 * (draws[0] - 0.5) ** 3 * 8))
    paid = ended - minutes(waited)
    limit = 60.0 * service_level("reconnection_limit_hours", county)
    return pd.DataFrame(
        {
            "work_order_id": "W" + rows["outage_id"],
            "ticket_id": None,
            "order_type_code": "reconnection",
            "dispatched_at": paid + minutes(waited * 0.4 * draws[1]),
            "arrived_at": ended - minutes(waited * 0.1),
            "closed_at": ended,
            "due_at": paid + minutes(np.full(len(rows), limit)),
        }
    )


def _connections(county: County) -> pd.DataFrame:
    """Connect those whose works were finished, on the day supply began."""
    rows = application_rows(county)
    rows = rows[rows["energised_date"].notna() & rows["constructed_date"].notna()]
    draws = county.stream("work_order", "connection").random((2, len(rows)))
    day = rows["energised_date"].to_numpy()
    finished = rows["constructed_date"].to_numpy().astype("datetime64[us]")
    sent = np.minimum(finished + minutes(540 + 60 * draws[0]), day + minutes(485 + 0 * draws[0]))
    return pd.DataFrame(
        {
            "work_order_id": "W" + rows["application_id"],
            "ticket_id": None,
            "order_type_code": "connection",
            "dispatched_at": sent,
            "arrived_at": day + minutes(510 + 300 * draws[0]),
            "closed_at": day + minutes(840 + 180 * draws[1]),
            "due_at": working_days_later(added(finished, minutes(1020 + 0 * draws[0])), 5, county),
        }
    )
