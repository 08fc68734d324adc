"""Weather paths from earlier years."""

import numpy as np
import pandas as pd
import pytest

from marketing_models.demand import climatology_members
from marketing_models.errors import InsufficientDataError

ORIGIN = pd.Timestamp("2024-06-10")


def temperatures(step_hours=1.0, first="2022-01-01"):
    periods = pd.date_range(first, "2024-07-01", freq=pd.Timedelta(hours=step_hours))
    return pd.DataFrame({"south": 10.0, "north": 0.0}, index=periods[:-1])


@pytest.mark.parametrize("step_hours", [1.0, 0.5, 0.25])
def test_the_present_anomaly_decays_in_38_hours(step_hours):
    table = temperatures(step_hours)
    table.loc["2024-06-09", "south"] = 20.0
    made = climatology_members(table, ORIGIN)
    slots = round(24 / step_hours)
    assert made.sizes == {"member": 18, "period": 7 * slots, "unit": 2}
    # 10 degrees above the past: 10 + 10 e^(-h/38); hour 0, then a day on 10 + 10 e^(-24/38).
    path = made.sel(member=1, unit="south").to_numpy()
    assert path[0] == pytest.approx(20.0)
    assert path[slots] == pytest.approx(10 + 10 * np.exp(-24 / 38))
    assert (made.sel(unit="north") == 0).all()


def test_every_earlier_year_is_shifted_by_up_to_four_days():
    table = temperatures()
    table["south"] = (table.index - table.index[0]).days.to_numpy()
    anomaly = table["south"].loc["2024-06-09"].mean()
    made = climatology_members(table, ORIGIN, horizon_days=1).sel(unit="south").to_numpy()[:, 0]
    # At hour 0 the past drops out: its day d plus the anomaly less its day before, d - 1.
    assert made == pytest.approx(np.full(18, anomaly + 1))


def test_nothing_from_the_origin_on_is_read():
    table = temperatures()
    table += np.random.default_rng(1).normal(size=table.shape)
    changed = table.copy()
    changed.loc[ORIGIN:] = 99.0
    assert climatology_members(table, ORIGIN).identical(climatology_members(changed, ORIGIN))


def test_the_same_member_is_one_path_in_all_units():
    table = temperatures()
    wave = np.random.default_rng(2).normal(size=len(table))
    table = table.assign(south=wave, north=2 * wave)
    made = climatology_members(table, ORIGIN)
    assert np.allclose(made.sel(unit="north"), 2 * made.sel(unit="south"))


def test_a_path_with_a_gap_is_left_out():
    table = temperatures()
    table.loc["2023-06-20"] = np.nan
    # Starts 6 to 14 June 2023; those from 14 June on (and only those) hold the 20th.
    assert climatology_members(table, ORIGIN).sizes["member"] == 17


def test_without_an_earlier_year_there_are_no_members():
    with pytest.raises(InsufficientDataError, match=r"needed an earlier year .* around 06-10"):
        climatology_members(temperatures(first="2024-01-01"), ORIGIN)
