"""Markup: JSON display objects become HTML of one language, everything escaped."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from marketing_models.reporting import formats
from marketing_models.reporting.formats import Number, Scale
from marketing_models.reporting.language import LANGUAGE_TAGS, Text, clean

_TEMPLATES = resources.files("marketing_models.reporting").joinpath("templates")
_LABELS: Mapping[str, Text] = {
    "deadline": {"zh": "最迟", "en": "Decide by"},
    "owner": {"zh": "责任单位", "en": "Responsible"},
    "contents": {"zh": "目录", "en": "Contents"},
    "pages": {"zh": "本单位页面", "en": "Pages of this unit"},
    "path": {"zh": "单位路径", "en": "Path of units"},
    "children": {"zh": "下级单位", "en": "Units below"},
    "switch": {"zh": "English", "en": "Chinese"},
    "issue": {"zh": "期次", "en": "Issue"},
    "data_date": {"zh": "数据截至", "en": "data as of"},
    "computed_by": {"zh": "计算单位", "en": "computed by"},
    "store": {"zh": "数据仓", "en": "store"},
    "version": {"zh": "版本", "en": "version"},
    "unit": {"zh": "单位", "en": "Unit"},
    "recommendation": {"zh": "建议", "en": "Recommended"},
    "about": {"zh": "说明", "en": "About"},
    "conclusion": {"zh": "结论", "en": "Conclusion"},
    "limits": {"zh": "局限", "en": "Limits"},
    "sources": {"zh": "来源", "en": "Sources"},
    "unit_code": {"zh": "单位代码", "en": "Unit code"},
    "period_start": {"zh": "时段起点", "en": "Period start"},
    "files": {"zh": "本页文件", "en": "Files of this page"},
    "pdf": {"zh": "PDF", "en": "PDF"},
    "xlsx": {"zh": "工作簿（Excel）", "en": "Workbook (Excel)"},
    "ipynb": {"zh": "笔记本（含参数，不含结果）", "en": "Notebook (parameters, no results)"},
    "page_of": {"zh": "第{page}页，共{all}页", "en": "page {page} of {all}"},
    "no_findings": {"zh": "未发现数据局限。", "en": "No limits were found in the data."},
    "key_figures": {"zh": "关键指标", "en": "Key figures"},
    "forbid": {"zh": "不作判断", "en": "No judgement"},
    "limit": {"zh": "慎用", "en": "Limited"},
    "note": {"zh": "说明", "en": "Note"},
}


# A headline breaks between its clauses, never between a number and its unit.
clauses = re.compile(r"(?<=[；，：])|(?<=[;:]) ").split


def label(name: str, language: str) -> str:
    """Return a fixed word of the pages, such as ``contents``."""
    return _LABELS[name][language]


def width(text: str) -> int:
    """Return the room that a text needs, in characters of half width."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


@cache
def packaged(name: str) -> str:
    """Return a packaged template or style sheet as it is written."""
    return _TEMPLATES.joinpath(name).read_text(encoding="utf-8")


def render(template: str, language: str, **context: Any) -> str:
    """Fill a packaged template in one language.

    Parameters
    ----------
    template : str
        File name in the package.
    language : {"zh", "en"}
        Language of the result.
    **context : object
        What the template names.

    Returns
    -------
    str
        HTML. All texts are escaped; only the style sheet and our own drawings are not.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            language=language,
            tag=LANGUAGE_TAGS[language],
            other="en" if language == "zh" else "zh",
            say=lambda text: text[language],
            label=lambda name: label(name, language),
            number=lambda value, scale: formats.number(value, Scale(**scale), language),
            page_script=Markup(packaged("page.js")),  # noqa: S704 - the same
            style=Markup(packaged("style.css")),  # noqa: S704 - our own file, without user text
            **context,
        )
    )


def fragment(held: Mapping[str, Any], language: str) -> str:
    """Return the HTML of one display object for a session.

    Parameters
    ----------
    held : mapping
        A display object as JSON.
    language : {"zh", "en"}
        Language of the session.

    Returns
    -------
    str
        With its style, and a chart drawn.
    """
    drawing = ""
    if held["kind"] == "figure":
        from marketing_models.reporting import charts

        drawing = charts.draw(held, language)
    return render(
        "fragment.html.j2", language, held=held, drawings={held.get("name"): drawing}, links={}
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(packaged),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["clauses"] = clauses
    environment.filters["digest"] = digest
    environment.filters["key"] = key_text
    environment.filters["exact"] = formats.exact
    return environment


def digest(script: str) -> str:
    """Return the source expression by which a policy lets just this script run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def key_text(key: Mapping[str, str | Number]) -> str:
    """Write a key as one attribute: ``name=value`` joined by semicolons, sorted by name."""
    return ";".join(f"{name}={formats.exact(key[name])}" for name in sorted(key))


def _finalize(value: Any) -> Any:
    # Escaped markup of macros is of a subclass and passes; plain text loses direction marks here.
    return clean(value) if type(value) is str else value
