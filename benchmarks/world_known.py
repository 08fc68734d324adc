"""What the company knows of each supply point at the end of each month of a synthetic province.

Read from the tables alone, never from the truth: energy, terms, payments, records and tickets.
"""

import importlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketing_models.synthetic.contracts import ROLES
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.scale import Scale

ROOMS = ("contracts", "payments", "inspections", "tickets", "resources", "events", "offers")
CODES = (
    *("class_name", "industry_code", "voltage_level_code", "area_type_code"),
    *("importance_level_code", "tariff_code", "capacity_basis_code"),
)
COUNTED = ("steps_year", "flags_year", "tickets_year")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Seen:
    """A county with its tables, and what was known of each supply point at each month's end."""

    county: County
    made: Made
    known: Arrays

    def rows(self, point: np.ndarray, month: np.ndarray) -> pd.DataFrame:
        """Return what was known of supply points at the ends of months."""
        picked = {name: values[point, month] for name, values in self.known.items()}
        fixed = self.county.points.iloc[point]
        codes = {name: fixed[name].astype("str").to_numpy() for name in CODES}
        kva = fixed["contract_capacity_kva"].to_numpy("float64")
        months = self.county.scale.months
        age = months.to_numpy()[month] - fixed["connected_date"].to_numpy()
        extra = {
            "kva": kva,
            "capacity_use": picked["log_energy"] - np.log(kva),
            "age_years": age / np.timedelta64(1, "D") / 365.25,
            "is_prepaid": fixed["is_prepaid"].to_numpy("float64"),
            "calendar_month": (months.month.to_numpy() % 12 + 1)[month],
            "_month": month,
            **self.market(fixed, point, month),
        }
        return pd.DataFrame({**picked, **codes, **extra})

    def market(self, fixed: pd.DataFrame, point: np.ndarray, month: np.ndarray) -> Arrays:
        """Return the market role in a month and, where a retailer supplies, its terms."""
        role = np.array(ROLES)[self.county.roles[point, month]]
        retail = role == "retail"
        package = fixed["retail_package_code"].astype("str").to_numpy(object)
        price = fixed["retail_price_yuan_per_kwh"].to_numpy("float64")
        return {
            "role": role,
            "package": np.where(retail, package, "none"),
            "retail_price": np.where(retail, price, np.nan),
        }


def rolling(values: np.ndarray, months: int, how: str = "mean") -> np.ndarray:
    """Return a statistic of the last months, shape and gaps as given."""
    window = pd.DataFrame(values.T).rolling(months, min_periods=1)
    return getattr(window, how)().to_numpy().T


def shifted(values: np.ndarray, months: int) -> np.ndarray:
    """Return what was known some months before; nothing for the first ones."""
    back = np.full(values.shape, np.nan)
    if values.shape[1] > months:
        back[:, months:] = values[:, :-months]
    return back


def of_energy(county: County) -> Arrays:
    """Return level, change and unrest of metered energy, and the change of the industry."""
    energy = np.where(county.connected, county.energy_kwh, np.nan)
    year = rolling(energy, 12)
    recent = np.log((rolling(energy, 3) + 1) / (year + 1))
    code = county.points["industry_code"].fillna("home").astype("str").to_numpy()
    on_year = np.log((energy + 1) / (shifted(energy, 12) + 1))
    return {
        "log_energy": np.log(year + 1),
        "recent_change": recent,
        "year_change": on_year,
        "year_change_quarter": rolling(on_year, 3),
        "unrest": rolling(energy, 12, "std") / (year + 1),
        "industry_change": pd.DataFrame(on_year).groupby(code).transform("mean").to_numpy(),
        "tenure_months": np.cumsum(county.connected, axis=1).astype("float64"),
    }


def monthly(shape: tuple[int, int], row: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Count events by row and month; those outside the axes are dropped."""
    inside = (row >= 0) & (month >= 0) & (month < shape[1])
    count = np.zeros(shape)
    np.add.at(count, (row[inside], month[inside]), 1.0)
    return count


def month_of(scale: Scale, moments: pd.Series) -> np.ndarray:
    """Return the place of each moment's month, which may lie outside the scale's months."""
    start = scale.months[0]
    return ((moments.dt.year - start.year) * 12 + moments.dt.month - start.month).to_numpy()


def of_payments(county: County, made: Made, accounts: pd.Index) -> Arrays:
    """Return how an account paid the bills that were due by the end of each month."""
    shape = (len(accounts), len(county.scale.months))
    bills = county.bills[["bill_id", "account_id", "month_start", "issued_date", "due_date"]]
    booked = made.tables["payment_allocation"][["bill_id", "payment_id"]].merge(
        made.tables["payment"][["payment_id", "booked_at", "channel_code", "paid_yuan"]]
    )
    joined = bills.merge(booked, on="bill_id")
    last = joined.sort_values("booked_at").drop_duplicates(
        ["account_id", "month_start"], keep="last"
    )
    room = (last["due_date"] - last["issued_date"]) / pd.Timedelta(days=1) + 1
    place = (last["booked_at"] - last["issued_date"]) / pd.Timedelta(days=1) / room
    row, month = (
        accounts.get_indexer(last["account_id"]),
        month_of(county.scale, last["month_start"]),
    )
    pace, hall = np.full(shape, np.nan), np.full(shape, np.nan)
    pace[row, month] = np.minimum(place, 1.5)
    hall[row, month] = last["channel_code"] == "hall"
    # The bill of a month is due in the next one: at its end the one before is the last known.
    pace, hall = shifted(pace, 1), shifted(hall, 1)
    late = (pace > 1).astype("float64")
    parts = monthly(
        shape,
        accounts.get_indexer(joined["account_id"]),
        month_of(county.scale, joined["month_start"]),
    )
    return {
        "pace": pace,
        "pace_quarter": rolling(pace, 3),
        "pace_year": rolling(pace, 12),
        "pace_most": rolling(pace, 12, "max"),
        "pace_unrest": rolling(pace, 12, "std"),
        "near_misses": rolling((pace > 0.85).astype("float64"), 12, "sum"),
        "hall_frac": rolling(hall, 12),
        "late_year": rolling(late, 12, "sum"),
        "late_year_before": shifted(rolling(late, 12, "sum"), 12),
        "parts": rolling(shifted(parts, 1), 12),
    }


def of_events(county: County, made: Made, accounts: pd.Index) -> Arrays:
    """Return records, collection steps and tickets of the last year, by account."""
    shape = (len(accounts), len(county.scale.months))
    holder = county.points.drop_duplicates("account_id")
    steps, flags = made.tables["collection_action"], made.tables["external_flag"]
    step_row = accounts.get_indexer(steps["account_id"])
    found = flags.merge(holder[["party_id", "account_id"]], on="party_id")
    tickets = made.tables["ticket"].merge(county.points[["supply_point_id", "account_id"]])
    counts = {
        "steps_year": (step_row, steps["known_at"]),
        "flags_year": (accounts.get_indexer(found["account_id"]), found["published_date"]),
        "tickets_year": (accounts.get_indexer(tickets["account_id"]), tickets["opened_at"]),
    }
    return {
        name: rolling(monthly(shape, row, month_of(county.scale, moment)), 12, "sum")
        for name, (row, moment) in counts.items()
    }


def seen(county: County) -> Seen:
    """Make a county and what was known of it."""
    made = Made({}, {})
    for name in ROOMS:
        one = importlib.import_module(f"marketing_models.synthetic.{name}").tables(county)
        made.tables.update(one.tables)
        made.truth.update(one.truth)
    accounts = pd.Index(county.points["account_id"].unique())
    own = accounts.get_indexer(county.points["account_id"])
    by_account = of_payments(county, made, accounts) | of_events(county, made, accounts)
    known = of_energy(county) | {name: values[own] for name, values in by_account.items()}
    return Seen(county, made, {name: values.astype("float32") for name, values in known.items()})
