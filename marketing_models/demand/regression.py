"""Regression of log load on temperature, calendar and season: one ridge a unit and slot of day."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from marketing_models.demand.features import LEAD_IN_DAYS, FloatArray, Recipe
from marketing_models.demand.fitting import UnitWalk, one_thread, predicted
from marketing_models.demand.history import LoadHistory, filled_temperature, findings, refuse

HALF_LIFE_DAYS = 730.0


@dataclass(frozen=True, eq=False)
class UnitModel:
    """The regression of one unit with all it needs to predict.

    Attributes
    ----------
    recipe : Recipe
        How regressors are made.
    temperature_degc : array of shape (n_periods,)
        Filled temperature of the history. [degC]
    walk : UnitWalk
        The fit.
    """

    recipe: Recipe
    temperature_degc: FloatArray
    walk: UnitWalk

    @classmethod
    def of(
        cls,
        history: LoadHistory,
        unit: str,
        recipe: Recipe,
        *,
        half_life_days: float = HALF_LIFE_DAYS,
        ridge: float | None = None,
    ) -> "UnitModel":
        """Prepare a model that is not fitted yet."""
        filled = filled_temperature(history.temperature_degc[[unit]], history.slots_per_day)
        temperature = filled[unit].to_numpy()
        days = history.days.loc[history.dates]
        walk = UnitWalk(
            load_kw=history.load_kw[unit].to_numpy(dtype=float).reshape(len(days), -1),
            matrix=recipe.matrix(temperature[None], history.dates),
            is_plain=((days["holiday_code"] == "") & days["festival_day_number"].isna()).to_numpy(),
            half_life_days=half_life_days,
            ridge=ridge,
        )
        return cls(recipe, temperature, walk)

    def log_load(
        self, day: int, temperature_degc: FloatArray, dates: pd.DatetimeIndex
    ) -> FloatArray:
        """Predict the log load of the days after an origin, without correction.

        Parameters
        ----------
        day : int
            Position of the origin's day in the history; earlier temperatures lead in.
        temperature_degc : array of shape (n_paths, n_periods)
            Temperature from the origin on. [degC]
        dates : DatetimeIndex of shape (n_days,)
            Days from the origin on.

        Returns
        -------
        array of shape (n_paths, n_days, n_slots)
            Natural logarithm of kW.
        """
        slots = self.recipe.slots_per_day
        lead_in = self.temperature_degc[max(0, day - LEAD_IN_DAYS) * slots : day * slots]
        paths = np.broadcast_to(lead_in, (len(temperature_degc), len(lead_in)))
        matrix = self.recipe.matrix(np.concatenate([paths, temperature_degc], axis=1), dates)
        log_load = predicted(matrix, self.walk.coefficients) + self.walk.shift(day - 1)
        return log_load.reshape(len(temperature_degc), len(dates), slots)


class LoadRegression(BaseEstimator):
    r"""Regress the logarithm of load, slot by slot of the day.

    Parameters
    ----------
    half_life_days : float
        Age at which a day counts half. [days]
    ridge : float, optional
        Strength of the penalty, above 0; by default 0.5 from 18 months of known load on, 5 below.
    accept : tuple of str
        Codes of forbidding findings that the caller takes upon himself.

    Attributes
    ----------
    findings_ : tuple of Finding
        Limits of the history.
    units_ : dict of str to UnitModel
        Fitted model of each unit.
    coefficients_ : DataArray of dims (unit, slot, term)
        Coefficients on log load.

    Notes
    -----
    For unit :math:`z` and slot :math:`h`, :math:`\log y = o_z + x^\top B_{zh}` with

    .. math:: (X^\top W X + \lambda \max(\mathrm{diag}(X^\top W X) / \Sigma w, 0.001)) B
              = X^\top W (\log y - o)

    where weights halve with age and residuals beyond three robust standard deviations are clipped.
    Regressors: hinges of trailing and decaying means of temperature and their products, weekday
    (an off day is a Sunday, a make-up day a Friday), named holidays, days around the lunar new
    year, season and trend.

    References
    ----------
    .. [1] P. Wang, B. Liu and T. Hong, "Electric load forecasting with recency effect: A big data
       approach," International Journal of Forecasting 32(3), 2016, 585-597.
    """

    def __init__(
        self,
        *,
        half_life_days: float = HALF_LIFE_DAYS,
        ridge: float | None = None,
        accept: Iterable[str] = (),
    ) -> None:
        self.half_life_days = half_life_days
        self.ridge = ridge
        self.accept = accept

    def fit(self, history: LoadHistory) -> "LoadRegression":
        """Fit the regression of every unit.

        Parameters
        ----------
        history : LoadHistory
            Loads and temperatures.

        Returns
        -------
        LoadRegression
            Itself.
        """
        self.findings_ = findings(history)
        refuse(self.findings_, self.accept)
        recipe = Recipe.of(history.days, history.dates, history.slots_per_day)
        self.units_: dict[str, UnitModel] = {}
        for unit in history.units:
            model = UnitModel.of(
                history, unit, recipe, half_life_days=self.half_life_days, ridge=self.ridge
            )
            with one_thread():
                model.walk.advance(len(history.dates), at_end=True)
            self.units_[unit] = model
        self.history_ = history
        return self

    @property
    def coefficients_(self) -> xr.DataArray:
        """Coefficients on log load by unit, slot and term."""
        check_is_fitted(self)
        first = next(iter(self.units_.values()))
        terms = list(first.recipe.names())
        return xr.DataArray(
            np.stack([model.walk.coefficients for model in self.units_.values()]),
            dims=("unit", "slot", "term"),
            coords={"unit": list(self.units_), "term": terms},
        )

    def predict(self, temperature_degc: pd.DataFrame) -> pd.DataFrame:
        """Predict the load of the days after the history, without correction at the origin.

        Parameters
        ----------
        temperature_degc : DataFrame of shape (n_periods, n_units)
            Temperature of whole days directly after the history. [degC]

        Returns
        -------
        DataFrame of shape (n_periods, n_units)
            Load. [kW]
        """
        check_is_fitted(self)
        day = len(self.history_.dates)
        periods = pd.DatetimeIndex(temperature_degc.index)
        dates = periods[:: self.history_.slots_per_day]
        loads = {
            unit: np.exp(
                model.log_load(day, temperature_degc[unit].to_numpy(dtype=float)[None], dates)
            ).ravel()
            for unit, model in self.units_.items()
        }
        return pd.DataFrame(loads, index=periods)
