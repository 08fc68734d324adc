"""Words of page 40: what will be used, how high the peak may be, how sure that is."""

from dataclasses import dataclass
from functools import cached_property

from marketing_models.reporting import formats, readings, times
from marketing_models.reporting.display import Kpis, Verdict
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import Text, same, say
from marketing_models.reporting.readings import Reading
from marketing_models.reporting.words.tiles import (
    PERCENT,
    error_note,
    growth_note,
    p90_note,
    range_note,
    risk_tile,
    tile,
)
from marketing_models.study import Study


@dataclass(frozen=True)
class _Week:
    study: Study

    @cached_property
    def days(self) -> Text:
        return times.days(readings.origin(self.study))

    @cached_property
    def energy(self) -> tuple[Reading, Reading, Reading]:
        return _fan(self.study, "energy_kwh")

    @cached_property
    def peak(self) -> tuple[Reading, Reading, Reading]:
        return _fan(self.study, "peak_load_kw")

    @cached_property
    def last_energy(self) -> Reading:
        return readings.past_week(self.study, "energy_kwh")

    @cached_property
    def energy_scale(self) -> Scale:
        held = [*(r.value for r in self.energy), self.last_energy.value]
        return readings.scale(self.study, "energy_kwh", *held)

    @cached_property
    def peak_scale(self) -> Scale:
        return readings.scale(self.study, "peak_load_kw", *(r.value for r in self.peak))

    @property
    def is_known(self) -> bool:
        return self.energy[1].value is not None and self.peak[1].value is not None


def _fan(study: Study, column: str) -> tuple[Reading, Reading, Reading]:
    low, middle, high = (readings.week(study, column, percentile) for percentile in (10, 50, 90))
    return low, middle, high


def demand_verdict(study: Study) -> Verdict:
    """Say what the coming week will use and how high its peak may be.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Verdict
        No judgement where the unit has no forecast.
    """
    week = _Week(study)
    if not week.is_known:
        return no_data(study)
    peak, p90 = (formats.amount(week.peak[i].value, week.peak_scale) for i in (1, 2))
    return Verdict(
        headline=say(
            "{days}用电量预计{energy}{change}；最大负荷{peak}{shortage}",
            "{days}: {energy} expected{change}; peak {peak}{shortage}",
            days=week.days,
            energy=formats.amount(week.energy[1].value, week.energy_scale),
            change=_on_last_week(week),
            peak=peak,
            shortage=_shortage(study),
        ),
        recommendation=say(
            "按最大负荷{p90}安排供应和检修，九成把握不超过；只按中位数{peak}安排，"
            "有一半可能不够。决定时限见经营决策简报。",
            "Plan supply and maintenance for a peak of {p90}: nine chances in ten that it is not "
            "exceeded. The median {peak} alone fails in every second case. The deadline stands in "
            "the decision brief.",
            p90=p90,
            peak=peak,
        ),
        sentences=(_range(week), _peak(week), _balance(study), _trust(study)),
    )


def _shortage(study: Study) -> Text:
    found = readings.shortfall_probability(study).value
    if found is None or found < formats.TIGHT_FROM:
        return same("")
    return say(
        "，供需{word}（缺口概率{p}）",
        "; supply {word}, {p} chance of a shortfall",
        word=formats.balance(found),
        p=formats.chance(found),
    )


def no_data(study: Study) -> Verdict:
    """Say that a unit has nothing to judge by."""
    return Verdict(
        headline=say(
            "{unit}本期无可用数据，不作判断。",
            "{unit}: no usable data for this period; no judgement.",
            unit=readings.name(study, study.unit_id),
        )
    )


def _on_last_week(week: _Week) -> Text:
    rate = formats.ratio(week.energy[1].value, week.last_energy.value)
    if rate is None:
        return same("")
    return say("，较上一周{c}", ", {c} on the week before", c=formats.against(rate))


def _range(week: _Week) -> Text:
    return say(
        "预计用电量{range}（80%区间）。",
        "Energy {range} (80% interval).",
        range=formats.interval(week.energy[0].value, week.energy[2].value, week.energy_scale),
    )


def _peak(week: _Week) -> Text:
    at = readings.peak_at(week.study)
    return say(
        "预计最大负荷{p50}，十分之一可能超过{p90}，出现在{time}。"
        if at is not None
        else "预计最大负荷{p50}，十分之一可能超过{p90}。",
        "Peak {p50}; one chance in ten above {p90}; at {time}."
        if at is not None
        else "Peak {p50}; one chance in ten above {p90}.",
        p50=formats.amount(week.peak[1].value, week.peak_scale),
        p90=formats.amount(week.peak[2].value, week.peak_scale),
        time=times.moment(at) if at is not None else "",
    )


def _balance(study: Study) -> Text:
    found = readings.shortfall_probability(study).value
    if found is None:
        return say(
            "无可供电力数据，电力平衡不作判断。", "No supply balance: no judgement on shortage."
        )
    worst = readings.shortfall(study, 95).value
    if worst is None or worst <= 0:
        return balance_sentence(found)
    return say(
        "{said}二十分之一可能缺口超过{worst}。",
        "{said} One chance in twenty that it exceeds {worst}.",
        said=balance_sentence(found),
        worst=formats.amount(worst, readings.scale(study, "shortfall_kw", worst)),
    )


def balance_sentence(shortfall_probability: float) -> Text:
    """Say how supply and demand stand, with the probability behind the word."""
    return say(
        "电力供需{word}，缺口概率{p}。",
        "Supply and demand: {word}; probability of a shortfall {p}.",
        word=formats.balance(shortfall_probability),
        p=formats.chance(shortfall_probability),
    )


def _trust(study: Study) -> Text:
    error = readings.score(study, "wape_frac").value
    coverage = readings.score(study, "coverage_80_frac").value
    if error is None:
        return say("本模型尚无历史检验。", "The model has not been tested on past weeks.")
    said = say(
        "以往各周逐时误差平均{e}。",
        "On past weeks the hourly error was {e}.",
        e=formats.share(error),
    )
    if coverage is None:
        return said
    return say(
        "{said}80%区间实际覆盖{c}的时段。",
        "{said} The 80% interval covered {c} of hours.",
        said=said,
        c=formats.share(coverage),
    )


def demand_kpis(study: Study) -> Kpis:
    """Return at most five key figures of demand.

    Parameters
    ----------
    study : Study
        A demand study, cut to one unit.

    Returns
    -------
    Kpis
        Energy, peak, last week, error, and coverage or, where a balance is known, the
        probability of a shortfall.
    """
    week = _Week(study)
    low, middle, high = week.energy
    return Kpis(
        tiles=(
            tile(
                "week_energy",
                ("未来一周用电量", "Energy, coming week"),
                middle,
                week.energy_scale,
                range_note(low, high, week.energy_scale),
            ),
            tile(
                "week_peak",
                ("最大负荷（P50）", "Peak load (P50)"),
                week.peak[1],
                week.peak_scale,
                p90_note(week.peak[2], week.peak_scale, readings.peak_at(study)),
            ),
            tile(
                "last_week_energy",
                ("上一周用电量", "Energy, last week"),
                week.last_energy,
                week.energy_scale,
                growth_note(middle, week.last_energy),
            ),
            tile(
                "week_error",
                ("上期预测误差", "Error of the last forecast"),
                readings.score(study, "last_wape_frac"),
                PERCENT,
                error_note(readings.score(study, "wape_frac")),
            ),
            risk_tile(
                readings.shortfall_probability(study), readings.score(study, "coverage_80_frac")
            ),
        )
    )
