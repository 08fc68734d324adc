"""Two languages: the text in both, the one that a session shows, and what no text may carry."""

import os
import re
from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en"]
Text = Mapping[str, str]

LANGUAGES = ("zh", "en")
LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}

# Controls that XML forbids, and marks that turn the direction of the text around them: a name
# carrying one could make a page read differently from what it says.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)
# Ten times the longest sentence of a page; one of 100,000 characters would hold the drawing engine
# for minutes.
_LONGEST = 2000
_chosen: list[Language] = []


def set_language(language: Language) -> None:
    """Choose the language in which display objects of this session appear.

    Parameters
    ----------
    language : {"zh", "en"}
        Chinese or English. Built pages have both, whatever is chosen here.

    Raises
    ------
    ValueError
        If it is neither of the two.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}; choose one of {', '.join(LANGUAGES)}")
    _chosen[:] = [language]


def session_language() -> Language:
    """Return the language of this session.

    Returns
    -------
    {"zh", "en"}
        What `set_language` chose; else the environment's ``MARKETING_MODELS_LANGUAGE``; else
        Chinese.
    """
    if _chosen:
        return _chosen[0]
    return "en" if os.environ.get("MARKETING_MODELS_LANGUAGE") == "en" else "zh"


def clean(text: str) -> str:
    """Return a text on one line, without control characters and direction marks, and not too long.

    Parameters
    ----------
    text : str
        From anywhere, names in the data included.

    Returns
    -------
    str
        Line breaks and runs of spaces become one space; behind 2,000 characters it is cut. HTML
        is escaped elsewhere, not here.
    """
    return shortened(" ".join(_FORBIDDEN.sub("", text).split()), _LONGEST)


def shortened(text: str, longest: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where it was cut."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def same(text: str) -> Text:
    """Return a text that reads the same in both languages, such as a code."""
    return {"zh": clean(text), "en": clean(text)}


def say(zh: str, en: str, **slots: str | Text) -> Text:
    """Fill a sentence in both languages.

    Parameters
    ----------
    zh, en : str
        Sentence with ``{name}`` slots.
    **slots : str or mapping of {"zh", "en"} to str
        What goes into the slots: one text for both languages, or one for each.

    Returns
    -------
    mapping of {"zh", "en"} to str
        The filled sentences.
    """
    filled = {}
    for language, sentence in (("zh", zh), ("en", en)):
        words = {k: s if isinstance(s, str) else s[language] for k, s in slots.items()}
        filled[language] = clean(sentence.format(**words))
    return filled
