"""Pooled intervals: whose noise is pooled, on which scale, with how many degrees of freedom, and what verdicts say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import nct, t, ttest_rel

from stages.findings import comparing, contrasts, correcting, designs, detecting, pooling
from stages.findings.comparing import Comparison
from stages.findings.contrasts import Contrast, Values

SHARED, APART = True, False


def drawn(
    deviations: Sequence[float], n: int, seed: int, *, shared: bool = SHARED, shifts: Sequence[float] = ()
) -> tuple[list[Contrast], dict[str, dict[str, float]]]:
    """Rows around 1 against one control or one each; the last deviation is that of controls."""
    random = np.random.default_rng(seed)
    *rows, last = deviations
    found: dict[str, dict[str, float]] = {}
    asked = []
    for place, deviation in enumerate(rows):
        control = "control" if shared else f"control{place}"
        for name, spread in ((f"row{place}", deviation), (control, last)):
            shift = shifts[place] if shifts and name != control else 0.0
            if name not in found:
                numbers = 1.0 + shift + spread * random.standard_normal(n)
                found[name] = {str(each): float(number) for each, number in enumerate(numbers)}
        asked.append(contrasts.pair(f"row{place}", control))
    return asked, found


def column(values: Values, name: str) -> list[float]:
    return list(values[name].values())


def ends(found: Comparison) -> tuple[float, float]:
    """The bounds of a comparison that has some."""
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def test_one_pair_alone_is_the_paired_t_test() -> None:
    asked, values = drawn([0.1, 0.1], 4, 0)
    (found,) = comparing.compare(asked, values, "min")
    known = ttest_rel(column(values, "row0"), column(values, "control"))
    assert ends(found) == pytest.approx(tuple(known.confidence_interval(0.95)))
    assert found.p_holm == pytest.approx(known.pvalue)
    assert (found.scale, found.degrees) == ("raw", 3)


def test_equal_noise_is_pooled_and_unequal_noise_is_not() -> None:
    """Pooled, two seeds of many rows know more than their own two; a row of far larger noise keeps it to itself."""
    asked, values = drawn([0.1] * 9, 2, 0)
    found = comparing.compare(asked, values, "min")
    differences = [np.subtract(column(values, f"row{i}"), column(values, "control")) for i in range(8)]
    pooled = math.sqrt(np.mean([each.var(ddof=1) for each in differences]))
    assert {each.scale for each in found} == {"raw"}
    assert [each.deviation for each in found] == pytest.approx([pooled] * 8)
    assert all(each.degrees is not None and 1 < each.degrees < 8 for each in found)
    values["row0"] = {seed: -50.0 + 30 * int(seed) for seed in values["row0"]}
    found = comparing.compare(asked, values, "min")
    assert {each.scale for each in found} == {"own"}
    own = [np.subtract(column(values, f"row{i}"), column(values, "control")).std(ddof=1) for i in range(8)]
    assert [each.deviation for each in found] == pytest.approx(own)
    assert {each.degrees for each in found} == {1.0}


def test_noise_in_proportion_is_pooled_on_the_log_scale() -> None:
    """Rows of which each is ten times the next scatter alike as ratios; their bounds stay in the metric's unit."""
    random = np.random.default_rng(0)
    values = {
        f"{kind}{place}": {
            str(seed): float(10.0**place * math.exp(0.1 * random.standard_normal())) for seed in range(5)
        }
        for place in range(4)
        for kind in ("row", "control")
    }
    asked = [contrasts.pair(f"row{place}", f"control{place}") for place in range(4)]
    found = comparing.compare(asked, values, "min")
    assert {each.scale for each in found} == {"log"}
    for place, each in enumerate(found):
        mine, other = (float(np.exp(np.log(column(values, f"{kind}{place}")).mean())) for kind in ("row", "control"))
        assert (each.taught, each.control) == pytest.approx((mine, other))
        assert each.difference == pytest.approx(mine - other)
        low, high = ends(each)
        # Symmetrical as a ratio, not as a difference.
        assert (low / other + 1) * (high / other + 1) == pytest.approx((mine / other) ** 2)
        assert 0.05 < (each.deviation or 0) < 0.25
    # One number without a logarithm, and ratios mean nothing.
    values["row0"]["0"] = -values["row0"]["0"]
    assert {each.scale for each in comparing.compare(asked, values, "min")} == {"own"}


def test_shared_controls_cost_degrees_of_freedom() -> None:
    """Independent pairs add up; those of one control know less, and more than one of them alone."""
    for n in (2, 3, 5):
        apart, shared = (
            designs.degrees(contrasts.design(*drawn([1.0] * 8, n, 0, shared=shared)), 0.05)
            for shared in (APART, SHARED)
        )
        assert apart == 7 * (n - 1)
        assert n - 1 < shared < apart


def test_degrees_are_those_of_the_noise_that_pairs_share() -> None:
    """Student's t with these degrees is never narrower than what drawing the design shows, and hardly wider."""
    asked, _ = drawn([1.0] * 8, 3, 0)
    random = np.random.default_rng(5)
    rows, control = random.standard_normal((40_000, 7, 3)), random.standard_normal((40_000, 1, 3))
    differences = rows - control
    errors = np.sqrt(differences.var(axis=2, ddof=1).mean(axis=1) / 3)
    ratios = np.abs(differences.mean(axis=2) / errors[:, None])
    degrees = designs.degrees(contrasts.design(asked, drawn([1.0] * 8, 3, 0)[1]), 0.05)
    for level in (0.05, 0.05 / 7):
        beyond = float((ratios > t.isf(level / 2, degrees)).mean())
        assert 0.75 * level < beyond < 1.05 * level


def test_a_contrast_of_many_rows_is_known_better_than_one_of_two() -> None:
    """Main effects: the mean of two rows against the mean of two others scatters less than a row against a row."""
    _, values = drawn([0.1] * 5, 5, 0)
    main = {"row0": 0.5, "row1": 0.5, "row2": -0.5, "row3": -0.5}
    found = comparing.compare([main, contrasts.pair("row0", "row1"), contrasts.pair("row2", "row3")], values, "min")
    assert {each.scale for each in found} == {"raw"}
    assert found[0].deviation == pytest.approx((found[1].deviation or 0) / math.sqrt(2))
    halves = [np.mean([column(values, name) for name in names]) for names in (("row0", "row1"), ("row2", "row3"))]
    assert (found[0].taught, found[0].control) == pytest.approx(tuple(halves))
    assert found[0].difference == pytest.approx(halves[0] - halves[1])


def test_a_single_seed_is_no_part_of_a_family() -> None:
    """It is said to be one, whatever it scores, and takes nothing from the others."""
    asked, values = drawn([0.1] * 6, 3, 1)
    before = comparing.compare(asked, values, "min")
    values |= {"lucky": {"1": -100.0}, "elsewhere": {"7": 0.5}}
    more = [contrasts.pair("lucky", "control"), None, contrasts.pair("elsewhere", "control")]
    found = comparing.compare([more[0], *asked, *more[1:]], values, "min")
    assert found[1:6] == before
    assert [found[place].verdict for place in (0, 6, 7)] == ["single seed", "no control", "no common seed"]
    assert found[0].low is found[0].p_holm is found[0].scale is None
    assert found[0].difference == pytest.approx(-100.0 - values["control"]["1"])


@pytest.mark.parametrize("better", ["min", "max"])
def test_verdicts_and_intervals_and_p_values_never_contradict_each_other(better: str) -> None:
    sides = {True: {"better", "worse"}, False: {"no difference", "no evidence"}}
    seen = set()
    for seed in range(150):
        random = np.random.default_rng(seed)
        shifts = random.choice([0.0, 0.1, 0.3, -0.2], 6).tolist()
        spread = float(random.choice([0.01, 0.1]))
        asked, values = drawn([spread] * 7, int(random.integers(2, 6)), seed, shifts=shifts)
        for found in comparing.compare(asked, values, better):
            low, high = ends(found)
            assert found.p_holm is not None
            assert found.detectable is not None
            assert low <= (found.difference or 0.0) <= high
            assert found.verdict in sides[not low <= 0 <= high]
            assert (found.p_holm <= comparing.ALARMS) == (found.verdict in sides[True])
            seen.add(found.verdict)
    assert seen == {each for both in sides.values() for each in both}


@pytest.mark.parametrize(
    ("low", "high", "control", "said"),
    [
        (-0.09, 0.09, 1.0, "no difference"),
        (-0.11, 0.09, 1.0, "no evidence"),
        (-0.09, 0.11, 1.0, "no evidence"),
        (-0.09, 0.09, -1.0, "no difference"),
        (-0.09, 0.09, 0.5, "no evidence"),
        (0.0, 0.0, 0.0, "no difference"),
        (-0.01, 0.01, 0.0, "no evidence"),
        (-0.09, -0.01, 1.0, "better"),
        (0.01, 0.09, 1.0, "worse"),
    ],
)
def test_no_difference_is_more_than_no_evidence(low: float, high: float, control: float, said: str) -> None:
    assert comparing.verdict(low, high, "min", control) == said


def test_holm_is_that_of_the_textbook() -> None:
    """Holm (1979): the smallest is tested at a share of the level, the next at a larger one, until one fails."""
    found = correcting.holm([0.04, 0.001, 0.03, 0.012], 0.05)
    assert [each.p for each in found] == pytest.approx([0.06, 0.004, 0.06, 0.036])
    assert [each.level for each in found] == pytest.approx([0.025, 0.0125, 0.025, 0.05 / 3])
    assert correcting.holm([], 0.05) == []
    assert correcting.holm([0.2], 0.05) == [correcting.Corrected(0.2, 0.05)]
    assert [each.level for each in correcting.holm([0.01, 0.02], 0.05)] == pytest.approx([0.025, 0.05])


@pytest.mark.parametrize("degrees", [1, 2, 7.5, 40])
@pytest.mark.parametrize("level", [0.05, 0.05 / 24])
def test_power_is_that_of_the_noncentral_t(degrees: float, level: float) -> None:
    shift = detecting.detectable(degrees, level)
    assert detecting.power(shift, degrees, level) == pytest.approx(detecting.POWER, abs=1e-6)
    assert detecting.power(0.0, degrees, level) == pytest.approx(level, rel=0.05)
    bound = t.isf(level / 2, degrees)
    if bound < 20:  # SciPy's own fails beyond
        assert nct.sf(bound, degrees, shift) + nct.cdf(-bound, degrees, shift) == pytest.approx(0.8, abs=2e-3)
    assert detecting.detectable(degrees, level / 2) > shift


def test_detectable_stays_in_the_unit_and_in_the_better_direction() -> None:
    """On the log scale a fall is shorter than the rise of the same ratio, and no fall leads below zero."""
    random = np.random.default_rng(0)
    values = {
        f"{kind}{place}": {
            str(seed): float(10.0**place * math.exp(0.3 * random.standard_normal())) for seed in range(3)
        }
        for place in range(4)
        for kind in ("row", "control")
    }
    asked = [contrasts.pair(f"row{place}", f"control{place}") for place in range(4)]
    falls, rises = (comparing.compare(asked, values, better) for better in ("min", "max"))
    for fall, rise in zip(falls, rises, strict=True):
        assert fall.scale == "log"
        assert fall.control is not None
        assert 0 < (fall.detectable or 0) < min(fall.control, rise.detectable or 0)


def test_the_test_of_equal_variances_refuses_as_often_as_it_says() -> None:
    """Of equal ones five in a hundred, with two seeds as with five and with shared controls; of unequal ones more."""

    def refused(deviations: Sequence[float], n: int) -> float:
        cases = [drawn(deviations, n, seed) for seed in range(400)]
        return float(np.mean([pooling.noise(*each, 0.05).scale != "raw" for each in cases]))

    for n in (2, 3, 5):
        assert 0.02 < refused([0.1] * 7, n) < 0.085
    assert refused([0.4, *[0.1] * 6], 5) > 0.5
    assert refused([0.4, *[0.1] * 6], 2) > 0.15
    assert refused([1.6, *[0.1] * 6], 3) > 0.9
