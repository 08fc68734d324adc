"""Tile map. Authority: classes and places worked out by hand; contrast by the WCAG 2 formula."""

import re
from importlib import resources
from xml.etree import ElementTree

import pandas as pd
import pytest

from marketing_models.regions import Hierarchy
from marketing_models.reporting import formats, tilemap
from marketing_models.reporting.language import say
from marketing_models.reporting.measures import Measure

SVG = "{http://www.w3.org/2000/svg}"


def province(cities, counties, places=()):
    rows = [("P", "province", None, "全省", "Province", pd.NA, pd.NA)]
    held = dict(places)
    for c in range(cities):
        city = f"C{c:02}"
        rows.append((city, "city", "P", f"城{c}市", f"City {c}", *held.get(city, (pd.NA, pd.NA))))
        rows += [
            (f"{city}{n}", "county", city, f"县{c}{n}县", f"Town{c}{n} County", pd.NA, pd.NA)
            for n in range(counties)
        ]
    columns = ["unit_id", "level", "parent_unit_id", "unit_name", "unit_name_en"]
    return Hierarchy(pd.DataFrame(rows, columns=[*columns, "tile_row", "tile_column"]))


def measure(numbers, name="energy", unit="county"):
    return Measure(
        name=name,
        head=say("电量", "Energy"),
        period=None,
        scale=formats.scale("kWh", unit, [1e4]),
        numbers=numbers,
        anchors={},
        is_sum=False,
    )


def drawn(hierarchy, measures, language="zh", base="zh/"):
    text = tilemap.draw(hierarchy, measures, list(hierarchy), base, language)
    svg = text[text.index("<svg") : text.index("</svg>") + 6]
    root = ElementTree.fromstring(  # noqa: S314 - our own drawing
        svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )
    tiles = {a.attrib["href"]: a for a in root.iter(f"{SVG}a")}
    return text, root, tiles


def at(tile):
    use = tile.find(f"{SVG}use")
    return int(use.attrib["x"]), int(use.attrib["y"])


def test_six_classes_hold_about_equal_numbers_and_equal_values_stay_together():
    assert tilemap.steps({f"u{n}": n for n in range(12)}) == {f"u{n}": n // 2 for n in range(12)}
    # 6 × units strictly below ÷ 4: 0, 0, 6×2/4 = 3, 6×3/4 = 4.
    assert tilemap.steps({"a": 1, "b": 1, "c": 2, "d": 9}) == {"a": 0, "b": 0, "c": 3, "d": 4}
    assert tilemap.steps({}) == {}


def test_counties_stand_three_to_a_row_in_blocks_in_order_of_code():
    hierarchy = province(2, 4)
    _, _, tiles = drawn(hierarchy, [measure({"C000": 1.0, "C010": 2.0})])

    # Tiles 44 wide and 30 high with gaps of 3, below a head of 20; blocks 138 + 18 apart.
    places = [at(tiles[f"zh/C00{n}/index.html"]) for n in range(4)]
    assert places == [(0, 20), (47, 20), (94, 20), (0, 53)]
    assert at(tiles["zh/C010/index.html"]) == (156, 20)
    assert "zh/C01/index.html" in tiles


def test_cities_stand_where_the_hierarchy_puts_them_and_the_others_below():
    places = {"C00": (5, 3), "C01": (2, 1), "C02": (5, 3)}  # C02 wants the place of C00
    hierarchy = province(4, 1, places.items())
    _, _, tiles = drawn(hierarchy, [measure({"C000": 1.0, "C010": 2.0})])

    # Rows 2 and 5 are the first and second; columns 1 and 3 begin at 0; the others follow.
    x, y = zip(*(at(tiles[f"zh/C0{n}0/index.html"]) for n in range(4)), strict=True)
    assert x == (312, 0, 0, 156)
    assert y[1] < y[0] < y[2] == y[3]


def test_no_two_tiles_overlap_in_any_arrangement():
    for cities, counties in ((1, 1), (3, 7), (14, 9), (21, 2)):
        hierarchy = province(cities, counties, {"C00": (0, 6)}.items())
        _, _, tiles = drawn(hierarchy, [measure({"C000": 1.0, "C0001": 2.0})])
        places = [at(tile) for tile in tiles.values() if tile.find(f"{SVG}use") is not None]
        assert len(set(places)) == len(places) == cities * counties


def test_a_tile_is_a_link_with_its_number_and_a_unit_without_one_is_hatched():
    text, _, tiles = drawn(province(1, 3), [measure({"C000": 123_400.0, "C001": 20_000.0})])

    assert tiles["zh/C000/index.html"].find(f"{SVG}title").text == "县00县：12.34万千瓦时"
    assert tiles["zh/C000/index.html"].attrib["class"] == "q3"
    assert tiles["zh/C001/index.html"].attrib["class"] == "q0"
    assert tiles["zh/C002/index.html"].attrib["class"] == "qx"
    assert tiles["zh/C002/index.html"].find(f"{SVG}title").text == "县02县：无数据"
    assert [t.text for t in tiles["zh/C002/index.html"].iter(f"{SVG}text")] == ["县02…", "县02"][1:]
    legend = re.findall(r'class="key q(\w)"></span>([^<]*)<', text)
    assert legend == [("0", "2.00"), ("3", "12.34"), ("x", "无数据")]


def test_a_unit_without_pages_is_named_but_not_linked():
    text = tilemap.draw(province(1, 2), [measure({"C000": 1.0})], ["C000"], "zh/", "zh")

    assert re.findall(r'href="(zh/[^"]*)"', text) == ["zh/C000/index.html"]
    assert "<title>县01县：无数据</title>" in text
    assert '<g class="qx" data-q="x">' in text


def test_english_names_lose_their_kind_and_addresses_are_quoted():
    hierarchy = province(1, 2)
    units = hierarchy.units.replace({"C001": 'a/b "c'})
    _, _, tiles = drawn(Hierarchy(units), [measure({"C000": 1.0})], "en", "en/")

    label = [t.text for t in tiles["en/C000/index.html"].iter(f"{SVG}text")]
    assert label == ["Town00"]
    assert "en/a%2Fb%20%22c/index.html" in tiles


def test_each_measure_has_its_legend_and_its_class_on_every_tile():
    measures = [measure({"C000": 1.0, "C001": 2.0}), measure({"C001": 5.0}, name="peak")]
    text, _, tiles = drawn(province(1, 2), measures)

    assert tiles["zh/C000/index.html"].attrib["data-q"] == "0x"
    assert tiles["zh/C001/index.html"].attrib["data-q"] == "30"
    assert re.findall(r'data-measure="(\w+)"[^>]*?( hidden)?>', text) == [
        ("energy", ""),
        ("peak", " hidden"),
    ]


def test_a_store_of_one_city_is_one_block_and_one_county_has_no_map():
    city = province(1, 3).units.iloc[1:].reset_index(drop=True)
    _, _, tiles = drawn(Hierarchy(city), [measure({"C000": 1.0})])
    assert len(tiles) == 4
    county = city.iloc[1:2].reset_index(drop=True)
    assert tilemap.draw(Hierarchy(county), [measure({"C000": 1.0})], [], "zh/", "zh") == ""
    assert tilemap.draw(province(1, 3), [], [], "zh/", "zh") == ""


def test_a_whole_province_takes_less_than_thirty_kilobytes():
    hierarchy = province(14, 9)
    numbers = {county: float(n) for n, county in enumerate(hierarchy.counties("P"))}
    text = tilemap.draw(hierarchy, [measure(numbers)] * 6, list(hierarchy), "zh/", "zh")
    assert len(numbers) == 126
    assert len(text.encode()) < 30_000


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_labels_stand_out_on_every_step_and_no_step_is_a_warning_colour():
    folder = resources.files("marketing_models.reporting").joinpath("templates")
    css = folder.joinpath("index.css").read_text(encoding="utf-8")
    steps = dict(re.findall(r"\.q(\d) \{ fill: (#\w{6})", css))
    assert sorted(steps) == [str(n) for n in range(tilemap.STEPS)]
    lights = [luminance(steps[key]) for key in sorted(steps)]
    assert lights == sorted(lights, reverse=True)
    for key, colour in steps.items():
        ink = luminance("#ffffff" if key in "45" else "#1b2530")
        low, high = sorted((ink, luminance(colour)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, key
        red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
        assert green >= blue > red  # teal: neither red, orange, yellow nor blue


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_names_stay_text(language):
    evil = '<script>"onload=\u202e'
    units = province(1, 2).units.assign(unit_name=evil, unit_name_en=evil)
    _, root, tiles = drawn(Hierarchy(units), [measure({"C000": 1.0})], language)

    names = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert "script" not in names
    assert tiles["zh/C000/index.html"].find(f"{SVG}title").text.startswith('<script>"onload=')
