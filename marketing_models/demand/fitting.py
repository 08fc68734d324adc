"""Ridge regression of one unit that walks through time: sums grow, coefficients are solved anew."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from marketing_models.demand.correction import width
from marketing_models.demand.features import FloatArray
from marketing_models.demand.history import FULL_DAYS

FIRST_FIT_DAYS = 365
STEP_DAYS = 91
_LOOK_DAYS = 7
_RIDGE_LONG, _RIDGE_SHORT = 0.5, 5.0
_SMALLEST_DIAGONAL = 1e-3
_CLIP_WIDTHS = 3.0
_OUTAGE_FRAC = 0.06
_BREAK_DAYS, _BREAK_FINITE, _BREAK_BEFORE, _BREAK_AFTER = 60, 20, 7, 3
_BREAK_LEAST, _BREAK_WIDTHS = 0.35, 4.0


@dataclass(eq=False)
class UnitWalk:
    """The regression of one unit at successive days, each knowing only what was before.

    Attributes
    ----------
    load_kw : array of shape (n_days, n_slots)
        Load; NaN where unknown. [kW]
    matrix : array of shape (n_slots, n_terms, n_days)
        Regressors; NaN where unknown. The walk owns the array and sets NaN to zero.
    is_plain : array of shape (n_days,)
        Days without holiday or festival, where a break may be looked for.
    half_life_days : float
        Age at which a day counts half. [days]
    ridge : float, optional
        Strength of the penalty, above 0; by default 0.5 from 18 months of known days on, 5 below.
    """

    load_kw: FloatArray
    matrix: FloatArray
    is_plain: NDArray[np.bool_]
    half_life_days: float
    ridge: float | None = None
    fitted_day: int = field(default=0, init=False)
    coefficients: FloatArray = field(init=False)

    def advance(self, day: int, step_days: int = STEP_DAYS, *, at_end: bool = False) -> None:
        """Refit every so many days up to a day, and look for a break there.

        Parameters
        ----------
        day : int
            Position of the origin's day; nothing from it on is used.
        step_days : int
            Days between two fits. [days]
        at_end : bool
            Whether to refit at `day` itself, however few days have passed.
        """
        if self.fitted_day == 0:
            first = int(np.isfinite(self.load_kw).any(axis=1).argmax())
            self._begin(min(day, first + FIRST_FIT_DAYS))
        # A step that comes back after days must be seen to come back, hence the weekly look.
        for look in (*range(self._seen_day + _LOOK_DAYS, day, _LOOK_DAYS), day):
            self._mark_break(look)
            if look - self.fitted_day >= step_days or (at_end and look == day):
                self._refit(look)

    def _refit(self, day: int) -> None:
        days = slice(self.fitted_day, day)
        self._add(days, self._clipped(days))
        self.fitted_day = day
        self._solve()

    def residuals(self, days: slice) -> FloatArray:
        """Return log residuals under the present coefficients, shape (n_days, n_slots)."""
        return self._target[days] - predicted(self.matrix[..., days], self.coefficients)

    def shift(self, day: int) -> float:
        """Return the offset and the breaks up to a day, which the regression does not know."""
        return self._offset + float(self._shift[day])

    def _mark_break(self, day: int) -> None:
        # Two medians with least absolute error on daily means; own rule.
        self._seen_day = day
        recent = slice(max(0, day - _BREAK_DAYS), day)
        daily = _daily_means(self.residuals(recent), self.is_plain[recent])
        finite = np.flatnonzero(np.isfinite(daily))
        values = daily[finite]
        if len(values) < _BREAK_FINITE or np.ptp(values) < _BREAK_LEAST:
            return
        split = _split(values)
        before, after = values[:split], values[split:]
        step = float(np.median(after) - np.median(before))
        noise = max(width(before - np.median(before)), width(after - np.median(after)))
        if abs(step) > max(_BREAK_LEAST, _BREAK_WIDTHS * noise):
            first = recent.start + int(finite[split])
            self._shift[first:] += step
            self._target[first:] -= step

    def _begin(self, day: int) -> None:
        known = self.load_kw[:day]
        floor = _OUTAGE_FRAC * np.nanmedian(known)
        with np.errstate(invalid="ignore", divide="ignore"):
            log_load = np.log(np.where(self.load_kw > floor, self.load_kw, np.nan))
        self._offset = float(np.nanmean(log_load[:day]))
        self._target = log_load - self._offset
        is_unknown = np.isnan(self.matrix.sum(axis=1))
        self._target[is_unknown.T] = np.nan
        np.copyto(self.matrix, 0.0, where=is_unknown[:, None])
        self._shift = np.zeros(len(log_load))
        self._seen_day = day
        slots, terms, _ = self.matrix.shape
        self._gram = np.zeros((slots, terms, terms))
        self._moment = np.zeros((slots, terms))
        self._weight_sum: FloatArray = np.zeros(slots)
        self._first_fit(day)

    def _first_fit(self, day: int) -> None:
        days = slice(0, day)
        self._add(days, self._target[days])
        self.fitted_day = day
        for _ in range(2):
            self._solve()
            self._width = width(self.residuals(days))
            self._moment = self._moments(days, self._clipped(days, centre=0.0))
        self._solve()

    def _clipped(self, days: slice, centre: float | None = None) -> FloatArray:
        residuals = self.residuals(days)
        if not np.isfinite(residuals).any():
            return residuals
        # A drift of the level since the last fit is no outlier.
        middle = float(np.nanmedian(residuals)) if centre is None else centre
        bound = _CLIP_WIDTHS * self._width
        return self._target[days] - residuals + np.clip(residuals, middle - bound, middle + bound)

    def _weights(self, days: slice, target: FloatArray) -> FloatArray:
        age = days.stop - np.arange(days.start, days.stop)
        return (0.5 ** (age[:, None] / self.half_life_days) * np.isfinite(target)).T

    def _moments(self, days: slice, target: FloatArray) -> FloatArray:
        weighted = self._weights(days, target) * np.nan_to_num(target).T
        return (self.matrix[..., days] @ weighted[..., None])[..., 0]

    def _add(self, days: slice, target: FloatArray) -> None:
        decay = 0.5 ** ((days.stop - days.start) / self.half_life_days)
        weights = self._weights(days, target)
        scaled = self.matrix[..., days] * weights[:, None]
        self._gram = decay * self._gram + scaled @ self.matrix[..., days].swapaxes(1, 2)
        self._moment = decay * self._moment + self._moments(days, target)
        self._weight_sum = decay * self._weight_sum + weights.sum(axis=1)

    def _solve(self) -> None:
        known_days = np.isfinite(self._target[: self.fitted_day]).any(axis=1).sum()
        by_length = _RIDGE_LONG if known_days >= FULL_DAYS else _RIDGE_SHORT
        ridge = by_length if self.ridge is None else self.ridge
        share = np.einsum("stt->st", self._gram) / np.maximum(self._weight_sum, 1.0)[:, None]
        penalised = self._gram.copy()
        np.einsum("stt->st", penalised)[...] += ridge * np.maximum(share, _SMALLEST_DIAGONAL)
        solved = np.linalg.solve(penalised, self._moment[..., None])
        self.coefficients = np.asarray(solved[..., 0], dtype=np.float64)


def one_thread() -> threadpool_limits:
    """Keep linear algebra to one thread: in systems of 200 unknowns threads cost ten times more.

    Returns
    -------
    threadpool_limits
        To be entered by ``with``.
    """
    return threadpool_limits(limits=1, user_api="blas")


def predicted(matrix: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Return regressors times coefficients.

    Parameters
    ----------
    matrix : array of shape (n_slots, n_terms, n_rows)
        Regressors.
    coefficients : array of shape (n_slots, n_terms)
        Of each slot.

    Returns
    -------
    array of shape (n_rows, n_slots)
        Log load over the offset.
    """
    return (coefficients[:, None] @ matrix)[:, 0].T


def _daily_means(residuals: FloatArray, is_plain: NDArray[np.bool_]) -> FloatArray:
    known = np.isfinite(residuals)
    count = known.sum(axis=1)
    total = np.where(known, residuals, 0.0).sum(axis=1)
    return np.where((count > 0) & is_plain, total / np.maximum(count, 1), np.nan)


def _split(values: FloatArray) -> int:
    # Where two means leave the least squares: as good a place as two medians, and much faster.
    splits = np.arange(_BREAK_BEFORE, len(values) - _BREAK_AFTER + 1)
    before = np.cumsum(values)[splits - 1]
    explained = before**2 / splits + (values.sum() - before) ** 2 / (len(values) - splits)
    return int(splits[explained.argmax()])
