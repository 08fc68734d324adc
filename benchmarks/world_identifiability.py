"""How much of the hidden truth of the synthetic province a model can see, and how much it cannot.

``python benchmarks/world_identifiability.py --seeds 5`` makes a world a seed, without a store, and
asks for each question three areas under the ROC curve: of the hidden probability itself, of a
LightGBM with its default parameters on all observables known at the time, and of one simple score.
The model learns from the earlier months of all seeds, from all hits and ten times as many others
by lot (with theft at one in two thousand, default parameters learn nothing else), and is judged on
all later ones. Then the same in the presets in which the customers of a question do not differ:
there the model has to stay at 0.50.

Late payment is asked of new late payers: accounts that paid all twelve bills before in time. For
them "late months of the last 12" is zero by definition, an area of 0.50; so the simple score
counts the late months of the twelve before those, which is the harder bar. The other simple
scores: theft and loss, the fall of energy on the year before; offers and calls, the share
accepted before.
"""

import argparse
import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

SCALES = {
    "small": Scale(city_count=1, county_count=4, supply_point_count=6_700),
    "demo": Scale(),
}
ROOMS = ("contracts", "payments", "inspections", "tickets", "resources", "events", "offers")
CODES = (
    *("class_name", "industry_code", "voltage_level_code", "area_type_code"),
    *("importance_level_code", "is_urban"),
)
COUNTED = ("steps_year", "flags_year", "tickets_year")
LEARN_FRAC, OTHERS_PER_HIT = 0.6, 10
HISTORY_MONTHS = 24
TRUTH_BAR, GAP_BAR, GAIN_BAR, ERRORS_BAR = (0.65, 0.75), (0.02, 0.10), 0.05, 2.6
Arrays = dict[str, np.ndarray]
Answer = Callable[["Seen"], pd.DataFrame | None]


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
        codes = {name: fixed[name].astype("str").to_numpy() for name in CODES if name in fixed}
        extra = {
            "kva": fixed["contract_capacity_kva"].to_numpy("float64"),
            "is_prepaid": fixed["is_prepaid"].to_numpy("float64"),
            "calendar_month": (self.county.scale.months.month.to_numpy() % 12 + 1)[month],
            "_month": month,
        }
        return pd.DataFrame({**picked, **codes, **extra})


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
    counts = {
        "steps_year": (step_row, steps["known_at"]),
        "flags_year": (accounts.get_indexer(found["account_id"]), found["published_date"]),
    }
    if "ticket" in made.tables:
        tickets = made.tables["ticket"].merge(county.points[["supply_point_id", "account_id"]])
        counts["tickets_year"] = (accounts.get_indexer(tickets["account_id"]), tickets["opened_at"])
    return {
        name: rolling(monthly(shape, row, month_of(county.scale, moment)), 12, "sum")
        for name, (row, moment) in counts.items()
    }


def seen(county: County) -> Seen:
    """Make a county and what was known of it."""
    made = Made({}, {})
    for name in ROOMS:
        try:
            room = importlib.import_module(f"marketing_models.synthetic.{name}")
        except ModuleNotFoundError:
            continue
        one = room.tables(county)
        made.tables.update(one.tables)
        made.truth.update(one.truth)
    accounts = pd.Index(county.points["account_id"].unique())
    own = accounts.get_indexer(county.points["account_id"])
    by_account = of_payments(county, made, accounts) | of_events(county, made, accounts)
    known = of_energy(county) | {name: values[own] for name, values in by_account.items()}
    return Seen(county, made, {name: values.astype("float32") for name, values in known.items()})


def labelled(rows: pd.DataFrame, label: pd.Series, truth: pd.Series, simple: str) -> pd.DataFrame:
    """Add label, hidden probability and simple score to what was known."""
    score = rows[simple] * (-1 if "change" in simple else 1)
    return rows.assign(
        _label=np.asarray(label, bool), _truth=np.asarray(truth), _simple=score.fillna(0.0)
    )


def late_payment(one: Seen) -> pd.DataFrame | None:
    """Ask who, so far in time, pays the bill of the month late."""
    truth = one.made.truth.get("payments_late")
    if truth is None:
        return None
    truth = truth.assign(month=month_of(one.county.scale, truth["month_start"]))
    due_by_now = truth["month"] < len(one.county.scale.months) - 1
    truth = truth[truth["is_new"] & due_by_now & (truth["month"] >= HISTORY_MONTHS)]
    first = pd.Index(one.county.points["account_id"].drop_duplicates())
    row = one.county.points.drop_duplicates("account_id").index.to_numpy()
    point = row[first.get_indexer(truth["account_id"])]
    month = truth["month"].to_numpy()
    # Instalments of the month are issued within it: steps against them would tell the answer.
    before = {name: one.known[name][point, month - 1] for name in COUNTED if name in one.known}
    rows = one.rows(point, month).assign(**before)
    return labelled(rows, truth["is_late"], truth["late_probability"], "late_year_before")


def of_points(one: Seen, name: str, label: str, chance: str) -> pd.DataFrame | None:
    """Ask what happens to supply points after what was known at the end of the month before."""
    truth = one.made.truth.get(name)
    if truth is None:
        return None
    month = month_of(one.county.scale, truth["month_start"])
    truth, month = truth[month >= 12], month[month >= 12]
    point = pd.Index(one.county.points["supply_point_id"]).get_indexer(truth["supply_point_id"])
    rows = one.rows(point, month - 1)
    return labelled(rows, truth[label], truth[chance], "year_change_quarter")


def theft(one: Seen) -> pd.DataFrame | None:
    """Ask where theft begins in a quarter."""
    return of_points(one, "theft_hazard", "is_start", "start_probability")


def churn(one: Seen) -> pd.DataFrame | None:
    """Ask which business is lost in a month."""
    return of_points(one, "contracts_churn", "is_lost", "hazard")


def offer(one: Seen) -> pd.DataFrame | None:
    """Ask which customer accepts an offer that was made."""
    truth = one.made.truth.get("offers_response")
    if truth is None:
        return None
    contacts = one.made.tables["marketing_contact"]
    made = contacts[~contacts["is_control"].astype(bool) & contacts["acted_at"].notna()]
    made = made[["contact_id", "acted_at", "channel_code"]].merge(truth, on="contact_id")
    made = made.sort_values("acted_at", ignore_index=True)
    month = month_of(one.county.scale, made["acted_at"])
    made, month = made[month >= 12], month[month >= 12]
    point = pd.Index(one.county.points["account_id"].drop_duplicates())
    first = one.county.points.drop_duplicates("account_id").index.to_numpy()
    rows = one.rows(first[point.get_indexer(made["account_id"])], month - 1).assign(
        offer=made["offer_code"].to_numpy(),
        channel=made["channel_code"].to_numpy(),
        accepted_before=earlier(made["account_id"], made["accepted"]),
        contacts_before=made.groupby("account_id").cumcount().to_numpy(),
    )
    return labelled(rows, made["accepted"], made["response_probability"], "accepted_before")


def response(one: Seen) -> pd.DataFrame | None:
    """Ask which enrolled customer accepts a call for response."""
    truth = one.made.truth.get("events_answer")
    if truth is None or truth.empty:
        return None
    events = importlib.import_module("marketing_models.synthetic.events")
    calls = events.response_events(one.county.world).drop_duplicates("response_event_id")
    asked = ["response_event_id", "called_at", "requested_kw", "warning_level_code"]
    resources = one.made.tables["load_resource"].drop_duplicates("resource_id")
    kept = ["resource_id", "supply_point_id", "measure_code", "adjustable_load_kw"]
    kept += ["contracted_response_kw", "notice_minutes", "event_yuan_per_kw"]
    made = truth.merge(calls[asked]).merge(resources[kept]).sort_values("called_at")
    month = month_of(one.county.scale, made["called_at"])
    inside = (month >= 12) & (month <= len(one.county.scale.months))
    made, month = made[inside].reset_index(drop=True), month[inside]
    index = pd.Index(one.county.points["supply_point_id"])
    rows = one.rows(index.get_indexer(made["supply_point_id"]), month - 1).assign(
        accepted_before=earlier(made["resource_id"], made["is_accepted"]),
        hour=made["called_at"].dt.hour.to_numpy(),
        **{name: made[name].to_numpy() for name in [*asked[2:], *kept[2:]]},
    )
    return labelled(rows, made["is_accepted"], made["answer_probability"], "accepted_before")


def earlier(key: pd.Series, happened: pd.Series) -> np.ndarray:
    """Return the share of a key's earlier rows in which it happened; 0.3 before the first."""
    so_far = happened.astype("float64").groupby(key.to_numpy())
    before = so_far.cumsum() - happened
    return ((before + 0.3) / (so_far.cumcount() + 1)).to_numpy()


QUESTIONS: dict[str, Answer] = {
    "late payment": late_payment,
    "theft": theft,
    "churn": churn,
    "offer": offer,
    "response": response,
}
PRESETS = {
    "usual": tuple(QUESTIONS),
    "null_risk": ("late payment", "theft", "churn"),
    "null_segments": ("offer", "response"),
}


def frames(preset: str, seeds: Sequence[int], scale: Scale) -> dict[str, pd.DataFrame]:
    """Return all rows of every question that these worlds can answer."""
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in QUESTIONS}
    for seed in seeds:
        world = World(scale=scale, seed=seed, preset=preset)
        for unit in world.city_of:
            one = seen(County(world=world, unit_id=unit))
            for name, ask in QUESTIONS.items():
                rows = ask(one)
                if rows is not None:
                    found[name].append(rows.assign(_seed=seed))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items() if parts}


@dataclass(frozen=True)
class Areas:
    """Three areas under the ROC curve on the later months, and the error of one half."""

    truth: float
    model: float
    simple: float
    error: float
    count: int
    by_seed: tuple[float, ...]


def areas(rows: pd.DataFrame) -> Areas:
    """Fit a plain LightGBM on the earlier months and judge all three scores on the later ones."""
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score

    codes = [name for name in rows if rows[name].dtype.kind not in "biuf"]
    observed = rows.drop(columns=[name for name in rows if name.startswith("_")])
    observed[codes] = observed[codes].astype("category")
    edge = rows["_month"].quantile(LEARN_FRAC)
    learns, label = rows["_month"].to_numpy() <= edge, rows["_label"].to_numpy()
    share = OTHERS_PER_HIT * label[learns].sum() / max((~label[learns]).sum(), 1)
    sample = learns & (label | (np.random.default_rng(0).random(len(rows)) < share))
    model = LGBMClassifier(n_jobs=1, verbosity=-1, random_state=0)
    model.fit(observed[sample], label[sample])
    tested = rows[~learns].assign(_model=model.predict_proba(observed[~learns])[:, 1])
    three = [
        roc_auc_score(tested["_label"], tested[f"_{name}"]) for name in ("truth", "model", "simple")
    ]
    hits, count = int(tested["_label"].sum()), len(tested)
    error = np.sqrt((count + 1) / (12 * hits * (count - hits)))
    by_seed = tuple(
        roc_auc_score(own["_label"], own["_model"])
        for _, own in tested.groupby("_seed")
        if own["_label"].any()
    )
    return Areas(*three, error, hits, by_seed)


def faults(found: Areas, preset: str) -> Iterator[str]:
    """Say which bar is missed."""
    if preset != "usual":
        if abs(found.model - 0.5) > ERRORS_BAR * found.error:
            yield f"model {found.model:.3f} in the null world"
        return
    if not TRUTH_BAR[0] <= found.truth <= TRUTH_BAR[1]:
        yield f"truth outside {TRUTH_BAR[0]}-{TRUTH_BAR[1]}"
    if not GAP_BAR[0] <= found.truth - found.model <= GAP_BAR[1]:
        yield f"model {found.truth - found.model:.3f} below truth"
    if found.model - found.simple < GAIN_BAR:
        yield f"model only {found.model - found.simple:.3f} above the simple score"


def main() -> int:
    """Print the table; the exit code tells whether every bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--scale", choices=SCALES, default="demo")
    chosen = parser.parse_args()
    seeds, missed = range(1, chosen.seeds + 1), 0
    print("world      question      truth  model  simple  gap    s.e.   positives  model by seed")
    for preset, asked in PRESETS.items():
        made = frames(preset, seeds, SCALES[chosen.scale])
        for name in asked:
            if name not in made:
                print(f"{preset:10} {name:13} no such truth yet: skipped")
                continue
            found = areas(made[name])
            said = "; ".join(faults(found, preset))
            missed += bool(said)
            span = f"{min(found.by_seed):.3f}-{max(found.by_seed):.3f}"
            print(
                f"{preset:10} {name:13} {found.truth:.3f}  {found.model:.3f}  {found.simple:.3f}   "
                f"{found.truth - found.model:.3f}  {found.error:.4f} {found.count:9d}  {span}  "
                f"{said or 'ok'}"
            )
    return int(missed > 0)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "Mean of empty slice")
    sys.exit(main())
