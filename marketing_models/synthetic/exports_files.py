"""Files of an export: which rows stand in which, how each kind is written, and on what line."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from itertools import groupby

import numpy as np
import xlsxwriter

from marketing_models.synthetic.exports_columns import Column
from marketing_models.synthetic.exports_tables import Extract
from marketing_models.synthetic.streams import stream

# Stands in a cell for a byte that no reader can decode; never part of a text.
UNDECODABLE = "\uf8ff"
UNKNOWN_COLUMN = "备注"
_MOST_CELLS = 2_500_000
_MOST_ROWS_ODD = 400
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DATE_FORMATS = {"date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of one table that stand together in a file or sheet.

    Attributes
    ----------
    extract : Extract
        The table.
    file : str
        ``a.csv``, ``b.zip#b.csv`` or ``c.xlsx#数据2``.
    start, stop : int
        Rows of the table.
    header : tuple of Column or None
        Columns in the order of the file; None is a column that nobody knows.
    has_labels : bool
        Whether the header has the Chinese labels.
    kind : str
        text, html or sheet.
    encoding, separator, newline : str
        Of text.
    """

    extract: Extract
    file: str
    start: int
    stop: int
    header: tuple[Column | None, ...]
    has_labels: bool
    kind: str
    encoding: str = "gb18030"
    separator: str = ","
    newline: str = "\n"

    def titles(self) -> list[str]:
        """Return the header as it is written."""
        return [self.title(column) for column in self.header]

    def title(self, column: Column | None) -> str:
        """Return the name of a column as the header writes it."""
        if column is None:
            return UNKNOWN_COLUMN
        return column.label if self.has_labels else column.name


@dataclass(kw_only=True)
class Edit:
    """What is changed in one row when it is written.

    Attributes
    ----------
    cells : dict of str to str
        Text by column name.
    more_fields : int
        Fields added at the end; -1 leaves the last one out.
    is_after_blank : bool
        Whether a record of blanks stands before it.
    """

    cells: dict[str, str] = field(default_factory=dict)
    more_fields: int = 0
    is_after_blank: bool = False


Edits = Mapping[int, Edit]
_ODD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("03.csv", "text", {"encoding": "utf-8-sig", "newline": "\r\n"}),
    ("04.csv", "text", {"encoding": "utf-8"}),
    ("05.txt", "text", {"encoding": "utf-16", "separator": "\t", "newline": "\r\n"}),
    ("06.txt", "text", {"encoding": "gb18030", "separator": "\t"}),
    ("07.xls", "html", {}),
    ("08.xls", "text", {"encoding": "gb18030", "separator": "\t", "newline": "\r\n"}),
    ("09.xlsx#数据1", "sheet", {}),
    ("09.xlsx#数据2", "sheet", {}),
    ("10.zip#{}_10a.csv", "text", {"encoding": "gb18030", "newline": "\r\n"}),
    ("10.zip#{}_10b.txt", "text", {"encoding": "utf-16", "separator": "\t"}),
)


def plan(extract: Extract, encoding: str, seed: int) -> list[Part]:
    """Divide a table among files of every kind that the exporting system writes.

    Parameters
    ----------
    extract : Extract
        The table.
    encoding : str
        Of the files with most of the rows: gb18030, utf-8 or utf-8-sig.
    seed : int
        Decides the order of the columns.

    Returns
    -------
    list of Part
        In order of rows; none is empty.
    """
    count = len(extract.frame)
    odd = min(-(-count // 20), _MOST_ROWS_ODD)
    usual = max(count - odd * len(_ODD), min(count, 2))
    stops = [*range(usual, count, odd), count] if count > usual else [usual]
    files = max(2, -(-usual * len(extract.columns) // _MOST_CELLS))
    bounds = np.linspace(0, usual, files + 1).astype(int).tolist()
    numbers = ["01", "02", *(f"{number}" for number in range(11, 9 + files))]
    kinds = [(f"{n}.csv", "text", {"encoding": encoding}) for n in numbers]
    kinds[1][2]["newline"] = "\r\n"
    bounds += stops[1:]
    parts = []
    for place, (ending, kind, options) in enumerate([*kinds, *_ODD][: len(bounds) - 1]):
        rng = stream(seed, "sg186", extract.name, ending)
        name = f"{extract.name}_{ending.format(extract.name)}"
        parts.append(
            Part(
                extract=extract,
                file=name,
                start=bounds[place],
                stop=bounds[place + 1],
                header=_header(extract, rng, is_mixed=place % 3 == 1),
                has_labels=place % 2 == 0,
                kind=kind,
                **options,
            )
        )
    return [part for part in parts if part.stop > part.start]


def _header(
    extract: Extract, rng: np.random.Generator, *, is_mixed: bool
) -> tuple[Column | None, ...]:
    if not is_mixed:
        return extract.columns
    columns: list[Column | None] = [*extract.columns, None]
    return tuple(columns[place] for place in rng.permutation(len(columns)))


def write(parts: Sequence[Part], edits: Mapping[str, Edits]) -> tuple[bytes, dict[str, list[int]]]:
    """Write the parts that stand in one file.

    Parameters
    ----------
    parts : sequence of Part
        All of one file: sheets, members of an archive, or one alone.
    edits : mapping of str to mapping of int to Edit
        What is changed, by table and row.

    Returns
    -------
    bytes
        Content of the file.
    dict of str to list of int
        By `Part.file`, the line of each of its rows.
    """
    first = parts[0]
    if first.kind == "sheet":
        return _workbook(parts, edits)
    made = {part.file: _WRITERS[part.kind](part, edits[part.extract.name]) for part in parts}
    lines = {file: places for file, (_, places) in made.items()}
    if "#" not in first.file:
        return made[first.file][0], lines
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, (content, _) in made.items():
            archive.writestr(zipfile.ZipInfo(file.partition("#")[2], _EPOCH), content)
    return packed.getvalue(), lines


def by_file(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Return parts by the name of their file in the folder."""
    return {
        name: list(group)
        for name, group in groupby(parts, key=lambda part: part.file.partition("#")[0])
    }


def _cells(part: Part, edits: Edits) -> list[list[str]]:
    """Return the cells of a part column by column, edited."""
    columns = []
    for column in part.header:
        texts = [""] * (part.stop - part.start)
        if column is not None:
            texts = part.extract.texts(column, part.start, part.stop)
            for row, edit in edits.items():
                texts[row - part.start] = edit.cells.get(column.name, texts[row - part.start])
        columns.append(texts)
    return columns


def _own(part: Part, edits: Edits) -> dict[int, Edit]:
    return {row: edit for row, edit in edits.items() if part.start <= row < part.stop}


def _text(part: Part, edits: Edits) -> tuple[bytes, list[int]]:
    own = _own(part, edits)
    columns = _cells(part, own)
    free = [place for place, c in enumerate(part.header) if c is not None and c.form == "text"]
    for place in free:
        columns[place] = [_quoted(cell, part.separator) for cell in columns[place]]
    records = list(map(part.separator.join, zip(*columns, strict=True)))
    for row, edit in own.items():
        cells = [column[row - part.start] for column in columns]
        cells = [c if i in free else _quoted(c, part.separator) for i, c in enumerate(cells)]
        cells = cells[: edit.more_fields] if edit.more_fields < 0 else cells
        record = part.separator.join([*cells, *[""] * edit.more_fields])
        records[row - part.start] = part.newline * edit.is_after_blank + record
    breaks = np.array([record.count("\n") for record in records])
    before = np.array([own[row].is_after_blank if row in own else 0 for row in _rows(part)])
    lines = 2 + np.cumsum(breaks + 1) - (breaks + 1) + before
    text = part.newline.join([part.separator.join(part.titles()), *records, ""])
    return _encoded(text, part.encoding), lines.tolist()


def _rows(part: Part) -> range:
    return range(part.start, part.stop)


def _quoted(cell: str, separator: str) -> str:
    # A quote inside an unquoted cell is an ordinary character.
    if cell.startswith('"') or separator in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _encoded(text: str, encoding: str) -> bytes:
    mark = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}.get(encoding, b"")
    codec = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    # Half of a surrogate pair, and a byte that begins no character.
    broken = b"\x80\xdc" if encoding == "utf-16" else b"\xff"
    return mark + broken.join(piece.encode(codec) for piece in text.split(UNDECODABLE))


def _html(part: Part, edits: Edits) -> tuple[bytes, list[int]]:
    own = _own(part, edits)
    width = len(part.header)
    rows = [f'<tr><td colspan="{width}">{part.extract.name} 导出</td></tr>']
    rows.append("<tr>" + "".join(f"<th> {title} </th>" for title in part.titles()) + "</tr>")
    lines = []
    for row, cells in zip(_rows(part), zip(*_cells(part, own), strict=True), strict=True):
        if row in own and own[row].is_after_blank:
            rows.append("<tr>" + "<td>&nbsp;</td>" * width + "</tr>")
        rows.append("<tr>" + "".join(f"<td>{_marked(cell)}</td>" for cell in cells) + "</tr>")
        lines.append(len(rows))
    rows.append("<tr><td>合计</td>" + "<td></td>" * (width - 1) + "</tr>")
    # The page names another encoding than it has, as the original does.
    head = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312">'
    page = [f"{head}</head><body><table border=1>", *rows, "</table></body></html>", ""]
    return _encoded("\r\n".join(page), "gb18030"), lines


def _marked(cell: str) -> str:
    return escape(cell, quote=False).replace("\n", "<br>")


_WRITERS = {"text": _text, "html": _html}


def _workbook(
    parts: Sequence[Part], edits: Mapping[str, Edits]
) -> tuple[bytes, dict[str, list[int]]]:
    packed, lines = io.BytesIO(), {}
    book = xlsxwriter.Workbook(packed, {"in_memory": True})
    book.set_properties({"created": datetime(*_EPOCH)})
    formats = {form: book.add_format({"num_format": f}) for form, f in _DATE_FORMATS.items()}
    for part in parts:
        sheet = book.add_worksheet(part.file.partition("#")[2])
        lines[part.file] = _sheet(sheet, formats, part, edits[part.extract.name])
    book.add_worksheet("说明").write_string(0, 0, "由系统导出，仅供内部使用")
    book.close()
    return packed.getvalue(), lines


def _sheet(
    sheet: "xlsxwriter.worksheet.Worksheet",
    formats: Mapping[str, object],
    part: Part,
    edits: Edits,
) -> list[int]:
    """Fill a sheet and return the row of each record; two records of three have real values."""
    own = _own(part, edits)
    sheet.write_string(0, 0, f"{part.extract.name} 导出")
    for place, title in enumerate(part.titles()):
        sheet.write_string(1, place, title)
    line, lines = 1, []
    for row, cells in zip(_rows(part), zip(*_cells(part, own), strict=True), strict=True):
        edit = own.get(row, Edit())
        line += 1 + edit.is_after_blank
        lines.append(line + 1)
        for place, (column, cell) in enumerate(zip(part.header, cells, strict=True)):
            is_text = column is None or column.name in edit.cells or row % 3 == 0
            form = "text" if column is None or is_text else column.form
            _write_cell(sheet, (line, place), cell, form, formats)
    sheet.write_string(line + 1, 0, "合计")
    return lines


def _write_cell(
    sheet: "xlsxwriter.worksheet.Worksheet",
    place: tuple[int, int],
    cell: str,
    form: str,
    formats: Mapping[str, object],
) -> None:
    if not cell:
        return
    if form in formats:
        sheet.write_datetime(*place, datetime.fromisoformat(cell), formats[form])
    elif form in {"number", "month"}:
        sheet.write_number(*place, float(cell))
    else:
        sheet.write_string(*place, cell)
