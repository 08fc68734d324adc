"""Monthly energy and peak of a county's transformer areas and feeders: ``equipment_load``."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic.county import County
from marketing_models.synthetic.streams import Floats

_ARRIVAL = pd.Timedelta(hours=8)
# Mean technical loss, its spread in logs, and the spread of the months, by kind of equipment.
_LOSS = {"transformer_area_id": (0.026, 0.40, 0.004), "feeder_id": (0.017, 0.30, 0.003)}
_LEAST_LOSS_FRAC = 0.001


def equipment_load(
    county: County, billed_kwh: Floats, unmetered_kwh: Floats
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return energy supplied and sold and the peak of every transformer area and feeder.

    Parameters
    ----------
    county : County
        The county.
    billed_kwh, unmetered_kwh : array of shape (n_points, n_months)
        Energy billed to one represented supply point, and kept from its meter. [kWh]

    Returns
    -------
    rows : DataFrame
        Rows of ``equipment_load``; nowhere is more sold than supplied.
    losses : DataFrame
        Columns ``equipment_id, month_start, technical_loss_frac, unmetered_kwh``: the truth.
    """
    stands_for = county.points["represented_count"].to_numpy()[:, None]
    shapes = _hourly_shapes(county)
    parts = [
        _kind(county, kind, (billed_kwh * stands_for, unmetered_kwh * stands_for), shapes)
        for kind in _LOSS
    ]
    rows, losses = zip(*parts, strict=True)
    return pd.concat(rows, ignore_index=True), pd.concat(losses, ignore_index=True)


def _hourly_shapes(county: County) -> list[pd.DataFrame]:
    """Return, by month, each class's hourly load over its energy of the month."""
    loads = county.loads_kw
    ends = loads.index.searchsorted(county.scale.months + pd.DateOffset(months=1))
    starts = loads.index.searchsorted(county.scale.months)
    months = [loads.iloc[start:end] for start, end in zip(starts, ends, strict=True)]
    return [month.div(month.sum().clip(lower=1e-9), axis=1) for month in months]


def _kind(
    county: County, kind: str, energy: tuple[Floats, Floats], shapes: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    group, ids = pd.factorize(county.points[kind], sort=True)
    sold, stolen = (_summed(group, len(ids), part) for part in energy)
    numbers = county.stream("equipment_load", kind)
    mean, spread, noise = _LOSS[kind]
    shape = sold.shape
    level = mean * numbers.lognormal(-(spread**2) / 2, spread, len(ids))[:, None]
    # Meters of an area are not all read at the same moment as its own.
    loss = np.maximum(level + numbers.normal(0, noise, shape), _LEAST_LOSS_FRAC)
    supplied = np.maximum((sold + stolen) / (1 - loss), sold).round(2)
    peak, hour = _peaks(county, (group, len(ids)), energy[0], shapes)
    peak *= supplied / np.maximum(sold, 1e-9) * numbers.lognormal(0.06, 0.05, shape)
    months = np.tile(county.scale.months.to_numpy(), len(ids))
    rows = pd.DataFrame(
        {
            "equipment_id": pd.Series(ids, dtype="str").repeat(shape[1]).to_numpy(),
            "county_id": county.unit_id,
            "resolution_code": "month",
            "period_start": months,
            "known_at": pd.DatetimeIndex(months) + pd.DateOffset(months=1) + _ARRIVAL,
            "supplied_energy_kwh": supplied.ravel(),
            "sold_energy_kwh": sold.round(2).ravel(),
            "peak_load_kw": np.rint(peak).astype("int64").ravel(),
            "peak_at": hour.ravel(),
        }
    )
    losses = rows[["equipment_id"]].assign(
        month_start=months, technical_loss_frac=loss.ravel(), unmetered_kwh=stolen.ravel()
    )
    is_live = supplied.ravel() > 0
    return rows[is_live], losses[is_live]


def _summed(group: npt.NDArray[np.intp], count: int, energy: Floats) -> Floats:
    inside = group >= 0
    total = np.zeros((count, energy.shape[1]))
    sums = pd.DataFrame(energy[inside]).groupby(group[inside]).sum()
    total[sums.index.to_numpy()] = sums.to_numpy()
    return total


def _peaks(
    county: County,
    group: tuple[npt.NDArray[np.intp], int],
    energy: Floats,
    shapes: list[pd.DataFrame],
) -> tuple[Floats, npt.NDArray[np.datetime64]]:
    """Return peak and its hour by equipment and month: the mix of classes decides both."""
    of_class = county.points["class_name"].to_numpy()
    by_class = {
        name: _summed(group[0], group[1], np.where((of_class == name)[:, None], energy, 0.0))
        for name in shapes[0].columns
    }
    peak = np.zeros((group[1], len(shapes)))
    hour = np.zeros(peak.shape, "datetime64[us]")
    for month, shape in enumerate(shapes):
        mix = np.stack([by_class[name][:, month] for name in shape.columns], axis=1)
        load = mix @ shape.to_numpy().T
        place = load.argmax(axis=1)
        peak[:, month] = load[np.arange(len(load)), place]
        hour[:, month] = shape.index.to_numpy()[place]
    return peak, hour
