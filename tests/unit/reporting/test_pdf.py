"""The PDF. Authority: the HTML of the same page, read by an independent parser; ISO 32000-1 on
object streams, the structure tree and metadata."""

import json
import os
import pickle
import re
import subprocess
import sys
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest

from marketing_models.reporting import charts, markup, pdf, site
from marketing_models.reporting.packing import packed
from marketing_models.reporting.page import split

SKIPPED = {"svg", "nav", "style", "script", "title"}
VOID = {"meta", "br"}


class Texts(HTMLParser):
    """Every text of the main part of a page, one for each element that holds some."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data) -> None:
        if data.strip() and "main" in self._open and not SKIPPED & set(self._open):
            self.found.append(" ".join(data.split()))


def texts_in(held):
    """Every text of what is handed to the layout, names and drawings left out."""
    if isinstance(held, str):
        yield held.replace("\u200b", "")
    elif isinstance(held, list):
        for part in held:
            yield from texts_in(part)
    elif isinstance(held, dict):
        for name, part in held.items():
            if name not in {"kind", "drawing", "spoken"}:
                yield from texts_in(part)


def unpacked(document: bytes) -> dict[int, bytes]:
    """Every object of a packed PDF, those of the object stream too, read by the standard."""
    start = int(document.rsplit(b"startxref", 1)[1].split()[0])
    head, body = document[start:].split(b"stream\n", 1)
    entries = zlib.decompress(body[: int(re.search(rb"/Length (\d+)", head)[1])])
    held, inside = {}, {}
    for number in range(len(entries) // 7):
        kind, place, index = (
            int.from_bytes(entries[7 * number + a : 7 * number + b])
            for a, b in ((0, 1), (1, 5), (5, 7))
        )
        if kind == 1:
            opening = b"%d 0 obj\n" % number
            assert document[place:].startswith(opening)
            held[number] = document[place + len(opening) : document.index(b"endobj", place)]
        elif kind == 2:
            inside[number] = (place, index)
    for number, (container, index) in inside.items():
        head, body = held[container].split(b"stream\n", 1)
        content = zlib.decompress(body[: int(re.search(rb"/Length (\d+)", head)[1])])
        first = int(re.search(rb"/First (\d+)", head)[1])
        pairs = [int(n) for n in content[:first].split()]
        assert pairs[2 * index] == number
        ends = [*pairs[3::2], len(content) - first]
        held[number] = content[first + pairs[2 * index + 1] : first + ends[index]].strip()
    return held


def utf16(text: str) -> bytes:
    return text.encode("utf-16-be").hex().upper().encode()


@pytest.fixture(scope="module")
def parts(demand, brief, objects_of):
    """Objects, place and drawings of a page: page 40 of a unit, or page 00 of the province."""

    def of(page_name, unit, language):
        study = (demand if page_name == "40_demand" else brief).of(unit)
        objects = objects_of[page_name](study)
        context = site.page_context(
            study.hierarchy,
            unit,
            page_name,
            available={one: list(site.PAGES) for one in study.hierarchy},
            stamp=site.Stamp.of(study, store="demo"),
        )
        drawings = {
            held["name"]: charts.draw(held, language)
            for held in objects
            if held["kind"] == "figure"
        }
        return objects, context, drawings, language

    return of


@pytest.fixture(scope="module")
def documents(parts):
    return {
        (name, unit, language): pdf.build(*parts(name, unit, language))
        for name, unit in (("40_demand", "9902"), ("00_decision_brief", "99"))
        for language in ("zh", "en")
    }


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("unit", ["99", "990202"])
def test_the_pdf_prints_every_number_and_text_of_the_page(parts, demand_pages, unit, language):
    objects, context, drawings, _ = parts("40_demand", unit, language)

    given = pdf.printed(objects, context, drawings, language)

    labels = [given["labels"]["no_findings"]] * any(
        held["kind"] == "findings" and not held["items"] for held in objects
    )
    labels += [given["labels"]["recommendation"]]
    printed = Counter(t for t in [*texts_in([given["first"], given["sections"]]), *labels] if t)
    shown = Counter(t.strip() for t in Texts(demand_pages[unit][language]).found)
    assert printed == shown
    assert sum(bool(re.search(r"\d", text)) for text in printed) > 150


def test_everything_handed_to_the_layout_is_printed_by_it():
    """Authority: the template itself; it must name every field that `printed` gives it."""
    template = markup.packaged("page.typ")

    for field in ("clauses", "recommendation", "who", "sentences", "tiles", "caption", "numbers"):
        assert field in template
    for field in ("heads", "rows", "notes", "widths", "drawing", "spoken", "place", "stamp"):
        assert f".{field}" in template


def test_the_first_screen_is_the_first_leaf_and_sections_follow_in_order(parts):
    objects, context, drawings, language = parts("40_demand", "99", "zh")

    given = pdf.printed(objects, context, drawings, language)

    first, sections = split(objects)
    assert [item["kind"] for item in given["first"]] == ["verdict", "kpis", "figure"]
    assert [[i["kind"] for i in part] for part in given["sections"]] == [
        [held["kind"] for held in part] for part in sections
    ]
    assert len(first) == 3


def test_the_document_says_its_title_language_and_no_date(documents):
    for (_, _, language), document in documents.items():
        held = b"\n".join(unpacked(document).values())
        assert (b"/Lang(zh-CN)" if language == "zh" else b"/Lang(en)") in held.replace(b" ", b"")
        assert b"/CreationDate" not in held
        assert b"/ModDate" not in held
        assert b"xmp:CreateDate" not in held
    held = b"\n".join(unpacked(documents["00_decision_brief", "99", "zh"]).values())
    assert re.search(rb"/Title\s*<FEFF" + utf16("8月4日至10日"), held)


def test_drawings_have_their_spoken_text_and_tables_their_heads(documents, parts):
    """ISO 32000-1, 14.9.3 "Alternate descriptions" and 14.8.4.3.4 "Table elements"."""
    objects, *_ = parts("40_demand", "9902", "zh")
    held = b"\n".join(unpacked(documents["40_demand", "9902", "zh"]).values())

    figures = [one["spoken"]["zh"] for one in objects if one["kind"] == "figure"]
    assert len(figures) == 2
    for spoken in figures:
        assert b"/Alt<FEFF" + utf16(spoken) in held.replace(b" ", b"")
    rows = sum(len(one["rows"]) for one in objects if one["kind"] == "table")
    assert held.count(b"/S/TH") > 30
    assert held.count(b"/S/TR") > rows


def test_no_document_asks_for_anything_or_runs_anything(documents):
    for document in documents.values():
        held = b"\n".join(unpacked(document).values())
        for action in (b"/URI", b"/JS", b"/JavaScript", b"/Launch", b"/GoToR", b"/EmbeddedFile"):
            assert action not in held


def test_documents_stay_below_120_kilobytes(documents):
    assert max(map(len, documents.values())) < 120_000


def test_two_documents_agree_in_every_byte_in_any_zone_and_any_thread(parts, documents):
    given = parts("40_demand", "9902", "en")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: pdf.build(*given), range(8)))
    program = (
        "import pickle, sys; from marketing_models.reporting import pdf; "
        "sys.stdout.buffer.write(pdf.build(*pickle.load(sys.stdin.buffer)))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(given),
        capture_output=True,
        check=True,
        env={"TZ": "Pacific/Auckland", "PATH": os.environ["PATH"], "PYTHONHASHSEED": "3"},
    )

    assert {*made, elsewhere.stdout} == {documents["40_demand", "9902", "en"]}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("一个很长的名称里没有任何空格也可以换行", 1),
        ("short words break nowhere", 1),
        ("result_demand_forecast.energy_kwh", 5),
        ("x" * 40, 3),
    ],
)
def test_long_words_may_break_and_only_they(text, parts):
    """Chinese breaks anywhere by itself; 40 letters break after 16 and 32; a name after its
    marks: three underscores and a point."""
    given = pdf._breakable(text)

    assert given.replace("\u200b", "") == text
    assert len(given.split("\u200b")) == parts


def plain_document() -> bytes:
    """A PDF written by hand: a catalogue, pages, a stream that holds the word endobj, a page."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
        b"<</Length 18>>\nstream\n(1 0 obj endobj)Tj\nendstream",
        b"<</Type/Page/Parent 2 0 R/Contents 3 0 R/MediaBox[0 0 9 9]>>",
    ]
    document, places = b"%PDF-1.7\n%\xff\xff\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(document))
        document += b"%d 0 obj\n%b\nendobj\n\n" % (number, body)
    start = len(document)
    table = b"".join(b"%010d 00000 n\r\n" % place for place in places)
    return (
        document
        + b"xref\n0 5\n0000000000 65535 f\r\n"
        + table
        + b"trailer\n<</Size 5/Root 1 0 R/ID[(ab)(cd)]>>\nstartxref\n%d\n%%%%EOF" % start
    )


def test_packing_keeps_every_object_and_the_trailer():
    document = packed(plain_document())

    held = unpacked(document)
    assert held[1] == b"<</Type/Catalog/Pages 2 0 R>>"
    assert held[2] == b"<</Type/Pages/Count 1/Kids[4 0 R]>>"
    assert held[4].startswith(b"<</Type/Page/Parent 2 0 R/Contents 3 0 R")
    assert b"3 0 obj\n<</Length 18>>\nstream\n(1 0 obj endobj)Tj\nendstream\nendobj" in document
    assert b"/Root 1 0 R/ID[(ab)(cd)]" in document
    assert b"/Size 7" in document
    assert document.startswith(b"%PDF-1.7\n")
    assert document.endswith(b"%%EOF")


def test_what_is_handed_over_is_pure_json(parts):
    given = pdf.printed(*parts("00_decision_brief", "99", "en"))

    assert json.loads(json.dumps(given, allow_nan=False)) == given
