"""Calendars: kinds, names and the festival, by hand."""

import pandas as pd
import pytest

from marketing_models import calendars
from marketing_models.errors import UnknownParameterError


def test_the_national_day_week_of_2026_reads_as_announced():
    # Notice of 2026: off from 1 to 7 October; 20 September and 10 October worked.
    week = calendars.days("cn", "2026-09-30", "2026-10-10")
    assert week["kind_code"].to_list() == [
        "ordinary", "statutory", "statutory", "statutory", "weekend", "adjusted_off",
        "adjusted_off", "adjusted_off", "ordinary", "ordinary", "make_up",
    ]  # fmt: skip
    assert week["holiday_code"].to_list() == ["", *["national_day"] * 7, "", "", ""]
    assert calendars.at("cn", "2026-09-20").kind_code == "make_up"


def test_a_holiday_is_named_on_its_true_and_on_its_observed_day():
    # 4 July 2026 is a Saturday: observed on Friday the third (5 U.S.C. 6103).
    days = calendars.days("us", "2026-07-02", "2026-07-05")
    assert days["kind_code"].to_list() == ["ordinary", "adjusted_off", "statutory", "weekend"]
    assert days["holiday_code"].to_list() == ["", "independence_day", "independence_day", ""]


def test_the_day_after_thanksgiving_has_a_name_and_is_no_federal_holiday():
    # Thanksgiving is the fourth Thursday of November: 2026-11-26.
    assert calendars.at("us", "2026-11-26").holiday_code == "thanksgiving"
    after = calendars.at("us", "2026-11-27")
    assert (after.kind_code, after.holiday_code) == ("ordinary", "day_after_thanksgiving")


def test_festival_days_run_from_minus_eight_to_fifteen_around_the_new_year():
    # Lunar new year 2026-02-17, so day -8 is 9 February and day 15 is 4 March.
    numbers = calendars.days("cn", "2026-02-08", "2026-03-05")["festival_day_number"]
    assert numbers.dtype == "Int64"
    assert numbers.iloc[[0, -1]].isna().all()
    assert numbers.iloc[1:-1].to_list() == list(range(-8, 16))
    assert numbers[pd.Timestamp("2026-02-17")] == 0


@pytest.mark.parametrize(("calendar", "has_festival"), [("cn", True), ("tw", True), ("us", False)])
def test_the_lunar_festival_is_known_where_it_is_kept(calendar, has_festival):
    day = calendars.at(calendar, "2018-02-16")
    assert day.festival_day_number == (0 if has_festival else None)


def test_taiwan_works_a_saturday_for_a_bridge():
    # Office calendar of 2017: 27 February off, 18 February worked.
    assert calendars.at("tw", "2017-02-27").kind_code == "adjusted_off"
    assert calendars.at("tw", "2017-02-18").kind_code == "make_up"


def test_every_day_of_a_year_not_announced_is_provisional():
    ordinary, festival = calendars.at("cn", "2027-03-01"), calendars.at("cn", "2027-02-06")
    assert ordinary.is_provisional
    assert festival.is_provisional
    assert festival.kind_code == "statutory"
    assert not calendars.at("cn", "2026-12-31").is_provisional


def test_days_has_one_row_a_day_and_at_says_the_same():
    table = calendars.days("cn", pd.Timestamp("2024-02-27 13:00"), "2024-03-02")
    assert table.index.name == "date"
    assert table.index.to_list() == list(pd.date_range("2024-02-27", "2024-03-02"))
    assert (table["kind_code"].isin(calendars.KINDS)).all()
    for day, row in table.iterrows():
        facts = calendars.at("cn", day)
        assert (facts.date, facts.kind_code) == (day, row["kind_code"])


def test_the_table_handed_out_is_a_copy():
    mine = calendars.days("cn", "2026-01-01", "2026-01-02")
    mine.loc[:, "kind_code"] = "spoilt"
    assert calendars.at("cn", "2026-01-01").kind_code == "statutory"


@pytest.mark.parametrize(
    ("calendar", "day", "said"),
    [
        ("cn", "2003-12-31", "covers 2004-01-01 to 2027-12-31, not 2003-12-31"),
        ("cn", "2028-01-01", "extend parameters/calendar_cn.csv"),
        ("us", "2031-01-01", "covers 2000-01-01 to 2030-12-31"),
        ("tw", "2028-01-01", "covers 2004-01-01 to 2027-12-31"),
        ("de", "2026-01-01", "no calendar 'de'; there are cn, us, tw"),
    ],
)
def test_what_no_calendar_covers_is_refused_with_the_range_it_covers(calendar, day, said):
    with pytest.raises(UnknownParameterError, match=said):
        calendars.at(calendar, day)


def test_a_span_that_leaves_the_calendar_is_refused_at_either_end():
    with pytest.raises(UnknownParameterError, match="not 2028-01-02"):
        calendars.days("cn", "2027-12-30", "2028-01-02")
