"""Energy other than electricity that customers burn or buy: what electricity could replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models.synthetic.industries import INDUSTRIES

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# By group of customers: carrier, end use, share of them that has it, and its energy over the
# electricity of those. Industry aims at the coal share of the 2007 balances of 30 provinces (0.41)
# with electricity at 0.26; the split is an own assumption for the synthetic province.
_GROUPS = {
    "steel": ("C31",),
    "minerals": ("C30",),
    "chemicals": ("C25", "C26", "C28"),
    "metals": ("C32",),
    "steam": ("C17", "C22", "C27"),
    "light": ("C13", "C14", "C18", "C19", "C20", "C21", "C29"),
    "machines": ("C33", "C34", "C35", "C36", "C38", "C39", "E47"),
    "mining": ("B10",),
    "transport": ("G54", "G59"),
    "kitchens": ("H61", "H62", "Q84", "P83", "F52"),
}
_USES = {
    "steel": "coal process_heat 0.9 2.6|gas process_heat 0.7 0.6",
    "minerals": "coal process_heat 0.8 2.9|gas process_heat 0.5 1.5",
    "chemicals": "coal steam 0.7 1.8|heat steam 0.5 1.0|gas process_heat 0.4 0.9|"
    "oil process_heat 0.3 0.8",
    "metals": "coal process_heat 0.4 0.6|gas process_heat 0.6 0.6",
    "steam": "coal steam 0.45 1.1|heat steam 0.5 1.0|gas steam 0.35 0.7|biomass steam 0.15 0.8",
    "light": "coal steam 0.3 0.6|gas steam 0.4 0.6|biomass drying 0.25 0.7|oil transport 0.2 0.2",
    "machines": "coal process_heat 0.12 0.5|gas process_heat 0.4 0.4|lpg process_heat 0.1 0.2|"
    "oil motor 0.3 0.3",
    "mining": "coal drying 0.2 0.5|oil motor 0.8 0.8",
    "transport": "oil transport 0.9 4.0",
    "kitchens": "gas cooking 0.5 0.8|lpg cooking 0.3 0.4|gas hot_water 0.3 0.5",
    "offices": "gas space_heat 0.4 0.5|heat space_heat 0.2 0.6|oil motor 0.05 0.1",
    "farms": "coal drying 0.2 1.2|oil motor 0.6 1.0|biomass drying 0.3 0.6",
    "homes": "gas cooking 0.55 0.9|gas hot_water 0.45 0.8|lpg cooking 0.35 0.5|"
    "coal space_heat 0.08 1.5|biomass cooking 0.10 1.0",
}
# Useful over final energy of the equipment in place.
_EFFICIENCY = {
    "coal": 0.66,
    "gas": 0.88,
    "oil": 0.38,
    "lpg": 0.60,
    "biomass": 0.55,
    "heat": 0.95,
    "electricity": 0.95,
}
_ELECTRIC_FRAC = 0.25


def _long() -> pd.DataFrame:
    rows = [(group, *line.split()) for group, lines in _USES.items() for line in lines.split("|")]
    names = ["group", "carrier_code", "end_use_code", "have_frac", "use_ratio"]
    return pd.DataFrame(rows, columns=names).astype({"have_frac": float, "use_ratio": float})


def true_use(county: County) -> pd.DataFrame:
    """Return what one represented customer uses a year beside the electricity of its drives.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        One row a supply point, end use and carrier: ``point``, ``end_use_code``,
        ``carrier_code``, ``final_energy_kwh`` [kWh], ``equipment_age_years``,
        ``efficiency_ratio`` and ``operating_hours``. Carrier electricity tells which heat is
        electric already: it is part of the metered energy, and stays where there is no potential.
    """
    points, kinds = county.points, _long()
    numbers = county.stream("other_energy_use", "true")
    draws = numbers.random((3, len(points), len(kinds)), dtype="float32")
    spread = numbers.standard_normal((len(points), len(kinds)), dtype="float32")
    fits = _group(points).to_numpy()[:, None] == kinds["group"].to_numpy()[None, :]
    point, place = np.nonzero(fits & (draws[0] < kinds["have_frac"].to_numpy()))
    kind = kinds.iloc[place].reset_index(drop=True)
    yearly = points["annual_kwh"].to_numpy()[point]
    electric = draws[1][point, place] < _ELECTRIC_FRAC
    factor = np.exp(0.7 * spread[point, place] - 0.245)
    other = county.world.effects.potential * yearly * kind["use_ratio"] * factor
    rows = pd.DataFrame(
        {
            "point": point,
            "end_use_code": kind["end_use_code"],
            "carrier_code": kind["carrier_code"],
            "final_energy_kwh": other,
            "equipment_age_years": np.round(-9.0 * np.log1p(-0.95 * draws[2][point, place])),
            "wear": spread[point, place],
            "operating_hours": np.round(800 + 5200 * draws[1][point, place], -2),
        }
    )
    heated = rows[electric].assign(
        carrier_code="electricity",
        final_energy_kwh=0.12 * yearly[electric] * np.minimum(factor[electric], 4),
    )
    both = pd.concat([rows[rows["final_energy_kwh"] > 0], heated], ignore_index=True)
    both = both.drop_duplicates(["point", "end_use_code", "carrier_code"], ignore_index=True)
    level = both["carrier_code"].map(_EFFICIENCY).to_numpy() * np.exp(0.08 * both["wear"])
    return both.assign(efficiency_ratio=np.minimum(level, 0.99).round(2)).drop(columns="wear")


def _group(points: pd.DataFrame) -> pd.Series:
    named = {code: group for group, codes in _GROUPS.items() for code in codes}
    others = {"primary": "farms", "tertiary": "offices", "secondary": "none"}
    by_code = {k: named.get(k, others[one.sector_code]) for k, one in INDUSTRIES.items()}
    group = points["industry_code"].map(by_code).fillna("homes")
    return group.where(points["class_name"] != "charging", "none")
