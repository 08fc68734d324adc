"""Regressors of the load: temperature averages with hinges, calendar, season and what joins them.

References
----------
.. [1] P. Wang, B. Liu and T. Hong, "Electric load forecasting with recency effect: A big data
   approach," International Journal of Forecasting 32(3), 2016, 585-597: lagged hourly and daily
   mean temperatures. Knots, horizons and the choice of products are the project's own, set on
   development weeks of GEFCom2012.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Term = tuple[str, FloatArray]

LEAD_IN_DAYS = 21
OFF_KINDS = ("statutory", "adjusted_off")
_CENTRE_DEGC, _SCALE_DEGC = (60 - 32) / 1.8, 15 / 1.8
_WINDOWS_HOURS = {  # first and last hour back, both included; 1 is the period itself
    "now": (1, 1),
    "mean_3h": (1, 3),
    "mean_4_6h": (4, 6),
    "mean_7_12h": (7, 12),
    "mean_24h": (1, 24),
    "mean_25_48h": (25, 48),
    "mean_49_96h": (49, 96),
    "mean_168h": (1, 168),
}
_HALF_LIVES_HOURS = {"decay_12h": 12, "decay_60h": 60}
_KNOTS = {
    "mean_3h": (-2, -1.3, -0.8, -0.4, 0, 0.3, 0.6, 0.9, 1.3),
    "mean_24h": (-1.5, -0.8, -0.3, 0, 0.3, 0.7, 1),
    "mean_25_48h": (-0.8, 0, 0.5),
    "mean_49_96h": (-0.8, 0, 0.5),
    "now": (-1.3, -0.4, 0.3, 0.9),
    "mean_168h": (0, 0.5),
    "mean_4_6h": (-0.8, 0, 0.5, 1),
    "mean_7_12h": (-0.8, 0, 0.5, 1),
    "day_max": (0, 0.6, 1.2),
    "day_min": (-1, -0.3, 0.4),
    "decay_12h": (-0.8, -0.3, 0, 0.3, 0.7, 1),
    "decay_60h": (-0.8, -0.3, 0, 0.3, 0.7, 1),
}


@dataclass(frozen=True, eq=False)
class Recipe:
    """How the regressors of one model are made.

    Attributes
    ----------
    calendar : DataFrame of shape (n_days, n_calendar_terms)
        Regressors that depend on the day alone, by day.
    slots_per_day : int
        Periods in a day.
    """

    calendar: pd.DataFrame
    slots_per_day: int

    @classmethod
    def of(cls, days: pd.DataFrame, fitted: pd.DatetimeIndex, slots_per_day: int) -> "Recipe":
        """Make the recipe of a model.

        Parameters
        ----------
        days : DataFrame
            Calendar, as in `LoadHistory`.
        fitted : DatetimeIndex of shape (n_fitted_days,)
            Days of the history: the first is where the trend begins, and a holiday has a
            coefficient of its own if it is among them.
        slots_per_day : int
            Periods in a day.

        Returns
        -------
        Recipe
            For all of `days`.
        """
        codes = sorted(set(days.loc[fitted, "holiday_code"]) - {""})
        terms = dict(_calendar(days, codes, fitted[0]))
        return cls(pd.DataFrame(terms, index=days.index, dtype=float), slots_per_day)

    def names(self) -> tuple[str, ...]:
        """Return the names of the regressors in order."""
        nothing = np.zeros((1, 7 * self.slots_per_day))
        return tuple(self.terms(nothing, pd.DatetimeIndex(self.calendar.index[:1])))

    def terms(self, temperature_degc: FloatArray, dates: pd.DatetimeIndex) -> dict[str, FloatArray]:
        """Return the regressors of some days by name.

        Parameters
        ----------
        temperature_degc : array of shape (n_paths, n_periods)
            Temperature of the days and of any whole days before them. [degC]
        dates : DatetimeIndex of shape (n_days,)
            Consecutive days, the last ones of the temperature.

        Returns
        -------
        dict of str to array
            Each broadcasts to (n_paths, n_days, n_slots); NaN where temperature is unknown.
        """
        averages = _averages(temperature_degc, self.slots_per_day)
        averages = {name: mean[:, -len(dates) :] for name, mean in averages.items()}
        rows = self.calendar.index.get_indexer(dates)
        values = np.ascontiguousarray(self.calendar.to_numpy()[rows].T)[..., None]
        calendar = dict(zip(self.calendar.columns, values, strict=True))
        return {**calendar, **dict(_temperature(averages)), **dict(_joined(averages, calendar))}

    def matrix(self, temperature_degc: FloatArray, dates: pd.DatetimeIndex) -> FloatArray:
        """Return the regressors of some days as one array of (n_slots, n_terms, n_paths × n_days).

        See Also
        --------
        terms : for the arguments.
        """
        terms = self.terms(temperature_degc, dates)
        shape = (len(temperature_degc), len(dates), self.slots_per_day)
        by_slot = np.empty((shape[2], len(terms), *shape[:2]))
        for place, term in enumerate(terms.values()):
            by_slot[:, place] = np.broadcast_to(term, shape).transpose(2, 0, 1)
        return by_slot.reshape(shape[2], len(terms), -1)


def _calendar(
    days: pd.DataFrame, holidays: list[str], start: pd.Timestamp
) -> Iterator[tuple[str, NDArray]]:
    dates = pd.DatetimeIndex(days.index)
    weekday = effective_weekday(days)
    yield from ((f"weekday_{number}", weekday == number) for number in range(7))
    yield from _special_days(days, holidays, weekday)
    month_day = (dates.month * 100 + dates.day).to_numpy()
    yield "year_end_24", month_day == 1224
    yield "year_end_26_30", (month_day >= 1226) & (month_day <= 1230)
    yield "year_end_31", month_day == 1231
    yield "year_end_2", month_day == 102
    angle = 2 * np.pi * (dates.day_of_year.to_numpy() - 1) / 365.25
    for order in range(1, 5):
        yield f"sin_{order}", np.sin(order * angle)
        yield f"cos_{order}", np.cos(order * angle)
    yield "year", (dates - start).days.to_numpy() / 365.25


def _special_days(
    days: pd.DataFrame, holidays: list[str], weekday: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray]]:
    is_off = days["kind_code"].isin(OFF_KINDS)
    is_make_up = (days["kind_code"] == "make_up").to_numpy()
    code = days["holiday_code"].to_numpy()
    ended = days["holiday_code"].where(is_off, "").shift(fill_value="").to_numpy()
    is_work = ~is_off.to_numpy() & (weekday < 5)
    for name in holidays:
        yield f"holiday_{name}", (code == name) & ~is_make_up
        yield f"after_{name}", (ended == name) & is_work
    yield "make_up", is_make_up
    if days["festival_day_number"].notna().any():
        number = days["festival_day_number"].fillna(99).to_numpy(dtype=int)
        yield from ((f"festival_{day}", number == day) for day in range(-8, 16))


def effective_weekday(days: pd.DataFrame) -> NDArray[np.int64]:
    """Return the weekday a day behaves like: off days as Sunday, make-up days as Friday.

    Parameters
    ----------
    days : DataFrame of shape (n_days, n_columns)
        Rows of the calendar.

    Returns
    -------
    array of shape (n_days,)
        0 is Monday.
    """
    weekday = pd.DatetimeIndex(days.index).day_of_week.to_numpy()
    kind = days["kind_code"]
    weekday = np.where(kind.isin(OFF_KINDS), 6, weekday)
    return np.where(kind == "make_up", 4, weekday).astype(np.int64)


def _averages(temperature_degc: FloatArray, slots: int) -> dict[str, FloatArray]:
    scaled = (temperature_degc - _CENTRE_DEGC) / _SCALE_DEGC
    shape = (len(scaled), -1, slots)
    sums = np.cumsum(np.pad(np.nan_to_num(scaled), ((0, 0), (1, 0))), axis=1)
    gaps = np.cumsum(np.pad(np.isnan(scaled), ((0, 0), (1, 0))), axis=1)
    found = {
        name: _trailing(sums, gaps, (first - 1) * slots // 24, last * slots // 24)
        for name, (first, last) in _WINDOWS_HOURS.items()
    }
    # "now" is one period, whatever its length.
    found["now"] = scaled
    by_time = pd.DataFrame(scaled.T)
    for name, hours in _HALF_LIVES_HOURS.items():
        decay = by_time.ewm(halflife=hours * slots / 24, adjust=False).mean()
        found[name] = np.ascontiguousarray(decay.to_numpy().T)
    found = {name: mean.reshape(shape) for name, mean in found.items()}
    found["day_max"] = found["now"].max(axis=2, keepdims=True)
    found["day_min"] = found["now"].min(axis=2, keepdims=True)
    return found


def _trailing(sums: FloatArray, gaps: NDArray[np.int64], skip: int, last: int) -> FloatArray:
    # Mean over the periods from `skip` to `last` - 1 back; NaN before there are so many.
    size = sums.shape[1] - 1
    mean = np.full((len(sums), size), np.nan)
    upper, lower = slice(last - skip, size + 1 - skip), slice(0, size + 1 - last)
    known = gaps[:, upper] == gaps[:, lower]
    mean[:, last - 1 :] = np.where(known, (sums[:, upper] - sums[:, lower]) / (last - skip), np.nan)
    return mean


def _temperature(averages: dict[str, FloatArray]) -> Iterator[Term]:
    for name, knots in _KNOTS.items():
        yield name, averages[name]
        yield from ((f"{name}>{k}", np.maximum(averages[name] - k, 0)) for k in knots)
    warm = {name: np.maximum(mean, 0) for name, mean in averages.items()}
    cold = {name: np.minimum(mean, 0) for name, mean in averages.items()}
    yield "mean_3h*mean_24h", averages["mean_3h"] * averages["mean_24h"]
    yield "warm_3h*warm_24h", warm["mean_3h"] * warm["mean_24h"]
    yield "cold_3h*cold_24h", cold["mean_3h"] * cold["mean_24h"]
    yield "warm_25_48h*warm_3h", warm["mean_25_48h"] * warm["mean_3h"]
    yield "cold_25_48h*cold_3h", cold["mean_25_48h"] * cold["mean_3h"]
    yield "warm_25_48h*warm_24h", warm["mean_25_48h"] * warm["mean_24h"]


def _joined(averages: dict[str, FloatArray], calendar: dict[str, FloatArray]) -> Iterator[Term]:
    hour, day = averages["mean_3h"], averages["mean_24h"]
    levels = {
        "hour": hour,
        "hour_warm": np.maximum(hour, 0),
        "day": day,
        "day_hot": np.maximum(day - 0.3, 0),
        "day_warm": np.maximum(day, 0),
        "day_cold": np.minimum(day, 0),
        "yesterday": averages["mean_25_48h"],
    }
    saturday = calendar["weekday_5"]
    switches = {
        **{name: calendar[name] for name in ("sin_1", "cos_1", "sin_2", "cos_2", "year")},
        "weekend": saturday + calendar["weekday_6"],
        "saturday": saturday,
        **{f"weekday_{number}": calendar[f"weekday_{number}"] for number in (0, 4, 5, 6)},
    }
    wave = ("sin_1", "cos_1", "sin_2", "cos_2")
    products = {
        "sin_1 cos_1": "hour day hour_warm day_hot day_cold yesterday",
        "sin_2 cos_2": "hour day hour_warm day_hot",
        "weekend": "hour hour_warm day day_warm",
        "saturday": "hour",
        "year": "hour hour_warm",
    }
    for names, effects in products.items():
        for name in names.split():
            yield from ((f"{name}*{e}", switches[name] * levels[e]) for e in effects.split())
    for number in (0, 4, 5, 6):
        for name in wave:
            yield f"weekday_{number}*{name}", switches[f"weekday_{number}"] * switches[name]
