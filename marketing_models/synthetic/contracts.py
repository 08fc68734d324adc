"""Contracts: the terms of each, market roles, and how customers migrate between them."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models.synthetic import losses
from marketing_models.synthetic.industries import PUBLIC
from marketing_models.synthetic.sites import by_class, chosen, is_business, parameter, spread_evenly
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

ROLES = ("wholesale", "retail", "agency", "last_resort", "guaranteed")
_WHOLESALE, _RETAIL, _AGENCY, _LAST_RESORT, _GUARANTEED = range(len(ROLES))
_REFORM = pd.Timestamp("2021-12-01")
_WHOLESALE_KVA, _WHOLESALE_FRAC = 2500.0, 0.5
# A retailer fails now and then; its customers are supplied as a last resort for some months.
_FAILURE_PER_MONTH, _LAST_RESORT_MONTHS = 0.0012, 4
_PACKAGES = ("fixed", "time_shaped", "spot_linked", "shared")
_PACKAGE_FREQUENCY = {"large": (0.38, 0.22, 0.22, 0.18), "small": (0.62, 0.20, 0.06, 0.12)}
_BASES = ("capacity", "contract_demand", "measured_demand")
_BASIS_FREQUENCY = (0.55, 0.22, 0.23)


def connected(county: "County") -> npt.NDArray[np.bool_]:
    """Return whether each supply point is billed in each month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        From the month of connection to the month before it closed or was suspended.
    """
    months = county.scale.months.to_numpy()[None, :]
    first, closed, rests = (
        county.points[name].to_numpy()[:, None]
        for name in ("connected_date", "closed_date", "suspended_date")
    )
    gone = (closed <= months) | (rests <= months)  # not a time: never
    return (first <= months) & ~gone


def terms(county: "County", sites: pd.DataFrame) -> pd.DataFrame:
    """Return the terms that a supply point keeps whatever its market role.

    Parameters
    ----------
    county : County
        The county.
    sites : DataFrame
        Supply points, with ``class_name, contract_capacity_kva, annual_kwh, is_time_of_use``.

    Returns
    -------
    DataFrame
        On the same index: ``tariff_code, is_two_part, retail_package_code,
        retail_price_yuan_per_kwh`` (in force while a retailer supplies), ``capacity_basis_code,
        contract_demand_kw, power_factor_standard_frac``.
    """
    numbers = county.stream("agreement", "terms")
    name, count = sites["class_name"], len(sites)
    large = (name == "large").to_numpy()
    package = np.where(
        large,
        chosen(list(_PACKAGES), np.array(_PACKAGE_FREQUENCY["large"]), count, numbers),
        chosen(list(_PACKAGES), np.array(_PACKAGE_FREQUENCY["small"]), count, numbers),
    )
    lowest, highest = parameter("retail_price_yuan_per_kwh", county)
    # The larger the customer the better its price, by no more than a third of the range.
    ease = np.clip(np.log10(sites["annual_kwh"].to_numpy() + 1) - 4, 0, 4) / 12
    price = lowest + (highest - lowest) * np.clip(numbers.beta(2.5, 2.0, count) - ease, 0, 1)
    basis = chosen(list(_BASES), np.array(_BASIS_FREQUENCY), count, numbers)
    collective = numbers.random(count) < 0.006
    mean_kw = sites["annual_kwh"].to_numpy() / 8760
    demand = np.minimum(mean_kw * numbers.uniform(1.3, 2.2, count), _kva(sites) * 0.95)
    demand = np.maximum(demand, 0.4 * _kva(sites)).round(0)
    business = is_business(sites)
    return pd.DataFrame(
        {
            "tariff_code": _tariff(sites, collective),
            "is_two_part": large,
            "retail_package_code": pd.Series(package, dtype="str").where(business),
            "retail_price_yuan_per_kwh": np.where(business, price.round(4), np.nan),
            "capacity_basis_code": pd.Series(basis, dtype="str").where(large),
            "contract_demand_kw": np.where(large & (basis == "contract_demand"), demand, np.nan),
            "power_factor_standard_frac": np.select([large, business], [0.90, 0.85], np.nan),
        }
    )


def _kva(sites: pd.DataFrame) -> Floats:
    return sites["contract_capacity_kva"].to_numpy(dtype="float64")


def _tariff(sites: pd.DataFrame, collective: npt.NDArray[np.bool_]) -> pd.Series:
    name = sites["class_name"]
    home = np.select(
        [sites["is_time_of_use"], collective],
        ["residential_time_of_use", "shared_meter"],
        "residential",
    )
    code = np.select(
        [name == "residential", name == "agricultural", name == "large"],
        [home, "agricultural", "industrial_commercial_two_part"],
        "industrial_commercial",
    )
    return pd.Series(code, dtype="str")


def roles(county: "County") -> npt.NDArray[np.int8]:
    """Return the market role of each supply point in each month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        Places in `ROLES`.
    """
    points, months = county.points, county.scale.months
    leave, enter = _hazards(county, points)
    numbers, season = county.stream("agreement", "migration"), _season(months)
    path = np.empty((len(points), len(months)), dtype="int8")
    role = path[:, 0] = _first_roles(county, points, leave)
    failed = np.zeros(len(points))
    for month in range(1, len(months)):
        draw, failure = numbers.random((2, len(points)))
        moves = draw < _rate(role, leave, enter, season[month])
        upward = np.where(role == _AGENCY, _RETAIL, _WHOLESALE)
        ends = (role == _RETAIL) & ~moves & (failure < _FAILURE_PER_MONTH)
        back = (role == _LAST_RESORT) & (month - failed >= _LAST_RESORT_MONTHS)
        role = np.select([moves, ends, back], [upward, _LAST_RESORT, _RETAIL], role)
        failed = np.where(ends, month, failed)
        path[:, month] = role
    return path


def _season(months: pd.DatetimeIndex) -> Floats:
    # Customers sign from the first of a quarter far more often than in other months.
    return np.where(months.month.isin([1, 4, 7, 10]), 2.2, 0.4)


def _rate(role: npt.NDArray[np.int8], leave: Floats, enter: Floats, season: Floats) -> Floats:
    """Return the chance to move up in a month: out of agency purchase, or to the wholesale."""
    rate = np.where(role == _AGENCY, leave, np.where(role == _RETAIL, enter, 0.0))
    return np.minimum(rate * season, 0.9)


def _hazards(county: "County", sites: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the monthly hazards to leave agency purchase and to enter the wholesale market."""
    rate = by_class(sites["class_name"], parameter("leave_agency_frac_per_year", county)) / 12
    size = np.log(np.maximum(sites["annual_kwh"].to_numpy(), 1.0))
    center = pd.Series(size).groupby(sites["class_name"]).transform("mean").to_numpy()
    lean = 0.35 * np.clip(size - center, -3, 3) + 0.3 * sites["vigour"].to_numpy()
    leave = np.minimum(rate * np.exp(lean - 0.10), 0.5)
    big = _kva(sites) >= _WHOLESALE_KVA
    enter = parameter("enter_wholesale_frac_per_year", county) / 12 * big * np.exp(0.8 * lean)
    return leave, np.minimum(enter * (sites["class_name"] == "large").to_numpy(), 0.5)


def _first_roles(county: "County", sites: pd.DataFrame, leave: Floats) -> npt.NDArray[np.int8]:
    numbers = county.stream("agreement", "first_role")
    years = max((county.scale.months[0] - _REFORM) / pd.Timedelta(days=365.25), 0.0)
    name, count = sites["class_name"], len(sites)
    agency = by_class(name, parameter("agency_start_frac", county)) * np.exp(-12 * years * leave)
    stays = spread_evenly(count, numbers) < agency
    direct = (_kva(sites) >= _WHOLESALE_KVA) & (spread_evenly(count, numbers) < _WHOLESALE_FRAC)
    direct &= (name == "large").to_numpy()
    first = np.select([stays, direct], [_AGENCY, _WHOLESALE], _RETAIL)
    safe = ~is_business(sites) | sites["industry_code"].isin(PUBLIC).to_numpy()
    return np.where(safe, _GUARANTEED, first).astype("int8")


def tables(county: "County") -> "Made":
    """Return the table ``agreement`` of a county and the truth of migration and loss.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        ``agreement``; truth ``contracts_migration`` and ``contracts_churn``, a row a month in
        which a business could move or be lost, with its hazard and whether it did.
    """
    from marketing_models.synthetic.county import Made  # a county imports this module

    rows = pd.concat([agreements(county), _feed_in(county)], ignore_index=True)
    return Made(
        {"agreement": rows.drop(columns="point")},
        {"contracts_migration": _migration_truth(county), "contracts_churn": losses.truth(county)},
    )


def agreements(county: "County") -> pd.DataFrame:
    """Return the supply agreements of a county, one row a market role that it passed through.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Columns of ``agreement`` and ``point``, the row number in the county's points.
    """
    points, months = county.points, county.scale.months
    first_month = county.connected.argmax(axis=1)[:, None]
    place = np.arange(len(months))
    starts = np.diff(county.roles, axis=1, prepend=np.int8(-1)) != 0
    starts &= county.connected & (place > first_month)
    point, month = np.nonzero(starts | (place == first_month))
    rows = points.loc[point, _KEPT].reset_index(drop=True)
    first = pd.Series(point).duplicated().to_numpy()
    began = rows.pop("connected_date")
    start = pd.Series(months.to_numpy()[month]).astype("datetime64[s]")
    rows["valid_from"] = start.where(first, began)
    later = rows["valid_from"].groupby(point).shift(-1)
    rows["valid_to"] = later.fillna(rows.pop("closed_date"))
    role = county.roles[point, month]
    rows["market_role_code"] = np.array(ROLES)[role]
    retail = role == _RETAIL
    for name in ("retail_package_code", "retail_price_yuan_per_kwh"):
        rows[name] = rows[name].where(retail)
    rows["expiry_date"] = _expiry(county, rows, point)
    rows["agreement_id"] = "A-" + rows["supply_point_id"]
    return rows.assign(point=point)


_KEPT = [
    *("supply_point_id", "county_id", "connected_date", "closed_date", "tariff_code"),
    *("is_two_part", "retail_package_code", "retail_price_yuan_per_kwh", "capacity_basis_code"),
    *("contract_demand_kw", "power_factor_standard_frac"),
]


def _expiry(county: "County", rows: pd.DataFrame, point: npt.NDArray[np.int64]) -> pd.Series:
    """Market contracts end with a year, most with this one, some with the next or the one after."""
    numbers = county.stream("agreement", "expiry")
    more = chosen(["0", "1", "2"], np.array([0.70, 0.22, 0.08]), len(county.points), numbers)
    last = rows["valid_to"].fillna(county.scale.origin).dt.year + more.astype("int64")[point]
    end = pd.to_datetime(pd.DataFrame({"year": last, "month": 12, "day": 31}))
    return end.where(rows["market_role_code"].isin(["wholesale", "retail"])).astype("datetime64[s]")


def _feed_in(county: "County") -> pd.DataFrame:
    """Return the contracts by which owners of roof plants sell what they do not use."""
    points = county.points
    owners = points[points["pv_since"].notna() & ~(points["closed_date"] <= points["pv_since"])]
    price = parameter("mechanism_price_yuan_per_kwh", county)
    old = owners["pv_since"] < pd.Timestamp("2025-06-01")
    return pd.DataFrame(
        {
            "agreement_id": "F-" + owners["supply_point_id"],
            "supply_point_id": owners["supply_point_id"],
            "county_id": county.unit_id,
            "tariff_code": "feed_in",
            "market_role_code": "guaranteed",
            "is_two_part": False,
            "mechanism_price_yuan_per_kwh": np.where(old, price["before"], price["after"]),
            "expiry_date": (owners["pv_since"] + pd.DateOffset(years=20)).astype("datetime64[s]"),
            "valid_from": owners["pv_since"],
            "valid_to": owners["closed_date"],
            "point": owners.index,
        }
    )


def _migration_truth(county: "County") -> pd.DataFrame:
    months, path = county.scale.months, county.roles
    leave, enter = (rate[:, None] for rate in _hazards(county, county.points))
    hazard = _rate(path[:, :-1], leave, enter, _season(months)[1:])
    point, month = np.nonzero((hazard > 0) & county.connected[:, 1:])
    before, after = path[point, month], path[point, month + 1]
    return pd.DataFrame(
        {
            "supply_point_id": county.points["supply_point_id"].array[point],
            "month_start": months[month + 1],
            "hazard": hazard[point, month],
            "from_role_code": np.array(ROLES)[before],
            "to_role_code": np.array(ROLES)[after],
            "is_moved": (before != after) & (after != _LAST_RESORT),
        }
    )
