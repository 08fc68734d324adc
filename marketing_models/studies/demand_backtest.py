"""DSM · how good the demand forecasts have been, by unit, model and horizon."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from marketing_models.demand import MODELS, scenarios
from marketing_models.evaluation import bias_frac, coverage_frac, pinball, wape
from marketing_models.regions import Hierarchy
from marketing_models.studies.demand_rows import PERCENTILES, SERIES, unit_draws, units_of

MODEL = MODELS[0]
WHOLE_WEEK = "days_1_7"
HORIZON_HOURS = {
    "hours_1_6": (0, 6),
    "hours_7_24": (6, 24),
    "days_2_3": (24, 72),
    "days_4_5": (72, 120),
    "days_6_7": (120, 168),
    WHOLE_WEEK: (0, 168),
}
COVERAGES = {50: (25, 75), 80: (10, 90), 90: (5, 95)}
JUDGED_WEEKS = 26


def backtest_rows(
    load_kw: pd.DataFrame,
    errors: xr.DataArray,
    hierarchy: Hierarchy,
    *,
    weather_mode: str,
    seed: int,
) -> pd.DataFrame:
    """Return metrics of the forecasts that weekly origins would have made, of every unit.

    Parameters
    ----------
    load_kw : DataFrame of shape (n_periods, n_counties)
        Load up to the issue; NaN where unknown. [kW]
    errors : DataArray of dims (model, origin, lead, unit)
        Log errors, see `rolling_errors`.
    hierarchy : Hierarchy
        The units; a sum is judged by its own errors.
    weather_mode : str
        Which weather the forecasts were given.
    seed : int
        Seed of the draws behind coverage.

    Returns
    -------
    DataFrame
        Rows of ``result_demand_backtest``. Point metrics use all origins; those of the
        distribution the last 26, each with the errors known before it.
    """
    actual = _actual(load_kw, errors)
    points = actual / np.exp(errors)
    percentiles = _percentiles(points.sel(model=MODEL), errors.sel(model=MODEL), hierarchy, seed)
    parts = []
    for unit in units_of(load_kw.columns, hierarchy):
        counties = [u for u in hierarchy.counties(unit) if u in load_kw.columns]
        truth, made = (kw.sel(unit=counties).sum("unit", skipna=False) for kw in (actual, points))
        rows = pd.DataFrame(
            [*_point_rows(truth, made), *_distribution_rows(truth, percentiles.get(unit))],
            columns=["model_code", "horizon_code", "metric_code", "metric_value"],
        )
        parts.append(rows.assign(unit_id=unit, level=hierarchy.level(unit)))
    return pd.concat(parts, ignore_index=True).assign(
        series_code=SERIES, weather_mode_code=weather_mode
    )


Row = tuple[str, str, str, float]


def _actual(load_kw: pd.DataFrame, errors: xr.DataArray) -> xr.DataArray:
    """Return the known loads in the shape of one model's errors; missing where these are."""
    leads = pd.to_timedelta(errors["lead"].to_numpy(), unit="h")
    units = list(errors["unit"].to_numpy())
    held = [
        load_kw.reindex(origin + leads)[units].to_numpy(dtype=float)
        for origin in errors["origin"].to_index()
    ]
    one = errors.isel(model=0, drop=True).transpose("origin", "lead", "unit")
    return one.copy(data=np.stack(held)).where(errors.notnull().all("model"))  # noqa: PD004 - of xarray


def _point_rows(truth: xr.DataArray, made: xr.DataArray) -> Iterator[Row]:
    for horizon, (first, last) in HORIZON_HOURS.items():
        inside = ((truth["lead"] >= first) & (truth["lead"] < last)).to_numpy()
        actual = truth.isel(lead=inside).to_series()
        for model in MODELS if actual.notna().any() else ():
            point = made.sel(model=model).isel(lead=inside).to_series()
            yield model, horizon, "wape_frac", wape(actual, point)
            yield model, horizon, "bias_frac", bias_frac(actual, point)
    actual = truth.isel(origin=-1).to_series()
    for model in MODELS if actual.notna().any() else ():
        point = made.sel(model=model).isel(origin=-1).to_series()
        yield model, WHOLE_WEEK, "last_wape_frac", wape(actual, point)


def _percentiles(
    points: xr.DataArray, errors: xr.DataArray, hierarchy: Hierarchy, seed: int
) -> dict[str, xr.DataArray]:
    """Return percentiles of every unit at the last origins, from errors known before each."""
    found: dict[str, list[xr.DataArray]] = {
        unit: [] for unit in units_of(errors["unit"].to_numpy(), hierarchy)
    }
    origins = errors["origin"].to_index()
    for origin in origins[-JUDGED_WEEKS:]:
        known = errors.isel(origin=origins <= origin - pd.Timedelta(days=7))
        point = points.sel(origin=[origin]).rename(origin="member", lead="period")
        if known.sizes["origin"] >= JUDGED_WEEKS and bool(np.isfinite(point).all()):
            periods = origin + pd.to_timedelta(points["lead"].to_numpy(), unit="h")
            draws = scenarios(point.assign_coords(period=periods), known, seed=seed)
            for unit, held in found.items():
                load = unit_draws(draws, hierarchy, unit)
                held.append(_at(origin, np.percentile(load, PERCENTILES, axis=0)))
    return {unit: xr.concat(held, "origin") for unit, held in found.items() if held}


def _at(origin: pd.Timestamp, load_kw: np.ndarray) -> xr.DataArray:
    coordinates = {"origin": [origin], "percentile": list(PERCENTILES)}
    return xr.DataArray(load_kw[None], coordinates, dims=("origin", "percentile", "lead"))


def _distribution_rows(truth: xr.DataArray, held: xr.DataArray | None) -> Iterator[Row]:
    if held is None:
        return
    actual = pd.Series(truth.sel(origin=held["origin"]).to_numpy().ravel())
    stacked = (
        held.transpose("percentile", "origin", "lead").to_numpy().reshape(len(PERCENTILES), -1)
    )
    by = pd.DataFrame(stacked.T, columns=list(PERCENTILES))
    for cover, (low, high) in COVERAGES.items():
        share = coverage_frac(actual, by[low], by[high])
        yield MODEL, WHOLE_WEEK, f"coverage_{cover}_frac", share
    losses = [pinball(actual, by[p], p / 100) for p in PERCENTILES]
    yield MODEL, WHOLE_WEEK, "pinball_frac", float(np.mean(losses)) / float(actual.mean())
    yield MODEL, WHOLE_WEEK, "week_count", float(held.sizes["origin"])
