"""Words of page 00: what must be decided, by when, what is recommended, how sure that is."""

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from marketing_models.reporting import formats, readings, times
from marketing_models.reporting.display import Kpis, Verdict
from marketing_models.reporting.formats import Scale
from marketing_models.reporting.language import Text, same, say
from marketing_models.reporting.readings import Reading, indicator
from marketing_models.reporting.words.demand import balance_sentence, no_data
from marketing_models.reporting.words.tiles import (
    PERCENT,
    coverage_note,
    growth_note,
    p90_note,
    range_note,
    risk_tile,
    tile,
)
from marketing_models.study import Study

WATCH = "watch"
_OPTIONS = {
    "prepare_load_plan": say("准备负荷管理方案", "prepare a load-management plan"),
    WATCH: say("暂不准备，逐日跟踪", "prepare nothing yet and watch daily"),
}
_PLAN = re.compile(r"plan_on_p(\d+)")


def option(code: str) -> Text:
    """Return what an option is called; its code if it is new here."""
    plan = _PLAN.fullmatch(code)
    if plan:
        return say("按P{n}最大负荷安排供应", "arrange supply for the P{n} peak", n=plan[1])
    return _OPTIONS.get(code, same(code))


def option_peak(study: Study, code: str) -> Reading:
    """Return the peak for which an option plans; nothing for other options."""
    plan = _PLAN.fullmatch(code)
    return indicator(study, f"next_week_peak_p{plan[1]}_kw") if plan else readings.NOTHING


def peak_scale(study: Study) -> Scale:
    """Return how peaks print on the brief, last week's with the coming ones."""
    codes = [f"next_week_peak_p{p}_kw" for p in (10, 50, 90)] + ["last_week_peak_kw"]
    return readings.scale(study, "peak_load_kw", *(indicator(study, c).value for c in codes))


def energy_scale(study: Study) -> Scale:
    """Return how energies print on the brief."""
    codes = [f"next_week_energy_p{p}_kwh" for p in (10, 50, 90)] + ["last_week_energy_kwh"]
    return readings.scale(study, "energy_kwh", *(indicator(study, c).value for c in codes))


def brief_verdict(study: Study) -> Verdict:
    """Say what is recommended, by when it must be decided and how sure it is.

    Parameters
    ----------
    study : Study
        A brief, cut to one unit.

    Returns
    -------
    Verdict
        The recommended option of every matter that asks for action, the most urgent first; no
        judgement where the unit has none.
    """
    items = readings.rows(study, "result_brief_item")
    chosen = items[items["is_recommended"].fillna(value=False).astype(bool)]
    due = chosen[chosen["option_code"] != WATCH]
    if due.empty:
        return no_data(study)
    deadline = pd.Timestamp(due["deadline_at"].min())
    return Verdict(
        headline=say(
            "{days}：{matters}；{deadline}前定",
            "{days}: {matters}; decide by {deadline}",
            days=times.days(readings.origin(study)),
            matters=_joined(_matter(study, str(code)) for code in due["option_code"]),
            deadline=times.moment(deadline),
        ),
        recommendation=_recommendation(study, items, due),
        deadline_at=str(formats.plain(deadline)),
        deadline=times.moment(deadline),
        owner=readings.name(study, str(due["owner_unit_id"].iloc[0])),
        sentences=tuple(_reasons(study, items, chosen)),
    )


def _joined(matters: Iterable[Text]) -> Text:
    held = list(matters)
    return {"zh": "，并".join(m["zh"] for m in held), "en": " and ".join(m["en"] for m in held)}


def _matter(study: Study, code: str) -> Text:
    peak = option_peak(study, code).value
    if peak is None:
        return option(code)
    return say(
        "按最大负荷{peak}安排供应",
        "arrange supply for a peak of {peak}",
        peak=formats.amount(peak, peak_scale(study)),
    )


def _recommendation(study: Study, items: pd.DataFrame, due: pd.DataFrame) -> Text:
    lines = [_advice(study, items, row) for _, row in due.iterrows()]
    if due["expected_cost_yuan"].isna().all():
        lines.append(say("费用尚无数据。", "No cost data yet."))
    return {"zh": "".join(t["zh"] for t in lines), "en": " ".join(t["en"] for t in lines)}


def _advice(study: Study, items: pd.DataFrame, row: pd.Series) -> Text:
    said = say(
        "{option}{sure}{more}{cost}。",
        "{option}{sure}{more}{cost}.",
        option=option(str(row["option_code"])),
        sure=_sure(row["success_frac"]),
        more=_more(study, items, row),
        cost=_cost(row),
    )
    return {"zh": said["zh"], "en": said["en"][:1].upper() + said["en"][1:]}


def _sure(success: object) -> Text:
    found = formats.plain(success)
    if not isinstance(found, int | float):
        return same("")
    return say(
        "，够用的把握{p}（{word}）",
        ", sufficient with probability {p} ({word})",
        word=formats.likelihood(found),
        p=formats.chance(found),
    )


def _more(study: Study, items: pd.DataFrame, row: pd.Series) -> Text:
    others = _others(items, row)
    own = option_peak(study, str(row["option_code"])).value
    other = None if others.empty else option_peak(study, str(others["option_code"].iloc[0])).value
    if own is None or other is None:
        return same("")
    return say(
        "；比备选多备{more}" if own > other else "；比备选少备{more}",
        "; {more} more than the alternative"
        if own > other
        else "; {more} less than the alternative",
        more=formats.amount(abs(own - other), peak_scale(study)),
    )


def _others(items: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    same_matter = items["rank_number"] == row["rank_number"]
    return items[same_matter & (items["option_code"] != row["option_code"])]


def _cost(row: pd.Series) -> Text:
    cost = formats.plain(row["expected_cost_yuan"])
    if not isinstance(cost, int | float):
        return same("")
    as_ = formats.scale("yuan", str(row["level"]), [cost])
    return say("；预期费用{c}", "; expected cost {c}", c=formats.amount(cost, as_))


def _reasons(study: Study, items: pd.DataFrame, chosen: pd.DataFrame) -> Iterator[Text]:
    for _, row in chosen.iterrows():
        if row["option_code"] == WATCH:
            yield say(
                "负荷管理方案：暂不准备，逐日跟踪。",
                "Load management: nothing to prepare yet, watch daily.",
            )
        else:
            yield from _alternatives(_others(items, row))
    shortfall = indicator(study, "shortfall_probability_frac").value
    if shortfall is None:
        yield say(
            "无可供电力数据，电力平衡不作判断。", "No supply balance: no judgement on shortage."
        )
    else:
        yield balance_sentence(shortfall)
    yield _energy(study)


def _alternatives(others: pd.DataFrame) -> Iterator[Text]:
    for _, other in others.iterrows():
        success = formats.plain(other["success_frac"])
        if isinstance(success, int | float):
            yield say(
                "备选“{o}”：不够的可能{p}。",
                "Alternative, {o}: fails with probability {p}.",
                o=option(str(other["option_code"])),
                p=formats.chance(1 - success),
            )


def _energy(study: Study) -> Text:
    low, middle, high = (indicator(study, f"next_week_energy_p{p}_kwh").value for p in (10, 50, 90))
    rate = formats.ratio(middle, indicator(study, "last_week_energy_kwh").value)
    as_ = energy_scale(study)
    if middle is None:
        return say("无用电量预测。", "No forecast of energy.")
    return say(
        "预计用电量{middle}（80%区间{range}）{change}。",
        "Energy {middle} (80% interval {range}){change}.",
        middle=formats.amount(middle, as_),
        range=formats.interval(low, high, as_),
        change=same("")
        if rate is None
        else say("，较上一周{c}", ", {c} on the week before", c=formats.against(rate)),
    )


def brief_kpis(study: Study) -> Kpis:
    """Return at most five key figures of the brief.

    Parameters
    ----------
    study : Study
        A brief, cut to one unit.

    Returns
    -------
    Kpis
        Each a row of ``result_brief_kpi``.
    """
    energies = [indicator(study, f"next_week_energy_p{p}_kwh") for p in (10, 50, 90)]
    peaks = [indicator(study, f"next_week_peak_p{p}_kw") for p in (50, 90)]
    last = indicator(study, "last_week_energy_kwh")
    energy, peak = energy_scale(study), peak_scale(study)
    return Kpis(
        tiles=(
            tile(
                "week_energy",
                ("未来一周用电量", "Energy, coming week"),
                energies[1],
                energy,
                range_note(energies[0], energies[2], energy),
            ),
            tile(
                "week_peak",
                ("最大负荷（P50）", "Peak load (P50)"),
                peaks[0],
                peak,
                p90_note(peaks[1], peak),
            ),
            tile(
                "last_week_energy",
                ("上一周用电量", "Energy, last week"),
                last,
                energy,
                growth_note(energies[1], last),
            ),
            tile(
                "week_error",
                ("上期预测误差", "Error of the last forecast"),
                indicator(study, "last_error_frac"),
                PERCENT,
                coverage_note(indicator(study, "coverage_80_frac")),
            ),
            risk_tile(
                indicator(study, "shortfall_probability_frac"),
                indicator(study, "coverage_80_frac"),
            ),
        )
    )
