"""Monthly bills of a county: its metered energy shared out and charged by the tariffs in force."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from marketing_models import parameters, schemas
from marketing_models.synthetic.profiles import Profile
from marketing_models.synthetic.scale import Scale
from marketing_models.synthetic.streams import Floats, autoregression, stream
from marketing_models.tariffs import (
    component_charges_yuan,
    residential_charge_yuan,
    residential_time_band,
    residential_time_of_use_charge_yuan,
    tariff_price_rows,
)

_FROM_POINTS = [
    *("supply_point_id", "account_id", "county_id", "market_role_code", "tariff_code"),
    *("month_start", "energy_kwh", "peak_energy_kwh", "valley_energy_kwh"),
]
_DUE_DAYS = {"residential": 20, "agricultural": 20, "small": 15, "large": 10}


def bills(
    points: pd.DataFrame, metered_kw: pd.DataFrame, profile: Profile, scale: Scale, seed: int
) -> pd.DataFrame:
    """Return the rows of a county in the table ``bill``.

    Parameters
    ----------
    points : DataFrame
        As `customers.supply_points` returns them.
    metered_kw : DataFrame of shape (n_hours, n_classes)
        Load by class. [kW]
    profile : Profile
        The county.
    scale : Scale
        The province.
    seed : int
        Seed of the province.

    Returns
    -------
    DataFrame
        A regular bill a month and connected supply point, as the dictionary wants it. Weighted by
        represented supply points, the energy of a class and month is that of its load.
    """
    energy = _energy_kwh(points, metered_kw, profile, scale, seed)
    used_before = _used_before_kwh(points, energy, profile, scale)
    second_day = stream(seed, "bill", profile.unit_id).random(len(points)) < 0.4
    due = points["class_name"].map(_DUE_DAYS)
    rows = _long(points.assign(is_second=second_day, due_days=due), energy, used_before, scale)
    rows["valley_odds"] = rows["month_start"].map(_valley_odds(metered_kw["residential"]))
    prices = [_charged(part, pd.Timestamp(str(day))) for day, part in rows.groupby("priced_on")]
    charged = pd.concat([part for parts in prices for part in parts]).sort_index()
    return schemas.conform("bill", _finished(charged, scale))


def _energy_kwh(
    points: pd.DataFrame, metered_kw: pd.DataFrame, profile: Profile, scale: Scale, seed: int
) -> Floats:
    """Share the monthly energy of each class out: size, appetite for cooling, whims."""
    numbers = stream(seed, "bill", profile.unit_id, "energy")
    month = metered_kw.index.to_numpy().astype("datetime64[M]")
    monthly = metered_kw.groupby(month).sum().loc[scale.months.to_numpy().astype("datetime64[M]")]
    shape = (len(scale.months), len(points))
    whims = autoregression(numbers.standard_normal(shape), 0.55).T
    season = np.cos(2 * np.pi * (scale.months.month.to_numpy() - 7.7) / 12)
    weight = np.exp(0.22 * whims + points["cooling_exponent"].to_numpy()[:, None] * season)
    weight *= points["share_frac"].to_numpy()[:, None] * _connected(points, scale)
    energy = np.zeros(weight.shape)
    for name, total in monthly.items():
        own = (points["class_name"] == name).to_numpy()
        stands_for = points.loc[own, "represented_count"].to_numpy()
        part = weight[own]
        energy[own] = part * total.to_numpy() / (stands_for @ part)
    return energy.round(2)


def _connected(points: pd.DataFrame, scale: Scale) -> Floats:
    began = points["connected_date"].to_numpy()[:, None]
    return (began <= scale.months.to_numpy()[None, :]).astype("float64")


def _used_before_kwh(
    points: pd.DataFrame, energy: Floats, profile: Profile, scale: Scale
) -> Floats:
    """Add up the year's energy before each month; the months before the first bill by habit."""
    used = np.zeros_like(energy)
    home = (points["class_name"] == "residential").to_numpy()
    habit = points["share_frac"].to_numpy() * profile.energy_kwh["residential"]
    habit = np.where(home, habit / points["represented_count"].to_numpy(), 0.0)
    first = scale.months[0].month - 1
    used[:, 0] = (habit * first / 12 * _connected(points, scale)[:, 0]).round(2)
    for i, month in enumerate(scale.months[1:], start=1):
        if month.month > 1:
            used[:, i] = (used[:, i - 1] + energy[:, i - 1]).round(2)
    return used


def _long(points: pd.DataFrame, energy: Floats, used_before: Floats, scale: Scale) -> pd.DataFrame:
    """Return one row a bill, month by month, with the day whose prices hold for it."""
    month, point = np.nonzero(_connected(points, scale).T)
    changes = np.unique(tariff_price_rows()["valid_from"].to_numpy())
    # Months between two changes of price are charged together.
    epoch = np.searchsorted(changes, scale.months.to_numpy(), side="right")
    first = scale.months[np.searchsorted(epoch, epoch)]
    return (
        points.iloc[point]
        .assign(
            month_start=scale.months[month],
            priced_on=first[month],
            energy_kwh=energy[point, month],
            used_before_kwh=used_before[point, month],
        )
        .reset_index(drop=True)
    )


def _valley_odds(load_kw: pd.Series) -> pd.Series:
    """Return by month how homes divide their energy over the bands: valley over peak."""
    periods = pd.DatetimeIndex(load_kw.index)
    band = residential_time_band(periods, on=periods[-1]).to_numpy()
    month = periods.to_period("M").to_timestamp()
    energy = load_kw.groupby([month, band]).sum()
    return energy.xs("valley", level=1) / energy.xs("peak", level=1)


def _finished(charged: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    delay = parameters.at("synthetic.bill_delay_hours", pd.Timestamp(scale.last_day))
    charges = [name for name in charged.columns if name.endswith("_yuan")]
    next_month = charged["month_start"].map({m: m + pd.DateOffset(months=1) for m in scale.months})
    issued = next_month + pd.to_timedelta(charged["is_second"].astype("int64"), "D")
    return charged[[*_FROM_POINTS, *charges]].assign(
        bill_id=charged["supply_point_id"] + "-" + charged["month_start"].dt.strftime("%Y%m"),
        bill_type_code="regular",
        receivable_yuan=charged[charges].sum(axis=1).round(2),
        issued_date=issued,
        due_date=issued + pd.to_timedelta(charged["due_days"], "D"),
        known_at=issued + pd.Timedelta(hours=24 + delay),
    )


def _charged(own: pd.DataFrame, on: pd.Timestamp) -> Iterator[pd.DataFrame]:
    homes, chosen = own["class_name"] == "residential", own["is_time_of_use"]
    single, double = own[homes & ~chosen], own[homes & chosen]
    charge = residential_charge_yuan(
        single["energy_kwh"], used_before_kwh=single["used_before_kwh"], on=on
    )
    yield single.assign(tariff_code="residential", catalogue_charge_yuan=charge)
    odds = double["valley_odds"] * double["valley_ratio"]
    valley = (double["energy_kwh"] * odds / (1 + odds)).round(2)
    peak = (double["energy_kwh"] - valley).round(2)
    charge = residential_time_of_use_charge_yuan(
        peak, valley, used_before_kwh=double["used_before_kwh"], on=on
    )
    yield double.assign(
        tariff_code="residential_time_of_use",
        peak_energy_kwh=peak,
        valley_energy_kwh=valley,
        catalogue_charge_yuan=charge,
    )
    for code, names in {
        "agricultural": ["agricultural"],
        "industrial_commercial": ["small", "large"],
    }.items():
        part = own[own["class_name"].isin(names)]
        charges = component_charges_yuan(part["energy_kwh"], tariff_code=code, on=on)
        yield part.assign(tariff_code=code).join(charges)
