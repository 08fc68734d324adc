"""CIS · reconciliation (勾稽): whether the rows of a store agree with one another.

The rules stand in ``reconciliation.sql``. Those that the dictionary implies are made from its
templates: what a row refers to exists, versions do not overlap, parents are the sums of their
counties.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as pads

from marketing_models import schemas
from marketing_models.cis import delta, scope

if TYPE_CHECKING:
    from marketing_models.cis.store import Store

# Larger tables are taken county by county, so that no join holds a province.
_MOST_ROWS_AT_ONCE = 3_000_000
_COLUMNS = ["rule", "severity", "table", "row_count", "violation_count", "example_key"]
_ENDS = {"known_at": "superseded_at", "valid_from": "valid_to"}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One pass over a table and the rules that it checks.

    Attributes
    ----------
    table : str
        Table whose rows are checked.
    sql : str
        Columns ``key`` and one truth value a rule: true broken, empty not applicable.
    severities : dict of str to str
        E (error) or W (warning) by rule.
    is_whole : bool
        Whether rows of different units are compared, so that units cannot be taken in turn.
    """

    table: str
    sql: str
    severities: dict[str, str]
    is_whole: bool = False

    def tables(self) -> set[str]:
        """Return the tables that are read."""
        words = set(re.findall(r"\w+", self.sql))
        return {t for t in schemas.tables() if {t, f"{t}_versions", f"{t}_all"} & words}


@dataclass(frozen=True, kw_only=True)
class _Held:
    """A table of the store, opened once: all its rows, how many, and which are asked for."""

    rows: pads.Dataset
    row_count: int
    of_unit: list[pc.Expression]
    standing: list[pc.Expression]

    @property
    def is_large(self) -> bool:
        return self.row_count > _MOST_ROWS_AT_ONCE


@cache
def statements() -> tuple[Statement, ...]:
    """Return all statements: those between named tables, then those that the dictionary implies.

    Returns
    -------
    tuple of Statement
        No rule has the name of another.
    """
    made = [*_written()]
    for table in schemas.tables():
        made += [*_references(table), *_versions(table), *_sums(table)]
    return tuple(made)


def check(store: "Store", unit_id: str | None = None) -> pd.DataFrame:
    """Check every rule on the rows of a store.

    Parameters
    ----------
    store : Store
        The store.
    unit_id : str, optional
        Only rows of this unit and those below it; by default all.

    Returns
    -------
    DataFrame
        Columns ``rule, severity, table, row_count, violation_count, example_key``, one row a
        rule: E error or W warning, the rows (or sums) to which it applies, how many break it, and
        the first of them.
    """
    held = {table: _opened(store, table, unit_id) for table in store.vector.tables}
    found = [
        result
        for statement in statements()
        if statement.tables() <= set(held)
        for result in _checked(statement, held)
    ]
    return pd.DataFrame(found, columns=_COLUMNS)


def _opened(store: "Store", table: str, unit_id: str | None) -> _Held:
    rows = delta.dataset(store.folder, table, store.vector.tables[table])
    return _Held(
        rows=rows,
        row_count=rows.count_rows(),
        of_unit=scope.of_unit(store, table, unit_id),
        standing=scope.conditions(store, table, None, None, {}),
    )


def _checked(statement: Statement, held: dict[str, _Held]) -> Iterator[tuple[Any, ...]]:
    """Yield a result a rule, added up over the slices of the tables."""
    parts = [_pass(statement, held, part) for part in _slices(statement, held)]
    for place, (rule, severity) in enumerate(statement.severities.items()):
        found = [part[3 * place : 3 * place + 3] for part in parts]
        row_count, violation_count = (sum(part[i] for part in found) for i in range(2))
        example = min((key for *_, key in found if key is not None), default=None)
        yield rule, severity, statement.table, row_count, violation_count, example


def _slices(statement: Statement, held: dict[str, _Held]) -> list[tuple[str, str] | None]:
    """Return the slices in which a statement runs: everything at once if nothing is large."""
    if statement.is_whole or not any(held[table].is_large for table in statement.tables()):
        return [None]
    column = delta.slice_column(statement.table)
    rows = _where(held[statement.table].rows, held[statement.table].of_unit)
    values = pc.unique(rows.to_table(columns=[column])[column]).to_pylist()
    return [(column, value) for value in sorted(values)]


def _pass(
    statement: Statement, held: dict[str, _Held], part: tuple[str, str] | None
) -> tuple[Any, ...]:
    named: dict[str, pads.Dataset] = {}
    for table in statement.tables():
        own, is_sliced = held[table], part is not None and delta.slice_column(table) == part[0]
        cut = [pads.field(part[0]) == part[1]] if part is not None and is_sliced else []
        named[table] = _where(own.rows, [*cut, *own.of_unit, *own.standing])
        named[f"{table}_versions"] = _where(own.rows, [*cut, *own.of_unit])
        # What is small is looked up whole: a feeder may be that of a neighbouring county.
        is_cut = own.is_large and delta.slice_column(table) == "county_id"
        named[f"{table}_all"] = _where(own.rows, cut if is_cut else [])
    counts = ", ".join(
        f'count("{rule}"), count(*) FILTER (WHERE "{rule}"), min(key) FILTER (WHERE "{rule}")'
        for rule in statement.severities
    )
    sql = _file()["count"].format(counts=counts, sql=statement.sql)
    (found,) = delta.connect(named).execute(sql).fetchall()
    return tuple(found)


def _where(rows: pads.Dataset, conditions: list[pc.Expression]) -> pads.Dataset:
    for condition in conditions:
        rows = rows.filter(condition)
    return rows


@cache
def _file() -> dict[str, str]:
    """Return the templates of the file by name, and its statements under "statements"."""
    path = resources.files("marketing_models.cis").joinpath("reconciliation.sql")
    statements_, *templates = path.read_text(encoding="utf-8").split("-- template: ")
    parts = (template.partition("\n") for template in templates)
    return {name: _bare(body) for name, _, body in parts} | {"statements": statements_}


def _bare(sql: str) -> str:
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().rstrip(";")


def _written() -> Iterator[Statement]:
    """Yield the statements between named tables."""
    intervals = [c for c in schemas.columns("customer_load").index if c.startswith("load_")]
    interval_sum = " + ".join(f"CAST({name} AS BIGINT)" for name in intervals)
    for part in _file()["statements"].split("-- name: ")[1:]:
        table, _, body = part.partition("\n")
        severities = {
            rule: severity
            for severity, word in (("E", "errors"), ("W", "warnings"))
            for line in re.findall(rf"^-- {word}: (.+)$", body, flags=re.MULTILINE)
            for rule in line.split()
        }
        sql = _bare(body).replace("{interval_sum}", interval_sum)
        is_whole = "\n-- whole:" in body
        yield Statement(table=table, sql=sql, severities=severities, is_whole=is_whole)


def _names(table: str) -> list[str]:
    """Return the columns that name a row, without the one that tells its versions apart."""
    return [name for name in schemas.keys(table) if name != schemas.version_column(table)]


def _key(table: str) -> str:
    return " || ' ' || ".join(f'CAST(v."{name}" AS VARCHAR)' for name in _names(table))


def _references(table: str) -> Iterator[Statement]:
    """Yield the statement that looks up all that a table refers to."""
    parents = schemas.columns(table)["key"].str.extract(r"fk:(\w+)")[0].dropna()
    if parents.empty:
        return
    rules = {column: f"{table}.{column} exists in {parent}" for column, parent in parents.items()}
    found = ", ".join(
        f'CASE WHEN v."{column}" IS NOT NULL THEN p{place}.id IS NULL END AS "{rule}"'
        for place, (column, rule) in enumerate(rules.items())
    )
    joins = " ".join(
        _file()["reference"].format(
            known=schemas.keys(parent)[0], parent=parent, place=place, column=column
        )
        for place, (column, parent) in enumerate(parents.items())
    )
    sql = _file()["references"].format(key=_key(table), found=found, table=table, joins=joins)
    yield Statement(table=table, sql=sql, severities=dict.fromkeys(rules.values(), "E"))


def _versions(table: str) -> Iterator[Statement]:
    """Yield the statement that holds every version's end against the start of the next one."""
    start = schemas.version_column(table)
    if start is None:
        return
    rule = f"versions of {table} do not overlap"
    sql = _file()["versions"].format(
        key=_key(table),
        start=start,
        end=_ENDS[start],
        rule=rule,
        names=", ".join(f'"{name}"' for name in _names(table)),
        table=table,
    )
    yield Statement(table=table, sql=sql, severities={rule: "E"})


def _sums(table: str) -> Iterator[Statement]:
    """Yield the statement that holds a delivered unit's row against the sum of its counties."""
    columns, summed = schemas.columns(table), schemas.summed(table)
    if not summed or not {"level", "unit_id"} <= set(columns.index):
        return
    rules = {name: f"{table}.{name} is the sum of the counties" for name in summed}
    wrong = []
    for name, rule in rules.items():
        # Decimals are rounded once a row; whole numbers add up.
        allowed = "0.005 * (1 + county_count)" if columns["type"][name][0] == "d" else "0"
        differs = f'abs("{name}" - "sum_{name}") > {allowed}'
        wrong.append(f'CASE WHEN county_count = expected_count THEN {differs} END AS "{rule}"')
    others = [name for name in _names(table) if name != "unit_id"]
    sql = _file()["sums"].format(
        key=_key(table),
        table=table,
        same=" AND ".join(f'c."{name}" = v."{name}"' for name in others),
        sums=", ".join(f'max(v."{n}") AS "{n}", sum(c."{n}") AS "sum_{n}"' for n in summed),
        grouped=", ".join(f'v."{name}"' for name in ["unit_id", *others]),
        wrong=", ".join(wrong),
    )
    severities = dict.fromkeys(rules.values(), "E")
    yield Statement(table=table, sql=sql, severities=severities, is_whole=True)
