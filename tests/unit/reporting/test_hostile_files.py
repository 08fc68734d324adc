"""Hostile text in every file of a page. Authority: each format read by the standard library; a
text is inert if it adds no element, attribute, formula, link or code to what a calm text gives."""

import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from itertools import cycle, islice
from xml.etree import ElementTree

import pytest

from marketing_models.reporting import charts, language, markup, page, pdf, site

MARKS = "\u202a\u202e\u2066\u2069\u200e\u200f"
HOSTILE = (
    "<script>alert(1)</script>",
    '"onload="alert(1)',
    "<img src=x onerror='alert(1)'>",
    "</style></script></svg><svg onload=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "https://example.org/?a=1&b=2",
    "javascript:alert(1)",
    f"a{MARKS}b",
    "one\ntwo\r\nthree\tfour\x00\x0b\x85",
    '#import "x": * #panic() #sys.inputs',
    "$x$ $ sum_(i) $",
    "*bold* _it_ `raw` // gone /* gone */ = head",
    "<r><t>rich</t></r>",
    "{{ 7*7 }} {% raw %} {language} {page} {all}",
    "datum.x = 1; signal: alert(1)",
    "绵" * 300 + "x" * 300,
    "🐉👩\u200d🏫𠮷髙ﷺ",
    "",
    '\\u003c "quoted" \\ ]]> &amp; &#60;',
)
TURNS = 4


def replaced(held, texts):
    """The same JSON with the next text in the place of every text in two languages."""
    if isinstance(held, list):
        return [replaced(part, texts) for part in held]
    if not isinstance(held, dict):
        return held
    if set(held) == {"zh", "en"} and all(isinstance(one, str) for one in held.values()):
        text = next(texts)
        return {"zh": text, "en": text}
    return {name: replaced(part, texts) for name, part in held.items()}


def with_text_in_drawings(held, texts):
    """The same specification with the next text in the place of all that marks and axes say."""
    if isinstance(held, list):
        return [with_text_in_drawings(part, texts) for part in held]
    if not isinstance(held, dict):
        return held
    named = {"title", "text", "coming", "past", "available"}
    return {
        name: next(texts)
        if name in named and isinstance(part, str) and not part.endswith(":N")
        else with_text_in_drawings(part, texts)
        for name, part in held.items()
    }


@pytest.fixture(scope="module")
def hostile_page(demand, brief, objects_of):
    """A page whose texts are replaced in turn: objects and place."""

    def of(page_name, given, start=0):
        texts = islice(cycle(given), start, None)
        study = (demand if page_name == "40_demand" else brief).of("99")
        context = site.page_context(
            study.hierarchy,
            "99",
            page_name,
            available={unit: list(site.PAGES) for unit in study.hierarchy},
            stamp=site.Stamp.of(study, store="demo"),
        )
        words = {name: next(texts) for name in ("title", "computed_by")}
        context = replace(
            context,
            **{name: {"zh": text, "en": text} for name, text in words.items()},
            issue=next(texts),
            store=next(texts),
            **{
                name: tuple(
                    replace(link, label=replaced(link.label, texts))
                    for link in getattr(context, name)
                )
                for name in ("path", "pages", "children")
            },
        )
        objects = [replaced(one, texts) for one in objects_of[page_name](study)]
        for one in objects:
            if one["kind"] == "figure":
                one["specification"] = with_text_in_drawings(one["specification"], texts)
            elif one["kind"] == "table":
                for row in one["rows"]:
                    row["unit_id"] = next(texts)
            elif one["kind"] == "findings":
                for item in one["items"]:
                    item |= {"code": next(texts), "unit_id": next(texts)}
        return objects, context

    return of


@pytest.fixture(scope="module")
def calm(hostile_page):
    """What a page has whose every text is one calm word."""
    return page.files(*hostile_page("00_decision_brief", ["calm"]))


@pytest.fixture(scope="module", params=range(TURNS))
def attack(request, hostile_page):
    """A page on which every text is another attack, begun elsewhere in each turn."""
    given = hostile_page("00_decision_brief", HOSTILE, request.param * len(HOSTILE) // TURNS)
    return (*given, page.files(*given))


def elements(html, read_page):
    """Tags and the names of their attributes. Drawings are laid out by their texts, clauses of a
    headline and heads of groups are counted by them."""
    read = read_page(html)
    return Counter(
        (e.tag, *sorted(e.attributes))
        for e in read.elements
        if e.tag != "span"
        and "colspan" not in e.attributes
        and "svg" not in [p.tag for p in e.parents]
    )


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_no_element_or_attribute_of_a_page_comes_from_a_text(attack, calm, read_page, tongue):
    html = attack[2][f"{tongue}.html"].decode()

    assert elements(html, read_page) == elements(calm[f"{tongue}.html"].decode(), read_page)
    read = read_page(html)
    assert len(read.all("script")) == 1
    assert not [e for e in read.elements if any(a.startswith("on") for a in e.attributes)]
    assert not re.search(f"[{MARKS}]", html)
    said = " ".join(read.all("body")[0].text.split())
    assert [text for text in HOSTILE if language.clean(text) not in said] == []


def test_drawings_hold_texts_as_texts(attack):
    """Authority: an XML parser; only shapes, groups and live text may stand in a drawing."""
    objects, _, files = attack
    figure = next(one for one in objects if one["kind"] == "figure")
    drawings = re.findall("<svg.*?</svg>(?=\n)", files["zh.html"].decode(), flags=re.DOTALL)

    assert len(drawings) == 1
    root = ElementTree.fromstring(drawings[0])  # noqa: S314 - our own
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert tags <= {"svg", "g", "path", "line", "rect", "text", "tspan"}
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on") or "href" in a]
    assert root.get("aria-label") == language.clean(figure["spoken"]["zh"])


@pytest.mark.parametrize("text", ["a\x00b", "a\x0bb", "a\ufffeb", "a\uffffb", "a\ud800b"])
def test_characters_that_xml_forbids_do_not_reach_the_drawing_engine(text):
    """They make it end the whole process, other pages and all."""
    specification = {
        "data": {"values": [{"x": text}]},
        "mark": "point",
        "encoding": {"x": {"field": "x", "type": "nominal"}},
    }

    drawn = charts.draw(
        {"name": "f", "spoken": {"zh": ""}, "specification": {"zh": specification}}, "zh"
    )

    assert ">ab<" in drawn


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_a_workbook_has_no_formula_link_or_markup_of_a_text(attack, calm, tongue):
    _, _, files = attack
    book = zipfile.ZipFile(io.BytesIO(files[f"{tongue}.xlsx"]))

    assert book.namelist() == zipfile.ZipFile(io.BytesIO(calm["zh.xlsx"])).namelist()
    assert_inert(book)
    shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
    texts = {"".join(t.text or "" for t in one.iter() if t.tag.endswith("}t")) for one in shared}
    lines = {line.strip() for text in texts for line in text.split("\n")}
    assert [text for text in HOSTILE if text and language.clean(text) not in lines] == []
    assert not [one for one in texts if re.search(f"[{MARKS}\x00-\x08\x0b\x0c]", one)]


def assert_inert(book):
    for name in book.namelist():
        content = book.read(name)
        root = ElementTree.fromstring(content)  # noqa: S314 - our own
        tags = {e.tag.rpartition("}")[2] for e in root.iter()}
        assert not tags & {"f", "hyperlink", "hyperlinks", "r", "rPr", "externalLink"}, name
        assert b"External" not in content, name


def test_the_layout_takes_every_text_as_data(attack):
    """It compiled: code in a text would have failed. What was handed over is the text itself."""
    objects, context, files = attack
    drawings = {one["name"]: charts.draw(one, "zh") for one in objects if one["kind"] == "figure"}

    given = pdf.printed(objects, context, drawings, "zh")

    assert files["zh.pdf"].startswith(b"%PDF-1.7")
    verdict = next(one for one in objects if one["kind"] == "verdict")
    printed = given["first"][0]
    said = printed["recommendation"].replace("\u200b", "")
    assert said == language.clean(verdict["recommendation"]["zh"])
    assert [text.replace("\u200b", "") for text in printed["sentences"]] == [
        language.clean(sentence["zh"]) for sentence in verdict["sentences"]
    ]


def test_the_template_of_the_layout_makes_no_code_of_data():
    template = markup.packaged("page.typ")

    assert not re.search(r"\beval\b|\bplugin\b|\bread\(|\binclude\b|\bimport\b|\blink\(", template)
    assert template.count("sys.inputs") == 1


def test_a_summary_is_json_whatever_the_texts(attack):
    objects, *_ = attack

    held = json.loads(json.dumps(site.summary(objects), ensure_ascii=False, allow_nan=False))

    verdict = next(one for one in objects if one["kind"] == "verdict")
    assert held["headline"] == verdict["headline"]


def test_page_40_is_as_inert(hostile_page, read_page):
    files = page.files(*hostile_page("40_demand", HOSTILE))
    calm = page.files(*hostile_page("40_demand", ["calm"]))

    for tongue in ("zh", "en"):
        html = files[f"{tongue}.html"].decode()
        assert elements(html, read_page) == elements(calm[f"{tongue}.html"].decode(), read_page)
        assert_inert(zipfile.ZipFile(io.BytesIO(files[f"{tongue}.xlsx"])))
