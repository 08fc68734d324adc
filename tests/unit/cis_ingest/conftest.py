"""Small deliveries and mapping files, written where the test wants them."""

import csv

import pytest
import yaml

HOURS = [f"h{hour}" for hour in range(1, 25)]

# Quarter-hours in MW, long form, other names than GEFCom2012: two units in one file.
GRID = {
    "name": "grid",
    "version": 2,
    "description": "Quarter-hourly load of two counties in MW.",
    "calendar": "cn",
    "unit_id": "77",
    "delivery": "delta",
    "rows": {
        "org_unit": [
            {
                "row": {
                    "unit_id": "77",
                    "level": "city",
                    "unit_name": "七市",
                    "valid_from": "2020-01-01",
                }
            },
            {
                "each": {"place": {"first": 1, "last": 2}},
                "row": {
                    "unit_id": "77{place:02d}",
                    "level": "county",
                    "parent_unit_id": "77",
                    "unit_name": "第{place}县",
                    "valid_from": "2020-01-01",
                },
            },
        ]
    },
    "sources": {
        "curve": {
            "table": "unit_load",
            "header": {"columns": ["县", "时刻", "负荷", "质量"]},
            "columns": {
                "unit_id": {"from": "县", "pattern": "[0-9]{4}"},
                "level": {"value": "county"},
                "series_code": {"value": "total"},
                "resolution_code": {"value": "quarter_hour"},
                "period_start": {"from": "时刻", "format": "%Y-%m-%d %H:%M"},
                "known_at": {"period_hours": 0.25, "delay_hours": 8},
                "load_kw": {"from": "负荷", "unit": "MW", "empty": "null", "maximum": 1000},
                "quality_code": {"from": "质量", "codes": {"0": "measured", "1": "estimated"}},
            },
        }
    },
}


@pytest.fixture
def write_csv(tmp_path):
    def write(name, rows, *, encoding="utf-8", folder="delivery"):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
        return path

    return write


@pytest.fixture
def grid(tmp_path):
    """Write the grid mapping, after a change if one is given, and return its path."""

    def write(change=None):
        held = yaml.safe_load(yaml.safe_dump(GRID))
        if change:
            change(held)
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump(held, allow_unicode=True), encoding="utf-8")
        return path

    return write
