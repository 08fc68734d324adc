"""Build: run every study once on a store and write it back.

``python -m pipelines.build --store demo --issue latest``
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from distributed import Client, as_completed
from tqdm import tqdm

import marketing_models
from marketing_models import parameters
from marketing_models.cis import Store
from marketing_models.errors import MarketingModelsError
from marketing_models.findings import Finding
from marketing_models.reporting import privacy
from marketing_models.studies import brief, demand
from marketing_models.study import Run, Study
from marketing_models.timeaxis import Issue
from pipelines import engine
from pipelines.issues import resolve

SOME_BROKEN, REFUSED = 3, 5
_log = logging.getLogger(__name__)

# A business is a party, however many supply points it has; sizes are the billed energy of the last
# year or, in a county without any, contracted capacities.
MEMBERS = """
WITH billed AS (
  SELECT supply_point_id, greatest(sum(energy_kwh), 0) AS energy_kwh
  FROM bill WHERE month_start >= ? GROUP BY supply_point_id),
point AS (
  SELECT s.county_id, s.represented_count, s.tariff_class_code = 'residential' AS is_household,
         coalesce(a.party_id, s.account_id) AS holder_id,
         CASE WHEN sum(b.energy_kwh) OVER (PARTITION BY s.county_id) > 0
              THEN coalesce(b.energy_kwh, 0) ELSE s.contract_capacity_kva END AS size
  FROM supply_point s LEFT JOIN billed b ON b.supply_point_id = s.supply_point_id
                      LEFT JOIN account a ON a.account_id = s.account_id
  WHERE s.status_code <> 'closed'),
holder AS (
  SELECT county_id, is_household, sum(represented_count) AS point_count,
         max(represented_count) AS holder_count, sum(size) AS size,
         sum(size * represented_count) AS total
  FROM point GROUP BY county_id, is_household, holder_id)
SELECT county_id AS unit_id,
       sum(CASE WHEN is_household THEN point_count ELSE 0 END) AS household_count,
       sum(CASE WHEN is_household THEN 0 ELSE holder_count END) AS business_count,
       sum(total) AS total_value,
       max(CASE WHEN is_household THEN 0 ELSE size END) AS largest_value
FROM holder GROUP BY county_id ORDER BY county_id
"""


def build(store: Store, issue: Issue, *, seed: int, each: demand.Each = map) -> tuple[str, ...]:
    """Run the studies of an issue and write them to the store.

    Parameters
    ----------
    store : Store
        Read as known at the moment of the issue.
    issue : Issue
        The issue.
    seed : int
        Seed of every random step.
    each : callable
        Calls a function for every county, as `map` does.

    Returns
    -------
    tuple of str
        Studies that broke: their pages will say so, the other studies stand.
    """
    issued_at = issue.origin + pd.Timedelta(hours=parameters.at("issue.delay_hours", issue.origin))
    run = Run(
        store_unit_id=store.unit_id,
        store_version_number=store.version,
        issued_at=issued_at,
        code_version=marketing_models.__version__,
        parameters={"seed": seed, "parameters_sha256": parameters.digest()},
    )
    bare = Study(
        name="",
        issue=issue.name,
        unit_id=store.unit_id,
        hierarchy=store.hierarchy(),
        tables={},
        findings=(),
        run=run,
    )
    made: dict[str, Study] = {}
    made["demand"] = _attempt(
        replace(bare, name="demand"),
        lambda: demand.study(
            demand_tables(store, issue, issued_at),
            bare.hierarchy,
            issue=issue,
            calendar=store.calendar,
            run=run,
            each=each,
        ),
    )
    made["brief"] = _attempt(replace(bare, name="brief"), lambda: brief.study(made["demand"]))
    hidden = hidden_units(store, issue, issued_at)
    for study in made.values():
        # One that broke never takes the place of one that stands.
        if study.tables or not store.has_study(study.name, issue.name):
            store.write_study(replace(study, findings=(*study.findings, *hidden)))
    return tuple(name for name, study in made.items() if not study.tables)


def _attempt(bare: Study, make: Callable[[], Study]) -> Study:
    """Run a study; of one that breaks, return what is left: a finding that forbids its pages."""
    try:
        return make()
    except MarketingModelsError:
        raise
    except Exception as reason:  # noqa: BLE001 - one study must not take the others along
        _log.exception("study %s broke", bare.name)
        facts = {"reason": f"{type(reason).__name__}: {reason}"}
        broken = Finding(code="study.broken", severity="forbid", unit_id=bare.unit_id, facts=facts)
        return replace(bare, findings=(broken,))


def demand_tables(store: Store, issue: Issue, issued_at: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return what the demand study reads, as it was known at the moment of the issue.

    Parameters
    ----------
    store : Store
        The store.
    issue : Issue
        The issue.
    issued_at : Timestamp
        Nothing known later is read.

    Returns
    -------
    dict of str to DataFrame
        Tables by name; of the weather forecasts only those that a weekly origin would have used.
    """
    tables = {
        table: store.read(table, known_by=issued_at, where=demand.SERIES_READ.get(table))
        for table in demand.READS
    }
    issues = store.query("SELECT DISTINCT issued_at FROM weather_forecast", known_by=issued_at)
    wanted = demand.weather_issues(issues["issued_at"], issue)
    tables["weather_forecast"] = store.read(
        "weather_forecast", known_by=issued_at, where={"issued_at": wanted}
    )
    return tables


def hidden_units(store: Store, issue: Issue, issued_at: pd.Timestamp) -> tuple[Finding, ...]:
    """Return a finding for every unit with too few members to be published.

    Parameters
    ----------
    store : Store
        The store; without supply points nobody knows of members, and nothing is hidden.
    issue : Issue
        The issue.
    issued_at : Timestamp
        Customers as they were known then.

    Returns
    -------
    tuple of Finding
        See `privacy.findings`.
    """
    year_before = issue.origin - pd.DateOffset(years=1)
    members = store.query(MEMBERS, known_by=issued_at, parameters=[year_before.to_pydatetime()])
    return privacy.findings(store.hierarchy(), members, issue.origin)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0, 3 if a study broke, 5 if the run was refused.
    """
    given = _parser().parse_args(argv)
    try:
        store = Store.open(given.store)
        issue = resolve(store, given.issue)
        counties = len(store.hierarchy().counties(store.unit_id))
        with (
            engine.client(given.cluster, given.threads, store.folder, processes=True) as client,
            tqdm(total=counties, desc=f"studies of issue {issue.name}", unit="county") as bar,
        ):
            broken = build(store, issue, seed=given.seed, each=_spread(client, bar))
    except MarketingModelsError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    for name in broken:
        sys.stderr.write(f"study {name} broke; its pages will say so\n")
    return SOME_BROKEN if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.build", description=__doc__)
    parser.add_argument("--store", default="demo", help="bare name or absolute path")
    parser.add_argument("--issue", default="latest", help="a day, week or month, latest, yesterday")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cluster", help="address of a Dask scheduler; default: this machine")
    return parser


def _spread(client: Client, bar: tqdm) -> demand.Each:
    """Return a `map` that the workers of a client do, in the order of its items."""

    def each(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        futures = client.map(function, client.scatter(list(items), hash=False), pure=False)
        for _ in as_completed(futures):
            bar.update()
        return client.gather(futures)

    return each


if __name__ == "__main__":
    sys.exit(main())
