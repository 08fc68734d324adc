"""Yardstick: the regression of load on trend, calendar and temperature used at GEFCom2012."""

from collections import defaultdict

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from marketing_models.demand.features import FloatArray
from marketing_models.demand.history import LoadHistory

_CENTRE_DEGC, _SCALE_DEGC = 15.0, 10.0
_YEAR_DAYS = 365.25


class VanillaRegression(BaseEstimator):
    r"""Regress load on trend, month, weekday by slot, and temperature by month and by slot.

    Attributes
    ----------
    coefficients_ : dict of str to array
        Coefficients of each unit.
    start_ : Timestamp
        Where the trend begins.
    slots_per_day_ : int
        Periods in a day.

    Notes
    -----
    .. math:: y = \beta t + M + W \times H + \sum_{k=1}^{3} (T^k \times M + T^k \times H)

    with classes of month :math:`M`, weekday :math:`W` and hour :math:`H`. Holidays are unknown to
    it. It serves as a yardstick only.

    References
    ----------
    .. [1] T. Hong, P. Pinson and S. Fan, "Global energy forecasting competition 2012,"
       International Journal of Forecasting 30(2), 2014, 357-363: benchmark of the load track.
    """

    def fit(self, history: LoadHistory) -> "VanillaRegression":
        """Fit every unit by least squares.

        Parameters
        ----------
        history : LoadHistory
            Periods without load or temperature are left out.

        Returns
        -------
        VanillaRegression
            Itself.
        """
        self.start_ = history.periods[0]
        self.slots_per_day_ = history.slots_per_day
        self.coefficients_: dict[str, FloatArray] = {}
        # Units with one weather and the same gaps share their regressors.
        alike = defaultdict(list)
        for unit in history.units:
            temperature = history.temperature_degc[unit].to_numpy(dtype=float)
            known = np.isfinite(temperature) & history.load_kw[unit].notna().to_numpy()
            alike[temperature.tobytes(), known.tobytes()].append(unit)
        for units in alike.values():
            known = history.load_kw[units[0]].notna() & history.temperature_degc[units[0]].notna()
            rows = known.to_numpy()
            temperature = history.temperature_degc.loc[rows, units[0]].to_numpy(dtype=float)
            regressors = self._regressors(temperature, history.periods[rows])
            loads = history.load_kw.loc[rows, units].to_numpy(dtype=float)
            solved = np.linalg.lstsq(regressors.T @ regressors, regressors.T @ loads)[0]
            self.coefficients_ |= dict(zip(units, solved.T, strict=True))
        return self

    def predict(self, temperature_degc: pd.DataFrame) -> pd.DataFrame:
        """Predict the load of any periods.

        Parameters
        ----------
        temperature_degc : DataFrame of shape (n_periods, n_units)
            Temperature. [degC]

        Returns
        -------
        DataFrame of shape (n_periods, n_units)
            Load. [kW]
        """
        check_is_fitted(self)
        periods = pd.DatetimeIndex(temperature_degc.index)
        loads = {
            unit: self._regressors(temperature_degc[unit].to_numpy(dtype=float), periods) @ solved
            for unit, solved in self.coefficients_.items()
        }
        return pd.DataFrame(loads, index=periods)

    def _regressors(self, temperature_degc: FloatArray, periods: pd.DatetimeIndex) -> FloatArray:
        scaled = ((temperature_degc - _CENTRE_DEGC) / _SCALE_DEGC)[:, None]
        midnight = periods.normalize()
        slot = ((periods - midnight) / pd.Timedelta(days=1) * self.slots_per_day_).astype(int)
        month = np.eye(12)[periods.month - 1]
        by_slot = np.eye(self.slots_per_day_)[slot]
        by_weekday = np.eye(7 * self.slots_per_day_)[
            periods.day_of_week * self.slots_per_day_ + slot
        ]
        trend = ((periods - self.start_) / pd.Timedelta(days=_YEAR_DAYS)).to_numpy()[:, None]
        warmth = [scaled**power * by for power in (1, 2, 3) for by in (month, by_slot)]
        return np.hstack([trend, month, by_weekday, *warmth])
