"""The command line: make a synthetic store, take in a delivery, say what a store holds."""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml

from marketing_models import schemas, synthesis
from marketing_models.cis import Store, locate, reconciliation
from marketing_models.cis.ingest import IngestReport, ingest
from marketing_models.errors import MarketingModelsError, StoreError, UnknownUnitError
from marketing_models.regions import LEVELS
from marketing_models.synthetic import exports
from marketing_models.synthetic.scale import PROVINCE, SCALES, Scale
from marketing_models.synthetic.world import PRESETS, World

ACCEPTED, REFUSED, USAGE, PARTIAL = 0, 1, 2, 3
_SHOWN_FAULTS = 20
_EPILOG = "exit codes: 0 all good, 1 refused, 2 usage, 3 some lines quarantined or rules broken"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Words after the program's name; by default those of the process.

    Returns
    -------
    int
        Exit code: 0 all good, 1 refused, 3 accepted in part; wrong usage exits with 2.
    """
    parser = _parser()
    chosen = parser.parse_args(argv)
    commands = {
        "synthesize": _synthesize,
        "ingest": _ingest,
        "digest": _digest,
        "doctor": _doctor,
        "status": _status,
    }
    try:
        return commands[chosen.command](chosen)
    except _WrongUsageError as error:
        sys.stderr.write(f"marketing-models {chosen.command}: {error}\n")
        return USAGE
    except (MarketingModelsError, OSError) as error:
        sys.stderr.write(f"marketing-models {chosen.command}: {error}\n")
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="marketing-models", epilog=_EPILOG)
    commands = parser.add_subparsers(dest="command", required=True)
    synthesize = commands.add_parser("synthesize", help="make a synthetic province")
    synthesize.add_argument("--scale", choices=SCALES, default="demo")
    synthesize.add_argument("--cities", type=int, help="other than the scale has")
    synthesize.add_argument("--counties", type=int)
    synthesize.add_argument("--supply-points", type=int)
    synthesize.add_argument("--months", type=int)
    synthesize.add_argument("--seed", type=int, default=1)
    synthesize.add_argument("--preset", choices=PRESETS, default="usual")
    synthesize.add_argument("--unit-id", help="one county alone, as it is in the province")
    synthesize.add_argument("--workers", type=int, default=1, help="processes side by side")
    synthesize.add_argument("--as", dest="system", choices=["sg186"], help="write its exports")
    synthesize.add_argument("--encoding", choices=exports.ENCODINGS, default="gb18030")
    synthesize.add_argument("--faults", type=Path, help="YAML of kinds and counts to plant")
    synthesize.add_argument("--out", type=Path, help="folder of the exports")
    take_in = commands.add_parser("ingest", help="read a folder of exports", epilog=_EPILOG)
    take_in.add_argument("folder", help="files of one source")
    take_in.add_argument("--mapping", help="packaged mapping or .yaml file; else by the headers")
    digest = commands.add_parser("digest", help="print a digest of every table's content")
    digest.add_argument("--unit-id", help="only rows of this unit and those below it")
    digest.add_argument("--units", action="store_true", help="print the units instead")
    doctor = commands.add_parser("doctor", help="check that the rows of a store agree")
    doctor.add_argument("--unit-id", help="only rows of this unit and those below it")
    commands.add_parser("status", help="print what a store holds")
    for name, command in commands.choices.items():
        needed = name != "synthesize"
        command.add_argument("--store", required=needed, help="name under data/, or absolute path")
    return parser


class _WrongUsageError(Exception):
    """Words that do not go together."""


def _synthesize(chosen: argparse.Namespace) -> int:
    world = _world(chosen)
    if chosen.system:
        return _export(world, chosen)
    if not chosen.store:
        raise _WrongUsageError("--store names where the province goes")
    unit_id = chosen.unit_id or PROVINCE
    if unit_id not in {PROVINCE, *world.city_of}:
        raise UnknownUnitError(unit_id, world.city_of)
    label = f"synthetic {world}" + (f" {unit_id}" if chosen.unit_id else "")
    store = _empty_store(chosen.store, unit_id, label)
    if store is not None:
        _fill(store, world, chosen, _origin(label))
    return ACCEPTED


def _world(chosen: argparse.Namespace) -> World:
    try:
        return World(scale=_scale(chosen), seed=chosen.seed, preset=chosen.preset)
    except ValueError as error:
        raise _WrongUsageError(str(error)) from None


def _fill(store: Store, world: World, chosen: argparse.Namespace, origin: pd.DataFrame) -> None:
    if store.unit_id == PROVINCE:
        synthesis.synthesize(world, store, origin=origin, workers=chosen.workers)
    else:
        synthesis.synthesize_county(world, store, store.unit_id, origin=origin)
    _say(f"store {store.folder}: version {store.version}")


def _export(world: World, chosen: argparse.Namespace) -> int:
    """Write the exports of one unit; what was planted is listed beside their folder."""
    unit_id, out = chosen.unit_id or next(iter(world.cities)), chosen.out
    if unit_id not in {*world.cities, *world.city_of}:
        raise UnknownUnitError(unit_id, [*world.cities, *world.city_of])
    if out is None:
        raise _WrongUsageError("--out names the folder of the exports")
    if out.exists() and any(out.iterdir()):
        raise _WrongUsageError(f"{out} is not empty; ingest would read all that is in it")
    try:
        faults = yaml.safe_load(chosen.faults.read_text("utf-8")) if chosen.faults else {}
        made = synthesis.delivery(world, unit_id, encoding=chosen.encoding, faults=faults)
    except (ValueError, yaml.YAMLError) as error:
        raise _WrongUsageError(f"{chosen.faults}: {error}") from None
    out.mkdir(parents=True, exist_ok=True)
    for name, content in made.files.items():
        (out / name).write_bytes(content)
    for kind, rows in (("faults", made.planted), ("repairs", made.repaired)):
        rows.to_csv(out.with_name(f"{out.name}.{kind}.csv"), index=False)
    _say(
        f"{out}: {len(made.files)} files of unit {unit_id}; {len(made.planted)} faults and "
        f"{len(made.repaired)} odd spellings, listed beside it in {out.name}.faults.csv and "
        f"{out.name}.repairs.csv"
    )
    return ACCEPTED


def _scale(chosen: argparse.Namespace) -> Scale:
    given = {
        "city_count": chosen.cities,
        "county_count": chosen.counties,
        "supply_point_count": chosen.supply_points,
        "month_count": chosen.months,
    }
    return replace(SCALES[chosen.scale], **{n: v for n, v in given.items() if v is not None})


def _empty_store(name: str, unit_id: str, label: str) -> Store | None:
    """Return a store to write to; None if it holds this very province already."""
    if not (locate(name) / "version.json").is_file():
        return Store.init(name, unit_id=unit_id)
    store = Store.open(name)
    if (store.read("batch")["mapping_name"] == label).any():
        _say(f"store {store.folder} holds this province already; nothing done")
        return None
    if store.version or store.unit_id != unit_id:
        raise StoreError(f"store {store.folder} holds other data; remove it or name another")
    return store


def _origin(label: str) -> pd.DataFrame:
    """Return the batch row of a synthetic store, without its count of rows."""
    digest = hashlib.sha256(label.encode()).hexdigest()
    row = {
        "batch_id": digest[:16],
        "mapping_name": label,
        "file_name": "synthetic",
        "file_sha256": digest,
        "content_digest": digest,
        "delivery_code": "full",
        "repaired_count": 0,
        "quarantined_count": 0,
        "committed_at": pd.Timestamp.now(tz="Asia/Shanghai").tz_localize(None).floor("us"),
        "schema_version": schemas.SCHEMA_VERSION,
    }
    return pd.DataFrame([row])


def _ingest(chosen: argparse.Namespace) -> int:
    report = ingest(chosen.folder, chosen.store, mapping=chosen.mapping)
    done = "read before, nothing done" if report.is_repeated else "committed"
    _say(f"{report.mapping}: {done}; store {locate(chosen.store)}, version {report.version}")
    for row in report.files.to_dict("records"):
        _say(
            f"  {row['file_name']}: {row['line_count']} lines, {row['accepted_count']} accepted, "
            f"{row['quarantined_count']} quarantined, "
            f"{report.dropped.get(row['file_name'], 0)} dropped by the mapping"
        )
    for table, count in report.row_counts.items():
        _say(f"  {table}: {count} rows")
    if report.ignored:
        _say(f"  ignored: {', '.join(report.ignored)}")
    _warn(report)
    return PARTIAL if report.quarantined_count else ACCEPTED


def _warn(report: IngestReport) -> None:
    if not report.quarantined_count:
        return
    sys.stderr.write(
        f"marketing-models ingest: {report.quarantined_count} lines are in table quarantine; "
        "correct them in the source and deliver again\n"
    )
    for sentence in report.faults[:_SHOWN_FAULTS]:
        sys.stderr.write(f"  {sentence}\n")
    if len(report.faults) > _SHOWN_FAULTS:
        sys.stderr.write(f"  and {len(report.faults) - _SHOWN_FAULTS} more faulty cells\n")


def _digest(chosen: argparse.Namespace) -> int:
    store = Store.open(chosen.store)
    if chosen.units:
        units = store.hierarchy().units
        order = units["level"].map(LEVELS.index)
        for unit_id in units.assign(order=order).sort_values(["order", "unit_id"])["unit_id"]:
            _say(unit_id)
        return ACCEPTED
    if chosen.unit_id and chosen.unit_id not in store.hierarchy():
        raise UnknownUnitError(chosen.unit_id, list(store.hierarchy()))
    for table, found in store.digests(chosen.unit_id).items():
        count, _, bits = found.partition("-")
        _say(f"{table} {count} {bits}")
    return ACCEPTED


def _doctor(chosen: argparse.Namespace) -> int:
    found = reconciliation.check(Store.open(chosen.store), chosen.unit_id)
    broken = found[found["violation_count"] > 0]
    for row in broken.to_dict("records"):
        _say(
            f"{row['severity']} {row['table']} {row['rule']}: {row['violation_count']} of "
            f"{row['row_count']} rows, such as {row['example_key']}"
        )
    errors = int((broken["severity"] == "E").sum())
    _say(f"{len(found)} rules: {errors} with errors, {len(broken) - errors} with warnings")
    return PARTIAL if errors else ACCEPTED


def _status(chosen: argparse.Namespace) -> int:
    store = Store.open(chosen.store)
    levels = store.read("org_unit")["level"].value_counts(sort=False)
    day = store.last_complete_day()
    _say(f"store {store.folder}: version {store.version}")
    _say(f"unit {store.unit_id}, calendar {store.calendar}")
    _say("units: " + (", ".join(f"{n} {level}" for level, n in levels.items()) or "none"))
    _say(f"last complete day: {day.date() if day is not None else 'none'}")
    for table in schemas.tables():
        count = store.query(f"SELECT count(*) AS n FROM {table}")["n"].iloc[0]  # noqa: S608 - own names
        if count:
            _say(f"  {table}: {count} rows")
    return ACCEPTED


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
