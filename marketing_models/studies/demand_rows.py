"""DSM · rows of the demand study: from joint draws and known loads to result tables."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from marketing_models import schemas
from marketing_models.regions import Hierarchy
from marketing_models.timeaxis import RESOLUTION_HOURS, step_hours

PERCENTILES = (1, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99)
BALANCE_PERCENTILES = (50, 95)
SERIES = "total"
Draws = NDArray[np.int64]


def resolution_code(periods: pd.DatetimeIndex) -> str:
    """Return the code of the step of a time index."""
    hours = step_hours(periods)
    return next(code for code, length in RESOLUTION_HOURS.items() if length == hours)


def unit_draws(draws: xr.DataArray, hierarchy: Hierarchy, unit_id: str) -> Draws:
    """Return the joint draws of a unit: the sum of its counties, draw by draw.

    Parameters
    ----------
    draws : DataArray of dims (draw, period, unit)
        Load of the forecast counties. [kW]
    hierarchy : Hierarchy
        The units.
    unit_id : str
        A unit of any level.

    Returns
    -------
    array of shape (n_draws, n_periods)
        Load. [kW]
    """
    counties = [u for u in hierarchy.counties(unit_id) if u in draws["unit"].to_numpy()]
    return np.asarray(draws.sel(unit=counties).sum("unit"), dtype=np.int64)


def units_of(counties: Collection[str], hierarchy: Hierarchy) -> list[str]:
    """Return the units that have one of some counties; of the others nothing can be said."""
    return [unit for unit in hierarchy if not set(hierarchy.counties(unit)).isdisjoint(counties)]


def scenario_rows(draws: xr.DataArray, hierarchy: Hierarchy, weather_mode: str) -> pd.DataFrame:
    """Return the draws of every county as rows of ``result_demand_scenario``."""
    frame = draws.rename("load_kw").to_series().reset_index()
    return frame.rename(
        columns={"draw": "draw_number", "period": "period_start", "unit": "unit_id"}
    ).assign(
        level=frame["unit"].map(hierarchy.levels),
        series_code=SERIES,
        resolution_code=resolution_code(pd.DatetimeIndex(draws["period"].to_numpy())),
        weather_mode_code=weather_mode,
    )


def forecast_rows(draws: xr.DataArray, hierarchy: Hierarchy, weather_mode: str) -> pd.DataFrame:
    """Return percentiles by period, day and week of every unit, each taken from its own draws."""
    periods = pd.DatetimeIndex(draws["period"].to_numpy())
    parts = []
    for unit in units_of(draws["unit"].to_numpy(), hierarchy):
        load = unit_draws(draws, hierarchy, unit)
        rows = pd.concat([_period_rows(load, periods), *_span_rows(load, periods)])
        parts.append(rows.assign(unit_id=unit, level=hierarchy.level(unit)))
    return pd.concat(parts, ignore_index=True).assign(
        series_code=SERIES, weather_mode_code=weather_mode
    )


def _percentiles(values: NDArray, wanted: Sequence[int] = PERCENTILES) -> NDArray[np.float64]:
    return np.percentile(values, wanted, axis=0)


def _whole(values: NDArray) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)


def _period_rows(load: Draws, periods: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period_start": np.tile(periods, len(PERCENTILES)),
            "resolution_code": resolution_code(periods),
            "percentile_number": np.repeat(PERCENTILES, len(periods)),
            "load_kw": _whole(_percentiles(load)).ravel(),
            "mean_load_kw": np.tile(_whole(load.mean(axis=0)), len(PERCENTILES)),
        }
    )


def _spans(periods: pd.DatetimeIndex) -> Iterator[tuple[str, pd.Timestamp, NDArray[np.bool_]]]:
    """Yield each day, then the whole week: code, start and which periods it has."""
    days = periods.normalize()
    for day in days.unique():
        yield "day", day, np.asarray(days == day)
    yield "week", periods[0], np.ones(len(periods), dtype=bool)


def _span_rows(load: Draws, periods: pd.DatetimeIndex) -> Iterator[pd.DataFrame]:
    hours = step_hours(periods)
    for code, start, inside in _spans(periods):
        part = load[:, inside]
        yield pd.DataFrame(
            {
                "period_start": start,
                "resolution_code": code,
                "percentile_number": PERCENTILES,
                "energy_kwh": _percentiles(part.sum(axis=1) * hours).round(2),
                "peak_load_kw": _whole(_percentiles(part.max(axis=1))),
                "peak_at": periods[inside][_mode(part.argmax(axis=1))],
                "mean_load_kw": round(part.mean()),
            }
        )


def _mode(positions: NDArray[np.int64]) -> int:
    """Return the most frequent position; of equals the first."""
    return int(np.bincount(positions).argmax())


def balance_rows(draws: xr.DataArray, hierarchy: Hierarchy, supply: pd.DataFrame) -> pd.DataFrame:
    """Return demand against supply by day and week, for units whose supply is known.

    Parameters
    ----------
    draws : DataArray of dims (draw, period, unit)
        Load of the forecast counties. [kW]
    hierarchy : Hierarchy
        The units.
    supply : DataFrame
        Rows of ``supply_balance`` of one issue.

    Returns
    -------
    DataFrame
        Rows of ``result_demand_balance``. The shortfall of a span is that of its worst period;
        its probability counts the draws in which demand and reserve exceed supply in any period.
    """
    periods = pd.DatetimeIndex(draws["period"].to_numpy())
    parts, units = [], units_of(draws["unit"].to_numpy(), hierarchy)
    for unit, rows in supply.groupby("unit_id"):
        held = rows.set_index("period_start")[["available_supply_kw", "reserve_kw"]]
        if unit in units and periods.isin(held.index).all():
            load = unit_draws(draws, hierarchy, str(unit))
            known = held.loc[periods].astype("int64")
            found = [
                _balance(code, start, load[:, inside], known[inside])
                for code, start, inside in _spans(periods)
            ]
            parts.append(pd.concat(found).assign(unit_id=unit, level=hierarchy.level(str(unit))))
    names = [name for name in schemas.columns("result_demand_balance").index if name != "run_id"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _balance(code: str, start: pd.Timestamp, load: Draws, supply: pd.DataFrame) -> pd.DataFrame:
    available = supply["available_supply_kw"].to_numpy()
    reserve = supply["reserve_kw"].to_numpy()
    shortfall = load - available
    worst = _mode(shortfall.argmax(axis=1))
    return pd.DataFrame(
        {
            "period_start": start,
            "resolution_code": code,
            "percentile_number": BALANCE_PERCENTILES,
            "load_kw": _whole(_percentiles(load.max(axis=1), BALANCE_PERCENTILES)),
            "available_supply_kw": available[worst],
            "reserve_kw": reserve[worst],
            "shortfall_kw": _whole(_percentiles(shortfall.max(axis=1), BALANCE_PERCENTILES)),
            "shortfall_probability_frac": float((shortfall + reserve > 0).any(axis=1).mean()),
        }
    )


def review_rows(
    load_kw: pd.DataFrame, past_draws: xr.DataArray, hierarchy: Hierarchy
) -> pd.DataFrame:
    """Return the last week's load beside the mean forecast made before it, of every county."""
    periods = pd.DatetimeIndex(past_draws["period"].to_numpy())
    mean: pd.DataFrame = past_draws.mean("draw").to_series().unstack("unit")
    frame = pd.DataFrame(
        {
            "load_kw": load_kw.reindex(periods).stack(future_stack=True),
            "mean_load_kw": mean.reindex(columns=load_kw.columns).stack(future_stack=True).round(),
        }
    )
    rows = frame.rename_axis(["period_start", "unit_id"]).reset_index()
    return rows.assign(
        level=rows["unit_id"].map(hierarchy.levels),
        series_code=SERIES,
        resolution_code=resolution_code(periods),
    )


def energy_rows(
    load_kw: pd.DataFrame, review: pd.DataFrame, hierarchy: Hierarchy, origin: pd.Timestamp
) -> pd.DataFrame:
    """Return energy of the last seven days, eight weeks and thirteen months, with a base.

    Parameters
    ----------
    load_kw : DataFrame of shape (n_periods, n_counties)
        Load up to the origin; NaN where unknown. [kW]
    review : DataFrame
        Rows of ``result_demand_review``.
    hierarchy : Hierarchy
        The units.
    origin : Timestamp
        Midnight after the issue.

    Returns
    -------
    DataFrame
        Rows of ``result_demand_energy``. A period stands only if it is known in full for all
        counties, so that a sum never misses one in silence.

    Notes
    -----
    The comparable base of a day or week lies 364 days before (same weekdays), that of a month is
    the same month of the year before.
    """
    hours = step_hours(pd.DatetimeIndex(load_kw.index))
    forecast = review.pivot_table(
        index="period_start", columns="unit_id", values="mean_load_kw", aggfunc="first"
    ).reindex(columns=load_kw.columns)
    parts = []
    for code, start, end, base_start, base_end in _energy_spans(origin):
        energy = _span_energy(load_kw, start, end, hours)
        if energy.notna().all():
            row = {
                "energy_kwh": energy,
                "base_energy_kwh": _whole_or_none(
                    _span_energy(load_kw, base_start, base_end, hours)
                ),
                "forecast_energy_kwh": _span_energy(forecast, start, end, hours).round(),
            }
            parts.append(pd.DataFrame(row).assign(period_start=start, resolution_code=code))
    rows = pd.concat(parts).rename_axis("unit_id").reset_index()
    return rows.assign(level=rows["unit_id"].map(hierarchy.levels), series_code=SERIES)


def _whole_or_none(energy: pd.Series) -> pd.Series:
    return energy if energy.notna().all() else energy * np.nan


def _span_energy(
    load_kw: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, hours: float
) -> pd.Series:
    inside = load_kw[(load_kw.index >= start) & (load_kw.index < end)]
    complete = round((end - start) / pd.Timedelta(hours=hours))
    energy: pd.Series = inside.sum(min_count=complete) * hours
    return energy


def _energy_spans(
    origin: pd.Timestamp,
) -> Iterator[tuple[str, pd.Timestamp, pd.Timestamp, pd.Timestamp, pd.Timestamp]]:
    year = pd.Timedelta(days=364)
    for code, length, count in (("day", 1, 7), ("week", 7, 8)):
        for back in range(count, 0, -1):
            start = origin - pd.Timedelta(days=length * back)
            end = start + pd.Timedelta(days=length)
            yield code, start, end, start - year, end - year
    first = origin.replace(day=1)
    for back in range(13, 0, -1):
        start, end = first - pd.DateOffset(months=back), first - pd.DateOffset(months=back - 1)
        before = pd.DateOffset(years=1)
        yield "month", start, end, start - before, end - before
