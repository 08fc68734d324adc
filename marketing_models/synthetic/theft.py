"""Theft of electricity, and the inspections that find some of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

Flags = npt.NDArray[np.bool_]

# Log hazard over that of a home: workshops and shops steal most, the well-metered large least.
_CLASS_SCORE = {"agricultural": 0.4, "small": 1.3, "large": 0.2, "charging": -0.6}
_INDUSTRY_SCORE = {"H62": 0.4, "C18": 0.4, "C17": 0.4, "C30": 0.4, "F52": 0.2}
_PREPAID_SCORE = 1.3
# By the log of use of the rated capacity over that of the class: who meters little for its size.
_USED_SCORE = -0.5
_USUAL_HOURS = {"residential": 240.0, "agricultural": 570.0, "small": 1200.0, "large": 2900.0}
# What nobody sees: health of the holder, laxity of the neighbourhood, greed, the economy.
_VIGOUR_SCORE, _LAXITY_SCORE, _GREED_SCORE, _STRESS_SCORE = -0.15, 0.15, 0.12, 0.15
_KINDS = ("routine", "random", "tip_off", "model")
NEVER = np.int64(1 << 30)


@dataclass(frozen=True)
class Story:
    """Theft in a county: when it began and ended, how much, who looked, and what they found."""

    hazard: Floats
    start_month: npt.NDArray[np.int64]
    end_month: npt.NDArray[np.int64]
    frac: Floats
    inspections: pd.DataFrame


def unmetered_frac(county: "County") -> Floats:
    """Return the share of use that theft keeps from the meter.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        Nearly all zero. [1]
    """
    told = story(county)
    month = np.arange(told.hazard.shape[1])
    active = (told.start_month[:, None] <= month) & (month < told.end_month[:, None])
    return np.where(active, told.frac[:, None], 0.0)


def story(county: "County") -> Story:
    """Return who stole, from when until when, and all inspections of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Story
        Months are places in the scale's months; theft that never began starts after the last.
    """
    numbers, level = county.stream("inspection", "theft"), _levels(county)
    hazard = hazards(county, level["starts_per_year_frac"] / 12)
    first = county.connected.argmax(axis=1)
    old = numbers.random(len(hazard)) < hazard[:, 0] * level["old_theft_months"]
    begins = (numbers.random(hazard.shape) < hazard) & county.connected
    begins[np.arange(len(hazard)), first] |= old & county.connected.any(axis=1)
    start = np.where(begins.any(axis=1), begins.argmax(axis=1), NEVER)
    frac = numbers.beta(2, 2, len(hazard))
    looked = _inspected(county, start, numbers)
    ended = looked[looked["is_found"]].groupby("point")["month"].min() + 1
    end = pd.Series(NEVER, range(len(hazard)))
    end[ended.index] = ended
    return Story(hazard, start, end.to_numpy("int64"), frac, _after_the_end(looked, end))


def _levels(county: "County") -> dict[str, float]:
    levels: dict[str, float] = parameters.at(
        "synthetic_money.theft", pd.Timestamp(county.scale.last_day)
    )
    return levels


def hazards(county: "County", mean_frac: float) -> Floats:
    """Return the chance that theft begins in a month, had it not begun before.

    Parameters
    ----------
    county : County
        The county.
    mean_frac : float
        Mean over the supply points and months with a bill. [1]

    Returns
    -------
    array of shape (n_points, n_months)
        It leans on class, industry, payment form and use of the capacity, which anyone sees, and
        on the health of the holder, the economy, the laxity of the neighbourhood and greed, which
        nobody does. [1]
    """
    points, numbers = county.points, county.stream("inspection", "hazard")
    area, place = np.unique(
        points["transformer_area_id"].fillna("").to_numpy(), return_inverse=True
    )
    laxity, greed = numbers.standard_normal(len(area))[place], numbers.standard_t(5, len(points))
    score = points["class_name"].map(_CLASS_SCORE).fillna(0.0)
    score += points["industry_code"].map(_INDUSTRY_SCORE).astype("float64").fillna(0.0)
    score += _PREPAID_SCORE * points["is_prepaid"].astype("float64") + _idle(points)
    score += _VIGOUR_SCORE * points["vigour"] + _LAXITY_SCORE * laxity + _GREED_SCORE * greed
    total = score.to_numpy()[:, None] + _STRESS_SCORE * stress(county, points["industry_code"])
    relative = np.exp(county.world.effects.risk * np.clip(total, -4, 4))
    known = relative[county.connected]
    return np.minimum(mean_frac * relative / (known.mean() if known.size else 1.0), 0.2)


def _idle(points: pd.DataFrame) -> Floats:
    """Return the score of a supply point that uses less of its capacity than its class does."""
    usual = points["class_name"].map(_USUAL_HOURS).fillna(420.0).to_numpy()
    hours = points["annual_kwh"].to_numpy() / points["contract_capacity_kva"].to_numpy("float64")
    return np.asarray(_USED_SCORE * np.clip(np.log(np.maximum(hours, 1.0) / usual), -1.0, 1.0))


def stress(county: "County", industry_code: pd.Series) -> Floats:
    """Return the hidden state of the economy that each holder feels; homes feel the mean.

    Parameters
    ----------
    county : County
        The county.
    industry_code : Series of shape (n,)
        Industry division, empty for homes.

    Returns
    -------
    array of shape (n, n_months)
        0 usual, 1 bad. [1]
    """
    levels = county.world.stress
    place = levels.columns.get_indexer(pd.Index(industry_code.fillna("")))
    felt = np.column_stack([levels.to_numpy(), 0.6 * levels.mean(axis=1).to_numpy()])
    return felt[:, place].T  # a place of -1 is the last column: the mean


def _inspected(
    county: "County", start: npt.NDArray[np.int64], numbers: np.random.Generator
) -> pd.DataFrame:
    """Draw inspections as if no theft ever ended; those that it drew are marked `is_drawn`."""
    level, shape = _levels(county), county.connected.shape
    active = (start[:, None] <= np.arange(shape[1])) & county.connected
    size = county.points["contract_capacity_kva"].fillna(8.0).to_numpy("float64")
    bias = np.sqrt(size / 8.0).clip(0.5, 4.0)
    bias /= bias.mean()
    parts = []
    for kind in _KINDS:
        per_month = level[f"{kind}_per_year_frac"] / 12
        by_chance = numbers.random(shape) < per_month * (bias[:, None] if kind != "random" else 1)
        drawn = numbers.random(shape) < level.get(f"{kind}_of_theft_frac", 0.0) / 12
        point, month = np.nonzero((by_chance & county.connected) | (drawn & active))
        is_drawn = ~by_chance[point, month]
        parts.append(pd.DataFrame({"point": point, "month": month, "is_drawn": is_drawn}))
    looked = (
        pd.concat(parts, keys=_KINDS, names=["selection_code", None])
        .reset_index("selection_code")
        .reset_index(drop=True)
    )
    chance = looked["selection_code"].map({kind: level[f"{kind}_detects_frac"] for kind in _KINDS})
    seen = numbers.random(len(looked)) < chance.to_numpy()
    held = active[looked["point"], looked["month"]]
    other = numbers.random(len(looked))
    return looked.assign(is_found=seen & held, other=other)


def _after_the_end(looked: pd.DataFrame, end: pd.Series) -> pd.DataFrame:
    """Drop what ended theft drew, and let nobody find it twice; each with its outcome."""
    over = looked["month"] >= looked["point"].map(end)
    looked = looked.assign(is_found=looked["is_found"] & ~over)[~(over & looked["is_drawn"])]
    is_model = looked["selection_code"] == "model"
    breach = np.where(is_model, 0.035, 0.006)
    outcome = np.select(
        [looked["is_found"], looked["other"] < breach, looked["other"] < breach + 0.012],
        ["theft", "breach", "meter_fault"],
        "normal",
    )
    return looked.assign(outcome_code=outcome).drop(columns="other").reset_index(drop=True)
