"""A small province for the reporting tests: one province, two cities, four counties."""

from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.findings import Finding
from marketing_models.regions import Hierarchy
from marketing_models.reporting import figures, language, page, site, tables, words
from marketing_models.reporting.display import Section
from marketing_models.reporting.language import say
from marketing_models.study import Run, Study
from marketing_models.timeaxis import Issue

ISSUE = "2026-08-03"
ORIGIN = Issue.parse(ISSUE).origin
UNITS = (
    ("99", "province", None, "示范省", "Demo Province"),
    ("9901", "city", "99", "昆山市", "Kunshan"),
    ("9902", "city", "99", "临江市", "Linjiang"),
    ("990101", "county", "9901", "安宁市", "Anning"),
    ("990102", "county", "9901", "富民县", "Fumin"),
    ("990201", "county", "9902", "石林县", "Shilin"),
    ("990202", "county", "9902", "小溪县", None),
)
COUNTY_KW = {"990101": 420_000.0, "990102": 260_000.0, "990201": 300_000.0, "990202": 3_000.0}
PERCENTILES = (1, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99)
DRAWS = 200


def make_hierarchy(units=UNITS) -> Hierarchy:
    columns = ["unit_id", "level", "parent_unit_id", "unit_name", "unit_name_en"]
    frame = pd.DataFrame(list(units), columns=columns)
    return Hierarchy(frame.assign(tile_row=pd.NA, tile_column=pd.NA))


def load_of(county: str, hours: pd.DatetimeIndex) -> np.ndarray:
    hour = hours.hour.to_numpy()
    shape = 1 + 0.25 * np.sin((hour - 9) / 24 * 2 * np.pi) + 0.12 * (hour == 20)
    weekend = np.where(hours.day_of_week >= 5, 0.9, 1.0)
    return COUNTY_KW[county] * shape * weekend


def draws_of(county: str, hours: pd.DatetimeIndex) -> np.ndarray:
    """200 weeks, ordered from low to high as the computing unit orders them."""
    high = np.linspace(-0.06, 0.07, DRAWS)[:, None]
    noise = np.random.default_rng(int(county)).normal(0, 0.01, (DRAWS, len(hours)))
    return np.round(load_of(county, hours) * (1 + high + noise))


def conformed(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    return schemas.conform(table, rows.assign(run_id="run")).drop(columns="run_id")


def make_demand(issue: str = ISSUE) -> Study:
    hierarchy = make_hierarchy()
    origin = Issue.parse(issue).origin
    hours = pd.date_range(origin, periods=168, freq="h")
    counties = hierarchy.counties("99")
    draws = {county: draws_of(county, hours) for county in counties}
    tables = {
        "result_demand_energy": energy_rows(counties, origin),
        "result_demand_forecast": forecast_rows(hierarchy, draws, hours),
        "result_demand_scenario": scenario_rows(draws, hours),
        "result_demand_review": review_rows(counties, origin),
        "result_demand_backtest": backtest_rows(hierarchy),
        "result_demand_balance": balance_rows(hierarchy, draws, hours),
    }
    findings = (
        Finding(
            code="demand.weather.climatology",
            severity="limit",
            unit_id="99",
            facts={"archived_count": 12},
        ),
        Finding(
            code="demand.history.gaps",
            severity="limit",
            unit_id="990202",
            facts={"missing_frac": 0.071},
        ),
        Finding(
            code="demand.units.left_out",
            severity="limit",
            unit_id="99",
            facts={"units": ["990102"]},
        ),
        Finding(
            code="demand.a.new.code", severity="note", unit_id="990101", facts={"b": 2, "a": "x"}
        ),
    )
    return Study(
        name="demand",
        issue=issue,
        unit_id="99",
        hierarchy=hierarchy,
        tables=tables,
        findings=findings,
        run=Run(
            store_unit_id="99",
            store_version_number=12,
            issued_at=origin + pd.Timedelta(hours=8),
            code_version="0.1.0",
            parameters={"seed": 1, "draws": DRAWS},
        ),
    )


def energy_rows(counties, origin) -> pd.DataFrame:
    spans = [("day", origin - pd.Timedelta(days=n), 1) for n in range(30, 0, -1)]
    spans += [("week", origin - pd.Timedelta(days=7 * n), 7) for n in range(9, 0, -1)]
    spans += [
        ("month", origin.replace(day=1) - pd.DateOffset(months=n), 30) for n in range(14, 0, -1)
    ]
    rows = []
    for county in counties:
        for code, start, days in spans:
            hours = pd.date_range(start, periods=24 * days, freq="h")
            energy = round(float(load_of(county, hours).sum()), 2)
            growth = 1.031 if county != "990202" else 0.982
            rows.append(
                {
                    "unit_id": county,
                    "level": "county",
                    "series_code": "total",
                    "resolution_code": code,
                    "period_start": start,
                    "energy_kwh": energy,
                    "base_energy_kwh": round(energy / growth, 2),
                    "forecast_energy_kwh": round(energy * 1.008) if code == "week" else None,
                }
            )
    frame = pd.DataFrame(rows).astype({"forecast_energy_kwh": "Int64"})
    return conformed("result_demand_energy", frame)


def forecast_rows(hierarchy, draws, hours) -> pd.DataFrame:
    parts = []
    for unit in hierarchy:
        total = sum(draws[c] for c in hierarchy.counties(unit))
        parts.append(percentiles(unit, hierarchy.level(unit), total, hours, "hour", 1))
        parts.append(percentiles(unit, hierarchy.level(unit), total, hours, "day", 24))
        parts.append(percentiles(unit, hierarchy.level(unit), total, hours, "week", 168))
    return conformed("result_demand_forecast", pd.concat(parts, ignore_index=True))


def percentiles(unit, level, total, hours, code, length) -> pd.DataFrame:
    rows = []
    for first in range(0, len(hours), length):
        block = total[:, first : first + length]
        peak_at = hours[first + int(block.mean(axis=0).argmax())]
        for percentile in PERCENTILES:
            row = {
                "unit_id": unit,
                "level": level,
                "series_code": "total",
                "resolution_code": code,
                "period_start": hours[first],
                "percentile_number": percentile,
                "weather_mode_code": "climatology",
                "mean_load_kw": round(block.mean()),
            }
            if code == "hour":
                row["load_kw"] = round(np.percentile(block[:, 0], percentile))
            else:
                row["energy_kwh"] = round(float(np.percentile(block.sum(axis=1), percentile)), 2)
                row["peak_load_kw"] = round(np.percentile(block.max(axis=1), percentile))
                row["peak_at"] = peak_at
            rows.append(row)
    return pd.DataFrame(rows)


def scenario_rows(draws, hours) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "unit_id": county,
                "level": "county",
                "series_code": "total",
                "resolution_code": "hour",
                "period_start": np.tile(hours[:24], 3),
                "draw_number": np.repeat([20, 100, 180], 24),
                "load_kw": drawn[[19, 99, 179], :24].ravel().astype("int64"),
                "weather_mode_code": "climatology",
            }
        )
        for county, drawn in draws.items()
    ]
    return conformed("result_demand_scenario", pd.concat(parts, ignore_index=True))


def review_rows(counties, origin) -> pd.DataFrame:
    hours = pd.date_range(origin - pd.Timedelta(days=7), periods=168, freq="h")
    parts = []
    for county in counties:
        load = load_of(county, hours)
        noise = np.random.default_rng(7).normal(0, 0.025, len(hours))
        parts.append(
            pd.DataFrame(
                {
                    "unit_id": county,
                    "level": "county",
                    "series_code": "total",
                    "resolution_code": "hour",
                    "period_start": hours,
                    "load_kw": np.round(load).astype("int64"),
                    "mean_load_kw": np.round(load * (1.004 + noise)).astype("int64"),
                }
            )
        )
    return conformed("result_demand_review", pd.concat(parts, ignore_index=True))


def backtest_rows(hierarchy) -> pd.DataFrame:
    rows = []
    for unit in hierarchy:
        for model, factor in (("load_regression", 1.0), ("seasonal_naive", 1.9)):
            for horizon, error in (
                ("hours_1_6", 0.011),
                ("hours_7_24", 0.021),
                ("days_2_3", 0.028),
                ("days_4_5", 0.033),
                ("days_6_7", 0.036),
                ("days_1_7", 0.0312),
            ):
                for metric, value in (
                    ("wape_frac", error * factor),
                    ("coverage_50_frac", 0.487),
                    ("coverage_80_frac", 0.792),
                    ("coverage_90_frac", 0.893),
                    ("last_wape_frac", 0.0205),
                    ("week_count", 26.0),
                ):
                    if model == "seasonal_naive" and "wape" not in metric:
                        continue
                    rows.append(
                        {
                            "unit_id": unit,
                            "level": hierarchy.level(unit),
                            "series_code": "total",
                            "model_code": model,
                            "horizon_code": horizon,
                            "metric_code": metric,
                            "weather_mode_code": "actual",
                            "metric_value": value,
                        }
                    )
    return conformed("result_demand_backtest", pd.DataFrame(rows))


def balance_rows(hierarchy, draws, hours) -> pd.DataFrame:
    rows = []
    for unit in ("99", "9901"):
        total = sum(draws[c] for c in hierarchy.counties(unit))
        supply = round(float(np.percentile(total.max(axis=1), 30)))
        for code, length in (("day", 24), ("week", 168)):
            for first in range(0, 168, length):
                peak = total[:, first : first + length].max(axis=1)
                for percentile in (50, 95):
                    load = round(float(np.percentile(peak, percentile)))
                    rows.append(
                        {
                            "unit_id": unit,
                            "level": hierarchy.level(unit),
                            "resolution_code": code,
                            "period_start": hours[first],
                            "percentile_number": percentile,
                            "available_supply_kw": supply,
                            "reserve_kw": round(supply * 0.03),
                            "load_kw": load,
                            "shortfall_kw": load - supply,
                            "shortfall_probability_frac": float((peak * 1.03 > supply).mean()),
                        }
                    )
    return conformed("result_demand_balance", pd.DataFrame(rows))


def make_brief(demand: Study) -> Study:
    hierarchy = demand.hierarchy
    kpis, items = [], []
    balance = demand.tables["result_demand_balance"].query("resolution_code == 'week'")
    probability = dict(zip(balance["unit_id"], balance["shortfall_probability_frac"], strict=True))
    for unit in hierarchy:
        cut = demand.of(unit)
        week = cut.table("result_demand_forecast").query("resolution_code == 'week'")
        by = week.set_index("percentile_number")
        energy = cut.table("result_demand_energy").query("resolution_code == 'week'")
        place = "result_demand_forecast"
        values = [
            *(
                (f"next_week_energy_p{p}_kwh", by.loc[p, "energy_kwh"], place, "energy_kwh")
                for p in (10, 50, 90)
            ),
            *(
                (f"next_week_peak_p{p}_kw", by.loc[p, "peak_load_kw"], place, "peak_load_kw")
                for p in (10, 50, 90)
            ),
            (
                "last_week_energy_kwh",
                energy["energy_kwh"].iloc[-1],
                "result_demand_energy",
                "energy_kwh",
            ),
            (
                "last_week_peak_kw",
                float(cut.table("result_demand_review")["load_kw"].max()),
                "result_demand_review",
                "load_kw",
            ),
            ("last_error_frac", 0.0205, "result_demand_review", "mean_load_kw"),
            ("coverage_80_frac", 0.792, "result_demand_backtest", "metric_value"),
        ]
        if unit in {"99", "9901"}:
            values.append(
                (
                    "shortfall_probability_frac",
                    probability[unit],
                    "result_demand_balance",
                    "shortfall_probability_frac",
                )
            )
        kpis += [
            {
                "unit_id": unit,
                "level": hierarchy.level(unit),
                "indicator_code": code,
                "indicator_value": float(value),
                "table_name": table,
                "column_name": column,
            }
            for code, value, table, column in values
        ]
        common = {
            "unit_id": unit,
            "level": hierarchy.level(unit),
            "owner_unit_id": unit,
            "deadline_at": ORIGIN + pd.Timedelta(hours=12),
            "table_name": place,
        }
        if unit in {"99", "9901"}:
            items += [
                {
                    **common,
                    "rank_number": 1,
                    "option_code": "prepare_load_plan",
                    "is_recommended": True,
                },
                {
                    **common,
                    "rank_number": 1,
                    "option_code": "watch",
                    "is_recommended": False,
                    "success_frac": round(1 - probability[unit], 6),
                },
            ]
        items += [
            {
                **common,
                "rank_number": 2,
                "option_code": option,
                "is_recommended": option == "plan_on_p90",
                "success_frac": chance,
            }
            for option, chance in (("plan_on_p90", 0.9), ("plan_on_p50", 0.5))
        ]
    return replace(
        demand,
        name="brief",
        tables={
            "result_brief_kpi": conformed("result_brief_kpi", pd.DataFrame(kpis)),
            "result_brief_item": conformed("result_brief_item", pd.DataFrame(items)),
        },
    )


class Page(HTMLParser):
    """A page as its elements: tag, attributes, text, and the rows and tables they stand in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        element = Element(tag, dict(attrs), list(self._open))
        self.elements.append(element)
        if tag not in {"meta", "br", "link", "img"}:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs) -> None:
        self.elements.append(Element(tag, dict(attrs), list(self._open)))

    def handle_endtag(self, tag) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag=None, **has) -> "list[Element]":
        return [
            e
            for e in self.elements
            if (tag is None or e.tag == tag)
            and all(e.attributes.get(k.replace("_", "-"), "") == v for k, v in has.items())
        ]

    def stored(self) -> "dict[tuple, str]":
        """Every number of a data table: (table, unit, key, column) -> data-value."""
        held = {}
        for cell in self.all("td"):
            table, row = cell.within("table"), cell.within("tr")
            if "data-value" not in cell.attributes or "data-table" not in table.attributes:
                continue
            parts = [row.attributes["data-key"], cell.attributes.get("data-key", "")]
            key = ";".join(sorted(p for part in parts for p in part.split(";") if p))
            place = (
                table.attributes["data-table"],
                row.attributes["data-unit-id"],
                key,
                cell.attributes["data-column"],
            )
            assert (
                held.setdefault(place, cell.attributes["data-value"])
                == cell.attributes["data-value"]
            )
        return held


@dataclass
class Element:
    tag: str
    attributes: dict
    parents: list
    text: str = ""

    def within(self, tag):
        return next(e for e in reversed(self.parents) if e.tag == tag)


def demand_objects(study: Study) -> list[dict]:
    shown = [
        words.demand_verdict(study),
        words.demand_kpis(study),
        figures.demand_fan(study),
        Section(title=say("依据", "Evidence")),
        tables.demand_days(study),
        tables.demand_unit_forecast(study),
        tables.demand_units(study),
        tables.demand_energy(study),
        tables.demand_balance(study),
        tables.demand_scenarios(study),
        figures.demand_review(study),
        tables.demand_review(study),
        tables.demand_backtest(study),
        Section(title=say("局限与来源", "Limits and sources"), text=say("见下。", "As follows.")),
        words.findings(study),
        words.sources(study),
    ]
    return [held.as_json() for held in shown]


def brief_objects(study: Study) -> list[dict]:
    shown = [
        words.brief_verdict(study),
        words.brief_kpis(study),
        figures.brief_outlook(study),
        Section(title=say("备选", "Options")),
        tables.brief_items(study),
        tables.brief_kpis(study),
        Section(title=say("局限与来源", "Limits and sources")),
        words.findings(study),
        words.sources(study),
    ]
    return [held.as_json() for held in shown]


def built(study: Study, page_name: str) -> dict[str, str]:
    objects = demand_objects(study) if page_name == "40_demand" else brief_objects(study)
    available = {unit: list(site.PAGES) for unit in study.hierarchy}
    context = site.page_context(
        study.hierarchy,
        study.unit_id,
        page_name,
        available=available,
        stamp=site.Stamp.of(study, store="demo"),
    )
    return {
        name: page.html(objects, context, page.drawings(objects, name), name)
        for name in language.LANGUAGES
    }


@pytest.fixture(autouse=True)
def chinese():
    """Every test begins in the default language of a session."""
    language.set_language("zh")


@pytest.fixture(scope="session")
def read_page():
    return Page


@pytest.fixture(scope="session")
def objects_of():
    return {"40_demand": demand_objects, "00_decision_brief": brief_objects}


@pytest.fixture(scope="session")
def build():
    return built


@pytest.fixture(scope="session")
def demand_pages(demand) -> dict[str, dict[str, str]]:
    """Page 40 of the province, a city and the smallest county, in both languages."""
    return {unit: built(demand.of(unit), "40_demand") for unit in ("99", "9902", "990202")}


@pytest.fixture(scope="session")
def brief_pages(brief) -> dict[str, dict[str, str]]:
    return {unit: built(brief.of(unit), "00_decision_brief") for unit in ("99", "990202")}


@pytest.fixture(scope="session")
def demand() -> Study:
    return make_demand()


@pytest.fixture(scope="session")
def brief(demand) -> Study:
    return make_brief(demand)


@pytest.fixture
def replaced():
    """Change tables of a study, by name."""

    def change(study: Study, **tables: pd.DataFrame) -> Study:
        return replace(study, tables={**study.tables, **tables})

    return change
