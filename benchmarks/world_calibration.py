"""The synthetic province against published aggregates, over many seeds.

``python benchmarks/world_calibration.py --seeds 20`` makes that many worlds and computes of each
every row of the parameter file ``calibration`` that its tables can express. It prints, by row, the
value aimed at, the range, what came out over the seeds, and whether all of it lies in the range;
it ends with 1 if a row marked V (read) or R (recomputed) leaves its range in any world. Rows marked
K (assumed) are only printed. ``--write`` puts the table into ``docs/calibration.md``.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import world_events  # noqa: F401  registers its figures
from world_figures import FIGURES
from world_tables import NotMadeError, Tables, gathered

from marketing_models import parameters
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.world import World

ROOT = Path(__file__).resolve().parents[1]
LEAST_ROWS = 35


@dataclass(frozen=True, kw_only=True)
class Row:
    """One aggregate: what is published of it, and what the worlds hold."""

    name: str
    published: dict[str, Any]
    found: list[float]
    reason: str

    @property
    def verdict(self) -> str:
        """Say whether every world lies in the range."""
        if not self.found:
            return f"not made ({self.reason})" if self.reason else "not expressed"
        inside = [self.published["low"] <= value <= self.published["high"] for value in self.found]
        if all(inside):
            return "in"
        return "outside" if self.published["mark"] != "K" else "outside (assumed)"


def published() -> dict[str, dict[str, Any]]:
    """Return the published aggregates by name, as they stand today."""
    today = pd.Timestamp(Scale().last_day)
    names = [name for name in parameters.names() if name.startswith("calibration.")]
    order = {name: place for place, name in enumerate(FIGURES)}
    found = {name.partition(".")[2]: parameters.at(name, today) for name in names}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def computed(tables: Tables) -> dict[str, float | str]:
    """Return every figure of a world, or why it cannot be had."""
    found: dict[str, float | str] = {}
    for name, made in FIGURES.items():
        try:
            found[name] = made(tables)
        except (NotMadeError, KeyError) as missing:
            found[name] = str(missing).strip("'\"")
    return found


def compared(worlds: Sequence[dict[str, float | str]]) -> list[Row]:
    """Lay what the worlds hold beside what is published."""
    rows = []
    for name, facts in published().items():
        found = [world.get(name, "") for world in worlds]
        values = [float(value) for value in found if not isinstance(value, str)]
        reason = next((value for value in found if isinstance(value, str)), "")
        rows.append(Row(name=name, published=facts, found=values, reason=reason))
    return rows


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(rows: Sequence[Row]) -> list[list[str]]:
    """Return the printed cells, with a first row of headings."""
    cells = [["name", "aim", "low", "high", "min", "max", "mean", "mark", "verdict"]]
    for row in rows:
        held = [_number(row.published[part]) for part in ("value", "low", "high")]
        ends = (min, max, np.mean)
        made = [_number(float(end(row.found))) if row.found else "" for end in ends]
        cells.append([row.name, *held, *made, row.published["mark"], row.verdict])
    return cells


def markdown(cells: Sequence[Sequence[str]], scale: Scale, seeds: int) -> str:
    """Return the page of the documentation."""
    lines = ["| " + " | ".join(line) + " |" for line in cells]
    lines.insert(1, "| --- | " + "---: | " * 6 + "--- | --- |")
    text = f"""# Calibration of the synthetic province

Made by `python benchmarks/world_calibration.py --seeds {seeds} --write`: worlds of
{scale.city_count} cities, {scale.county_count} counties, {scale.supply_point_count:,} supply points
and {scale.month_count} months up to {scale.last_day}, last full calendar year. Definition and
source of each row stand in `marketing_models/parameters/calibration.yaml`. Marks: V read in a
source, R recomputed from published figures, K assumed: only printed.

"""
    return text + "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Compare the worlds of some seeds; return 1 if a row that binds is outside its range."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--cities", type=int, default=3)
    parser.add_argument("--counties", type=int, default=12)
    parser.add_argument("--supply-points", type=int, default=20_000)
    parser.add_argument("--write", action="store_true", help="write docs/calibration.md")
    asked = parser.parse_args(words)
    scale = Scale(
        city_count=asked.cities,
        county_count=asked.counties,
        supply_point_count=asked.supply_points,
    )
    worlds = []
    for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
        worlds.append(computed(gathered(World(scale=scale, seed=seed))))
        print(f"seed {seed} is made", flush=True)
    rows = compared(worlds)
    cells = table(rows)
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    binding = [row for row in rows if row.published["mark"] != "K"]
    inside = sum(row.verdict == "in" for row in binding)
    outside = [row.name for row in binding if row.verdict == "outside"]
    print(f"{inside} of {len(binding)} rows V or R lie in their ranges for every seed")
    print(f"outside: {', '.join(outside) or 'none'}")
    if asked.write:
        page = markdown(cells, scale, asked.seeds)
        (ROOT / "docs" / "calibration.md").write_text(page, encoding="utf-8")
    return 1 if outside or inside < LEAST_ROWS else 0


if __name__ == "__main__":
    sys.exit(main())
