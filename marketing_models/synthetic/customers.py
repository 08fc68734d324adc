"""Parties, accounts, supply points and meters of a county."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters, schemas
from marketing_models.synthetic import contracts, grid, losses
from marketing_models.synthetic.behind_meter import behind_meter
from marketing_models.synthetic.sites import SIZES_KVA, by_class, is_business, sites, spread_evenly
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County, Made

_CLASS_CODE = {
    "small": "industrial_commercial",
    "large": "industrial_commercial",
    "charging": "industrial_commercial",
}
# Every so many supply points the next one belongs to the same account, or the same party.
_ACCOUNT_EVERY, _PARTY_EVERY = 20, 10
_GROUP_FRAC, _GROUP_SIZE = 0.16, 4
_PREPAID_FRAC = {"residential": 0.35, "agricultural": 0.10, "small": 0.12}
_DEPOSIT_FRAC, _DEPOSIT_MONTHS, _DEPOSIT_PRICE = {"large": 0.10, "small": 0.03}, 1.0, 0.65
_REMOTE_FRAC = 0.06
_SUSPENDED_PART_FRAC = 0.08
_CHANGED_KVA_FRAC, _CHANGED_INDUSTRY_FRAC = 0.03, 0.006
_METER_CHANGED_FRAC_PER_YEAR = 0.03
# Greatest capacity of each transformer ratio: direct up to 40 kVA; then 5 A current transformers at
# 400 V; above that also 10 kV or 110 kV voltage transformers.
_LOW_RATIOS = ((40.0, 1.0), (60.0, 20.0), (100.0, 30.0), (150.0, 50.0), (250.0, 80.0))
_HIGH_RATIOS = (
    *((250.0, 300.0), (400.0, 500.0), (630.0, 1000.0), (1000.0, 1500.0), (1600.0, 2000.0)),
    *((2500.0, 3000.0), (4000.0, 5000.0), (6300.0, 8000.0), (12500.0, 15000.0)),
)
_HIGHEST_KVA, _HIGHEST_RATIO = 20_000.0, 1100.0


def pseudonyms(prefix: str, count: int, numbers: np.random.Generator) -> pd.Series:
    """Return opaque identifiers of 16 hexadecimal digits after a letter."""
    values = numbers.integers(0, 2**63, count, dtype="int64")
    return pd.Series([f"{prefix}{value:016x}" for value in values.tolist()], dtype="str")


def supply_points(county: "County") -> pd.DataFrame:
    """Return the supply points of a county with what only the generator knows of them.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Columns of the table ``supply_point`` as they stand at the end, by their names; terms of
        the contract (see `contracts.terms`); and, hidden: ``class_name``; ``share_frac`` of the
        class's energy that one of the represented supply points has; ``annual_kwh`` of one, in
        mean weather; ``cooling_exponent``, ``valley_ratio``, ``is_time_of_use``, ``is_urban``,
        ``is_prepaid``, ``vigour`` (standard normal, of the party), ``substation_id``,
        ``meter_ratio``, ``pv_since``, ``suspended_date``, ``capacity_since`` and
        ``earlier_capacity_kva`` (running capacity before that day), ``industry_since`` and
        ``earlier_industry_code``.
    """
    points = sites(county)
    points = pd.concat([points, _habits(county, points)], axis=1)
    points = pd.concat([points, _holders(county, len(points))], axis=1)
    points["is_prepaid"] = _of_account(county, points, _PREPAID_FRAC)
    points = pd.concat([points, behind_meter(county, points), grid.placed(county, points)], axis=1)
    points = pd.concat([points, contracts.terms(county, points)], axis=1)
    points = pd.concat([points, losses.lost(county, points)], axis=1)
    points = pd.concat([points, _changes(county, points)], axis=1)
    return _coded(county, points)


def _habits(county: "County", points: pd.DataFrame) -> pd.DataFrame:
    numbers, count = county.stream("supply_point", "habits"), len(points)
    day = pd.Timestamp(county.scale.last_day)
    chosen_frac = parameters.at("synthetic.time_of_use_home_frac", day)
    homes = (points["class_name"] == "residential").to_numpy()
    return pd.DataFrame(
        {
            "supply_point_id": pseudonyms("S", count, numbers),
            "county_id": pd.Series([county.unit_id] * count, dtype="str"),
            "cooling_exponent": numbers.normal(0, 0.35, count),
            "valley_ratio": numbers.lognormal(0, 0.3, count),
            "is_time_of_use": homes & (spread_evenly(count, numbers) < chosen_frac),
        }
    )


def _holders(county: "County", count: int) -> pd.DataFrame:
    """Give each row an account and a party; accounts nest in parties."""
    numbers = county.stream("party")
    party = _first_of_run(count, _PARTY_EVERY)
    vigour = numbers.standard_normal(count)
    return pd.DataFrame(
        {
            "account_id": _drawn(
                "A", _first_of_run(count, _ACCOUNT_EVERY), county.stream("account")
            ),
            "party_id": _drawn("P", party, numbers),
            "vigour": vigour[party],
        }
    )


def _first_of_run(count: int, every: int) -> npt.NDArray[np.int64]:
    # A party begins only where an account begins: the period of the finer rule divides.
    place = np.arange(count)
    return np.maximum.accumulate(np.where(place % every != every - 1, place, 0))


def _drawn(letter: str, first: npt.NDArray[np.int64], numbers: np.random.Generator) -> pd.Series:
    return pseudonyms(letter, len(first), numbers).iloc[first].reset_index(drop=True)


def _of_account(county: "County", points: pd.DataFrame, share: dict[str, float]) -> pd.Series:
    numbers = county.stream("account", "prepaid")
    is_chosen = spread_evenly(len(points), numbers) < by_class(points["class_name"], share)
    return pd.Series(is_chosen).groupby(points["account_id"]).transform("first")


def _changes(county: "County", points: pd.DataFrame) -> pd.DataFrame:
    """Draw who changed capacity or line of business within the time axis, and who rests a part."""
    numbers, count = county.stream("supply_point", "changes"), len(points)
    months = county.scale.months
    business = is_business(points)
    large = (points["class_name"] == "large").to_numpy()
    kva = points["contract_capacity_kva"].to_numpy(dtype="float64")
    step = numbers.choice([-2, -1, 1, 2, 3], count, p=[0.05, 0.2, 0.4, 0.25, 0.1])
    at = np.searchsorted(SIZES_KVA, kva)
    other = SIZES_KVA[np.clip(at - step, 0, len(SIZES_KVA) - 1)]
    earlier = np.where(large, other, np.maximum((kva * 0.8**step).round(0), 5.0))
    draws = numbers.random((3, count))
    first = pd.Series(months.to_numpy()[numbers.integers(0, len(months), (2, count))[0]])
    second = pd.Series(months.to_numpy()[numbers.integers(0, len(months), (2, count))[1]])
    grew = business & (draws[0] < _CHANGED_KVA_FRAC) & (earlier != kva) & _within(points, first)
    turned = business & (draws[1] < _CHANGED_INDUSTRY_FRAC) & _within(points, second)
    rests = large & ~grew & (draws[2] < _SUSPENDED_PART_FRAC)
    running = np.where(rests, SIZES_KVA[np.maximum(at - 2, 0)], kva)
    donors = numbers.permutation(np.flatnonzero(business))
    industry = points["industry_code"].astype(object)
    former = industry.copy()
    former.iloc[np.flatnonzero(business)] = industry.iloc[donors].to_numpy()
    return pd.DataFrame(
        {
            "running_capacity_kva": running,
            "capacity_since": first.where(grew).astype("datetime64[s]"),
            "earlier_capacity_kva": np.where(grew, earlier, np.nan),
            "industry_since": second.where(turned).astype("datetime64[s]"),
            "earlier_industry_code": former.where(turned),
        }
    )


def _within(points: pd.DataFrame, day: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether a supply point was connected before a day and lost, if ever, only after it."""
    end = points["closed_date"].fillna(points["suspended_date"])
    return ((points["connected_date"] < day) & ~(end <= day)).to_numpy()


def _coded(county: "County", points: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("supply_point", "coded")
    kva, large = points["contract_capacity_kva"], points["class_name"] == "large"
    homes = points["class_name"] == "residential"
    remote = ~points["is_urban"] & (numbers.random(len(points)) < _REMOTE_FRAC)
    return points.assign(
        tariff_class_code=points["class_name"].replace(_CLASS_CODE).astype("str"),
        voltage_level_code=np.select(
            [large & (kva >= _HIGHEST_KVA), large | (kva >= 160)], ["110kV", "10kV"], "below_1kV"
        ),
        area_type_code=np.select([remote, points["is_urban"]], ["remote", "urban"], "rural"),
        meter_ratio=np.where(homes, 1.0, _ratio(kva.to_numpy(dtype="float64"), large.to_numpy())),
    )


def _ratio(kva: Floats, large: npt.NDArray[np.bool_]) -> Floats:
    low, high = (np.array(table) for table in (_LOW_RATIOS, _HIGH_RATIOS))
    below = np.where(kva <= low[-1, 0], low[_place(low, kva), 1], 200.0)
    above = high[_place(high, kva), 1]
    rated = np.where(kva >= _HIGHEST_KVA, _HIGHEST_RATIO * np.ceil(kva / 10_000) * 20, above)
    return np.asarray(np.where(large, rated, below))


def _place(table: Floats, kva: Floats) -> npt.NDArray[np.int64]:
    return np.minimum(np.searchsorted(table[:, 0], kva), len(table) - 1)


def running_kva(county: "County") -> Floats:
    """Return the running capacity of each supply point in each month.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        As the version of ``supply_point`` in force on the first of the month has it. [kVA]
    """
    points, months = county.points, county.scale.months.to_numpy()
    since = points["capacity_since"].to_numpy()[:, None]
    now = points["running_capacity_kva"].to_numpy(dtype="float64")[:, None]
    earlier = points["earlier_capacity_kva"].to_numpy(dtype="float64")[:, None]
    return np.asarray(np.where(months < since, earlier, now))


def tables(county: "County") -> "Made":
    """Return the tables ``party, account, supply_point, meter_installation`` of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        The four tables; truth ``customers_point``: what is hidden of each supply point.
    """
    from marketing_models.synthetic.county import Made  # a county imports this module

    points = county.points
    hidden = [
        *("supply_point_id", "account_id", "party_id", "class_name", "share_frac", "annual_kwh"),
        *("cooling_exponent", "valley_ratio", "vigour"),
    ]
    return Made(
        {
            "party": _parties(county),
            "account": _accounts(county),
            "supply_point": versions(county),
            "meter_installation": meters(county).drop(columns="point"),
        },
        {"customers_point": points[hidden]},
    )


def _parties(county: "County") -> pd.DataFrame:
    numbers = county.stream("party", "group")
    rows = _first(county.points, "party_id")
    business = is_business(rows)
    number = (
        numbers.random(len(rows)) * max(_GROUP_FRAC * business.sum() / _GROUP_SIZE, 1)
    ).astype("int64")
    grouped = business & (spread_evenly(len(rows), numbers) < _GROUP_FRAC)
    head = (
        rows["party_id"]
        .groupby(np.where(grouped, number, -1 - np.arange(len(rows))))
        .transform("first")
    )
    return rows[["party_id", "county_id", "valid_from"]].assign(group_id=head)


def _accounts(county: "County") -> pd.DataFrame:
    numbers = county.stream("account", "deposit")
    rows = _first(county.points, "account_id")
    chance = by_class(rows["class_name"], _DEPOSIT_FRAC) * np.exp(-0.5 * rows["vigour"])
    month_yuan = rows["annual_kwh"] / 12 * _DEPOSIT_PRICE * _DEPOSIT_MONTHS
    amount = (month_yuan * numbers.uniform(0.5, 2.0, len(rows))).round(-2)
    rows["deposit_yuan"] = amount.where(numbers.random(len(rows)) < chance)
    return rows[["account_id", "party_id", "county_id", "is_prepaid", "deposit_yuan", "valid_from"]]


def _first(points: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return one row for each holder, valid from the day the first of its points was connected."""
    rows = points.sort_values("connected_date", kind="stable").drop_duplicates(key).sort_index()
    return rows.assign(valid_from=rows["connected_date"]).reset_index(drop=True)


def versions(county: "County") -> pd.DataFrame:
    """Return the table ``supply_point``: each point as it stood between its changes.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Raw rows; the last version of a point is what `supply_points` says of it.
    """
    points = county.points
    days = ("connected_date", "capacity_since", "industry_since", "pv_since", "suspended_date")
    starts = pd.concat([points[day].dropna() for day in (*days, "closed_date")])
    starts = starts[~pd.MultiIndex.from_arrays([starts.index, starts]).duplicated()]
    starts = starts.sort_values(kind="stable").sort_index(kind="stable")
    rows = points.loc[starts.index].assign(valid_from=starts)
    rows["valid_to"] = rows["valid_from"].groupby(level=0).shift(-1)
    now = rows["valid_from"]
    before = now < rows["capacity_since"]
    for name in ("contract_capacity_kva", "running_capacity_kva"):
        rows[name] = rows[name].where(~before, rows["earlier_capacity_kva"])
    rows["industry_code"] = rows["industry_code"].where(
        ~(now < rows["industry_since"]), rows["earlier_industry_code"]
    )
    rows["distributed_pv_kw"] = rows["distributed_pv_kw"].where(~(now < rows["pv_since"]))
    open_yet = (now < rows["closed_date"]) | (now < rows["suspended_date"])
    rows["status_code"] = rows["status_code"].where(~open_yet, "active")
    rows["loss_cause_code"] = rows["loss_cause_code"].where(~open_yet)
    rows["closed_date"] = rows["closed_date"].where(~open_yet)
    wanted = schemas.columns("supply_point").index
    return rows[[name for name in rows.columns if name in wanted]].reset_index(drop=True)


def meters(county: "County") -> pd.DataFrame:
    """Return the table ``meter_installation``, with the number of the supply point.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        Columns of the table and ``point``, the row number in the county's points. A changed meter
        is taken away on the first of a month, the day its successor begins.
    """
    numbers, points = county.stream("meter_installation"), county.points
    months, count = county.scale.months, len(county.points)
    changed = spread_evenly(count, numbers) < _METER_CHANGED_FRAC_PER_YEAR * len(months) / 12
    day = pd.Series(months.to_numpy()[numbers.integers(0, len(months), count)])
    changed &= _within(points, day)
    ids = pseudonyms("M", 2 * count, numbers)
    kept = points[["supply_point_id", "county_id", "meter_ratio"]].assign(
        point=np.arange(count), valid_to=points["closed_date"]
    )
    first = kept.assign(
        meter_id=ids[:count],
        valid_from=points["connected_date"],
        valid_to=kept["valid_to"].where(~changed, day),
    )
    second = kept.assign(meter_id=ids[count:].to_numpy(), valid_from=day)[changed]
    return pd.concat([first, second], ignore_index=True)
