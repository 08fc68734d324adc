"""Small calendars and histories for the tests of demand."""

import numpy as np
import pandas as pd
import pytest

from marketing_models.demand import LoadHistory


def plain_days(first, count):
    dates = pd.date_range(first, periods=count, freq="D")
    return pd.DataFrame(
        {
            "kind_code": np.where(dates.day_of_week >= 5, "weekend", "ordinary"),
            "holiday_code": "",
            "festival_day_number": pd.array([pd.NA] * count, dtype="Int64"),
            "is_provisional": False,
        },
        index=dates,
    )


@pytest.fixture
def days():
    return plain_days


@pytest.fixture
def history():
    """Make a history of plain days; load follows hour and weekday, temperature the season."""

    def make(day_count=90, *, units=("east",), step_hours=1.0, first="2024-03-01"):
        slots = round(24 / step_hours)
        periods = pd.date_range(
            first, periods=day_count * slots, freq=pd.Timedelta(hours=step_hours)
        )
        hour = (periods.hour + periods.minute / 60).to_numpy()
        season = 2 * np.pi * periods.day_of_year.to_numpy() / 365.25
        wave = np.random.default_rng(3).normal(size=day_count).repeat(slots)
        temperature = 15 - 10 * np.cos(season) + 4 * np.sin(hour / 24 * 2 * np.pi) + 2 * wave
        load = 1000 + 200 * np.sin((hour - 6) / 24 * 2 * np.pi) - 100 * (periods.day_of_week >= 5)
        return LoadHistory(
            load_kw=pd.DataFrame({u: load * (n + 1) for n, u in enumerate(units)}, index=periods),
            temperature_degc=pd.DataFrame(
                {u: temperature + n for n, u in enumerate(units)}, periods
            ),
            days=plain_days(first, day_count + 14),
        )

    return make
