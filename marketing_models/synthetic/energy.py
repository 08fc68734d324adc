"""Monthly energy of a county by sector and as a balance, and of its transformer areas and feeders.

The balance is kept in whole hundredths of a kilowatt-hour, so that its sums are exact.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import area_loads, load, metering
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.industries import HEAVY, INDUSTRIES
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.world import World

SECTORS = ("primary", "secondary", "tertiary", "residential")
_REVISED_MONTHS_FRAC, _REVISION = 0.2, 0.002
Cents = npt.NDArray[np.int64]


def tables(county: County) -> Made:
    """Make the energy statistics of a county, and the loads of its transformer areas and feeders.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Tables ``unit_energy`` and ``equipment_load``; truth ``energy_losses``: technical loss and
        theft of each equipment and month.
    """
    equipment, losses = area_loads.equipment_load(
        county, billed_kwh(county), _unmetered_kwh(county)
    )
    return Made(
        {"unit_energy": _unit_energy(county), "equipment_load": equipment},
        {"energy_losses": losses},
    )


def parents(county_rows: pd.DataFrame, world: World) -> pd.DataFrame:
    """Return the rows that cities and the province publish: the sums of their counties.

    Parameters
    ----------
    county_rows : DataFrame
        Rows of all counties in ``unit_energy``.
    world : World
        The province.

    Returns
    -------
    DataFrame
        Rows of ``unit_energy`` of level city and province; versions are added up by publication.
    """
    cities = county_rows.assign(unit_id=county_rows["unit_id"].map(world.city_of), level="city")
    both = [cities, county_rows.assign(unit_id=PROVINCE, level="province")]
    key = [name for name in county_rows.columns if name not in _VALUES]
    summed = pd.concat(both).groupby(key, sort=False)["energy_kwh"].sum().round(2).reset_index()
    return _with_change(summed)


_VALUES = ("energy_kwh", "year_on_year_change_ratio")


def billed_kwh(county: County) -> Floats:
    """Return what bills charge by supply point and month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        Energy of one represented supply point, all kinds of bill together. [kWh]
    """
    shape = county.energy_kwh.shape
    month = county.scale.months.get_indexer(pd.DatetimeIndex(county.bills["month_start"]))
    place = county.bills["point"].to_numpy() * shape[1] + month
    energy = county.bills["energy_kwh"].to_numpy("float64")
    flat = np.bincount(place, energy, minlength=shape[0] * shape[1]).astype("float64")
    return flat.reshape(shape).round(2)


def sectors(county: County) -> npt.NDArray[np.str_]:
    """Return the sector of every supply point, by industry division under the rule of 2018."""
    code = county.points["industry_code"]
    home = (county.points["class_name"] == "residential").to_numpy()
    sector = code.map({name: one.sector_code for name, one in INDUSTRIES.items()})
    found: npt.NDArray[np.str_] = np.where(home, "residential", sector.fillna("tertiary"))
    return found


def _unit_energy(county: County) -> pd.DataFrame:
    final = _flows(county)
    numbers = county.stream("unit_energy", "revision")
    error = numbers.normal(0, _REVISION, (len(final), len(final.columns)))
    first = (final * (1 + error)).round().astype("int64")
    chosen = county.world.stream("unit_energy", "revision").random(len(final))
    revised = chosen < _REVISED_MONTHS_FRAC
    published = _published(county)
    versions = [
        _long(final, published.where(~revised, published + pd.DateOffset(months=1))),
        _long(first[revised], published[revised]),
    ]
    rows = pd.concat(versions, ignore_index=True)
    rows = rows[rows["known_at"] <= county.scale.origin]
    return _with_change(rows.assign(unit_id=county.unit_id, level="county"))


def _published(county: County) -> pd.Series:
    days = parameters.at("synthetic_energy.bulletin_days", pd.Timestamp(county.scale.last_day))
    months = county.scale.months
    return pd.Series(months + pd.DateOffset(months=1) + pd.Timedelta(days=days), months)


def _long(flows: pd.DataFrame, published: pd.Series) -> pd.DataFrame:
    """Return one row a month and series; what is revised are flows, so that sums stay sums."""
    rows = _balance(flows).rename_axis("period_start").reset_index()
    rows = rows.assign(known_at=published.to_numpy()).melt(
        ["period_start", "known_at"], var_name="series_code", value_name="cents"
    )
    return rows.assign(
        energy_kwh=rows.pop("cents") / 100, scope_code="full", resolution_code="month"
    )


def _with_change(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the change on the last word about the same month of the year before."""
    key = ["unit_id", "series_code", "period_start"]
    last = rows.sort_values("known_at", kind="stable").drop_duplicates(key, keep="last")
    before = last[[*key, "energy_kwh"]].assign(
        period_start=last["period_start"] + pd.DateOffset(years=1)
    )
    base = rows[key].merge(before, "left", key)["energy_kwh"].to_numpy()
    energy = rows["energy_kwh"].to_numpy()
    change = np.divide(energy, base, out=np.full(len(rows), np.nan), where=base > 0) - 1
    return rows.assign(year_on_year_change_ratio=change.round(4))


def _flows(county: County) -> pd.DataFrame:
    """Return the independent flows of each month, in hundredths of a kWh."""
    billed = _weighted(county, billed_kwh(county))
    own = _weighted(county, metering.self_consumed_kwh(county))
    sector = sectors(county)
    flows = {f"sold_{name}": _total(billed, sector == name) for name in SECTORS}
    flows |= {f"own_{name}": _total(own, sector == name) for name in SECTORS}
    sold = sum(flows[f"sold_{name}"] for name in SECTORS)
    stolen = _weighted(county, _unmetered_kwh(county)).sum(axis=0)
    supplied = (sold + stolen) / (1 - _loss_frac(county))
    flows["line_loss"] = np.rint(supplied).astype("int64") - sold
    flows["plant_own_use"] = np.rint(supplied * _plant_frac(county)).astype("int64")
    use = billed + own
    heavy = county.points["industry_code"].isin(HEAVY).to_numpy()
    flows["heavy_industry"] = _total(use, heavy & (sector == "secondary"))
    flows["charging"] = _monthly(county, load.charging_kw(county))
    flows["photovoltaic"] = _monthly(county, county.solar_kw)
    return pd.DataFrame(flows, county.scale.months)


def _balance(flows: pd.DataFrame) -> pd.DataFrame:
    sold = flows[[f"sold_{name}" for name in SECTORS]].sum(axis=1)
    own = flows[[f"own_{name}" for name in SECTORS]].sum(axis=1)
    series = {name: flows[f"sold_{name}"] + flows[f"own_{name}"] for name in SECTORS}
    # Statistics book the grid's losses and the plants' own use to the power industry.
    series["secondary"] = series["secondary"] + flows["line_loss"] + flows["plant_own_use"]
    series["total"] = sold + own + flows["line_loss"] + flows["plant_own_use"]
    series |= {"sold": sold, "self_consumed": own, "supplied": sold + flows["line_loss"]}
    named = ["line_loss", "plant_own_use", "photovoltaic", "charging", "heavy_industry"]
    return pd.DataFrame(series).join(flows[named])


def _weighted(county: County, energy_kwh: Floats) -> Cents:
    stands_for = county.points["represented_count"].to_numpy("int64")[:, None]
    return np.rint(100 * energy_kwh).astype("int64") * stands_for


def _monthly(county: County, load_kw: pd.Series) -> Cents:
    months = county.scale.months.to_numpy().astype("datetime64[M]")
    energy = load_kw.groupby(load_kw.index.to_numpy().astype("datetime64[M]")).sum()
    return np.rint(100 * energy[months].to_numpy()).astype("int64")


def _total(energy: Cents, chosen: npt.NDArray[np.bool_]) -> Cents:
    total: Cents = energy[chosen].sum(axis=0)
    return total


def _unmetered_kwh(county: County) -> Floats:
    return county.energy_kwh * county.unmetered_frac / (1 - county.unmetered_frac)


def _loss_frac(county: County) -> Floats:
    """Return technical losses by month: more in summer; reading days shift sales by a little."""
    numbers = county.stream("unit_energy", "loss")
    months = county.scale.months
    season = 1 + 0.08 * np.cos(2 * np.pi * (months.month.to_numpy() - 7.5) / 12)
    drift = autoregression(numbers.standard_normal(len(months)), 0.3)
    return county.profile.loss_frac * season * np.exp(0.05 * drift)


def _plant_frac(county: County) -> Floats:
    """Return power plants' own use over supply: some counties have plants, others next to none."""
    day = pd.Timestamp(county.scale.last_day)
    mean = parameters.at("synthetic_energy.plant_own_use_frac", day)
    numbers = county.stream("unit_energy", "plants")
    level = mean * numbers.gamma(1.5, 1 / 1.5)
    months = county.scale.months
    # Desulphurisation and cooling take most when plants run hardest, in summer.
    season = 1 + 0.05 * np.cos(2 * np.pi * (months.month.to_numpy() - 7.5) / 12)
    return np.minimum(level, 4 * mean) * season
