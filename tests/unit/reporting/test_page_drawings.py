"""Drawings. Authority: coordinates worked by hand, the drawing engine's own pixels, and the font
that the face of widths was taken from."""

import re
import struct
from importlib import resources
from itertools import groupby

import noto_cjk_sans_otc
import pytest
import vl_convert

from marketing_models.reporting import charts

FACE = "Marketing Models Widths"
HEIGHT = 700


def drawn(mark, values, **encoding):
    """A chart of points named x and y."""
    places = {
        "x": {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, 10]}},
        "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [0, 10]}},
    }
    specification = {
        "width": 100,
        "height": 100,
        "config": {"aria": False, "view": {"stroke": None}},
        "data": {"values": values},
        "mark": mark,
        "encoding": {**places, **encoding},
    }
    figure = {"name": "f", "spoken": {"zh": "线"}, "specification": {"zh": specification}}
    return str(charts.draw(figure, "zh")), specification


def test_a_line_is_written_by_its_steps_exact_to_a_tenth_of_a_pixel():
    """Three points at 0, 3.333 and 10 of a width of 100: 0, 33.3 and 100, so steps 33.3 and 66.7;
    heights 100, 95.67 (rounded 95.7) and 0, so steps -4.3 and -95.7."""
    points = [{"x": 0, "y": 0}, {"x": 3.333, "y": 0.433}, {"x": 10, "y": 10}]

    svg, _ = drawn("line", points)

    assert 'd="M0,100l33.3,-4.3l66.7,-95.7"' in svg


def test_steps_end_where_the_line_ends_however_many_there_are():
    """1,000 steps of a tenth and a third do not drift: they are rounded from where they stand."""
    points = [{"x": n / 100, "y": (n * 7 % 11) / 1.1} for n in range(1001)]

    svg, _ = drawn("line", points)

    path = next(d for d in re.findall(r' d="([^"]+)"', svg) if len(d) > 2000)
    x, y = (float(n) for n in re.match(r"M([\d.]+),([\d.]+)", path).groups())
    for step in re.findall(r"l(-?[\d.]+),(-?[\d.]+)", path):
        x, y = x + float(step[0]), y + float(step[1])
    assert x == pytest.approx(100, abs=0.05)
    assert y == pytest.approx(100 - points[-1]["y"] * 10, abs=0.05)


@pytest.mark.parametrize("mark", ["line", "area", {"type": "line", "interpolate": "step-after"}])
def test_a_pressed_drawing_shows_what_the_engine_drew(mark):
    """Authority: both turned into pixels by the engine; gaps make a path of several parts."""
    points = [{"x": n / 4, "y": None if n in {9, 20} else n * 3 % 8} for n in range(41)]
    svg, specification = drawn(mark, points)
    plain = vl_convert.vegalite_to_svg(specification)
    size = re.search(r'width="(\d+)" height="(\d+)"', plain)
    sized = svg.replace("<svg ", f'<svg width="{size[1]}" height="{size[2]}" ', 1)

    assert vl_convert.svg_to_png(sized) == vl_convert.svg_to_png(plain)


def test_what_all_marks_of_a_group_share_stands_at_the_group():
    points = [{"x": n, "y": 5} for n in range(5)]

    svg, _ = drawn({"type": "rule", "color": "#123456"}, points)

    assert svg.count("#123456") == 1
    assert '<g stroke="#123456">' in svg


def test_marks_keep_the_texts_that_tooltips_show():
    points = [{"x": n, "y": n, "text": f"<{n}> & more"} for n in range(3)]

    svg, _ = drawn(
        {"type": "point", "aria": True}, points, description={"field": "text", "type": "nominal"}
    )

    assert re.findall(r'<path aria-label="([^"]+)"', svg) == [
        f"&lt;{n}&gt; &amp; more" for n in range(3)
    ]
    assert "graphics-symbol" not in svg


def test_labels_are_laid_out_with_the_widths_of_the_font_whatever_the_machine_has():
    """A label of n full-width characters of 20 px is 20 n wide, so the drawing grows with n."""
    widths = []
    for count in (2, 6):
        axis = {"title": None, "labelFontSize": 20, "labelLimit": 0}
        svg, _ = drawn(
            "point",
            [{"x": 1, "y": 1, "unit": "电" * count}],
            y={"field": "unit", "type": "nominal", "axis": axis},
        )
        widths.append(float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1]))

    assert widths[1] - widths[0] == pytest.approx(4 * 20, abs=1)


def test_the_face_has_the_advance_widths_of_the_font_and_no_outline_of_it():
    """Made anew from the font of the PDF. If this fails after that font changed, write what
    `face()` returns into the file."""
    held = resources.files("marketing_models.reporting").joinpath("fonts", "widths.ttf")

    assert held.read_bytes() == face()


def face() -> bytes:
    """A TrueType face of boxes, one for each advance width of Noto Sans CJK SC."""
    font = noto_cjk_sans_otc.FONT_PATH.read_bytes()
    widths = [(character, width) for character, width in advances(font)]
    runs = []
    for (_, width), run in groupby(enumerate(widths), key=lambda p: (p[1][0] - p[0], p[1][1])):
        characters = [character for _, (character, _) in run]
        runs.append((characters[0], characters[-1], width))
    sizes = [1000, *sorted({width for *_, width in runs})]
    glyph = {width: place for place, width in enumerate(sizes) if place}
    groups = b"".join(struct.pack(">III", a, b, glyph[width]) for a, b, width in runs)
    boxes = [box(width) for width in sizes]
    places = [sum(map(len, boxes[:n])) for n in range(len(boxes) + 1)]
    widest, count = max(sizes), len(sizes)
    head = (0x10000, 0x10000, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, 0, widest, HEIGHT, 0, 8, 2, 1, 0)
    hhea = (0x10000, 880, -120, 0, widest, 0, 0, widest, 1, *[0] * 7, count)
    subtable = struct.pack(">HHIII", 13, 0, 16 + len(groups), 0, len(runs)) + groups
    return sfnt(
        {
            "cmap": struct.pack(">HHHHI", 0, 1, 3, 10, 12) + subtable,
            "glyf": b"".join(boxes),
            "head": struct.pack(">IIIIHHQQhhhhHHhhh", *head),
            "hhea": struct.pack(">IhhhHhhhhhhhhhhhH", *hhea[:9], *[0] * 7, count),
            "hmtx": b"".join(struct.pack(">Hh", width, 0) for width in sizes),
            "loca": struct.pack(f">{len(places)}I", *places),
            "maxp": struct.pack(">I14H", 0x10000, count, 4, 1, 0, 0, 2, *[0] * 8),
            "name": names(),
            "post": struct.pack(">IIhhIIIII", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0),
        }
    )


def advances(font: bytes):
    """Each character of the third face of the collection with its advance width."""
    start = struct.unpack_from(">I", font, 12 + 4 * 2)[0]
    tables = {
        font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0]
        for at in range(start + 12, start + 12 + 16 * 17, 16)
    }
    known = struct.unpack_from(">H", font, tables[b"hhea"] + 34)[0]
    cmap = tables[b"cmap"]
    records = struct.iter_unpack(
        ">HHI", font[cmap + 4 : cmap + 4 + 8 * struct.unpack_from(">H", font, cmap + 2)[0]]
    )
    full = next(
        cmap + at for *_, at in records if struct.unpack_from(">H", font, cmap + at)[0] == 12
    )
    count = struct.unpack_from(">I", font, full + 12)[0]
    for first, last, glyph in struct.iter_unpack(">III", font[full + 16 : full + 16 + 12 * count]):
        for character in range(first, last + 1):
            place = min(glyph + character - first, known - 1)
            yield character, struct.unpack_from(">H", font, tables[b"hmtx"] + 4 * place)[0]


def box(width: int) -> bytes:
    if not width:
        return b""
    outline = struct.pack(">hhhhh", 1, 0, 0, width, HEIGHT) + struct.pack(">HH", 3, 0)
    outline += bytes([1] * 4) + struct.pack(">8h", 0, width, 0, -width, 0, 0, HEIGHT, 0)
    return outline + bytes(-len(outline) % 4)


def names() -> bytes:
    texts = [(n, FACE) for n in (1, 4, 6)] + [(2, "Regular")]
    records, held = b"", b""
    for kind, text in sorted(texts):
        written = text.encode("utf-16-be")
        records += struct.pack(">6H", 3, 1, 0x409, kind, len(written), len(held))
        held += written
    return struct.pack(">HHH", 0, len(texts), 6 + len(records)) + records + held


def sfnt(tables: dict[str, bytes]) -> bytes:
    directory, held = b"", b""
    for tag, table in sorted(tables.items()):
        at = 12 + 16 * len(tables) + len(held)
        directory += struct.pack(">4sIII", tag.encode(), 0, at, len(table))
        held += table + bytes(-len(table) % 4)
    return struct.pack(">IHHHH", 0x10000, len(tables), 0, 0, 0) + directory + held
