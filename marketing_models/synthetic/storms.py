"""How much storms, heat and frost raise the faults of a county, hour by hour."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models.synthetic import climate

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

_STORMS_PER_YEAR = 7
# Faults by hour of the day: lines are loaded, driven into and dug up by day.
_HOURLY = np.array(
    [
        *(0.62, 0.56, 0.52, 0.50, 0.52, 0.60, 0.78, 0.95, 1.10, 1.20, 1.24, 1.22),
        *(1.16, 1.16, 1.22, 1.28, 1.32, 1.34, 1.36, 1.38, 1.32, 1.14, 0.90, 0.74),
    ]
)
# Brings the ratio near one over the years, storms and usual heat included.
_USUAL_RATIO = 1.16


@lru_cache(maxsize=1)
def temperature_degc(county: County) -> pd.Series:
    """Return the temperature of a county on the scale's hours.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Series of shape (n_hours,)
        Weighted over its stations. [degC]
    """
    weather = climate.county_weather(county.world, county.unit_id)
    return weather["temperature_degc"].reindex(county.scale.hours)


def storm_ratio(county: County) -> pd.Series:
    """Return how many times the usual faults the storms over a county cause.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Series of shape (n_hours,)
        On the scale's hours; one where no storm is. [1]

    Notes
    -----
    Storms pass over a city; each county has its own share of each. Most come from June to
    September. Own assumption for the synthetic province.
    """
    hours = county.scale.hours
    ratio = np.ones(len(hours))
    years = range(hours[0].year, hours[-1].year + 1)
    numbers = county.world.stream("storm", county.city)
    day, season, length, force = numbers.random((4, len(years), _STORMS_PER_YEAR))
    own = county.stream("storm").lognormal(-0.3, 0.8, (len(years), _STORMS_PER_YEAR))
    start = np.where(season < 0.72, 152 + 110 * day, 365 * day)
    lasting_hours = 2 + 14 * length
    rise = own * (6 + 14 * force / (1.15 - force) ** 0.5)
    for i, year in enumerate(years):
        first = (pd.Timestamp(year=year, month=1, day=1) - hours[0]) / pd.Timedelta(hours=1)
        begin = np.rint(first + 24 * start[i]).astype("int64")
        end = np.clip(begin + np.rint(lasting_hours[i]).astype("int64"), 0, None)
        for k in range(_STORMS_PER_YEAR):
            ratio[max(begin[k], 0) : end[k]] += rise[i, k]
    return pd.Series(ratio, hours)


def fault_ratio(county: County) -> pd.Series:
    """Return the faults expected in an hour over those of an average hour.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Series of shape (n_hours,)
        Hour of the day, storms, heat above 33 degC and frost below 0 degC. [1]
    """
    hours, degc = county.scale.hours, temperature_degc(county).to_numpy()
    heat = 1 + 0.35 * np.clip(degc - 33, 0, 5)
    frost = 1 + 0.12 * np.clip(-degc, 0, 6)
    total = _HOURLY[hours.hour] * heat * frost * storm_ratio(county).to_numpy()
    return pd.Series(total / _USUAL_RATIO, hours)
