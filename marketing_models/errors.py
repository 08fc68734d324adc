"""Errors of the package: one tree, each also a standard type, each with its facts as attributes."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import ClassVar


class MarketingModelsError(Exception):
    """Base of every error that the package raises on purpose."""


class SchemaError(MarketingModelsError, ValueError):
    """A table does not fit the dictionary; all problems at once.

    Attributes
    ----------
    table : str
        Name of the table.
    problems : tuple of str
        One sentence a problem: where, what, and what to do.
    """

    def __init__(self, table: str, problems: Iterable[str]) -> None:
        self.table, self.problems = table, tuple(problems)
        super().__init__(f"table {table}:\n" + "\n".join(f"  - {line}" for line in self.problems))


class UnknownUnitError(MarketingModelsError, KeyError):
    """A unit that the hierarchy does not have.

    Attributes
    ----------
    unit_id : str
        The unit asked for.
    near : tuple of str
        Known units with a similar identifier.
    """

    def __init__(self, unit_id: str, known: Iterable[str]) -> None:
        self.unit_id = unit_id
        self.near = tuple(get_close_matches(unit_id, list(known), n=3, cutoff=0.5))
        super().__init__(unit_id)

    def __str__(self) -> str:
        hint = f"did you mean {', '.join(self.near)}?" if self.near else "see table org_unit."
        return f"no unit {self.unit_id!r} in this hierarchy; {hint}"


class UnknownParameterError(MarketingModelsError, KeyError):
    """A parameter that nobody declared, or none in force on that date."""

    def __str__(self) -> str:
        return str(self.args[0])


class InsufficientDataError(MarketingModelsError, ValueError):
    """Too little data for the answer that was asked for.

    Attributes
    ----------
    needed, found : str
        What was needed and what there was, in words.
    """

    def __init__(self, needed: str, found: str, remedy: str) -> None:
        self.needed, self.found = needed, found
        super().__init__(f"needed {needed}, found {found}; {remedy}")


class StoreError(MarketingModelsError, OSError):
    """A store that cannot be opened or written, with the path and the remedy."""


class IngestError(MarketingModelsError, ValueError):
    """A delivery refused as a whole; nothing was written.

    Attributes
    ----------
    problems : tuple of str
        One sentence a problem: file, row, column, reason, remedy.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("delivery refused:\n" + "\n".join(f"  - {p}" for p in self.problems))


class IssueError(MarketingModelsError, ValueError):
    """An issue name that is not a day, week or month, or one without data."""


class PageError(MarketingModelsError, ValueError):
    """A page job that must not run: unknown notebook, unit or parameter."""


class EngineError(MarketingModelsError, OSError):
    """A cluster that does not answer, or a worker that must not take part."""


class UndeclaredReadError(MarketingModelsError, LookupError):
    """A read of what a page does not declare: its pages would not be made again when it changes.

    Attributes
    ----------
    name : str
        Study or table that was read.
    declared : tuple of str
        Studies and tables that may be read.
    """

    def __init__(self, name: str, declared: Iterable[str]) -> None:
        self.name, self.declared = name, tuple(declared)
        super().__init__(name, self.declared)

    def __str__(self) -> str:
        held = ", ".join(self.declared) or "nothing"
        return f"{self.name!r} is read, declared is {held}; add it to READS, or do not read it"


class NoPageError(MarketingModelsError, ValueError):
    """A page that must not be made, with what to tell its readers instead.

    Attributes
    ----------
    state : str
        What became of the page: ``suppressed`` or ``no_data``.
    reason : mapping of {"zh", "en"} to str
        One sentence.
    """

    state: ClassVar[str]

    def __init__(self, reason: Mapping[str, str]) -> None:
        self.reason = dict(reason)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return f"{self.reason['zh']} ∥ {self.reason['en']}"

    @staticmethod
    def read(message: str) -> dict[str, str]:
        """Return the reason of such an error from its text, which is all that a notebook keeps.

        Parameters
        ----------
        message : str
            Text of the error.

        Returns
        -------
        dict of {"zh", "en"} to str
            Its reason.
        """
        zh, _, en = message.partition(" ∥ ")
        return {"zh": zh, "en": en}


class SuppressedError(NoPageError):
    """A page of a unit with too few members to publish anything of it."""

    state = "suppressed"


class NoDataError(NoPageError):
    """A page of a unit of which nothing usable is known."""

    state = "no_data"
