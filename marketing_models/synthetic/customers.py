"""Parties, accounts and supply points of a county."""

import numpy as np
import pandas as pd

from marketing_models import parameters, schemas
from marketing_models.synthetic.profiles import CLASSES, Profile, represented_count
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.streams import Floats, stream

_SIZES_KVA = np.array(
    [
        *(315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000),
        *(6300, 8000, 10000, 12500, 16000, 20000, 25000, 31500, 40000, 50000, 63000),
        *(90000, 120000),
    ],
    dtype="float64",
)
# Divisions of GB/T 4754 of large customers, and how often each occurs.
_INDUSTRIES = {
    "C26": 0.10, "C30": 0.09, "C31": 0.04, "C32": 0.04, "C17": 0.12, "C29": 0.10, "C33": 0.12,
    "C34": 0.10, "C38": 0.09, "C39": 0.08, "H61": 0.05, "Q84": 0.04, "P83": 0.03,
}  # fmt: skip
_INTENSIVE = {"C26", "C30", "C31", "C32"}
_SMALL_INDUSTRIES = ("F52", "H62", "C18", "C20", "O81", "L72")
_CLASS_CODE = {"small": "industrial_commercial", "large": "industrial_commercial"}
_HOLDERS = {"party": 0.90, "account": 0.95}


def pseudonyms(prefix: str, count: int, numbers: np.random.Generator) -> pd.Series:
    """Return opaque identifiers of 16 hexadecimal digits after a letter."""
    values = numbers.integers(0, 2**63, count, dtype="int64")
    return pd.Series([f"{prefix}{value:016x}" for value in values.tolist()], dtype="str")


def supply_points(profile: Profile, scale: Scale, seed: int) -> pd.DataFrame:
    """Return the supply points of a county with what only the generator knows of them.

    Parameters
    ----------
    profile : Profile
        The county.
    scale : Scale
        The province.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        Columns of the tables ``supply_point``, ``account`` and ``party`` by their names, and of
        the generator: ``class_name``, ``share_frac`` of the class's energy that one of the
        represented supply points has, ``cooling_exponent``, ``valley_ratio``, ``is_time_of_use``.
    """
    numbers = stream(seed, "supply_point", profile.unit_id)
    classes = np.repeat(CLASSES, [profile.row_count[name] for name in CLASSES])
    parts = [_sizes(name, profile.row_count[name], numbers) for name in CLASSES]
    count = len(classes)
    points = pd.DataFrame(
        {
            "supply_point_id": pseudonyms("S", count, numbers),
            "county_id": profile.unit_id,
            "class_name": pd.Series(classes, dtype="str"),
            "share_frac": np.concatenate([share for share, _ in parts]),
            "contract_capacity_kva": np.concatenate([kva for _, kva in parts]),
            "cooling_exponent": numbers.normal(0, 0.35, count),
            "valley_ratio": numbers.lognormal(0, 0.3, count),
            "is_urban": numbers.random(count) < 0.55,
        }
    )
    homes = points["class_name"] == "residential"
    chosen = parameters.at("synthetic.time_of_use_home_frac", pd.Timestamp(scale.last_day))
    points["is_time_of_use"] = homes & (numbers.random(count) < chosen)
    points["represented_count"] = [represented_count(name, scale) for name in classes]
    points["connected_date"] = _connected(count, scale, numbers)
    points["industry_code"] = _industries(points["class_name"], numbers)
    points["market_role_code"] = _roles(points, numbers)
    for holder, share in _HOLDERS.items():
        points[f"{holder}_id"] = _holders(
            holder, share, count, stream(seed, holder, profile.unit_id)
        )
    return points


def _sizes(name: str, count: int, numbers: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw energy shares and capacities, spread evenly over the distribution, then shuffled."""
    place = (np.arange(count) + numbers.random(count)) / count
    spread = numbers.standard_normal(count)
    if name == "large":
        kva = np.minimum(315 * (1 - place) ** (-1 / 1.05), 120_000)
        kva = _SIZES_KVA[np.searchsorted(_SIZES_KVA, kva)]
        energy = kva * np.exp(0.45 * spread)
    else:
        deviation = {"residential": 0.66, "agricultural": 0.9, "small": 1.15}[name]
        energy = np.exp(deviation * _normal_quantile(place))
        unused = (numbers.random(count) < 0.10) & (name == "residential")
        energy = np.where(unused, 0.03 * energy, energy)
        kva = np.full(count, 8.0) if name == "residential" else 10 + 15 * np.sqrt(energy)
    order = numbers.permutation(count)
    return energy[order] / energy.sum(), kva[order].round(0)


def _normal_quantile(place: Floats) -> Floats:
    # Logistic quantile scaled to unit variance: heavier tails than the normal distribution.
    return np.log(place / (1 - place)) * np.sqrt(3) / np.pi


def _connected(count: int, scale: Scale, numbers: np.random.Generator) -> pd.DatetimeIndex:
    """One in twelve began within the time axis, on the first of a month; the others before."""
    months = scale.months[numbers.integers(0, len(scale.months), count)]
    before = pd.Timestamp("2000-01-01") + pd.to_timedelta(numbers.integers(0, 7000, count), "D")
    is_new = numbers.random(count) < 1 / 12
    return pd.DatetimeIndex(np.where(is_new, months, before))


def _industries(class_name: pd.Series, numbers: np.random.Generator) -> pd.Series:
    count = len(class_name)
    large = numbers.choice(list(_INDUSTRIES), count, p=list(_INDUSTRIES.values()))
    small = numbers.choice(_SMALL_INDUSTRIES, count)
    code = np.select(
        [class_name == "large", class_name == "small", class_name == "agricultural"],
        [large, small, "A01"],
        "",
    )
    return pd.Series(code, dtype="str").where(class_name != "residential")


def _roles(points: pd.DataFrame, numbers: np.random.Generator) -> pd.Series:
    count = len(points)
    large = numbers.choice(["wholesale", "retail", "agency"], count, p=[0.2, 0.65, 0.15])
    small = numbers.choice(["retail", "agency"], count, p=[0.45, 0.55])
    name = points["class_name"]
    role = np.select([name == "large", name == "small"], [large, small], "guaranteed")
    return pd.Series(role, dtype="str")


def _holders(holder: str, share: float, count: int, numbers: np.random.Generator) -> pd.Series:
    """Give each row a holder; accounts nest in parties because both lists run in one order."""
    first = np.maximum.accumulate(np.where(_starts(count, share), np.arange(count), 0))
    return pseudonyms(holder[0].upper(), count, numbers).iloc[first].reset_index(drop=True)


def _starts(count: int, share: float) -> np.ndarray:
    # A party begins only where an account begins: every period of the finer rule divides.
    every = round(1 / (1 - share))
    return np.arange(count) % every != every - 1


def masters(points: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables ``party``, ``account`` and ``supply_point`` of a county.

    Parameters
    ----------
    points : DataFrame
        As `supply_points` returns them.

    Returns
    -------
    dict of str to DataFrame
        As the dictionary wants them; a version is valid from the day the first of its supply
        points was connected.
    """
    rows = points.assign(
        valid_from=points["connected_date"],
        tariff_class_code=points["class_name"].replace(_CLASS_CODE),
        running_capacity_kva=points["contract_capacity_kva"],
        voltage_level_code=np.select(
            [points["contract_capacity_kva"] >= 20_000, points["class_name"] == "large"],
            ["110kV", "10kV"],
            "below_1kV",
        ),
        area_type_code=np.where(points["is_urban"], "urban", "rural"),
        is_energy_intensive=points["industry_code"].isin(_INTENSIVE)
        & (points["class_name"] == "large"),
        is_prepaid=points["class_name"] == "residential",
        status_code="active",
    )
    return {
        "party": _first(rows, "party", ["party_id", "county_id", "valid_from"]),
        "account": _first(
            rows, "account", ["account_id", "party_id", "county_id", "is_prepaid", "valid_from"]
        ),
        "supply_point": _kept(rows, "supply_point"),
    }


def _first(rows: pd.DataFrame, table: str, names: list[str]) -> pd.DataFrame:
    key = names[0]
    kept = rows.sort_values("valid_from", kind="stable").drop_duplicates(key)
    return schemas.conform(table, kept.sort_index()[names])


def _kept(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    wanted = schemas.columns(table).index
    return schemas.conform(table, rows[[name for name in rows.columns if name in wanted]])
