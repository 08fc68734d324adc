"""Search: the headlines of a site as one script, found by the reader's browser alone."""

import json
from collections.abc import Mapping
from typing import Any

from marketing_models.regions import Hierarchy
from marketing_models.reporting.language import Text, clean
from marketing_models.reporting.readings import unit_name

# What a headline may take, so that a province of 1,120 pages stays a quick load from any disk.
_KEPT_CHARACTERS = {"zh": 40, "en": 90}
# A text inside a script must end neither the script nor the line, and open no comment.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(
    hierarchy: Hierarchy,
    summaries: Mapping[str, Mapping[str, Mapping[str, Any]]],
    titles: Mapping[str, Text],
    language: str,
) -> str:
    """Build ``search.js`` of one language.

    Parameters
    ----------
    hierarchy : Hierarchy
        Units of the store.
    summaries : mapping of unit to mapping of page to summary
        Pages of the issue.
    titles : mapping of str to mapping of {"zh", "en"} to str
        Name of each page, in order.
    language : {"zh", "en"}
        Language of the script.

    Returns
    -------
    str
        Sets one global: names of the pages, and of each unit its code, name and, page by page,
        the place of its name and the beginning of its headline.
    """
    stems = list(titles)
    units = [
        [
            clean(unit),
            unit_name(hierarchy, unit)[language],
            [
                [stems.index(stem), _headline(summaries[unit][stem], language)]
                for stem in stems
                if stem in summaries[unit]
            ],
        ]
        for unit in hierarchy.below(hierarchy.root)
        if unit in summaries
    ]
    pages = [[stem, clean(titles[stem][language])] for stem in stems]
    text = json.dumps({"pages": pages, "units": units}, ensure_ascii=False, separators=(",", ":"))
    return f"window.siteSearch={text.translate(_ESCAPES)};\n"


def _headline(summary: Mapping[str, Any], language: str) -> str:
    held = clean(summary.get("headline", {}).get(language, ""))
    kept = _KEPT_CHARACTERS[language]
    return held if len(held) <= kept else held[:kept] + "…"
