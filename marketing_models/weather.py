"""Weather of a unit: weighted means over its stations, and degree days."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from marketing_models.errors import SchemaError

_TOLERANCE = 1e-6


def unit_temperature(
    observed: pd.DataFrame, weights: pd.DataFrame, periods: pd.DatetimeIndex
) -> pd.DataFrame:
    r"""Average the stations of every unit by their weights.

    Parameters
    ----------
    observed : DataFrame of shape (n_rows, >= 3)
        Columns ``period_start, weather_station_id, temperature_degc``, one row a station and
        period, in any order; stations that no unit uses are left out. [degC]
    weights : DataFrame
        Columns ``unit_id, weather_station_id, weight_frac``: the versions in force.
    periods : DatetimeIndex of shape (n_periods,)
        Periods wanted.

    Returns
    -------
    DataFrame of shape (n_periods, n_units)
        One column a unit in order of code. Where a station is missing the others share its
        weight; NaN where all are. [degC]

    See Also
    --------
    station_gaps : which counts what was missing.

    Notes
    -----
    :math:`T_u = \sum_s w_{us} T_s / \sum_s w_{us}` over the stations with a value. Own rule. Two
    values of a station for one period, and weights that do not add to one, are errors.
    """
    share = _weight_table(weights)
    stations = _by_station(observed, ["period_start"]).reindex(periods)
    return pd.DataFrame(_weighted(stations, share), periods, share.columns)


def unit_members(
    forecast: pd.DataFrame, weights: pd.DataFrame, periods: pd.DatetimeIndex
) -> xr.DataArray:
    """Average the stations of every unit for each member of one forecast.

    Parameters
    ----------
    forecast : DataFrame of shape (n_rows, >= 4)
        Columns ``member_number, period_start, weather_station_id, temperature_degc`` of one
        issue. [degC]
    weights : DataFrame
        As for `unit_temperature`.
    periods : DatetimeIndex of shape (n_periods,)
        Periods wanted.

    Returns
    -------
    DataArray of dims (member, period, unit)
        With their labels; missing stations and periods as in `unit_temperature`. [degC]

    See Also
    --------
    unit_temperature : for the mean and what is an error.
    """
    share = _weight_table(weights)
    stations = _by_station(forecast, ["member_number", "period_start"])
    members = np.sort(forecast["member_number"].unique().astype("int64"))
    every = pd.MultiIndex.from_product([members, periods])
    mean = _weighted(stations.reindex(every), share)
    return xr.DataArray(
        mean.reshape(len(members), len(periods), len(share.columns)),
        dims=("member", "period", "unit"),
        coords={"member": members, "period": periods, "unit": share.columns.to_list()},
        name="temperature_degc",
    )


def station_gaps(
    observed: pd.DataFrame, weights: pd.DataFrame, periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Count the periods for which a station of a unit had no value.

    Parameters
    ----------
    observed : DataFrame
        As for `unit_temperature`.
    weights : DataFrame
        As for `unit_temperature`.
    periods : DatetimeIndex of shape (n_periods,)
        Periods wanted.

    Returns
    -------
    DataFrame
        Columns ``unit_id, weather_station_id, missing_count``: a row for each station that a
        unit uses and that has gaps, in order of both codes. [count]
    """
    stations = _by_station(observed, ["period_start"]).reindex(periods)
    used = weights.loc[weights["weight_frac"] > 0, ["unit_id", "weather_station_id"]]
    names = sorted(used["weather_station_id"].unique())
    missing = stations.reindex(columns=names).isna().sum()
    gaps = used.assign(missing_count=used["weather_station_id"].map(missing).astype("int64"))
    gaps = gaps[gaps["missing_count"] > 0]
    return gaps.sort_values(["unit_id", "weather_station_id"], ignore_index=True)


def degree_days(temperature_degc: pd.Series, *, base_degc: float) -> pd.DataFrame:
    r"""Count how far each day was below and above a base temperature.

    Parameters
    ----------
    temperature_degc : Series of shape (n_periods,)
        Temperature on a complete index of days or equal parts of days. [degC]
    base_degc : float
        Outdoor temperature at which nobody heats or cools. [degC]

    Returns
    -------
    DataFrame of shape (n_days, 2)
        Columns ``heating_degree_days, cooling_degree_days``; NaN for a day with a missing
        period. [degC day]

    Notes
    -----
    With daily mean :math:`\bar T_d` and base :math:`b`: heating :math:`\max(0, b - \bar T_d)`,
    cooling :math:`\max(0, \bar T_d - b)`.

    References
    ----------
    .. [1] ASHRAE, "Handbook: Fundamentals," 2017, chapter 14, degree-days from daily mean
       temperatures.

    Examples
    --------
    >>> days = pd.date_range("2026-07-01", periods=2, freq="D")
    >>> degree_days(pd.Series([30.0, 15.0], days), base_degc=18.0).to_numpy().tolist()
    [[0.0, 12.0], [3.0, 0.0]]
    """
    day = pd.DatetimeIndex(temperature_degc.index).normalize()
    mean = temperature_degc.groupby(day).mean(skipna=False)
    return pd.DataFrame(
        {
            "heating_degree_days": (base_degc - mean).clip(lower=0),
            "cooling_degree_days": (mean - base_degc).clip(lower=0),
        }
    )


def _by_station(rows: pd.DataFrame, index: list[str]) -> pd.DataFrame:
    key = [*index, "weather_station_id"]
    twice = rows.duplicated(key)
    if twice.any():
        first = ", ".join(f"{name}={rows.loc[twice, name].iloc[0]}" for name in key)
        problem = (
            f"{int(twice.sum())} values stand twice, first again {first};"
            " read one version, of a forecast one issue"
        )
        raise SchemaError("weather", [problem])
    return rows.set_index(key)["temperature_degc"].unstack("weather_station_id")


def _weighted(stations: pd.DataFrame, share: pd.DataFrame) -> npt.NDArray[np.float64]:
    values = stations.reindex(columns=share.index).to_numpy("float64")
    known = np.isfinite(values)
    weight = known.astype("float64") @ share.to_numpy()
    total = np.where(known, values, 0.0) @ share.to_numpy()
    return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > _TOLERANCE)


def _weight_table(weights: pd.DataFrame) -> pd.DataFrame:
    pairs = weights[["unit_id", "weather_station_id"]]
    problems = [
        f"station {row.weather_station_id} stands twice for unit {row.unit_id}; keep one version"
        for row in pairs[pairs.duplicated()].itertuples()
    ]
    total = weights.groupby("unit_id")["weight_frac"].sum()
    problems += [
        f"weights of unit {unit} add to {value:.6g}, not to one; correct the rows in force"
        for unit, value in total[(total - 1).abs() > _TOLERANCE].items()
    ]
    if problems:
        raise SchemaError("unit_weather_station", problems)
    table = weights.set_index(["weather_station_id", "unit_id"])["weight_frac"]
    return table.unstack("unit_id").fillna(0.0).sort_index(axis=1)
