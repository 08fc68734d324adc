"""Correction at the origin: hand-worked residuals and a slow oracle."""

import numpy as np
import pytest

from marketing_models.demand.correction import correction


def slow(residuals, horizon_days):
    """Compute the formula of the docstring with loops, without clipping."""
    day_count, slots = residuals.shape

    def ew(half_life, wanted):
        pairs = [
            (0.5 ** ((day_count - 1 - d) / half_life), residuals[d, s])
            for d in range(day_count)
            for s in wanted
            if np.isfinite(residuals[d, s])
        ]
        return sum(w * r for w, r in pairs) / sum(w for w, _ in pairs)

    everything = range(slots)
    level = 0.7 * ew(3, everything) + 0.3 * ew(10, everything)
    by_slot = [ew(28, [s]) for s in everything]
    base = [level + 0.7 * (v - np.mean(by_slot)) for v in by_slot]
    known = [s for s in everything if np.isfinite(residuals[-1, s])][-3 * slots // 24 :]
    last = np.mean([residuals[-1, s] - base[s] for s in known]) if known else 0.0
    hours = 24 / slots
    return np.array(
        [
            [base[s] + 0.7 * np.exp(-(d * slots + s) * hours / 16) * last for s in everything]
            for d in range(horizon_days)
        ]
    )


def test_an_even_residual_is_carried_on_as_it_is():
    # 0.7 c + 0.3 c, no shape, last hours equal to the level.
    assert correction(np.full((30, 24), 0.04), 2) == pytest.approx(np.full((2, 24), 0.04))


def test_no_known_residual_means_no_correction():
    assert (correction(np.full((30, 48), np.nan), 7) == 0).all()


@pytest.mark.parametrize("slots", [24, 48, 96])
def test_it_agrees_with_the_formula_in_loops(slots):
    residuals = np.random.default_rng(slots).uniform(-0.05, 0.06, size=(40, slots))
    residuals[3, 5] = residuals[-1, -2] = np.nan
    residuals[20] = np.nan
    assert correction(residuals, 3) == pytest.approx(slow(residuals, 3), abs=1e-12)


def test_a_silent_last_day_leaves_out_the_last_hours():
    residuals = np.random.default_rng(5).uniform(-0.05, 0.06, size=(40, 24))
    residuals[-1] = np.nan
    made = correction(residuals, 2)
    assert made == pytest.approx(slow(residuals, 2), abs=1e-12)
    assert made[0] == pytest.approx(made[1])


def test_one_wild_hour_is_clipped_to_four_widths():
    residuals = np.full((30, 24), 0.01)
    residuals[:, ::2] = -0.01
    wild = residuals.copy()
    wild[-1, 12] = 5.0
    # Width 1.4826 * 0.01, so the wild hour counts as 0.0593 and moves the level by little.
    assert np.abs(correction(wild, 1) - correction(residuals, 1)).max() < 0.005
