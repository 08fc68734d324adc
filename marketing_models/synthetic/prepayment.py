"""Payments ahead: prepaid homes top up round amounts, and bills draw on the oldest money."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from marketing_models.synthetic import demands
from marketing_models.synthetic.collection import DAY, Whole
from marketing_models.synthetic.risk import Risk

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_STEP_FEN = 5000


class Block(NamedTuple):
    """Payments of one kind, and what they are booked against.

    `payments` has ``account``, ``month``, ``fen``, ``paid``, ``channel_code``; `allocations` has
    ``payment`` (row in `payments`), ``line``, ``fen``, ``charge_fen``.
    """

    payments: pd.DataFrame
    allocations: pd.DataFrame


def block(county: "County", held: Risk, owed: pd.DataFrame) -> Block:
    """Return the payments of prepaid homes.

    Parameters
    ----------
    county : County
        The county.
    held : Risk
        Its accounts.
    owed : DataFrame
        Their bills, as `demands.lines` returns them, with ``line``.

    Returns
    -------
    Block
        About one payment a bill, made in the month before its issue; never too small.
    """
    numbers = county.stream("payment", "ahead")
    owed = owed.sort_values(["account", "issued", "line"], ignore_index=True)
    account, fen = owed["account"].to_numpy(), owed["fen"].to_numpy()
    run = np.cumsum(fen)
    before = (run - fen)[np.searchsorted(account, account)]
    used = run - before
    mean = owed.groupby("account")["fen"].transform("mean").to_numpy()
    spare = (mean * (0.2 + numbers.random(len(held.accounts)))[account]).astype("int64")
    held_fen = -(-(used + spare) // _STEP_FEN) * _STEP_FEN
    held_fen = np.maximum.accumulate(held_fen + account * np.int64(1 << 40)) - account * np.int64(
        1 << 40
    )
    is_first = np.searchsorted(account, account) == np.arange(len(account))
    top_up = held_fen - np.where(is_first, 0, np.roll(held_fen, 1))
    start = county.scale.months.to_numpy("datetime64[s]").astype("int64")[owed["month"]]
    room = (owed["issued"].to_numpy() - start) // DAY
    day = np.floor(numbers.random(len(owed)) * np.maximum(room, 1)).astype("int64")
    paid = start + day * DAY + demands.hours(len(owed), numbers)
    paid = np.maximum.accumulate(paid + account * np.int64(1 << 34)) - account * np.int64(1 << 34)
    payments = owed[["account", "month"]].assign(
        fen=top_up,
        paid=paid,
        channel_code=demands.channels(county, held, account, "ahead"),
    )
    made = top_up > 0
    allocations = oldest_money_first(account, used, held_fen, np.cumsum(made) - 1)
    allocations["line"] = owed["line"].to_numpy()[allocations["line"]]
    return Block(payments[made].reset_index(drop=True), allocations)


def oldest_money_first(account: Whole, used: Whole, held_fen: Whole, number: Whole) -> pd.DataFrame:
    """Book money paid ahead against the oldest bill that is not yet paid.

    Parameters
    ----------
    account : array of shape (n,)
        Places of accounts, ascending.
    used, held_fen : array of shape (n,)
        Running sums, by account, of the bills and of the money paid ahead. [fen]
    number : array of shape (n,)
        Row of the last payment made up to each bill.

    Returns
    -------
    DataFrame
        ``payment``, ``line``, ``fen`` and ``charge_fen``; the sums cut at each other's edges.
    """
    offset = account * np.int64(1 << 40)
    bill_edge, money_edge = used + offset, held_fen + offset
    edges = np.unique(np.concatenate([bill_edge, money_edge]))
    line = np.searchsorted(bill_edge, edges)
    inside = line < len(bill_edge)
    edges, line = edges[inside], line[inside]
    payment = np.searchsorted(money_edge, edges)
    start = np.where(np.roll(account, 1) == account, np.roll(bill_edge, 1), offset)
    start[:1] = offset[:1]
    low = np.maximum(np.concatenate([edges[:1] * 0, edges[:-1]]), start[line])
    fen = np.where(account[line] == account[payment], edges - low, 0)
    cut = pd.DataFrame({"payment": number[payment], "line": line, "fen": fen, "charge_fen": 0})
    return cut[cut["fen"] > 0].reset_index(drop=True)
