"""CIS · ingest: a folder of exports into a store, as one batch; what is faulty is put aside."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from marketing_models import schemas
from marketing_models.cis.casting import REMEDIES, Cast, cast, key_column
from marketing_models.cis.location import locate
from marketing_models.cis.mapping import Source, SourceMapping, load, packaged
from marketing_models.cis.reading import Records, SourceFile, open_folder, read_records
from marketing_models.cis.store import Store
from marketing_models.errors import IngestError

_STRANGER = (
    "store {} is of unit {} with calendar {}, mapping {} of unit {} with calendar {}; "
    "name another store"
)
_Recognised = list[tuple[SourceFile, Source]]


@dataclass(frozen=True, eq=False)
class IngestReport:
    """What became of a delivery.

    Attributes
    ----------
    mapping : str
        Name and version of the mapping that read it.
    version : int
        Version vector of the store that now holds it.
    files : DataFrame
        Rows of table batch, one a file.
    ignored : sequence of str
        Files that the mapping does not know.
    is_repeated : bool
        True if these very files were read before, and nothing was done.
    dropped : mapping of str to int
        For a file, the records that the mapping declares to be no data.
    row_counts : mapping of str to int
        Rows read, by table.
    faults : tuple of str
        One sentence a faulty cell: file, line, column, reason, remedy.
    """

    mapping: str
    version: int
    files: pd.DataFrame
    ignored: Sequence[str]
    is_repeated: bool = False
    dropped: Mapping[str, int] = field(default_factory=dict)
    row_counts: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def quarantined_count(self) -> int:
        """Lines that were put aside."""
        return int(self.files["quarantined_count"].sum())


@dataclass(frozen=True, eq=False)
class _Delivered:
    """A file, what was read from it, and the records in it that are not accepted."""

    file: SourceFile
    source: Source
    records: Records
    cast: Cast


def detect(folder: str | Path) -> SourceMapping:
    """Return the one packaged mapping that knows files of a folder by their headers.

    Parameters
    ----------
    folder : str or Path
        A delivery.

    Returns
    -------
    SourceMapping
        The mapping.

    See Also
    --------
    ingest : which refuses a folder that no mapping, or more than one, knows.
    """
    return _chosen(open_folder(Path(folder))[0])


def ingest(
    folder: str | Path, store_path: str | Path, *, mapping: str | Path | None = None
) -> IngestReport:
    """Read a delivery and commit it as one batch; a store that is not there is made.

    Faulty lines go to quarantine, the others are accepted. A delivery that must be refused as a
    whole ends in an IngestError, with nothing written.

    Parameters
    ----------
    folder : str or Path
        Files of one source; what the mapping does not know is left alone.
    store_path : str or Path
        A bare name or an absolute path.
    mapping : str or Path, optional
        Name of a packaged mapping or path of a mapping file; by default the headers decide.

    Returns
    -------
    IngestReport
        Accepted and quarantined lines of each file.
    """
    files, ignored = open_folder(Path(folder))
    chosen = _chosen(files) if mapping is None else load(mapping)
    recognised = _recognised(chosen, files)
    read = {file.name for file, _ in recognised}
    ignored = sorted([*ignored, *(file.name for file in files if file.name not in read)])
    store = _store_of(chosen, store_path)
    held = _same_before(store, chosen, recognised)
    if store is not None and held is not None:
        return IngestReport(chosen.label, store.version, held, ignored=ignored, is_repeated=True)
    delivered = _without_duplicates(_read_all(recognised, _known_units(chosen, store)))
    tables = _tables(chosen, delivered)
    batch, quarantine = _batch(chosen, delivered)
    if store is None:
        store = Store.init(store_path, unit_id=chosen.unit_id, calendar=chosen.calendar)
    written = {**tables, "batch": batch, "quarantine": quarantine}
    version = store.write({table: rows for table, rows in written.items() if len(rows)})
    return IngestReport(
        chosen.label,
        version,
        batch,
        ignored=ignored,
        dropped={one.file.name: len(one.records.lines) - len(one.cast.kept) for one in delivered},
        row_counts={table: len(rows) for table, rows in tables.items()},
        faults=tuple(sentence for one in delivered for sentence in _sentences(one)),
    )


def _chosen(files: Sequence[SourceFile]) -> SourceMapping:
    mappings = packaged()
    known = [m for m in mappings if any(s.knows(f.header) for f in files for s in m.sources)]
    if len(known) == 1:
        return known[0]
    if known:
        names = ", ".join(mapping.label for mapping in known)
        raise IngestError([f"{len(known)} mappings know these files ({names}); name one of them"])
    raise IngestError([*_lacking(mappings, files), _nothing_known(mappings, files)])


def _recognised(mapping: SourceMapping, files: Sequence[SourceFile]) -> _Recognised:
    found, problems = [], _lacking([mapping], files)
    for file in files:
        for source in [s for s in mapping.sources if s.knows(file.header)]:
            found.append((file, source))
            twice = [c for c in source.header if file.header.count(c) > 1]
            problems += [f"{file.name}: column {c} stands twice; rename one" for c in twice]
    names = [file.name for file, _ in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"{name} fits two kinds of files of {mapping.label}; tell them apart there")
    if problems or not found:
        raise IngestError(problems or [_nothing_known([mapping], files)])
    return found


def _lacking(mappings: Sequence[SourceMapping], files: Sequence[SourceFile]) -> list[str]:
    """Say of files that almost fit which columns they lack."""
    sources = [(mapping.label, source) for mapping in mappings for source in mapping.sources]
    return [
        f"{file.name} lacks column {', '.join(source.lacking(file.header))} of {label} "
        f"{source.name}; export it with all columns, or take the file out"
        for file in files
        if not any(source.knows(file.header) for _, source in sources)
        for label, source in sources
        if source.resembles(file.header)
    ]


def _nothing_known(mappings: Sequence[SourceMapping], files: Sequence[SourceFile]) -> str:
    wanted = "; ".join(
        f"{mapping.label} {source.name} ({', '.join(source.header)})"
        for mapping in mappings
        for source in mapping.sources
    )
    found = "; ".join(f"{f.name} ({', '.join(f.header)})" for f in files) or "no CSV or Parquet"
    return (
        f"no mapping knows any file of the folder; looked for {wanted}; found {found}; "
        "rename the columns, or name a mapping file of your own"
    )


def _store_of(mapping: SourceMapping, store_path: str | Path) -> Store | None:
    if not (locate(store_path) / "version.json").is_file():
        return None
    store = Store.open(store_path)
    held, wanted = (store.unit_id, store.calendar), (mapping.unit_id, mapping.calendar)
    if held != wanted:
        raise IngestError([_STRANGER.format(store.folder, *held, mapping.label, *wanted)])
    return store


def _same_before(
    store: Store | None, mapping: SourceMapping, recognised: _Recognised
) -> pd.DataFrame | None:
    """Return the batch rows of these files, if each was the last of its name to be read."""
    if store is None:
        return None
    batches = store.read("batch").sort_values("committed_at")
    last = batches.drop_duplicates("file_name", keep="last")
    is_current = (last["mapping_name"] == mapping.label) & (
        last["schema_version"] == schemas.SCHEMA_VERSION
    )
    wanted = {file.sha256 for file, _ in recognised}
    same = last[is_current & last["file_sha256"].isin(wanted)]
    return same if set(same["file_sha256"]) == wanted else None


def _known_units(mapping: SourceMapping, store: Store | None) -> set[str]:
    stated = mapping.rows.get("org_unit", pd.DataFrame({"unit_id": []}))
    held = store.read("org_unit") if store is not None else stated
    return {*stated["unit_id"], *held["unit_id"]}


def _read_all(recognised: _Recognised, known_units: set[str]) -> list[_Delivered]:
    delivered: list[_Delivered] = []
    problems: list[str] = []
    for file, source in tqdm(recognised, desc="reading", unit="file", delay=2, disable=None):
        try:
            records = read_records(file)
        except IngestError as error:
            problems.extend(error.problems)
            continue
        found = cast(source, file.header, records, known_units)
        delivered.append(_Delivered(file, source, records, found))
    problems += [problem for one in delivered for problem in _hopeless(one)]
    if problems:
        raise IngestError(problems)
    return delivered


def _hopeless(one: _Delivered) -> Iterator[str]:
    """Name columns of units in which not one record of a file has a known unit."""
    meaning = schemas.columns(one.source.table)["key"]
    faults = one.cast.faults[one.cast.faults["reason_code"] == "bad_code"]
    for column, rule in one.source.rules.items():
        found = faults[faults["column"] == rule.get("from")]
        if "fk:org_unit" in meaning[column] and len(found) == len(one.cast.kept) > 0:
            units = ", ".join(found["cell"].unique()[:5])
            yield (
                f"{one.file.name}, column {rule['from']}: no row has a known unit "
                f"(found {units}); name the mapping of this source, or add the units to it"
            )


def _without_duplicates(delivered: list[_Delivered]) -> list[_Delivered]:
    """Put aside records that repeat a key; the first one in order of file and line stands."""
    repeated: dict[int, set[int]] = {place: set() for place in range(len(delivered))}
    for table in sorted({one.source.table for one in delivered}):
        keys = list(schemas.keys(table))
        rows = pd.concat(
            [
                one.cast.rows[[*keys, "record"]].assign(file=place)
                for place, one in enumerate(delivered)
                if one.source.table == table
            ]
        )
        for place, record in _repeating(rows[rows.duplicated(keys, keep=False)], keys):
            repeated[place].add(record)
    return [_put_aside(one, repeated[place]) for place, one in enumerate(delivered)]


def _repeating(rows: pd.DataFrame, keys: list[str]) -> Iterator[tuple[int, int]]:
    seen: set[tuple[object, ...]] = set()
    entries = zip(rows["file"], rows["record"], *(rows[key] for key in keys), strict=True)
    for at, group in groupby(entries, key=lambda entry: (entry[0], entry[1])):
        held = {entry[2:] for entry in group}
        if seen & held:
            yield at
        else:
            seen |= held


def _put_aside(one: _Delivered, repeated: set[int]) -> _Delivered:
    if not repeated:
        return one
    column = key_column(one.source)
    place = list(one.file.header).index(column)
    found = pd.DataFrame({"record": sorted(repeated), "column": column})
    found["reason_code"] = "duplicate_key"
    found["cell"] = [one.records.cells[record][place].strip() for record in found["record"]]
    rows = one.cast.rows[~one.cast.rows["record"].isin(repeated)]
    faults = pd.concat([one.cast.faults, found]).sort_values("record", kind="stable")
    return replace(one, cast=Cast(rows, faults, one.cast.kept))


def _tables(mapping: SourceMapping, delivered: list[_Delivered]) -> dict[str, pd.DataFrame]:
    tables = {table: [rows] for table, rows in mapping.rows.items()}
    for one in delivered:
        tables.setdefault(one.source.table, []).append(one.cast.rows.drop(columns="record"))
    # Checked before a store is made for them.
    return {table: schemas.conform(table, pd.concat(parts)) for table, parts in tables.items()}


def _batch(
    mapping: SourceMapping, delivered: list[_Delivered]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of tables batch and quarantine."""
    seed = [mapping.label, *(f"{one.file.name} {one.file.sha256}" for one in delivered)]
    batch_id = hashlib.sha256("\n".join(seed).encode()).hexdigest()[:16]
    now = pd.Timestamp.now(tz="Asia/Shanghai").tz_localize(None).floor("us")
    batch = pd.DataFrame([_batch_row(one) for one in delivered]).assign(
        batch_id=batch_id,
        mapping_name=mapping.label,
        delivery_code=mapping.delivery,
        # Trimming and declared separators are reading, not repair; nothing is repaired yet.
        repaired_count=0,
        committed_at=now,
        schema_version=schemas.SCHEMA_VERSION,
    )
    aside = [(one.file.name, *fault[:4]) for one in delivered for fault in _aside(one)]
    names = ["file_name", "line_number", "column_name", "reason_code", "raw_text"]
    # Raw lines belong to nobody below the store's own unit, and stay in this store.
    quarantine = pd.DataFrame(aside, columns=names)
    return batch, quarantine.assign(batch_id=batch_id, county_id=mapping.unit_id)


def _batch_row(one: _Delivered) -> dict[str, object]:
    faulty = one.cast.faults["record"].nunique()
    return {
        "file_name": one.file.name,
        "file_sha256": one.file.sha256,
        "content_digest": _content_digest(one),
        "line_count": len(one.cast.kept) + len(one.records.misfits),
        "accepted_count": len(one.cast.kept) - faulty,
        "quarantined_count": faulty + len(one.records.misfits),
    }


def _content_digest(one: _Delivered) -> str:
    """Return a digest of the records that depends on neither their order nor that of columns."""
    order = [one.file.header.index(column) for column in one.source.header]
    total = 0
    for record in one.records.cells:
        text = "\x1f".join(record[place].strip() for place in order)
        total += int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest())
    return f"{total % 2**128:032x}"


def _aside(one: _Delivered) -> list[tuple[int, str, str, str, str]]:
    """Return line, column, reason, raw line and cell of all that is faulty, in order of line."""
    found = [
        (line, "", "field_count", "\t".join(record), "") for line, record in one.records.misfits
    ]
    faults = one.cast.faults[["record", "column", "reason_code", "cell"]]
    for record, column, reason, cell in faults.itertuples(index=False):
        raw = "\t".join(one.records.cells[record])
        found.append((one.records.lines[record], column, reason, raw, cell))
    return sorted(found, key=lambda fault: fault[0])


def _sentences(one: _Delivered) -> Iterator[str]:
    for line, column, reason, _, cell in _aside(one):
        place = f", column {column}" if column else ""
        shown = f" {cell[:40]!r}" if cell else ""
        yield f"{one.file.name} line {line}{place}: {reason}{shown}: {REMEDIES[reason]}"
