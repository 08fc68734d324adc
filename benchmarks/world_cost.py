"""What a synthetic province costs to make: CPU, memory and rows, and how they grow.

Makes provinces of a quarter, a half and the whole of a scale's counties, each with as many supply
points a county, and prints CPU seconds and memory of all processes, and CPU per million rows. The
last line is the CPU a county of the largest over that of the smallest: 1 if the cost is linear.

    python benchmarks/world_cost.py                  # the demo
    python benchmarks/world_cost.py --scale full     # half an hour on two cores
"""

import argparse
import sys
import tempfile
from pathlib import Path

from fleet import step

from marketing_models.cis import Store
from marketing_models.synthetic.scale import SCALES

_CLI = "import sys; from marketing_models.cli import main; sys.exit(main(sys.argv[1:]))"
_PARTS = (0.25, 0.5, 1.0)


def main() -> int:
    """Make the provinces and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", choices=SCALES, default="demo")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only-whole", action="store_true", help="leave the smaller ones out")
    given = parser.parse_args()
    costs = [_cost(given, part) for part in (_PARTS if not given.only_whole else _PARTS[-1:])]
    print(f"ratio cpu={costs[-1] / costs[0]:.2f}")
    return 0


def _cost(given: argparse.Namespace, part: float) -> float:
    """Return CPU seconds a county of a part of the scale."""
    whole = SCALES[given.scale]
    cities = max(1, round(whole.city_count * part))
    counties = round(whole.county_count * part)
    points = round(whole.supply_point_count * part)
    size = ["--cities", cities, "--counties", counties, "--supply-points", points]
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store")
        words = ["synthesize", "--scale", given.scale, *map(str, size), "--store", store]
        words += ["--seed", str(given.seed), "--workers", str(given.workers)]
        _, cpu = step(f"{counties} counties, {points} points", ["-c", _CLI, *words])
        rows = Store.open(store).read("batch")["line_count"].sum()
    print(f"  {rows / 1e6:.1f} M rows, {1e6 * cpu / rows:.2f} CPU-s a million", flush=True)
    return cpu / counties


if __name__ == "__main__":
    sys.exit(main())
