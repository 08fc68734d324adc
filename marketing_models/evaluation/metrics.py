"""Forecast metrics on labelled series: unequal indexes raise, missing pairs are named.

References
----------
.. [1] R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy,"
   International Journal of Forecasting 22(4), 2006, 679-688.
.. [2] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation,"
   Journal of the American Statistical Association 102(477), 2007, 359-378.
.. [3] T. Hong, P. Pinson and S. Fan, "Global energy forecasting competition 2012," International
   Journal of Forecasting 30(2), 2014, 357-363.
"""

import numpy as np
import pandas as pd


def wape(actual: pd.Series, forecast: pd.Series) -> float:
    r"""Measure the absolute error as a share of what there was.

    Parameters
    ----------
    actual, forecast : Series of shape (n_periods,)
        On one index; pairs with a missing value are left out, at least one must be known.

    Returns
    -------
    float
        Share of the actual sum; periods without load do no harm, as they do to the MAPE.

    Notes
    -----
    .. math:: \sum |f - y| / \sum |y|

    See [1]_, there MAE/Mean ratio.
    """
    known = _pairs(actual, forecast)
    return float((known["forecast"] - known["actual"]).abs().sum() / known["actual"].abs().sum())


def bias_frac(actual: pd.Series, forecast: pd.Series) -> float:
    r"""Measure by which share the forecasts were too high in sum.

    Parameters
    ----------
    actual, forecast : Series of shape (n_periods,)
        On one index; pairs with a missing value are left out, at least one must be known.

    Returns
    -------
    float
        Positive if forecasts were too high.

    Notes
    -----
    .. math:: \sum (f - y) / \sum |y|
    """
    known = _pairs(actual, forecast)
    return float((known["forecast"] - known["actual"]).sum() / known["actual"].abs().sum())


def pinball(actual: pd.Series, quantile: pd.Series, share: float) -> float:
    r"""Measure how well a quantile describes what happened; the true one scores least.

    Parameters
    ----------
    actual, quantile : Series of shape (n_periods,)
        On one index; pairs with a missing value are left out, at least one must be known.
    share : float
        Probability of staying below the quantile, between 0 and 1.

    Returns
    -------
    float
        Mean over periods, in the unit of `actual`.

    Notes
    -----
    .. math:: \max(p (y - q_p), (p - 1)(y - q_p))

    See [2]_, section 6.
    """
    known = _pairs(actual, quantile)
    above = known["actual"] - known["forecast"]
    return float(np.maximum(share * above, (share - 1) * above).mean())


def coverage_frac(actual: pd.Series, low: pd.Series, high: pd.Series) -> float:
    """Measure how often what happened lay between two bounds.

    Parameters
    ----------
    actual, low, high : Series of shape (n_periods,)
        On one index; rows with a missing value are left out, at least one must be known.

    Returns
    -------
    float
        Share of periods with low <= actual <= high.
    """
    _equal(actual.index, low.index)
    known = _pairs(actual.where(low.notna()), high)
    inside = known["actual"].between(low[known.index], known["forecast"])
    return float(inside.mean())


def wrmse(actual: pd.Series, forecast: pd.Series, weight: pd.Series) -> float:
    r"""Measure the weighted root mean square error, as GEFCom2012 scored loads.

    Parameters
    ----------
    actual, forecast, weight : Series of shape (n_rows,)
        On one index; pairs with a missing value are left out, at least one must be known. The
        competition weighed a row of the system 20 times a row of a zone, and rows of the forecast
        week 8 times those of the other weeks.

    Returns
    -------
    float
        In the unit of `actual`.

    Notes
    -----
    .. math:: \sqrt{\sum w (f - y)^2 / \sum w}

    See [3]_, section 2.
    """
    known = _pairs(actual, forecast)
    _equal(actual.index, weight.index)
    share = weight[known.index]
    return float(np.sqrt((share * (known["forecast"] - known["actual"]) ** 2).sum() / share.sum()))


def _pairs(actual: pd.Series, forecast: pd.Series) -> pd.DataFrame:
    _equal(actual.index, forecast.index)
    known = pd.DataFrame({"actual": actual, "forecast": forecast}).dropna()
    if known.empty:
        raise ValueError("no period has both an actual and a forecast; nothing can be judged")
    return known


def _equal(actual: pd.Index, forecast: pd.Index) -> None:
    if not actual.equals(forecast):
        raise ValueError(
            f"actual and forecast must share one index; align them first "
            f"({len(actual)} and {len(forecast)} labels, "
            f"{len(actual.symmetric_difference(forecast))} of them on one side only)"
        )
