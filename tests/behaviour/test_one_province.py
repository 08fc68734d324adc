"""One province: the same fact is one number everywhere (architecture, invariant 1).

Every capability adds its rows here.
"""

import pandas as pd
import pytest
from site_sums import Cells

from marketing_models import schemas
from marketing_models.reporting import figures, page, site, tables, words
from marketing_models.reporting.display import Section
from marketing_models.studies.brief import SOURCES


@pytest.fixture(scope="module")
def cells(store):
    """Cells of pages 00 and 40 of every unit, read back from their HTML."""
    hierarchy = store.hierarchy()
    stamp = site.Stamp.of(store.read_study("demand"), store="small")
    found = {}
    for unit in hierarchy:
        for name, study, shown in (
            ("00_decision_brief", store.read_study("brief", unit_id=unit), brief_objects),
            ("40_demand", store.read_study("demand", unit_id=unit), demand_objects),
        ):
            context = site.page_context(hierarchy, unit, name, available={}, stamp=stamp)
            parser = Cells()
            objects = [held.as_json() for held in shown(study)]
            parser.feed(page.html(objects, context, page.drawings(objects, "zh"), "zh"))
            found[unit, name] = parser.found
    return found


def brief_objects(study):
    return [words.brief_verdict(study), tables.brief_items(study), tables.brief_kpis(study)]


def demand_objects(study):
    made = (
        tables.demand_days,
        tables.demand_balance,
        tables.demand_unit_forecast,
        tables.demand_units,
        tables.demand_scenarios,
        tables.demand_energy,
        tables.demand_hours,
        tables.demand_review,
        tables.demand_backtest,
    )
    fan = figures.demand_fan(study)
    return [
        words.demand_verdict(study),
        fan,
        Section(title={"zh": "表", "en": "T"}),
        *(table(study) for table in made),
    ]


def test_counties_of_page_40_are_its_cities_are_its_province(store, cells):
    hierarchy, compared = store.hierarchy(), 0
    summed = {(t, c) for t in schemas.tables() for c in schemas.summed(t)}
    for unit in hierarchy:
        own = cells[unit, "40_demand"]
        for (table, owner, key, column), value in own.items():
            if owner == unit and (table, column) in summed and hierarchy.children(unit):
                for parts in (hierarchy.children(unit), hierarchy.counties(unit)):
                    held = [cells[u, "40_demand"][table, u, key, column] for u in parts]
                    assert sum(held) == value, (unit, table, key, column)
                compared += 1
    assert compared > 500


def test_each_figure_of_page_00_is_a_row_of_page_40(store, cells):
    for unit in store.hierarchy():
        kpis = store.read_study("brief", unit_id=unit).table("result_brief_kpi")
        assert set(kpis["indicator_code"]) == set(SOURCES)
        printed = {
            value
            for (table, *_), value in cells[unit, "00_decision_brief"].items()
            if table == "result_brief_kpi"
        }
        for kpi in kpis.itertuples():
            assert float(kpi.indicator_value) in {float(v) for v in printed}
            where = {
                float(value)
                for (table, owner, _, column), value in cells[unit, "40_demand"].items()
                if (table, owner, column) == (kpi.table_name, unit, kpi.column_name)
            }
            assert float(kpi.indicator_value) in where, (unit, kpi.indicator_code)


def test_mean_and_percentiles_of_every_unit_come_from_its_own_joint_draws(store):
    study = store.read_study("demand")
    draws = study.tables["result_demand_scenario"]
    draws = draws[draws["unit_id"] == "99"].pivot(
        index="draw_number", columns="period_start", values="load_kw"
    )
    week = study.table("result_demand_forecast")
    week = week[week["resolution_code"] == "week"].set_index("percentile_number")
    energy = draws.astype(float).sum(axis=1)
    for percentile in (10, 50, 90):
        assert week.at[percentile, "energy_kwh"] == pytest.approx(energy.quantile(percentile / 100))
    assert energy.is_monotonic_increasing
    assert pd.Index(draws.index).tolist() == list(range(1, 201))
