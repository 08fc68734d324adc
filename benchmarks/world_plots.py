"""Pictures of a synthetic world that a power engineer recognises.

``python benchmarks/world_plots.py --out DIR`` makes one world and draws, as SVG and PNG: a summer
and a winter week gross and net of photovoltaic plant, the load duration curve, the Spring Festival,
typical days by industry, the age of arrears, and calls around an outage. What a world does not
hold is left out with a word.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import altair
import numpy as np
import pandas as pd
import vl_convert
from world_figures import loads_kw
from world_tables import KEPT, NotMadeError, Tables, gathered

from marketing_models import calendars
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

_CURVES = ("supply_point_id", "reading_date", *(f"load_{n:02d}_w" for n in range(1, 97)))
_AGES = ["to 30 days", "31 to 90 days", "91 to 365 days", "over a year"]


def _week(tables: Tables, months: tuple[int, ...]) -> altair.Chart:
    """Draw the week of the highest load of some months."""
    load = loads_kw(tables)[["total", "grid"]]
    load = load[(load.index.year == tables.year) & load.index.month.isin(months)]
    first = load["total"].idxmax().normalize() - pd.Timedelta(days=3)
    first = min(first, load.index[-1].normalize() - pd.Timedelta(days=6))
    week = load[first : first + pd.Timedelta(days=7)].rename(
        columns={"total": "gross", "grid": "net of photovoltaic"}
    )
    rows = (week / 1000).rename_axis("hour").reset_index().melt("hour", value_name="load_mw")
    return (
        altair.Chart(rows)
        .mark_line()
        .encode(
            altair.X("hour:T").title(None).axis(format="%a %e %b", tickCount="day"),
            altair.Y("load_mw:Q").title("load, MW"),
            altair.Color("series_code:N").title(None),
        )
    )


def summer_week(tables: Tables) -> altair.Chart:
    """Draw the summer week with the highest load."""
    return _week(tables, (7, 8))


def winter_week(tables: Tables) -> altair.Chart:
    """Draw the winter week with the highest load."""
    return _week(tables, (1, 12))


def load_duration(tables: Tables) -> altair.Chart:
    """Draw the year's hours in order of load."""
    load = loads_kw(tables)[["total", "grid"]]
    load = load[load.index.year == tables.year]
    curves = {
        {"total": "gross", "grid": "net of photovoltaic"}[name]: np.sort(part)[::-1]
        for name, part in (load / 1000).items()
    }
    rows = pd.DataFrame(curves).iloc[::8].rename_axis("hours").reset_index()
    return (
        altair.Chart(rows.melt("hours", value_name="load_mw", var_name="series"))
        .mark_line()
        .encode(
            altair.X("hours:Q").title("hours of the year"),
            altair.Y("load_mw:Q").title("load, MW"),
            altair.Color("series:N").title(None),
        )
    )


def spring_festival(tables: Tables) -> altair.Chart:
    """Draw the daily load around the lunar new year, over that of the four weeks before."""
    load = loads_kw(tables)["total"].resample("D").mean()
    numbers = calendars.days("cn", load.index[0], load.index[-1])["festival_day_number"]
    parts = []
    for day in numbers.index[numbers == 0]:
        around = load[day - pd.Timedelta(days=28) : day + pd.Timedelta(days=28)]
        number = (around.index - day).days
        level = around / around[(number < -14) & (number >= -28)].mean()
        parts.append(pd.DataFrame({"day": number, "level": level, "year": str(day.year)}))
    return (
        altair.Chart(pd.concat(parts))
        .mark_line()
        .encode(
            altair.X("day:Q").title("days from the lunar new year"),
            altair.Y("level:Q").title("load over that of two weeks before").scale(zero=False),
            altair.Color("year:N").title(None),
        )
    )


def typical_days(tables: Tables) -> altair.Chart:
    """Draw the mean working day in spring of each kind of industry."""
    rows = tables["customer_load"]
    days = pd.to_datetime(rows["reading_date"])
    kind = calendars.days("cn", days.min(), days.max())["kind_code"]
    working = days.dt.as_unit("us").map(kind).isin(["ordinary", "make_up"])
    points = tables["supply_point"].set_index("supply_point_id")
    own_plant = rows["supply_point_id"].map(points["distributed_pv_kw"]).notna()
    rows = rows[working & days.dt.month.isin([4, 5]) & ~own_plant]
    code = points["industry_code"]
    shape = rows["supply_point_id"].map(code).map({c: i.shape_name for c, i in INDUSTRIES.items()})
    load = rows[list(_CURVES[2:])].astype("float64")
    level = load.div(load.mean(axis=1).clip(lower=1), axis=0).groupby(shape.to_numpy()).mean()
    level.columns = np.arange(96) / 4
    long = level.rename_axis("industry").reset_index().melt("industry", var_name="hour")
    return (
        altair.Chart(long)
        .mark_line()
        .encode(
            altair.X("hour:Q").title("hour of the day"),
            altair.Y("value:Q").title("load over the mean of the day"),
            altair.Color("industry:N").title(None),
        )
    )


def arrears_ageing(tables: Tables) -> altair.Chart:
    """Draw what was open at the ends of the months of the year, by days since it was due."""
    bills = tables["bill"]
    bills = bills[pd.to_datetime(bills["month_start"]).dt.year >= tables.year - 1]
    weight = tables["supply_point"].set_index("supply_point_id")["represented_count"]
    weight = bills["supply_point_id"].map(weight).astype("float64")
    paid = tables["payment_allocation"].merge(tables["payment"][["payment_id", "booked_at"]])
    parts = []
    for end in pd.date_range(f"{tables.year}-01-31", periods=12, freq="ME"):
        booked = paid[paid["booked_at"] < end].groupby("bill_id")["allocated_yuan"].sum()
        rest = bills["receivable_yuan"] - bills["bill_id"].map(booked).fillna(0.0)
        age = (end - pd.to_datetime(bills["due_date"])).dt.days
        group = pd.cut(age, [0, 30, 90, 365, 10_000], labels=_AGES)
        amount = (rest.clip(lower=0) * weight).groupby(group, observed=False).sum() / 1e6
        rows = {"month": end, "age": _AGES, "place": range(4), "million": amount.to_numpy()}
        parts.append(pd.DataFrame(rows))
    return (
        altair.Chart(pd.concat(parts))
        .mark_bar()
        .encode(
            altair.X("yearmonth(month):O").title(None),
            altair.Y("million:Q").title("arrears, million yuan"),
            altair.Color("age:N").sort(_AGES).title("days since due"),
            altair.Order("place:Q").sort("descending"),
        )
    )


def calls_around_outage(tables: Tables) -> altair.Chart:
    """Draw fault reports by half-hour around the outages that drew the most of them."""
    tickets = tables["ticket"]
    tickets = tickets[tickets["ticket_type_code"] == "fault"]
    largest = tickets["outage_id"].value_counts().index[:60]
    began = tables["outage_event"].set_index("outage_id")["started_at"].reindex(largest).dropna()
    offsets = []
    outages = tables["outage_event"].set_index("outage_id")["county_id"]
    for outage, start in began.items():
        near = tickets[tickets["county_id"] == outages[outage]]["opened_at"] - start
        offsets.append(near[near.abs() < pd.Timedelta(hours=6)].dt.total_seconds() / 1800)
    half_hour = np.floor(pd.concat(offsets)).astype("int64")
    counts = half_hour.value_counts().reindex(range(-12, 12), fill_value=0) / len(began)
    rows = pd.DataFrame({"hours": counts.index / 2, "calls": counts.to_numpy()})
    return (
        altair.Chart(rows)
        .mark_bar(size=19, align="left")
        .encode(
            altair.X("hours:Q").title("hours from the beginning of the outage"),
            altair.Y("calls:Q").title("fault reports in the half-hour, mean"),
        )
    )


PLOTS: tuple[Callable[[Tables], altair.Chart], ...] = (
    *(summer_week, winter_week, load_duration, spring_festival),
    *(typical_days, arrears_ageing, calls_around_outage),
)


def drawn(chart: altair.Chart, path: Path) -> None:
    """Write one picture as SVG and as PNG."""
    picture = chart.properties(width=560, height=280, title=path.name.replace("_", " ")).to_json()
    path.with_suffix(".svg").write_text(vl_convert.vegalite_to_svg(picture), encoding="utf-8")
    path.with_suffix(".png").write_bytes(vl_convert.vegalite_to_png(picture, scale=1.5))


def main(words: Sequence[str] | None = None) -> int:
    """Draw the pictures of one world; return 1 if any could not be drawn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cities", type=int, default=3)
    parser.add_argument("--counties", type=int, default=12)
    parser.add_argument("--supply-points", type=int, default=20_000)
    asked = parser.parse_args(words)
    scale = Scale(
        city_count=asked.cities,
        county_count=asked.counties,
        supply_point_count=asked.supply_points,
    )
    KEPT["customer_load"] = (_CURVES, "", 0)
    tables = gathered(World(scale=scale, seed=asked.seed))
    asked.out.mkdir(parents=True, exist_ok=True)
    missing = 0
    for plot in PLOTS:
        try:
            drawn(plot(tables), asked.out / plot.__name__)
            print(plot.__name__)
        except (NotMadeError, KeyError) as reason:
            missing += 1
            print(f"{plot.__name__}: not made, {reason}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
