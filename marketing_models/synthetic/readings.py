"""The readings behind the bills of a county: registers by meter, and the index they show."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from marketing_models import parameters
from marketing_models.synthetic import customers
from marketing_models.synthetic.metering import meter_ratio
from marketing_models.tariffs import BANDS

if TYPE_CHECKING:
    from marketing_models.synthetic.county import County

REGISTERS = ("total", *BANDS, "export")
# Readings of the last year alone in worlds of more supply points: all months would be a hundred
# million rows that no model asks for.
_ALL_MONTHS_UP_TO, _LAST_MONTHS = 100_000, 12
# Meters of before the first bill carry the energy of some years.
_EARLIER_YEARS = 8.0
_BAND_PARTS = {"critical_peak": 0.04, "peak": 0.32, "valley": 0.36}
_ARRIVAL = pd.Timedelta(hours=32)
_CORRECTED_AT = pd.Timedelta(hours=12)


def meter_readings(county: "County", settled: pd.DataFrame) -> pd.DataFrame:
    """Return the readings of a county's meters.

    Parameters
    ----------
    county : County
        The county.
    settled : DataFrame
        As `billing.generation_settlement` returns it.

    Returns
    -------
    DataFrame
        Raw rows of the table ``meter_reading``, a row a meter, register and billing period. The
        energy of each bill is the difference of the indexes times the ratio. A wrong reading is
        estimated; its correction is a later version of the same row.
    """
    meters = customers.meters(county)
    rows = pd.concat([*_of_bills(county), _export(settled)], ignore_index=True)
    rows = rows.assign(**_meters(county, rows, meters))
    rows["ratio"] = meter_ratio(county.points)[rows["point"].to_numpy()]
    rows["steps"] = np.rint(rows["energy_kwh"] * 100 / rows["ratio"]).astype("int64")
    rows = rows.assign(**_indexes(county, rows, meters))
    kept = rows["month_start"] >= _first_month(county)
    return _finished(county, rows[kept].reset_index(drop=True), meters)


def _first_month(county: "County") -> pd.Timestamp:
    months = county.scale.months
    few = county.scale.supply_point_count <= _ALL_MONTHS_UP_TO
    return months[0] if few else months[-_LAST_MONTHS:][0]


def _of_bills(county: "County") -> list[pd.DataFrame]:
    """Return one frame a register, with a row for each bill that has it, reversals left out."""
    bills = county.bills
    bills = bills[bills["bill_type_code"] != "reversal"]
    part = (bills["bill_type_code"] == "instalment").to_numpy()
    end = bills["month_start"] + pd.offsets.MonthEnd(0)
    read = end.where(~part, bills["issued_date"] - pd.Timedelta(days=1))
    again = (bills["bill_type_code"] == "supplement").to_numpy()
    known = (read + _ARRIVAL).where(~again, bills["issued_date"] + _CORRECTED_AT)
    taken_back = county.bills["reversed_bill_id"].dropna()
    common = bills[["point", "month_start"]].assign(
        reading_date=read,
        known_at=known,
        is_wrong=bills["bill_id"].isin(taken_back).to_numpy(),
        is_again=again,
    )
    frames = []
    for place, register in enumerate(REGISTERS[:-1]):
        name = "energy_kwh" if register == "total" else f"{register}_energy_kwh"
        has = bills[name].notna().to_numpy()
        energy = bills[name].to_numpy()[has]
        frames.append(common[has].assign(register=place, energy_kwh=energy))
    return frames


def _export(settled: pd.DataFrame) -> pd.DataFrame:
    read = settled["month_start"] + pd.offsets.MonthEnd(0)
    return settled[["point", "month_start"]].assign(
        reading_date=read,
        known_at=read + _ARRIVAL,
        is_wrong=False,
        is_again=False,
        register=REGISTERS.index("export"),
        energy_kwh=settled["fed_in_energy_kwh"],
    )


def _meters(
    county: "County", rows: pd.DataFrame, meters: pd.DataFrame
) -> dict[str, npt.NDArray[np.int64]]:
    """Return the place of each reading's meter among the county's meters."""
    order = np.lexsort((meters["valid_from"].to_numpy(), meters["point"].to_numpy()))
    width = len(county.scale.months) + 1
    point = meters["point"].to_numpy()[order]
    first = county.scale.months.searchsorted(
        meters["valid_from"].to_numpy()[order].astype("datetime64[us]")
    )
    first = np.where(pd.Series(point).duplicated(), first, 0)
    month = county.scale.months.get_indexer(pd.DatetimeIndex(rows["month_start"]))
    wanted = rows["point"].to_numpy() * width + month
    found = np.searchsorted(point * width + first, wanted, side="right") - 1
    return {"meter": order[found]}


def _indexes(
    county: "County", rows: pd.DataFrame, meters: pd.DataFrame
) -> dict[str, npt.NDArray[np.int64]]:
    """Return the opening index of each reading, in hundredths."""
    right = ~rows["is_wrong"].to_numpy()
    part = rows[right]
    channel = part["meter"].to_numpy() * len(REGISTERS) + part["register"].to_numpy()
    day = part["reading_date"].to_numpy().astype("datetime64[D]").astype("int64")
    order = np.lexsort((day, channel))
    steps, channel_in_order = part["steps"].to_numpy()[order], channel[order]
    running = np.cumsum(steps)
    starts = np.r_[True, channel_in_order[1:] != channel_in_order[:-1]]
    before = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    opened = running - steps - (running[before] - steps[before])
    opening = np.zeros(len(rows), "int64")
    opening[np.flatnonzero(right)[order]] = opened
    opening += _initial(county, rows, meters)
    return {"opening": _as_corrected(rows, opening)}


def _as_corrected(rows: pd.DataFrame, opening: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Let wrong readings begin where their corrections do."""
    key = ["point", "register", "month_start"]
    again = rows["is_again"].to_numpy()
    known = rows.loc[again, key].assign(index=opening[again])
    wrong = rows["is_wrong"].to_numpy()
    found = rows.loc[wrong, key].merge(known, "left", key)["index"].to_numpy()
    opening[wrong] = found
    return opening


def _initial(county: "County", rows: pd.DataFrame, meters: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return what each register showed when the first bill began; new meters begin at zero."""
    old = (meters["valid_from"] < county.scale.months[0]).to_numpy()
    draw = county.stream("meter_reading", "initial").random(len(meters))
    ratio = meter_ratio(county.points)[meters["point"].to_numpy()]
    annual = county.points["annual_kwh"].to_numpy("float64")[meters["point"].to_numpy()]
    total = np.where(old, draw * _EARLIER_YEARS * annual * 100 / ratio, 0.0).astype("int64")
    parts = {name: (share * total).astype("int64") for name, share in _BAND_PARTS.items()}
    parts["flat"] = total - sum(parts.values())
    # Homes have but two bands; what others call flat is their peak.
    home = (county.points["class_name"] == "residential").to_numpy()[meters["point"].to_numpy()]
    parts["peak"] = np.where(home, total - parts["valley"], parts["peak"])
    export = np.zeros(len(meters), "int64")
    table = np.column_stack([total, *(parts[band] for band in BANDS), export])
    return table[rows["meter"].to_numpy(), rows["register"].to_numpy()]


def _finished(county: "County", rows: pd.DataFrame, meters: pd.DataFrame) -> pd.DataFrame:
    day = county.scale.origin
    frac = parameters.at("synthetic_billing.estimated_reading_frac", day)
    guessed = county.stream("meter_reading", "quality").random(len(rows)) < frac
    quality = np.select(
        [rows["is_again"], rows["is_wrong"] | guessed], ["corrected", "estimated"], "measured"
    )
    return pd.DataFrame(
        {
            "meter_id": meters["meter_id"].take(rows["meter"].to_numpy()).reset_index(drop=True),
            "register_code": pd.Series(REGISTERS)
            .take(rows["register"].to_numpy())
            .reset_index(drop=True),
            "county_id": county.unit_id,
            "month_start": rows["month_start"],
            "reading_date": rows["reading_date"],
            "opening_index": rows["opening"] / 100,
            "closing_index": (rows["opening"] + rows["steps"]) / 100,
            "energy_kwh": rows["energy_kwh"],
            "quality_code": quality,
            "known_at": rows["known_at"],
        }
    )
