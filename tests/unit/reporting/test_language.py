"""Texts of two languages. Authority: the contract of `say` and the Unicode bidirectional marks."""

import pytest

from marketing_models import reporting
from marketing_models.reporting import language


def test_a_name_cannot_carry_marks_that_turn_the_text_around_or_break_its_line():
    hostile = "安\u202e宁\u2066\u200f\n市\t\x00\u200b\x1b县"

    assert language.clean(hostile) == "安宁 市 县"


def test_slots_are_filled_by_language_and_never_parsed_again():
    said = language.say("{a}：{b}", "{a}: {b}", a={"zh": "甲{b}", "en": "A{b}"}, b="1")

    assert said == {"zh": "甲{b}：1", "en": "A{b}: 1"}


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no language 'fr'; choose one of zh, en"):
        reporting.set_language("fr")


def test_the_session_begins_with_the_language_of_the_environment(monkeypatch):
    monkeypatch.setattr(language, "_chosen", [])
    assert reporting.session_language() == "zh"

    monkeypatch.setenv("MARKETING_MODELS_LANGUAGE", "en")
    assert reporting.session_language() == "en"

    reporting.set_language("zh")
    assert reporting.session_language() == "zh"
