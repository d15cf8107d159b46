"""Rows held against rows, seed by seed: a contrast weighs rows, and what it says is a difference per common seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

Contrast = Mapping[str, float]
"""Row -> weight; those above zero sum to 1, those below to -1. A pair of rows is the simplest."""
Values = Mapping[str, Mapping[str, float]]
"""Row -> seed -> number."""
Axis = Literal["raw", "log"]
Design = tuple[tuple[tuple[tuple[str, float], ...], tuple[str, ...]], ...]
"""Of several contrasts their weights and seeds: what the distribution of their noise depends on."""


def pair(row: str, other: str) -> Contrast:
    """One row against another."""
    return {row: 1.0, other: -1.0}


def seeds(contrast: Contrast, values: Values) -> list[str]:
    """The seeds that all its rows have, in the order of the first."""
    first, *others = contrast
    return [seed for seed in values[first] if all(seed in values[other] for other in others)]


def differences(contrast: Contrast, values: Values, axis: Axis = "raw") -> list[float]:
    """One for each common seed; on the logarithmic axis of logarithms, so that they are those of ratios."""
    function = math.log if axis == "log" else float
    return [
        math.fsum(weight * function(values[row][seed]) for row, weight in contrast.items())
        for seed in seeds(contrast, values)
    ]


def sides(contrast: Contrast, values: Values, axis: Axis = "raw") -> tuple[float, float]:
    """What is held, and what it is held against: means over common seeds, geometric ones on the logarithmic axis."""
    function, inverse = (math.log, math.exp) if axis == "log" else (float, float)
    common = seeds(contrast, values)

    def mean(sign: int) -> float:
        terms = [
            sign * weight * function(values[row][seed])
            for row, weight in contrast.items()
            for seed in common
            if sign * weight > 0
        ]
        return inverse(math.fsum(terms) / len(common))

    return mean(1), mean(-1)


def unit(contrast: Contrast) -> float:
    """The deviation of a contrast where that of a single row is 1."""
    return math.sqrt(math.fsum(weight**2 for weight in contrast.values()))


def positive(contrasts: Sequence[Contrast], values: Values) -> bool:
    """Whether all their numbers have a logarithm."""
    return all(values[row][seed] > 0 for each in contrasts for row in each for seed in seeds(each, values))


def design(contrasts: Sequence[Contrast], values: Values) -> Design:
    """What the distribution of the noise of several contrasts depends on."""
    return tuple((tuple(each.items()), tuple(seeds(each, values))) for each in contrasts)
