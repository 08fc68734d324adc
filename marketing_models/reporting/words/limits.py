"""Limits: findings of a study in words; a code that has no words yet shows its facts."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from string import Formatter
from typing import Any

from marketing_models.findings import Finding
from marketing_models.reporting import formats, readings
from marketing_models.reporting.display import Findings, FindingText
from marketing_models.reporting.language import Text, same, say
from marketing_models.study import Study
from marketing_models.units import unit_of

_ORDER = {"forbid": 0, "limit": 1, "note": 2}
_NAMED_UNITS = 3

# Code -> sentence in Chinese and English; the slots are facts of the finding.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "study.broken": ("本期研究未能算出：{reason}。", "The study of this issue broke: {reason}."),
    "demand.history.absent": ("没有负荷数据。", "No load is known."),
    "demand.history.too_short": (
        "可用负荷历史仅{known_days}天，宜满{needed_days}天，季节规律尚未学全。",
        "Only {known_days} of {needed_days} days of load are known: not all seasons are learnt.",
    ),
    "demand.history.gaps": (
        "负荷数据缺失{missing_frac}。",
        "{missing_frac} of the load data are missing.",
    ),
    "demand.history.stale": (
        "最近{silent_days}天没有负荷数据。",
        "No load is known of the last {silent_days} days.",
    ),
    "demand.temperature.gaps": (
        "气温数据缺失{missing_frac}。",
        "{missing_frac} of the temperatures are missing.",
    ),
    "demand.temperature.constant": (
        "气温有{flat_hours}小时连续不变，疑为填补值。",
        "The temperature stays equal for {flat_hours} hours, as if it had been filled in.",
    ),
    "demand.units.left_out": (
        "{units}因数据不足未作预测，合计不含这些单位。",
        "{units} could not be forecast for want of data; totals are without them.",
    ),
    "demand.weather.climatology": (
        "没有足够的天气预报存档（{archived_count}期），以历年同期气温代替，区间因此较宽。",
        "Too few weather forecasts on file ({archived_count}): past years stand in, more widely.",
    ),
    "demand.history.behind": (
        "数据截至{through_date}，滞后{days_behind}天。",
        "Data are as of {through_date}, {days_behind} days behind.",
    ),
    "demand.weather.station_gaps": (
        "气象站{station}缺测{missing_frac}，缺测时段由其他站代替。",
        "Weather station {station} has no value for {missing_frac} of the time; others stand in.",
    ),
    "demand.calendar.provisional": (
        "预测期内的放假安排尚未公布，按推算日历处理。",
        "The holidays of the forecast week are not announced yet; a derived calendar is used.",
    ),
    "demand.supply.absent": (
        "没有可供电力数据，不判断缺口。",
        "No supply balance is known; no judgement on shortage.",
    ),
    "privacy.few_members": (
        "样本过少，数据不予公开。",
        "Too few members to publish.",
    ),
    "privacy.complement": (
        "为防止由合计推算其他单位的数据，不予公开。",
        "Withheld, lest figures of another unit follow from the totals.",
    ),
}


def findings(study: Study) -> Findings:
    """Return the limits of a page in words.

    Parameters
    ----------
    study : Study
        Cut to one unit: its findings are those of the unit and all below it.

    Returns
    -------
    Findings
        The unit's own one by one; of the units below, one line a code, with the names of the
        first three and how many there are.
    """
    ordered = sorted(study.findings, key=lambda f: (_ORDER[f.severity], f.code, f.unit_id))
    own = [f for f in ordered if f.unit_id == study.unit_id]
    below = [f for f in ordered if f.unit_id != study.unit_id]
    lines = [_line(f, sentence(study, f)) for f in own]
    for _, same_code in groupby(below, key=lambda f: (_ORDER[f.severity], f.code)):
        lines.extend(_of_units(study, list(same_code)))
    return Findings(items=tuple(sorted(lines, key=lambda line: _ORDER[line.severity])))


def _of_units(study: Study, found: list[Finding]) -> Iterator[FindingText]:
    if len(found) <= _NAMED_UNITS:
        for finding in found:
            where = readings.name(study, finding.unit_id)
            yield _line(finding, say("{u}：{t}", "{u}: {t}", u=where, t=sentence(study, finding)))
        return
    names = _joined([readings.name(study, f.unit_id) for f in found[:_NAMED_UNITS]])
    yield _line(
        found[0],
        say(
            "{u}等{n}个单位：{t}",
            "{u} and others, {n} units: {t}",
            u=names,
            n=str(len(found)),
            t=sentence(study, found[0]),
        ),
    )


def _joined(names: Iterable[Text]) -> Text:
    held = list(names)
    return {"zh": "、".join(n["zh"] for n in held), "en": ", ".join(n["en"] for n in held)}


def _line(finding: Finding, text: Text) -> FindingText:
    return FindingText(
        code=finding.code,
        severity=finding.severity,
        unit_id=finding.unit_id,
        facts=finding.facts,
        text=text,
    )


def sentence(study: Study, finding: Finding) -> Text:
    """Say one finding.

    Parameters
    ----------
    study : Study
        Whose hierarchy names the units among the facts.
    finding : Finding
        With its facts.

    Returns
    -------
    mapping of {"zh", "en"} to str
        Code and facts where the code is unknown or a fact of its sentence is missing.
    """
    facts = {name: _fact(study, name, fact) for name, fact in finding.facts.items()}
    spoken = _SENTENCES.get(finding.code)
    if spoken is not None and _slots(spoken) <= set(facts):
        return say(spoken[0], spoken[1], **facts)
    held = "; ".join(f"{name}={fact}" for name, fact in sorted(finding.facts.items()))
    return same(f"{finding.code} ({held})" if held else finding.code)


def _slots(spoken: tuple[str, str]) -> set[str]:
    return {slot for text in spoken for _, slot, _, _ in Formatter().parse(text) if slot}


def _fact(study: Study, name: str, fact: Any) -> Text:
    if isinstance(fact, list | tuple):
        return _joined(readings.name(study, str(unit)) for unit in fact)
    if unit_of(name) == "1" and isinstance(fact, int | float):
        return formats.share(fact)
    stored = formats.plain(fact)
    return same("" if stored is None else formats.exact(stored))
