"""Which differences are real: each taught row against its untaught control, and training seeds beside test images.

The rows that are compared in one problem and metric are a family. Differences are those of equal seeds; how far they
scatter is pooled over the family (`pooling`), so that few seeds of many rows say what few seeds of one cannot. Every
interval covers the training seed, on these test images and under this teacher. It is Student's t at the level at which
Holm's correction tested the difference (`correcting`): of families of equal variances, one in twenty calls a row better
or worse that is neither.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.stats import t

from stages.findings import contrasts, correcting, detecting, pooling, student
from stages.findings.contrasts import Axis, Contrast, Values
from stages.findings.correcting import Corrected
from stages.findings.pooling import Noise, Scale
from stages.settings.rows import VariantRow

LEVEL = 0.95
ALARMS = 1 - LEVEL
"""The share of families in which chance alone may make a verdict."""
NEAR = 0.1
"""Share of the control's number within which the whole interval of no difference lies."""
ROUNDING = 1e-9
"""Share of a number below which a difference is none."""
FARTHEST = 50.0
"""No bound of a ratio is told beyond the exponential of this."""

Verdict = Literal["better", "worse", "no difference", "no evidence", "single seed", "no common seed", "no control"]


@dataclass(frozen=True)
class Comparison:
    """Taught minus control over their common seeds; bounds only where there are two or more.

    `deviation` is that of one difference on its scale, `detectable` the smallest true difference that would have been
    shown in four of five such experiments, in the better direction.
    """

    n: int
    taught: float | None
    control: float | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    scale: Scale | None = None
    degrees: float | None = None
    deviation: float | None = None
    p_holm: float | None = None
    detectable: float | None = None


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


def compare(asked: Sequence[Contrast | None], values: Values, direction: str) -> list[Comparison]:
    """The verdicts on one metric of one family; `direction` says whether less (min) or more (max) is better.

    A contrast that is none has no control. One of a single common seed has nothing that could contradict the noise of
    the others: it is said to be so, and is no part of the family.
    """
    found = {place: alone(each, values) for place, each in enumerate(asked)}
    family = {place: each for place, each in enumerate(asked) if each is not None and found[place].n > 1}
    if family:
        judged = of_family(list(family.values()), values, direction)
        found |= dict(zip(family, judged, strict=True))
    return [found[place] for place in range(len(asked))]


def alone(contrast: Contrast | None, values: Values) -> Comparison:
    """What can be said without knowing the noise."""
    if contrast is None:
        return Comparison(0, None, None, None, None, None, "no control")
    n = len(contrasts.seeds(contrast, values))
    if n == 0:
        return Comparison(0, None, None, None, None, None, "no common seed")
    mine, other = contrasts.sides(contrast, values)
    return Comparison(n, mine, other, mine - other, None, None, "single seed")


def of_family(family: Sequence[Contrast], values: Values, direction: str) -> list[Comparison]:
    """The verdicts on contrasts of two or more common seeds each."""
    noise = pooling.noise(family, values, ALARMS)
    known = [
        measured(each, values, noise, deviation, degrees)
        for each, deviation, degrees in zip(family, noise.deviations, noise.degrees, strict=True)
    ]
    corrected = correcting.holm([each.chance() for each in known], ALARMS)
    return [judged(each, holm, direction) for each, holm in zip(known, corrected, strict=True)]


@dataclass(frozen=True)
class Measured:
    """A contrast on the scale of its family: both sides, the mean difference, and what is known of its noise."""

    n: int
    mine: float
    other: float
    mean: float
    scale: Scale
    axis: Axis
    deviation: float
    degrees: float

    @property
    def error(self) -> float:
        """The standard error of the mean difference."""
        return self.deviation / math.sqrt(self.n)

    def chance(self) -> float:
        """How often a difference as large comes about by noise alone, two-sided; always where no noise was seen."""
        return 1.0 if self.deviation == 0 else student.beyond(self.mean / self.error, self.degrees)

    def unit(self, value: float) -> float:
        """A difference in the metric's unit; of logarithms it is a ratio to what stands on the other side."""
        return self.other * math.expm1(min(value, FARTHEST)) if self.axis == "log" else value


def measured(contrast: Contrast, values: Values, noise: Noise, deviation: float, degrees: float) -> Measured:
    """What was measured of one contrast; what floating point alone makes of equal numbers is nothing."""
    found = contrasts.differences(contrast, values, noise.axis)
    mine, other = contrasts.sides(contrast, values, noise.axis)
    rounding = ROUNDING * (1.0 if noise.axis == "log" else abs(mine) + abs(other))
    mean, scatter = (0.0 if abs(each) <= rounding else each for each in (statistics.fmean(found), deviation))
    return Measured(len(found), mine, other, mean, noise.scale, noise.axis, scatter, degrees)


def judged(found: Measured, holm: Corrected, direction: str) -> Comparison:
    """The interval at the level of Holm's test, and what it says.

    Without any noise (counts over few images can be the same in every seed) a difference has no interval.
    """
    about = (found.n, found.mine, found.other, found.unit(found.mean))
    noise = (found.scale, found.degrees, found.deviation, holm.p)
    if found.deviation == 0 and found.mean != 0:
        return Comparison(*about, None, None, "no evidence", *noise, None)
    reach = student.bound(holm.level, found.degrees) * found.error
    low, high = found.unit(found.mean - reach), found.unit(found.mean + reach)
    shown = (1 if direction == "max" else -1) * detecting.detectable(found.degrees, holm.level) * found.error
    return Comparison(*about, low, high, verdict(low, high, direction, found.other), *noise, abs(found.unit(shown)))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean of two or more values lies."""
    mean, error = statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5
    reach = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    return mean - reach, mean + reach


def verdict(low: float, high: float, direction: str, control: float) -> Verdict:
    """Better or worse only where the interval leaves zero out; no difference only where it is narrow."""
    if not low <= 0 <= high:
        return "better" if (high < 0) == (direction == "min") else "worse"
    near = NEAR * abs(control)
    return "no difference" if -near <= low and high <= near else "no evidence"


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
