"""What is known of noise before any number is seen: from which rows differ with which, and over how many seeds.

Differences that share a control share its noise. Their pooled variance is unbiased all the same, but it is known less
well than that of as many independent ones: it is a weighted sum of chi squares, whose weights are eigenvalues of the
design. And they scatter alike more often than independent ones would. Both are found by drawing rows of equal variance,
always the same draws.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.stats import norm, t

from stages.findings.contrasts import Design, unit

DRAWS = 20_000
SPREADS = 4_000
"""Draws of a whole family, for the test of equal variances."""
SEED = 0
TENTHS = 10
"""Degrees of freedom are rounded down to tenths."""

Matrix = Float[np.ndarray, "differences cells"]


def matrix(design: Design) -> Matrix:
    """Differences of unit noise from the numbers of rows and seeds, contrast by contrast."""
    cells = dict.fromkeys((row, seed) for weights, seeds in design for row, _ in weights for seed in seeds)
    places = {cell: place for place, cell in enumerate(cells)}
    found = np.zeros((sum(len(seeds) for _, seeds in design), len(cells)))
    lines = iter(found)
    for weights, seeds in design:
        for seed in seeds:
            line = next(lines)
            for row, weight in weights:
                line[places[row, seed]] = weight / unit(dict(weights))
    return found


def freedom(design: Design) -> int:
    """How many degrees of freedom there would be if no contrast shared a row."""
    return sum(len(seeds) - 1 for _, seeds in design)


def eigenvalues(design: Design) -> dict[float, int]:
    """The weights of the chi squares that make up the pooled sum of squares, and how often each occurs."""
    made = matrix(design)
    start = 0
    for _, seeds in design:
        made[start : start + len(seeds)] -= made[start : start + len(seeds)].mean(axis=0)
        start += len(seeds)
    found = np.linalg.eigvalsh(made @ made.T).round(6)
    values, counts = np.unique(found[found > 0], return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


@cache
def degrees(design: Design, level: float) -> float:
    """Degrees of freedom of the Student's t that is at least as wide as the pooled deviation asks for.

    It is so at every step of a correction, from `level` over the number of contrasts to `level` itself.
    """
    weights = eigenvalues(design)
    if len(weights) == 1:
        return float(sum(weights.values()))
    random = np.random.default_rng(SEED)
    squares = sum(weight * random.chisquare(count, DRAWS) for weight, count in weights.items())
    deviations = np.sqrt(squares / freedom(design))
    most = float(freedom(design))
    return min(matching(deviations, level / steps, most) for steps in {1, len(design)})


def matching(deviations: Float[np.ndarray, " draws"], level: float, most: float) -> float:
    """The degrees of freedom with which t is beyond a bound as often as a normal number over these deviations."""

    def beyond(bound: float) -> float:
        return float(2 * norm.sf(bound * deviations).mean()) - level

    bound = brentq(beyond, 0.0, 1e6)

    def excess(freedom: float) -> float:
        return float(2 * t.sf(bound, freedom)) - level

    if excess(most) >= 0:
        return most
    return int(brentq(excess, 0.1, most) * TENTHS) / TENTHS


def spreads(differences: Float[np.ndarray, "draws differences"], design: Design) -> Float[np.ndarray, "draws lines"]:
    """Of each contrast the mean distance of its differences from their median, as Brown and Forsythe measure it."""
    found, start = [], 0
    for _, seeds in design:
        mine = differences[:, start : start + len(seeds)]
        found.append(np.abs(mine - np.median(mine, axis=1, keepdims=True)).mean(axis=1))
        start += len(seeds)
    return np.stack(found, axis=1)


def inequality(
    spread: Float[np.ndarray, "draws lines"], usual: Float[np.ndarray, " lines"], design: Design
) -> Float[np.ndarray, " draws"]:
    """How unlike the spreads of contrasts are, each in units of its usual one, in units of their mean."""
    weights = np.array([len(seeds) - 1 for _, seeds in design], dtype=float)
    units = spread / usual
    mean = (units * weights).sum(axis=1, keepdims=True) / weights.sum()
    return (((units / mean - 1) ** 2) * weights).sum(axis=1)


@cache
def usual(design: Design) -> tuple[Float[np.ndarray, " lines"], Float[np.ndarray, " draws"]]:
    """The mean spread of each contrast where all rows have one variance, and how unlike the spreads then are."""
    made = matrix(design)
    drawn = np.random.default_rng(SEED).standard_normal((SPREADS, made.shape[1])) @ made.T
    spread = spreads(drawn, design)
    return spread.mean(axis=0), inequality(spread, spread.mean(axis=0), design)


def equal_variances(differences: Float[np.ndarray, " differences"], design: Design) -> float:
    """How often rows of equal variance would scatter as unequally as these differences do, in units of their contrast.

    Brown and Forsythe's spreads: absolute, so that one far seed counts less than by squares. Their own F would not do:
    with two seeds both distances from the median are the same, and with three one of them is zero.
    """
    spread = spreads(differences[None], design)
    if len(design) == 1 or not spread.any():
        return 1.0
    means, alike = usual(design)
    return float((1 + (alike >= inequality(spread, means, design)).sum()) / (1 + SPREADS))
