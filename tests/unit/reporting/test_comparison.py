"""Comparison of summaries. Authority: joins worked out by hand."""

import copy
import json
from dataclasses import asdict

import pytest

from marketing_models.reporting import comparison, formats, markup
from marketing_models.reporting.language import say

LABELS = (say("甲", "A"), say("乙", "B"))
ENERGY = asdict(formats.scale("kWh", "city", [1e8]))
COUNTY = asdict(formats.scale("kWh", "county", [1e4]))
RATE = asdict(formats.scale("1", "city"))


def column(head, scale=None, name=None, group=None):
    held = {"head": say(head, head)}
    held |= {"scale": scale} if scale else {}
    held |= {"column": name} if name else {}
    return held | ({"group": say(group, group)} if group else {})


def row(unit, key, label, *values, cells=None):
    shown = [{"key": {}, "text": say(label, label)}]
    for place, value in enumerate(values):
        cell = {"key": (cells or {}).get(place, {})}
        shown.append(cell if value is None else {**cell, "value": value})
    return {"unit_id": unit, "key": key, "cells": shown, "is_total": False, "is_marked": False}


def table(rows, columns=None, name="use"):
    default = [column("项目"), column("电量", ENERGY, "energy_kwh"), column("同比", RATE)]
    return {
        "kind": "table",
        "name": name,
        "table": "result_demand_energy",
        "caption": say("用电", "Use"),
        "columns": columns or default,
        "rows": rows,
        "notes": [],
    }


def page(*tables, tiles=(), unit="99"):
    return {"unit_id": unit, "tiles": list(tiles), "findings": [], "tables": list(tables)}


def tile(name, value, scale=ENERGY):
    held = {"name": name, "label": say(name, name), "note": say("", ""), "scale": scale}
    return held if value is None else {**held, "value": value}


def numbers(held):
    """Words of each row and the numbers in its cells."""
    return {
        r["cells"][0]["text"]["zh"]: [
            c.get("value", c.get("text", {}).get("zh")) for c in r["cells"][1:]
        ]
        for r in held["rows"]
    }


def columns_of(found):
    return {t["caption"]["zh"]: t for t in found if t["kind"] == "table" and t["name"] != "tiles"}


def test_rows_are_joined_on_their_keys_in_any_order():
    a = page(table([row("99", {"k": 1}, "x", 300, 0.05), row("99", {"k": 2}, "y", 100, -0.01)]))
    b = page(table([row("99", {"k": 2}, "y", 80, 0.01), row("99", {"k": 1}, "x", 200, 0.02)]))

    found = columns_of(comparison.compare(a, b, LABELS))

    assert numbers(found["电量"]) == {"x": [300, 200, 100, 0.5], "y": [100, 80, 20, 0.25]}
    # Rates differ by points and have no change in per cent.
    assert numbers(found["同比"])["y"] == [-0.01, 0.01, pytest.approx(-0.02)]
    units = [c.get("scale", {}).get("unit", {}).get("zh") for c in found["同比"]["columns"]]
    assert units == [None, "%", "%", "百分点"]


def test_rows_of_one_side_only_say_so_and_have_no_difference():
    a = page(table([row("99", {"k": 1}, "x", 300), row("99", {"k": 3}, "z", 5)]))
    b = page(table([row("99", {"k": 1}, "x", 200), row("99", {"k": 2}, "y", 80)]))
    for side in (a, b):
        side["tables"][0]["columns"] = side["tables"][0]["columns"][:2]

    found = numbers(columns_of(comparison.compare(a, b, LABELS))["电量"])

    assert found == {
        "x": [300, 200, 100, 0.5],
        "z": [5, None, "仅甲", None],
        "y": [None, 80, "仅乙", None],
    }


def test_a_change_in_per_cent_needs_a_base_above_zero():
    a = page(table([row("99", {"k": n}, f"r{n}", 10) for n in range(3)]))
    b = page(table([row("99", {"k": n}, f"r{n}", base) for n, base in enumerate((0, -5, 8))]))
    for side in (a, b):
        side["tables"][0]["columns"] = side["tables"][0]["columns"][:2]

    found = numbers(columns_of(comparison.compare(a, b, LABELS))["电量"])

    assert [held[3] for held in found.values()] == [None, None, pytest.approx(0.25)]


def test_both_sides_print_in_the_finer_unit():
    fine = [column("项目"), column("电量", COUNTY, "energy_kwh")]
    a = page(
        table(
            [row("99", {"k": 1}, "x", 3e8)], [column("项目"), column("电量", ENERGY, "energy_kwh")]
        )
    )
    b = page(table([row("99", {"k": 1}, "x", 2e4)], fine))

    for left, right in ((a, b), (b, a)):
        held = columns_of(comparison.compare(left, right, LABELS))["电量"]
        assert [c["scale"]["unit"]["zh"] for c in held["columns"][1:4]] == ["万千瓦时"] * 3
        assert held["columns"][3]["scale"]["is_signed"]


def test_percentiles_as_columns_are_joined_on_the_keys_of_their_cells():
    """The two sides have their percentiles in another order and one of them more."""
    heads = [column("项目")] + [column(f"P{p}", ENERGY, "energy_kwh", "电量") for p in (10, 90)]
    other = [column("项目")] + [column(f"P{p}", ENERGY, "energy_kwh", "电量") for p in (90, 50, 10)]
    keys = [
        {n: {"percentile_number": p} for n, p in enumerate(ps)} for ps in ((10, 90), (90, 50, 10))
    ]
    a = page(table([row("99", {"k": 1}, "x", 1, 9, cells=keys[0])], heads))
    b = page(table([row("99", {"k": 1}, "x", 8, 5, 2, cells=keys[1])], other))

    found = columns_of(comparison.compare(a, b, LABELS))

    assert {name: numbers(held)["x"][:2] for name, held in found.items()} == {
        "电量 P10": [1, 2],
        "电量 P90": [9, 8],
        "电量 P50": [None, 5],
    }


def week(first, values, unit="99"):
    rows = [
        row(
            unit,
            {"period_start": f"2026-08-{first + n:02}T00:00:00", "resolution_code": "day"},
            f"8月{first + n}日",
            v,
        )
        for n, v in enumerate(values)
    ]
    return table(rows, [column("时段"), column("电量", ENERGY, "energy_kwh")])


def test_forecasts_that_share_a_day_are_joined_on_it():
    found = comparison.compare(page(week(3, [10, 20, 30])), page(week(2, [1, 2, 3])), LABELS)

    assert "text" not in found[1]
    assert numbers(columns_of(found)["电量"]) == {
        "8月3日": [10, 2, 8, 4.0],
        "8月4日": [20, 3, 17, pytest.approx(17 / 3)],
        "8月5日": [30, None, "仅甲", None],
        "8月2日": [None, 1, "仅乙", None],
    }


def test_forecasts_without_a_common_day_are_aligned_by_their_order_and_say_so():
    found = comparison.compare(page(week(10, [10, 20])), page(week(3, [1, 2, 3])), LABELS)

    assert "先后次序" in found[1]["text"]["zh"]
    assert numbers(columns_of(found)["电量"]) == {
        "8月10日（8月3日）": [10, 1, 9, 9.0],
        "8月11日（8月4日）": [20, 2, 18, 9.0],
        "8月5日": [None, 3, "仅乙", None],
    }


def test_columns_of_days_are_joined_by_their_days_whatever_their_heads_say():
    """Days as columns: the second of b is the first of a; hour 1 of that day is in b alone."""

    def hours(first, heads, *rows):
        days = [{"period_start": f"2026-08-{first + n:02}T00:00:00"} for n in range(2)]
        named = [column("时"), *(column(head, ENERGY, "load_kw") for head in heads)]
        held = [
            row("99", {"hour": hour}, f"{hour}时", *values, cells=dict(enumerate(days)))
            for hour, values in enumerate(rows)
        ]
        return page(table(held, named))

    a = hours(3, ("8/3", "8/4"), (30, 40))
    b = hours(2, ("2日", "3日"), (2, 3), (None, 7))

    found = columns_of(comparison.compare(a, b, LABELS))

    assert {name: numbers(held) for name, held in found.items()} == {
        "8/3": {"0时": [30, 3, 27, 9.0], "1时": [None, 7, "仅乙", None]},
        "8/4": {"0时": [40, None, "仅甲", None]},
        "2日": {"0时": [None, 2, "仅乙", None]},
    }


def test_two_units_are_joined_on_their_keys_without_themselves_but_not_without_others():
    columns = [column("单位"), column("电量", ENERGY, "energy_kwh")]
    a = page(table([row("99", {"k": 1}, "省", 100), row("9901", {"k": 1}, "市", 60)], columns))
    b = page(
        table([row("9901", {"k": 1}, "市", 60), row("990101", {"k": 1}, "县", 20)], columns),
        unit="9901",
    )

    found = numbers(columns_of(comparison.compare(a, b, LABELS))["电量"])

    assert found["省（市）"] == [100, 60, 40, pytest.approx(100 / 60 - 1)]
    assert found["市"] == [60, None, "仅甲", None]
    assert found["县"] == [None, 20, "仅乙", None]


def test_tiles_are_joined_by_name_and_print_with_a_unit_each():
    a = page(tiles=[tile("energy", 3e8), tile("error", 0.05, RATE), tile("new", 1e8)])
    b = page(tiles=[tile("error", 0.04, RATE), tile("energy", 2e8), tile("old", None)])

    (held,) = comparison.compare(a, b, LABELS)

    shown = {
        r["cells"][0]["text"]["zh"]: [
            c.get("text", c)["zh"] if "text" in c else c.get("value") for c in r["cells"][1:]
        ]
        for r in held["rows"]
    }
    assert shown == {
        "energy": ["亿千瓦时", "3.00", "2.00", "+1.00", 0.5],
        "error": ["%", "5.0", "4.0", "+1.0百分点", None],
        "new": ["亿千瓦时", "1.00", "—", "仅甲", None],
        "old": ["亿千瓦时", "—", "—", "仅乙", None],
    }
    assert held["rows"][0]["cells"][2]["value"] == 3e8


def test_tables_of_one_page_only_are_shown_in_full():
    a = page(table([row("99", {"k": 1}, "x", 3)], [column("项目"), column("数", ENERGY)], name="a"))
    b = page(table([row("99", {"k": 1}, "y", 4)], [column("项目"), column("数", ENERGY)], name="b"))

    tables = [t for t in comparison.compare(a, b, LABELS) if t.get("name") in {"a_1", "b_1"}]

    assert [numbers(t) for t in tables] == [
        {"x": [3, None, "仅甲", None]},
        {"y": [None, 4, "仅乙", None]},
    ]


def test_a_page_against_itself_differs_nowhere_and_shows_every_number(demand, objects_of):
    from marketing_models.reporting import site

    objects = [o for o in objects_of["40_demand"](demand.of("99")) if o["kind"] != "figure"]
    held = site.summary(objects) | {"unit_id": "99"}
    before = copy.deepcopy(held)

    found = comparison.compare(held, held, LABELS)

    assert held == before
    shown = [t for t in found if t["kind"] == "table" and t["name"] != "tiles"]
    stored = sum("value" in cell for t in held["tables"] for r in t["rows"] for cell in r["cells"])
    assert sum(len(t["rows"]) for t in shown) == stored > 300
    assert all(r["cells"][3]["value"] == 0 for t in shown for r in t["rows"])
    assert json.loads(json.dumps(found, allow_nan=False)) == list(found)


def test_what_it_returns_are_display_objects_of_a_page():
    a, b = page(week(3, [1, 2]), tiles=[tile("energy", 1e8)]), page(week(3, [2, 2]))
    for language in ("zh", "en"):
        for held in comparison.compare(a, b, LABELS):
            assert markup.fragment(held, language)
