"""Offers made to customers of a county, whom they were held from, and what customers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# Offers, and how often each is made to large customers, to small ones, and to homes.
_OFFERS = pd.DataFrame(
    [
        ("time_of_use", 0.05, 0.30, 0.70),
        ("demand_basis", 0.16, 0.00, 0.00),
        ("power_factor", 0.14, 0.00, 0.00),
        ("audit", 0.15, 0.15, 0.00),
        ("storage_boiler", 0.10, 0.10, 0.00),
        ("heat_pump", 0.10, 0.15, 0.30),
        ("response_enrolment", 0.16, 0.05, 0.00),
        ("retail_package", 0.14, 0.25, 0.00),
    ],
    columns=["offer_code", "large", "small", "residential"],
)
_AUDIENCE = {"large": "large", "small": "small", "charging": "small"}
_PICK_WEIGHT = {"large": 4.5, "small": 1.2, "charging": 1.0, "agricultural": 0.3}
_CHANNELS = ("agent", "phone", "app", "web")
_CHANNEL_FREQUENCY = {
    "large": (0.60, 0.25, 0.10, 0.05),
    "small": (0.20, 0.45, 0.25, 0.10),
    "residential": (0.05, 0.30, 0.50, 0.15),
}
_CHANNEL_SCORE = np.array([0.60, 0.10, -0.45, -0.25])
# How well each offer suits customers at large, and those of some working rhythms besides.
_OFFER_SCORE = {
    "time_of_use": 0.50,
    "demand_basis": 0.30,
    "power_factor": 0.75,
    "audit": 0.0,
    "storage_boiler": -0.90,
    "heat_pump": -0.70,
    "response_enrolment": -0.20,
    "retail_package": 0.15,
}
_SUITS = {
    ("time_of_use", "continuous"): 0.5,
    ("time_of_use", "home"): 0.3,
    ("time_of_use", "office"): -0.7,
    ("storage_boiler", "two_shift"): 0.7,
    ("heat_pump", "office"): 0.6,
    ("heat_pump", "retail"): 0.4,
    ("audit", "retail"): -0.5,
    ("audit", "day_shift"): 0.3,
    ("response_enrolment", "continuous"): -0.7,
    ("response_enrolment", "day_shift"): 0.4,
    ("demand_basis", "continuous"): -0.5,
    ("retail_package", "office"): -0.4,
}
# What no study sees: an interest that lasts, a mood of the year, and the firm's health.
_LASTING_SCORE, _MOOD_SCORE, _VIGOUR_SCORE = 0.28, 0.24, 0.16
_CONTROL_FRAC, _CONSENT_FRAC = 0.15, 0.93
_FATIGUE_DAYS = 240


def tables(county: County) -> Made:
    """Return the marketing contacts of a county and the true chances behind their outcomes.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``marketing_contact``; truth ``offers_response``: ``response_probability`` of
        accepting as things were (offered, or held out at random), the ``treatment_effect`` of the
        offer on it, and whether it was ``accepted``. Offers stopped for want of consent are not in
        the truth.

    Notes
    -----
    Branches offer more to whom they think likely; who is held out is drawn at random. Acceptance
    leans on what a study can see, and on an interest of the customer that it cannot.
    """
    rows = _with_chances(county, _contacts(county))
    return Made(
        tables={"marketing_contact": _filed(county, rows)},
        truth={"offers_response": _truth(county, rows)},
    )


def _contacts(county: County) -> pd.DataFrame:
    """Draw who is offered what, when and through which channel."""
    points, months = county.points, county.scale.months
    numbers = county.stream("marketing_contact")
    rate = parameters.at("synthetic_market.contacts_per_month", county.scale.origin)
    count = max(1, round(rate * len(points) * len(months)))
    weight = points["class_name"].map(_PICK_WEIGHT).fillna(0.6).to_numpy()
    point = numbers.choice(len(points), count, p=weight / weight.sum())
    month = numbers.integers(0, len(months), count)
    audience = points["class_name"].map(_AUDIENCE).fillna("residential").to_numpy()[point]
    minute = numbers.integers(0, 28 * 600, count)
    day, minute = np.divmod(minute, 600)
    acted_at = months[month] + pd.to_timedelta(day * 1440 + 510 + minute, "min")
    rows = pd.DataFrame(
        {
            "point": point,
            "month": month,
            "acted_at": acted_at,
            "offer": _picked(audience, _OFFERS.set_index("offer_code").T, numbers.random(count)),
            "channel": _picked(audience, pd.DataFrame(_CHANNEL_FREQUENCY).T, numbers.random(count)),
            "audience": audience,
            "is_control": numbers.random(count) < _CONTROL_FRAC,
            "has_consent": numbers.random(count) < _CONSENT_FRAC,
            "outcome_draw": numbers.random(count),
            "silence_draw": numbers.random(count),
            "delay": pd.to_timedelta(np.floor(1440 * numbers.gamma(2.0, 6.0, count)), "min"),
        }
    )
    rows["contact_id"] = f"K{county.unit_id}" + pd.Series(np.arange(count)).astype(str).str.zfill(6)
    return rows[county.connected[point, month]].reset_index(drop=True)


def _picked(audience: np.ndarray, frequency: pd.DataFrame, draw: Floats) -> np.ndarray:
    """Return places drawn by the frequencies of each row's audience."""
    edges = frequency.loc[audience].to_numpy(dtype="float64").cumsum(axis=1)[:, :-1]
    return np.asarray((draw[:, None] > edges).sum(axis=1))


def _with_chances(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the chance of accepting with and without the offer; all alike without segments."""
    level = parameters.at("synthetic_market.accept_frac", county.scale.origin)
    differs = county.world.effects.segments
    seen, hidden = _seen_score(county, rows), _hidden_score(county, rows)
    centre = {arm: np.log(share / (1 - share)) for arm, share in level.items()}
    # Centred, and lower the wider the scores spread, so that the mean chance is its parameter.
    seen, hidden = seen - seen.mean(), hidden - hidden.mean()
    treated = _logistic(centre["offered"] + differs * (seen + hidden - 0.14))
    alone = _logistic(centre["held_out"] + differs * (0.6 * seen + hidden - 0.16))
    probability = np.where(rows["is_control"], alone, treated)
    return rows.assign(
        response_probability=probability,
        treatment_effect=treated - alone,
        accepted=rows["outcome_draw"] < probability,
    )


def _logistic(score: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-score)))


def _seen_score(county: County, rows: pd.DataFrame) -> Floats:
    """Add up what a study can see: offer and customer, channel, growth, capacity, recent offers."""
    points = county.points.take(rows["point"].to_numpy())
    offer = np.array(_OFFERS["offer_code"])[rows["offer"]]
    energy, growth = _energy(county, rows)
    size = np.log(np.maximum(energy, 1.0))
    size = np.clip((size - pd.Series(size).groupby(rows["audience"]).transform("mean")), -2.5, 2.5)
    loading = energy * 12 / 8760 / points["contract_capacity_kva"].clip(lower=1.0).to_numpy()
    saver = np.isin(offer, ["audit", "power_factor", "demand_basis"])
    grower = np.isin(offer, ["heat_pump", "storage_boiler"])
    score = _CHANNEL_SCORE[rows["channel"]] + _affinity(county, rows)
    score += np.where(saver, -2.5, np.where(grower, 2.5, 0.8)) * np.clip(growth, -0.3, 0.3)
    score += np.where(saver, 0.25, -0.15) * size - 0.15 * (size**2 - 0.8)
    score += np.where(offer == "demand_basis", -1.0, 0.3) * np.clip(loading - 0.3, -0.4, 0.6)
    return np.asarray(score - 0.5 * _is_repeated(rows))


def _affinity(county: County, rows: pd.DataFrame) -> Floats:
    """Return how well each offer suits its customer's working rhythm."""
    rhythms = {code: one.shape_name for code, one in INDUSTRIES.items()}
    shape = county.points["industry_code"].map(rhythms).fillna("home")
    offer = pd.Series(_OFFERS["offer_code"].to_numpy()[rows["offer"]])
    pairs = pd.MultiIndex.from_arrays([offer, shape.take(rows["point"].to_numpy())])
    suits = pd.Series(_SUITS).reindex(pairs).fillna(0.0).to_numpy()
    return np.asarray(offer.map(_OFFER_SCORE).to_numpy() + suits)


def _energy(county: County, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return mean monthly use of the year before the offer, and its change on the year before."""
    total = county.energy_kwh.cumsum(axis=1)
    total = np.concatenate([np.zeros((len(total), 1)), total], axis=1)
    point, month = rows["point"].to_numpy(), rows["month"].to_numpy()
    back, far = np.maximum(month - 12, 0), np.maximum(month - 24, 0)
    recent = total[point, month] - total[point, back]
    earlier = total[point, back] - total[point, far]
    known = (month >= 24) & (earlier > 0)
    growth = np.where(known, recent / np.maximum(earlier, 1e-9) - 1, 0.0)
    yearly = county.points["annual_kwh"].to_numpy()[point]
    return np.where(month >= 12, recent, yearly) / 12, growth


def _is_repeated(rows: pd.DataFrame) -> Floats:
    """Tell where the customer was offered something shortly before."""
    ordered = rows.sort_values(["point", "acted_at"])
    earlier = ordered["acted_at"].groupby(ordered["point"]).shift(1)
    repeated = (ordered["acted_at"] - earlier) <= pd.Timedelta(days=_FATIGUE_DAYS)
    return np.asarray(repeated.reindex(rows.index), dtype="float64")


def _hidden_score(county: County, rows: pd.DataFrame) -> Floats:
    """Add up what no study sees: interest that lasts, a mood of the year, and the firm's health."""
    numbers = county.stream("marketing_contact", "interest")
    years = (len(county.scale.months) + 11) // 12
    lasting = numbers.standard_normal(len(county.points))
    moods = numbers.standard_normal((years, len(county.points)))
    point = rows["point"].to_numpy()
    mood = moods[rows["month"].to_numpy() // 12, point]
    vigour = county.points["vigour"].to_numpy()[point]
    return np.asarray(_LASTING_SCORE * lasting[point] + _MOOD_SCORE * mood + _VIGOUR_SCORE * vigour)


def _filed(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Return contacts as the system holds them; outcomes that come later are still empty."""
    outcome = np.where(rows["accepted"], "accepted", "declined")
    silent = ~rows["accepted"] & (rows["silence_draw"] < 0.45) & ~rows["is_control"]
    outcome = np.where(silent, "no_answer", outcome)
    stopped = ~rows["has_consent"]
    filed_at = rows["acted_at"] + rows["delay"]
    is_known = (filed_at < county.scale.origin) & ~stopped
    entered_at = rows["acted_at"] + pd.Timedelta(minutes=20)
    return pd.DataFrame(
        {
            "county_id": county.unit_id,
            "contact_id": rows["contact_id"],
            "account_id": county.points["account_id"].to_numpy()[rows["point"]],
            "known_at": filed_at.where(is_known, entered_at),
            "channel_code": np.array(_CHANNELS)[rows["channel"]],
            "acted_at": rows["acted_at"].mask(rows["is_control"] | stopped),
            "is_control": rows["is_control"],
            "offer_code": np.array(_OFFERS["offer_code"])[rows["offer"]],
            "has_consent": rows["has_consent"],
            "outcome_code": pd.Series(outcome, rows.index).where(is_known),
        }
    )


def _truth(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[rows["has_consent"]]
    columns = ["contact_id", "response_probability", "treatment_effect", "accepted"]
    return kept[columns].assign(
        account_id=county.points["account_id"].to_numpy()[kept["point"]],
        offer_code=np.array(_OFFERS["offer_code"])[kept["offer"]],
    )
