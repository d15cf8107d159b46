"""Which students of a problem are the best in a column, and which the noise of training seeds cannot tell from it.

The noise is the standard deviation over seeds, pooled over the problem's rows with two or more. A row is within it
when its mean differs from the least (or greatest) by no more than t · s · √(1/n + 1/m), Student's t, two-sided, at 5 %
over the number of rows that are held against the best (Bonferroni). Of the rows within it the best is one of the most
seeds: of many single trainings one is the luckiest. Between the best row and its control the verdict decides, which is
of paired seeds: the two never contradict each other.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from scipy.stats import t as student

from stages.findings.comparing import ALARMS

Mark = Literal["", "best", "near"]
ROUNDING = 1e-9
UNDECIDED = ("no evidence", "no difference")
"""Verdicts of several seeds that tell a row and its control not apart."""


def pooled(rows: Iterable[Sequence[float]]) -> tuple[float, int] | None:
    """Standard deviation over seeds and its degrees of freedom; nothing where no row has two seeds."""
    several = [values for values in rows if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if not freedom:
        return None
    squares = sum(statistics.variance(values) * (len(values) - 1) for values in several)
    return math.sqrt(squares / freedom), freedom


def marks(rows: Mapping[str, Sequence[float]], better: str) -> dict[str, Mark]:
    """The mark of each row that has one; `rows` holds the numbers of every student, seed by seed."""
    means = {name: statistics.fmean(values) for name, values in rows.items() if values}
    if len(means) < 2:
        return {}
    noise = pooled(rows.values())
    first = (min if better == "min" else max)(means, key=lambda name: means[name])
    gaps = {name: abs(mean - means[first]) for name, mean in means.items()}

    def reach(name: str) -> float:
        rounding = ROUNDING * abs(means[first])
        if noise is None:
            return rounding
        deviation, freedom = noise
        both = math.sqrt(1 / len(rows[name]) + 1 / len(rows[first]))
        return float(student.isf(ALARMS / (len(means) - 1) / 2, freedom)) * deviation * both + rounding

    leaders = [name for name in means if gaps[name] <= reach(name)]
    best = min(leaders, key=lambda name: (-len(rows[name]), gaps[name]))
    return {name: "best" if name == best else "near" for name in leaders}


def agreeing(found: Mapping[str, Mark], verdicts: Mapping[tuple[str, str], str]) -> dict[str, Mark]:
    """Marks that say of the best row and its control what the verdict on (row, control) says."""
    best = {name for name, mark in found.items() if mark == "best"}
    agreed = dict(found)
    for (row, control), verdict in verdicts.items():
        for mine, other, behind in ((row, control, "better"), (control, row, "worse")):
            if mine in best and verdict == behind:
                agreed.pop(other, None)
            elif mine in best and verdict in UNDECIDED:
                agreed[other] = "near"
    return agreed
