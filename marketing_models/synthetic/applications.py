"""Applications for new, larger, smaller or ended supply: stages, limits of the grid, giving up."""

from functools import lru_cache

import numpy as np
import pandas as pd

from marketing_models.synthetic.calls import service_level
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.streams import Floats
from marketing_models.synthetic.supply_requests import requested

_STAGES = ("answered_date", "designed_date", "constructed_date", "energised_date")
_STAGE_FRAC = np.array([0.13, 0.27, 0.48, 0.12])
_STAGE_SPREAD = 0.45
_LATER_IF_CONSTRAINED, _LATER_IF_DUAL = 1.6, 1.25
_KNOWN_AFTER = pd.Timedelta(hours=26)
_GROWING = ["new", "larger", "photovoltaic", "charging"]
_MOST_HAZARD = 0.45
_UNSERVED_FRAC = 0.30


def tables(county: County) -> Made:
    """Return the applications of a county, and how likely each was to be withdrawn.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``application``; truth ``applications_withdrawal``.
    """
    rows = application_rows(county)
    truth = rows[["application_id", "withdrawal_frac"]].assign(
        is_withdrawn=rows["withdrawn_date"].notna()
    )
    hidden = ["outcome", "is_constrained", "class_name", "vigour", "withdrawal_frac"]
    return Made(
        tables={"application": rows.drop(columns=hidden)},
        truth={"applications_withdrawal": truth},
    )


@lru_cache(maxsize=1)
def application_rows(county: County) -> pd.DataFrame:
    """Return the rows of the table ``application`` and what only the generator knows of them.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    DataFrame
        With ``outcome``: done, withdrawn, open or unserved, as the generator means it, and
        ``withdrawal_frac``, the hidden chance to be withdrawn. Days after the last are empty.

    Notes
    -----
    Every supply point that began, grew, shrank, rested or ended within the time axis has its
    application. Those who gave up have no supply point to start from: each success has, with the
    odds of giving up, a twin that did, so that the hazard holds among all who applied.
    """
    served = _judged(county, requested(county))
    rows = pd.concat([served, *_twins(county, served)], ignore_index=True)
    return _finished(county, _dated(county, rows))


def _judged(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Say how likely each is to give up: want of room, slack trade, a weak holder, own whims."""
    whim = county.stream("application", "whim").standard_normal(len(rows))
    trade = _trade(county, rows)
    home = (rows["class_name"] == "residential") & (rows["applied_capacity_kva"] < 100)
    size = np.clip(np.log(rows["applied_capacity_kva"].clip(lower=1) / 100), -2, 3)
    risk = county.world.effects.risk
    score = (
        np.where(home, -4.0, -2.65)
        + 0.9 * rows["is_constrained"]
        + 0.16 * size
        + risk * (0.6 * trade - 0.4 * rows["vigour"] + 0.7 * whim)
    )
    chance = np.minimum(1 / (1 + np.exp(-score)), _MOST_HAZARD)
    growing = rows["application_type_code"].isin(_GROWING)
    return rows.assign(withdrawal_frac=np.where(growing, chance, 0.0), outcome="done")


def _trade(county: County, rows: pd.DataFrame) -> Floats:
    """Return the hidden stress of each applicant's industry at that time, zero for homes."""
    months, stress = county.scale.months, county.world.stress
    month = np.clip(months.searchsorted(rows["done_date"]) - 1, 0, len(months) - 1)
    industry = stress.columns.get_indexer(pd.Index(rows["industry_code"].fillna("")))
    found: Floats = np.column_stack([stress.to_numpy(), np.zeros(len(months))])[month, industry]
    return found


def _twins(county: County, served: pd.DataFrame) -> list[pd.DataFrame]:
    """Add those who gave up, those still waiting for the grid, and those under way at the end."""
    draws = county.stream("application", "twin").random((6, len(served)))
    growing = served["application_type_code"].isin(_GROWING).to_numpy()
    chance = served["withdrawal_frac"].to_numpy()
    gave_up = growing & (draws[0] < chance / (1 - chance))
    stuck = growing & served["is_constrained"].to_numpy() & (draws[1] < _UNSERVED_FRAC)
    axis_days = len(county.scale.hours) / 24
    under_way = growing & (draws[2] < typical_days(county, served) / axis_days)
    applied = _rounded(served["applied_capacity_kva"].to_numpy() * np.exp(0.8 * (draws[3] - 0.5)))
    # Neither size nor day of a twin is that of the success it is drawn for.
    other = served.assign(
        supply_point_id=served["supply_point_id"].where(
            served["application_type_code"] != "new", None
        ),
        applied_capacity_kva=applied,
        constrained_capacity_kva=np.minimum(served["constrained_capacity_kva"], applied),
        done_date=served["done_date"] + pd.to_timedelta(np.rint(120 * (draws[4] - 0.5)), "D"),
    )
    late = county.scale.origin.normalize() + pd.to_timedelta(
        np.ceil(draws[5] * typical_days(county, served)), "D"
    )
    masks = {"withdrawn": gave_up, "unserved": stuck, "open": under_way}
    found = []
    for outcome, mask in masks.items():
        rows = other.assign(done_date=late) if outcome == "open" else other
        marked = rows["application_id"] + outcome[0].upper()
        found.append(rows.assign(application_id=marked, outcome=outcome)[mask])
    return found


def _rounded(kva: Floats) -> Floats:
    return np.where(kva > 100, np.rint(kva / 5) * 5, np.maximum(np.rint(kva), 1))


def typical_days(county: County, rows: pd.DataFrame) -> Floats:
    """Return the median days from acceptance to supply by kind of application.

    Parameters
    ----------
    county : County
        The county.
    rows : DataFrame of shape (n,)
        Has ``class_name, application_type_code, applied_capacity_kva``.

    Returns
    -------
    array of shape (n,)
        Homes, low voltage, up to 315 kVA, high voltage, and above 20 000 kVA. [day]
    """
    level = service_level("connection_days", county)
    kva = rows["applied_capacity_kva"].to_numpy()
    home = (rows["class_name"] == "residential").to_numpy() & (kva < 50)
    ending = ~rows["application_type_code"].isin(_GROWING).to_numpy()
    kinds = [home | ending, kva < 100, kva < 315, kva < 20_000]
    days: Floats = np.select(
        kinds, [level[name] for name in ("home", "low", "medium", "high")], level["highest"]
    )
    return days.astype("float64")


def _dated(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Count the stages back from the day it was or would be done."""
    numbers = county.stream("application", "stages")
    noise = np.exp(_STAGE_SPREAD * numbers.standard_normal((len(rows), len(_STAGE_FRAC))))
    longer = np.where(rows["is_constrained"], _LATER_IF_CONSTRAINED, 1.0)
    longer = longer * np.where(rows["is_dual_supply"], _LATER_IF_DUAL, 1.0)
    days = np.rint((typical_days(county, rows) * longer)[:, None] * _STAGE_FRAC * noise)
    since = days.cumsum(axis=1)
    done = rows["done_date"].to_numpy().astype("datetime64[D]")
    accepted = done - since[:, -1].astype("timedelta64[D]")
    end = np.datetime64(county.scale.last_day, "D")
    columns = {
        name: _until(accepted + since[:, i].astype("timedelta64[D]"), end)
        for i, name in enumerate(_STAGES)
    }
    where = numbers.random(len(rows))
    given_up = accepted + np.ceil(where * since[:, -1] + 1).astype("timedelta64[D]")
    columns["withdrawn_date"] = np.where(
        rows["outcome"] == "withdrawn", _until(given_up, end), np.datetime64("NaT")
    )
    return rows.assign(accepted_date=accepted, **columns)


def _until(day: np.ndarray, end: np.datetime64) -> np.ndarray:
    return np.where(day <= end, day, np.datetime64("NaT"))


def _finished(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    """Take back what did not happen; leave the limit where it is not overcome."""
    given_up = rows["withdrawn_date"]
    stuck = rows["outcome"] == "unserved"
    for name in _STAGES:
        kept = ~(rows[name] >= given_up) & ~(rows["outcome"].eq("withdrawn") & given_up.isna())
        kept &= ~stuck | (name == "answered_date")
        kept &= (name != "energised_date") | rows["outcome"].isin(["done", "open"])
        rows[name] = rows[name].where(kept)
    served = rows["energised_date"].notna()
    limited = rows["is_constrained"] & ~served
    supply = rows["application_type_code"].isin(["new", "larger"])
    moments = rows[["accepted_date", *_STAGES, "withdrawn_date"]]
    rows = rows.assign(
        county_id=county.unit_id,
        energised_capacity_kva=rows["applied_capacity_kva"].where(served & supply),
        constraint_code=rows["constraint_code"].where(limited),
        constrained_capacity_kva=rows["constrained_capacity_kva"].where(limited),
        known_at=moments.max(axis=1) + _KNOWN_AFTER,
    )
    known = (rows["known_at"] < county.scale.origin) & (rows["accepted_date"] > pd.Timestamp(0))
    return rows[known].drop(columns="done_date").reset_index(drop=True)
