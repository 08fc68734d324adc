"""How a cell of an export goes wrong, and the odd spellings of it that a reader must accept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marketing_models.synthetic.exports_columns import Column
from marketing_models.synthetic.exports_files import UNDECODABLE

_BLANKS = (" ", "\t", "\u00a0", "\u3000", "\n", " \u3000")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell that is to be changed: what it is and what stands in it."""

    column: Column
    text: str
    rng: np.random.Generator
    outside: tuple[str, ...]


Maker = Callable[[Cell], str | None]


def _one(cell: Cell, *choices: str) -> str:
    return choices[int(cell.rng.integers(len(choices)))]


def _missing(cell: Cell) -> str | None:
    return _one(cell, "", "\u3000", *([] if cell.column.form == "text" else ['=""', "'"]))


def _undecodable(cell: Cell) -> str | None:
    place = int(cell.rng.integers(len(cell.text) + 1))
    return cell.text[:place] + UNDECODABLE + cell.text[place:]


def _bad_identifier(cell: Cell) -> str | None:
    if not cell.text:
        return None
    text, scientific = cell.text, f"{float(cell.text):.5E}"
    short = text[1:] if text.startswith("0") else text[:-1]
    return _one(cell, short, text + "0", text[:-1] + "O", scientific, text[:4] + " " + text[4:])


def _bad_code(cell: Cell) -> str | None:
    if cell.column.form == "unit":
        return _one(cell, "989901", cell.text[:5], cell.text + "1")
    if cell.column.form == "trade":
        return _one(cell, "9910", "0010", cell.text[:3], "C" + cell.text[:3])
    known = cell.column.codes.values()
    return _one(cell, *(code for code in ("9", "99", "1", "010") if code not in known))


def _bad_number(cell: Cell) -> str | None:
    text = cell.text or "7.00"
    return _one(cell, text[:-1] + "O", text + ".1", "12,34", "1.2E+03", "--", f"{text}元", ",123")


def _bad_date(cell: Cell) -> str | None:
    year = cell.text[:4] or "2025"
    if cell.column.form == "month":
        return _one(cell, f"{year}13", f"{year}00", f"{year}1")
    if cell.column.form == "date":
        return _one(cell, f"{year}-02-30", f"{year}-13-01", f"{year}0431", f"{year}/2/30", "昨天")
    return _one(cell, f"{year}-02-30 08:00:00", f"{year}-03-05 25:00:00", f"{year}年", "下午")


def _out_of_range(cell: Cell) -> str | None:
    if cell.column.form in _EARLY_LATE:
        return _one(cell, *_EARLY_LATE[cell.column.form])
    low, high = cell.column.low, cell.column.high
    return _one(cell, f"{low - 0.01:.2f}", f"{low - 20:.2f}", f"{high + 0.01:.2f}")


_EARLY_LATE = {
    "date": ("1949-09-30", "2027-01-01", "1900-01-01"),
    "month": ("194901", "202701"),
    "moment": ("1949-09-30 23:59:59", "2027-01-01 00:00:00"),
}


def _out_of_unit(cell: Cell) -> str | None:
    # The unit that took a payment may be any.
    is_owner = cell.column.label == "供电单位"
    return _one(cell, *cell.outside) if cell.outside and is_owner else None


def _blanks(cell: Cell) -> str | None:
    before, after = _one(cell, *_BLANKS), _one(cell, *_BLANKS)
    return before + cell.text + after


def _yen(cell: Cell) -> str | None:
    return _one(cell, "¥", "￥") + cell.text


def _thousands(cell: Cell) -> str | None:
    is_long = abs(float(cell.text)) >= 1000
    return f"{float(cell.text):,.{cell.column.decimals}f}" if is_long else None


def _date_spelling(cell: Cell) -> str | None:
    day, _, rest = cell.text.partition(" ")
    year, month, number = day.split("-")
    spellings = [
        f"{year}/{int(month)}/{int(number)}",
        f"{year}/{month}/{number}",
        f"{year}年{int(month)}月{int(number)}日",
        *([] if rest else [f"{year}{month}{number}"]),
    ]
    return f"{_one(cell, *spellings)} {rest}".rstrip()


def _combined(cell: Cell) -> str | None:
    inner = {"number": _thousands, "date": _date_spelling, "moment": _date_spelling}
    spelling = inner[cell.column.form](cell) if cell.column.form in inner else None
    return f'\u3000="\'{(spelling or cell.text).translate(_FULL_WIDTH)}\u3000"\t'


ERRORS: dict[str, Maker] = {
    "bad_encoding": _undecodable,
    "missing_value": _missing,
    "bad_id": _bad_identifier,
    "bad_code": _bad_code,
    "bad_number": _bad_number,
    "bad_date": _bad_date,
    "out_of_range": _out_of_range,
    "out_of_unit": _out_of_unit,
}
REPAIRS: dict[str, Maker] = {
    "blanks": _blanks,
    "wrapped": lambda cell: f'="{cell.text}"',
    "apostrophe": lambda cell: f"'{cell.text}",
    "full_width": lambda cell: cell.text.translate(_FULL_WIDTH),
    "yen": _yen,
    "thousands": _thousands,
    "date_spelling": _date_spelling,
    "combined": _combined,
}
_BOUND = {"identifier", "code", "unit", "trade", "number", "date", "month", "moment"}
# Forms of the columns in which a kind makes sense; the others do in all.
FORMS = {
    "bad_id": {"identifier"},
    "bad_code": {"code", "unit", "trade"},
    "bad_number": {"number"},
    "bad_date": {"date", "month", "moment"},
    "out_of_range": {"number", "date", "month", "moment"},
    "out_of_unit": {"unit"},
    # Free text stays as it is written.
    "wrapped": _BOUND,
    "apostrophe": _BOUND,
    "full_width": _BOUND,
    "combined": _BOUND,
    "yen": {"number"},
    "thousands": {"number"},
    "date_spelling": {"date", "moment"},
}
