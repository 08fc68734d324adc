"""Payments as rows: in time, late, in parts, ahead, twice, bounced and in transit."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import bank, collection, demands, prepayment, risk
from marketing_models.synthetic.collection import DAY, Whole, seconds
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.prepayment import Block
from marketing_models.synthetic.risk import Risk
from marketing_models.synthetic.scale import halls_below
from marketing_models.synthetic.theft import Flags

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_TWICE_FRAC = 0.0015
_ELSEWHERE_FRAC = 0.03
_BANKS = 8
_AT_BANK = ("bank_counter", "bank_debit", "app", "web", "agent")
_EARLIEST = int(seconds("2000-01-01"))  # stands in where nothing is due
_ALLOCATION = ["payment", "line", "fen", "charge_fen"]


def tables(county: "County") -> "Made":
    """Return the money of a county: payments, statements, collection and registry records.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Tables ``payment``, ``payment_allocation``, ``bank_statement_line``,
        ``collection_action`` and ``external_flag``; truth ``payments_late``,
        ``collection_effect`` and ``bank_exceptions``.
    """
    held = risk.risk(county)
    owed = demands.lines(county, held).assign(line=lambda own: np.arange(len(own)))
    ahead = held.accounts["is_prepaid"].to_numpy()[owed["account"]] & (owed["fen"] > 0).to_numpy()
    usual = owed[~ahead].reset_index(drop=True)
    found, place = demands.demands(usual)
    timed = demands.with_moments(county, held, found)
    blocks = _blocks(county, held, usual.assign(demand=place), timed)
    blocks.append(prepayment.block(county, held, owed[ahead]))
    payments, allocations = _numbered(county, held, blocks, owed)
    late = _named(county, held, timed[timed["is_late"]])
    lines, exceptions = bank.statement_lines(county, payments)
    return Made(
        {
            "payment": payments,
            "payment_allocation": allocations,
            "bank_statement_line": lines,
            "collection_action": collection.actions(county, late),
            "external_flag": collection.external_flags(county, held),
        },
        {
            "payments_late": _late_truth(county, held, timed),
            "collection_effect": collection.effect(late),
            "bank_exceptions": exceptions,
        },
    )


def _named(county: "County", held: Risk, timed: pd.DataFrame) -> pd.DataFrame:
    return timed.assign(
        account_id=held.accounts["account_id"].to_numpy()[timed["account"]],
        month_start=county.scale.months[timed["month"]],
    )


def _late_truth(county: "County", held: Risk, timed: pd.DataFrame) -> pd.DataFrame:
    """Return a row an account and month with something to pay that may be late."""
    billed = np.zeros(held.is_late.shape, bool)
    positive = timed[timed["fen"] > 0]
    billed[positive["account"], positive["month"]] = True
    is_new = risk.clean(held.is_late, billed)
    account, month = np.nonzero(billed & ~held.accounts["is_prepaid"].to_numpy()[:, None])
    return pd.DataFrame(
        {
            "account_id": held.accounts["account_id"].to_numpy()[account],
            "month_start": county.scale.months[month],
            "late_probability": held.late_frac[account, month],
            "is_late": held.is_late[account, month],
            "is_new": is_new[account, month],
        }
    )


def _blocks(county: "County", held: Risk, usual: pd.DataFrame, timed: pd.DataFrame) -> list[Block]:
    """Return last parts (of several demands at once), earlier parts, bounced debits, doubles."""
    numbers = county.stream("payment", "parts")
    late = timed["is_late"].to_numpy()
    share, moment = np.zeros((len(timed), 2)), np.zeros((len(timed), 2), "int64")
    share[late], moment[late] = demands.parts(timed[late], numbers)
    bounced = late & (timed["channel_code"] == "bank_debit").to_numpy() & (share[:, 0] == 0)
    bounced &= numbers.random(len(timed)) < demands.BOUNCED_FRAC
    line = usual[["line", "demand", "fen", "due"]].assign(home=_is_home(held, usual))
    part_fen = np.rint(line["fen"].to_numpy()[:, None] * share[usual["demand"]]).astype("int64")
    last = _last_parts(timed, line.assign(fen=line["fen"] - part_fen.sum(axis=1)))
    blocks = [last, _doubles(county, last.payments)]
    for k in range(2):
        own = timed.assign(paid=moment[:, k])
        blocks.append(_by_demand(own, line.assign(fen=part_fen[:, k]), share[:, k] > 0))
    debit = timed.assign(paid=timed["issued"] + 2 * DAY + 2 * 3600)
    back = debit.assign(paid=debit["paid"] + 2 * DAY + 6 * 3600)
    return [
        *blocks,
        _by_demand(debit, line, bounced),
        _by_demand(back, line.assign(fen=-line["fen"]), bounced),
    ]


def _is_home(held: Risk, usual: pd.DataFrame) -> Flags:
    is_home = held.accounts["class_name"].to_numpy() == "residential"
    return np.asarray(is_home[usual["account"]], bool)


def _last_parts(timed: pd.DataFrame, line: pd.DataFrame) -> Block:
    """Join demands of one account that are paid at one moment into one payment."""
    key = timed["account"].to_numpy() * np.int64(1 << 34) + timed["paid"].to_numpy()
    _, payment = np.unique(key, return_inverse=True)
    newest = np.zeros(payment.max(initial=-1) + 1, "int64")
    newest[payment] = np.arange(len(payment))
    allocations = _allocated(timed, line, payment)
    made = timed[["account", "month", "paid", "channel_code"]].iloc[newest]
    return Block(_summed(made, allocations), allocations)


def _by_demand(timed: pd.DataFrame, line: pd.DataFrame, chosen: Flags) -> Block:
    """Make one payment of each chosen demand."""
    own = chosen[line["demand"]]
    allocations = _allocated(timed, line[own], np.cumsum(chosen) - 1)
    made = timed.loc[chosen, ["account", "month", "paid", "channel_code"]]
    return Block(_summed(made, allocations), allocations)


def _summed(made: pd.DataFrame, allocations: pd.DataFrame) -> pd.DataFrame:
    total = (allocations["fen"] + allocations["charge_fen"]).to_numpy("float64")
    fen = np.bincount(allocations["payment"], total, len(made)).astype("int64")
    return made.reset_index(drop=True).assign(fen=fen)


def _allocated(timed: pd.DataFrame, line: pd.DataFrame, payment: Whole) -> pd.DataFrame:
    """Book parts against bills with the late charge of the days since the due date."""
    paid = timed["paid"].to_numpy()[line["demand"]]
    charge = late_charge_fen(line, paid)
    return pd.DataFrame(
        {
            "payment": payment[line["demand"]],
            "line": line["line"].to_numpy(),
            "fen": line["fen"].to_numpy(),
            "charge_fen": charge,
        }
    )


def late_charge_fen(line: pd.DataFrame, paid: Whole) -> Whole:
    """Return the late charge of bills for each day after the due date.

    Parameters
    ----------
    line : DataFrame
        Bills with ``fen``, ``due`` (midnight of the due date, seconds since 1970) and ``home``.
    paid : array of shape (n_lines,)
        When they are paid. [s since 1970]

    Returns
    -------
    array of shape (n_lines,)
        Late charge [fen]; others than homes pay more for debts of past years, nobody for credits.
    """
    due = line["due"].to_numpy()
    rates = parameters.at(
        "synthetic_money.late_charge_per_day_frac", _as_day(due.max(initial=_EARLIEST))
    )
    overdue = np.maximum(paid // DAY - due // DAY, 0)
    turn = (due.astype("datetime64[s]").astype("datetime64[Y]") + 1).astype("datetime64[D]")
    past = np.clip(paid // DAY - turn.astype("int64") + 1, 0, overdue)
    other = rates["other"] * (overdue - past) + rates["other_past_year"] * past
    per_fen = np.where(line["home"], rates["home"] * overdue, other)
    return np.rint(np.maximum(line["fen"].to_numpy(), 0) * per_fen).astype("int64")


def _as_day(moment: np.int64) -> pd.Timestamp:
    return pd.Timestamp(int(moment), unit="s")


def _doubles(county: "County", last: pd.DataFrame) -> Block:
    """Pay a few bills twice and take the second payment back some days later."""
    numbers = county.stream("payment", "twice")
    twice = numbers.random(len(last)) < _TWICE_FRAC
    soon = numbers.integers(3600, 2 * DAY, len(last))
    later = numbers.integers(4 * DAY, 20 * DAY, len(last))
    again = last[twice & (last["fen"] > 0).to_numpy()]
    first = again.assign(paid=again["paid"] + soon[again.index])
    back = again.assign(paid=first["paid"] + later[again.index], fen=-again["fen"])
    empty = pd.DataFrame({name: [] for name in _ALLOCATION}, dtype="int64")
    return Block(pd.concat([first, back], ignore_index=True), empty)


def _numbered(
    county: "County", held: Risk, blocks: list[Block], owed: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give all payments made by the last day a number, and book those that arrived."""
    starts = np.cumsum([0, *(len(own.payments) for own in blocks)])
    paid = pd.concat([own.payments for own in blocks], ignore_index=True)
    allocations = pd.concat(
        [own.allocations.assign(payment=own.allocations["payment"] + start)
         for own, start in zip(blocks, starts[:-1].tolist(), strict=True)],
        ignore_index=True,
    )  # fmt: skip
    payments = _payment_rows(county, held, paid)
    allocated = _allocation_rows(county, payments, allocations, owed)
    made = payments["paid_at"] < county.scale.origin
    return payments[made & (payments["paid_yuan"] != 0)].reset_index(drop=True), allocated


def _payment_rows(county: "County", held: Risk, paid: pd.DataFrame) -> pd.DataFrame:
    numbers, count = county.stream("payment", "row"), len(paid)
    reached = demands.booked(paid["paid"].to_numpy(), paid["channel_code"])
    paid_at = pd.Series(paid["paid"].to_numpy().astype("datetime64[s]"))
    booked_at = pd.Series(reached.astype("datetime64[s]"))
    number = pd.Series(np.arange(count) + 10**8).astype("str")
    bank_of = county.stream("payment", "bank").integers(1, _BANKS + 1, len(held.accounts))
    code = pd.Series([f"B{k:02d}" for k in range(_BANKS + 1)]).iloc[bank_of[paid["account"]]]
    at_bank = paid["channel_code"].isin(_AT_BANK)
    code = code.reset_index(drop=True).where(at_bank)
    serial = pd.Series(numbers.permutation(count) + 10**8).astype("str")
    return pd.DataFrame(
        {
            "payment_id": county.unit_id + "-M" + number,
            "county_id": county.unit_id,
            "month_start": county.scale.months[paid["month"]],
            "account_id": held.accounts["account_id"].to_numpy()[paid["account"]],
            "paid_yuan": paid["fen"] / 100,
            "paid_at": paid_at,
            "booked_at": booked_at.where(booked_at < county.scale.origin),
            "channel_code": paid["channel_code"].astype("str"),
            "serving_unit_id": _halls(county, count, numbers).where(paid["channel_code"] == "hall"),
            "bank_code": code,
            "bank_reference": (county.unit_id + serial).where(at_bank),
            # The booking reaches the customer system within the hour.
            "known_at": booked_at.where(booked_at < county.scale.origin, paid_at)
            + pd.Timedelta(hours=1),
        }
    )


def _halls(county: "County", count: int, numbers: np.random.Generator) -> pd.Series:
    """Draw halls: mostly of the county, some of any other, because halls serve all comers."""
    own = halls_below(county.unit_id)
    others = [
        h for unit in county.world.city_of if unit != county.unit_id for h in halls_below(unit)
    ]
    away = (numbers.random(count) < _ELSEWHERE_FRAC) & bool(others)
    place = numbers.integers(0, len(own), count)
    place = np.where(away, len(own) + numbers.integers(0, max(len(others), 1), count), place)
    return pd.Series([*own, *others], dtype="str").iloc[place].reset_index(drop=True)


def _allocation_rows(
    county: "County", payments: pd.DataFrame, allocations: pd.DataFrame, owed: pd.DataFrame
) -> pd.DataFrame:
    """Book allocations with the payment, those of money paid ahead with the bill."""
    payment = payments.iloc[allocations["payment"]].reset_index(drop=True)
    line = owed.iloc[allocations["line"]].reset_index(drop=True)
    # A bill is charged against money paid ahead in the night after its issue.
    billed = pd.Series((line["issued"].to_numpy() + DAY + 2 * 3600).astype("datetime64[s]"))
    rows = pd.DataFrame(
        {
            "payment_id": payment["payment_id"],
            "bill_id": line["bill_id"],
            "county_id": county.unit_id,
            "month_start": county.scale.months[line["month"]],
            "allocated_yuan": allocations["fen"] / 100,
            "allocated_late_charge_yuan": allocations["charge_fen"] / 100,
            "known_at": payment["known_at"].where(payment["known_at"] > billed, billed),
        }
    )
    # A bill and its reversal that are settled with each other need no payment.
    kept = payment["booked_at"].notna() & (payment["paid_yuan"] != 0)
    kept &= rows["allocated_yuan"] != 0
    return rows[kept].reset_index(drop=True)
