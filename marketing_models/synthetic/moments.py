"""Moments as arrays: minutes and seconds to add, and hours between."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.streams import Floats

Moments = npt.NDArray[np.datetime64]
Spans = npt.NDArray[np.timedelta64]
NEVER = np.datetime64("NaT", "us")


def minutes(count: npt.ArrayLike) -> Spans:
    """Return whole minutes to add to moments."""
    return np.rint(np.asarray(count)).astype("timedelta64[m]").astype("timedelta64[us]")


def seconds(count: npt.ArrayLike) -> Spans:
    """Return whole seconds to add to moments."""
    return np.rint(np.asarray(count)).astype("timedelta64[s]").astype("timedelta64[us]")


def added(moment: npt.NDArray[np.generic], span: Spans) -> Moments:
    """Return the moments that lie a span after others."""
    later: Moments = np.add(moment.astype("datetime64[us]"), span)
    return later


def hours_between(earlier: pd.Series, later: pd.Series) -> Floats:
    """Return the hours from moments to others, not a number where one is missing."""
    between: Floats = (later - earlier).dt.total_seconds().to_numpy(dtype="float64") / 3600
    return between


def named(names: pd.Series, row: npt.NDArray[np.int64], other: str | None = None) -> pd.Series:
    """Return the names in some rows, and another name for the row -1."""
    every = [*names.tolist(), other]
    return pd.Series([every[place] for place in row.tolist()], dtype="object")
