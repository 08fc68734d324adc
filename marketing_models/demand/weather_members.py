"""Weather members where no forecast is known: earlier years, with the present anomaly decaying."""

import numpy as np
import pandas as pd
import xarray as xr

from marketing_models.errors import InsufficientDataError
from marketing_models.timeaxis import step_hours

_SHIFT_DAYS = 4
_DECAY_HOURS = 38.0


def climatology_members(
    temperature_degc: pd.DataFrame, origin: pd.Timestamp, horizon_days: int = 7
) -> xr.DataArray:
    r"""Make weather paths of the days after an origin from earlier years.

    Parameters
    ----------
    temperature_degc : DataFrame of shape (n_periods, n_units)
        Observed temperature without gaps; what is not before `origin` is not used. [degC]
    origin : Timestamp
        Midnight at which the paths begin.
    horizon_days : int
        Days ahead. [days]

    Returns
    -------
    DataArray of dims (member, period, unit)
        One member for each earlier year and shift of up to four days; the same member is one path
        in all units. [degC]

    Raises
    ------
    InsufficientDataError
        If no earlier year has the days.

    Notes
    -----
    .. math:: T_m(h) = T_{past}(h) + (\bar T_{24} - \bar T_{24,past}) e^{-h/38}

    where the means are those of the last 24 hours before the origin and before the past path. The
    38 hours follow from regressing the temperature anomaly of one day on the day before.
    """
    known = temperature_degc[temperature_degc.index < origin]
    size = round(24 / step_hours(pd.DatetimeIndex(known.index)))
    values = known.to_numpy(dtype=float)
    starts = _starts(pd.DatetimeIndex(known.index), origin, size, horizon_days)
    hours = np.arange(horizon_days * size)[:, None] * 24 / size
    anomaly = values[-size:].mean(axis=0)
    paths = [
        values[start : start + horizon_days * size]
        + (anomaly - values[start - size : start].mean(axis=0)) * np.exp(-hours / _DECAY_HOURS)
        for start in starts
    ]
    complete = [path for path in paths if np.isfinite(path).all()]
    if not complete:
        raise InsufficientDataError(
            needed=f"an earlier year with complete temperatures around {origin:%m-%d}",
            found=f"temperatures from {known.index[0]} to {known.index[-1]}",
            remedy="extend the observations or give members of a weather forecast",
        )
    periods = pd.date_range(origin, periods=horizon_days * size, freq=pd.Timedelta(hours=24 / size))
    return xr.DataArray(
        np.stack(complete),
        dims=("member", "period", "unit"),
        coords={
            "member": np.arange(1, len(complete) + 1),
            "period": periods,
            "unit": list(temperature_degc.columns),
        },
        name="temperature_degc",
    )


def _starts(
    periods: pd.DatetimeIndex, origin: pd.Timestamp, size: int, horizon_days: int
) -> list[int]:
    wanted = [
        origin - pd.DateOffset(years=years) + pd.Timedelta(days=shift)
        for years in range(1, origin.year - periods[0].year + 1)
        for shift in range(-_SHIFT_DAYS, _SHIFT_DAYS + 1)
    ]
    found = [int((start - periods[0]) / pd.Timedelta(hours=24 / size)) for start in wanted]
    return [start for start in found if size <= start <= len(periods) - horizon_days * size]
