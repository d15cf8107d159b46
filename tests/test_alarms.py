"""How often verdicts are wrong, and how often they come: families drawn by the thousand, judged as results are.

Twelve hundred families: of a rate of 5 % the Monte Carlo error is 0.6 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from stages.findings import comparing, contrasts, detecting, pooling, student
from stages.findings.comparing import Comparison
from tests.test_pooling import APART, SHARED, drawn

FAMILIES = 1200
SIGMAS = 3


def judged(
    deviations: Sequence[float], n: int, *, shared: bool, shifts: Sequence[float] = (), families: int = FAMILIES
) -> list[list[Comparison]]:
    """Families of rows that differ from their controls by `shifts`, if at all."""
    cases = (drawn(deviations, n, seed, shared=shared, shifts=shifts) for seed in range(families))
    return [comparing.compare(*each, "min") for each in cases]


def alarms(found: Sequence[Sequence[Comparison]]) -> float:
    """The share of families in which any row is called better or worse."""
    return float(np.mean([any(each.verdict in ("better", "worse") for each in family) for family in found]))


def error(rate: float) -> float:
    """How far a rate that is drawn may be from the true one."""
    return SIGMAS * math.sqrt(rate * (1 - rate) / FAMILIES)


@pytest.mark.parametrize(("rows", "n"), [(6, 2), (3, 3), (5, 5)])
def test_false_alarms_of_equal_variances_are_as_rare_as_said(rows: int, n: int) -> None:
    """Five families in a hundred where no row is shared; no more, and not none, where all share a control."""
    rate = comparing.ALARMS
    assert alarms(judged([0.05] * (rows + 1), n, shared=APART)) == pytest.approx(rate, abs=error(rate))
    assert 0.01 < alarms(judged([0.05] * (rows + 1), n, shared=SHARED)) < rate + error(rate)


@pytest.mark.parametrize(("rows", "n", "far"), [(7, 2, 0.22), (7, 3, 0.1), (7, 5, 0.05)])
def test_false_alarms_of_unequal_variances_stay_below_what_is_said(rows: int, n: int, far: float) -> None:
    """A row four times as noisy as the others goes unseen often enough to raise alarms in up to 14 % of families."""
    quiet = 0.05
    assert comparing.ALARMS < alarms(judged([4 * quiet, *[quiet] * rows], n, shared=SHARED)) < 0.14 + error(0.14)
    # A control of larger noise is in every difference alike: pooling stands, only the shared noise is more.
    assert alarms(judged([*[quiet] * rows, 2 * quiet], n, shared=SHARED, families=400)) < 0.08 + error(0.08) * 3**0.5
    # Noise so unequal that it is seen is not pooled; of two seeds, though, that of the noisiest row may hide.
    assert alarms(judged([20 * quiet, *[quiet] * rows], n, shared=SHARED, families=400)) < far + error(far) * 3**0.5


@pytest.mark.parametrize(("n", "loud"), [(2, 1), (2, 8), (3, 8), (5, 8)])
def test_effects_over_many_rows_are_false_as_rarely_as_said_however_unequal_their_noise(n: int, loud: float) -> None:
    """Ten rows against ten; half of each are louder. Paired differences of two seeds have one degree of freedom."""
    random = np.random.default_rng(n)
    names = [f"row{place}" for place in range(20)]
    effect = {name: (0.1 if place < 10 else -0.1) for place, name in enumerate(names)}
    chances, degrees = [], []
    for _ in range(FAMILIES):
        noise = random.standard_normal((20, n)) * np.where(np.arange(20) % 2, loud, 1.0)[:, None]
        values = {
            name: {str(seed): float(x) for seed, x in enumerate(row)} for name, row in zip(names, noise, strict=True)
        }
        deviation, known = pooling.own(effect, values)
        mean = float(np.mean(contrasts.differences(effect, values)))
        chances.append(student.beyond(mean / (deviation / math.sqrt(n)), known))
        degrees.append(known)
    rate = comparing.ALARMS
    assert rate - error(rate) - 0.015 < float(np.mean(np.array(chances) < rate)) < rate + error(rate)
    assert float(np.median(degrees)) > 3 * (n - 1)


@pytest.mark.parametrize(("rows", "n", "shared"), [(4, 2, APART), (4, 3, SHARED), (4, 5, SHARED)])
def test_what_is_detectable_is_detected_four_times_in_five(rows: int, n: int, shared: bool) -> None:
    """A row that truly is better by what its family's deviation, were it known, makes detectable."""
    deviation = 0.05
    (first, *_), *_ = judged([deviation] * (rows + 1), n, shared=shared, families=1)
    assert first.degrees is not None
    shift = detecting.detectable(first.degrees, comparing.ALARMS / rows) * deviation * math.sqrt(2 / n)
    shifts = [-shift, *[0.0] * (rows - 1)]
    found = judged([deviation] * (rows + 1), n, shared=shared, shifts=shifts, families=600)
    shown = float(np.mean([family[0].verdict == "better" for family in found]))
    # The test of equal variances pools nothing in one family of twenty, and hardly any of these shows something.
    assert 0.80 * 0.95 - error(0.8) * 2**0.5 < shown < 0.80 + error(0.8) * 2**0.5
    assert not any(family[0].verdict == "worse" for family in found)
    # As printed, from the measured deviation, it is the same in the middle.
    printed = [family[0].detectable or 0.0 for family in found if family[0].scale == "raw"]
    assert float(np.median(printed)) == pytest.approx(shift, rel=0.15)


def test_no_difference_is_hardly_said_of_a_difference_of_ten_percent() -> None:
    """Where the truth is just outside of what counts as none, the corrected interval lies inside at its rate."""
    shift = comparing.NEAR
    found = judged([0.02] * 5, 5, shared=SHARED, shifts=[shift] * 4, families=600)
    said = float(np.mean([any(each.verdict == "no difference" for each in family) for family in found]))
    assert said < comparing.ALARMS + error(0.05)
    # And it is said of what is none, if seeds are many and noise is small.
    found = judged([0.02] * 5, 5, shared=SHARED, families=200)
    assert float(np.mean([each.verdict == "no difference" for family in found for each in family])) > 0.8


def test_intervals_cover_as_they_say() -> None:
    """Each with at least 95 %, whether its row was shown to differ or not."""
    shifts = [-0.5, -0.2, 0.0, 0.0]
    found = judged([0.05] * 5, 3, shared=SHARED, shifts=shifts, families=600)
    for place, shift in enumerate(shifts):
        inside = [
            family[place].low <= shift <= family[place].high  # type: ignore[operator]
            for family in found
            if family[place].scale != "log"
        ]
        assert float(np.mean(inside)) > comparing.LEVEL - error(0.05) * 2**0.5
