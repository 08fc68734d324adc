"""Spark lines. Authority: points worked out by hand on a field of 120 by 26, margin 3."""

import re
from xml.etree import ElementTree

import pytest

from marketing_models.reporting import formats, sparks

ENERGY = formats.scale("kWh", "city", [1e8])
RATE = formats.scale("1", "city")


def test_points_spread_evenly_from_lowest_at_the_bottom_to_highest_at_the_top():
    drawn = sparks.draw([2e8, 1e8, 3e8], ENERGY, "zh")

    # x: 3, 60, 117; y: the middle 13, bottom 23, top 3.
    assert re.search(r'points="([^"]*)"', drawn)[1] == "3,13 60,23 117,3"
    assert 'cx="117' in drawn
    assert 'cy="3' in drawn
    ElementTree.fromstring(drawn)  # noqa: S314 - our own drawing


def test_a_missing_issue_breaks_the_line_and_keeps_its_place():
    drawn = sparks.draw([1e8, 2e8, None, 2e8, 1e8], ENERGY, "en")

    assert re.findall(r'points="([^"]*)"', drawn) == ["3,23 31.5,3", "88.5,3 117,23"]
    assert "4 issues: first" in drawn


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [1.0, None, None, 2.0]])
def test_fewer_than_three_values_draw_nothing(values):
    assert sparks.draw(values, ENERGY, "zh") == ""


def test_equal_values_are_a_level_line():
    assert re.search(r'points="([^"]*)"', sparks.draw([5, 5, 5], ENERGY, "zh"))[1] == (
        "3,13.0 60,13.0 117,13.0".replace(".0", "")
    )


def test_an_energy_changes_by_per_cent_and_a_rate_by_points():
    energy = sparks.spoken([2.5e8, 9e9, 2e8], ENERGY)
    assert energy["zh"] == "3期：首期2.50亿千瓦时，本期2.00亿千瓦时，下降20.0%"
    assert energy["en"] == "3 issues: first 250.0 GWh, this one 200.0 GWh, down 20.0%"
    assert sparks.spoken([0.05, 0.9, 0.075], RATE)["zh"].endswith("本期7.5%，提高2.5个百分点")
    assert sparks.spoken([0.05, 0.9, 0.02], RATE)["en"].endswith("this one 2.0%, down 3.0 points")
    assert sparks.spoken([0.05, 0.9, 0.0501], RATE)["zh"].endswith("持平")


def test_values_of_any_size_stay_within_the_field():
    drawn = sparks.draw([-1e20, 0, 1e20], ENERGY, "zh")
    numbers = [float(n) for n in re.findall(r"[\d.]+", re.search(r'points="([^"]*)"', drawn)[1])]
    assert all(0 <= n <= 120 for n in numbers)
