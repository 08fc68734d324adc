"""Privacy: small cells are hidden, with as many others as keep them from following by subtraction.

References
----------
.. [1] A. Hundepool, J. Domingo-Ferrer, L. Franconi, S. Giessing, E. Schulte Nordholt, K. Spicer
   and P.-P. de Wolf, Statistical Disclosure Control, Wiley, 2012, ch. 4: threshold and dominance
   rules, secondary suppression.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from marketing_models import parameters, schemas
from marketing_models.errors import NoDataError, SchemaError, SuppressedError
from marketing_models.findings import Finding, forbidding
from marketing_models.regions import Hierarchy
from marketing_models.reporting.language import Text, say
from marketing_models.reporting.words import limits
from marketing_models.study import Study

FEW, COMPLEMENT = "few", "complement"
CODES = {FEW: "privacy.few_members", COMPLEMENT: "privacy.complement"}
SUPPRESSED = "*"
TOO_FEW = say("样本过少，数据不予公开。", "Too few members to publish.")

_NO_DATA = say("没有收到数据", "no data were received")
_COUNTS = ("household_count", "business_count")
_SHARE = "largest_share_frac"
_SIZES = ("total_value", "largest_value")


@dataclass(frozen=True)
class _Rule:
    """The primary rule of a day."""

    household_least_count: int
    business_least_count: int
    business_largest_frac: float

    @classmethod
    def on(cls, day: pd.Timestamp) -> "_Rule":
        return cls(
            parameters.at("privacy.household_least_count", day),
            parameters.at("privacy.business_least_count", day),
            parameters.at("privacy.business_largest_frac", day),
        )

    def is_small(self, households: Any, businesses: Any, largest_frac: Any) -> Any:
        """Tell which cells are too small; what is unknown or has no members is not."""
        few_households = (households > 0) & (households < self.household_least_count)
        few_businesses = (businesses > 0) & (businesses < self.business_least_count)
        dominated = (businesses > 0) & (largest_frac >= self.business_largest_frac)
        return few_households | few_businesses | dominated


def suppress(
    cells: pd.DataFrame, *, values: Sequence[str], by: Sequence[str], on: pd.Timestamp
) -> pd.DataFrame:
    """Hide the small cells of a table of which all totals are published.

    Parameters
    ----------
    cells : DataFrame of shape (n_cells, n_columns)
        Columns `by` and `values`, ``household_count`` and ``business_count`` of a cell, both
        missing where nobody knows, and ``largest_share_frac``, the share that the largest business
        has of the first of `values`.
    values : sequence of str
        Columns of numbers that add up over the cells; a cell without a number has no data.
    by : sequence of str
        Dimensions. Totals over each of them are taken to be published.
    on : Timestamp
        Day whose parameters hold.

    Returns
    -------
    DataFrame of shape (n_cells, n_columns + 1)
        Values of hidden cells are missing, and ``suppression_code`` tells why: ``few`` or
        ``complement``; it is missing where the cell is published.

    Raises
    ------
    SchemaError
        If a column is missing or a cell stands twice.

    Notes
    -----
    A cell is small if it has households, but fewer than 10, or businesses, but fewer than 3, or
    one business with 85 % or more of its value (dated parameters ``privacy``). What is hidden
    along a line of siblings must not be small as a whole, and no hidden cell may follow from the
    totals: further cells are hidden, the smallest by members first, until both hold [1]_. A total
    that is itself small is taken to be hidden, and so is the total of a line of one hidden cell.
    """
    problems = list(_problems(cells, [*by, *values, *_COUNTS, _SHARE], by))
    if problems:
        raise SchemaError("cells", problems)
    table = _Table(cells.reset_index(drop=True), values[0], by, _Rule.on(on))
    table.complete()
    marked = cells.assign(suppression_code=pd.array(table.why(), dtype="str"))
    for name in values:
        marked[name] = marked[name].mask(marked["suppression_code"].notna())
    return marked


def _problems(cells: pd.DataFrame, needed: Sequence[str], by: Sequence[str]) -> Iterator[str]:
    absent = [name for name in needed if name not in cells]
    if absent:
        yield f"column {', '.join(absent)} is missing; give counts, or missing ones if unknown"
    elif cells.duplicated(list(by)).any():
        row = int(cells.duplicated(list(by)).to_numpy().argmax())
        yield f"row {row} is a cell that stands before; add up what has the same {', '.join(by)}"


class _Table:
    """Cells of a table and which of them are hidden."""

    def __init__(self, cells: pd.DataFrame, value: str, by: Sequence[str], rule: _Rule) -> None:
        numbers = cells[[*_COUNTS, _SHARE, value]].astype("float64").to_numpy()
        known = np.nan_to_num(numbers)
        self.rule, self.counts, self.value = rule, known[:, :2], np.abs(known[:, 3])
        self.largest, self.members = known[:, 2] * self.value, self.counts.sum(axis=1)
        self.few = np.asarray(rule.is_small(*numbers[:, :3].T))
        self.is_hidden = self.few.copy()
        self.is_live = (self.members > 0) & ~np.isnan(numbers[:, 3])
        lines = [line for name in by for line in _lines(cells, [b for b in by if b != name])]
        live = [line[self.is_live[line]] for line in lines]
        # The total of one cell is that cell and goes with it; a total that is small is not shown.
        self.lines = [line for line in live if len(line) > 1 and not self._is_small(line)]

    def why(self) -> list[str | None]:
        """Return why each cell is hidden, None for those that are shown."""
        pairs = zip(self.few, self.is_hidden, strict=True)
        return [FEW if few else COMPLEMENT if is_hidden else None for few, is_hidden in pairs]

    def complete(self) -> None:
        """Hide more cells until nothing small follows from the totals."""
        while len(shown := self._candidates()):
            self.is_hidden[shown[0]] = True

    def _candidates(self) -> list[int]:
        """Return shown cells of which one must be hidden, best first; none if all is well."""
        telling = [line for line in self.lines if self._tells(line[self.is_hidden[line]])]
        if not telling:
            told = self._determined()
            telling = [line for line in self.lines if np.isin(line, told).any()]
            telling = telling if self._shown(telling) or not len(told) else self.lines
        return self._shown(telling)

    def _tells(self, hidden: NDArray[np.int64]) -> bool:
        """Tell whether too much follows from the total of a line by subtraction."""
        return len(hidden) == 1 or self._is_small(hidden)

    def _shown(self, lines: list[NDArray[np.int64]]) -> list[int]:
        """Return the shown cells of lines: first what is in most of them, then the smallest."""
        found = Counter(int(cell) for line in lines for cell in line[~self.is_hidden[line]])
        return sorted(found, key=lambda cell: (-found[cell], self.members[cell], cell))

    def _is_small(self, cells: NDArray[np.int64]) -> bool:
        """Tell whether some cells together are a small cell."""
        households, businesses = self.counts[cells].sum(axis=0)
        total = self.value[cells].sum()
        share = self.largest[cells].max(initial=0) / total if total > 0 else 0.0
        return bool(self.rule.is_small(households, businesses, share))

    def _determined(self) -> NDArray[np.int64]:
        """Return the hidden cells that some linear combination of the totals gives."""
        cells = np.flatnonzero(self.is_hidden & self.is_live)
        if not len(cells) or not self.lines:
            return cells[:0]
        totals = np.array([np.isin(cells, line) for line in self.lines], dtype=float)
        _, sizes, rows = np.linalg.svd(totals, full_matrices=False)
        # A cell is told if its unit vector lies in the space that the totals span.
        told = (rows[sizes > 1e-9] ** 2).sum(axis=0)
        return cells[told > 1 - 1e-6]


def _lines(cells: pd.DataFrame, fixed: list[str]) -> list[NDArray[np.int64]]:
    if not fixed:
        return [np.arange(len(cells))]
    groups = cells.groupby(fixed, dropna=False, sort=False)
    return [np.asarray(places) for places in groups.indices.values()]


def hidden_units(
    hierarchy: Hierarchy, members: pd.DataFrame, on: pd.Timestamp
) -> Mapping[str, str]:
    """Choose the units of which nothing may be published.

    Parameters
    ----------
    hierarchy : Hierarchy
        The units. Values of each are published, and counties add up to cities and the province.
    members : DataFrame
        One row a county: ``unit_id``, ``household_count``, ``business_count``, ``total_value`` of
        all its members and ``largest_value`` of its largest business, both in one unit. A county
        without a row has no members, or nobody knows of them.
    on : Timestamp
        Day whose parameters hold.

    Returns
    -------
    mapping of str to str
        ``few`` for a unit that is small itself, by the rule of `suppress`, ``complement`` for one
        that keeps it from following by subtraction; units that are published are not in it.

    Notes
    -----
    What a shown unit has beyond the largest shown units below it follows by subtraction; these
    rests are disjoint, and all that can be had are sums of them. So a table of units is safe if
    and only if no rest is small. While one is, the smallest unit by members that bounds it is
    hidden too. Own rule, docs/decisions/0009.
    """
    tree = _Tree(hierarchy, members, _Rule.on(on))
    for unit in hierarchy.below(hierarchy.root):
        if unit not in tree.hidden:
            tree.complete(unit)
    return {unit: tree.hidden[unit] for unit in hierarchy if unit in tree.hidden}


class _Tree:
    """Units and which of them are hidden."""

    def __init__(self, hierarchy: Hierarchy, members: pd.DataFrame, rule: _Rule) -> None:
        held = members.set_index("unit_id")[[*_COUNTS, *_SIZES]].astype("float64")
        leaves = hierarchy.counties(hierarchy.root)
        numbers = held.reindex(list(leaves)).fillna(0.0).to_numpy()
        self.held = dict(zip(leaves, numbers, strict=True))
        self.hierarchy, self.rule = hierarchy, rule
        self.hidden = {u: FEW for u in hierarchy if self._is_small(hierarchy.counties(u))}

    def _is_small(self, counties: Iterable[str]) -> bool:
        rows = np.array([self.held[county] for county in counties]).reshape(-1, 4)
        households, businesses, total, _ = rows.sum(axis=0)
        share = rows[:, 3].max(initial=0) / total if total > 0 else 0.0
        return bool(self.rule.is_small(households, businesses, share))

    def _members(self, unit: str) -> float:
        return sum(float(self.held[c][:2].sum()) for c in self.hierarchy.counties(unit))

    def _shown(self, unit: str) -> Iterator[str]:
        """Yield the largest shown units below a unit."""
        for child in self.hierarchy.children(unit):
            yield from self._shown(child) if child in self.hidden else (child,)

    def _rest(self, unit: str) -> list[str]:
        """Return the counties of a unit that are in no shown unit below it."""
        shown = {county for u in self._shown(unit) for county in self.hierarchy.counties(u)}
        if not self.hierarchy.children(unit):
            return [unit]
        return [county for county in self.hierarchy.counties(unit) if county not in shown]

    def complete(self, unit: str) -> None:
        """Hide more units below a shown one until its rest is not small."""
        while self._is_small(self._rest(unit)):
            self._hide(min(self._candidates(unit)))

    def _hide(self, candidate: tuple[float, str]) -> None:
        # A city of which all counties are shown is known all the same: one of them is hidden too.
        _, unit = candidate
        self.hidden[unit] = COMPLEMENT
        if not self._rest(unit):
            self._hide(min(self._candidates(unit)))

    def _candidates(self, unit: str) -> list[tuple[float, str]]:
        found = [(self._members(shown), shown) for shown in self._shown(unit)]
        return [candidate for candidate in found if candidate[0] > 0]


def findings(hierarchy: Hierarchy, members: pd.DataFrame, on: pd.Timestamp) -> tuple[Finding, ...]:
    """Return a finding for every unit that is hidden; with them a study knows its hidden units.

    Parameters
    ----------
    hierarchy, members, on
        As for `hidden_units`.

    Returns
    -------
    tuple of Finding
        Codes ``privacy.few_members`` and ``privacy.complement``, without facts.
    """
    found = hidden_units(hierarchy, members, on)
    return tuple(
        Finding(code=CODES[why], severity="forbid", unit_id=unit) for unit, why in found.items()
    )


def hidden(study: Study) -> frozenset[str]:
    """Return the units that a study's findings hide."""
    codes = set(CODES.values())
    return frozenset(found.unit_id for found in study.findings if found.code in codes)


def protect(study: Study) -> Study:
    """Return a study of which every number may be published.

    Parameters
    ----------
    study : Study
        Cut to the unit of a page.

    Returns
    -------
    Study
        Values of hidden units are missing and the facts of their findings are ``*``; keys stay.
        The study itself if it hides none.

    Raises
    ------
    SuppressedError
        If the unit of the page is hidden itself.
    NoDataError
        If nothing is known of it.
    """
    units = hidden(study)
    if study.unit_id in units:
        raise SuppressedError(TOO_FEW)
    if not any(_has_numbers(name, study) for name in study.tables):
        raise NoDataError(_no_data(study))
    if not units:
        return study
    return replace(
        study,
        tables={name: blank(name, rows, units) for name, rows in study.tables.items()},
        findings=tuple(_without_facts(f) if f.unit_id in units else f for f in study.findings),
    )


def _has_numbers(table: str, study: Study) -> bool:
    """Tell whether a table has a quantity of the study's own unit: shares and places are none."""
    held = schemas.columns(table)
    is_quantity = ~held["unit"].isin(["-", "1"]) & ~held["key"].str.contains("pk")
    own = study.table(table)
    return bool(
        own[[name for name in held.index[is_quantity] if name in own]].notna().any(axis=None)
    )


def _no_data(study: Study) -> Text:
    path, hides = study.hierarchy.path(study.unit_id), set(CODES.values())
    of_unit = [f for f in study.findings if f.unit_id in path and f.code not in hides]
    barred = forbidding(of_unit)
    why = limits.sentence(study, barred[-1]) if barred else _NO_DATA
    return say(
        "本单位本期无可用数据（{reason}），不作判断。",
        "No usable data for this unit and period ({reason}); no judgement.",
        reason={language: text.rstrip("。.") for language, text in why.items()},
    )


def blank(table: str, rows: pd.DataFrame, units: Collection[str]) -> pd.DataFrame:
    """Return rows without the values of some units; keys and levels stay.

    Parameters
    ----------
    table : str
        Name of the table.
    rows : DataFrame
        Its rows.
    units : collection of str
        The units.

    Returns
    -------
    DataFrame
        Of the same columns and types.
    """
    is_hidden = rows["unit_id"].isin(units)
    kept = {*schemas.keys(table), "level"}
    without = {name: rows[name].mask(is_hidden) for name in rows.columns if name not in kept}
    return rows.assign(**without) if is_hidden.any() else rows


def _without_facts(finding: Finding) -> Finding:
    return replace(finding, facts=dict.fromkeys(finding.facts, SUPPRESSED))
