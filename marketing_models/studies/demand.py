"""DSM · the demand study: what every unit will use in the next seven days, and how surely."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from marketing_models import calendars, weather
from marketing_models.demand import (
    MODELS,
    LoadHistory,
    climatology_members,
    findings,
    forecast,
    rolling_errors,
    scenarios,
)
from marketing_models.errors import InsufficientDataError
from marketing_models.findings import Finding, forbidding
from marketing_models.regions import Hierarchy
from marketing_models.studies import demand_rows
from marketing_models.studies.demand_backtest import backtest_rows
from marketing_models.study import Run, Study
from marketing_models.timeaxis import RESOLUTION_HOURS, Issue

READS = ("unit_load", "weather_observed", "unit_weather_station", "supply_balance")
# Of a table with many series, the one that is forecast.
SERIES_READ = {"unit_load": {"series_code": [demand_rows.SERIES]}}
WEEK = pd.Timedelta(days=7)
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
ORIGIN_COUNT = 104
LEAST_ORIGIN_COUNT = 20
LEAST_HISTORY_DAYS = 365
DRAW_COUNT = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class _World:
    """What a forecast at any origin is made from: history, weather by origin, and its mode."""

    history: LoadHistory
    members: Mapping[pd.Timestamp, xr.DataArray]
    weather_mode: str
    findings: tuple[Finding, ...]


def study(
    tables: Mapping[str, pd.DataFrame],
    hierarchy: Hierarchy,
    *,
    issue: Issue,
    calendar: str,
    run: Run,
    each: Each = map,
) -> Study:
    """Forecast the seven days after an issue for every unit, and judge the forecasts before it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `READS` and ``weather_forecast``, as known at ``run.issued_at``.
    hierarchy : Hierarchy
        Units of the store; counties are forecast and added up.
    issue : Issue
        The forecast begins at its origin.
    calendar : str
        cn, us or tw.
    run : Run
        Its parameter ``seed`` seeds the scenarios.
    each : callable
        Calls a function for every county, as `map` does; an engine may do it elsewhere.

    Returns
    -------
    Study
        Named ``demand``.
    """
    world = _world(tables, hierarchy, issue.origin, calendar)
    seed = int(run.parameters["seed"])
    errors = _errors(world, issue.origin, each)
    draws = _draws(world, errors, issue.origin, seed)
    past_draws = _draws(world, errors, issue.origin - WEEK, seed)
    review = demand_rows.review_rows(world.history.load_kw, past_draws, hierarchy)
    supply, supply_findings = _supply(tables["supply_balance"], hierarchy)
    mode = world.weather_mode
    return Study(
        name="demand",
        issue=issue.name,
        unit_id=hierarchy.root,
        hierarchy=hierarchy,
        tables={
            "result_demand_scenario": demand_rows.scenario_rows(draws, hierarchy, mode),
            "result_demand_forecast": demand_rows.forecast_rows(draws, hierarchy, mode),
            "result_demand_balance": demand_rows.balance_rows(draws, hierarchy, supply),
            "result_demand_review": review,
            "result_demand_energy": demand_rows.energy_rows(
                world.history.load_kw, review, hierarchy, issue.origin
            ),
            "result_demand_backtest": backtest_rows(
                world.history.load_kw, errors, hierarchy, weather_mode=mode, seed=seed
            ),
        },
        findings=(*world.findings, *supply_findings),
        run=replace(run, parameters={**run.parameters, "draw_count": DRAW_COUNT}),
    )


def weather_issues(issued_at: pd.Series, issue: Issue) -> list[pd.Timestamp]:
    """Choose the weather forecasts that weekly origins would have used.

    Parameters
    ----------
    issued_at : Series
        Moments at which forecasts were issued.
    issue : Issue
        The issue; its origin is the last one.

    Returns
    -------
    list of Timestamp
        For each origin the last forecast issued in the day up to it, if there is one.
    """
    known = pd.DatetimeIndex(issued_at.unique()).sort_values()
    found = (_issue_of(known, issue.origin - WEEK * back) for back in range(ORIGIN_COUNT + 1))
    return [moment for moment in found if moment is not None]


def _issue_of(known: pd.DatetimeIndex, origin: pd.Timestamp) -> pd.Timestamp | None:
    place = int(known.searchsorted(origin, side="right")) - 1
    is_fresh = place >= 0 and origin - known[place] < pd.Timedelta(days=1)
    return known[place] if is_fresh else None


def _world(
    tables: Mapping[str, pd.DataFrame], hierarchy: Hierarchy, origin: pd.Timestamp, calendar: str
) -> _World:
    load_kw = _load(tables["unit_load"], hierarchy, origin)
    temperature = weather.unit_temperature(
        tables["weather_observed"],
        tables["unit_weather_station"],
        pd.DatetimeIndex(load_kw.index),
    )
    temperature = temperature.reindex(columns=load_kw.columns)
    last_day = origin + WEEK - pd.Timedelta(days=1)
    days = calendars.days(calendar, load_kw.index[0], last_day)
    history = LoadHistory(load_kw=load_kw, temperature_degc=temperature, days=days)
    history, limits = _usable(history, hierarchy)
    members, mode, about = _members(tables, history, hierarchy, origin)
    about += (*_behind(load_kw, origin), *_station_gaps(tables, pd.DatetimeIndex(load_kw.index)))
    if days.loc[origin:last_day, "is_provisional"].any():
        about += (_note("demand.calendar.provisional", hierarchy.root),)
    return _World(history=history, members=members, weather_mode=mode, findings=(*limits, *about))


def _behind(load_kw: pd.DataFrame, origin: pd.Timestamp) -> Iterator[Finding]:
    """Yield the counties whose load is not known up to the origin."""
    for unit in load_kw.columns[load_kw.notna().any()]:
        last = pd.Timestamp(load_kw[unit].dropna().index[-1])
        days = (origin - last.normalize()).days - 1
        if days > 0:
            yield _note(
                "demand.history.behind", unit, through_date=f"{last:%Y-%m-%d}", days_behind=days
            )


def _station_gaps(
    tables: Mapping[str, pd.DataFrame], periods: pd.DatetimeIndex
) -> Iterator[Finding]:
    """Yield the units with a weather station that has gaps: the others stand in for it."""
    gaps = weather.station_gaps(tables["weather_observed"], tables["unit_weather_station"], periods)
    for unit, rows in gaps.groupby("unit_id"):
        worst = rows.sort_values("missing_count").iloc[-1]
        yield Finding(
            code="demand.weather.station_gaps",
            severity="note",
            unit_id=str(unit),
            facts={
                "station": str(worst["weather_station_id"]),
                "missing_frac": round(int(worst["missing_count"]) / len(periods), 4),
            },
        )


def _note(code: str, unit_id: str, **facts: object) -> Finding:
    return Finding(code=code, severity="limit", unit_id=unit_id, facts=facts)


def _load(rows: pd.DataFrame, hierarchy: Hierarchy, origin: pd.Timestamp) -> pd.DataFrame:
    """Return county loads on a complete index of whole days up to the origin."""
    counties = hierarchy.counties(hierarchy.root)
    known = rows[
        rows["unit_id"].isin(counties)
        & (rows["series_code"] == demand_rows.SERIES)
        & (rows["period_start"] < origin)
    ]
    codes = known["resolution_code"].unique()
    if len(codes) != 1:
        raise InsufficientDataError(
            "unit_load of one resolution for the counties of the store",
            f"resolutions {sorted(codes)}",
            "ingest loads of one resolution",
        )
    step = pd.Timedelta(hours=RESOLUTION_HOURS[codes[0]])
    wide = known.pivot(index="period_start", columns="unit_id", values="load_kw").astype(float)
    first = wide.index[0].normalize()
    return wide.reindex(pd.date_range(first, origin, freq=step, inclusive="left"))


def _usable(history: LoadHistory, hierarchy: Hierarchy) -> tuple[LoadHistory, tuple[Finding, ...]]:
    """Leave out counties that cannot be forecast, with a finding for the whole."""
    absent = [u for u in hierarchy.counties(hierarchy.root) if u not in history.units]
    limits = findings(history) + tuple(
        Finding(code="demand.history.absent", severity="forbid", unit_id=unit) for unit in absent
    )
    barred = sorted({f.unit_id for f in forbidding(limits)})
    kept = [unit for unit in history.units if unit not in barred]
    if not kept:
        raise InsufficientDataError(
            "one county that can be forecast",
            "; ".join(sorted({f"{f.unit_id}: {f.code}" for f in forbidding(limits)})),
            "ingest longer histories of load and weather",
        )
    if barred:
        limits += (_note("demand.units.left_out", hierarchy.root, units=barred),)
    return history.of(kept), limits


def _members(
    tables: Mapping[str, pd.DataFrame],
    history: LoadHistory,
    hierarchy: Hierarchy,
    origin: pd.Timestamp,
) -> tuple[dict[pd.Timestamp, xr.DataArray], str, tuple[Finding, ...]]:
    """Return weather members by origin, their mode and what to say about them."""
    origins = _origins(history, origin)
    archived = _archived(tables, history, origins)
    if origin in archived and len(archived) > LEAST_ORIGIN_COUNT:
        return archived, "forecast", ()
    filled = history.temperature_degc.ffill().bfill()
    members = {}
    for moment in origins:
        try:
            members[moment] = climatology_members(filled, moment)
        except InsufficientDataError:
            if moment == origin:
                raise
    note = _note("demand.weather.climatology", hierarchy.root, archived_count=len(archived))
    return members, "climatology", (note,)


def _origins(history: LoadHistory, origin: pd.Timestamp) -> list[pd.Timestamp]:
    """Return weekly origins up to this one, with a year of history before the first."""
    begin = history.periods[0] + pd.Timedelta(days=LEAST_HISTORY_DAYS)
    found = [origin - WEEK * back for back in range(ORIGIN_COUNT + 1)]
    return sorted(moment for moment in found if moment >= begin or moment == origin)


def _archived(
    tables: Mapping[str, pd.DataFrame], history: LoadHistory, origins: list[pd.Timestamp]
) -> dict[pd.Timestamp, xr.DataArray]:
    rows = tables["weather_forecast"]
    issued = pd.DatetimeIndex(rows["issued_at"].unique()).sort_values()
    groups = dict(list(rows.groupby("issued_at")))
    step = history.periods[1] - history.periods[0]
    found = {}
    for origin in origins:
        moment = _issue_of(issued, origin)
        if moment is not None:
            periods = pd.date_range(origin, origin + WEEK, freq=step, inclusive="left")
            members = weather.unit_members(
                groups[moment], tables["unit_weather_station"], periods
            ).sel(unit=list(history.units))
            if np.isfinite(members).all():
                found[origin] = members
    return found


def _errors(world: _World, origin: pd.Timestamp, each: Each) -> xr.DataArray:
    """Return the errors of past forecasts; no county's depend on another's."""
    past = _past(world.members, origin)
    counties = [
        (world.history.of([unit]), {moment: held.sel(unit=[unit]) for moment, held in past.items()})
        for unit in world.history.units
    ]
    return xr.concat(list(each(_county_errors, counties)), "unit")


def _county_errors(county: tuple[LoadHistory, Mapping[pd.Timestamp, xr.DataArray]]) -> xr.DataArray:
    return rolling_errors(*county)


def _past(
    members: Mapping[pd.Timestamp, xr.DataArray], origin: pd.Timestamp
) -> dict[pd.Timestamp, xr.DataArray]:
    return {moment: held for moment, held in members.items() if moment < origin}


def _draws(world: _World, errors: xr.DataArray, origin: pd.Timestamp, seed: int) -> xr.DataArray:
    """Return joint draws at an origin, from errors of weeks that were over by then."""
    over = errors["origin"].to_index() <= origin - WEEK
    known = errors.sel(model=MODELS[0]).isel(origin=over)
    point = forecast(world.history.before(origin), world.members[origin])
    return scenarios(point, known, draw_count=DRAW_COUNT, seed=seed)


def _supply(rows: pd.DataFrame, hierarchy: Hierarchy) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the last supply balance, or a finding that there is none."""
    if rows.empty:
        note = Finding(code="demand.supply.absent", severity="note", unit_id=hierarchy.root)
        return rows, (note,)
    return rows[rows["issued_at"] == rows["issued_at"].max()], ()
