"""Surveys of businesses and homes on other energy: designs, refusals and misreports included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import other_energy
from marketing_models.synthetic.county import Made
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County


class _Campaign(NamedTuple):
    name: str
    frame: str  # who can be drawn
    months_back: int  # from the end of the world to the first day in the field
    share: float  # of all respondents drawn


_CAMPAIGNS = (
    _Campaign("B1", "business", 22, 0.375),
    _Campaign("B2", "business", 6, 0.375),
    _Campaign("H1", "home", 11, 0.25),
)
_LARGEST_FRAC = 0.6
_FIELD_DAYS = 45
_INTENTS = ("none", "considering", "planned", "decided")
_ITEM_MISSING_FRAC, _UNMATCHED_FRAC = 0.06, 0.04
# Unit in which a carrier is asked, and the wrong one that is written instead, with its chance.
_UNITS = {
    "coal": ("t", "kg", 0.03),
    "gas": ("m3", "m3", 0.0),
    "oil": ("t", "t", 0.0),
    "lpg": ("kg", "t", 0.02),
    "biomass": ("t", "kg", 0.03),
    "heat": ("GJ", "GJ", 0.0),
    "electricity": ("kWh", "kWh", 0.0),
}
# Large users give gas in ten thousand cubic metres, and some forget to say so.
_LARGE_GAS_KWH, _FORGOTTEN_FRAC = 2e6, 0.04
_UNIT_FACTOR = {"t": 1000.0, "kg": 1.0, "m3": 1.0, "10k_m3": 1e4, "GJ": 1.0, "kWh": 1.0}


def tables(county: County) -> Made:
    """Return the survey answers of a county and the true use behind them.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Tables ``survey_response`` (all who were drawn) and ``other_energy_use`` (those who
        answered); truth ``surveys_true_use`` of every supply point, by end use and carrier.

    Notes
    -----
    The chance to be drawn grows with size. Whether a respondent answers leans on a hidden
    willingness to switch and on how much other energy there is to hide: not at random.
    """
    use = other_energy.true_use(county)
    other = use[use["carrier_code"] != "electricity"]
    total = other.groupby("point")["final_energy_kwh"].sum().reindex(range(len(county.points)))
    ratio = total.fillna(0.0).to_numpy() / county.points["annual_kwh"].clip(lower=1.0).to_numpy()
    drawn = [_drawn(county, campaign, ratio) for campaign in _CAMPAIGNS]
    people = pd.concat(drawn, ignore_index=True)
    people = people[people["known_at"] < county.scale.origin].reset_index(drop=True)
    truth = use.assign(
        supply_point_id=county.points["supply_point_id"].to_numpy()[use["point"]],
        industry_code=county.points["industry_code"].to_numpy()[use["point"]],
        represented_count=county.points["represented_count"].to_numpy()[use["point"]],
    )
    return Made(
        tables={
            "survey_response": people.drop(columns="point"),
            "other_energy_use": _reported(county, people, use),
        },
        truth={"surveys_true_use": truth.drop(columns="point")},
    )


def _drawn(county: County, campaign: _Campaign, ratio: Floats) -> pd.DataFrame:
    """Return everyone whom a campaign drew, with the answer or without."""
    points, numbers = county.points, county.stream("survey_response", campaign.name)
    count = len(points)
    draws, normal = numbers.random((6, count)), numbers.standard_normal((3, count))
    start = numbers.random()
    stratum = _strata(points)
    chance = _inclusion(points, campaign)
    order = np.argsort(stratum.to_numpy(), kind="stable")
    place = order[np.diff(np.floor(chance[order].cumsum() + start), prepend=np.floor(start)) > 0]
    willing = 0.4 * points["vigour"].to_numpy() + 0.917 * normal[0]
    first = county.scale.months[-1] + pd.DateOffset(months=1 - campaign.months_back)
    rate = parameters.at("synthetic_market.answer_rate_frac", county.scale.origin)[campaign.frame]
    leaning = 0.5 * willing - 0.25 * np.log1p(ratio)
    answers = draws[0] < 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + leaning)))
    rows = pd.DataFrame(
        {
            "point": np.arange(count),
            "county_id": county.unit_id,
            "campaign_id": f"{campaign.name}-{first:%Y}",
            "respondent_id": f"Q{county.unit_id}{campaign.name}-"
            + pd.Series(numbers.permutation(count)).astype(str).str.zfill(5),
            "supply_point_id": points["supply_point_id"].where(draws[1] >= _UNMATCHED_FRAC),
            "industry_code": points["industry_code"],
            "stratum_code": stratum,
            "cluster_code": points["supply_station_id"],
            "inclusion_frac": chance / points["represented_count"].to_numpy(),
            "answer_code": np.select(
                [answers, draws[2] < 0.4], ["accepted", "refused"], "no_answer"
            ),
            "known_at": first + pd.to_timedelta(1440 * (1 + _FIELD_DAYS * draws[3]) // 1, "min"),
        }
    )
    rows = pd.concat([rows, _intent(points, willing, ratio, draws[4:], normal[1:])], axis=1)
    asked = ["max_payback_years", "switch_intent_code", "planned_load_kw"]
    rows[asked] = rows[asked].where(rows["answer_code"] == "accepted")
    return rows.iloc[np.sort(place)].reset_index(drop=True)


def _strata(points: pd.DataFrame) -> pd.Series:
    """Return sector by size for businesses, town or country for homes."""
    sector = points["industry_code"].map({k: one.sector_code for k, one in INDUSTRIES.items()})
    size = np.select(
        [points["annual_kwh"] >= 5e6, points["annual_kwh"] >= 5e5], ["high", "middle"], "low"
    )
    home = np.where(points["is_urban"], "home_urban", "home_rural")
    return (sector + "_" + size).where(sector.notna(), pd.Series(home, points.index))


def _inclusion(points: pd.DataFrame, campaign: _Campaign) -> Floats:
    """Return the chance with which each row is drawn: proportional to the root of its energy."""
    on_frame = points["class_name"].isin(
        ["residential"] if campaign.frame == "home" else ["large", "small", "agricultural"]
    )
    plan = parameters.at("synthetic_market.survey_size", pd.Timestamp("2026-01-01"))
    wanted = campaign.share * (plan["base_count"] + plan["point_frac"] * len(points))
    wanted = min(wanted, _LARGEST_FRAC * on_frame.sum())
    size = np.sqrt(points["annual_kwh"].clip(lower=1.0)) * points["represented_count"] ** 0.5
    size = size.where(on_frame, 0.0).to_numpy(dtype="float64")
    chance = np.zeros(len(size))
    for _ in range(4):  # what is certain frees places for the others
        rest = np.where(chance < 1, size, 0.0)
        spare = wanted - (chance >= 1).sum()
        chance = np.where(chance >= 1, 1.0, np.minimum(spare * rest / max(rest.sum(), 1e-9), 1.0))
    return chance


def _intent(
    points: pd.DataFrame, willing: Floats, ratio: Floats, draws: Floats, normal: Floats
) -> pd.DataFrame:
    """Return what respondents say of switching; more say so than will."""
    level = willing + 0.8 * normal[0] + 0.3 * np.minimum(ratio, 3) - 0.4
    place = np.searchsorted([0.0, 0.9, 1.9], level)
    payback = np.clip(3.5 + 0.8 * willing + 1.2 * normal[1], 0.5, 12)
    whole = np.where(draws[0] < 0.7, np.rint(payback), np.rint(2 * payback) / 2)
    planned = points["contract_capacity_kva"].to_numpy() * (0.1 + 0.6 * draws[1])
    return pd.DataFrame(
        {
            "max_payback_years": np.maximum(whole, 0.5),
            "switch_intent_code": np.take(_INTENTS, place),
            "planned_load_kw": pd.Series(_heaped(planned, draws[0])).where(place >= 2),
        }
    )


def _reported(county: County, people: pd.DataFrame, use: pd.DataFrame) -> pd.DataFrame:
    """Return what respondents wrote of the energy they use, and its conversion by the office."""
    answered = people.loc[
        people["answer_code"] == "accepted",
        ["point", "campaign_id", "respondent_id", "known_at", "county_id"],
    ]
    rows = answered.merge(use, on="point")
    numbers = county.stream("other_energy_use", "reported")
    draws, error = numbers.random((4, len(rows))), numbers.standard_normal((2, len(rows)))
    told = rows["final_energy_kwh"].to_numpy() * np.exp(0.18 * error[0])
    unit = rows["carrier_code"].map({name: units[0] for name, units in _UNITS.items()})
    in_thousands = (rows["carrier_code"] == "gas") & (told > _LARGE_GAS_KWH)
    unit = unit.mask(in_thousands, "10k_m3")
    content = _content_kwh(county, rows["carrier_code"])
    quantity = _heaped(told / (content * unit.map(_UNIT_FACTOR).to_numpy()), draws[0])
    wrong = rows["carrier_code"].map({name: units[1] for name, units in _UNITS.items()})
    chance = rows["carrier_code"].map({name: units[2] for name, units in _UNITS.items()})
    slips = draws[1] < np.where(in_thousands, _FORGOTTEN_FRAC, chance)
    written = unit.where(~slips, wrong)
    rows = rows.assign(
        fuel_quantity=quantity,
        fuel_unit_code=written,
        final_energy_kwh=np.rint(quantity * content * written.map(_UNIT_FACTOR).to_numpy()),
        equipment_age_years=rows["equipment_age_years"].where(draws[2] > 0.15),
        efficiency_ratio=rows["efficiency_ratio"].where(draws[3] > 0.5),
    )
    return rows[draws[2] < 1 - _ITEM_MISSING_FRAC].drop(columns="point")


def _content_kwh(county: County, carrier: pd.Series) -> Floats:
    """Return the energy of one kilogram, cubic metre, gigajoule or kilowatt hour [kWh]."""
    content = parameters.at("synthetic_market.calorific_value", county.scale.origin)
    return carrier.map({name: kilojoules / 3600 for name, kilojoules in content.items()}).to_numpy()


def _heaped(value: Floats, draw: Floats) -> Floats:
    """Round as people do: some to one figure, most to two, few not at all."""
    scale = 10.0 ** np.floor(np.log10(np.maximum(value, 1e-9)))
    one, two = np.rint(value / scale) * scale, np.rint(10 * value / scale) * scale / 10
    return np.asarray(np.select([draw < 0.35, draw < 0.8], [one, two], np.round(value, 3)))
