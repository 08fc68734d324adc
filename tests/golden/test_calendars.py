"""The shipped calendars against the libraries they were made from and against each other.

Authority: ``holidays`` (statute and announcements) and ``chinesecalendar`` (State Council notices),
two projects that do not share code; ``lunardate`` for the lunar new year. Where both are wrong
together, the days read in the notices themselves and written down by hand below decide.
"""

import datetime
import runpy
from pathlib import Path

import chinese_calendar
import holidays
import lunardate
import pandas as pd
import pytest

from marketing_models import calendars, parameters

# 2005-12-31 was worked in exchange for 2006-01-03; chinesecalendar has it as a day off.
DISAGREEMENTS = {datetime.date(2005, 12, 31)}


def is_off(kind_code):
    return kind_code in {"weekend", "statutory", "adjusted_off"}


def test_china_is_off_where_chinesecalendar_is_off_but_for_one_named_day():
    table = calendars.days("cn", "2004-01-01", "2026-12-31")
    differing = {
        day.date()
        for day, kind in table["kind_code"].items()
        if is_off(kind) != chinese_calendar.is_holiday(day.date())
    }
    assert differing == DISAGREEMENTS
    assert calendars.at("cn", "2005-12-31").kind_code == "make_up"


@pytest.mark.parametrize(
    ("calendar", "first", "last"),
    [("cn", 2004, 2026), ("tw", 2004, 2026), ("us", 2000, 2030)],
)
def test_a_day_is_off_where_the_library_holidays_has_it_off(calendar, first, last):
    library = holidays.country_holidays(calendar.upper(), years=range(first, last + 1))
    worked = set(getattr(library, "weekend_workdays", ()))
    table = calendars.days(calendar, f"{first}-01-01", f"{last}-12-31")
    for day, kind in table["kind_code"].items():
        weekend = day.day_of_week >= 5 and day.date() not in worked
        assert is_off(kind) == (weekend or day.date() in library), day
        assert (kind == "make_up") == (day.date() in worked), day


@pytest.mark.parametrize(
    "day",
    ["2025-01-26", "2025-02-08", "2026-01-04", "2026-02-14", "2026-02-28", "2026-10-10"],
)
def test_the_make_up_days_of_the_notices_for_2025_and_2026_are_worked(day):
    facts = calendars.at("cn", day)
    assert (facts.kind_code, facts.holiday_code) == ("make_up", "")
    assert not facts.is_provisional


def test_the_spring_festival_of_2020_was_prolonged_to_the_second_of_february():
    prolonged = calendars.days("cn", "2020-01-31", "2020-02-02")
    assert prolonged["kind_code"].to_list() == ["adjusted_off"] * 3
    assert set(prolonged["holiday_code"]) == {"spring_festival"}
    assert calendars.at("cn", "2020-02-03").kind_code == "ordinary"


def test_festival_day_zero_is_the_first_day_of_the_lunar_year():
    every = calendars.days("cn", "2004-01-01", "2027-12-31")
    zero = every.index[(every["festival_day_number"] == 0).fillna(False)]
    lunar = [lunardate.LunarDate(year, 1, 1).to_solar_date() for year in range(2004, 2028)]
    assert [day.date() for day in zero] == lunar
    assert datetime.date(2027, 2, 6) in lunar


@pytest.mark.parametrize("name", ["calendar_cn", "calendar_us", "calendar_tw", "lunar_new_year"])
def test_the_announced_days_are_what_the_script_beside_this_test_makes(name, tmp_path):
    # A later release of a library may know years that were open: only announced days must agree.
    script = runpy.run_path(str(Path(__file__).with_name("make_calendars.py")))
    script["main"](tmp_path)
    made = pd.read_csv(tmp_path / f"{name}.csv", dtype=str, keep_default_na=False)
    shipped = parameters.table(name)
    if "status" in shipped:
        made, shipped = (t[t["status"] == "announced"] for t in (made, shipped))
        pd.testing.assert_frame_equal(shipped, made)
    pd.testing.assert_series_equal(shipped["date"], made["date"])
