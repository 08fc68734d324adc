"""Laws of the residential tariff, against an oracle in decimal arithmetic that walks the blocks."""

import datetime
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from marketing_models.tariffs import residential_charge_yuan, residential_time_of_use_charge_yuan

DAY = datetime.date(2026, 7, 1)
PRICE = {"all": "0.538", "peak": "0.568", "valley": "0.288"}
BLOCKS = [("0", "2760", "0"), ("2760", "4800", "0.05"), ("4800", "99999999", "0.30")]

BILLS = settings(deadline=None, max_examples=60)
hundredths = st.integers(0, 900_000)
months = st.lists(st.integers(0, 80_000), min_size=1, max_size=12)


def kwh(number):
    return number / 100


def oracle(energy, used):
    """Charge one bill block by block; ``energy`` maps a band to hundredths of a kWh."""
    total = sum(Decimal(PRICE[band]) * value / 100 for band, value in energy.items())
    start, end = Decimal(used) / 100, (Decimal(used) + sum(energy.values())) / 100
    for low, high, addition in BLOCKS:
        inside = min(end, Decimal(high)) - max(start, Decimal(low))
        total += max(inside, Decimal(0)) * Decimal(addition)
    return float(total.quantize(Decimal("0.01"), ROUND_HALF_UP))


def charge(energy, used):
    return residential_charge_yuan(
        pd.Series([kwh(e) for e in energy]),
        used_before_kwh=pd.Series([kwh(u) for u in used]),
        on=DAY,
    ).to_list()


@BILLS
@given(st.lists(st.tuples(hundredths, hundredths), min_size=1, max_size=20))
def test_every_bill_is_what_decimal_arithmetic_gives(bills):
    energy, used = zip(*bills, strict=True)
    assert charge(energy, used) == [oracle({"all": e}, u) for e, u in bills]


@BILLS
@given(hundredths, hundredths, hundredths)
def test_a_bill_by_time_of_use_is_what_decimal_arithmetic_gives(peak, valley, used):
    got = residential_time_of_use_charge_yuan(
        pd.Series([kwh(peak)]),
        pd.Series([kwh(valley)]),
        used_before_kwh=pd.Series([kwh(used)]),
        on=DAY,
    )
    assert got.to_list() == [oracle({"peak": peak, "valley": valley}, used)]


@BILLS
@given(hundredths, hundredths, hundredths)
def test_more_energy_never_costs_less(energy, more, used):
    less, greater = charge([energy, energy + more], [used, used])
    assert greater >= less


@BILLS
@given(hundredths, hundredths, hundredths)
def test_energy_used_earlier_in_the_year_never_makes_a_bill_cheaper(energy, used, more):
    less, greater = charge([energy, energy], [used, used + more])
    assert greater >= less


@BILLS
@given(months)
def test_the_bills_of_a_year_add_up_to_the_bill_of_the_year(energy):
    # Each bill is rounded once, by at most half a fen.
    used = [sum(energy[:i]) for i in range(len(energy))]
    difference = sum(charge(energy, used)) - charge([sum(energy)], [0])[0]
    assert abs(difference) <= 0.005 * (len(energy) + 1) + 1e-9


@BILLS
@given(st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_bills_in_steps_of_ten_kwh_add_up_to_the_fen(steps):
    # Every price has three decimals, so that ten kWh cost whole fen: nothing is rounded.
    energy = [step * 1000 for step in steps]
    used = [sum(energy[:i]) for i in range(len(energy))]
    assert round(sum(charge(energy, used)), 2) == charge([sum(energy)], [0])[0]


@BILLS
@given(hundredths, hundredths)
def test_the_type_that_carries_the_energy_does_not_matter(energy, used):
    expected = charge([energy], [used])
    for dtype in ("float64", "Float64"):
        got = residential_charge_yuan(
            pd.Series([kwh(energy)], dtype=dtype),
            used_before_kwh=pd.Series([kwh(used)], dtype=dtype),
            on=DAY,
        )
        assert got.to_list() == expected


@BILLS
@given(st.lists(st.tuples(hundredths, hundredths), min_size=2, max_size=8), st.randoms())
def test_the_order_of_bills_does_not_matter(bills, random):
    shuffled = random.sample(bills, len(bills))
    price = dict(zip(bills, charge(*zip(*bills, strict=True)), strict=True))
    assert charge(*zip(*shuffled, strict=True)) == [price[bill] for bill in shuffled]
