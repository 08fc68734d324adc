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
_CLASS_SCORE = {"agricultural": 0.9, "small": 1.6, "large": 0.2, "charging": -1.5}
_INDUSTRY_SCORE = {"H62": 0.5, "C18": 0.4, "C20": 0.4, "C17": 0.4, "C30": 0.5}
_PREPAID_SCORE = 0.75
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
        It leans on class, industry and payment form, which anyone sees, and on the health of the
        holder, the economy, the laxity of the neighbourhood and greed, which nobody does. [1]
    """
    points, numbers = county.points, county.stream("inspection", "hazard")
    area, place = np.unique(
        points["transformer_area_id"].fillna("").to_numpy(), return_inverse=True
    )
    laxity, greed = numbers.standard_normal(len(area))[place], numbers.standard_t(5, len(points))
    score = points["class_name"].map(_CLASS_SCORE).fillna(0.0)
    score += points["industry_code"].map(_INDUSTRY_SCORE).astype("float64").fillna(0.0)
    score += _PREPAID_SCORE * points["is_prepaid"].astype("float64") - 0.15 * points["vigour"]
    score += 0.1 * laxity + 0.1 * greed
    total = score.to_numpy()[:, None] + 0.15 * stress(county, points["industry_code"])
    relative = np.exp(county.world.effects.risk * np.clip(total, -4, 4))
    known = relative[county.connected]
    return np.minimum(mean_frac * relative / (known.mean() if known.size else 1.0), 0.2)


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
