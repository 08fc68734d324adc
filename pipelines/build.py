"""Build: run every study once on a store and write it back.

``python -m pipelines.build --store demo --issue latest``
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from tqdm import tqdm

import marketing_models
from marketing_models import parameters
from marketing_models.cis import Store
from marketing_models.errors import MarketingModelsError
from marketing_models.findings import Finding
from marketing_models.reporting import privacy
from marketing_models.studies import brief, demand
from marketing_models.study import Run
from marketing_models.timeaxis import Issue
from pipelines.issues import resolve

REFUSED = 5

# A business is a party, however many supply points it has; sizes are the billed energy of the last
# year or, in a county without any, contracted capacities.
MEMBERS = """
WITH billed AS (
  SELECT supply_point_id, greatest(sum(energy_kwh), 0) AS energy_kwh
  FROM bill WHERE month_start >= ? GROUP BY ALL),
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


def build(store: Store, issue: Issue, *, seed: int) -> None:
    """Run the studies of an issue and write them to the store.

    Parameters
    ----------
    store : Store
        Read as known at the moment of the issue.
    issue : Issue
        The issue.
    seed : int
        Seed of every random step.
    """
    issued_at = issue.origin + pd.Timedelta(hours=parameters.at("issue.delay_hours", issue.origin))
    run = Run(
        store_unit_id=store.unit_id,
        store_version_number=store.version,
        issued_at=issued_at,
        code_version=marketing_models.__version__,
        parameters={"seed": seed, "parameters_sha256": parameters.digest()},
    )
    study = demand.study(
        demand_tables(store, issue, issued_at),
        store.hierarchy(),
        issue=issue,
        calendar=store.calendar,
        run=run,
    )
    hidden = hidden_units(store, issue, issued_at)
    for made in (study, brief.study(study)):
        store.write_study(replace(made, findings=(*made.findings, *hidden)))


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
    tables = {table: store.read(table, known_by=issued_at) for table in demand.READS}
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
        0, or 5 if the run was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.build", description=__doc__)
    parser.add_argument("--store", default="demo", help="bare name or absolute path")
    parser.add_argument("--issue", default="latest", help="2026-08-03, 2026-W32, 2026-08 or latest")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    try:
        store = Store.open(given.store)
        issue = resolve(store, given.issue)
        with tqdm(total=1, desc=f"studies of issue {issue.name}", unit="run") as bar:
            build(store, issue, seed=given.seed)
            bar.update()
    except MarketingModelsError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
