"""Rules of reconciliation (勾稽) on rows written by hand: kept by clean ones, broken where planted.

Authority: the rules as the design states them; each expected sum is worked by hand.
"""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pytest

from marketing_models import schemas
from marketing_models.cis import Store, delta, reconciliation, scope

KNOWN = pd.Timestamp("2024-02-10")
MONTH = pd.Timestamp("2024-01-01")


BILL = (
    "bill_id,supply_point_id,account_id,county_id,energy_kwh,peak_energy_kwh,flat_energy_kwh,"
    "valley_energy_kwh,catalogue_charge_yuan,energy_charge_yuan,network_charge_yuan,"
    "capacity_charge_yuan,government_surcharge_yuan,receivable_yuan,bill_type_code,"
    "reversed_bill_id,received_yuan"
)


def table(text, **common):
    return pd.read_csv(io.StringIO(text.replace(" ", "")), dtype=str).assign(**common)


def clean():
    since = {"valid_from": pd.Timestamp("2020-01-01")}
    booked = {"month_start": MONTH, "known_at": KNOWN}
    intervals = {f"load_{i:02d}_w": 4000 for i in range(1, 97)}
    units = """unit_id,level,parent_unit_id
        99,province,
        9901,city,99
        990101,county,9901
        990102,county,9901"""
    return {
        "org_unit": table(units, unit_name="甲", **since),
        "unit_weather_station": table(
            "unit_id,weather_station_id\n990101,W1\n990102,W1", weight_frac=1, **since
        ),
        "tariff_price": table(
            "tariff_code,component_code,time_band_code,block_from_kwh\nT,energy,all,0",
            source_name="own",
            **since,
        ),
        "party": table("party_id,county_id\nP1,990101\nP2,990102", **since),
        "account": table(
            "account_id,party_id,county_id\nA1,P1,990101\nA2,P2,990102", is_prepaid=False, **since
        ),
        # S2 has left: what refers to it still finds it.
        "supply_point": table(
            """supply_point_id,account_id,county_id,tariff_class_code,represented_count,valid_to
            S1,A1,990101,residential,3,
            S2,A2,990102,industrial_commercial,1,2024-03-01""",
            contract_capacity_kva=8,
            status_code="active",
            **since,
        ),
        "meter_installation": table(
            """meter_id,supply_point_id,county_id,meter_ratio,valid_from,valid_to
            M1,S1,990101,1,2020-01-01,
            M2,S2,990102,10,2020-01-01,2024-01-31
            M2,S2,990102,20,2024-01-31,"""
        ),
        # The old ratio holds for the day on which it changed.
        "meter_reading": table(
            """meter_id,register_code,county_id,reading_date,opening_index,closing_index,energy_kwh
            M1,total,990101,2024-01-31,1000.00,1100.005,100
            M2,total,990102,2024-01-31,10.00,30.00,200
            M2,total,990102,2024-02-29,30.00,40.00,200""",
            quality_code="measured",
            **booked,
        ),
        # 30 + 50 + 20.03 kWh are 0.03 off, 40 + 5 yuan 0.02 off in two parts: both allowed.
        # Beside a catalogue price the capacity charge is a part of its own, else of the network's.
        "bill": table(
            BILL
            + """
            B1,S1,A1,990101,100,30,50,20.03,40,,,,5,45.02,regular,,45.02
            B2,S2,A2,990102,200,,,,,90,30,10,5,125,regular,,
            B3,S2,A2,990102,-200,,,,,-90,-30,-10,-5,-125,reversal,B2,
            B4,S1,A1,990101,100,,,,40,,,9.99,,49.99,regular,,0""",
            tariff_code="T",
            market_role_code="agency",
            issued_date=pd.Timestamp("2024-02-03"),
            due_date=pd.Timestamp("2024-02-20"),
            **booked,
        ),
        "payment": table(
            """payment_id,account_id,county_id,paid_yuan,bank_code,bank_reference,booked_at
            Q1,A1,990101,46,K,R1,2024-02-10
            Q2,A1,990101,-46,K,R2,2024-02-10
            Q3,A2,990102,10,K,R3,""",
            paid_at=KNOWN,
            channel_code="web",
            **booked,
        ),
        "payment_allocation": table(
            """payment_id,bill_id,county_id,allocated_yuan,allocated_late_charge_yuan
            Q1,B1,990101,45.02,0.98
            Q2,B4,990101,0,-46""",
            **booked,
        ),
        "bank_statement_line": table(
            """statement_line_id,county_id,paid_yuan,bank_code,bank_reference
            L1,990101,46,K,R1
            L2,990101,-46,K,R2""",
            value_date=pd.Timestamp("2024-02-10"),
            known_at=KNOWN,
        ),
        # 96 quarter-hours of 4 kW are 96 kWh; 1 % is allowed.
        "customer_load": table(
            """supply_point_id,county_id,reading_date,direction_code,daily_energy_wh
            S1,990101,2024-01-05,import,384000
            S1,990101,2024-01-06,import,96950""",
            quality_code="measured",
            **booked,
            **intervals,
        ).assign(daily_energy_wh=[96000, 96950]),
        "equipment": table(
            "equipment_id,county_id\nE1,990101",
            equipment_type_code="transformer_area",
            rated_capacity_kva=400,
            **since,
        ),
        "equipment_load": table(
            """equipment_id,county_id,period_start,supplied_energy_kwh,sold_energy_kwh
            E1,990101,2024-01-01,100,100
            E1,990101,2024-02-01,100,95""",
            resolution_code="month",
            known_at=KNOWN,
        ),
        # 10 + 60 + 15 + 15 = 90 + 6 + 1 + 3 = 100 in each county; the city has both.
        "unit_energy": unit_energy(),
        "unit_load": table(
            """unit_id,level,load_kw
            990101,county,100
            990102,county,50
            9901,city,150
            99,province,150""",
            period_start=MONTH,
            resolution_code="hour",
            series_code="total",
            quality_code="measured",
            known_at=KNOWN,
        ),
        # 3 x (100 + 100) kWh, 200 - 200 kWh; a tenth of a percent is allowed.
        "indicator_value": table(
            "unit_id,level,indicator_value\n990101,county,600.5\n990102,county,0",
            indicator_code="sold_control",
            member_code="all",
            resolution_code="month",
            period_start=MONTH,
            source_name="own",
            known_at=KNOWN,
        ),
        "batch": table(
            """batch_id,file_name,line_count,accepted_count,quarantined_count
            X,a.csv,10,9,1
            X,b.csv,10,10,0""",
            mapping_name="m",
            file_sha256="0",
            content_digest="0",
            delivery_code="delta",
            repaired_count=0,
            committed_at=KNOWN,
            schema_version=1,
        ),
    }


def unit_energy():
    parts = {"primary": 10, "secondary": 60, "tertiary": 15, "residential": 15, "total": 100}
    parts |= {"sold": 90, "line_loss": 6, "plant_own_use": 1, "self_consumed": 3}
    values = [
        (unit, level, series, value * times)
        for unit, level, times in (
            ("990101", "county", 1),
            ("990102", "county", 1),
            ("9901", "city", 2),
        )
        for series, value in parts.items()
    ]
    return pd.DataFrame(values, columns=["unit_id", "level", "series_code", "energy_kwh"]).assign(
        scope_code="full", resolution_code="month", period_start=MONTH, known_at=KNOWN
    )


# Each fault: table, which row, column, value -> the rules that it breaks, with the key they name.
FAULTS = [
    ("bill", 0, "valley_energy_kwh", 20.05, {"bill_energy_is_its_bands": "B1"}),
    ("bill", 3, "other_charge_yuan", 0.03, {"bill_amount_is_its_parts": "B4"}),
    (
        *("bill", 1, "catalogue_charge_yuan", 1.0),
        {
            "bill_is_catalogue_or_market": "B2",
            "industry_has_no_catalogue_price": "B2",
            "bill_amount_is_its_parts": "B2",
        },
    ),
    (
        *("bill", 2, "energy_kwh", -199.0),
        {
            "reversal_is_the_negative_of_its_bill": "B3",
            "bills_add_up_to_the_control_total": "990102 2024-01-01",
        },
    ),
    ("bill", 2, "reversed_bill_id", None, {"reversal_is_the_negative_of_its_bill": "B3"}),
    ("bill", 0, "received_yuan", 45.0, {"bill_is_received_as_allocated": "B1"}),
    (
        *("bill", 0, "supply_point_id", "S9"),
        {
            "bill.supply_point_id exists in supply_point": "B1",
            "bills_add_up_to_the_control_total": "990101 2024-01-01",
        },
    ),
    ("bill", 1, "tariff_code", "U", {"bill.tariff_code exists in tariff_price": "B2"}),
    (
        *("payment_allocation", 0, "allocated_late_charge_yuan", 0.99),
        {"allocations_are_within_the_payment": "Q1"},
    ),
    (
        *("payment_allocation", 1, "allocated_late_charge_yuan", -46.01),
        {"allocations_are_within_the_payment": "Q2"},
    ),
    (
        *("payment_allocation", 1, "allocated_late_charge_yuan", 46.0),
        {"allocations_are_within_the_payment": "Q2"},
    ),
    ("bank_statement_line", 0, "paid_yuan", 47.0, {"bank_line_is_its_payment": "R1"}),
    ("payment", 2, "booked_at", KNOWN, {"bank_line_is_its_payment": "R3"}),
    (
        "payment",
        1,
        "serving_unit_id",
        "980101",
        {"payment.serving_unit_id exists in org_unit": "Q2"},
    ),
    (
        *("meter_reading", 2, "energy_kwh", 100.0),
        {"energy_is_the_difference_of_the_indexes": "M2 total 2024-02-29"},
    ),
    (
        *("meter_reading", 1, "energy_kwh", 400.0),
        {"energy_is_the_difference_of_the_indexes": "M2 total 2024-01-31"},
    ),
    (
        "customer_load",
        1,
        "daily_energy_wh",
        97000,
        {"intervals_add_up_to_the_day": "S1 import 2024-01-06"},
    ),
    (
        "equipment_load",
        0,
        "sold_energy_kwh",
        100.01,
        {"sold_is_within_supplied": "E1 2024-01-01 00:00:00"},
    ),
    (
        "unit_energy",
        0,
        "energy_kwh",
        10.06,
        {
            "total_is_its_sectors": "990101 2024-01-01 00:00:00 full",
            "unit_energy.energy_kwh is the sum of the counties": (
                "9901 primary full month 2024-01-01 00:00:00"
            ),
        },
    ),
    (
        "unit_energy",
        7,
        "energy_kwh",
        2.0,
        {
            "total_is_its_balance": "990101 2024-01-01 00:00:00 full",
            "unit_energy.energy_kwh is the sum of the counties": (
                "9901 plant_own_use full month 2024-01-01 00:00:00"
            ),
        },
    ),
    (
        "unit_load",
        2,
        "load_kw",
        151,
        {"unit_load.load_kw is the sum of the counties": "9901 total hour 2024-01-01 00:00:00"},
    ),
    (
        "unit_load",
        3,
        "load_kw",
        149,
        {"unit_load.load_kw is the sum of the counties": "99 total hour 2024-01-01 00:00:00"},
    ),
    (
        *("indicator_value", 0, "indicator_value", 600.7),
        {"bills_add_up_to_the_control_total": "990101 2024-01-01"},
    ),
    ("batch", 1, "quarantined_count", 1, {"accepted_and_quarantined_are_all_lines": "X b.csv"}),
]


@pytest.fixture(scope="module")
def arrow():
    return {name: delta.to_arrow(name, frame) for name, frame in clean().items()}


def broken(arrow, statements):
    """Return {rule: (severity, violations, example)} of statements over tables in memory."""
    held = {
        name: reconciliation._Held(
            rows=pads.dataset(arrow.get(name, delta.arrow_schema(name).empty_table())),
            row_count=arrow[name].num_rows if name in arrow else 0,
            of_unit=[],
            standing=scope.conditions(None, name, None, None, {}),
        )
        for name in {t for statement in statements for t in statement.tables()}
    }
    found = [row for statement in statements for row in reconciliation._checked(statement, held)]
    return {rule: (severity, *rest) for rule, severity, _, _, *rest in found if rest[0]}


def test_clean_rows_keep_all_rules_and_every_written_rule_applies_to_some(tmp_path):
    store = Store.init(tmp_path / "s", unit_id="99")
    store.write(clean())
    found = reconciliation.check(store)
    assert found[found["violation_count"] > 0].empty
    assert found["rule"].is_unique
    written = {rule for s in reconciliation._written() for rule in s.severities}
    assert (found.set_index("rule").loc[sorted(written), "row_count"] > 0).all()
    assert list(found.columns) == [
        *("rule", "severity", "table", "row_count", "violation_count", "example_key")
    ]


@pytest.mark.parametrize(("name", "row", "column", "value", "expected"), FAULTS)
def test_a_planted_fault_breaks_its_rule_and_no_other(arrow, name, row, column, value, expected):
    frame = schemas.conform(name, clean()[name])
    frame.loc[row, column] = value
    faulty = {**arrow, name: delta.to_arrow(name, frame)}
    touched = [s for s in reconciliation.statements() if name in s.tables()]
    found = broken(faulty, touched)
    assert {rule: key for rule, (_, _, key) in found.items()} == expected
    assert {count for _, count, _ in found.values()} == {1}
    assert {rule for rule, (severity, _, _) in found.items() if severity == "W"} == (
        WARNINGS & set(expected)
    )


WARNINGS = {
    "industry_has_no_catalogue_price",
    "bill_is_received_as_allocated",
    "bank_line_is_its_payment",
    "intervals_add_up_to_the_day",
    "sold_is_within_supplied",
    "bills_add_up_to_the_control_total",
}


def test_every_written_rule_has_a_planted_fault():
    planted = {rule for *_, expected in FAULTS for rule in expected}
    assert planted >= {rule for s in reconciliation._written() for rule in s.severities}


def test_a_line_of_the_bank_without_a_payment_and_the_reverse_are_told(arrow):
    lines = schemas.conform("bank_statement_line", clean()["bank_statement_line"])
    lines.loc[0, "bank_reference"] = "R9"
    statements = [s for s in reconciliation.statements() if s.table == "bank_statement_line"]
    faulty = {**arrow, "bank_statement_line": delta.to_arrow("bank_statement_line", lines)}
    assert broken(faulty, statements) == {"bank_line_is_its_payment": ("W", 2, "R1")}


def test_a_sum_is_not_compared_before_all_counties_have_delivered(arrow):
    loads = schemas.conform("unit_load", clean()["unit_load"])
    statements = [s for s in reconciliation.statements() if s.is_whole and s.table == "unit_load"]
    late = {**arrow, "unit_load": delta.to_arrow("unit_load", loads[loads["unit_id"] != "990102"])}
    assert broken(late, statements) == {}


def one_row(name, **values):
    """A row with a value of its type in every column, that refers to nothing known."""
    kinds = {"string": "nowhere", "bool": False, "date": "2024-01-01", "timestamp": "2024-01-01"}
    columns = schemas.columns(name)["type"]
    row = {
        c: kinds.get(kind, 1)
        for c, kind in columns.items()
        if c not in {"superseded_at", "valid_to"}
    }
    return schemas.conform(name, pd.DataFrame([row | values]))


def implied(kind):
    made = {"references": reconciliation._references, "versions": reconciliation._versions}[kind]
    return [statement for name in schemas.tables() for statement in made(name)]


def test_every_reference_to_nothing_is_told():
    for statement in implied("references"):
        rows = delta.to_arrow(statement.table, one_row(statement.table))
        found = broken({statement.table: rows}, [statement])
        # A row may refer to its own table.
        own = f"exists in {statement.table}"
        assert {r for r in statement.severities if not r.endswith(own)} <= set(found)
        assert {severity for severity, *_ in found.values()} <= {"E"}


def test_every_overlap_of_versions_is_told():
    for statement in implied("versions"):
        start = schemas.version_column(statement.table)
        end = {"known_at": "superseded_at", "valid_from": "valid_to"}[start]
        first = delta.to_arrow(statement.table, one_row(statement.table))
        second = delta.to_arrow(statement.table, one_row(statement.table, **{start: "2024-02-01"}))
        place = first.schema.get_field_index(end)

        def count(*parts, statement=statement):
            found = broken({statement.table: pa.concat_tables(parts)}, [statement])
            return sum(violations for _, violations, _ in found.values())

        def until(day, first=first, place=place):
            value = pa.array([pd.Timestamp(day).to_pydatetime()]).cast(first.schema.types[place])
            return first.set_column(place, first.schema.field(place), value)

        assert count(first, second) == 1
        assert count(until("2024-02-02"), second) == 1
        assert count(until("2024-02-01"), second) == 0
        assert count(until("2023-12-31")) == 1


def test_large_tables_give_the_same_in_slices(tmp_path, monkeypatch):
    store = Store.init(tmp_path / "s", unit_id="99")
    tables = clean()
    tables["bill"].loc[0, "received_yuan"] = "45.00"
    tables["bill"].loc[3, "supply_point_id"] = "S9"
    store.write(tables)
    whole = reconciliation.check(store)
    monkeypatch.setattr(reconciliation, "_MOST_ROWS_AT_ONCE", 0)
    sliced = reconciliation.check(store)
    assert whole["violation_count"].sum() >= 2
    pd.testing.assert_frame_equal(sliced, whole)
    # S9 is a bill of the first county alone.
    assert reconciliation.check(store, "990102")["violation_count"].sum() == 0
