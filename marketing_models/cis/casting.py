"""CIS · casting: records of text to rows of the dictionary, and why a cell cannot be one."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from marketing_models import schemas, units
from marketing_models.cis.mapping import Rule, Source, kind, unpivoted
from marketing_models.cis.reading import Records

# Reason of a fault and what the sender of the file can do.
REMEDIES = {
    "field_count": "more or fewer fields than the header; quote fields that hold the separator",
    "missing_value": "the cell must not be empty; fill it in",
    "bad_id": "not an identifier of this source; copy it from the source as text",
    "bad_code": "not in the list of codes; correct it, or add it to the mapping",
    "bad_number": "not a number as the mapping declares it; write digits and a decimal point",
    "bad_date": "not a date of the calendar as the mapping declares it; correct it",
    "out_of_range": "outside the range that the mapping declares; check value and unit",
    "duplicate_key": "the key was accepted before in this delivery; take one of the two out",
}
# Larger numbers are not exact as float64, through which all of them go.
_LARGEST = 2.0**53
_PART_RANGES = {
    "year": (1, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
}
_NO_FAULTS = pd.DataFrame({"record": [], "column": [], "reason_code": [], "cell": []}, dtype=object)


class CellError(ValueError):
    """A cell that cannot be read.

    Attributes
    ----------
    reason_code : str
        Which rule it broke.
    """

    def __init__(self, reason_code: str) -> None:
        self.reason_code = reason_code
        super().__init__(reason_code)


@dataclass(frozen=True, eq=False)
class Cast:
    """What became of the records of a file.

    Attributes
    ----------
    rows : DataFrame
        Columns of the dictionary that the mapping fills, and ``record``, the position of the
        record that a row comes from. Only records without a fault.
    faults : DataFrame
        Columns ``record, column, reason_code, cell``, one row a faulty cell.
    kept : ndarray of int
        Positions of the records that are data: all but those that the mapping drops.
    """

    rows: pd.DataFrame
    faults: pd.DataFrame
    kept: np.ndarray


@dataclass(frozen=True, eq=False)
class _Grid:
    """Trimmed cells of a file by column, one a row to be; labels where its name varies by row."""

    record: np.ndarray
    texts: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]


def cast(
    source: Source, header: Sequence[str], records: Records, known_units: Collection[str]
) -> Cast:
    """Read every cell of a file by the rules of its mapping.

    Parameters
    ----------
    source : Source
        The kind of file.
    header : sequence of str
        Columns in the order of the file.
    records : Records
        Untouched text.
    known_units : collection of str
        Units that a row may belong to.

    Returns
    -------
    Cast
        Rows of sound records, faults of the others.
    """
    grid, kept = _grid(source, list(header), records)
    rows: dict[str, Any] = {"record": grid.record}
    faults = [_NO_FAULTS]
    absent = np.zeros(len(grid.record), dtype=bool)
    for column, rule in source.rules.items():
        if "from" in rule:
            parse = _parser(source.table, column, rule, known_units)
            rows[column], found = _read(grid, rule["from"], parse, rule.get("empty", "error"))
            faults.append(found)
            if rule.get("empty") == "no_row":
                absent |= grid.texts[rule["from"]] == ""
        elif "time" in rule:
            rows[column], found = _composed(grid, rule["time"])
            faults.append(found)
        elif "value" in rule:
            rows[column] = rule["value"]
    table = pd.DataFrame(rows | _known_later(source, rows))
    ordered = _in_order(pd.concat(faults), header)
    sound = ~table["record"].isin(ordered["record"]).to_numpy()
    return Cast(table[sound & ~absent].reset_index(drop=True), ordered, kept)


def key_column(source: Source) -> str:
    """Return the column of the file that feeds the first key column which a cell feeds."""
    for key in schemas.keys(source.table):
        rule = source.rules.get(key, {})
        if "from" in rule or "time" in rule:
            return str(rule.get("from") or rule["time"]["day"])
    return ""


def _grid(source: Source, header: list[str], records: Records) -> tuple[_Grid, np.ndarray]:
    wide = {
        column: np.array([cells[place].strip() for cells in records.cells], dtype=object)
        for place, column in enumerate(header)
        if column in source.header
    }
    is_dropped = np.zeros(len(records.cells), dtype=bool)
    for column, texts in source.drop.items():
        is_dropped |= np.isin(wide[column], texts)
    kept = np.flatnonzero(~is_dropped)
    wide = {column: texts[kept] for column, texts in wide.items()}
    if source.unpivot is None:
        return _Grid(kept, wide, {}), kept
    names, cell, part = unpivoted(source.unpivot), source.unpivot["cell"], source.unpivot["part"]
    labels = np.tile(np.array(names, dtype=object), len(kept))
    long = {c: texts.repeat(len(names)) for c, texts in wide.items() if c not in names}
    long[cell] = np.column_stack([wide[name] for name in names]).ravel()
    numbers = [str(part["first"] + part["step"] * turn) for turn in range(len(names))]
    long[part["name"]] = np.tile(np.array(numbers, dtype=object), len(kept))
    grid = _Grid(kept.repeat(len(names)), long, {cell: labels, part["name"]: labels})
    return grid, kept


def _read(
    grid: _Grid, column: str, parse: Callable[[str], Any], empty: str
) -> tuple[pd.Series, pd.DataFrame]:
    # A text is understood once, however often it stands in the file.
    codes, texts = pd.factorize(grid.texts[column])
    outcomes = [_outcome(parse, empty, text) for text in texts]
    values = pd.Series([value for value, _ in outcomes]).take(codes).reset_index(drop=True)
    reasons = np.array([reason for _, reason in outcomes], dtype=object)[codes]
    return values, _faults(grid, column, reasons != "", reasons)


def _faults(grid: _Grid, column: str, wrong: np.ndarray, reasons: Any) -> pd.DataFrame:
    labels = grid.labels.get(column, np.full(len(wrong), column, dtype=object))
    reasons = np.broadcast_to(np.asarray(reasons, dtype=object), len(wrong))
    found = {"record": grid.record, "column": labels, "reason_code": reasons}
    found["cell"] = grid.texts[column]
    return pd.DataFrame({name: values[wrong] for name, values in found.items()}, dtype=object)


def _outcome(parse: Callable[[str], Any], empty: str, text: str) -> tuple[Any, str]:
    if not text:
        return None, "missing_value" if empty == "error" else ""
    try:
        return parse(text), ""
    except CellError as error:
        return None, error.reason_code


def _in_order(faults: pd.DataFrame, header: Sequence[str]) -> pd.DataFrame:
    """Return each faulty cell once, in the order in which one reads the file."""
    place = faults["column"].map({column: place for place, column in enumerate(header)})
    ordered = faults.assign(place=place).sort_values(["record", "place"], kind="stable")
    return ordered.drop(columns="place").drop_duplicates(["record", "column"], ignore_index=True)


def _composed(grid: _Grid, parts: Mapping[str, str]) -> tuple[pd.Series, pd.DataFrame]:
    """Return moments put together from columns of their parts, and the cells that forbid it."""
    # What cannot be read counts as the first; of years a leap year, so that no day is blamed.
    number: dict[str, Any] = {"year": 2000, "month": 1, "day": 1, "hour": 0, "minute": 0}
    faults = []
    for part, column in parts.items():
        values, found = _read(grid, column, partial(_whole, *_PART_RANGES[part]), "error")
        number[part] = values.astype("float64").fillna(number[part]).to_numpy(dtype=np.int64)
        faults.append(found)
    months = np.asarray((number["year"] - 1970) * 12 + number["month"] - 1)
    month = months.astype("datetime64[M]")
    day = month.astype("datetime64[D]") + (number["day"] - 1)
    faults.append(_faults(grid, parts["day"], day.astype("datetime64[M]") != month, "bad_date"))
    minutes = np.asarray(number["hour"] * 60 + number["minute"]).astype("timedelta64[m]")
    return pd.Series((day + minutes).astype("datetime64[us]")), pd.concat(faults)


def _known_later(source: Source, rows: Mapping[str, Any]) -> dict[str, pd.Series]:
    return {
        column: pd.to_datetime(rows["period_start"])
        + pd.Timedelta(hours=rule["period_hours"] + rule["delay_hours"])
        for column, rule in source.rules.items()
        if "period_hours" in rule
    }


def _parser(
    table: str, column: str, rule: Rule, known_units: Collection[str]
) -> Callable[[str], Any]:
    meaning, reads = schemas.columns(table).loc[column], kind(table, column)
    if reads == "moment":
        return partial(_moment, rule["format"])
    if reads == "text":
        known = known_units if "fk:org_unit" in meaning["key"] else None
        return partial(_text, rule, known)
    scale, offset = units.conversion(rule.get("unit", str(meaning["unit"])), str(meaning["unit"]))
    return partial(_number, rule, scale, offset, str(meaning["type"]).startswith("int"))


def _number(rule: Rule, scale: float, offset: float, is_whole: bool, text: str) -> float:
    mark = re.escape(rule.get("thousands", ""))
    if mark and re.fullmatch(rf"-?[0-9]{{1,3}}({mark}[0-9]{{3}})+(\.[0-9]+)?", text):
        text = text.replace(rule["thousands"], "")
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise CellError("bad_number")
    printed = float(text)
    value = printed * scale + offset
    limits = rule.get("minimum", -_LARGEST), rule.get("maximum", _LARGEST)
    if not limits[0] <= printed <= limits[1] or abs(value) > _LARGEST:
        raise CellError("out_of_range")
    if not is_whole:
        return value
    # Conversion leaves noise: 1.001 MW is 1000.9999999999999 kW.
    if "round" not in rule and abs(value - round(value)) > 1e-9 * max(1.0, abs(value)):
        raise CellError("bad_number")
    return round(value)


def _whole(least: int, most: int, text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not least <= int(text) <= most:
        raise CellError("bad_date")
    return int(text)


def _moment(written: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, written)
    except ValueError:
        raise CellError("bad_date") from None


def _text(rule: Rule, known: Collection[str] | None, text: str) -> Any:
    if "pattern" in rule and not re.fullmatch(rule["pattern"], text):
        raise CellError("bad_id")
    value: Any = text
    if "codes" in rule:
        value = rule["codes"].get(text)
    elif "template" in rule:
        value = _filled(rule["template"], text)
    if value is None or (known is not None and value not in known):
        raise CellError("bad_code")
    return value


def _filled(template: str, text: str) -> str:
    if "{number" not in template:
        return template.format(text=text)
    if not re.fullmatch("[0-9]{1,18}", text):
        raise CellError("bad_id")
    return template.format(number=int(text), text=text)
