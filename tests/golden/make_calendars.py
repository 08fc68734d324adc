"""Make the shipped calendars from public libraries; run it when a year is announced.

Writes ``calendar_cn.csv, calendar_us.csv, calendar_tw.csv, lunar_new_year.csv`` of
``marketing_models/parameters``. ``test_calendars.py`` beside it holds the shipped files against the
same libraries. Usage: ``python tests/golden/make_calendars.py [folder]``.
"""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import chinese_calendar
import holidays
import lunardate
import pandas as pd

FOLDER = Path(__file__).parents[2] / "marketing_models" / "parameters"
CODES = {
    "cn": {
        "New Year's Day": "new_year",
        "Chinese New Year": "spring_festival",
        "Spring Festival": "spring_festival",
        "Tomb": "tomb_sweeping",
        "Labo": "labour_day",
        "Dragon Boat Festival": "dragon_boat",
        "National Day": "national_day",
        "Mid-": "mid_autumn",
        "Anti-Fascist": "victory_anniversary",
    },
    "tw": {
        "Founding Day": "new_year",
        "Chinese New Year": "spring_festival",
        "Peace Memorial": "peace_memorial",
        "Tomb-Sweeping": "tomb_sweeping",
        "Children": "children_day",
        "Labor Day": "labour_day",
        "Dragon Boat": "dragon_boat",
        "National Day": "national_day",
        "Mid-Autumn": "mid_autumn",
        "Confucius": "confucius_birthday",
        "Taiwan Restoration": "restoration_day",
        "Constitution Day": "constitution_day",
    },
    "us": {
        "New Year": "new_year",
        "Martin Luther King": "martin_luther_king",
        "Washington": "washington_birthday",
        "Memorial Day": "memorial_day",
        "Juneteenth": "juneteenth",
        "Independence Day": "independence_day",
        "Labor Day": "labour_day",
        "Columbus Day": "columbus_day",
        "Veterans Day": "veterans_day",
        "Thanksgiving": "thanksgiving",
        "Christmas": "christmas",
    },
}
YEARS = {"cn": range(2004, 2028), "us": range(2000, 2031), "tw": range(2004, 2028)}
ANNOUNCED_TO = {"cn": 2026, "us": 2030, "tw": 2026}
AUTHORITY = {
    "cn": "State Council General Office, notice on the holidays of {year}",
    "us": "5 U.S.C. 6103, federal holidays",
    "tw": "Executive Yuan, office calendar of {year}",
}
BY_RULE = "Statutory days by rule and lunar calendar; {year} was not announced"
EXCHANGED = ("observed", "Day off", "Extended")
LUNAR_YEARS = range(2000, 2036)


def code_of(calendar: str, name: str) -> str:
    """Return the code of a holiday's English name; empty for a mere exchange of days."""
    return next((code for part, code in CODES[calendar].items() if part in name), "")


def rows(calendar: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield date, kind, holiday, source and status of every day that needs a row."""
    years = YEARS[calendar]
    language = {"language": "en_US"}
    off = holidays.country_holidays(calendar.upper(), years=years, **language)
    make_up = set(getattr(off, "weekend_workdays", ()))
    day = date(years[0], 1, 1)
    while day.year <= years[-1]:
        kind = kind_of(day, off.get(day, ""), make_up)
        holiday = "" if kind == "make_up" else holiday_of(calendar, day, off)
        if kind not in {"ordinary", "weekend"} or holiday:
            announced = day.year <= ANNOUNCED_TO[calendar]
            source = (AUTHORITY[calendar] if announced else BY_RULE).format(year=day.year)
            yield str(day), kind, holiday, source, "announced" if announced else "provisional"
        day += timedelta(days=1)


def kind_of(day: date, name: str, make_up: set[date]) -> str:
    """Return the kind of a day from its entry in the library."""
    if day in make_up:
        return "make_up"
    if not name:
        return "weekend" if day.weekday() >= 5 else "ordinary"
    return "statutory" if own_day(name) else "adjusted_off"


def holiday_of(calendar: str, day: date, off: holidays.HolidayBase) -> str:
    """Return the holiday a day belongs to: its own, the announced break's, or the day before's."""
    name = off.get(day, "")
    if calendar == "us":
        after = off.get(day - timedelta(days=1), "") == "Thanksgiving Day"
        return "day_after_thanksgiving" if after else code_of("us", name)
    if calendar == "cn" and day.year <= ANNOUNCED_TO["cn"] and not own_day(name):
        is_off, announced = chinese_calendar.get_holiday_detail(day)
        return code_of("cn", announced or "") if is_off else ""
    return code_of(calendar, name) or neighbour(calendar, day, off)


def own_day(name: str) -> bool:
    """Return whether a name is that of a holiday itself, not of a day exchanged for it."""
    return bool(name) and not any(word in name for word in EXCHANGED)


def neighbour(calendar: str, day: date, off: holidays.HolidayBase) -> str:
    """Return the holiday of the break a day stands in: exchanged days, weekends inside a break."""
    found = []
    for step in (-1, 1):
        near = day + timedelta(days=step)
        while (near in off or near.weekday() >= 5) and not code_of(calendar, off.get(near, "")):
            near += timedelta(days=step)
        found.append(code_of(calendar, off.get(near, "")))
    before, after = found
    if day in off:
        return before or after
    return before if before == after else ""


def lunar_new_years() -> Iterator[tuple[str, str]]:
    """Yield the first day of each lunar year and where it is from."""
    for year in LUNAR_YEARS:
        first = lunardate.LunarDate(year, 1, 1).to_solar_date()
        yield str(first), f"Lunar calendar, by lunardate {version('lunardate')}"


def main(folder: Path) -> None:
    """Write all files into a folder."""
    columns = ["date", "kind_code", "holiday_code", "source", "status"]
    for calendar in YEARS:
        table = pd.DataFrame(rows(calendar), columns=columns)
        table.to_csv(folder / f"calendar_{calendar}.csv", index=False, lineterminator="\n")
    table = pd.DataFrame(lunar_new_years(), columns=["date", "source"])
    table.to_csv(folder / "lunar_new_year.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
