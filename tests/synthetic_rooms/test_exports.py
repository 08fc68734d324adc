"""Chinese exports, held against a small reader that was written from the contract of the files.

The reader shares nothing with the writer: headers, codes, ranges, repairs and reasons are stated
here once more.
"""

import csv
import io
import re
import zipfile
from datetime import datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from marketing_models import schemas
from marketing_models.synthetic import exports, exports_tables

UNIT = ["990101", "990102"]
CITY, OTHERS = ("990101", "990102", "990103"), ("990201", "990202")

# ---------------------------------------------------------------- reader: tables and rules
SPEC = {
    "C_CONS": {
        "CONS_NO": ("户号", "id10"),
        "CONS_NAME": ("用户名称", "text"),
        "ORG_NO": ("供电单位", "unit"),
        "ELEC_TYPE_CODE": ("用电类别", "code 100 200 400 500"),
        "TRADE_CODE": ("行业分类", "trade"),
        "CONTRACT_CAP": ("合同容量", "number 0 1e6"),
        "STATUS_CODE": ("用户状态", "code 0 1 2"),
        "BUILD_DATE": ("立户日期", "date"),
    },
    "ARC_A_RCVBL_FLOW": {
        "RCVBL_AMT_ID": ("应收标识", "id16"),
        "CONS_NO": ("户号", "id10"),
        "ORG_NO": ("供电单位", "unit"),
        "RCVBL_YM": ("电费年月", "month"),
        "T_PQ": ("总电量", "number 0 1e9"),
        "RCVBL_AMT": ("应收金额", "number -1e9 1e9"),
        "RCVED_AMT": ("实收金额", "number 0 1e9"),
        "RCVBL_PENALTY": ("应收违约金", "number 0 1e9"),
        "STATUS_CODE": ("结清标志", "code 01 02 03"),
        "RELEASE_DATE": ("发行日期", "date"),
    },
    "A_PAY_FLOW": {
        "PAY_ID": ("收费标识", "id16"),
        "CONS_NO": ("户号", "id10"),
        "ORG_NO": ("收费单位", "any_unit"),
        "PAY_AMT": ("收费金额", "number 0.01 1e9"),
        "PAY_TIME": ("收费时间", "stamp"),
        "PAY_MODE": ("缴费方式", "code 01 02 03 04 05 06"),
    },
    "ARC_S_95598_WKST": {
        "APP_NO": ("工单编号", "id14"),
        "BUSI_TYPE_CODE": ("业务类型", "code 001 002 003 004 005 006 007 008 009"),
        "ORG_NO": ("供电单位", "unit"),
        "CUST_NO": ("户号", "id10 optional"),
        "HANDLE_TIME": ("受理时间", "stamp"),
        "FINISH_TIME": ("办结时间", "stamp optional"),
        "ACCEPT_CONTENT": ("受理内容", "text"),
    },
    "E_MP_POWER_CURVE": {
        "CONS_NO": ("户号", "id10"),
        "DATA_DATE": ("数据日期", "date"),
        "DATA_TYPE": ("数据类型", "code 1 2"),
        **{f"P{i}": (f"P{i}", "number 0 1e6 optional") for i in range(1, 97)},
    },
}
KEYS = {table: [next(iter(columns))] for table, columns in SPEC.items()}
KEYS["E_MP_POWER_CURVE"] = ["CONS_NO", "DATA_DATE", "DATA_TYPE"]
ORDER = {"RELEASE_DATE": "RCVBL_YM", "FINISH_TIME": "HANDLE_TIME"}
BLANK = " \t\u00a0\u3000\r\n"
BROKEN = "\ufffd"


def header_of(cells):
    """The table of a header and the SG186 name of each column, or nothing."""
    cells = [cell.strip(BLANK) for cell in cells]
    for table, columns in SPEC.items():
        names = {name: name for name in columns} | {c[0]: name for name, c in columns.items()}
        found = [names.get(cell) for cell in cells]
        if set(columns) <= set(found):
            return table, found
    return None


# ---------------------------------------------------------------- reader: kinds of files
def records(name, content):
    """Yield (file, is_text, rows as (line, cells)) for every file, member and sheet."""
    suffix = name.rsplit(".", 1)[1]
    if suffix == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                for _, *rest in records(member, archive.read(member)):
                    yield (f"{name}#{member}", *rest)
    elif suffix == "xlsx":
        for sheet, rows in sheets(content):
            yield f"{name}#{sheet}", False, rows
    elif suffix == "xls" and b"<table" in content[:2000].lower():
        page = Page()
        page.feed(content.decode("gb18030", errors="replace"))
        yield name, False, list(enumerate(page.rows, start=1))
    else:
        text = decoded(content, "," if suffix == "csv" else "\t")
        yield name, True, list(lines_of(text, "," if suffix == "csv" else "\t"))


def decoded(content, separator):
    if content[:2] == b"\xff\xfe":
        return content[2:].decode("utf-16-le", errors="replace")
    if content[:3] == b"\xef\xbb\xbf":
        return content[3:].decode("utf-8", errors="replace")
    texts = [content.decode(codec, errors="replace") for codec in ("utf-8", "gb18030")]
    texts = [
        t for t in texts if header_of(next(csv.reader([t.split("\n")[0]], delimiter=separator)))
    ]
    return min(texts, key=lambda t: sum(BROKEN in line for line in t.split("\n")))


def lines_of(text, separator):
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1
    for record in reader:
        yield line, record
        line = reader.line_num + 1


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        elif tag == "br":
            self.rows[-1][-1] += "\n"

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag):
        if tag == "table":
            self.handle_data = lambda data: None


def sheets(content):
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(content)) as book:

        def tree(path):
            return ElementTree.fromstring(book.read(f"xl/{path}"))  # noqa: S314

        shared = [
            "".join(t.text or "" for t in item.iter(f"{main}t"))
            for item in tree("sharedStrings.xml").iter(f"{main}si")
        ]
        styles = tree("styles.xml")
        dates = {n.get("numFmtId"): n.get("formatCode") for n in styles.iter(f"{main}numFmt")}
        kinds = [
            dates.get(xf.get("numFmtId"))
            for xf in next(styles.iter(f"{main}cellXfs")).iter(f"{main}xf")
        ]
        names = [sheet.get("name") for sheet in tree("workbook.xml").iter(f"{main}sheet")]
        for number, name in enumerate(names, start=1):
            rows = []
            for row in tree(f"worksheets/sheet{number}.xml").iter(f"{main}row"):
                cells = {}
                for cell in row.iter(f"{main}c"):
                    value = cell.find(f"{main}v")
                    if value is not None:
                        text = value.text
                        if cell.get("t") == "s":
                            text = shared[int(text)]
                        elif kinds[int(cell.get("s", 0))]:
                            text = moment(float(text), kinds[int(cell.get("s", 0))])
                        cells[place(cell.get("r"))] = text
                width = max(cells, default=-1) + 1
                rows.append((int(row.get("r")), [cells.get(i, "") for i in range(width)]))
            yield name, rows


def place(reference):
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:
        number = 26 * number + ord(letter) - 64
    return number - 1


def moment(serial, form):
    seconds = round(serial * 86400)
    stamp = datetime(1899, 12, 30) + timedelta(seconds=seconds)
    return stamp.strftime("%Y-%m-%d %H:%M:%S" if "hh" in form else "%Y-%m-%d")


# ---------------------------------------------------------------- reader: repairs and reasons
def repaired(cell, form):
    cell = cell.strip(BLANK)
    if form == "text":
        return cell
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        cell = cell[2:-1]
    cell = cell.removeprefix("'")
    cell = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in cell)
    cell = cell.strip(BLANK)
    if form == "number":
        cell = cell[1:] if cell[:1] in "¥￥" else cell
        if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", cell):
            cell = cell.replace(",", "")
    if form in {"date", "stamp"}:
        day = r"(\d{4})/(\d{1,2})/(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日"
        day += r"|(\d{4})(\d{2})(\d{2})$" if form == "date" else ""
        found = re.match(day, cell)
        if found:
            year, month, number = (part for part in found.groups() if part)
            cell = f"{year}-{int(month):02d}-{int(number):02d}{cell[found.end() :]}"
    return cell


def fault(raw, cell, form, rest):
    if BROKEN in raw:
        return "bad_encoding"
    if not cell:
        return "" if "optional" in rest else "missing_value"
    return CHECKS[form.rstrip("0123456789")](cell, form, rest)


def known(cell):
    return cell in CITY + OTHERS


def unit(cell, form, rest):
    return "bad_code" if not known(cell) else "out_of_unit" if cell in OTHERS else ""


def number(cell, form, rest):
    if not re.fullmatch(r"-?\d+(\.\d+)?", cell, re.ASCII):
        return "bad_number"
    return "" if float(rest[0]) <= float(cell) <= float(rest[1]) else "out_of_range"


def stamp(cell, form, rest):
    shapes = {"date": "%Y-%m-%d", "stamp": "%Y-%m-%d %H:%M:%S", "month": "%Y%m"}
    length = {"date": 10, "stamp": 19, "month": 6}[form]
    try:
        found = datetime.strptime(cell, shapes[form])
    except ValueError:
        return "bad_date"
    if len(cell) != length:
        return "bad_date"
    inside = datetime(1949, 10, 1) <= found < datetime(2027, 1, 1)
    return "" if inside else "out_of_range"


CHECKS = {
    "id": lambda c, form, _: "" if re.fullmatch(rf"[0-9]{{{form[2:]}}}", c) else "bad_id",
    "text": lambda c, form, rest: "",
    "unit": unit,
    "any_unit": lambda c, form, rest: "" if known(c) else "bad_code",
    "code": lambda c, form, rest: "" if c in rest else "bad_code",
    "trade": lambda c, form, _: (
        "" if re.fullmatch(r"(0[1-9]|[1-8][0-9]|9[0-7])[0-9]{2}", c) else "bad_code"
    ),
    "number": number,
    "date": stamp,
    "stamp": stamp,
    "month": stamp,
}


def data_rows(files):
    """Yield (file, is_text, line, header cells, cells) of every record."""
    for name, content in files.items():
        for file, is_text, rows in records(name, content):
            titles = None
            for line, cells in rows:
                is_blank = not any(cell.strip(BLANK) for cell in cells)
                is_total = not is_text and cells[:1] == ["合计"]
                if titles is None:
                    titles = header_of(cells) and cells
                elif not is_blank and not is_total:
                    yield file, is_text, line, titles, cells


def read(files):
    """Return faults, accepted rows (file, line, table, values) and the count of records."""
    faults, candidates, places = [], [], set()
    for file, is_text, line, titles, record in data_rows(files):
        places.add((file, line))
        if is_text and len(record) != len(titles):
            faults.append((file, line, "", "field_count"))
            continue
        table, names = header_of(titles)
        cells = record + [""] * (len(titles) - len(record))
        faulty, values = row_faults(table, titles, names, cells)
        faults += [(file, line, title.strip(BLANK), reason) for title, reason in faulty]
        if not faulty:
            key_title = titles[names.index(KEYS[table][0])].strip(BLANK)
            candidates.append((file.encode(), line, file, table, values, key_title))
    accepted, seen = [], set()
    for _, line, file, table, values, title in sorted(candidates, key=lambda c: c[:2]):
        key = (table, *(values[name] for name in KEYS[table]))
        if key in seen:
            faults.append((file, line, title, "duplicate_key"))
        else:
            accepted.append((file, line, table, values))
        seen.add(key)
    return sorted(faults), accepted, len(places)


def row_faults(table, titles, names, cells):
    faulty, values, sound = [], {}, set()
    for title, name, raw in zip(titles, names, cells, strict=True):
        if name is None:
            continue
        form, *rest = SPEC[table][name][1].split()
        values[name] = repaired(raw, form)
        reason = fault(raw, values[name], form, rest)
        faulty += [(title, reason)] if reason else []
        sound |= set() if reason or not values[name] else {name}
    for later, earlier in ORDER.items():
        if {later, earlier} <= sound:
            first = values[earlier]
            first = f"{first[:4]}-{first[4:]}-01" if len(first) == 6 else first
            if values[later] < first:
                faulty.append((titles[names.index(later)], "bad_order"))
    return faulty, values


# ---------------------------------------------------------------- tables by hand
def made(points=400, bills=900, seed=3):
    rng = np.random.default_rng(seed)
    ids = np.array([f"SP{i:05d}" for i in range(points)])
    county = np.where(np.arange(points) % 3, UNIT[0], UNIT[1])
    start = pd.Timestamp("2020-01-01")
    point = pd.DataFrame(
        {
            "supply_point_id": ids,
            "account_id": [f"A{i:05d}" for i in range(points)],
            "county_id": county,
            "tariff_class_code": rng.choice(
                ["residential", "agricultural", "industrial_commercial"], points
            ),
            "industry_code": rng.choice(["C17", "F51", None], points),
            "contract_capacity_kva": np.round(rng.lognormal(4, 2, points), 1),
            "status_code": rng.choice(["active", "suspended", "closed"], points),
            "connected_date": start - pd.to_timedelta(rng.integers(1, 9000, points), "D"),
            "represented_count": 1,
            "valid_from": start,
        }
    )
    person = pd.DataFrame(
        {
            "party_id": [f"P{i}" for i in range(points // 2)],
            "supply_point_id": ids[: points // 2],
            "county_id": county[: points // 2],
            "personal_name": rng.choice(["张镕", '"大"伟,商店', "李㐂", "𠮷祥\n公司"], points // 2),
            "printed_number": [f"{i:010d}" for i in range(1, points // 2 + 1)],
            "valid_from": start,
        }
    )
    who = rng.integers(0, points, bills)
    month = pd.Timestamp("2025-01-01") + np.array(
        [pd.DateOffset(months=i % 12) for i in range(bills)]
    )
    bill = pd.DataFrame(
        {
            "bill_id": [f"B{i:06d}" for i in range(bills)],
            "supply_point_id": ids[who],
            "account_id": point["account_id"].to_numpy()[who],
            "county_id": county[who],
            "month_start": month,
            "tariff_code": "T",
            "market_role_code": "agency",
            "energy_kwh": np.round(rng.lognormal(5, 2, bills), 2),
            "bill_type_code": "regular",
            "issued_date": pd.DatetimeIndex(month) + pd.Timedelta(days=35),
            "due_date": pd.DatetimeIndex(month) + pd.Timedelta(days=55),
            "receivable_yuan": np.round(rng.lognormal(5, 2, bills), 2),
            "late_charge_yuan": np.where(rng.random(bills) < 0.1, 3.21, np.nan),
            "known_at": pd.DatetimeIndex(month) + pd.Timedelta(days=36),
        }
    )
    bill.loc[5, ["receivable_yuan", "energy_kwh"]] *= -1
    bill.loc[5, "bill_type_code"] = "reversal"
    paid = bill.iloc[: bills * 2 // 3]
    payment = pd.DataFrame(
        {
            "payment_id": "P" + paid["bill_id"],
            "account_id": paid["account_id"],
            "county_id": paid["county_id"],
            "month_start": paid["month_start"],
            "paid_yuan": paid["receivable_yuan"],
            "paid_at": paid["known_at"] + pd.Timedelta(3_712_345, "ms"),
            "channel_code": rng.choice(["hall", "app", "bank_debit", "web", "agent"], len(paid)),
            "serving_unit_id": rng.choice(["990102H1", "990201H2", "990455S1", None], len(paid)),
            "known_at": paid["known_at"] + pd.Timedelta(hours=5),
        }
    )
    allocation = payment[["payment_id", "county_id", "month_start", "known_at"]].assign(
        bill_id=paid["bill_id"],
        allocated_yuan=paid["receivable_yuan"] / 2,
        allocated_late_charge_yuan=0.0,
    )
    opened = pd.Timestamp("2025-06-01 08:00") + pd.to_timedelta(rng.integers(0, 10**7, 300), "s")
    kinds = ["fault", "enquiry", "complaint", "report", "opinion", "suggestion", "service"]
    ticket = pd.DataFrame(
        {
            "ticket_id": [f"T{i}" for i in range(300)],
            "supply_point_id": rng.choice([*ids[:50], None], 300),
            "county_id": UNIT[0],
            "channel_code": "phone",
            "ticket_type_code": rng.choice([*kinds, "praise", "urge"], 300),
            "opened_at": opened,
            "closed_at": pd.Series(opened + pd.Timedelta(hours=7)).where(rng.random(300) < 0.9),
            "suspended_minutes": 0,
            "known_at": opened + pd.Timedelta(hours=8),
        }
    )
    days = pd.date_range("2025-07-01", periods=30)
    load = pd.DataFrame(
        {
            "supply_point_id": np.repeat(ids[:8], 30),
            "county_id": np.repeat(county[:8], 30),
            "month_start": pd.Timestamp("2025-07-01"),
            "reading_date": np.tile(days, 8),
            "direction_code": "import",
            "quality_code": "measured",
            "known_at": np.tile(days + pd.Timedelta(hours=32), 8),
        }
    )
    watts = pd.DataFrame(rng.integers(0, 4_000_000, (240, 96))).astype("Int32")
    watts = watts.mask(pd.DataFrame(rng.random((240, 96)) < 0.02))
    watts.columns = [f"load_{i:02d}_w" for i in range(1, 97)]
    frames = {
        "supply_point": point,
        "party_personal": person,
        "bill": bill,
        "payment": payment,
        "payment_allocation": allocation,
        "ticket": ticket,
        "customer_load": pd.concat([load, watts], axis=1),
    }
    return {table: schemas.conform(table, frame) for table, frame in frames.items()}


FAULTS = dict.fromkeys(exports.KINDS, 20)


@pytest.fixture(scope="module")
def tables():
    return made()


@pytest.fixture(scope="module")
def clean(tables):
    return exports.sg186(tables, unit_ids=UNIT)


@pytest.fixture(scope="module")
def dirty(tables):
    return exports.sg186(tables, unit_ids=UNIT, encoding="utf-8", faults=FAULTS, seed=5)


@pytest.fixture(scope="module")
def reading(dirty):
    return read(dirty.files)


# ---------------------------------------------------------------- tests
def test_a_clean_export_has_no_fault_and_all_rows(tables, clean):
    faults, accepted, count = read(clean.files)
    assert faults == []
    assert clean.planted.empty
    assert clean.repaired.empty
    assert len(accepted) == count
    rows = pd.Series([table for _, _, table, _ in accepted]).value_counts()
    positive = tables["payment"]["paid_yuan"].gt(0).sum()
    assert rows.to_dict() == {
        "C_CONS": 400,
        "ARC_A_RCVBL_FLOW": 900,
        "A_PAY_FLOW": positive,
        "ARC_S_95598_WKST": 300,
        "E_MP_POWER_CURVE": 240,
    }


def test_a_clean_export_tells_the_values_of_the_tables(tables, clean):
    _, accepted, _ = read(clean.files)
    bills = pd.DataFrame([v for _, _, t, v in accepted if t == "ARC_A_RCVBL_FLOW"])
    held = tables["bill"]
    assert bills["RCVBL_AMT"].astype(float).sum() == pytest.approx(held["receivable_yuan"].sum())
    assert bills["RCVBL_AMT"].astype(float).min() < 0
    assert bills["T_PQ"].astype(float).sum() == pytest.approx(held["energy_kwh"].abs().sum())
    paid = tables["payment_allocation"]["allocated_yuan"].clip(lower=0).sum()
    assert bills["RCVED_AMT"].astype(float).sum() == pytest.approx(paid)
    assert set(bills["STATUS_CODE"]) == {"01", "02", "03"}
    curves = pd.DataFrame([v for _, _, t, v in accepted if t == "E_MP_POWER_CURVE"])
    power = curves[[f"P{i}" for i in range(1, 97)]].replace("", "nan").astype(float)
    watts = tables["customer_load"].filter(like="_w").filter(like="load_").astype("float64")
    assert power.sum().sum() * 1000 == pytest.approx(watts.sum().sum())
    assert power.isna().sum().sum() == watts.isna().sum().sum()


def test_printed_numbers_are_kept_and_the_others_are_made_up_without_a_clash(tables, clean):
    _, accepted, _ = read(clean.files)
    customers = [v["CONS_NO"] for _, _, t, v in accepted if t == "C_CONS"]
    assert set(tables["party_personal"]["printed_number"]) < set(customers)
    assert len(set(customers)) == 400
    served = {v["CONS_NO"] for _, _, t, v in accepted if t != "ARC_S_95598_WKST"}
    assert served == set(customers)


def test_numbers_that_are_made_up_never_clash_and_keep_off_those_taken():
    names = [f"S{i}" for i in range(60)]
    free = exports_tables._digits(names, 2)
    assert free.is_unique
    taken = frozenset(free.iloc[:20])
    others = exports_tables._digits(names, 2, taken)
    assert others.is_unique
    assert not taken & set(others)
    assert others.str.fullmatch("[0-9]{2}").all()


def test_a_reader_finds_every_planted_fault_and_no_other(dirty, reading):
    found = pd.DataFrame(reading[0], columns=dirty.planted.columns)
    assert set(zip(*found.to_numpy().T, strict=True)) == set(
        zip(*dirty.planted.to_numpy().T, strict=True)
    )
    assert len(found) == len(dirty.planted) == sum(FAULTS[k] for k in set(found["reason_code"]))


def test_all_reasons_are_planted_in_all_tables_that_can_bear_them(dirty):
    table = dirty.planted["file"].str.extract(r"([A-Z0-9_]+?)_\d\d\.")[0]
    where = dirty.planted.groupby(table)["reason_code"].agg(set)
    everywhere = {"field_count", "bad_encoding", "missing_value", "bad_id", "duplicate_key"}
    everywhere |= {"bad_code", "bad_number", "bad_date", "out_of_range"}
    assert where["C_CONS"] == everywhere | {"out_of_unit"}
    assert where["ARC_A_RCVBL_FLOW"] == everywhere | {"out_of_unit", "bad_order"}
    assert where["A_PAY_FLOW"] == everywhere
    assert where["ARC_S_95598_WKST"] == everywhere - {"bad_number"} | {"out_of_unit", "bad_order"}
    assert where["E_MP_POWER_CURVE"] == everywhere


def test_a_reader_accepts_every_odd_spelling_with_the_value_meant(dirty, reading):
    _, accepted, _ = reading
    by_place = {(file, line): (table, values) for file, line, table, values in accepted}
    assert len(dirty.repaired) == 8 * 20
    for file, line, column, written, value in dirty.repaired.itertuples(index=False):
        table, values = by_place[file, line]
        name = next(n for n, (label, _) in SPEC[table].items() if column in {n, label})
        assert written != value
        if SPEC[table][name][1].startswith("number"):
            assert float(values[name]) == float(value)
        else:
            assert values[name] == value


def test_accepted_and_refused_lines_are_all_records(reading):
    faults, accepted, count = reading
    assert len(accepted) + len({fault[:2] for fault in faults}) == count


def test_some_rows_have_several_faults(dirty):
    assert dirty.planted.duplicated(["file", "line"]).sum() > 5


def test_every_kind_of_file_occurs_for_every_table(clean):
    kinds = pd.Series(clean.files).index.str.extract(r"^(.+)_(\d\d)\.(\w+)$")
    assert (
        kinds.groupby(0)[2].agg(set).map(lambda s: s == {"csv", "txt", "xls", "xlsx", "zip"}).all()
    )
    assert clean.files["C_CONS_05.txt"][:2] == b"\xff\xfe"
    assert clean.files["C_CONS_03.csv"][:3] == b"\xef\xbb\xbf"
    assert b"<table" in clean.files["C_CONS_07.xls"]
    assert b"\r\n" in clean.files["C_CONS_02.csv"]
    assert b"\r\n" not in clean.files["C_CONS_01.csv"]


def test_the_encoding_asked_for_is_that_of_most_rows(tables, clean):
    assert "镕" in clean.files["C_CONS_01.csv"].decode("gb18030")
    other = exports.sg186(tables, unit_ids=UNIT, encoding="utf-8-sig")
    assert "镕" in other.files["C_CONS_01.csv"].decode("utf-8-sig")


def test_equal_arguments_give_equal_bytes(tables, dirty):
    again = exports.sg186(tables, unit_ids=UNIT, encoding="utf-8", faults=FAULTS, seed=5)
    assert again.files == dirty.files
    assert again.planted.equals(dirty.planted)


def test_only_the_counties_asked_for_are_delivered(tables):
    found = exports.sg186(tables, unit_ids=UNIT[1:])
    _, accepted, _ = read(found.files)
    assert {v.get("ORG_NO", UNIT[1]) for _, _, t, v in accepted if t != "A_PAY_FLOW"} == {UNIT[1]}
    # A hall of a county that the receiving system does not know is named by the customer's.
    units = {v["ORG_NO"] for _, _, t, v in accepted if t == "A_PAY_FLOW"}
    assert units == {"990102", "990201"}


def test_a_corrected_row_is_exported_once_as_it_stands(tables):
    bill = tables["bill"]
    later = bill.iloc[[7]].assign(receivable_yuan=4242.42, known_at=bill["known_at"].max())
    held = {**tables, "bill": pd.concat([bill, later], ignore_index=True)}
    _, accepted, _ = read(exports.sg186(held, unit_ids=UNIT).files)
    bills = [v["RCVBL_AMT"] for _, _, t, v in accepted if t == "ARC_A_RCVBL_FLOW"]
    assert len(bills) == 900
    assert "4242.42" in [f"{float(amount):.2f}" for amount in bills]


@pytest.mark.parametrize("points", [1, 2, 11, 40])
def test_small_tables_are_exported_too(points):
    small = {"supply_point": made(points=max(points, 8), bills=12)["supply_point"].head(points)}
    faults, accepted, _ = read(exports.sg186(small, unit_ids=UNIT).files)
    assert faults == []
    assert len(accepted) == points


def test_a_fault_without_a_place_or_a_name_is_refused(tables):
    points = {"supply_point": tables["supply_point"]}
    with pytest.raises(ValueError, match="bad_order"):
        exports.sg186(points, unit_ids=UNIT, faults={"bad_order": 1})
    with pytest.raises(ValueError, match="typo"):
        exports.sg186(points, unit_ids=UNIT, faults={"typo": 1})
    with pytest.raises(ValueError, match="out_of_unit"):
        exports.sg186(points, unit_ids=["990101", "990201"], faults={"out_of_unit": 1})
    with pytest.raises(ValueError, match="gbk"):
        exports.sg186(points, unit_ids=UNIT, encoding="gbk")


def test_files_never_overlap(tables):
    extracts = exports.extracts(tables, UNIT, 1)
    for extract in extracts:
        parts = exports.plan(extract, "utf-8", 1)
        assert parts[0].start == 0
        assert all(a.stop == b.start for a, b in pairwise(parts))
        assert parts[-1].stop == len(extract.frame)
        assert len({p.file for p in parts}) == len(parts)


EXAMPLE = """应收标识,户号,供电单位,电费年月,总电量,应收金额,实收金额,应收违约金,结清标志,发行日期
\t2025000000000001,="0100000001",990101,202501,１２００,"1,234.50",0.00,0.00,01,2025/1/9
2025000000000002,0100000002,990201,202513,80,45.1O,0.00,0.00,1,2025-01-09
2025000000000001,0100000003,990101,202501,80,45.10,45.10,0.00,03,2025-01-09
2025000000000004,0100000004,990101,202501,80,45.10,45.10,0.00,03
"""


def test_the_reader_reads_the_worked_example_as_stated():
    name = "ARC_A_RCVBL_FLOW_01.csv"
    faults, accepted, _ = read({name: EXAMPLE.encode("gb18030")})
    assert [(line, values["T_PQ"], values["RCVBL_AMT"]) for _, line, _, values in accepted] == [
        (2, "1200", "1234.50")
    ]
    assert faults == sorted(
        [
            (name, 3, "供电单位", "out_of_unit"),
            (name, 3, "电费年月", "bad_date"),
            (name, 3, "应收金额", "bad_number"),
            (name, 3, "结清标志", "bad_code"),
            (name, 4, "应收标识", "duplicate_key"),
            (name, 5, "", "field_count"),
        ]
    )
