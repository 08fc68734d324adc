"""CIS · the Store: tables of one unit in a folder, written in atomic batches."""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads

from marketing_models import schemas
from marketing_models.cis import delta, network, runs, scope, vector, writing
from marketing_models.cis.location import locate
from marketing_models.errors import StoreError, UndeclaredReadError
from marketing_models.regions import LEVELS, Hierarchy
from marketing_models.study import Study

# What differs between two stores of equal content: when and by which batch rows came.
_UNDIGESTED_TABLES = {"batch", "publication"}
_UNDIGESTED_COLUMNS = ("store_version_number",)
_TABLES_OF_STUDIES = ("study_finding", "study_run")


def tables_behind(reads: Sequence[str]) -> frozenset[str]:
    """Return the tables that a reader of some studies and tables depends on, units included."""
    found = {"org_unit"}
    for name in reads:
        results = runs.result_tables(name)
        if results:
            found |= {*results, *_TABLES_OF_STUDIES}
        else:
            schemas.columns(name)
            found.add(name)
    return frozenset(found)


class Store:
    """Tables of one unit and all below it; the only object of the package with a location.

    A store reads what its version vector named when it was opened, whatever is written meanwhile;
    `write` moves it on. Make one by `init`, `open` or `pull`.

    Attributes
    ----------
    folder : Path
        Where it lies.
    vector : Vector
        What it reads.
    reads : tuple of str or None
        Studies and tables that may be read; None for all.
    """

    def __init__(
        self, folder: Path, held: vector.Vector, reads: Sequence[str] | None = None
    ) -> None:
        self.folder, self.vector = folder, held
        self.reads = None if reads is None else tuple(reads)
        self._readable = None if reads is None else tables_behind(reads)

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r}, unit_id={self.unit_id!r}, version={self.version})"

    @classmethod
    def open(
        cls, name: str | Path, *, version: int | None = None, reads: Sequence[str] | None = None
    ) -> "Store":
        """Open a store for reading and writing.

        Parameters
        ----------
        name : str or Path
            ``demo`` or another bare name, or an absolute path.
        version : int, optional
            An earlier version vector, to render a page again; by default the current one.
        reads : sequence of str, optional
            Studies and tables that may be read, by default all: whoever keeps what was made of
            them must know when it is out of date.

        Returns
        -------
        Store
            Pinned to that vector.
        """
        folder = locate(name)
        return cls(folder, vector.load(folder, version), reads)

    @classmethod
    def init(cls, name: str | Path, *, unit_id: str, calendar: str = "cn") -> "Store":
        """Make an empty store with all tables; one whose first write was killed starts afresh.

        Parameters
        ----------
        name : str or Path
            A bare name or an absolute path.
        unit_id : str
            Unit that the store belongs to.
        calendar : str
            Calendar of its days: cn, us or tw.

        Returns
        -------
        Store
            Version 0.

        Raises
        ------
        StoreError
            If there is a store already, or the path lies under a regular file.
        """
        folder = locate(name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise StoreError(f"{folder} lies under or is a regular file; name a folder") from None
        with vector.locked(folder):
            if (folder / "version.json").exists():
                raise StoreError(f"there is a store at {folder} already; open it, or remove it")
            shutil.rmtree(folder / "tables", ignore_errors=True)
            made = {table: delta.create(folder, table) for table in schemas.tables()}
            first = vector.Vector(
                number=0,
                unit_id=unit_id,
                calendar=calendar,
                schema_version=schemas.SCHEMA_VERSION,
                tables=made,
            )
            vector.save(folder, first)
        return cls(folder, first)

    @property
    def unit_id(self) -> str:
        """Unit that the store belongs to."""
        return self.vector.unit_id

    @property
    def calendar(self) -> str:
        """Calendar of the store's days: cn, us or tw."""
        return self.vector.calendar

    @property
    def version(self) -> int:
        """Number of the version vector that is read."""
        return self.vector.number

    def hierarchy(self) -> Hierarchy:
        """Return the units of the store as they stand now."""
        units = self.read("org_unit")
        return Hierarchy(units[units["level"].isin(LEVELS)].reset_index(drop=True))

    def read(
        self,
        table: str,
        *,
        unit_id: str | None = None,
        known_by: pd.Timestamp | str | None = None,
        where: Mapping[str, Sequence[Any]] | None = None,
    ) -> pd.DataFrame:
        """Read rows of one table.

        Parameters
        ----------
        table : str
            Name of the table.
        unit_id : str, optional
            Only rows of this unit and those below it; by default all.
        known_by : Timestamp, optional
            Rows as the system knew them at this moment; by default the current ones.
        where : mapping of str to sequence, optional
            For a column, the values wanted.

        Returns
        -------
        DataFrame
            By the dictionary, in the order of its key: missing values are missing, money and
            energy are float64.
        """
        rows = self._dataset(table)
        for part in scope.conditions(self, table, unit_id, known_by, where or {}):
            rows = rows.filter(part)
        frame = delta.to_pandas(table, rows.to_table())
        return frame.sort_values(list(schemas.keys(table)), ignore_index=True)

    def query(
        self,
        sql: str,
        *,
        unit_id: str | None = None,
        known_by: pd.Timestamp | str | None = None,
        parameters: Sequence[Any] = (),
    ) -> pd.DataFrame:
        """Run portable SQL over the tables that it names.

        Parameters
        ----------
        sql : str
            Statement with ``?`` for bound values.
        unit_id, known_by
            As for `read`, applied to every table.
        parameters : sequence
            Values to bind.

        Returns
        -------
        DataFrame
            The result.
        """
        named = [t for t in schemas.tables() if re.search(rf"\b{t}\b", sql)]
        held = {}
        for table in named:
            held[table] = self._dataset(table)
            for part in scope.conditions(self, table, unit_id, known_by, {}):
                held[table] = held[table].filter(part)
        return delta.connect(held).execute(sql, list(parameters)).df()

    def write(self, tables: Mapping[str, pd.DataFrame], *, slices: Sequence[str] = ()) -> int:
        """Write one batch: all its tables, or none of them.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Frames by the dictionary. Rows that are there already change nothing; a later
            ``known_at`` of a known key is a correction.
        slices : sequence of str
            Runs (or counties) of which the rows replace all that was held.

        Returns
        -------
        int
            Number of the version vector; unchanged if nothing was new.
        """
        rows = {table: delta.to_arrow(table, frame) for table, frame in tables.items()}
        return self.write_parts([rows], slices=slices)

    def write_parts(
        self, parts: Iterable[Mapping[str, pa.Table]], *, slices: Sequence[str] = ()
    ) -> int:
        """Write one batch of Arrow tables that may arrive in parts, such as counties.

        Parameters
        ----------
        parts : iterable of mapping of str to Table
            By the dictionary's schema, such as `arrow` returns; asked for while the store is
            locked.
        slices : sequence of str
            As for `write`.

        Returns
        -------
        int
            Number of the version vector.
        """
        self.vector = writing.committed(self.folder, parts, slices)
        return self.version

    def arrow(self, table: str, unit_id: str | None = None) -> pa.Table:
        """Return all versions of a table's rows, of a unit and those below it, as Arrow."""
        return self._filtered(table, unit_id).to_table()

    def write_study(self, study: Study) -> int:
        """Write a study in one batch, in place of an earlier run of the same name.

        Parameters
        ----------
        study : Study
            What was found.

        Returns
        -------
        int
            Number of the version vector; unchanged if the same run stands there already.
        """
        return runs.write(self, study)

    def read_study(
        self,
        name: str,
        *,
        unit_id: str | None = None,
        issue: str = "latest",
        where: Mapping[str, Sequence[Any]] | None = None,
    ) -> Study:
        """Read a study, cut to a unit and its children.

        Parameters
        ----------
        name : str
            Name of the study.
        unit_id : str, optional
            The unit; by default the store's own.
        issue : str
            Name of the issue, or ``latest``.
        where : mapping of str to sequence, optional
            For a column, the values wanted, in the tables that have it: of 200 draws a page may
            need three.

        Returns
        -------
        Study
            As `Study.of` cuts it.

        Raises
        ------
        UndeclaredReadError
            If the store was opened for other reads.
        """
        if self.reads is not None and name not in self.reads:
            raise UndeclaredReadError(name, self.reads)
        return runs.read(self, name, unit_id=unit_id, issue=issue, where=where or {})

    def has_study(self, name: str, issue: str) -> bool:
        """Tell whether a study of an issue stands in this store."""
        return runs.exists(self, name, issue)

    def publish(self, parent: "Store") -> int:
        """Copy this store's rows up to its parent's store.

        Parameters
        ----------
        parent : Store
            Store of a unit above.

        Returns
        -------
        int
            Number of the parent's version vector.
        """
        return network.copy(self, parent, self.unit_id)

    def pull(self, parent: "Store", unit_id: str | None = None) -> int:
        """Copy the rows of this store's unit, or of one below it, down from a parent's store.

        Parameters
        ----------
        parent : Store
            Store of a unit above.
        unit_id : str, optional
            The unit; by default the store's own.

        Returns
        -------
        int
            Number of this store's version vector.
        """
        return network.copy(parent, self, unit_id or self.unit_id)

    def digests(self, unit_id: str | None = None) -> dict[str, str]:
        """Return row count and digest of every table: equal for equal rows, however written.

        Parameters
        ----------
        unit_id : str, optional
            Only rows of this unit and those below it; by default all.

        Returns
        -------
        dict of str to str
            By table, without the store's own records of batches and deliveries.
        """
        held = sorted(set(self.vector.tables) - _UNDIGESTED_TABLES)
        rows = {table: self._filtered(table, unit_id) for table in held}
        return {t: delta.digest(r, leave_out=_UNDIGESTED_COLUMNS) for t, r in rows.items()}

    def digest(self) -> str:
        """Return a digest of the content: equal for stores of equal rows, however written."""
        found = self.digests()
        lines = pa.table({"table": list(found), "digest": list(found.values())})
        return delta.digest(lines).partition("-")[2]

    def last_complete_day(self) -> pd.Timestamp | None:
        """Return the last day for which at least half of the counties' loads are complete.

        Returns
        -------
        Timestamp or None
            None if there is no load at all. A county that lags behind does not hold the others
            up; it gets a finding in the study.
        """
        day = self.query(scope.LAST_COMPLETE_DAY)["day"].iloc[0]
        return None if pd.isna(day) else pd.Timestamp(day)

    def _filtered(self, table: str, unit_id: str | None) -> pads.Dataset:
        rows = self._dataset(table)
        for part in scope.of_unit(self, table, unit_id):
            rows = rows.filter(part)
        return rows

    def _dataset(self, table: str) -> pads.Dataset:
        schemas.columns(table)
        if self._readable is not None and table not in self._readable:
            raise UndeclaredReadError(table, self.reads or ())
        if table not in self.vector.tables:
            raise StoreError(
                f"store {self.folder} has no table {table}; it was written by an older package, "
                "the next write adds what is new"
            )
        return delta.dataset(self.folder, table, self.vector.tables[table])
