"""CIS · studies in the store: one frozen Study to its tables and back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from marketing_models import schemas
from marketing_models.errors import InsufficientDataError
from marketing_models.findings import Finding
from marketing_models.study import Run, Study

if TYPE_CHECKING:
    from marketing_models.cis.store import Store


def result_tables(study_name: str) -> tuple[str, ...]:
    """Return the result tables of a study."""
    return tuple(t for t in schemas.tables() if t.startswith(f"result_{study_name}_"))


def write(store: "Store", study: Study) -> int:
    """Write a study in one batch, in place of an earlier run of the same name.

    Parameters
    ----------
    store : Store
        Where to.
    study : Study
        With a frame for every table that it fills.

    Returns
    -------
    int
        Number of the version vector; unchanged if the same run stands there already.
    """
    frames = {
        table: study.tables.get(table, pd.DataFrame(columns=_names(table))).assign(
            run_id=study.run_id
        )
        for table in result_tables(study.name)
    }
    frames["study_finding"] = _findings(study)
    frames["study_run"] = _run_row(study)
    if not _changed(store, study.run_id, frames):
        return store.version
    return store.write(frames, slices=[study.run_id])


def _changed(store: "Store", run_id: str, frames: dict[str, pd.DataFrame]) -> bool:
    """Tell whether a run differs from the stored one in more than the version it has read."""
    for table, frame in frames.items():
        new = schemas.conform(table, frame).drop(columns="store_version_number", errors="ignore")
        keys = list(schemas.keys(table))
        held = store.read(table, where={"run_id": [run_id]})[new.columns.to_list()]
        if not held.equals(new.sort_values(keys, ignore_index=True)):
            return True
    return False


def read(
    store: "Store",
    name: str,
    *,
    unit_id: str | None,
    issue: str,
    where: Mapping[str, Sequence[Any]],
) -> Study:
    """Read a study, cut to a unit and its children.

    Parameters
    ----------
    store : Store
        Where from.
    name : str
        Name of the study.
    unit_id : str or None
        The unit; None for the store's own.
    issue : str
        Name of the issue, or ``latest`` for the last one in the store.
    where : mapping of str to sequence
        For a column, the values wanted, in the tables that have it.

    Returns
    -------
    Study
        As `Study.of` cuts it.
    """
    run = _stored_run(store, name, issue)
    unit = unit_id or store.unit_id
    hierarchy = store.hierarchy()
    wanted = {"run_id": [run["run_id"]], "unit_id": list(hierarchy.below(unit))}
    related = {**wanted, "unit_id": [*hierarchy.path(unit), *hierarchy.below(unit)]}
    tables = {
        table: store.read(table, where={**wanted, **_held(table, where)}).drop(columns="run_id")
        for table in result_tables(name)
    }
    study = Study(
        name=name,
        issue=str(run["issue_name"]),
        unit_id=store.unit_id,
        hierarchy=hierarchy,
        tables=tables,
        findings=_read_findings(store.read("study_finding", where=related)),
        run=_read_run(run),
    )
    return study.of(unit)


def _held(table: str, where: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    return {column: values for column, values in where.items() if column in _names(table)}


def exists(store: "Store", name: str, issue: str) -> bool:
    """Tell whether the store computed a study of an issue."""
    return not store.read("study_run", where={**_own(store, name), "issue_name": [issue]}).empty


def _own(store: "Store", name: str) -> dict[str, list[str]]:
    return {"study_name": [name], "store_unit_id": [store.unit_id]}


def _stored_run(store: "Store", name: str, issue: str) -> pd.Series:
    runs = store.read("study_run", where=_own(store, name))
    wanted = runs if issue == "latest" else runs[runs["issue_name"] == issue]
    if wanted.empty:
        held = ", ".join(sorted(runs["issue_name"])) or "none"
        raise InsufficientDataError(
            f"study {name} of issue {issue}",
            f"issues {held} in {store.folder}",
            f"run: python -m pipelines.build --store {store.folder.name} --issue {issue}",
        )
    return wanted.sort_values(["issued_at", "run_id"]).iloc[-1]


def _run_row(study: Study) -> pd.DataFrame:
    run = asdict(study.run)
    row = {
        "run_id": study.run_id,
        "issue_name": study.issue,
        "study_name": study.name,
        "content_digest": _content_digest(study),
        "parameters_json": _text(run.pop("parameters")),
        **run,
    }
    return pd.DataFrame([row])


def _content_digest(study: Study) -> str:
    """Return one number for all tables of a study; rows are hashed in the order of their keys."""
    total = 0
    for table in sorted(study.tables):
        frame = schemas.conform(table, study.tables[table].assign(run_id=study.run_id))
        ordered = frame.sort_values(list(schemas.keys(table)), ignore_index=True)
        total ^= int(pd.util.hash_pandas_object(ordered, index=True).sum()) & (2**64 - 1)
    return f"{total:016x}"


def _findings(study: Study) -> pd.DataFrame:
    rows = [
        {
            "run_id": study.run_id,
            "unit_id": f.unit_id,
            "level": study.hierarchy.level(f.unit_id),
            "finding_code": f.code,
            "severity_code": f.severity,
            "facts_json": _text(f.facts),
        }
        for f in study.findings
    ]
    return pd.DataFrame(rows, columns=_names("study_finding"))


def _read_findings(rows: pd.DataFrame) -> tuple[Finding, ...]:
    found: Iterable[Any] = rows.itertuples(index=False)
    return tuple(
        Finding(
            code=row.finding_code,
            severity=row.severity_code,
            unit_id=row.unit_id,
            facts=json.loads(row.facts_json),
        )
        for row in found
    )


def _read_run(row: pd.Series) -> Run:
    return Run(
        store_unit_id=str(row["store_unit_id"]),
        store_version_number=int(row["store_version_number"]),
        issued_at=pd.Timestamp(row["issued_at"]),
        code_version=str(row["code_version"]),
        parameters=json.loads(row["parameters_json"]),
    )


def _names(table: str) -> list[str]:
    return [str(name) for name in schemas.columns(table).index]


def _text(held: object) -> str:
    return json.dumps(held, ensure_ascii=False, sort_keys=True, default=str)
