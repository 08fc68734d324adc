"""What the generator decides of a county before any row: size, mix, growth, habits, breaks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.scale import Scale, county_sizes
from marketing_models.synthetic.streams import Floats, shared_out, stream

CLASSES = ("residential", "agricultural", "small", "large")
_MIX_SPREAD = {"residential": 0.10, "agricultural": 0.45, "small": 0.20, "large": 0.30}


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Hidden facts of one county.

    Attributes
    ----------
    unit_id : str
        The county.
    row_count : dict of str to int
        Rows of ``supply_point`` by class.
    energy_kwh : dict of str to float
        Metered energy of the year that ends on the last day, by class, in mean weather. [kWh]
    growth_frac : dict of str to float
        Growth a year, by class. [1]
    cooling_ratio, heating_ratio : float
        How strongly the county cools and heats, 1 on average. [1]
    festival_depth_frac : float
        Part of industrial load that rests at the Spring Festival. [1]
    loss_frac : float
        Losses over energy supplied. [1]
    breaks : tuple of (float, float, float)
        Start and end, as shares of the time axis, and relative change of the large customers'
        load in between; an end of 1 is a lasting break.
    """

    unit_id: str
    row_count: dict[str, int]
    energy_kwh: dict[str, float]
    growth_frac: dict[str, float]
    cooling_ratio: float
    heating_ratio: float
    festival_depth_frac: float
    loss_frac: float
    breaks: tuple[tuple[float, float, float], ...]


def represented_count(tariff_class: str, scale: Scale) -> int:
    """Return how many real supply points a row of a class stands for."""
    return int(_at("represented_count", scale)[tariff_class])


def profile(unit_id: str, scale: Scale, seed: int) -> Profile:
    """Draw the hidden facts of a county.

    Parameters
    ----------
    unit_id : str
        The county.
    scale : Scale
        The province.
    seed : int
        Seed of the province.

    Returns
    -------
    Profile
        Depends on the county's own stream and size alone.
    """
    numbers = stream(seed, "profile", unit_id)
    size = county_sizes(scale, seed)[unit_id]
    mix = {c: numbers.lognormal(-(s**2) / 2, s) for c, s in _MIX_SPREAD.items()}
    # More or fewer large customers make a county industrial or rural; the energy follows.
    share = np.array([_at("class_share_frac", scale)[c] for c in CLASSES])
    share[-1] *= mix["large"]
    rows = dict(zip(CLASSES, shared_out(size, share).tolist(), strict=True))
    mean_kwh = _at("mean_energy_kwh", scale)
    energy = {c: rows[c] * represented_count(c, scale) * mean_kwh[c] for c in CLASSES}
    own_mean = {c: energy[c] * (mix[c] if c != "large" else 1.0) for c in CLASSES}
    growth = {c: float(numbers.normal(*_at("growth_frac", scale)[c])) for c in CLASSES}
    cooling, heating = numbers.lognormal(-0.005, 0.10, 2).tolist()
    return Profile(
        unit_id=unit_id,
        row_count=rows,
        energy_kwh=own_mean,
        growth_frac=growth,
        cooling_ratio=cooling,
        heating_ratio=heating,
        festival_depth_frac=float(numbers.uniform(0.45, 0.68)),
        loss_frac=float(numbers.uniform(*_at("loss_frac", scale))),
        breaks=_breaks(numbers),
    )


def _at(name: str, scale: Scale) -> Any:
    return parameters.at(f"synthetic.{name}", pd.Timestamp(scale.last_day))


def _breaks(numbers: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    lasting = [
        (start, 1.0, change)
        for start, change, chance in _triples(numbers, 2, (0.05, 0.95), 0.09)
        if chance < 0.35
    ]
    passing = [
        (start, start + 0.003 + 0.012 * chance, -abs(change))
        for start, change, chance in _triples(numbers, 3, (0.02, 0.97), 0.08)
    ]
    return tuple(lasting + passing)


def _triples(
    numbers: np.random.Generator, count: int, span: tuple[float, float], spread: float
) -> list[list[float]]:
    draws: Floats = np.column_stack(
        [numbers.uniform(*span, count), numbers.normal(0, spread, count), numbers.random(count)]
    )
    return draws.tolist()
