"""The world of a synthetic province: its scale, its seed, and which effects are at work in it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.scale import Scale, hierarchy
from marketing_models.synthetic.streams import autoregression, stream

_RECESSION_MONTHS = 14


@dataclass(frozen=True, kw_only=True)
class Effects:
    """How strong each effect of the world is: 1 as usual, 0 absent; the last four are episodes.

    Attributes
    ----------
    risk : float
        Late payment, theft and loss of customers differ between customers. [1]
    potential : float
        Other energy that electricity could replace. [1]
    price_response : float
        Use answers to prices, and to calls for response. [1]
    saving : float
        Saving projects save. [1]
    segments : float
        Customers differ in what they answer to offers and calls. [1]
    recession, heat_wave, tariff_reform, cold_drought : float
        1 if the last years hold that episode. [1]
    """

    risk: float = 1.0
    potential: float = 1.0
    price_response: float = 1.0
    saving: float = 1.0
    segments: float = 1.0
    recession: float = 0.0
    heat_wave: float = 0.0
    tariff_reform: float = 0.0
    cold_drought: float = 0.0


PRESETS = {
    "usual": Effects(),
    "null_risk": Effects(risk=0.0),
    "null_potential": Effects(potential=0.0),
    "null_price_response": Effects(price_response=0.0),
    "null_saving": Effects(saving=0.0),
    "null_segments": Effects(segments=0.0),
    "recession": Effects(recession=1.0),
    "heat_wave": Effects(heat_wave=1.0),
    "tariff_reform": Effects(tariff_reform=1.0),
    "cold_drought": Effects(cold_drought=1.0),
}


@dataclass(frozen=True, kw_only=True)
class World:
    """What all rooms of the generator share.

    Attributes
    ----------
    scale : Scale
        Size and time axis.
    seed : int
        Everything random follows from it.
    preset : str
        A name of `PRESETS`. It changes effects, never the streams of random numbers: two worlds
        of one seed differ only where the effect is.

    Raises
    ------
    ValueError
        If there is no such preset.
    """

    scale: Scale
    seed: int
    preset: str = "usual"

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"preset {self.preset!r} is unknown; there are {', '.join(PRESETS)}")

    @property
    def effects(self) -> Effects:
        """Effects at work."""
        return PRESETS[self.preset]

    def stream(self, *names: str) -> np.random.Generator:
        """Return the random numbers that belong to a name in this world."""
        return stream(self.seed, *names)

    @cached_property
    def cities(self) -> dict[str, tuple[str, ...]]:
        """Counties by city, in order of code."""
        return hierarchy(self.scale, self.seed)

    @cached_property
    def city_of(self) -> dict[str, str]:
        """City of every county."""
        return {county: city for city, counties in self.cities.items() for county in counties}

    @cached_property
    def stress(self) -> pd.DataFrame:
        """Hidden state of the economy by month and industry division: 0 usual, 1 bad, no unit.

        The whole economy and each industry wander; in a recession all fall, industry hardest.
        """
        months = self.scale.months
        common = autoregression(self.stream("stress").standard_normal(len(months)), 0.93)
        own = {
            code: autoregression(self.stream("stress", code).standard_normal(len(months)), 0.93)
            for code in INDUSTRIES
        }
        slump = 1.8 * self.effects.recession * (np.arange(len(months))[::-1] < _RECESSION_MONTHS)
        levels = {code: 0.25 * common + 0.35 * path + slump for code, path in own.items()}
        return pd.DataFrame(levels, months)
