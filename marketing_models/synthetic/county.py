"""One county of the synthetic province: what its rooms make once and share."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic import billing, contracts, customers, load, outages, savings, theft
from marketing_models.synthetic.profiles import Profile, profile
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.world import World


@dataclass(frozen=True)
class Made:
    """What a room makes of a county: rows of tables, and the truth behind them.

    Attributes
    ----------
    tables : dict of str to DataFrame
        Rows by table of the dictionary, not yet in its order and types.
    truth : dict of str to DataFrame
        Hidden facts by name, for tests and benchmarks alone.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class County:
    """A county whose facts are made when a room first asks for them.

    Attributes
    ----------
    world : World
        The province.
    unit_id : str
        The county.
    """

    world: World
    unit_id: str

    @property
    def scale(self) -> Scale:
        """Size and time axis of the province."""
        return self.world.scale

    @property
    def city(self) -> str:
        """City of the county."""
        return self.world.city_of[self.unit_id]

    def stream(self, *names: str) -> np.random.Generator:
        """Return the random numbers that belong to a name in this county."""
        return self.world.stream(*names, self.unit_id)

    @cached_property
    def profile(self) -> Profile:
        """Hidden facts of the county as a whole."""
        return profile(self.unit_id, self.world)

    @cached_property
    def points(self) -> pd.DataFrame:
        """Supply points with what only the generator knows of them, see `customers`."""
        return customers.supply_points(self)

    @cached_property
    def connected(self) -> npt.NDArray[np.bool_]:
        """Whether a supply point is billed in a month, shape (n_points, n_months)."""
        return contracts.connected(self)

    @cached_property
    def roles(self) -> npt.NDArray[np.int8]:
        """Market role by supply point and month, as places in `contracts.ROLES`."""
        return contracts.roles(self)

    @cached_property
    def loads_kw(self) -> pd.DataFrame:
        """Hourly use by class in kW on the scale's hours, gross of photovoltaic, without losses."""
        return load.loads_kw(self)

    @cached_property
    def solar_kw(self) -> pd.Series:
        """Hourly generation of distributed photovoltaic plant in kW on the scale's hours."""
        return load.solar_kw(self)

    @cached_property
    def unmetered_frac(self) -> Floats:
        """Share of use that theft keeps from the meter, shape (n_points, n_months).."""
        return theft.unmetered_frac(self)

    @cached_property
    def saved_frac(self) -> Floats:
        """Share of use that saving projects save, shape (n_points, n_months).."""
        return savings.saved_frac(self)

    @cached_property
    def energy_kwh(self) -> Floats:
        """Metered use in kWh of one represented supply point, shape (n_points, n_months).

        Gross of own photovoltaic generation, net of theft; two decimals; zero before connection.
        """
        return billing.energy_kwh(self)

    @cached_property
    def bills(self) -> pd.DataFrame:
        """Rows of the table ``bill`` and ``point``, the row number in `points`."""
        return billing.bills(self)

    @cached_property
    def outages(self) -> pd.DataFrame:
        """Rows of the table ``outage_event``."""
        return outages.outage_events(self)
