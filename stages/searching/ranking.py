"""Whether two rankings agree: Kendall's τ-b (Biometrika 1945), which knows ties, and its bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]
RESAMPLES, LEVEL, FEWEST = 10_000, 0.95, 3


class Agreement(NamedTuple):
    """τ, its interval over configurations, and whether that lies above 0: only then the ranking is evidence."""

    tau: float
    low: float
    high: float

    @property
    def trusted(self) -> bool:
        return self.low > 0


def kendall(first: Sequence[float] | Numbers, second: Sequence[float] | Numbers) -> float:
    """τ-b of two series; not a number where one of them is constant."""
    signs = [np.sign(np.subtract.outer(series, series)) for series in (np.asarray(first), np.asarray(second))]
    unequal = [np.square(each).sum() for each in signs]
    both = float(np.sqrt(unequal[0] * unequal[1]))
    return float((signs[0] * signs[1]).sum() / both) if both else float("nan")


def agreement(first: Sequence[float], second: Sequence[float], seed: int) -> Agreement:
    """τ of two series of at least three, with the percentile interval of resampled pairs.

    Resamples of which nothing can be ranked are left out.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(one) < FEWEST:
        raise ValueError(f"a rank correlation needs {FEWEST} configurations or more, found {len(one)}")
    random = np.random.default_rng(seed)
    drawn = random.integers(len(one), size=(RESAMPLES, len(one)))
    found = np.array([kendall(one[rows], other[rows]) for rows in drawn])
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(found, [tail, 1 - tail])
    return Agreement(kendall(one, other), float(low), float(high))
