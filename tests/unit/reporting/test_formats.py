"""Display units, digits and words. Authority: the house rules of docs (units by level, half-up
rounding of 四舍五入, the probability and balance scales) and hand-worked arithmetic."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_models.reporting import formats, times


@pytest.mark.parametrize(
    ("unit", "level", "smallest", "zh", "en"),
    [
        ("kWh", "province", 3e8, "亿千瓦时", "GWh"),
        ("kWh", "city", 1e8, "亿千瓦时", "GWh"),
        ("kWh", "city", 9.9e7, "万千瓦时", "MWh"),
        ("kWh", "county", 5e8, "万千瓦时", "MWh"),
        ("kW", "province", 2e7, "万千瓦", "MW"),
        ("kW", "county", 1e4, "万千瓦", "MW"),
        ("kW", "county", 9_999, "千瓦", "kW"),
        ("1", "county", 0.01, "%", "%"),
        ("yuan", "province", 2e8, "亿元", "million yuan"),
    ],
)
def test_the_unit_of_a_column_follows_level_and_smallest_value(unit, level, smallest, zh, en):
    scale = formats.scale(unit, level, [smallest * 40, smallest, float("nan"), 0])

    assert scale.unit == {"zh": zh, "en": en}


def test_a_county_of_3000_kw_prints_whole_kilowatts_and_never_0_30():
    scale = formats.scale("kW", "county", [3_000, 4_210])

    assert formats.number(3_000, scale, "zh") == "3,000"


@pytest.mark.parametrize(
    ("value", "unit", "level", "zh", "en"),
    [
        # 142,345,678 kWh = 1.4235 亿 -> 1.42; = 142.3 GWh
        (142_345_678, "kWh", "province", "1.42亿千瓦时", "142.3 GWh"),
        # 26,300 kW = 2.63 万千瓦 (two digits for a county) = 26.3 MW
        (26_300, "kW", "county", "2.63万千瓦", "26.3 MW"),
        (1_306_000, "kW", "city", "130.6万千瓦", "1,306 MW"),
        (100_000, "kW", "city", "10.0万千瓦", "100 MW"),
        (23_456, "kW", "province", "2.35万千瓦", "23.5 MW"),
        # half up, where the even neighbour would be below: 0.125 亿 and 0.25 %
        (112_500_000, "kWh", "province", "1.13亿千瓦时", "112.5 GWh"),
        (0.0025, "1", "city", "0.3%", "0.3%"),
        (None, "kW", "city", "—", "—"),
        (float("nan"), "kW", "city", "—", "—"),
        (pd.NA, "kWh", "county", "—", "—"),
        (float("inf"), "kWh", "county", "—", "—"),
    ],
)
def test_amounts_print_with_unit_digits_and_separators(value, unit, level, zh, en):
    scale = formats.scale(unit, level, [value])

    assert formats.amount(value, scale) == {"zh": zh, "en": en}


def test_signed_columns_show_plus_minus_and_plain_zero():
    scale = formats.scale("1", "city", is_signed=True)

    printed = [formats.number(v, scale, "zh") for v in (0.0312, -0.018, 0.0, -0.0001)]

    assert printed == ["+3.1", "-1.8", "0.0", "0.0"]


@given(st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False)))
def test_the_exact_text_reads_back_to_the_stored_number(value):
    text = formats.exact(formats.plain(value))

    assert float(text) == float(value)
    assert "e" not in text.lower()
    assert "," not in text


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (np.int64(1234567), "1234567"),
        (1234567.0, "1234567"),
        (1234567.89, "1234567.89"),
        (1e-7, "0.0000001"),
        (100, "100"),
        (np.float64(0.1), "0.1"),
        (pd.Timestamp("2026-08-03"), "2026-08-03T00:00:00"),
    ],
)
def test_stored_values_are_written_shortest_and_without_exponent(stored, text):
    assert formats.exact(formats.plain(stored)) == text


@pytest.mark.parametrize(
    ("rate", "zh", "up"),
    [
        (0.05, "增长5.0%", "up 5.0%"),
        (-0.015, "下降1.5%", "down 1.5%"),
        (0.00049, "持平", "level"),
        (-0.00049, "持平", "level"),
        (0.0005, "增长0.1%", "up 0.1%"),
        (None, "—", "—"),
    ],
)
def test_changes_are_said_with_verbs_and_flat_below_half_a_tenth_of_a_per_cent(rate, zh, up):
    assert formats.against(rate) == {"zh": zh, "en": up}


@pytest.mark.parametrize(
    ("new", "old", "rate"),
    [(105, 100, 0.05), (None, 100, None), (1, None, None), (1, 0, None), (1, -5, None)],
)
def test_a_rate_on_a_missing_or_non_positive_base_has_no_meaning(new, old, rate):
    assert formats.ratio(new, old) == (None if rate is None else pytest.approx(rate))


@pytest.mark.parametrize(
    ("probability", "zh"),
    [
        (0, "不到1%"),
        (0.004, "不到1%"),
        (0.135, "13.5%"),
        (0.9, "90%"),
        (0.999, "超过99%"),
        (1, "超过99%"),
    ],
)
def test_no_chance_is_printed_as_never_or_always(probability, zh):
    assert formats.chance(probability)["zh"] == zh


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.95, "预计可以"),
        (0.94, "较大可能"),
        (0.8, "较大可能"),
        (0.5, "有可能"),
        (0.49, "把握不足"),
    ],
)
def test_words_of_confidence_follow_the_house_scale(probability, word):
    assert formats.likelihood(probability)["zh"] == word


@pytest.mark.parametrize(
    ("gap", "word"),
    [(0.049, "总体平衡"), (0.05, "紧平衡"), (0.2, "偏紧"), (0.5, "偏紧"), (0.501, "存在缺口")],
)
def test_words_of_the_balance_follow_the_probability_of_a_shortfall(gap, word):
    assert formats.balance(gap)["zh"] == word


def test_an_interval_has_its_unit_once():
    scale = formats.scale("kWh", "province", [2e8])

    assert formats.interval(1.5e8, 2.5e8, scale) == {
        "zh": "1.50–2.50亿千瓦时",
        "en": "150.0–250.0 GWh",
    }


def test_an_unknown_unit_prints_as_the_dictionary_writes_it():
    assert formats.scale("degC", "city").unit == {"zh": "degC", "en": "degC"}


@pytest.mark.parametrize(
    ("first", "zh", "en"),
    [
        ("2026-08-04", "8月4日至10日", "4–10 Aug"),
        ("2026-08-28", "8月28日至9月3日", "28 Aug–3 Sep"),
        ("2026-12-29", "12月29日至1月4日", "29 Dec–4 Jan"),
    ],
)
def test_a_run_of_days_is_said_by_first_and_last(first, zh, en):
    assert times.days(pd.Timestamp(first)) == {"zh": zh, "en": en}


def test_moments_are_said_to_the_minute_where_there_is_one():
    assert times.moment(pd.Timestamp("2026-08-04 12:00"))["zh"] == "8月4日12时"
    assert times.moment(pd.Timestamp("2026-08-04 12:15"))["zh"] == "8月4日12时15分"
    assert times.moment(pd.Timestamp("2026-08-04 12:15"))["en"] == "4 Aug 12:15"
    # 2026-08-09 is a Sunday (1970-01-01 was a Thursday; 20,674 days later, remainder 3)
    assert times.weekday(pd.Timestamp("2026-08-09")) == {"zh": "8月9日 周日", "en": "Sun 9 Aug"}
