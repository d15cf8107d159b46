"""Which differences are real: each taught row against its untaught control, and training seeds beside test images.

Interval: Student's t of the differences of equal seeds, two-sided 95 %. It covers the training seed on these test
images; it is not corrected for the number of comparisons in the table.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.stats import t

from stages.settings.rows import VariantRow

LEVEL = 0.95

Verdict = Literal["better", "worse", "no evidence", "single seed", "no common seed", "no control"]


@dataclass(frozen=True)
class Comparison:
    """Taught minus control over their common seeds; bounds only where there are two or more."""

    n: int
    taught: float | None
    control: float | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def taught(row: VariantRow) -> bool:
    """Whether either network of a row has a lesson."""
    return (row.distill.generator, row.distill.discriminator) != ("none", "none")


SAME = ("teacher", "compression", "compression_settings", "student", "schedule", "play", "examination")
"""What rows agree in that differ in nothing but what they were taught."""


def control_of(row: VariantRow, rows: Mapping[str, VariantRow]) -> str | None:
    """The first row that differs from a taught one in nothing but the lesson."""
    for name, other in rows.items():
        if not taught(other) and all(getattr(other, field) == getattr(row, field) for field in SAME):
            return name
    return None


def compare(mine: Mapping[str, float], control: Mapping[str, float] | None, direction: str) -> Comparison:
    """The verdict on one metric, given by seed; `direction` says whether less (min) or more (max) is better."""
    if control is None:
        return Comparison(0, None, None, None, None, None, "no control")
    seeds = [seed for seed in mine if seed in control]
    if not seeds:
        return Comparison(0, None, None, None, None, None, "no common seed")
    differences = [mine[seed] - control[seed] for seed in seeds]
    mean = statistics.fmean(differences)
    values = (statistics.fmean(mine[s] for s in seeds), statistics.fmean(control[s] for s in seeds), mean)
    if len(seeds) == 1:
        return Comparison(1, *values, None, None, "single seed")
    low, high = interval(differences)
    return Comparison(len(seeds), *values, low, high, verdict(low, high, direction))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean of two or more values lies."""
    mean, error = statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5
    reach = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    return mean - reach, mean + reach


def verdict(low: float, high: float, direction: str) -> Verdict:
    """Better or worse only where the interval leaves zero out."""
    if low <= 0 <= high:
        return "no evidence"
    return "better" if (high < 0) == (direction == "min") else "worse"


@dataclass(frozen=True)
class Split:
    """Where a number's uncertainty comes from; deviation between seeds, error of a mean over these test images."""

    seeds: int
    mean: float
    seed_deviation: float
    sample_error: float
    seed_share: float


def split(values: Mapping[str, float], errors: Mapping[str, float]) -> Split:
    """The variance of one metric of one row; the share of the seed in the variance of a single training's number."""
    between = statistics.variance(values.values())
    within = statistics.fmean(error**2 for error in errors.values())
    total = between + within
    return Split(
        len(values),
        statistics.fmean(values.values()),
        between**0.5,
        within**0.5,
        between / total if total > 0 else 0.0,
    )
