"""Findings: named, machine-readable limits of a result that travel with it to the page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["forbid", "limit", "note"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason why a number must be read with care, or not be made at all.

    Attributes
    ----------
    code : str
        Dotted name, such as ``demand.history.too_short``; words are made from it in reporting.
    severity : {"forbid", "limit", "note"}
        ``forbid`` stops a prediction unless the caller accepts the code by name.
    unit_id : str
        Unit that it concerns.
    facts : mapping
        Numbers and short strings of the finding.
    """

    code: str
    severity: Severity
    unit_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def forbidding(findings: Iterable[Finding], *, accept: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Return the findings that forbid a result and were not accepted by name.

    Parameters
    ----------
    findings : iterable of Finding
        What is known of the data.
    accept : iterable of str
        Codes that the caller takes upon himself.

    Returns
    -------
    tuple of Finding
        Empty if the result may be made.
    """
    accepted = set(accept)
    return tuple(f for f in findings if f.severity == "forbid" and f.code not in accepted)
