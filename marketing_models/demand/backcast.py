"""Estimate of days whose load is unknown, from the days on both sides of the gap."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from marketing_models.demand.correction import correction
from marketing_models.demand.features import FloatArray, Recipe
from marketing_models.demand.fitting import one_thread, predicted
from marketing_models.demand.history import LoadHistory, findings, refuse
from marketing_models.demand.regression import UnitModel

_SIDE_DAYS = 150
_EVEN_HALF_LIFE_DAYS = 1e6


def backcast(history: LoadHistory, *, accept: Iterable[str] = ()) -> pd.DataFrame:
    """Estimate the load of days without any known value, where the temperature is known.

    Parameters
    ----------
    history : LoadHistory
        With gaps of whole days.
    accept : iterable of str
        Codes of forbidding findings that the caller takes upon himself.

    Returns
    -------
    DataFrame of shape (n_periods, n_units)
        Estimates in the gaps between known days, NaN elsewhere. [kW]

    Notes
    -----
    One regression (see `LoadRegression`) on all days, near or far, for a gap knows both its
    sides. The correction (see `correction`) is made from the days before and, with time reversed,
    from the days after; across the gap one passes into the other linearly. Own rule.
    """
    refuse(findings(history), accept)
    recipe = Recipe.of(history.days, history.dates, history.slots_per_day)
    estimates = {}
    for unit in history.units:
        model = UnitModel.of(history, unit, recipe, half_life_days=_EVEN_HALF_LIFE_DAYS)
        with one_thread():
            model.walk.advance(len(history.dates), at_end=True)
            estimates[unit] = _unit(model).ravel()
    return pd.DataFrame(estimates, index=history.periods)


def _unit(model: UnitModel) -> FloatArray:
    walk = model.walk
    residuals = walk.residuals(slice(0, None))
    estimate = np.full(residuals.shape, np.nan)
    for gap in _gaps(walk.load_kw):
        count = gap.stop - gap.start
        left = correction(residuals[max(0, gap.start - _SIDE_DAYS) : gap.start], count)
        right = correction(residuals[gap.stop : gap.stop + _SIDE_DAYS][::-1, ::-1], count)
        share = (np.arange(left.size).reshape(left.shape) + 0.5) / left.size
        level = (1 - share) * left + share * right[::-1, ::-1] + walk.shift(gap.start)
        estimate[gap] = np.exp(predicted(walk.matrix[..., gap], walk.coefficients) + level)
    return estimate


def _gaps(load_kw: FloatArray) -> Iterator[slice]:
    known = np.flatnonzero(np.isfinite(load_kw).any(axis=1)).tolist()
    for before, after in pairwise(known):
        if after - before > 1:
            yield slice(before + 1, after)
