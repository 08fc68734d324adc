"""The Study: what one decision study found, as tables, findings and a record of its run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from marketing_models import schemas
from marketing_models.errors import UnknownUnitError
from marketing_models.findings import Finding
from marketing_models.regions import Hierarchy


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a study came about.

    Attributes
    ----------
    store_unit_id : str
        Unit whose store computed it.
    store_version_number : int
        Version vector that was read.
    issued_at : Timestamp
        Nothing known later is in the study.
    code_version : str
        Version of the package.
    parameters : mapping
        Parameters and seed of the run.
    """

    store_unit_id: str
    store_version_number: int
    issued_at: pd.Timestamp
    code_version: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """One decision study of one issue.

    Attributes
    ----------
    name : str
        Name of the study, such as ``demand``.
    issue : str
        Name of the issue.
    unit_id : str
        Unit it speaks of: the computing unit, or the one it was cut to by `of`.
    hierarchy : Hierarchy
        Units of the computing store.
    tables : mapping of str to DataFrame
        Tables ``result_<study>_<table>`` of the dictionary, without ``run_id``.
    findings : tuple of Finding
        Limits of the results.
    run : Run
        How it came about.
    """

    name: str
    issue: str
    unit_id: str
    hierarchy: Hierarchy
    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    run: Run

    @property
    def run_id(self) -> str:
        """Deterministic name of the run."""
        return f"{self.name}-{self.issue}-{self.run.store_unit_id}"

    @cached_property
    def children(self) -> tuple[str, ...]:
        """Units directly below `unit_id`."""
        return self.hierarchy.children(self.unit_id)

    def table(self, name: str, unit_id: str | None = None) -> pd.DataFrame:
        """Return a unit's own rows of one table.

        Parameters
        ----------
        name : str
            Full name of the table.
        unit_id : str, optional
            The unit; by default the one the study speaks of.

        Returns
        -------
        DataFrame
            Fresh index; empty if there are none.
        """
        rows = self.tables[name]
        return rows[rows["unit_id"] == (unit_id or self.unit_id)].reset_index(drop=True)

    def of(self, unit_id: str) -> "Study":
        """Cut the study to one unit and its children, adding up what is declared as a sum.

        Parameters
        ----------
        unit_id : str
            A unit of the hierarchy.

        Returns
        -------
        Study
            Tables hold the rows of the unit and of its direct children, findings those of the
            unit, of what is below it and of what is above: a limit of the whole is one of each.

        Raises
        ------
        UnknownUnitError
            If there is no such unit.
        """
        if unit_id not in self.hierarchy:
            raise UnknownUnitError(unit_id, self.hierarchy)
        units = (unit_id, *self.hierarchy.children(unit_id))
        related = {*self.hierarchy.path(unit_id), *self.hierarchy.below(unit_id)}
        return replace(
            self,
            unit_id=unit_id,
            tables={
                name: roll_up(name, rows, self.hierarchy, units)
                for name, rows in self.tables.items()
            },
            findings=tuple(f for f in self.findings if f.unit_id in related),
        )


def roll_up(
    table: str, rows: pd.DataFrame, hierarchy: Hierarchy, units: tuple[str, ...]
) -> pd.DataFrame:
    """Return the rows of some units, added up from counties where the dictionary says sum.

    Parameters
    ----------
    table : str
        Name of the table.
    rows : DataFrame
        Its rows. A table with a ``sum`` column has county rows only, any other table has rows of
        every unit.
    hierarchy : Hierarchy
        The units.
    units : tuple of str
        Units wanted, of any level.

    Returns
    -------
    DataFrame
        Same columns; sums are exact, because they add integers or cents.
    """
    sums = [column for column in schemas.summed(table) if column in rows]
    if not sums or rows.empty:
        return rows[rows["unit_id"].isin(units)].reset_index(drop=True)
    parts = [_added(rows, hierarchy, unit, sums) for unit in units]
    return pd.concat(parts, ignore_index=True)[rows.columns.to_list()]


def _added(rows: pd.DataFrame, hierarchy: Hierarchy, unit_id: str, sums: list[str]) -> pd.DataFrame:
    own = rows[rows["unit_id"].isin(hierarchy.counties(unit_id))]
    if hierarchy.counties(unit_id) == (unit_id,):
        return own
    by = [c for c in rows.columns if c not in {*sums, "unit_id", "level"}]
    # min_count: a value that every county lacks stays missing, it does not become zero.
    added = own.groupby(by, dropna=False, as_index=False, sort=False)[sums].sum(min_count=1)
    cents = [c for c in sums if added[c].dtype == "float64"]
    added[cents] = added[cents].round(2)
    return added.assign(unit_id=unit_id, level=hierarchy.level(unit_id))
