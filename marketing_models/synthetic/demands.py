"""What accounts owe: the bills of an account that are paid together, and when they are paid."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.collection import DAY, Whole, overdue, seconds
from marketing_models.synthetic.risk import Risk
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

BOUNCED_FRAC = 0.45
_SLOW = ("agent", "bank_counter", "bank_debit")
_WHIM_FRAC = 0.12
_FIRST_HOUR, _OPEN_HOURS = 7, 15


def lines(county: "County", held: Risk) -> pd.DataFrame:
    """Return the bills of a county as account and month in numbers, money in fen.

    Parameters
    ----------
    county : County
        The county.
    held : Risk
        Its accounts.

    Returns
    -------
    DataFrame
        A row a bill that is not zero: ``bill_id``, ``account``, ``month`` (places), ``fen``,
        ``issued`` and ``due`` (midnights in seconds since 1970) and ``wave``: 0 for regular
        bills, else the day of issue, because instalments and supplements are paid apart.
    """
    bills = county.bills
    issued = seconds(bills["issued_date"])
    own = pd.DataFrame(
        {
            "bill_id": bills["bill_id"],
            "account": held.account_of_point[bills["point"].to_numpy()],
            "month": county.scale.months.get_indexer(pd.DatetimeIndex(bills["month_start"])),
            "fen": np.rint(bills["receivable_yuan"].to_numpy("float64") * 100).astype("int64"),
            "issued": issued,
            "due": seconds(bills["due_date"]),
            "wave": np.where(bills["bill_type_code"] == "regular", 0, issued // DAY),
        }
    )
    return own[own["fen"] != 0].reset_index(drop=True)


def demands(owed: pd.DataFrame) -> tuple[pd.DataFrame, Whole]:
    """Return what is paid together, in order of account and issue.

    Parameters
    ----------
    owed : DataFrame
        As `lines` returns it.

    Returns
    -------
    demands : DataFrame
        ``account``, ``month``, ``fen``, ``issued`` (the last) and ``due`` (the first).
    demand_of_line : array of shape (n_lines,)
        Row in `demands` of every line.
    """
    wave = owed["wave"].to_numpy()
    order = np.where(wave == 0, owed["month"].to_numpy() * 40, wave - wave.max(initial=0) + 10**6)
    key = owed["account"].to_numpy() * np.int64(1 << 32) + order
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    groups = owed[["fen", "issued", "due"]].groupby(place)
    found = owed[["account", "month"]].iloc[first].reset_index(drop=True)
    found = found.assign(
        fen=groups["fen"].sum(), issued=groups["issued"].max(), due=groups["due"].min()
    )
    rank = np.lexsort((found["due"], found["issued"], found["account"]))
    back = np.empty(len(rank), "int64")
    back[rank] = np.arange(len(rank))
    return found.iloc[rank].reset_index(drop=True), back[place]


def channels(county: "County", held: Risk, account: Whole, part: str) -> pd.Series:
    """Draw the channel of payments: each account has one that it mostly keeps to.

    Parameters
    ----------
    county : County
        The county.
    held : Risk
        Its accounts.
    account : array of shape (n,)
        Place of the account of each payment.
    part : str
        Names the stream of random numbers.

    Returns
    -------
    Series of shape (n,)
        Codes of the list ``channel``, as categories.
    """
    numbers = county.stream("payment", "channel", part)
    shares = parameters.at("synthetic_money.channel_frac", pd.Timestamp(county.scale.last_day))
    codes = sorted({*shares["home"], *shares["other"]})
    cumulated = np.cumsum([[shares[kind].get(c, 0) for c in codes] for kind in shares], axis=1)
    edges = cumulated[:, :-1]
    usual = county.stream("payment", "channel").random(len(held.accounts))
    is_whim = numbers.random(len(account)) < _WHIM_FRAC
    draw = np.where(is_whim, numbers.random(len(account)), usual[account])
    kind = (held.accounts["class_name"].to_numpy() != "residential").astype("int64")[account]
    place = (draw[:, None] >= edges[kind]).sum(axis=1)
    debit = held.accounts["is_autopay"].to_numpy()[account] & ~is_whim
    place = np.where(debit, len(codes), place).astype("int64")
    return pd.Series(pd.Categorical.from_codes(place, pd.Index([*codes, "bank_debit"])))


def hours(count: int, numbers: np.random.Generator) -> Whole:
    """Return seconds of the day within which people pay, between 7:00 and 22:00."""
    day = _FIRST_HOUR + _OPEN_HOURS * numbers.beta(2.2, 2.0, count)
    return (day * 3600).astype("int64")


def booked(paid: Whole, channel: pd.Series) -> Whole:
    """Return when payments reach the company: at once, or at ten on the next day."""
    slow = channel.isin(_SLOW).to_numpy()
    return np.where(slow, paid // DAY * DAY + DAY + 10 * 3600, paid + 300)


def with_moments(county: "County", held: Risk, found: pd.DataFrame) -> pd.DataFrame:
    """Return demands with their state, their channel and when the last part is paid.

    Parameters
    ----------
    county : County
        The county.
    held : Risk
        Its accounts and their hidden state.
    found : DataFrame
        As `demands` returns it.

    Returns
    -------
    DataFrame
        With ``is_late``, ``channel_code``, ``paid`` [s since 1970] and, for late ones,
        what `collection.overdue` adds.
    """
    numbers, account = county.stream("payment", "moment"), found["account"].to_numpy()
    state = account, found["month"].to_numpy()
    found = found.assign(
        is_late=held.is_late[state] & (found["fen"] > 0).to_numpy(),
        is_distressed=held.is_distressed[state],
        channel_code=channels(county, held, account, "usual"),
    )
    paid = _paid_in_time(found, held, numbers)
    late = overdue(county, found[found["is_late"]])
    late["paid"] = _paid_late(late, county.stream("payment", "late"))
    paid[found["is_late"].to_numpy()] = late["paid"]
    paid = oldest_first(account, paid)
    paid = np.maximum(paid, found["issued"].to_numpy() + DAY + 3600)
    too_soon = found["is_late"].to_numpy() & (paid < found["due"].to_numpy() + DAY)
    paid = np.where(too_soon, found["due"].to_numpy() + DAY + 8 * 3600, paid)
    return found.assign(paid=paid).join(late.drop(columns=["paid", *found.columns]))


def _paid_in_time(found: pd.DataFrame, held: Risk, numbers: np.random.Generator) -> Whole:
    """Draw a day between issue and due date: later in strain, which shows before it bites."""
    count = len(found)
    trait = numbers.standard_normal(len(held.accounts))[found["account"]]
    strain = held.strain[found["account"].to_numpy(), found["month"].to_numpy()]
    lean = -0.9 + 0.65 * strain + 0.5 * held.habit[found["account"]] + 0.4 * trait
    lean += 0.7 * numbers.standard_normal(count)
    is_debit = (found["channel_code"] == "bank_debit").to_numpy()
    room = (found["due"] - found["issued"]).to_numpy() // DAY
    room = np.maximum(room - found["channel_code"].isin(_SLOW).to_numpy(), 1)
    day = 1 + np.floor(room / (1 + np.exp(-lean))).astype("int64")
    day = np.minimum(np.where(is_debit, 2 + (day > room // 2), day), room)
    moment = np.where(is_debit, 2 * 3600, hours(count, numbers))
    return found["issued"].to_numpy() + day * DAY + moment


def _paid_late(late: pd.DataFrame, numbers: np.random.Generator) -> Whole:
    """Draw the day after the due date; at the year's end collectors press, for large debts most."""
    due, count = late["due"].to_numpy(), len(late)
    paid = due + np.ceil(late["treated_days"].to_numpy()).astype("int64") * DAY
    year = due.astype("datetime64[s]").astype("datetime64[Y]")
    turn = (year + 1).astype("datetime64[s]").astype("int64")
    press = np.clip(0.80 + 0.05 * np.log10(late["fen"].to_numpy("float64") / 100 + 1), 0, 0.995)
    pressed = (paid >= turn) & (numbers.random(count) < press)
    last = turn - numbers.integers(1, 12, count) * DAY
    return np.where(pressed, np.maximum(last, due + DAY), paid) + hours(count, numbers)


def oldest_first(account: Whole, paid: Whole) -> Whole:
    """Let whoever pays a newer bill pay the older ones with it.

    Parameters
    ----------
    account : array of shape (n,)
        Places of accounts, ascending; the demands of each in order of issue.
    paid : array of shape (n,)
        When each would be paid by itself. [s since 1970]

    Returns
    -------
    array of shape (n,)
        The least over this and all later demands of the account. [s since 1970]
    """
    # The offset makes each account start anew.
    offset = account * np.int64(1 << 34)
    return np.minimum.accumulate((paid + offset)[::-1])[::-1] - offset


def parts(late: pd.DataFrame, numbers: np.random.Generator) -> tuple[Floats, Whole]:
    """Draw the parts that late payers pay before the last one.

    Parameters
    ----------
    late : DataFrame
        Late demands with ``issued`` and ``paid``.
    numbers : Generator
        Random numbers.

    Returns
    -------
    share_frac, moment : array of shape (n, 2)
        Share of the demand, zero where that part is not made, and when. [1] [s since 1970]
    """
    count, spread = len(late), late["is_distressed"].to_numpy()
    draw = numbers.random(count)
    wanted = np.column_stack([draw < np.where(spread, 0.35, 0.15), draw < 0.08 * spread])
    share = np.where(wanted, numbers.uniform(0.2, 0.45, (count, 2)), 0.0)
    start, end = late["issued"].to_numpy() + DAY, late["paid"].to_numpy() - DAY
    place = np.sort(numbers.random((count, 2)), axis=1)
    moment = start[:, None] + np.floor(place * (end - start)[:, None] / DAY) * DAY + 12 * 3600
    return share, moment.astype("int64")
