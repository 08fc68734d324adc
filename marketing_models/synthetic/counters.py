"""Transactions with customers: calls, visits to business halls and their queues, the network."""

import numpy as np
import pandas as pd

from marketing_models.synthetic.calls import contacts, population_count, service_level
from marketing_models.synthetic.choices import coded, draws_by_number, picked
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.halls import hall_visits
from marketing_models.synthetic.moments import NEVER, Moments, added, named, seconds
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.tickets import contact_ids, ticket_rows

_BUSINESS = {"outage": "fault", "fault": "fault", "bill": "enquiry", "complaint": "enquiry"}
_QUESTIONS = {"enquiry": 0.74, "payment": 0.12, "change": 0.08, "connection": 0.06}
_NETWORK = {"payment": 0.30, "enquiry": 0.30, "change": 0.22, "connection": 0.14, "fault": 0.04}
_APP_FRAC = 0.72
# Seconds until an agent answers in a quiet and in a busy half hour, and how long they talk.
_WAIT_SECONDS, _TALK_SECONDS, _TALK_SPREAD = 9.0, 150.0, 0.6
_PATIENCE_SECONDS = 240.0
_KNOWN_AFTER = np.timedelta64(10, "m")
_YEARLY_RISE = 1.25


def tables(county: County) -> Made:
    """Return the transactions of a county's customers.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``service_transaction``.
    """
    parts = [_calls(county), hall_visits(county), _network(county)]
    rows = pd.concat(parts, ignore_index=True)
    rows["known_at"] = rows["ended_at"] + _KNOWN_AFTER
    rows = rows.assign(county_id=county.unit_id)
    return Made(
        tables={"service_transaction": rows[rows["known_at"] < county.scale.origin]},
    )


def _calls(county: County) -> pd.DataFrame:
    """Answer the calls; in a half hour with many, agents come late and callers hang up."""
    calls, tickets = contacts(county), ticket_rows(county)
    channel = pd.Series(tickets["channel_code"].to_numpy(), tickets["contact"].to_numpy())
    channel = channel[channel.index >= 0].reindex(calls.index)
    by_phone = (channel.isna() | (channel == "phone")).to_numpy() & (
        calls["cause"] != "regulator"
    ).to_numpy()
    names = pd.Series(tickets["ticket_id"].to_numpy(), tickets["contact"].to_numpy())
    ticket_id = names[names.index >= 0].reindex(calls.index)[by_phone]
    rows = calls[by_phone]
    draws = draws_by_number(county, rows, 5, "answered")
    arrived = added(rows["opened_at"].to_numpy(), seconds(60 * draws[0]))
    wait = -np.log(1 - draws[1]) * _WAIT_SECONDS * (1 + _load(arrived) ** 1.5)
    left = (wait > -np.log(1 - draws[2]) * _PATIENCE_SECONDS) & ticket_id.isna().to_numpy()
    talk = _TALK_SECONDS * np.exp(_TALK_SPREAD * 1.8 * (draws[3] - 0.5))
    started = added(arrived, seconds(wait))
    business = rows["cause"].map(_BUSINESS).to_numpy(dtype="object")
    asked = pd.isna(business)
    business[asked] = coded(_QUESTIONS, draws[4][asked])
    served = named(county.points["supply_point_id"], rows["point"].to_numpy()).to_numpy()
    return pd.DataFrame(
        {
            "transaction_id": contact_ids(county, rows).to_numpy(),
            "supply_point_id": served,
            "channel_code": "phone",
            "business_code": business,
            "serving_unit_id": county.city,
            "ticket_id": ticket_id.to_numpy(),
            "arrived_at": arrived,
            "started_at": np.where(left, NEVER, started),
            "ended_at": np.where(left, started, started + seconds(talk)),
        }
    )


def _load(moments: Moments) -> Floats:
    """Return the calls of each call's half hour over the mean of half hours with calls."""
    half_hour = moments.astype("datetime64[m]").astype("int64") // 30
    _, place, count = np.unique(half_hour, return_inverse=True, return_counts=True)
    busy: Floats = count[place] / max(float(count.mean()), 1.0) if len(count) else np.ones(0)
    return np.clip(busy - 1, 0, 12) / 2


def _network(county: County) -> pd.DataFrame:
    """Draw transactions in the app and on the web; there are more every year."""
    numbers, points = county.stream("service_transaction", "network"), county.points
    days = county.scale.hours[::24].to_numpy()
    age = np.arange(len(days))[::-1] / 365.25
    rate = service_level("network_per_1000_year", county) * population_count(county) / 1000
    count = numbers.poisson(rate * len(days) / 365.25)
    draws = numbers.random((6, count))
    day = days[picked(_YEARLY_RISE**-age, draws[0])]
    minute = 60 * (8 + 15 * (0.6 * draws[1] + 0.4 * draws[2]))
    started = day + seconds(60 * minute)
    # Clever use of the network is a habit of its own, unlike that of the telephone.
    habit = points["represented_count"].to_numpy() * county.stream(
        "service_transaction", "habit"
    ).lognormal(-0.5, 1.0, len(points))
    point = picked(habit, draws[3])
    there = points["connected_date"].to_numpy()[point] <= started
    there &= ~(points["closed_date"].to_numpy()[point] <= started)
    return pd.DataFrame(
        {
            "transaction_id": [f"{county.unit_id}-N{number}" for number in range(count)],
            "supply_point_id": named(
                points["supply_point_id"], np.where(there, point, -1)
            ).to_numpy(),
            "channel_code": np.where(draws[4] < _APP_FRAC, "app", "web"),
            "business_code": coded(_NETWORK, draws[5]),
            "serving_unit_id": None,
            "ticket_id": None,
            "arrived_at": started,
            "started_at": started,
            "ended_at": started + seconds(60 + 600 * draws[2] * draws[5]),
        }
    )
