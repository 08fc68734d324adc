"""Indicators of a county and of the units above: economy, people, sales, targets, green power."""

import numpy as np
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import contracts
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.prices import purchase_prices
from marketing_models.synthetic.scale import PROVINCE
from marketing_models.synthetic.streams import Floats, autoregression
from marketing_models.synthetic.world import World

TIERS = ("A", "B", "C", "D", "E", "F")
_QUARTER_SHARE = np.array([0.226, 0.245, 0.249, 0.280])
_OUTPUT_SHARE = 0.33
_STRESS_EFFECT, _DEFLATOR = 0.03, 0.01
_GDP_REVISION = 0.006
_KEY = ("unit_id", "level", "indicator_code", "member_code", "resolution_code", "period_start")
# Source, and days from the end of the period to the end of the day of publication.
_SOURCES = {
    "gdp": ("statistics bureau", 18),
    "industrial_output": ("statistics bureau", 16),
    "population": ("statistics bulletin", 60),
    "sold_control": ("billing control report", 2),
    "green": ("power exchange", 15),
    "green_certificate": ("power exchange", 15),
    # Targets and quotas are set after the year has begun: days from its first day on.
    "sold_target": ("yearly plan", -345),
    "saving_target": ("yearly plan", -320),
    "load_quota": ("load plan", -225),
}


def tables(county: County) -> Made:
    """Make the indicators of a county.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``indicator_value``: what is published by the last day, first figures of output and
        their later revision; control totals equal the bills.
    """
    parts = [*_economy(county), *_sales(county), *_targets(county)]
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    rows = rows.assign(unit_id=county.unit_id, level="county")
    return Made({"indicator_value": rows[rows["known_at"] <= county.scale.origin]})


def province_tables(world: World, county_rows: pd.DataFrame) -> Made:
    """Make the indicators of cities and province, and what the province buys.

    Parameters
    ----------
    world : World
        The province.
    county_rows : DataFrame
        Rows of all counties in ``indicator_value``.

    Returns
    -------
    Made
        Tables ``indicator_value``, sums of the counties, and ``purchase_price``.
    """
    cities = county_rows.assign(unit_id=county_rows["unit_id"].map(world.city_of), level="city")
    above = pd.concat([cities, county_rows.assign(unit_id=PROVINCE, level="province")])
    # Growth adds up through the base: value over one plus its growth.
    above["base"] = above["indicator_value"] / (1 + above["year_on_year_change_ratio"])
    sums = above.groupby([*_KEY, "known_at", "source_name"], sort=False)
    rows = sums[["indicator_value", "base"]].sum(min_count=1).reset_index()
    change = (rows["indicator_value"] / rows.pop("base") - 1).round(4)
    rows = rows.assign(
        indicator_value=rows["indicator_value"].round(2), year_on_year_change_ratio=change
    )
    control = rows[
        (rows["level"] == "province")
        & (rows["indicator_code"] == "sold_control")
        & (rows["member_code"] == "all")
    ]
    sold = control.set_index("period_start")["indicator_value"].sort_index()
    return Made({"indicator_value": rows, "purchase_price": purchase_prices(world, sold)})


def _rows(
    code: str,
    periods: pd.DatetimeIndex,
    value: Floats,
    resolution: str,
    member: str = "all",
) -> pd.DataFrame:
    source, days = _SOURCES[code]
    length = {"month": 1, "quarter": 3, "year": 12}[resolution]
    end = periods + pd.DateOffset(months=length)
    return pd.DataFrame(
        {
            "indicator_code": code,
            "member_code": member,
            "resolution_code": resolution,
            "period_start": periods,
            "known_at": end + pd.Timedelta(days=days),
            "source_name": source,
            "indicator_value": np.asarray(value, dtype="float64").round(2),
            "year_on_year_change_ratio": np.nan,
        }
    )


def _at(county: County, name: str) -> float:
    day = pd.Timestamp(county.scale.last_day)
    value: float = parameters.at(f"synthetic_energy.{name}", day)
    return value


def _years(months: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the first days of the years that lie within the months as a whole."""
    year = months.year.to_numpy()
    return pd.DatetimeIndex(
        [pd.Timestamp(year=y, month=1, day=1) for y in np.unique(year) if (year == y).sum() == 12]
    ).as_unit("us")


def _weighted(county: County, energy_kwh: Floats) -> Floats:
    stands_for = county.points["represented_count"].to_numpy()
    total: Floats = stands_for @ energy_kwh
    return total


def _economy(county: County) -> list[pd.DataFrame]:
    months, output = _output_yuan(county)
    change = np.full(len(output), np.nan)
    change[12:] = output[12:] / output[:-12] - 1
    nominal = output * (1 + _DEFLATOR) ** (np.arange(len(output)) / 12)
    monthly = pd.DataFrame({"value": nominal, "real": output}, months)
    inside = months >= county.scale.months[0]
    industry = _rows(
        "industrial_output", months[inside], _OUTPUT_SHARE * nominal[inside], "month"
    ).assign(year_on_year_change_ratio=change[inside].round(4))
    # January is published together with February.
    january = industry["period_start"].dt.month == 1
    industry["known_at"] = industry["known_at"].where(
        ~january, industry["known_at"] + pd.DateOffset(months=1)
    )
    return [industry, *_gdp(county, monthly, "quarter"), *_gdp(county, monthly, "year")]


def _gdp(county: County, monthly: pd.DataFrame, resolution: str) -> list[pd.DataFrame]:
    """Return first figures, and what the yearly verification made of them in December."""
    sums = monthly.resample({"quarter": "QS", "year": "YS"}[resolution]).agg(["sum", "count"])
    back = {"quarter": 4, "year": 1}[resolution]
    change = sums["real"]["sum"].pct_change(back)
    whole = sums["value"]["count"] == {"quarter": 3, "year": 12}[resolution]
    whole &= sums.index >= county.scale.months[0]
    periods = pd.DatetimeIndex(sums.index[whole]).as_unit("us")
    final = _rows("gdp", periods, sums["value"]["sum"][whole].to_numpy(), resolution)
    final["year_on_year_change_ratio"] = change[whole].round(4).to_numpy()
    error = county.stream("indicator_value", "revision", resolution).normal(
        0, _GDP_REVISION, len(final)
    )
    first = final.assign(
        indicator_value=(final["indicator_value"] * (1 + error)).round(2),
        year_on_year_change_ratio=(final["year_on_year_change_ratio"] + error / 2).round(4),
    )
    verified = pd.to_datetime((final["period_start"].dt.year + 1).astype(str) + "-12-21")
    return [first, final.assign(known_at=verified)]


def _output_yuan(county: County) -> tuple[pd.DatetimeIndex, Floats]:
    """Return real output by month from a year before the first bill on: trend, stress, whims."""
    months = county.scale.months
    longer = pd.date_range(end=months[-1], periods=len(months) + 12, freq="MS", unit="us")
    use = _weighted(county, county.energy_kwh)
    growth = _growth_frac(use) / _at(county, "gdp_elasticity_ratio")
    numbers = county.stream("indicator_value", "gdp")
    level = use[-12:].sum() * 12 / len(use[-12:]) * _at(county, "gdp_yuan_per_kwh")
    level *= numbers.lognormal(-0.03, 0.25)
    whims = 0.006 * autoregression(numbers.standard_normal(len(longer)), 0.9)
    stress = np.concatenate([np.full(12, np.nan), _stress(county)])
    stress = pd.Series(stress).bfill().to_numpy()
    years = (np.arange(len(longer)) - len(longer) + 6) / 12
    trend = np.exp(np.log1p(growth) * years - _STRESS_EFFECT * stress + whims)
    quarter = (longer.month.to_numpy() - 1) // 3
    return longer, level / 3 * _QUARTER_SHARE[quarter] * trend


def _growth_frac(use: Floats) -> float:
    """Return the yearly growth of use between its first and its last whole year."""
    if len(use) < 24:
        return 0.05
    years = (len(use) - 12) / 12
    return float((use[-12:].sum() / use[:12].sum()) ** (1 / years) - 1)


def _stress(county: County) -> Floats:
    """Return the county's mean stress: that of its industries, by their energy."""
    code = county.points["industry_code"]
    energy = county.energy_kwh.sum(axis=1) * county.points["represented_count"].to_numpy()
    by_code = pd.Series(energy).groupby(code.to_numpy()).sum()
    weight = by_code.reindex(list(INDUSTRIES)).fillna(0.0).to_numpy()
    stress: Floats = county.world.stress[list(INDUSTRIES)].to_numpy() @ weight
    return stress / max(weight.sum(), 1e-9)


def _sales(county: County) -> list[pd.DataFrame]:
    months = county.scale.months
    bills = county.bills
    stands_for = county.points["represented_count"].to_numpy()[bills["point"].to_numpy()]
    energy = bills["energy_kwh"].to_numpy("float64") * stands_for
    sums = pd.Series(energy).groupby(
        [bills["month_start"].to_numpy(), bills["market_role_code"].to_numpy()]
    )
    by_role = sums.sum().unstack().reindex(months).reindex(columns=list(contracts.ROLES))
    by_role = by_role.fillna(0.0)
    control = [
        _rows("sold_control", months, by_role[r].to_numpy(), "month", r) for r in contracts.ROLES
    ]
    control.append(_rows("sold_control", months, by_role.sum(axis=1).to_numpy(), "month"))
    return [*control, *_green(county, by_role[["wholesale", "retail"]].sum(axis=1).to_numpy())]


def _green(county: County, traded_kwh: Floats) -> list[pd.DataFrame]:
    """Return green power traded, which grows from a small share, and certificates beside it."""
    months = county.scale.months
    numbers = county.stream("indicator_value", "green")
    years = (np.arange(len(months)) - len(months)) / 12
    share = 0.07 * np.exp(0.5 * years) * numbers.lognormal(-0.05, 0.3, len(months))
    energy = share * traded_kwh
    # A certificate stands for 1,000 kWh; most are bought without the power.
    count = np.floor(energy / 1000 * numbers.lognormal(0.3, 0.4, len(months)))
    return [
        _rows("green", months, energy, "month"),
        _rows("green_certificate", months, count, "month"),
    ]


def _targets(county: County) -> list[pd.DataFrame]:
    """Return people, and targets and quotas of a year, which follow from the year before."""
    months = county.scale.months
    past = _years(months)
    following = pd.DatetimeIndex(past + pd.DateOffset(years=1))
    of_year = months.year.to_numpy()[:, None] == past.year.to_numpy()[None, :]
    sold = _weighted(county, county.energy_kwh) @ of_year
    ambition = county.stream("indicator_value", "target").normal(0.05, 0.012, len(past))
    supplied = county.loads_kw.sum(axis=1) / (1 - county.profile.loss_frac)
    peak = supplied.groupby(county.scale.hours.year).max().reindex(past.year).to_numpy()
    step = _at(county, "quota_step_frac")
    homes = (county.points["class_name"] == "residential").to_numpy()
    last = np.flatnonzero(np.isin(months, past + pd.DateOffset(months=11)))
    lived = _weighted(county, (county.connected[:, last] & homes[:, None]).astype("float64"))
    return [
        _rows("population", past, np.rint(lived * _at(county, "persons_per_home")), "year"),
        _rows("sold_target", following, sold * (1 + ambition), "year"),
        _rows("saving_target", following, sold * _at(county, "saving_target_frac"), "year"),
        *(
            _rows("load_quota", following, np.rint(peak * step * number), "year", tier)
            for number, tier in enumerate(TIERS, start=1)
        ),
    ]
