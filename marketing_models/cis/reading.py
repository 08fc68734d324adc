"""CIS · reading: the files of a delivery as records of untouched text, each with its line."""

import csv
import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from marketing_models.errors import IngestError

_END = "\0end of file"
_Numbered = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, eq=False)
class SourceFile:
    """A file of a delivery, opened as far as its header.

    Attributes
    ----------
    name : str
        As in the folder; ``archive.zip#member`` for the member of an archive.
    content : bytes
        What is read: the member, not the archive.
    sha256 : str
        Of the bytes in the folder.
    header : tuple of str
        Names of the columns as the file writes them, without blanks around them.
    """

    name: str
    content: bytes
    sha256: str
    header: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Records:
    """All records of a file, before anything is understood.

    Attributes
    ----------
    lines : list of int
        Physical line on which each record begins, counted from 1; in Parquet the row.
    cells : list of list of str
        Text of each record in the order of the header.
    misfits : list of tuple
        Line and cells of the records with more or fewer fields than the header.
    """

    lines: list[int]
    cells: list[list[str]]
    misfits: list[tuple[int, list[str]]]


def open_folder(folder: Path) -> tuple[list[SourceFile], list[str]]:
    """Open the files that lie directly in a folder, as far as their headers.

    Parameters
    ----------
    folder : Path
        A delivery.

    Returns
    -------
    list of SourceFile
        In order of name, as bytes.
    list of str
        Names of files of a kind that is not read.

    Raises
    ------
    IngestError
        If there is no such folder, or a file is empty, broken, or an archive of several.
    """
    if not folder.is_dir():
        raise IngestError([f"folder {folder} does not exist; name the folder of the delivery"])
    opened, ignored = [], []
    problems: list[str] = []
    paths = (path for path in folder.iterdir() if path.is_file())
    for path in sorted(paths, key=lambda path: os.fsencode(path.name)):
        try:
            file = _opened(path)
        except IngestError as error:
            problems.extend(error.problems)
            continue
        if file is None:
            ignored.append(path.name)
        else:
            opened.append(file)
    if problems:
        raise IngestError(problems)
    return opened, ignored


def read_records(file: SourceFile) -> Records:
    """Read all records of a file; blank ones are no data.

    Parameters
    ----------
    file : SourceFile
        A file whose header is known.

    Returns
    -------
    Records
        Untouched text.

    Raises
    ------
    IngestError
        If the bytes are not UTF-8, a quote never closes, or there is no record at all.
    """
    _check_encoding(file.name, file.content)
    lines, cells, misfits = [], [], []
    for line, record in _records(file.name, file.content):
        if len(record) != len(file.header):
            misfits.append((line, record))
        else:
            lines.append(line)
            cells.append(record)
    # The header is the first record and has its own width.
    if len(lines) == 1 and not misfits:
        raise IngestError([f"{file.name} has a header and no rows; export it again"])
    return Records(lines[1:], cells[1:], misfits)


def _opened(path: Path) -> SourceFile | None:
    if path.suffix.lower() not in {*_READERS, ".zip"}:
        return None
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    name = path.name
    if path.suffix.lower() == ".zip":
        name, content = _member(name, content)
    if PurePath(name).suffix.lower() not in _READERS:
        return None
    _, header = next(_records(name, content), (0, []))
    if not header:
        raise IngestError([f"{name} is an empty file; export it again, or take it out"])
    if any("\udc80" <= sign <= "\udcff" for sign in "".join(header)):
        _check_encoding(name, content)
    return SourceFile(name, content, digest, tuple(column.strip() for column in header))


def _member(name: str, content: bytes) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.namelist() if not member.endswith("/")]
            if len(members) == 1:
                return f"{name}#{members[0]}", archive.read(members[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as reason:
        raise IngestError(
            [f"{name} does not open as a zip archive ({reason}); pack it again"]
        ) from None
    held = ", ".join(members) or "none"
    raise IngestError(
        [f"{name} holds {len(members)} files ({held}); pack one file into one archive"]
    )


def _check_encoding(name: str, content: bytes) -> None:
    if _reader(name) is not _csv_records:
        return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = f"{name} line {line}, byte {error.start + 1} (0x{content[error.start]:02X})"
        problem = f"{place}: not UTF-8; save the file as UTF-8 and deliver it again"
        raise IngestError([problem]) from None


def _records(name: str, content: bytes) -> _Numbered:
    """Yield the records that are not blank; the first one is the header."""
    for line, record in _reader(name)(name, content):
        if any(cell.strip() for cell in record):
            yield line, record


def _reader(name: str) -> Callable[[str, bytes], _Numbered]:
    return _READERS[PurePath(name).suffix.lower()]


def _csv_records(name: str, content: bytes) -> _Numbered:
    # Undecodable bytes survive as surrogates: a file that nobody reads must not stop the others.
    text = io.TextIOWrapper(
        io.BytesIO(content), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )
    reader = csv.reader(chain(text, [_END]))
    line = 1
    try:
        for record in reader:
            if record == [_END]:
                return
            if record and record[-1].endswith(_END):
                break
            yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise IngestError([_unclosed(name, line, str(error))]) from None
    # An open quote swallows the end mark, and with it all rows that follow.
    raise IngestError([_unclosed(name, line, "it runs to the end of the file")])


def _unclosed(name: str, line: int, reason: str) -> str:
    return f"{name} line {line}: a quote opens and does not close ({reason}); close or double it"


def _parquet_records(name: str, content: bytes) -> _Numbered:
    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as reason:
        raise IngestError(
            [f"{name} does not open as Parquet ({reason}); export it again"]
        ) from None
    yield 0, [str(column) for column in table.column_names]
    line = 0
    for batch in table.to_batches():
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            line += 1
            yield line, [_plain(value) for value in values]


def _plain(value: object) -> str:
    # Never 1e-05: a reader of numbers takes digits.
    if isinstance(value, float):
        return np.format_float_positional(value, trim="-")
    return "" if value is None else str(value)


_READERS = {".csv": _csv_records, ".parquet": _parquet_records}
