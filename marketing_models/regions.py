"""The organisation: province, city and county as one hierarchy of opaque unit codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from marketing_models.errors import SchemaError, UnknownUnitError

LEVELS = ("province", "city", "county")


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The units of one store and how they hang together.

    Attributes
    ----------
    units : DataFrame
        Columns ``unit_id, level, parent_unit_id, unit_name, unit_name_en, tile_row, tile_column``,
        one row a unit of level province, city or county. A parent outside the table is allowed
        only for the root: a county's own store starts at the county.
    """

    units: pd.DataFrame

    def __post_init__(self) -> None:
        problems = list(_problems(self.units))
        if problems:
            raise SchemaError("org_unit", problems)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {unit: place for place, unit in enumerate(self.units["unit_id"])}

    @cached_property
    def _parent(self) -> dict[str, str | None]:
        known = set(self.units["unit_id"])
        pairs = zip(self.units["unit_id"], self.units["parent_unit_id"], strict=True)
        return {unit: (parent if parent in known else None) for unit, parent in pairs}

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        children: dict[str, list[str]] = {unit: [] for unit in self._parent}
        for unit, parent in sorted(self._parent.items()):
            if parent is not None:
                children[parent].append(unit)
        return {unit: tuple(found) for unit, found in children.items()}

    @property
    def root(self) -> str:
        """The unit that all others are below."""
        return next(unit for unit, parent in self._parent.items() if parent is None)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._parent))

    def __contains__(self, unit_id: object) -> bool:
        return unit_id in self._parent

    @cached_property
    def levels(self) -> dict[str, str]:
        """Level of every unit: province, city or county."""
        return dict(zip(self.units["unit_id"], self.units["level"], strict=True))

    def level(self, unit_id: str) -> str:
        """Return the level of a unit: province, city or county."""
        return str(self.row(unit_id)["level"])

    def row(self, unit_id: str) -> pd.Series:
        """Return the row of a unit.

        Parameters
        ----------
        unit_id : str
            The unit.

        Returns
        -------
        Series
            With the columns of `units`.

        Raises
        ------
        UnknownUnitError
            If there is no such unit.
        """
        if unit_id not in self._parent:
            raise UnknownUnitError(unit_id, self._parent)
        return self.units.iloc[self._place[unit_id]]

    def children(self, unit_id: str) -> tuple[str, ...]:
        """Return the units directly below a unit, in order of code."""
        self.row(unit_id)
        return self._children[unit_id]

    def counties(self, unit_id: str) -> tuple[str, ...]:
        """Return the finest units at or below a unit: those whose rows are added up."""
        return tuple(u for u in self.below(unit_id) if not self._children[u])

    def below(self, unit_id: str) -> tuple[str, ...]:
        """Return a unit and everything below it, the unit first."""
        found = [unit_id]
        for child in self.children(unit_id):
            found.extend(self.below(child))
        return tuple(found)

    def path(self, unit_id: str) -> tuple[str, ...]:
        """Return the units from the root down to a unit, both included."""
        self.row(unit_id)
        parent = self._parent[unit_id]
        return (*self.path(parent), unit_id) if parent is not None else (unit_id,)

    def name(self, unit_id: str) -> dict[str, str]:
        """Return the printed name of a unit in both languages: the code where English has none."""
        row = self.row(unit_id)
        english = row["unit_name_en"]
        return {
            "zh": str(row["unit_name"]),
            "en": unit_id if pd.isna(english) or not english else str(english),
        }


def _problems(units: pd.DataFrame) -> Iterator[str]:
    ids = units["unit_id"]
    for unit in ids[ids.duplicated()].unique():
        yield f"unit {unit} stands twice; keep one current row"
    odd = units.loc[~units["level"].isin(LEVELS), "unit_id"]
    for unit in odd:
        yield f"unit {unit} has a level other than {', '.join(LEVELS)}"
    known = set(ids)
    roots = [u for u, p in zip(ids, units["parent_unit_id"], strict=True) if p not in known]
    if len(roots) != 1:
        yield f"{len(roots)} units have no parent in the table ({', '.join(roots[:5])}); keep one"
    place = {level: rank for rank, level in enumerate(LEVELS)}
    rank = dict(zip(ids, units["level"].map(place), strict=True))
    for unit, parent in zip(ids, units["parent_unit_id"], strict=True):
        if parent in rank and rank[parent] >= rank[unit]:
            yield f"unit {unit} hangs below {parent}, which is not of a higher level"
