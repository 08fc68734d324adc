"""DSM · demand on real data: the load track of the Global Energy Forecasting Competition 2012.

Reads the four zip files of the competition, writes predictions for the weeks that the organisers'
benchmark predicts, and judges the model on eight held-out weeks beside Tao Hong's vanilla model.

    python benchmarks/demand_gefcom2012.py --data FOLDER --out predictions.csv

The eight blank weeks have known temperatures and load on both sides. The week after the last known
hour has neither: its load is the mean over weather paths of earlier years. Loads are in kW; degF
become degC at the door. The published solution is not among the files.

References
----------
.. [1] T. Hong, P. Pinson and S. Fan, "Global energy forecasting competition 2012," International
   Journal of Forecasting 30(2), 2014, 357-363; the files are its data appendix.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from marketing_models import calendars
from marketing_models.demand import (
    LoadHistory,
    VanillaRegression,
    backcast,
    climatology_members,
    forecast,
)
from marketing_models.demand.fitting import one_thread
from marketing_models.evaluation import wrmse
from marketing_models.units import conversion

HOURS = [f"h{number}" for number in range(1, 25)]
SYSTEM = 21
SYSTEM_WEIGHT, ZONE_WEIGHT = 1.0, 1 / 20
WEEK = pd.Timedelta(days=7)
HELD_OUT = (
    "2006-03-06", "2006-06-20", "2006-09-10", "2006-12-25",
    "2007-02-13", "2007-05-25", "2007-08-02", "2007-11-22",
)  # fmt: skip
MOST_STATIONS, LEAST_GAIN, FOLDS, FOLD_DAYS = 5, 0.002, 4, 14


@dataclass(frozen=True, eq=False)
class Result:
    """What the benchmark found.

    Attributes
    ----------
    scores : DataFrame
        WRMSE of ``vanilla`` and ``ours`` by held-out week, last row the total. [kW]
    yardstick_frac : float
        Difference of our vanilla model from the organisers', system, blank weeks.
    predictions : DataFrame
        With the rows and columns of the organisers' file.
    """

    scores: pd.DataFrame
    yardstick_frac: float
    predictions: pd.DataFrame


def run(folder: Path) -> Result:
    """Run the whole benchmark.

    Parameters
    ----------
    folder : Path
        Where the zip files are.

    Returns
    -------
    Result
        Scores and predictions.
    """
    stations, history = read(folder)
    official = pd.read_csv(folder / "Load_benchmark.csv.zip")
    blank = pd.DatetimeIndex(long(official, "zone_id").index)
    blank = blank[blank < history.periods[-1]]
    theirs = long(official, "zone_id")[SYSTEM][blank]
    vanilla = VanillaRegression().fit(history).predict(history.temperature_degc.loc[blank])
    difference = vanilla.sum(axis=1) - theirs
    return Result(
        scores=judge(history, stations),
        yardstick_frac=float(np.sqrt((difference**2).mean()) / theirs.mean()),
        predictions=predict(history, stations, official),
    )


def read(folder: Path) -> tuple[pd.DataFrame, LoadHistory]:
    """Return station temperatures, and loads with the mean temperature of all stations."""
    loads = long(pd.read_csv(folder / "Load_history.csv.zip", thousands=","), "zone_id")
    stations = long(pd.read_csv(folder / "temperature_history.csv.zip"), "station_id")
    scale, offset = conversion("degF", "degC")
    stations = stations * scale + offset
    last_day = loads.dropna(how="all").index[-1].normalize()
    periods = pd.date_range(loads.index[0], last_day, freq="h", inclusive="left")
    loads = loads.reindex(periods).rename(columns=str)
    mean = stations.reindex(periods).mean(axis=1)
    days = calendars.days("us", periods[0], last_day + 2 * WEEK)
    weather = pd.DataFrame(dict.fromkeys(loads.columns, mean))
    return stations.reindex(periods), LoadHistory(
        load_kw=loads, temperature_degc=weather, days=days
    )


def long(wide: pd.DataFrame, key: str) -> pd.DataFrame:
    """Turn rows of a day with columns h1 to h24 into one row an hour and one column a key."""
    days = pd.to_datetime(wide[["year", "month", "day"]])
    rows = wide.assign(day=days).melt([key, "day"], HOURS, "hour")
    hours = pd.to_timedelta(rows["hour"].str[1:].astype(int) - 1, unit="h")
    table = rows.assign(period_start=rows["day"] + hours)
    return table.pivot(index="period_start", columns=key, values="value").astype(float)


def judge(history: LoadHistory, stations: pd.DataFrame) -> pd.DataFrame:
    """Hold out eight weeks at once and return the WRMSE of both models on each and in total."""
    starts = pd.DatetimeIndex(HELD_OUT)
    place = starts.searchsorted(history.periods, side="right") - 1
    is_held = (place >= 0) & (history.periods < starts[place] + WEEK)
    hidden = replace(
        history, load_kw=history.load_kw.mask(pd.Series(is_held, history.periods), axis=0)
    )
    vanilla = VanillaRegression().fit(hidden).predict(history.temperature_degc[is_held])
    ours = backcast(with_stations(hidden, stations))[is_held]
    week = pd.Series(starts[place[is_held]].strftime("%Y-%m-%d"), history.periods[is_held])
    actual = rows(history.load_kw[is_held])
    weight = pd.Series(ZONE_WEIGHT, actual.index)
    weight[weight.index.get_level_values(1) == str(SYSTEM)] = SYSTEM_WEIGHT
    at = actual.index.get_level_values(0).map(week)
    return pd.DataFrame(
        {
            name: {
                key: wrmse(actual[inside], made[inside], weight[inside])
                for key, inside in [*((k, at == k) for k in week.unique()), ("total", at != "")]
            }
            for name, made in (("vanilla", rows(vanilla)), ("ours", rows(ours)))
        }
    )


def rows(load_kw: pd.DataFrame) -> pd.Series:
    """Return loads of the zones and of the system as one series by period and zone."""
    return load_kw.assign(**{str(SYSTEM): load_kw.sum(axis=1)}).stack()


def predict(history: LoadHistory, stations: pd.DataFrame, official: pd.DataFrame) -> pd.DataFrame:
    """Predict the rows of the organisers' file in whole kW; the system is the sum of zones."""
    known = with_stations(history, stations)
    origin = history.periods[-1] + pd.Timedelta(hours=1)
    members = climatology_members(known.temperature_degc, origin, horizon_days=8)
    week = forecast(known, members).mean("member").transpose("period", "unit")
    loads = pd.concat([backcast(known), week.to_pandas()])
    loads = loads.rename(columns=int).reindex(long(official, "zone_id").index).round().astype(int)
    loads[SYSTEM] = loads.sum(axis=1)
    by_day = loads.set_axis([loads.index.normalize(), loads.index.hour], axis=0).stack().unstack(1)
    wanted = pd.to_datetime(official[["year", "month", "day"]])
    found = by_day.loc[list(zip(wanted, official["zone_id"], strict=True))].to_numpy()
    return official.assign(**dict(zip(HOURS, found.T, strict=True)))


def with_stations(history: LoadHistory, stations: pd.DataFrame) -> LoadHistory:
    """Give each zone the mean temperature of the stations that explain its load best."""
    days = _Days.of(history, stations)
    with one_thread():
        temperature = {zone: stations[days.chosen(zone)].mean(axis=1) for zone in history.units}
    return replace(history, temperature_degc=pd.DataFrame(temperature))


@dataclass(frozen=True, eq=False)
class _Days:
    """Daily means for the choice of stations: forward selection with repetition."""

    log_load: pd.DataFrame
    mean: pd.DataFrame
    maximum: pd.DataFrame
    calendar: np.ndarray

    @classmethod
    def of(cls, history: LoadHistory, stations: pd.DataFrame) -> "_Days":
        """Average hours to days."""
        daily = ((stations - 15.6) / 8.3).resample("D")
        dates = history.dates
        angle = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25
        waves = [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)]
        calendar = np.column_stack(
            [np.eye(7)[dates.day_of_week], *waves, np.arange(len(dates)) / 365]
        )
        log_load = np.log(history.load_kw.where(history.load_kw > 0)).resample("D").mean()
        return cls(log_load, daily.mean(), daily.max(), calendar)

    def chosen(self, zone: str) -> list[int]:
        """Return stations, some perhaps twice; one more is taken while it lowers the error."""
        found: list[int] = []
        least = np.inf
        while len(found) < MOST_STATIONS:
            errors = {s: self._error(zone, [*found, s]) for s in self.mean.columns}
            best = min(errors, key=errors.get)
            if errors[best] > least * (1 - LEAST_GAIN):
                break
            least = errors[best]
            found.append(best)
        return found

    def _error(self, zone: str, stations: list[int]) -> float:
        mean = self.mean[stations].mean(axis=1).to_numpy()
        maximum = self.maximum[stations].mean(axis=1).to_numpy()
        before = np.concatenate([mean[:1], mean[:-1]])
        hinges = [
            *(np.maximum(mean - knot, 0) for knot in (-1.5, -0.8, -0.3, 0, 0.3, 0.7, 1)),
            *(np.maximum(before - knot, 0) for knot in (-0.8, 0, 0.5)),
            *(np.maximum(maximum - knot, 0) for knot in (0, 0.6, 1.2)),
        ]
        regressors = np.column_stack([self.calendar, mean, before, maximum, *hinges])
        load = self.log_load[zone].to_numpy()
        known = load > np.nanmedian(load) - 1
        fold = np.arange(len(load)) // FOLD_DAYS % FOLDS
        total = 0.0
        for number in range(FOLDS):
            inside, outside = known & (fold != number), known & (fold == number)
            solved = np.linalg.lstsq(regressors[inside], load[inside])[0]
            residual = load[outside] - regressors[outside] @ solved
            total += float(np.minimum(residual**2, 0.09).sum())
        return total


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the four zip files")
    parser.add_argument("--out", type=Path, required=True, help="file of predictions to write")
    wanted = parser.parse_args()
    result = run(wanted.data)
    result.predictions.to_csv(wanted.out, index=False)
    scores = result.scores.assign(lower_frac=1 - result.scores["ours"] / result.scores["vanilla"])
    print("WRMSE on eight held-out weeks [kW]; zones weigh 1/20, the system 1")
    print(
        scores.to_string(formatters={"lower_frac": "{:.1%}".format}, float_format="{:,.0f}".format)
    )
    won = int((scores["ours"] < scores["vanilla"])[:-1].sum())
    print(f"ours is lower in {won} of {len(HELD_OUT)} weeks")
    print(f"our vanilla against the organisers', system, blank weeks: {result.yardstick_frac:.2%}")
    print(f"{len(result.predictions)} rows written to {wanted.out}")


if __name__ == "__main__":
    main()
