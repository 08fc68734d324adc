"""Saving projects as the company files them: registers, yearly claims and verdicts."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import savings
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# Relative error of a baseline moved to the year's conditions, and half width that is stated.
_BASELINE_ERROR = {"metered": 0.006, "calculated": 0.0, "declared": 0.0}
_STATED_RATIO = {"metered": 0.25, "calculated": 0.35, "declared": 0.6}
_REJECTED_FRAC = {"metered": 0.04, "calculated": 0.08, "declared": 0.18}
_INVESTMENT_YUAN_PER_KWH = 1.6


def tables(county: "County") -> Made:
    """Return the saving projects of a county, their records, and what they saved in truth.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Tables ``saving_project`` and ``saving_record``; truth ``savings_effect`` by project and
        month.
    """
    rows = savings.projects(county)
    rows["supply_point_id"] = county.points["supply_point_id"].to_numpy()[rows["point"]]
    rows["yearly_kwh"] = county.points["annual_kwh"].to_numpy()[rows["point"]]
    effect = savings.effect_frac(rows, county.scale.months)
    used = county.energy_kwh[rows["point"].to_numpy()]
    true_kwh = _true_kwh(county, rows, effect, used)
    told = _claims(county, rows, used, true_kwh)
    return Made(
        tables={
            "saving_project": _register(county, rows),
            "saving_record": _versions(county, told),
        },
        truth={"savings_effect": _truth(county, rows, effect, true_kwh)},
    )


def _true_kwh(county: "County", rows: pd.DataFrame, effect: Floats, used: Floats) -> Floats:
    """Share what the site saved by the projects' own effects."""
    total = county.saved_frac[rows["point"].to_numpy()]
    own = effect / np.where(total == 0, 1, _summed(rows, effect))
    return used * total / (1 - total) * own


def _summed(rows: pd.DataFrame, effect: Floats) -> Floats:
    at_site = pd.DataFrame(effect).groupby(rows["point"].to_numpy()).transform("sum").to_numpy()
    return np.where(at_site == 0, 1, at_site)


def _truth(county: "County", rows: pd.DataFrame, effect: Floats, true_kwh: Floats) -> pd.DataFrame:
    months = county.scale.months
    return pd.DataFrame(
        {
            "project_id": rows["project_id"].repeat(len(months)).to_numpy(),
            "supply_point_id": rows["supply_point_id"].repeat(len(months)).to_numpy(),
            "month_start": np.tile(months.to_numpy(), len(rows)),
            "saved_frac": effect.ravel(),
            "saved_energy_kwh": true_kwh.ravel(),
        }
    )


def _register(county: "County", rows: pd.DataFrame) -> pd.DataFrame:
    """File each project when it is planned and again when it is in service."""
    numbers = county.stream("saving_project", "money")
    expected = (rows["expected_frac"] * rows["yearly_kwh"]).abs().round()
    shifting = rows["saving_class_code"] == "shifting"
    price = _INVESTMENT_YUAN_PER_KWH * numbers.lognormal(0, 0.5, len(rows))
    basis = expected.where(~shifting, 0.05 * rows["yearly_kwh"])
    kept = rows.assign(
        county_id=county.unit_id,
        expected_saving_kwh=expected.mask(rows["saving_class_code"] == "substitution", 0),
        investment_yuan=(price * basis).round(2),
        valid_from=rows["filed_date"],
        valid_to=rows["completed_date"] + pd.Timedelta(days=1),
    )
    done = kept.assign(valid_from=kept["valid_to"])[kept["completed_date"].notna()]
    both = pd.concat([kept, done], ignore_index=True)
    first = np.arange(len(both)) < len(kept)
    both["completed_date"] = both["completed_date"].mask(first)
    both["valid_to"] = both["valid_to"].where(first)
    hidden = ["point", "filed_date", "expected_frac", "true_frac", "yearly_decay_frac"]
    return both.drop(columns=[*hidden, "yearly_kwh"])


def _claims(county: "County", rows: pd.DataFrame, used: Floats, true_kwh: Floats) -> pd.DataFrame:
    """Return one row a project and calendar year in service that the bills cover whole."""
    months = county.scale.months
    years = [year for year in months.year.unique() if (months.year == year).sum() == 12]
    parts = []
    for year in years:
        within = np.asarray(months.year == year)
        start = pd.Timestamp(year=int(year), month=1, day=1)
        share = 1 - ((rows["completed_date"] - start) / pd.Timedelta(days=365)).clip(lower=0)
        parts.append(
            rows.assign(
                year_number=int(year),
                share=share,
                used_kwh=used[:, within].sum(axis=1),
                true_kwh=true_kwh[:, within].sum(axis=1),
                before_kwh=_year_before(rows, used, months),
            )
        )
    told = pd.concat(parts, ignore_index=True) if parts else rows.iloc[:0].assign(share=0.0)
    return told[told["share"] > 0].reset_index(drop=True)


def _year_before(rows: pd.DataFrame, used: Floats, months: pd.DatetimeIndex) -> Floats:
    """Metered use of the twelve months before completion; missing where bills begin later."""
    done = months.searchsorted(rows["completed_date"].fillna(months[-1]).to_numpy(), side="right")
    last = np.clip(done - 1, 0, len(months))
    total = np.concatenate([np.zeros((len(rows), 1)), used.cumsum(axis=1)], axis=1)
    place = np.arange(len(rows))
    before = total[place, last] - total[place, np.clip(last - 12, 0, None)]
    return np.where(last >= 12, before, np.nan)


def _versions(county: "County", told: pd.DataFrame) -> pd.DataFrame:
    """Return each yearly record as claimed and, once there is one, with its verdict."""
    if told.empty:
        return pd.DataFrame()
    claimed = _claimed(county, told)
    judged = _judged(county, told, claimed)
    both = pd.concat([claimed, judged], ignore_index=True)
    return both[both["known_at"] < county.scale.origin]


def _claimed(county: "County", told: pd.DataFrame) -> pd.DataFrame:
    numbers = county.stream("saving_record", "claim")
    kind = told["saving_class_code"]
    start = pd.to_datetime(told["year_number"].astype(str) + "-01-01")
    factor = numbers.lognormal(0.0, 0.12, len(told))
    expected = told["expected_frac"] * told["yearly_kwh"] * told["share"] * factor
    shifted = 0.06 * told["yearly_kwh"] / 8760 * factor
    filed_days = numbers.integers(15, 60, len(told))
    return pd.DataFrame(
        {
            "county_id": county.unit_id,
            "project_id": told["project_id"],
            "period_start": start,
            "resolution_code": "year",
            "known_at": start
            + pd.to_timedelta(365 + filed_days, "D")
            + pd.to_timedelta(numbers.integers(8 * 60, 18 * 60, len(told)), "min"),
            "status_code": "claimed",
            "baseline_energy_kwh": told["before_kwh"].round(),
            "claimed_saving_kwh": expected.clip(lower=0).round(),
            "substituted_energy_kwh": (-expected).round().where(kind == "substitution"),
            "shifted_load_kw": shifted.round().where(kind == "shifting"),
        }
    )


def _judged(county: "County", told: pd.DataFrame, claimed: pd.DataFrame) -> pd.DataFrame:
    """Judge by the meter, by a sum on paper, or by the claim itself, as the evidence allows."""
    numbers = county.stream("saving_record", "verdict")
    evidence = told["evidence_class_code"]
    claim = claimed["claimed_saving_kwh"]
    noise = numbers.standard_normal((2, len(told)))
    base = told["used_kwh"] + told["true_kwh"]
    moved = base * (1 + evidence.map(_BASELINE_ERROR).to_numpy() * noise[0])
    level = parameters.at("synthetic_market.paper_verdict_frac", county.scale.origin)
    paper = claim * np.clip(level + 0.10 * noise[1], 0.2, 1)
    found = (moved - told["used_kwh"]).where(evidence == "metered", paper).clip(lower=0)
    refused = numbers.random(len(told)) < evidence.map(_REJECTED_FRAC).to_numpy()
    verified = np.minimum(found, claim).mask(refused, 0.0).round()
    hours = numbers.uniform(3500, 6500, len(told))
    delay = pd.to_timedelta(numbers.integers(30, 150, len(told)), "D")
    width = evidence.map(_STATED_RATIO).to_numpy() * numbers.lognormal(0, 0.3, len(told))
    return claimed.assign(
        known_at=claimed["known_at"] + delay,
        status_code=np.where(refused, "rejected", "verified"),
        adjusted_baseline_kwh=moved.round().where(evidence == "metered"),
        verified_saving_kwh=verified,
        verified_saving_kw=(verified / hours).round(),
        saving_uncertainty_ratio=pd.Series(width).round(2),
    )
