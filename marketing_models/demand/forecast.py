"""Forecast of load from a history and weather members, and its errors at past origins."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from marketing_models.demand.correction import correction
from marketing_models.demand.features import FloatArray, Recipe
from marketing_models.demand.fitting import STEP_DAYS, one_thread
from marketing_models.demand.history import LoadHistory, findings, refuse
from marketing_models.demand.naive import repeated_week
from marketing_models.demand.regression import UnitModel

MODELS = ("load_regression", "seasonal_naive")
_CORRECTION_DAYS = 150
_GUARD_DAYS, _GUARD_LOW, _GUARD_HIGH = 400, 0.5, 1.5


def forecast(
    history: LoadHistory, members: xr.DataArray, *, accept: Iterable[str] = ()
) -> xr.DataArray:
    """Forecast the load of each unit under each weather member.

    Parameters
    ----------
    history : LoadHistory
        Loads and temperatures; what is not before the first period of `members` is not used. Its
        calendar must cover the horizon.
    members : DataArray of dims (member, period, unit)
        Temperature of whole days from the origin on. [degC]
    accept : iterable of str
        Codes of forbidding findings that the caller takes upon himself.

    Returns
    -------
    DataArray of dims (member, period, unit)
        Load; the point forecast is its mean over members. [kW]

    Notes
    -----
    The log load is regressed slot by slot (see `LoadRegression`) on data before the origin, and
    corrected at the origin (see `correction`). It stays within half the lowest and one and a half
    times the highest load of the last 400 known days.
    """
    origin = pd.Timestamp(members["period"].to_numpy()[0])
    paths = _checked(history, members)
    past = history.before(origin)
    refuse(findings(past), accept)
    recipe = Recipe.of(past.days, past.dates, past.slots_per_day)
    loads = []
    with one_thread():
        for unit in past.units:
            model = UnitModel.of(past, unit, recipe)
            model.walk.advance(len(past.dates), at_end=True)
            loads.append(_load_kw(model, len(past.dates), paths.sel(unit=unit)))
    return paths.copy(data=np.stack(loads, axis=2)).rename("load_kw")


def rolling_errors(
    history: LoadHistory,
    weather: Mapping[pd.Timestamp, xr.DataArray],
    *,
    step_days: int = STEP_DAYS,
    accept: Iterable[str] = (),
) -> xr.DataArray:
    """Return the errors that past forecasts would have made, each from what was known then.

    Parameters
    ----------
    history : LoadHistory
        Loads and temperatures up to now.
    weather : mapping of Timestamp to DataArray of dims (member, period, unit)
        Members that each origin would have had, all of one length. [degC]
    step_days : int
        Days between two fits of the coefficients; the correction is made at every origin. [days]
    accept : iterable of str
        Codes of forbidding findings at the first origin that the caller takes upon himself.

    Returns
    -------
    DataArray of dims (model, origin, lead, unit)
        Log actual minus log forecast of ``load_regression`` (mean over members) and of
        ``seasonal_naive``; NaN where the actual is unknown. `lead` is the time from the origin to
        the start of the period. [h]
    """
    origins = sorted(weather)
    paths = {origin: _checked(history, weather[origin]) for origin in origins}
    refuse(findings(history.before(origins[0])), accept)
    known = history.before(origins[-1])
    recipe = Recipe.of(known.days, known.dates, known.slots_per_day)
    with one_thread():
        errors = [
            _unit_errors(UnitModel.of(known, unit, recipe), history.load_kw[unit], paths, step_days)
            for unit in history.units
        ]
    count = errors[0].shape[2]
    return xr.DataArray(
        np.stack(errors, axis=3),
        dims=("model", "origin", "lead", "unit"),
        coords={
            "model": list(MODELS),
            "origin": origins,
            "lead": np.arange(count) * 24 / history.slots_per_day,
            "unit": list(history.units),
        },
    )


def _unit_errors(
    model: UnitModel, load_kw: pd.Series, paths: Mapping[pd.Timestamp, xr.DataArray], step_days: int
) -> FloatArray:
    unit, slots = load_kw.name, model.recipe.slots_per_day
    count = next(iter(paths.values())).sizes["period"]
    days = np.searchsorted(
        load_kw.index[::slots].to_numpy(), np.array(list(paths)).astype("M8[ns]")
    )
    known = load_kw.where(load_kw > 0).to_numpy(dtype=float)
    actual = np.pad(known, (0, count), constant_values=np.nan).reshape(-1, slots)
    found = []
    for day, members in zip(days.tolist(), paths.values(), strict=True):
        model.walk.advance(day, step_days, at_end=model.walk.fitted_day == 0)
        point = _load_kw(model, day, members.sel(unit=unit)).mean(axis=0)
        naive = repeated_week(actual[:day], count // slots).ravel()
        truth = actual[day : day + count // slots].ravel()
        found.append(np.log(truth / np.stack([point, naive])))
    return np.stack(found, axis=1)


def _load_kw(model: UnitModel, day: int, members: xr.DataArray) -> FloatArray:
    # Shape (n_members, n_periods).
    dates = pd.DatetimeIndex(members["period"].to_numpy())[:: model.recipe.slots_per_day]
    log_load = model.log_load(day, members.to_numpy(), dates)
    recent = model.walk.residuals(slice(max(0, day - _CORRECTION_DAYS), day))
    load_kw = np.exp(log_load + correction(recent, len(dates)))
    past = model.walk.load_kw[:day]
    known = past[(past > 0).any(axis=1)][-_GUARD_DAYS:]
    lowest = known[known > 0].min()
    load_kw = np.clip(load_kw, _GUARD_LOW * lowest, _GUARD_HIGH * np.nanmax(known))
    return load_kw.reshape(len(members), -1)


def _checked(history: LoadHistory, members: xr.DataArray) -> xr.DataArray:
    periods = pd.DatetimeIndex(members["period"].to_numpy())
    step = pd.Timedelta(hours=24 / history.slots_per_day)
    problems = []
    if len(periods) % history.slots_per_day or periods[0] != periods[0].normalize():
        problems.append(f"periods {periods[0]} to {periods[-1]} are not whole days")
    elif not periods.equals(pd.date_range(periods[0], periods=len(periods), freq=step)):
        problems.append(f"periods do not follow each other by {step}")
    if not history.periods[0] < periods[0] <= history.periods[-1] + step:
        problems.append(
            f"{periods[0]} does not follow the history, which ends {history.periods[-1]}"
        )
    lacking = [unit for unit in history.units if unit not in members["unit"].to_numpy()]
    if lacking:
        problems.append(f"units {', '.join(lacking)} are missing")
    uncovered = periods.normalize().difference(pd.DatetimeIndex(history.days.index))
    if len(uncovered):
        problems.append(f"the calendar lacks {uncovered[0].date()}; extend days over the horizon")
    if not np.isfinite(members.to_numpy()).all():
        problems.append("temperatures are missing; a member must be complete")
    if problems:
        raise ValueError("weather members:\n" + "\n".join(f"  - {line}" for line in problems))
    return members.transpose("member", "period", "unit").sel(unit=list(history.units))
