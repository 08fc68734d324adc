"""How much of the hidden truth of the synthetic province a model can see, and how much it cannot.

``python benchmarks/world_identifiability.py --seeds 5`` makes a world a seed, without a store, and
asks for each question three areas under the ROC curve: of the hidden probability itself, of a
LightGBM with its default parameters on all observables known at the time, and of one simple score.
The model learns from the earlier months of all seeds, from all hits and at most ten times as many
others, by lot (theft begins at one in a thousand supply points and quarters, of which default
parameters learn nothing else), and is judged on all later months. Then the same in the presets in
which the customers of a question do not differ: there the model has to stay at 0.50.

Late payment is asked of new late payers: accounts that paid all twelve bills before in time. For
them "late months of the last 12" is zero by definition, an area of 0.50; so the simple score
counts the late months of the twelve before those, which is the harder bar. The other simple
scores: theft and loss, the fall of energy on the year before; offers and calls, the share
accepted before.
"""

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from world_known import COUNTED, Seen, month_of, seen

from marketing_models.synthetic import events
from marketing_models.synthetic.county import County
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

SCALES = {
    "small": Scale(city_count=1, county_count=4, supply_point_count=6_700),
    "demo": Scale(),
}
LEARN_FRAC, OTHERS_PER_HIT = 0.6, 10
HISTORY_MONTHS = 24
TRUTH_BAR, GAP_BAR, GAIN_BAR, ERRORS_BAR = (0.65, 0.75), (0.02, 0.10), 0.05, 2.6
Answer = Callable[["Seen"], pd.DataFrame]


def labelled(rows: pd.DataFrame, label: pd.Series, truth: pd.Series, simple: str) -> pd.DataFrame:
    """Add label, hidden probability and simple score to what was known."""
    score = rows[simple] * (-1 if "change" in simple else 1)
    return rows.assign(
        _label=np.asarray(label, bool), _truth=np.asarray(truth), _simple=score.fillna(0.0)
    )


def late_payment(one: Seen) -> pd.DataFrame:
    """Ask who, so far in time, pays the bill of the month late."""
    truth = one.made.truth["payments_late"]
    truth = truth.assign(month=month_of(one.county.scale, truth["month_start"]))
    due_by_now = truth["month"] < len(one.county.scale.months) - 1
    truth = truth[truth["is_new"] & due_by_now & (truth["month"] >= HISTORY_MONTHS)]
    first = pd.Index(one.county.points["account_id"].drop_duplicates())
    row = one.county.points.drop_duplicates("account_id").index.to_numpy()
    point = row[first.get_indexer(truth["account_id"])]
    month = truth["month"].to_numpy()
    # Instalments of the month are issued within it: steps against them would tell the answer.
    before = {name: one.known[name][point, month - 1] for name in COUNTED}
    rows = one.rows(point, month).assign(**before)
    return labelled(rows, truth["is_late"], truth["late_probability"], "late_year_before")


def of_points(one: Seen, name: str, label: str, chance: str) -> pd.DataFrame:
    """Ask what happens to supply points after what was known at the end of the month before."""
    truth = one.made.truth[name]
    month = month_of(one.county.scale, truth["month_start"])
    truth, month = truth[month >= 12], month[month >= 12]
    point = pd.Index(one.county.points["supply_point_id"]).get_indexer(truth["supply_point_id"])
    rows = one.rows(point, month - 1)
    return labelled(rows, truth[label], truth[chance], "year_change_quarter")


def theft(one: Seen) -> pd.DataFrame:
    """Ask where theft begins in a quarter; a quarter that the world cuts short is left out."""
    rows = of_points(one, "theft_hazard", "is_start", "start_probability")
    return rows[rows["_month"] <= len(one.county.scale.months) - 4]


def churn(one: Seen) -> pd.DataFrame:
    """Ask which business is lost in a month."""
    return of_points(one, "contracts_churn", "is_lost", "hazard")


def offer(one: Seen) -> pd.DataFrame:
    """Ask which customer accepts an offer that was made."""
    truth = one.made.truth["offers_response"]
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
        days_since=days_since(made["account_id"], made["acted_at"], 1),
    )
    return labelled(rows, made["accepted"], made["response_probability"], "accepted_before")


def response(one: Seen) -> pd.DataFrame:
    """Ask which enrolled customer accepts a call for response."""
    truth = one.made.truth["events_answer"]
    calls = events.response_events(one.county.world).drop_duplicates("response_event_id")
    asked = ["response_event_id", "called_at", "started_at", "requested_kw", "warning_level_code"]
    resources = one.made.tables["load_resource"].drop_duplicates("resource_id")
    kept = ["resource_id", "supply_point_id", "measure_code", "adjustable_load_kw"]
    kept += ["contracted_response_kw", "notice_minutes", "event_yuan_per_kw", "is_modulating"]
    kept += ["compensation_yuan_per_kwh", "aggregator_id"]
    made = truth.merge(calls[asked]).merge(resources[kept])
    made = made.sort_values(["called_at", "resource_id"])
    month = month_of(one.county.scale, made["called_at"])
    inside = (month >= 12) & (month <= len(one.county.scale.months))
    made, month = made[inside].reset_index(drop=True), month[inside]
    index = pd.Index(one.county.points["supply_point_id"])
    rows = one.rows(index.get_indexer(made["supply_point_id"]), month - 1).assign(
        accepted_before=earlier(made["resource_id"], made["is_accepted"]),
        hour=made["started_at"].dt.hour.to_numpy(),
        weekday=made["started_at"].dt.day_of_week.to_numpy(),
        is_bundled=made["aggregator_id"].notna().to_numpy("float64"),
        **{
            f"days_since_{n}": days_since(made["resource_id"], made["called_at"], n) for n in (1, 2)
        },
        **{name: made[name].to_numpy() for name in [*asked[3:], *kept[2:-1]]},
    )
    return labelled(rows, made["is_accepted"], made["answer_probability"], "accepted_before")


def earlier(key: pd.Series, happened: pd.Series) -> np.ndarray:
    """Return the share of a key's earlier rows in which it happened; 0.3 before the first."""
    so_far = happened.astype("float64").groupby(key.to_numpy())
    before = so_far.cumsum() - happened
    return ((before + 0.3) / (so_far.cumcount() + 1)).to_numpy()


def days_since(key: pd.Series, moment: pd.Series, back: int) -> np.ndarray:
    """Return the days since the last row of a key, or one further back; empty before the first."""
    before = moment.groupby(key.to_numpy()).shift(back)
    return ((moment - before) / pd.Timedelta(days=1)).to_numpy("float64")


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
                found[name].append(ask(one).assign(_seed=seed))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}


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
