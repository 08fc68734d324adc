"""What yesterday, last week and last month mean. Authority: a calendar, read by hand."""

import pandas as pd
import pytest

from pipelines.clock import named, now


@pytest.mark.parametrize(
    ("name", "at", "wanted"),
    [
        ("yesterday", "2026-08-03 05:30", "2026-08-02"),
        ("yesterday", "2026-03-01 00:00", "2026-02-28"),
        ("yesterday", "2024-03-01 23:59", "2024-02-29"),
        ("yesterday", "2026-01-01 05:30", "2025-12-31"),
        ("last-week", "2026-08-03 05:30", "2026-W31"),  # a Monday: the week before it
        ("last-week", "2026-08-09 05:30", "2026-W31"),  # the Sunday of week 32
        ("last-week", "2027-01-04 05:30", "2026-W53"),  # 2026 has 53 ISO weeks
        ("last-week", "2027-01-03 05:30", "2026-W52"),  # still in week 53
        ("last-month", "2026-08-01 00:00", "2026-07"),
        ("last-month", "2026-01-31 05:30", "2025-12"),
        ("last-month", "2026-03-31 05:30", "2026-02"),
        ("latest", "2026-08-03", "latest"),
        ("2026-W02", "2026-08-03", "2026-W02"),
    ],
)
def test_relative_names(name, at, wanted):
    assert named(name, pd.Timestamp(at)) == wanted


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Shanghai"])
def test_the_day_is_that_of_beijing_wherever_the_machine_is(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    beijing = pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(hours=8)
    assert abs(now() - beijing) < pd.Timedelta(minutes=1)
