"""Bank statements that match the payments, but for a few planted exceptions."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

EXCEPTIONS = ("missing_statement", "missing_booking", "duplicate", "amount_differs")
_NAMES = ["account_id", "paid_yuan", "bank_code", "bank_reference"]


def statement_lines(county: "County", payments: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the bank's view of the payments of a county.

    Parameters
    ----------
    county : County
        The county.
    payments : DataFrame
        Rows of ``payment``.

    Returns
    -------
    lines, exceptions : DataFrame
        Rows of ``bank_statement_line``, and the planted exceptions: ``bank_reference``,
        ``exception_code`` and ``amount_yuan``, what the bank says over what the company booked.
    """
    numbers = county.stream("bank_statement_line")
    share = parameters.at(
        "synthetic_money.bank_exception_frac", pd.Timestamp(county.scale.last_day)
    )
    at_bank = payments["bank_code"].notna() & payments["booked_at"].notna()
    lines = payments.loc[at_bank, [*_NAMES, "booked_at"]].reset_index(drop=True)
    lines["value_date"] = lines.pop("booked_at").dt.normalize()
    draw = numbers.random(len(lines)) / share
    off = (lines["paid_yuan"] * numbers.uniform(-0.2, 0.2, len(lines))).round(2)
    hit = [(draw >= k) & (draw < k + 1) for k in range(4)]
    differs = hit[3] & (off != 0)
    unbooked = lines[hit[1]]
    unbooked = unbooked.assign(bank_reference=unbooked["bank_reference"] + "X")
    lines["paid_yuan"] = (lines["paid_yuan"] + off.where(differs, 0.0)).round(2)
    parts = [lines[~hit[0]], unbooked, lines[hit[2]]]
    amounts = [
        -lines["paid_yuan"][hit[0]],
        *(part["paid_yuan"] for part in parts[1:]),
        off[differs],
    ]
    references = [lines[hit[0]], *parts[1:], lines[differs]]
    planted = [
        pd.DataFrame({"bank_reference": part["bank_reference"], "amount_yuan": amount}).assign(
            exception_code=code
        )
        for code, part, amount in zip(EXCEPTIONS, references, amounts, strict=True)
    ]
    made = pd.concat(parts, ignore_index=True)
    number = pd.Series(np.arange(len(made)) + 10**9).astype("str")
    made = made.assign(
        statement_line_id=county.unit_id + "-L" + number,
        county_id=county.unit_id,
        # The bank delivers the statement of a day on the next morning.
        known_at=made["value_date"] + pd.Timedelta(hours=30),
    )
    return made, pd.concat(planted, ignore_index=True)
