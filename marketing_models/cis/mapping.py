"""CIS · mapping: what a source calls things, as one checked YAML file a source."""

import json
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from marketing_models import schemas, units
from marketing_models.errors import IngestError, SchemaError

FOLDER = Path(str(resources.files("marketing_models.cis").joinpath("mappings")))
Rule = Mapping[str, Any]

_KINDS = {"string": "text", "bool": "text", "date": "moment", "timestamp": "moment"}
_OPTIONS = {
    "text": {"pattern", "codes", "template"},
    "number": {"unit", "thousands", "minimum", "maximum", "round"},
    "moment": {"format"},
}
# Set by the store alone, never by a source.
_STORE_COLUMNS = {"superseded_at", "valid_to"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """One kind of file of a source and the table that its rows become.

    Attributes
    ----------
    name : str
        As in the mapping.
    table : str
        Table of the dictionary.
    header : tuple of str
        Columns that a file must have, in any order.
    without : frozenset of str
        Columns by which a file is known to be something else.
    drop : mapping of str to sequence
        For a column, the texts of records that are no data.
    unpivot : mapping or None
        Columns of which each cell is a row of its own.
    rules : mapping of str to mapping
        For a column of the dictionary, where its value comes from.
    """

    name: str
    table: str
    header: tuple[str, ...]
    without: frozenset[str]
    drop: Mapping[str, list[str]]
    unpivot: Mapping[str, Any] | None
    rules: Mapping[str, Rule]

    def knows(self, header: tuple[str, ...]) -> bool:
        """Tell whether a file with this header is of this kind."""
        return not self.lacking(header) and self.without.isdisjoint(header)

    def resembles(self, header: tuple[str, ...]) -> bool:
        """Tell whether a header has at least half of the columns."""
        missing = len(self.lacking(header))
        return 2 * missing <= len(self.header) and self.without.isdisjoint(header)

    def lacking(self, header: tuple[str, ...]) -> list[str]:
        """Return the columns that a header does not have."""
        return [column for column in self.header if column not in header]


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceMapping:
    """How the files of one source become tables.

    Attributes
    ----------
    label : str
        Name and version, as the batch table records them.
    calendar, unit_id : str
        Calendar and unit of the store that a delivery belongs in.
    delivery : str
        ``delta``: rows are added or corrected, none is taken away.
    sources : tuple of Source
        Kinds of files.
    rows : mapping of str to DataFrame
        Rows that the mapping itself states, by the dictionary.
    """

    label: str
    calendar: str
    unit_id: str
    delivery: str
    sources: tuple[Source, ...]
    rows: Mapping[str, pd.DataFrame]


def kind(table: str, column: str) -> str:
    """Return how cells of a column of the dictionary are read: text, number or moment."""
    return _KINDS.get(str(schemas.columns(table).at[column, "type"]), "number")


def unpivoted(unpivot: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns of which each cell is a row of its own."""
    numbers = range(unpivot["first"], unpivot["last"] + 1)
    return [unpivot["columns"].format(number=number) for number in numbers]


def packaged() -> list[SourceMapping]:
    """Return the mappings that come with the package."""
    return [_read(path) for path in sorted(FOLDER.glob("*.yaml"))]


def load(name: str | Path) -> SourceMapping:
    """Read a mapping.

    Parameters
    ----------
    name : str or Path
        Name of a packaged mapping, or a path that ends in ``.yaml``.

    Returns
    -------
    SourceMapping
        Checked against its schema and the dictionary.

    Raises
    ------
    IngestError
        If there is no such mapping, or it breaks a rule; all problems at once.
    """
    path = Path(name) if str(name).endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise IngestError([f"no mapping {str(name)!r}; name one of {names}, or a .yaml file"])
    return _read(path)


def _read(path: Path) -> SourceMapping:
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as reason:
        where = " ".join(str(reason).split())
        raise IngestError([f"mapping {path} does not read as YAML: {where}"]) from None
    problems = [f"mapping {path}, {problem}" for problem in _misshapen(held)]
    if problems:
        raise IngestError(problems)
    sources = tuple(_source(name, held["sources"][name]) for name in held["sources"])
    rows, problems = _literal_rows(held.get("rows", {}))
    for source in sources:
        problems += [f"at sources.{source.name}: {problem}" for problem in _faults(source)]
    if problems:
        raise IngestError([f"mapping {path}, {problem}" for problem in problems])
    return SourceMapping(
        label=f"{held['name']}@{held['version']}",
        calendar=held["calendar"],
        unit_id=held["unit_id"],
        delivery=held["delivery"],
        sources=sources,
        rows=rows,
    )


@cache
def _validator() -> Any:
    # Loading it takes a second where its optional formats are installed: only who maps pays.
    from jsonschema import Draft202012Validator

    rules = json.loads(FOLDER.joinpath("schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(rules, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _misshapen(held: Any) -> Iterator[str]:
    for error in sorted(_validator().iter_errors(held), key=lambda e: [str(p) for p in e.path]):
        place = ".".join(map(str, error.path)) or "top level"
        remedy = ""
        if error.validator == "additionalProperties":
            remedy = f"; known keys: {', '.join(error.schema['properties'])}"
        elif error.validator == "oneOf":
            yield f"at {place}: give one of value, from, time, period_hours with delay_hours"
            continue
        elif error.validator == "type":
            remedy = "; write codes and dates in quotes"
        yield f"at {place}: {error.message}{remedy}"


def _source(name: str, held: Mapping[str, Any]) -> Source:
    unpivot = held.get("unpivot")
    return Source(
        name=name,
        table=held["table"],
        header=(*held["header"]["columns"], *(unpivoted(unpivot) if unpivot else ())),
        without=frozenset(held["header"].get("without", ())),
        drop=held.get("drop", {}),
        unpivot=unpivot,
        rules=held["columns"],
    )


def _literal_rows(
    held: Mapping[str, list[Mapping[str, Any]]],
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    rows, problems = {}, []
    for table, entries in held.items():
        try:
            stated = [row for entry in entries for row in _generated(table, entry)]
            rows[table] = schemas.conform(table, pd.DataFrame(stated))
        except SchemaError as error:
            problems += [f"at rows.{table}: {problem}" for problem in error.problems]
        except (AttributeError, LookupError, ValueError) as reason:
            problems.append(f"at rows.{table}: a template or number does not read: {reason!r}")
    return rows, problems


def _generated(table: str, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of an entry, one for each combination of its numbers."""
    ranges = entry.get("each", {})
    known = schemas.columns(table).index
    for numbers in product(*(range(r["first"], r["last"] + 1) for r in ranges.values())):
        at = dict(zip(ranges, numbers, strict=True))
        texts = {column: str(cell).format(**at) for column, cell in entry["row"].items()}
        yield {
            column: float(Fraction(text))
            if column in known and kind(table, column) == "number"
            else text
            for column, text in texts.items()
        }


def _faults(source: Source) -> Iterator[str]:
    if source.table not in schemas.tables():
        yield f"no table {source.table!r} in the dictionary; see schemas/dictionary.csv"
        return
    wanted = schemas.columns(source.table)
    required = wanted.index[wanted["required"] == "yes"]
    for column in [c for c in required if c not in source.rules and c not in _STORE_COLUMNS]:
        yield f"column {column} of {source.table} is required; give a rule for it"
    for column in source.drop:
        if column not in source.header:
            yield f"drop names {column!r}, which is not in the header"
    for column, rule in source.rules.items():
        if column not in wanted.index:
            yield f"table {source.table} has no column {column!r}; see schemas/dictionary.csv"
            continue
        for problem in _rule_faults(source, column, rule):
            yield f"columns.{column}: {problem}"


def _rule_faults(source: Source, column: str, rule: Rule) -> Iterator[str]:
    unpivot = source.unpivot
    made = {unpivot["cell"], unpivot["part"]["name"]} if unpivot else set()
    named = [rule["from"]] if "from" in rule else list(rule.get("time", {}).values())
    for name in named:
        if name not in {*source.header, *made}:
            yield f"{name!r} is neither in the header nor made by unpivot"
    if "period_hours" in rule and "period_start" not in source.rules:
        yield "period_hours counts from period_start, which has no rule"
    reads = kind(source.table, column)
    if reads != "moment" and {"time", "period_hours"} & set(rule):
        yield f"{column} is no date or moment; give value or from"
    allowed = _OPTIONS[reads] | {"empty", "from"} if "from" in rule else set()
    for option in sorted(set(rule) - allowed - {"value", "time", "period_hours", "delay_hours"}):
        yield f"{option!r} does not apply; for this column {sorted(allowed)} do"
    if "from" in rule:
        yield from _cell_faults(source.table, column, rule, reads)
    elif "value" in rule and not _is_constant(source.table, column, rule["value"]):
        yield f"constant {rule['value']!r} is no {reads}; write codes and dates (ISO) in quotes"


def _is_constant(table: str, column: str, value: object) -> bool:
    reads, is_truth = kind(table, column), schemas.columns(table).at[column, "type"] == "bool"
    if is_truth or isinstance(value, bool):
        return is_truth and isinstance(value, bool)
    if reads != "moment":
        return isinstance(value, str) == (reads == "text")
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _cell_faults(table: str, column: str, rule: Rule, reads: str) -> Iterator[str]:
    unit = str(schemas.columns(table).at[column, "unit"])
    if reads == "moment" and "format" not in rule:
        yield "give the format in which the source writes it, such as '%Y-%m-%d'"
    if reads == "number" and unit not in {"-", "count"}:
        try:
            units.conversion(rule.get("unit", "none"), unit)
        except ValueError as reason:
            yield f"unit of the source: {reason}"
    if "template" in rule:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(rule["template"]) if name}
            rule["template"].format(number=1, text="1")
        except (AttributeError, LookupError, ValueError):
            names = set()
        if not names or not names <= {"number", "text"}:
            yield f"template {rule['template']!r} must be made of {{number}} or {{text}}"
