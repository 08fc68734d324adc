"""Draws that stay with their row: picking by weight, and codes by share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def picked(weight: Floats, place: Floats) -> npt.NDArray[np.int64]:
    """Return the rows that uniform numbers fall on.

    Parameters
    ----------
    weight : array of shape (n_rows,)
        How often each is picked, not negative. [1]
    place : array of shape (n,)
        Uniform between zero and one. [1]

    Returns
    -------
    array of shape (n,)
        Row numbers.
    """
    total = np.cumsum(weight)
    row = np.searchsorted(total, place * total[-1], side="right")
    return np.minimum(row, len(total) - 1)


def coded(share: Mapping[str, float], place: Floats) -> npt.NDArray[np.object_]:
    """Return codes by their shares.

    Parameters
    ----------
    share : mapping of str to float
        Weight of each code. [1]
    place : array of shape (n,)
        Uniform between zero and one. [1]

    Returns
    -------
    array of shape (n,)
        Codes.
    """
    names = np.array(list(share), dtype="object")
    return names[picked(np.array(list(share.values())), place)]


def draws_by_number(
    county: County, rows: pd.DataFrame, column_count: int, name: str
) -> npt.NDArray[np.float64]:
    """Return uniform numbers that belong to the contacts, whatever other contacts there are.

    Parameters
    ----------
    county : County
        The county.
    rows : DataFrame
        Has ``cause``, a category, and ``number``.
    column_count : int
        Numbers for each row.
    name : str
        What they are for.

    Returns
    -------
    array of shape (column_count, n_rows)
        Between zero and one. [1]

    Notes
    -----
    A counter is mixed with a key of the county's stream by the finaliser of SplitMix64, so that
    only the numbers that are needed are made.

    References
    ----------
    G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    key = county.stream("ticket", name).integers(0, 2**63, dtype="uint64")
    cause = rows["cause"].cat.codes.to_numpy().astype("uint64")
    counter = (rows["number"].to_numpy().astype("uint64") << np.uint64(8)) | cause
    counter = (counter << np.uint64(8)) | np.arange(column_count, dtype="uint64")[:, None]
    mixed = counter * np.uint64(0x9E3779B97F4A7C15) + key
    for shift, factor in _MIX:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    found: npt.NDArray[np.float64] = (mixed >> np.uint64(11)).astype("float64") * 2.0**-53
    return found
