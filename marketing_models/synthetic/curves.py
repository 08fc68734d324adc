"""Curves of large supply points by quarter-hour: the table ``customer_load``."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import calendars
from marketing_models.synthetic import climate, daily_shapes
from marketing_models.synthetic.county import County, Made
from marketing_models.synthetic.industries import INDUSTRIES
from marketing_models.synthetic.streams import Floats

_MONTHS = 13
_QUARTERS = 96
_ARRIVAL = pd.Timedelta(days=1, hours=8)
_TWO_PEAKS_FRAC, _ESTIMATED_FRAC, _GAP_FRAC, _SHUT_FRAC = 0.04, 0.004, 0.015, 0.003
_PERFORMANCE = 0.80
# A day's energy that is too little to move a meter of this size.
_STARTING_WH = 1000
_REGISTER_ERROR, _LARGEST_ERROR = 0.002, 0.008
# Load of a rest day over that of a working day, by kind of industry.
_REST_LEVEL = {
    "continuous": 0.985,
    "two_shift": 0.84,
    "day_shift": 0.52,
    "office": 0.56,
    "retail": 1.08,
    "charging": 1.04,
    "farm": 1.0,
}
# Part of the festival's sleep that holds on day -8 to 15 of the lunar new year.
_SLEEP = [
    *(0.05, 0.08, 0.13, 0.21, 0.32, 0.47, 0.68, 0.90, 1.00, 1.00, 1.00, 0.98),
    *(0.95, 0.88, 0.76, 0.61, 0.47, 0.36, 0.28, 0.22, 0.17, 0.13, 0.10, 0.07),
]
Singles = npt.NDArray[np.float32]


def tables(county: County) -> Made:
    """Make the curves of a county's large supply points over the last 13 months.

    Parameters
    ----------
    county : County
        The county.

    Returns
    -------
    Made
        Table ``customer_load``: a row a day and direction. The days of a billing month add up to
        its metered energy; the register of the day and its interval values differ by less than
        one per cent.
    """
    customers = _Customers.of(county)
    months = [part for days in _by_month(county) for part in _month(county, customers, days)]
    frame = pd.concat([part.frame for part in months], ignore_index=True)
    values = np.concatenate([part.load_w for part in months], axis=1)
    gaps = np.concatenate([part.gaps for part in months], axis=1)
    energy = values.sum(axis=0, dtype="int64") / 4 * frame.pop("register_ratio").to_numpy()
    columns = {
        f"load_{quarter + 1:02d}_w": pd.arrays.IntegerArray(values[quarter], gaps[quarter])
        for quarter in range(_QUARTERS)
    }
    frame["daily_energy_wh"] = np.rint(energy).astype("int64")
    return Made({"customer_load": pd.concat([frame, pd.DataFrame(columns)], axis=1)})


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """Rows of one month and direction; interval values have shape (96, n_rows)."""

    frame: pd.DataFrame
    load_w: npt.NDArray[np.int32]
    gaps: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Customers:
    """Habits of the large customers, one entry each."""

    points: pd.DataFrame
    # Load by kind of day (working, rest) and quarter-hour, over the mean of a working day.
    shape: Singles
    sleep_frac: Floats
    cooling_frac: Floats
    rests_saturday: npt.NDArray[np.bool_]
    noise_frac: Floats

    @staticmethod
    def of(county: County) -> "_Customers":
        points = county.points[county.points["class_name"] == "large"]
        kind = [INDUSTRIES[code] for code in points["industry_code"]]
        place = np.array([daily_shapes.NAMES.index(one.shape_name) for one in kind], dtype="int64")
        numbers = county.stream("customer_load", "habits")
        count = len(points)
        working = daily_shapes.WORKING[place]
        two = (numbers.random(count) < _TWO_PEAKS_FRAC) & np.isin(
            place, [daily_shapes.NAMES.index(name) for name in ("two_shift", "day_shift")]
        )
        working = np.where(two[:, None], daily_shapes.TWO_PEAKS, working)
        # No two customers keep the same depth of the night or the same beginning of the shift.
        depth = numbers.lognormal(0, 0.25, count)[:, None]
        levels = np.array([_REST_LEVEL[daily_shapes.NAMES[p]] for p in place.tolist()])
        levels = levels ** numbers.lognormal(0, 0.4, count)
        shape = np.stack(
            [working**depth, levels[:, None] * daily_shapes.REST[place] ** depth], axis=1
        )
        shift = numbers.integers(-5, 6, count)
        quarter = (np.arange(_QUARTERS) - shift[:, None]) % _QUARTERS
        shape = np.take_along_axis(shape, quarter[:, None, :], axis=2)
        return _Customers(
            points=points,
            shape=shape.astype("float32"),
            sleep_frac=np.clip(
                np.array([one.festival_sleep_frac for one in kind])
                * numbers.lognormal(-0.02, 0.25, count),
                0.0,
                0.97,
            ),
            cooling_frac=np.array([one.cooling_share_frac for one in kind])
            * numbers.lognormal(-0.08, 0.4, count),
            rests_saturday=numbers.random(count) < np.where(levels < 0.7, 0.75, 0.25),
            noise_frac=0.035 * numbers.lognormal(0, 0.5, count),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Days:
    """Days of one billing month: its number in the county's columns, and what each day is."""

    month: int
    dates: pd.DatetimeIndex
    kind_code: npt.NDArray[np.object_]
    sleep: Floats
    warm_index: Floats
    solar_frac: Singles


def _by_month(county: County) -> list[_Days]:
    """Return the days of the last months; those after the last bill go with it."""
    months = county.scale.months[-_MONTHS:]
    dates = pd.date_range(months[0], county.scale.last_day, unit="us")
    calendar = calendars.days("cn", dates[0], dates[-1])
    kind = calendar["kind_code"].to_numpy("object")
    # A weekend day within a break of several days is a day off like the others.
    kind = np.where((kind == "weekend") & (dates.day_of_week == 6), "sunday", kind)
    number = calendar["festival_day_number"].fillna(-9).to_numpy("int64")
    sleep = np.array([0.0, *_SLEEP])[number + 9]
    warm = _warm_index(county, dates)
    solar = _solar_frac(county, dates)
    place = np.minimum(months.searchsorted(dates, side="right") - 1, len(months) - 1)
    first = len(county.scale.months) - len(months)
    return [
        _Days(
            month=first + number,
            dates=dates[place == number],
            kind_code=kind[place == number],
            sleep=sleep[place == number],
            warm_index=warm[place == number],
            solar_frac=solar[:, place == number],
        )
        for number in range(len(months))
    ]


def _warm_index(county: County, dates: pd.DatetimeIndex) -> Floats:
    """Return how much a day cools or heats rooms, 1 on a hot day."""
    degc = climate.county_weather(county.world, county.unit_id)["temperature_degc"]
    daily = degc.rolling(24).mean()[dates + pd.Timedelta(hours=23)].to_numpy()
    return np.clip((daily - 20) / 10, 0, 1.3) + 0.3 * np.clip((8 - daily) / 10, 0, 1)


def _solar_frac(county: County, dates: pd.DatetimeIndex) -> Singles:
    """Return output over capacity of plant on roofs, shape (96, n_days); hot cells give less."""
    weather = climate.county_weather(county.world, county.unit_id)
    hours = pd.date_range(dates[0], periods=24 * len(dates), freq="h", unit="us")
    sun = weather["irradiance_w_per_m2"][hours].to_numpy()
    cell_degc = weather["temperature_degc"][hours].to_numpy() + 0.03 * sun
    hourly = _PERFORMANCE * sun / 1000 * (1 - 0.004 * (cell_degc - 25))
    quarters = np.interp(np.arange(0, len(hourly), 0.25) - 0.375, np.arange(len(hourly)), hourly)
    return quarters.reshape(-1, _QUARTERS).T.astype("float32")


def _month(county: County, customers: _Customers, days: _Days) -> list[_Part]:
    """Return import and export of one month, customer by customer and day by day."""
    numbers = county.stream("customer_load", str(days.dates[0].date()))
    points = customers.points
    since = points["pv_since"].to_numpy() < days.dates[0].replace(day=1).to_numpy()
    pv_kw = np.where(since, points["distributed_pv_kw"].fillna(0.0), 0.0).astype("float32")
    net_w = _use_w(county, customers, days, numbers)
    net_w -= 1000 * days.solar_frac[:, None, :] * pv_kw[:, None]
    net_w = np.rint(net_w, out=net_w).reshape(_QUARTERS, -1)
    frame = _rows(customers, days)
    estimated = numbers.random(len(frame)) < _ESTIMATED_FRAC
    error = np.clip(numbers.normal(0, _REGISTER_ERROR, len(frame)), -_LARGEST_ERROR, _LARGEST_ERROR)
    frame = frame.assign(
        quality_code=np.where(estimated, "estimated", "measured"), register_ratio=1 + error
    )
    gaps = _gaps(len(frame), numbers) & ~estimated
    here = np.repeat(county.connected[points.index, days.month], len(days.dates))
    own = here & np.repeat(pv_kw > 0, len(days.dates))
    parts = []
    for code, chosen, sign in (("import", here, 1), ("export", own, -1)):
        load_w = np.maximum(sign * net_w[:, chosen], 0).astype("int32")
        load_w[:, load_w.sum(axis=0, dtype="int64") < 4 * _STARTING_WH] = 0
        rows = frame[chosen].assign(direction_code=code)
        parts.append(_Part(frame=rows, load_w=load_w, gaps=gaps[:, chosen]))
    return parts


def _use_w(
    county: County, customers: _Customers, days: _Days, numbers: np.random.Generator
) -> Singles:
    """Spread the month's energy over its quarter-hours, shape (96, n_customers, n_days)."""
    count, length = len(customers.points), len(days.dates)
    rest = np.isin(days.kind_code, ["statutory", "adjusted_off", "sunday"])[None, :]
    rest = rest | ((days.kind_code == "weekend")[None, :] & customers.rests_saturday[:, None])
    level = (1 - customers.sleep_frac[:, None] * days.sleep) * _whims(count, length, numbers)
    shape = customers.shape.transpose(2, 0, 1)
    use = np.where(rest, shape[:, :, 1:], shape[:, :, :1])
    warm = (2.5 * customers.cooling_frac[:, None] * days.warm_index).astype("float32")
    use += warm * daily_shapes.COOLING.astype("float32")[:, None, None]
    noise = numbers.standard_normal(use.shape, dtype="float32")
    noise *= customers.noise_frac.astype("float32")[:, None]
    noise += 1
    use *= np.maximum(noise, 0.2, out=noise)
    use *= level.astype("float32")
    energy_wh = 1000 * county.energy_kwh[customers.points.index, days.month]
    # Days after the last bill go with its month, so the energy is that of as many days.
    energy_wh *= length / days.dates[0].days_in_month
    total = use.sum(axis=(0, 2), dtype="float64") / 4
    use *= np.divide(energy_wh, total).astype("float32")[:, None]
    return use


def _whims(count: int, length: int, numbers: np.random.Generator) -> Floats:
    """Return the level of each day: orders with heavy tails, and days when the plant is shut."""
    orders = np.exp(0.05 * numbers.standard_t(4, (count, length)))
    shut = numbers.random((count, length)) < _SHUT_FRAC
    return np.where(shut, 0.12, np.clip(orders, 0.3, 2.0))


def _gaps(count: int, numbers: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which interval values of each row are missing, shape (96, n_rows)."""
    has_gap = numbers.random(count) < _GAP_FRAC
    first = numbers.integers(0, _QUARTERS, count)
    last = np.where(has_gap, first + numbers.geometric(0.2, count), first)
    quarter = np.arange(_QUARTERS)[:, None]
    return (quarter >= first) & (quarter < last)


def _rows(customers: _Customers, days: _Days) -> pd.DataFrame:
    names = ["supply_point_id", "county_id"]
    rows = customers.points[names].loc[customers.points.index.repeat(len(days.dates))]
    dates = pd.DatetimeIndex(np.tile(days.dates.to_numpy(), len(customers.points)))
    month = dates.to_numpy().astype("datetime64[M]").astype("datetime64[us]")
    rows = rows.assign(month_start=month, reading_date=dates, known_at=dates + _ARRIVAL)
    return rows.reset_index(drop=True)
