"""Correction at the origin: what the last days say of level, daily shape and the last hours."""

import numpy as np

from marketing_models.demand.features import FloatArray

_LEVEL_DAYS = ((3.0, 0.7), (10.0, 0.3))
_SHAPE_DAYS, _SHAPE_SHARE = 28.0, 0.7
_LAST_HOURS, _LAST_SHARE, _LAST_DECAY_HOURS = 3, 0.7, 16.0
_CLIP_WIDTHS = 4.0
_MAD_TO_SD = 1.4826


def correction(residuals: FloatArray, horizon_days: int) -> FloatArray:
    r"""Estimate how far the load will stand off the regression in the coming days.

    Parameters
    ----------
    residuals : array of shape (n_days, n_slots)
        Log residuals of the days before the origin, the last day last; NaN where unknown.
    horizon_days : int
        Days ahead.

    Returns
    -------
    array of shape (horizon_days, n_slots)
        To be added to the log forecast; zero if no residual is known.

    Notes
    -----
    With :math:`EW_H` the mean with half-life of :math:`H` days,

    .. math:: c_{jh} = 0.7 EW_3 + 0.3 EW_{10} + 0.7 (EW_{28,h} - \overline{EW_{28}})
              + 0.7 e^{-j/16} l

    where :math:`l` is the mean of the last three known hours over the first three terms, and
    :math:`j` the hours ahead. Residuals are clipped at four robust standard deviations. Own rule;
    half-lives chosen on development weeks of GEFCom2012, where 2.57-2.66 % were all near enough.
    """
    slots = residuals.shape[1]
    known = np.isfinite(residuals)
    if not known.any():
        return np.zeros((horizon_days, slots))
    bound = _CLIP_WIDTHS * width(residuals)
    clipped = np.clip(np.where(known, residuals, 0.0), -bound, bound)
    base = level_and_shape(clipped, known)
    last = (clipped - base)[known][-_LAST_HOURS * slots // 24 :].mean() if known[-1].any() else 0.0
    ahead_hours = np.arange(horizon_days * slots).reshape(horizon_days, slots) * 24 / slots
    return base + _LAST_SHARE * np.exp(-ahead_hours / _LAST_DECAY_HOURS) * last


def level_and_shape(clipped: FloatArray, known: FloatArray) -> FloatArray:
    """Return the lasting part of the correction by slot of day.

    Parameters
    ----------
    clipped : array of shape (n_days, n_slots)
        Log residuals, zero where unknown.
    known : array of shape (n_days, n_slots)
        True where a residual is known.

    Returns
    -------
    array of shape (n_slots,)
        Level plus shape.
    """
    age = np.arange(len(clipped))[::-1, None]
    level = sum(share * _mean(clipped, 0.5 ** (age / days) * known) for days, share in _LEVEL_DAYS)
    weight = 0.5 ** (age / _SHAPE_DAYS) * known
    total = weight.sum(axis=0)
    # A slot that is never known keeps the level alone.
    shape = (weight * clipped).sum(axis=0) / np.where(total > 0, total, 1.0)
    shape = np.where(total > 0, shape, _mean(clipped, weight))
    return level + _SHAPE_SHARE * (shape - shape.mean())


def width(residuals: FloatArray) -> float:
    """Return the robust standard deviation of residuals around zero."""
    return float(_MAD_TO_SD * np.nanmedian(np.abs(residuals)))


def _mean(values: FloatArray, weight: FloatArray) -> float:
    return float((weight * values).sum() / weight.sum())
