"""Dates and hours in words of either language, whatever the locale of the machine."""

import pandas as pd

from marketing_models.reporting.language import Text

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}


def day(moment: pd.Timestamp) -> Text:
    """Say a day: 8月3日, 3 Aug."""
    return {"zh": f"{moment.month}月{moment.day}日", "en": f"{moment.day} {_month(moment)}"}


def weekday(moment: pd.Timestamp) -> Text:
    """Say a day with its weekday: 8月3日 周一, Mon 3 Aug."""
    name = {language: names[moment.weekday()] for language, names in _WEEKDAYS.items()}
    said = day(moment)
    return {"zh": f"{said['zh']} {name['zh']}", "en": f"{name['en']} {said['en']}"}


def days(first: pd.Timestamp, count: int = 7) -> Text:
    """Say a run of days by its first and last: 8月3日至9日, 3–9 Aug."""
    last = first + pd.Timedelta(days=count - 1)
    begin, end = day(first), day(last)
    if first.month == last.month:
        return {"zh": f"{begin['zh']}至{last.day}日", "en": f"{first.day}–{end['en']}"}
    return {"zh": f"{begin['zh']}至{end['zh']}", "en": f"{begin['en']}–{end['en']}"}


def month(moment: pd.Timestamp) -> Text:
    """Say a month: 2026年8月, Aug 2026."""
    return {"zh": f"{moment.year}年{moment.month}月", "en": f"{_month(moment)} {moment.year}"}


def hour(moment: pd.Timestamp) -> Text:
    """Say the start of an hour or quarter: 14:00 in both languages."""
    return {"zh": f"{moment:%H:%M}", "en": f"{moment:%H:%M}"}


def moment(at: pd.Timestamp) -> Text:
    """Say a moment: 8月3日14时, 3 Aug 14:00."""
    said = day(at)
    minutes = f"{at.minute:02d}分" if at.minute else ""
    return {"zh": f"{said['zh']}{at.hour}时{minutes}", "en": f"{said['en']} {at:%H:%M}"}


def _month(moment: pd.Timestamp) -> str:
    return _MONTHS[moment.month - 1]
