"""Charts: a Vega-Lite specification becomes static SVG with live text, byte for byte the same."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import vl_convert
from markupsafe import Markup

from marketing_models.reporting.language import clean

# A face of plain boxes, as wide as the characters of Noto Sans CJK SC: labels are laid out with
# its widths on every machine, whatever fonts that has, and without reading the real one.
_FACE = "Marketing Models Widths"
_SVG = "http://www.w3.org/2000/svg"
_PLACES = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}
_NUMBER = re.compile(r"-?\d+\.\d+")
_STRAIGHT = re.compile(r"(?:[ML]-?[\d.]+,-?[\d.]+|[HV]-?[\d.]+|Z(?=M|$))+")
_STEP = re.compile(r"([MLHVZ])([^A-Z]*)")
_MOVED = re.compile(r"^translate\(([^)]*)\)$")
_IDENTIFIER = re.compile(r"^(.*url\(#)?([A-Za-z_]+\d+)(\).*)?$")
# Roles of inner groups say nothing once the whole drawing is one image with a spoken text.
_NOISE = {"class", "role", "aria-roledescription", "aria-hidden", "pointer-events", "font-family"}
_DEFAULTS = {
    "stroke-miterlimit": "10",
    "opacity": "1",
    "x2": "0",
    "y2": "0",
    "transform": "translate(0,0)",
}
_INHERITED = {"fill", "stroke", "stroke-width", "font-size", "font-weight", "text-anchor"}


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
        Markup of an ``svg`` element that fills the width it is given. A mark that has a
        description carries it as ``aria-label``.

    Notes
    -----
    The drawing engine numbers its clip paths through the life of the process; they are numbered
    anew here, with the figure's name, so that two builds agree and two drawings on one page do
    not clip each other. Places are exact to a tenth of a pixel.
    """
    _register_face()
    specification = _drawable(figure["specification"][language])
    config = {**specification.get("config", {}), "font": _FACE}
    drawn = vl_convert.vegalite_to_svg({**specification, "config": config})
    plain = drawn.replace(f' xmlns="{_SVG}"', "", 1)
    root = ElementTree.fromstring(plain)  # noqa: S314 - the engine's own drawing
    _Press(str(figure["name"])).press(root)
    root.attrib = {
        "xmlns": _SVG,
        "viewBox": f"0 0 {root.attrib['width']} {root.attrib['height']}",
        "role": "img",
        "aria-label": clean(figure["spoken"][language]),
    }
    written = ElementTree.tostring(root, encoding="unicode")
    return Markup(written.replace(" />", "/>"))  # noqa: S704 - all texts were escaped


def _drawable(held: Any) -> Any:
    """Return a specification without what XML forbids: the engine would take the process along."""
    if isinstance(held, str):
        return clean(held)
    if isinstance(held, Mapping):
        return {name: _drawable(part) for name, part in held.items()}
    return [_drawable(part) for part in held] if isinstance(held, list | tuple) else held


class _Press:
    """Takes out of a drawing what nobody sees, and names its parts after the figure."""

    def __init__(self, name: str) -> None:
        self._name, self._numbers = name, dict[str, str]()

    def press(self, element: Element) -> None:
        """Press an element and all that it holds."""
        kept: list[Element] = []
        for child in element:
            if not _is_empty(child):
                self.press(child)
                is_bare = child.tag == "g" and not child.attrib
                kept += list(child) if is_bare else [child]
        element[:] = kept
        element.attrib = {
            name: self._pressed(name, value)
            for name, value in element.attrib.items()
            if name not in _NOISE and _DEFAULTS.get(name) != value
        }
        if "aria-label" in element.attrib:
            element.set("role", "img")
        moved = _MOVED.match(element.get("transform", "translate(0,0)"))
        if element.tag == "line" and moved:
            _shorten(element, moved[1])
        _hoist(element)

    def _pressed(self, name: str, value: str) -> str:
        if name == "d" and _STRAIGHT.fullmatch(value):
            return _stepwise(value)
        if name in _PLACES:
            return _NUMBER.sub(_rounded, value)
        found = _IDENTIFIER.match(value) if name == "id" or "url(#" in value else None
        if found is None:
            return value
        fresh = self._numbers.setdefault(found[2], f"{self._name}-{len(self._numbers)}")
        return f"{found[1] or ''}{fresh}{found[3] or ''}"


def _is_empty(element: Element) -> bool:
    return element.tag == "path" and element.get("d", "") in {"", "M0,0h0v0h0Z"}


def _rounded(found: re.Match[str]) -> str:
    digits = f"{float(found[0]):.1f}".removesuffix(".0")
    return "0" if digits == "-0" else digits


def _shorten(element: Element, start: str) -> None:
    """Write a straight line as a path, which says the same in fewer words."""
    element.attrib.pop("transform", None)
    across, down = element.attrib.pop("x2", "0"), element.attrib.pop("y2", "0")
    element.tag = "path"
    step = f"v{down}" if across == "0" else f"h{across}" if down == "0" else f"l{across},{down}"
    element.attrib = {"d": f"M{start}{step}", **element.attrib}


def _stepwise(path: str) -> str:
    """Write a path of straight lines by its steps, each rounded from where the last one ended."""
    written, at = [], [0, 0]
    for kind, numbers in _STEP.findall(path):
        tenths = [round(10 * float(number)) for number in numbers.split(",") if number]
        axes = {"H": [0], "V": [1], "Z": []}.get(kind, [0, 1])
        before = [0 if kind == "M" else at[axis] for axis in axes]
        for axis, place in zip(axes, tenths, strict=True):
            at[axis] = place
        moved = (f"{(new - old) / 10:g}" for new, old in zip(tenths, before, strict=True))
        written.append((kind if kind == "M" else kind.lower()) + ",".join(moved))
    return "".join(written)


def _hoist(element: Element) -> None:
    """Give a group what all its parts say alike."""
    if element.tag != "g" or len(element) < 2:
        return
    shared = set(element[0].attrib.items())
    for child in element:
        shared &= set(child.attrib.items())
    for name, value in sorted(shared):
        if name in _INHERITED:
            element.set(name, value)
            for child in element:
                del child.attrib[name]


@cache
def _register_face() -> None:
    fonts = resources.files("marketing_models.reporting").joinpath("fonts")
    vl_convert.register_font_directory(str(fonts))
