"""Yardstick: the same slot a week ago."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from marketing_models.demand.features import FloatArray
from marketing_models.demand.history import LoadHistory

_WEEK_DAYS = 7


class SeasonalNaive(BaseEstimator):
    """Repeat the last week.

    Attributes
    ----------
    history_ : LoadHistory
        What was fitted.
    """

    def fit(self, history: LoadHistory) -> "SeasonalNaive":
        """Remember the loads.

        Parameters
        ----------
        history : LoadHistory
            Loads before the origin.

        Returns
        -------
        SeasonalNaive
            Itself.
        """
        self.history_ = history
        return self

    def predict(self, periods: pd.DatetimeIndex) -> pd.DataFrame:
        """Repeat the last week over the periods after the history.

        Parameters
        ----------
        periods : DatetimeIndex of shape (n_periods,)
            Whole days, directly after the history.

        Returns
        -------
        DataFrame of shape (n_periods, n_units)
            Load; a slot unknown last week takes the week before, NaN if never known. [kW]

        Raises
        ------
        ValueError
            If the periods do not follow the history.
        """
        check_is_fitted(self)
        slots = self.history_.slots_per_day
        step = pd.Timedelta(hours=24 / slots)
        if periods[0] != self.history_.periods[-1] + step or len(periods) % slots:
            raise ValueError(f"periods must be whole days after {self.history_.periods[-1]}")
        loads = {
            unit: repeated_week(
                load.to_numpy(dtype=float).reshape(-1, slots), len(periods) // slots
            ).ravel()
            for unit, load in self.history_.load_kw.items()
        }
        return pd.DataFrame(loads, index=periods)


def repeated_week(load_kw: FloatArray, horizon_days: int) -> FloatArray:
    """Return the latest known value of each weekday and slot over the coming days.

    Parameters
    ----------
    load_kw : array of shape (n_days, n_slots)
        Load before the origin; NaN where unknown. [kW]
    horizon_days : int
        Days ahead.

    Returns
    -------
    array of shape (horizon_days, n_slots)
        NaN where never known. [kW]
    """
    rest = -len(load_kw) % _WEEK_DAYS
    weeks = np.pad(load_kw, ((rest, 0), (0, 0)), constant_values=np.nan)
    weeks = weeks.reshape(-1, _WEEK_DAYS, load_kw.shape[1])[::-1]
    latest = np.isfinite(weeks).argmax(axis=0)
    week = np.take_along_axis(weeks, latest[None], axis=0)[0]
    return week[np.arange(horizon_days) % _WEEK_DAYS]
