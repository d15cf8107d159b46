"""Variances that are taken from a row and from the others, by as much as these are alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from retort.benches import moderating


def test_the_spread_of_variances_is_found_again() -> None:
    random = np.random.default_rng(2)
    for degrees, middle in ((1.0, 0.5), (4.0, 0.3), (8.0, 2.0)):
        truths = middle * degrees / random.chisquare(degrees, 20_000)
        found, center = moderating.spread(truths * random.chisquare(2, 20_000) / 2, np.full(20_000, 2.0))
        assert float(found) == pytest.approx(degrees, rel=0.2)
        assert float(center) == pytest.approx(middle, rel=0.1)
    alike, center = moderating.spread(random.chisquare(2, 5000) / 2, np.full(5000, 2.0))
    assert float(alike) > 50
    assert float(center) == pytest.approx(1.0, rel=0.1)


def test_the_spread_solves_smyths_equations() -> None:
    """Mean and variance of the logarithms, row by row of other degrees, solved without a table."""
    variances, degrees = np.array([0.02, 1.5, 0.4, 9.0, 0.7, 3.0]), np.array([1.0, 2, 4, 2, 1, 1])
    logs = np.log(variances) - digamma(degrees / 2) + np.log(degrees / 2)
    more = logs.var(ddof=1) - polygamma(1, degrees / 2).mean()
    half = brentq(lambda each: float(polygamma(1, each)) - more, 1e-3, 1e3)
    found, middle = moderating.spread(variances, degrees)
    assert float(found) == pytest.approx(2 * half, rel=1e-3)
    assert float(middle) == pytest.approx(math.exp(logs.mean() + digamma(half) - math.log(half)), rel=1e-3)


def test_families_are_found_one_by_one_or_together() -> None:
    random = np.random.default_rng(1)
    variances = random.chisquare(1, (5, 7)) * random.lognormal(0, 2, (5, 7))
    variances[2] = 0
    degrees = np.array([1.0, 1, 1, 2, 2, 4, 4])
    together = moderating.moderated(variances, degrees)
    for place in range(5):
        for one, all_ in zip(moderating.moderated(variances[place], degrees), together, strict=True):
            assert one == pytest.approx(all_[place])
    assert not together[0][2].any(), "where no row scatters nothing is made up"


def test_a_row_without_seeds_is_as_the_others_are_and_one_of_many_is_itself() -> None:
    variances, degrees = np.array([0.01, 100.0, 1.0, 5.0, 0.0]), np.array([1.0, 1, 1, 1000, 0])
    others, middle = moderating.spread(variances[:4], degrees[:4])
    found, known = moderating.moderated(variances, degrees)
    assert found[4] == pytest.approx(middle)
    assert known[4] == pytest.approx(others)
    assert found[3] == pytest.approx(5.0, rel=0.02)
    assert (known - degrees).tolist() == pytest.approx([float(others)] * 5)
