"""Who will pay late: the hidden health of account holders, and the chance that follows from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.theft import Flags, stress

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_AUTOPAY_FRAC = {"residential": 0.15, "agricultural": 0.08, "small": 0.25, "large": 0.45}
# Log chance over that of a home of the same strain: what class alone tells of late payment.
_CLASS_SCORE = {"agricultural": 0.35, "small": 0.3, "large": -0.25, "charging": -0.4}
_ENTER_FRAC, _CURE_FRAC, _DISTRESSED_LATE_FRAC = 0.005, 0.25, 0.50
_CALM_LATE_FRAC = 0.050
_CLEAN_MONTHS = 12


@dataclass(frozen=True)
class Risk:
    """Accounts of a county, shape (n_accounts,), and their state, shape (n_accounts, n_months)."""

    accounts: pd.DataFrame
    account_of_point: npt.NDArray[np.int64]
    habit: Floats
    strain: Floats
    is_distressed: Flags
    late_frac: Floats
    is_late: Flags


def risk(county: "County") -> Risk:
    """Return the accounts of a county and when they pay late.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Risk
        `late_frac` is the chance of late payment that an all-knowing observer states when the
        bill is issued: it knows habit, strain and state of the holder, never the draw itself.
        Prepaid homes cannot be late.
    """
    accounts, account_of_point = _accounts(county)
    numbers, months = county.stream("payment", "risk"), len(county.scale.months)
    strain = county.world.effects.risk * _strain(county, accounts, numbers)
    distressed = _distressed(strain, numbers)
    habit = county.world.effects.risk * np.clip(numbers.standard_t(5, len(accounts)), -4, 4)
    late_frac = _late_frac(county, accounts, strain, distressed, habit)
    late_frac[accounts["is_prepaid"]] = 0.0
    is_late = late_frac > numbers.random((months, len(accounts))).T
    return Risk(accounts, account_of_point, habit, strain, distressed, late_frac, is_late)


def _accounts(county: "County") -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return a row an account, by its first supply point, and the row of every supply point."""
    points, numbers = county.points, county.stream("payment", "account")
    codes, _ = pd.factorize(points["account_id"])
    first = ~pd.Series(codes).duplicated().to_numpy()
    accounts = points[first].reset_index(drop=True)
    all_prepaid = pd.Series(points["is_prepaid"].to_numpy(bool)).groupby(codes).min().to_numpy()
    chance = accounts["class_name"].map(_AUTOPAY_FRAC).fillna(0.3)
    is_autopay = numbers.random(len(accounts)) < chance.to_numpy()
    accounts = accounts.assign(is_prepaid=all_prepaid, is_autopay=is_autopay & ~all_prepaid)
    return accounts, codes


def _strain(county: "County", accounts: pd.DataFrame, numbers: np.random.Generator) -> Floats:
    """Add up weakness (heavy tails), health, the economy and shocks that wear off in months."""
    months = len(county.scale.months)
    weakness = numbers.standard_t(5, len(accounts)) * np.sqrt(0.6)
    shocks = autoregression(numbers.standard_normal((months, len(accounts))), 0.85).T
    still = 0.45 * weakness - 0.45 * accounts["vigour"].to_numpy("float64")
    total = still[:, None] + 0.5 * stress(county, accounts["industry_code"]) + 0.5 * shocks
    return np.clip(total, -4.0, 4.0)


def _distressed(strain: Floats, numbers: np.random.Generator) -> Flags:
    draws = numbers.random((strain.shape[1], len(strain)))
    enter = np.minimum(_ENTER_FRAC * np.exp(1.0 * strain.T), 0.3)
    state = np.empty(draws.shape, bool)
    now = draws[0] < enter[0] / (enter[0] + _CURE_FRAC)
    for month, draw in enumerate(draws):
        now = np.where(now, draw > _CURE_FRAC, draw < enter[month])
        state[month] = now
    return state.T


def _late_frac(
    county: "County", accounts: pd.DataFrame, strain: Floats, distressed: Flags, habit: Floats
) -> Floats:
    strength = county.world.effects.risk
    score = accounts["class_name"].map(_CLASS_SCORE).fillna(0.0).to_numpy() + 0.40 * habit
    calm = _CALM_LATE_FRAC * np.exp(score[:, None] + 0.6 * strain)
    leaning = np.minimum(np.where(distressed, _DISTRESSED_LATE_FRAC, calm), 0.9)
    leaning *= np.where(accounts["is_autopay"], 0.5, 1.0)[:, None]
    level = parameters.at("synthetic_money.late_bill_frac", pd.Timestamp(county.scale.last_day))
    return strength * leaning + (1 - strength) * level


def clean(is_late: Flags, billed: Flags) -> Flags:
    """Return who had a bill in each of the last twelve months and paid none of them late.

    Parameters
    ----------
    is_late, billed : array of shape (n_accounts, n_months)
        Whether the account paid late, and had a bill, in a month.

    Returns
    -------
    array of shape (n_accounts, n_months)
        The month itself does not count; the first twelve months are never clean.
    """
    good = np.cumsum(np.pad(billed & ~is_late, ((0, 0), (1, 0))), axis=1)
    result = np.zeros(is_late.shape, bool)
    run: npt.NDArray[np.int64] = good[:, _CLEAN_MONTHS:-1] - good[:, : -_CLEAN_MONTHS - 1]
    result[:, _CLEAN_MONTHS:] = run == _CLEAN_MONTHS
    return result
