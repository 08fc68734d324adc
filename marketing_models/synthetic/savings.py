"""Saving projects of a county, and what they truly save."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic.streams import Floats

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

# Technique, how often, class (None: by chance one of the three that save), and range of the saving
# expected over the use of the whole site. Substitution adds use, shifting leaves it as it was.
_TECHNIQUES = pd.DataFrame(
    [
        ("lighting", 0.16, "", 0.02, 0.06),
        ("motor_drive", 0.18, "", 0.04, 0.12),
        ("compressed_air", 0.12, "", 0.03, 0.08),
        ("waste_heat", 0.10, "", 0.05, 0.15),
        ("cooling_station", 0.12, "", 0.04, 0.12),
        ("transformer", 0.08, "", 0.01, 0.03),
        ("storage_shift", 0.09, "shifting", 0.0, 0.0),
        ("heat_pump", 0.08, "substitution", -0.10, -0.03),
        ("electric_furnace", 0.07, "substitution", -0.18, -0.06),
    ],
    columns=["technique_code", "frequency", "class_code", "least_frac", "most_frac"],
)
_SAVERS = ("own", "energy_service", "society")
_SAVER_FREQUENCY = (0.30, 0.45, 0.25)
_EVIDENCE = ("metered", "calculated", "declared")
_EVIDENCE_FREQUENCY = (0.45, 0.30, 0.25)
_PICK_WEIGHT = {"large": 1.0, "small": 0.02}
_OVERLAP_FRAC, _PLANNED_FRAC, _WITHOUT_EFFECT_FRAC = 0.12, 0.06, 0.15
_YEARS_BEFORE, _RAMP_MONTHS = 2.0, 3
_DAYS_PER_MONTH = 30.4375


def projects(county: "County") -> pd.DataFrame:
    """Return the saving projects of a county, most at large customers, with their true effect.

    Parameters
    ----------
    county : County
        The county; its supply points are read, nothing that depends on what they save.

    Returns
    -------
    DataFrame
        One row a project: columns of ``saving_project`` that describe it, ``point`` (row number),
        ``filed_date`` and ``completed_date`` (empty: still planned), and of the generator
        ``expected_frac`` of the use of the site, ``true_frac`` that it saves when new and
        ``yearly_decay_frac`` by which that wears off.

    Notes
    -----
    Customers tell more than comes true: an effect is the expectation times a log-normal factor,
    one in seven projects has none. Some sites have two projects, whose effects overlap.
    """
    numbers = county.stream("saving_project")
    site = _sites(county, numbers)
    count = len(site)
    technique = _TECHNIQUES.iloc[
        numbers.choice(len(_TECHNIQUES), count, p=_TECHNIQUES["frequency"].to_numpy())
    ].reset_index(drop=True)
    saver = numbers.choice(_SAVERS, count, p=_SAVER_FREQUENCY)
    rows = pd.DataFrame(
        {
            "project_id": [f"{county.unit_id}E{number:04d}" for number in range(1, count + 1)],
            "point": site,
            "technique_code": technique["technique_code"],
            "saving_class_code": technique["class_code"].where(
                technique["class_code"] != "", saver
            ),
            "evidence_class_code": numbers.choice(_EVIDENCE, count, p=_EVIDENCE_FREQUENCY),
            "life_years": numbers.choice([5.0, 8.0, 10.0, 15.0], count),
        }
    )
    spread = technique["most_frac"] - technique["least_frac"]
    rows["expected_frac"] = technique["least_frac"] + spread * numbers.random(count)
    return pd.concat([rows, _effects(county, rows, numbers), _dates(county, rows, numbers)], axis=1)


def _sites(county: "County", numbers: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw sites by size; some are the site of the project before."""
    points = county.points
    weight = points["class_name"].map(_PICK_WEIGHT).fillna(0.0).to_numpy()
    weight = weight * np.sqrt(points["annual_kwh"].to_numpy())
    rate = parameters.at("synthetic_market.project_frac", pd.Timestamp(county.scale.last_day))
    waiting = numbers.exponential(size=len(points))
    count = min(max(2, round(rate * len(points))), int((weight > 0).sum()))
    order = np.argsort(waiting / np.maximum(weight, 1e-12), kind="stable")
    site = order[:count].astype("int64")
    again = numbers.random(count) < _OVERLAP_FRAC
    again[:1] = False
    first = np.maximum.accumulate(np.where(again, 0, np.arange(count)))
    return site[first]


def _effects(county: "County", rows: pd.DataFrame, numbers: np.random.Generator) -> pd.DataFrame:
    level = parameters.at("synthetic_market.saving_realised_frac", county.scale.origin)
    factor = numbers.lognormal(-0.06, 0.35, len(rows)) * level / (1 - _WITHOUT_EFFECT_FRAC)
    works = numbers.random(len(rows)) >= _WITHOUT_EFFECT_FRAC
    decay = numbers.gamma(2.0, 0.025, len(rows))
    true_frac = county.world.effects.saving * rows["expected_frac"] * factor * works
    return pd.DataFrame({"true_frac": true_frac, "yearly_decay_frac": decay})


def _dates(county: "County", rows: pd.DataFrame, numbers: np.random.Generator) -> pd.DataFrame:
    """Draw the days of filing and of completion, from before the first bill to the origin."""
    points, count = county.points, len(rows)
    first, last = county.scale.months[0].to_datetime64(), county.scale.origin.to_datetime64()
    whole_days = (last - first) / np.timedelta64(1, "D") + 365.25 * _YEARS_BEFORE
    done = last - _days(whole_days * numbers.random(count))
    filed = done - _days(numbers.integers(60, 240, count))
    planned = numbers.random(count) < _PLANNED_FRAC
    filed = np.where(planned, last - _days(numbers.integers(5, 90, count)), filed)
    connected = pd.to_datetime(points["connected_date"]).to_numpy()[rows["point"].to_numpy()]
    filed = np.maximum(filed, connected.astype(filed.dtype))
    done = np.maximum(done, filed + _days(np.full(count, 30)))
    done[planned | (done >= last)] = np.datetime64("NaT")
    dates = pd.DataFrame({"filed_date": filed, "completed_date": done})
    return dates.astype("datetime64[s]")


def _days(count: npt.ArrayLike) -> npt.NDArray[np.timedelta64]:
    return np.asarray(count).astype("timedelta64[D]")


def effect_frac(rows: pd.DataFrame, months: pd.DatetimeIndex) -> Floats:
    """Return what each project alone takes off the use of its site.

    Parameters
    ----------
    rows : DataFrame
        As `projects` returns them.
    months : DatetimeIndex of shape (n_months,)
        First days of months.

    Returns
    -------
    array of shape (n_projects, n_months)
        Zero before the month after completion, full after three months, then wearing off;
        negative where electricity replaced another fuel. [1]
    """
    done = rows["completed_date"].to_numpy().astype("datetime64[D]").astype("float64")
    done = np.where(rows["completed_date"].isna(), np.inf, done)
    start = months.to_numpy().astype("datetime64[D]").astype("float64")
    age = (start[None, :] - done[:, None]) / _DAYS_PER_MONTH
    ramp = np.clip((np.floor(age) + 1) / _RAMP_MONTHS, 0, 1)
    left = np.exp(-rows["yearly_decay_frac"].to_numpy()[:, None] * np.clip(age, 0, 1e4) / 12)
    within = age <= 12 * rows["life_years"].to_numpy()[:, None]
    return rows["true_frac"].to_numpy()[:, None] * ramp * left * within


def saved_frac(county: "County") -> Floats:
    r"""Return the share of its use that saving projects take off a supply point.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    array of shape (n_points, n_months)
        Zero but for sites of projects; negative after substitution, which adds use. [1]

    Notes
    -----
    Two projects at a site act one after the other: :math:`1 - \prod_i (1 - s_i)`.
    """
    rows = projects(county)
    effect = effect_frac(rows, county.scale.months)
    return _overlapping(rows["point"].to_numpy(), effect, len(county.points))


def _overlapping(point: npt.NDArray[np.int64], effect: Floats, point_count: int) -> Floats:
    kept = np.ones((point_count, effect.shape[1]))
    np.multiply.at(kept, point, 1 - effect)
    return 1 - kept
