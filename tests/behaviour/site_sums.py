"""Adds up a site's own HTML: shares no code with the product, reads only its dictionary file.

Usage: python tests/behaviour/site_sums.py site/demo
"""

import csv
import re
import sys
from collections import defaultdict
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

DICTIONARY = Path(__file__).parents[2] / "marketing_models" / "schemas" / "dictionary.csv"


class Cells(HTMLParser):
    """Collects (table, unit, key, column) -> exact value, and the total rows."""

    def __init__(self):
        super().__init__()
        self.table = self.row = None
        self.found = {}
        self.clashes = []

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        if tag == "table":
            self.table = held.get("data-table")
        if tag == "tr":
            self.row = held
        if tag == "td" and self.table and "data-value" in held:
            parts = [self.row.get("data-key"), held.get("data-key")]
            key = ";".join(sorted(p for part in parts if part for p in part.split(";")))
            place = (self.table, self.row["data-unit-id"], key, held["data-column"])
            value = Decimal(held["data-value"])
            if self.found.setdefault(place, value) != value:
                self.clashes.append(place)

    def handle_endtag(self, tag):
        if tag == "table":
            self.table = None


def summed_columns():
    with DICTIONARY.open(encoding="utf-8") as file:
        return {
            (table, row["column"])
            for row in csv.DictReader(file)
            if row["rollup"] == "sum"
            for table in row["table"].split(";")
        }


def read_site(folder):
    """Return the cells of every unit's own pages in the newest issue, and its parent."""
    latest = folder / "latest"
    if latest.is_file():
        folder = folder / "issues" / latest.read_text(encoding="utf-8").strip()
    cells, parents = {}, {}
    for path in sorted(folder.glob("*/*/4*.html")):
        parser = Cells()
        text = path.read_text(encoding="utf-8")
        parser.feed(text)
        assert not parser.clashes, (path, parser.clashes[:3])
        unit = path.parent.name
        trail = re.findall(r'href="\.\./([^./"]+)/[^"]*"', text.split("<h1")[0])
        parents[unit] = trail[-1] if trail else None
        cells[path.parts[-3], unit, path.name] = parser.found
    return cells, parents


def compare(folder):
    """Compare every sum of children with its parent; return tables, cells compared, mismatches."""
    cells, parents = read_site(folder)
    wanted = summed_columns()
    children = defaultdict(list)
    for unit, parent in parents.items():
        children[parent].append(unit)
    tables, compared, wrong = set(), 0, []
    for (language, unit, page), found in cells.items():
        below = children.get(unit, [])
        for (table, owner, key, column), value in found.items():
            if not below or owner != unit or (table, column) not in wanted:
                continue
            parts = [cells[language, c, page].get((table, c, key, column)) for c in below]
            tables.add(table)
            compared += 1
            if None in parts or sum(parts) != value:
                wrong.append((language, unit, table, key, column, value, parts))
    return tables, compared, wrong


if __name__ == "__main__":
    tables, compared, wrong = compare(Path(sys.argv[1]))
    sys.stdout.write(f"tables {', '.join(sorted(tables))}\n")
    sys.stdout.write(f"{len(tables)} tables, {compared} cells compared, {len(wrong)} wrong\n")
    sys.stdout.writelines(f"{line}\n" for line in wrong[:10])
    sys.exit(bool(wrong))
