"""How long late money stays out, what collectors do about it, and what registries publish."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.customers import pseudonyms
from marketing_models.synthetic.risk import Risk

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

DAY = 86_400
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """A step of collection: after how many days overdue, and how often it is taken.

    `kept_frac` is the part of the days to come that a debtor still takes after it.
    """

    code: str
    day: int
    taken_frac: float
    kept_frac: float


STEPS = (
    Step("reminder", 3, 1.0, 0.70),
    Step("call", 9, 0.7, 0.65),
    Step("visit", 18, 0.4, 0.70),
    Step("notice", 24, 0.8, 0.70),
    Step("disconnection", 31, 0.8, 0.10),
    Step("legal", 75, 0.3, 0.50),
)
_LATEST_DAYS = 900
_DECIDED = ("notice", "disconnection", "legal", "reconnection")
_FLAGS = {"enforcement": 0.3, "abnormal": 0.25, "litigation": 0.25, "frozen_equity": 0.12,
          "mortgage": 0.08}  # fmt: skip
_BUSINESS = ("small", "large", "agricultural", "charging")


def seconds(moments: Any) -> Any:
    """Return moments as whole seconds since 1970."""
    return np.asarray(moments, "datetime64[s]").astype("int64")


def overdue(county: "County", late: pd.DataFrame) -> pd.DataFrame:
    """Draw how long late demands stay open, left alone and under collection.

    Parameters
    ----------
    county : County
        The county.
    late : DataFrame
        A row a late demand with ``is_distressed`` and ``fen``.

    Returns
    -------
    DataFrame
        The rows with ``is_control``, ``free_days``, ``treated_days`` and, for every step of
        `STEPS`, whether it is meant to be taken should the debt still be open then.
    """
    count, numbers = len(late), county.stream("payment", "overdue")
    held_out = parameters.at("synthetic_money.held_out_frac", pd.Timestamp(county.scale.last_day))
    is_control = numbers.random(count) < held_out
    spread = numbers.standard_t(5, count)
    median, width = np.where(late["is_distressed"], [[40.0], [0.8]], [[6.0], [0.8]])
    free = np.clip(median * np.exp(width * spread), 1.0, _LATEST_DAYS)
    big = np.log10(late["fen"].to_numpy("float64") / 100 + 1) / 4
    days, meant = free.copy(), {}
    for step in STEPS:
        chance = step.taken_frac * (np.clip(0.6 + big, 0.3, 1.4) if step.taken_frac < 1 else 1.0)
        taken = (numbers.random(count) < chance) & ~is_control
        kept = np.clip(step.kept_frac * np.exp(0.35 * numbers.standard_normal(count)), 0.02, 1.0)
        reached = taken & (days > step.day)
        days = np.where(reached, step.day + (days - step.day) * kept, days)
        meant[step.code] = taken
    return late.assign(is_control=is_control, free_days=free, treated_days=days, **meant)


def actions(county: "County", late: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``collection_action``.

    Parameters
    ----------
    county : County
        The county.
    late : DataFrame
        As `overdue` returns it, with ``account_id``, ``due`` and ``paid`` in seconds since 1970.

    Returns
    -------
    DataFrame
        Steps taken before the money came; one row without a moment for debts held out at random;
        reconnections within a day after payment.
    """
    numbers, end = county.stream("collection_action"), seconds(county.scale.origin)
    parts = []
    for step in STEPS:
        acted = late["due"] + step.day * DAY + numbers.integers(9 * 3600, 17 * 3600, len(late))
        taken = late[step.code] & (acted < late["paid"]) & (acted < end)
        parts.append(_part(late[taken], step.code, acted[taken]))
        if step.code == "disconnection":
            back = late["paid"] + numbers.integers(1800, DAY, len(late))
            again = taken & (back < end)
            parts.append(_part(late[again], "reconnection", back[again]))
    first = late["due"] + STEPS[0].day * DAY
    spared = late["is_control"] & (first < late["paid"]) & (first < end)
    held = _part(late[spared], "reminder", first[spared]).assign(is_control=True)
    held["acted_at"] = held["acted_at"].where(~held["is_control"])
    rows = pd.concat([*parts, held], ignore_index=True)
    officers = pseudonyms("E", 6, county.stream("collection_action", "decider"))
    chosen = officers.iloc[numbers.integers(0, 6, len(rows))].reset_index(drop=True)
    return rows.assign(
        action_id=county.unit_id + "-K" + pd.Series(np.arange(len(rows)) + 10**7).astype("str"),
        county_id=county.unit_id,
        decider_id=chosen.where(rows["action_code"].isin(_DECIDED)),
    )


def _part(late: pd.DataFrame, code: str, acted: pd.Series) -> pd.DataFrame:
    moment = pd.Series(acted.to_numpy("int64").astype("datetime64[s]"))
    return pd.DataFrame(
        {
            "account_id": late["account_id"].to_numpy(),
            "action_code": code,
            "acted_at": moment,
            "is_control": False,
            # Steps are filed in the evening of their day.
            "known_at": moment.dt.normalize() + pd.Timedelta(hours=20),
        }
    )


def effect(late: pd.DataFrame) -> pd.DataFrame:
    """Return the truth of collection: days that a debt would have taken alone, and with it.

    Parameters
    ----------
    late : DataFrame
        As `overdue` returns it, with ``account_id`` and ``month_start``.

    Returns
    -------
    DataFrame
        ``treated_days`` is before payers of newer bills settle the older, and before the year's
        end; both shorten the time of treated and held-out debts alike.
    """
    names = ["account_id", "month_start", "is_control", "free_days", "treated_days"]
    return late[names].reset_index(drop=True)


def external_flags(county: "County", held: Risk) -> pd.DataFrame:
    """Return the rows of ``external_flag``: records on businesses that lean on their distress.

    Parameters
    ----------
    county : County
        The county.
    held : Risk
        Its accounts and their hidden state.

    Returns
    -------
    DataFrame
        Published from half a year before to three quarters after the state that they tell of;
        many are about nothing.
    """
    numbers, shape = county.stream("external_flag"), held.strain.shape
    level = parameters.at(
        "synthetic_money.flags_per_year_frac", pd.Timestamp(county.scale.last_day)
    )
    business = held.accounts["class_name"].isin(_BUSINESS).to_numpy()
    score = held.strain + 1.6 * held.is_distressed * county.world.effects.risk
    relative = np.exp(0.8 * score)
    relative *= 1 / relative[business].mean() if business.any() else 1.0
    hit = (numbers.random(shape) < level / 12 * relative) & business[:, None]
    shift = numbers.integers(-180, 270, shape)
    code = numbers.choice(list(_FLAGS), shape, p=list(_FLAGS.values()))
    account, month = np.nonzero(hit)
    day = county.scale.months[month].normalize() + pd.to_timedelta(shift[hit], "D")
    rows = pd.DataFrame(
        {
            "party_id": held.accounts["party_id"].to_numpy()[account],
            "county_id": county.unit_id,
            "flag_code": code[hit],
            "published_date": day,
            "known_at": day + pd.Timedelta(hours=24),
        }
    )
    within = rows["published_date"].between(county.scale.months[0], county.scale.origin, "left")
    return rows[within].drop_duplicates(["party_id", "flag_code", "published_date"])
