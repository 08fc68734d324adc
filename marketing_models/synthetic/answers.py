"""How contracts answer a call for demand response, and what the meter then shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_DRAWS = 7
_STATE_PERSISTENCE = 0.7
_METER_NOISE_RATIO, _CALL_BIAS_RATIO = 0.03, 0.01
_FAILED_FRAC = 0.05
# The wider the scores spread, the further the centre from the mean chance.
_SPREAD_SHIFT = 0.05


def answered(county: County, pairs: pd.DataFrame) -> pd.DataFrame:
    """Add answer, response and settlement baseline to pairs of a call and a contract.

    Parameters
    ----------
    county : County
        The county.
    pairs : DataFrame
        Columns of ``response_event`` and of `resources.resources`, sorted by call.

    Returns
    -------
    DataFrame
        The rows with ``answer_probability``, ``is_accepted``, ``answer_code``,
        ``confirmed_response_kw``, ``true_response_kw``, ``baseline_load_kw``,
        ``delivered_response_kw``, ``is_delivered``, ``answer_delay`` and ``settlement_delay``.

    Notes
    -----
    Baseline and metered load err together: delivered is the true response plus an error of the
    baseline that belongs to the customer, to the call, and to the day. In the world without price
    response the true response is zero, so that what is settled has mean zero.
    """
    draws = _draws(county, pairs)
    probability = _probability(county, pairs, draws)
    accepted = draws[0] < probability
    share = np.clip(0.7 + 0.3 * draws[1], 0, 1)
    offered = pairs["contracted_response_kw"].fillna(0.7 * pairs["adjustable_load_kw"])
    confirmed = (offered * share).round(1)
    works = draws[2] >= _FAILED_FRAC
    came = confirmed * pairs["reliability_ratio"] * works * (0.8 + 0.4 * draws[3])
    came = (came * county.world.effects.price_response).where(accepted)
    load = _load_kw(county, pairs)
    error = load * (pairs["bias_ratio"] + _event_bias(county, pairs) + _noise(draws[4]))
    rest = np.where(draws[5] < 0.55, "no_answer", "opted_out")
    return pairs.assign(
        answer_probability=probability,
        is_accepted=accepted,
        answer_code=np.where(accepted, "accepted", rest),
        confirmed_response_kw=confirmed.where(accepted),
        true_response_kw=came,
        baseline_load_kw=(load + error).where(accepted).round(1),
        delivered_response_kw=(came + error).round(1),
        is_delivered=(came >= 0.5 * confirmed) & accepted,
        answer_delay=pd.to_timedelta(5 + np.floor(30 * draws[6]), "min"),
        settlement_delay=pd.to_timedelta(np.floor(24 * (5 + 18 * draws[5])), "h"),
    )


def _draws(county: County, pairs: pd.DataFrame) -> Floats:
    """Draw seven uniform numbers a pair, from a stream of the call and by supply point."""
    count = len(county.points)
    parts = [
        county.stream("response_delivery", str(call)).random((_DRAWS, count))[:, rows["point"]]
        for call, rows in pairs.groupby("response_event_id", sort=False)
    ]
    return np.concatenate(parts, axis=1) if parts else np.zeros((_DRAWS, 0))


def _noise(uniform: Floats) -> Floats:
    # Logistic, for heavier tails than the normal distribution.
    place = np.clip(uniform, 1e-6, 1 - 1e-6)
    return _METER_NOISE_RATIO * np.sqrt(3) / np.pi * np.log(place / (1 - place))


def _event_bias(county: County, pairs: pd.DataFrame) -> Floats:
    """Draw what the settlement rule of the day misses at every customer alike."""
    calls = pairs["response_event_id"].drop_duplicates()
    bias = {
        call: county.world.stream("response_event", "bias", call).normal(0, _CALL_BIAS_RATIO)
        for call in calls
    }
    return pairs["response_event_id"].map(bias).to_numpy(dtype="float64")


def _load_kw(county: County, pairs: pd.DataFrame) -> pd.Series:
    """Return the load without the call, moved by the month's use over the mean of the year."""
    energy = county.energy_kwh
    month = county.scale.months.searchsorted(pairs["started_at"].to_numpy(), side="right") - 1
    last = np.clip(month, 0, energy.shape[1] - 1)
    yearly = county.points["annual_kwh"].to_numpy()[pairs["point"]] / 12
    ratio = np.clip(energy[pairs["point"].to_numpy(), last] / np.maximum(yearly, 1e-9), 0.05, 2)
    return pairs["usual_kw"] * ratio


def _probability(county: County, pairs: pd.DataFrame, draws: Floats) -> Floats:
    """Return the chance of accepting; one and the same where customers do not differ."""
    level = parameters.at("synthetic_market.answer_frac", county.scale.origin)
    centre = np.log(level / (1 - level))
    score = _seen_score(county, pairs) + _hidden_score(county, pairs)
    differs = county.world.effects.segments
    # Centred, so that the mean chance is near its parameter whatever the county.
    mean = score.sum() / max(score.size, 1)
    logit = centre + differs * (score - mean + _SPREAD_SHIFT)
    return np.broadcast_to(1 / (1 + np.exp(-logit)), draws.shape[1:]).copy()


def _seen_score(county: County, pairs: pd.DataFrame) -> Floats:
    """Add up what a model can learn from: rhythm and hour, pay, size, weekday, recent calls."""
    points = county.points
    industry = points["industry_code"].take(pairs["point"].to_numpy()).reset_index(drop=True)
    moment = pairs["started_at"].dt
    evening = (moment.hour >= 17).to_numpy()
    weekend = (moment.day_of_week >= 5).to_numpy()
    bundled = pairs["aggregator_id"].notna().to_numpy()
    size = np.log(pairs["usual_kw"].clip(lower=0.1).to_numpy())
    size = np.clip((size - 5.5) / 1.3, -2.5, 2.5)
    pay = pairs["compensation_yuan_per_kwh"].to_numpy() - 1.2
    # Firms switch stores and chargers of an evening; plants have a shift to finish.
    score = np.where(evening, 0.70, -0.32) * np.where(bundled, 1.0, -1.0)
    score += np.where(weekend, 0.4, -0.1) + 0.5 * pay - 0.15 * (size**2 - 1)
    return np.asarray(score - 0.48 * _recent_count(pairs) + _industry_score(county, industry))


def _industry_score(county: County, industry: pd.Series) -> Floats:
    codes = [*INDUSTRIES, "home"]
    level = county.world.stream("response_delivery", "industry").normal(0, 0.25, len(codes))
    return industry.fillna("home").map(dict(zip(codes, level, strict=True))).to_numpy()


def _recent_count(pairs: pd.DataFrame) -> Floats:
    """Count the calls that a contract had in the four days before, at most three."""
    ordered = pairs.sort_values(["resource_id", "called_at"])
    called = ordered["called_at"]
    recent = np.zeros(len(ordered))
    for back in (1, 2, 3):
        earlier = called.groupby(ordered["resource_id"]).shift(back)
        recent += ((called - earlier) <= pd.Timedelta(days=4)).to_numpy()
    found = pd.Series(recent, ordered.index).reindex(pairs.index)
    return np.asarray(found, dtype="float64")


def _hidden_score(county: County, pairs: pd.DataFrame) -> Floats:
    """Add up what no model sees: the holder's wish, the economy, and a state that wanders."""
    numbers = county.stream("response_delivery", "state")
    points, months = county.points, county.scale.months
    shocks = numbers.standard_normal((len(months) + 1, len(points)))
    state = np.empty_like(shocks)
    state[0] = shocks[0]
    for month in range(1, len(state)):
        fresh = np.sqrt(1 - _STATE_PERSISTENCE**2) * shocks[month]
        state[month] = _STATE_PERSISTENCE * state[month - 1] + fresh
    place = months.searchsorted(pairs["started_at"].to_numpy(), side="right") - 1
    place = np.clip(place, 0, len(months) - 1)
    point = pairs["point"].to_numpy()
    code = points["industry_code"].take(point)
    stress = county.world.stress
    column = stress.columns.get_indexer(pd.Index(code))
    economy = np.where(column >= 0, stress.to_numpy()[place, column], 0.0)
    keen = pairs["keenness"].to_numpy()
    return np.asarray(0.18 * keen + 0.22 * state[place + 1, point] + 0.12 * economy)
