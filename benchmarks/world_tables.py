"""The tables of a synthetic world, kept in memory as far as its calibration needs them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from marketing_models import schemas
from marketing_models.synthetic.provinces import Part, parts
from marketing_models.synthetic.world import World

# Columns kept beside the key, and the column whose years are kept: the year and those before it.
KEPT: dict[str, tuple[tuple[str, ...], str, int]] = {
    "supply_point": (
        (
            *("account_id", "tariff_class_code", "industry_code", "contract_capacity_kva"),
            *("area_type_code", "status_code", "represented_count", "voltage_level_code"),
            *("transformer_area_id", "feeder_id", "county_id", "distributed_pv_kw"),
        ),
        "",
        0,
    ),
    "account": (("is_prepaid",), "", 0),
    "equipment": (("equipment_type_code", "parent_equipment_id"), "", 0),
    "load_resource": (
        ("measure_code", "contracted_response_kw", "interruption_yuan_per_kwh", "supply_point_id"),
        "",
        0,
    ),
    "bill": (
        (
            *("account_id", "supply_point_id", "month_start", "market_role_code", "energy_kwh"),
            *("issued_date", "due_date", "receivable_yuan", "maximum_demand_kw"),
        ),
        "month_start",
        20,
    ),
    "payment": (("account_id", "booked_at", "paid_at", "channel_code", "paid_yuan"), "paid_at", 2),
    "payment_allocation": (("allocated_yuan", "month_start"), "month_start", 2),
    "collection_action": (("account_id", "action_code", "acted_at"), "acted_at", 0),
    "ticket": (
        (
            *("supply_point_id", "ticket_type_code", "channel_code", "opened_at"),
            *("complaint_class_code", "outage_id", "county_id"),
        ),
        "opened_at",
        0,
    ),
    "work_order": (("ticket_id", "order_type_code", "arrived_at"), "dispatched_at", 0),
    "service_transaction": (("channel_code", "ticket_id"), "arrived_at", 0),
    "outage_event": (
        (
            *("outage_type_code", "started_at", "ended_at", "equipment_id"),
            *("interrupted_mv_customer_count", "interrupted_customer_count", "county_id"),
        ),
        "started_at",
        0,
    ),
    "application": (
        (
            *("application_type_code", "tariff_class_code", "applied_capacity_kva"),
            *("accepted_date", "energised_date", "withdrawn_date", "supply_point_id"),
        ),
        "",
        0,
    ),
    "inspection": (("selection_code", "outcome_code"), "", 0),
    "response_event": (("started_at",), "", 0),
    "response_delivery": (
        ("answer_code", "confirmed_response_kw", "delivered_response_kw"),
        "",
        0,
    ),
    "survey_response": (
        ("answer_code", "inclusion_frac", "industry_code", "supply_point_id"),
        "",
        0,
    ),
    "other_energy_use": (("final_energy_kwh",), "", 0),
    "saving_record": (("claimed_saving_kwh", "verified_saving_kwh", "status_code"), "", 0),
    "unit_load": (("load_kw",), "period_start", 1),
    "unit_energy": (("energy_kwh",), "", 0),
    "indicator_value": (("level", "indicator_value", "year_on_year_change_ratio"), "", 0),
    "weather_observed": (("temperature_degc",), "period_start", 0),
}
_MASTERS = ("valid_from", "known_at")


class NotMadeError(LookupError):
    """A table or column that no room of the world makes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """What one world holds, by table: current rows only.

    Attributes
    ----------
    world : World
        The province.
    year : int
        The last full calendar year.
    held : dict of str to DataFrame
        Kept columns of the rows in force, all units together.
    truth : dict of str to DataFrame
        Hidden facts by name.
    """

    world: World
    year: int
    held: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return the rows of a table, or raise `NotMadeError`."""
        if table not in self.held or self.held[table].empty:
            raise NotMadeError(table)
        return self.held[table]


def last_full_year(world: World) -> int:
    """Return the last calendar year all of whose bills and energies are published."""
    return int((pd.Timestamp(world.scale.last_day) - pd.DateOffset(months=3)).year) - 1


def gathered(world: World, made: Callable[[World], Iterable[Part]] = parts) -> Tables:
    """Make a world part by part and keep what calibration needs of it."""
    year = last_full_year(world)
    kept: dict[str, list[pd.DataFrame]] = {}
    truth: dict[str, list[pd.DataFrame]] = {}
    for part in made(world):
        for table, rows in part.made.tables.items():
            if table in KEPT:
                kept.setdefault(table, []).append(_reduced(table, rows, year))
        for name, rows in part.made.truth.items():
            truth.setdefault(name, []).append(rows)
    return Tables(
        world=world,
        year=year,
        held={table: _current(table, pd.concat(rows)) for table, rows in kept.items()},
        truth={name: pd.concat(rows, ignore_index=True) for name, rows in truth.items()},
    )


def _reduced(table: str, rows: pd.DataFrame, year: int) -> pd.DataFrame:
    columns, moment, before = KEPT[table]
    if moment and moment in rows.columns:
        of_row = pd.to_datetime(rows[moment]).dt.year
        rows = rows[of_row.between(year - before, year + (moment == "month_start"))]
    wanted = dict.fromkeys([*schemas.keys(table), *columns])
    return rows[[name for name in wanted if name in rows.columns]]


def _current(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the last version of every row."""
    *key, version = schemas.keys(table)
    key = [name for name in key if name in rows.columns]
    if version in _MASTERS and version in rows.columns:
        rows = rows.sort_values(version, kind="stable").drop_duplicates(key, keep="last")
    return rows.reset_index(drop=True)
