"""Charts: a Vega-Lite specification becomes static SVG with live text, byte for byte the same."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import noto_cjk_sans_otc  # type: ignore[import-untyped]  # a font, without types
import vl_convert
from markupsafe import Markup, escape

from marketing_models.reporting.language import clean

# Roles of inner groups say nothing once the whole drawing is one image with a spoken text.
_NOISE = re.compile(
    r' (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*"|aria-hidden="true"'
    r'|pointer-events="none"|stroke-miterlimit="10"|xmlns:xlink="[^"]*"|version="1.1"|opacity="1")'
)
_EMPTY = re.compile(
    r'<path class="foreground" d=""(?: display="none")?/>'
    r'|<path class="background" d="M0,0h0v0h0Z"/>'
)
_IDENTIFIER = re.compile(r'(\bid="|url\(#)([A-Za-z_]+\d+)')
_ROOT = re.compile(r'^<svg [^>]*?width="([\d.]+)" height="([\d.]+)"[^>]*>')


def draw(figure: Mapping[str, Any], language: str) -> str:
    """Draw a figure in one language.

    Parameters
    ----------
    figure : mapping
        A `Figure` as JSON.
    language : {"zh", "en"}
        Whose specification and spoken text are used.

    Returns
    -------
    str
        Markup of an ``svg`` element that fills the width it is given.

    Notes
    -----
    The drawing engine numbers its clip paths through the life of the process; they are numbered
    anew here, with the figure's name, so that two builds agree and two drawings on one page do
    not clip each other.
    """
    _register_font()
    drawn = vl_convert.vegalite_to_svg(dict(figure["specification"][language]))
    bare = _EMPTY.sub("", _NOISE.sub("", drawn))
    named = _renumbered(bare, str(figure["name"]))
    spoken = escape(clean(figure["spoken"][language]))
    root = (
        r'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \1 \2" role="img" aria-label="{}">'
    )
    head = _ROOT.match(named)
    opening = head.expand(root).format(spoken) if head else ""
    body = named[head.end() :] if head else named
    return Markup(opening + body)  # noqa: S704 - the engine escapes texts


def _renumbered(drawn: str, name: str) -> str:
    numbers: dict[str, str] = {}

    def rename(found: re.Match[str]) -> str:
        fresh = numbers.setdefault(found[2], f"{name}-{len(numbers)}")
        return found[1] + fresh

    return _IDENTIFIER.sub(rename, drawn)


@cache
def _register_font() -> None:
    # Without a face that has Chinese, labels are laid out with no width and clipped in silence.
    vl_convert.register_font_directory(str(noto_cjk_sans_otc.FONT_PATH.parent))
