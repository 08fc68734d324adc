"""What the generator decides of a county before any row: size, mix, growth, habits, breaks."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.scale import Scale, county_sizes
from marketing_models.synthetic.streams import Floats, shared_out
from marketing_models.synthetic.world import World

CLASSES = ("residential", "agricultural", "small", "large", "charging")
_MIX_SPREAD = {
    "residential": 0.10,
    "agricultural": 0.45,
    "small": 0.20,
    "large": 0.30,
    "charging": 0.25,
}


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


def represented_count(class_name: str, scale: Scale) -> int:
    """Return how many real supply points a row of a class stands for."""
    return int(_at("represented_count", scale)[class_name])


def profile(unit_id: str, world: World) -> Profile:
    """Draw the hidden facts of a county.

    Parameters
    ----------
    unit_id : str
        The county.
    world : World
        The province.

    Returns
    -------
    Profile
        Drawn from the county's own stream. Mix and growth are then divided by their means over
        the counties, so that counties differ while the province keeps to its parameters.
    """
    return _profiles(world)[unit_id]


@lru_cache(maxsize=4)
def _profiles(world: World) -> dict[str, Profile]:
    sizes = county_sizes(world.scale, world.seed)
    size = np.array(list(sizes.values()), dtype="float64")
    streams = [world.stream("profile", unit) for unit in sizes]
    draws = np.array([numbers.standard_normal((2, len(CLASSES))) for numbers in streams])
    spread = np.array([_MIX_SPREAD[name] for name in CLASSES])
    mix = np.exp(spread * draws[:, 0])
    mix /= np.average(mix, axis=0, weights=size)
    growth = draws[:, 1] - np.average(draws[:, 1], axis=0, weights=size)
    mean, deviation = np.array([_at("growth_frac", world.scale)[name] for name in CLASSES]).T
    energy = _energy_kwh(sizes, mix, world.scale)
    return {
        unit: _drawn(unit, energy[unit], mean + deviation * own, numbers, world.scale)
        for unit, own, numbers in zip(sizes, growth, streams, strict=True)
    }


def _energy_kwh(
    sizes: dict[str, int], mix: Floats, scale: Scale
) -> dict[str, tuple[npt.NDArray[np.int64], Floats]]:
    """Return rows and yearly energy of the classes by county.

    More or fewer large customers make a county industrial or rural, and the energy follows; in
    the other classes a customer's mean energy differs instead.
    """
    is_large = np.array([name == "large" for name in CLASSES])
    share = np.array([_at("class_share_frac", scale)[name] for name in CLASSES])
    count = np.array([represented_count(name, scale) for name in CLASSES])
    mean_kwh = np.array([_at("mean_energy_kwh", scale)[name] for name in CLASSES])
    large = share[is_large] * mix[:, is_large]
    shares = np.where(is_large, large, (1 - large) * share / (1 - share[is_large]))
    rows = {unit: shared_out(sizes[unit], own) for unit, own in zip(sizes, shares, strict=True)}
    ratio = np.where(is_large, 1.0, mix)
    return {
        unit: (own, own * count * mean_kwh * ratio[place])
        for place, (unit, own) in enumerate(rows.items())
    }


def _drawn(
    unit_id: str,
    made: tuple[npt.NDArray[np.int64], Floats],
    growth: Floats,
    numbers: np.random.Generator,
    scale: Scale,
) -> Profile:
    rows, energy = made
    cooling, heating = numbers.lognormal(-0.005, 0.10, 2).tolist()
    return Profile(
        unit_id=unit_id,
        row_count=dict(zip(CLASSES, rows.tolist(), strict=True)),
        energy_kwh=dict(zip(CLASSES, energy.tolist(), strict=True)),
        growth_frac=dict(zip(CLASSES, growth.tolist(), strict=True)),
        cooling_ratio=cooling,
        heating_ratio=heating,
        festival_depth_frac=float(numbers.uniform(0.65, 0.88)),
        loss_frac=float(numbers.uniform(*_at("loss_frac", scale))),
        breaks=_breaks(numbers),
    )


def _at(name: str, scale: Scale) -> Any:
    return parameters.at(f"synthetic.{name}", pd.Timestamp(scale.last_day))


def _breaks(numbers: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    lasting = [
        (start, 1.0, change)
        for start, change, chance in _triples(numbers, 2, (0.05, 0.95), 0.07)
        if chance < 0.25
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
