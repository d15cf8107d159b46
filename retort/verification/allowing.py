"""How far a measured number may be from the published one: as far as trainings of other seeds are from each other.

Another processor rounds differently, a training then ends elsewhere, as with another seed. Both numbers are draws, so
that t · √(2/n) · s is allowed for means of n seeds: s is the deviation over seeds, pooled over the published rows of
the problem that have two or more. It is pooled as differences and, of positive numbers, as ratios, and the larger is
allowed: few seeds do not tell on which scale rows scatter alike. Where they scatter alike on neither
(`stages/findings/pooling.py` tests it), s is that of the row that scatters most. A problem of few such rows is also
allowed what that problem is which scatters most for the size of its numbers.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import t as student

from stages.findings import contrasts, pooling
from stages.findings.contrasts import Axis, Values

FEWEST = 6
"""Degrees of freedom below which a problem's own deviation is not known well enough to be all that counts."""
FARTHEST = 50.0
"""No ratio is allowed beyond the exponential of this."""
EQUAL = 0.05
"""The level at which it is asked whether rows scatter alike."""


@dataclass(frozen=True)
class Scatter:
    """The deviation of one number over seeds, on an axis, and with how many degrees of freedom it is known."""

    axis: Axis
    deviation: float
    degrees: float

    def allowed(self, mine: float, theirs: float, alarms: float, seeds: int = 1) -> float:
        """How far a mean over seeds may be from the published one, where chance may exceed that so often."""
        reach = float(student.isf(alarms / 2, self.degrees)) * math.sqrt(2 / seeds) * self.deviation
        if self.axis == "raw":
            return reach
        ratio = math.expm1(min(reach, FARTHEST)) if abs(mine) > abs(theirs) else -math.expm1(-reach)
        return abs(theirs) * ratio


def allowed(scatters: Sequence[Scatter], mine: float, theirs: float, alarms: float, seeds: int = 1) -> float:
    """The most that any of several readings of the noise allows; nothing where there is none."""
    return max((each.allowed(mine, theirs, alarms, seeds) for each in scatters), default=0.0)


def scatters(values: Values) -> list[Scatter]:
    """Those of rows, seed by seed, on every axis that their numbers have; none where no row has two seeds."""
    several = {name: each for name, each in values.items() if len(each) > 1}
    alone = [{name: 1.0} for name in several]
    if not alone:
        return []
    alike = pooling.noise(alone, several, EQUAL).scale != "own"
    degrees = sum(len(each) - 1 for each in several.values())
    axes: list[Axis] = ["raw", "log"] if contrasts.positive(alone, several) else ["raw"]
    return [Scatter(axis, deviation(alone, several, axis, alike), degrees) for axis in axes]


def deviation(alone: Sequence[Mapping[str, float]], values: Values, axis: Axis, alike: bool) -> float:
    """The pooled deviation of rows on an axis, or that of the row that scatters most."""
    found = [contrasts.differences(each, values, axis) for each in alone]
    if not alike:
        return max(statistics.stdev(each) for each in found)
    squares = sum(statistics.variance(each) * (len(each) - 1) for each in found)
    return math.sqrt(squares / sum(len(each) - 1 for each in found))


def of_problems(values: Mapping[str, Values]) -> dict[str, list[Scatter]]:
    """Problem -> how its numbers scatter in one column; where few say so, also as in the problem that scatters most."""
    own = {problem: scatters(each) for problem, each in values.items()}
    shares = [(share(each, values[problem]), known(each)) for problem, each in own.items() if each]
    most, degrees = max(shares, default=(0.0, FEWEST))
    return {
        problem: each
        if each and each[0].degrees >= FEWEST
        else [*better(each), borrowed(most, degrees, values[problem])]
        for problem, each in own.items()
    }


def better(few: Sequence[Scatter]) -> list[Scatter]:
    """Scatters as if they were known as well as is needed; what is borrowed beside them makes up for it."""
    return [Scatter(each.axis, each.deviation, known([each])) for each in few]


def known(found: Sequence[Scatter]) -> float:
    """With how many degrees of freedom others are told of a problem's scatter."""
    return max(found[0].degrees, FEWEST)


def share(found: Sequence[Scatter], values: Values) -> float:
    """A scatter as a share of the numbers that scatter."""
    last = found[-1]
    return last.deviation if last.axis == "log" else last.deviation / (size(values) or math.inf)


def borrowed(most: float, degrees: float, values: Values) -> Scatter:
    """The scatter of numbers of which only the share that they scatter by is known, from others."""
    positive = all(number > 0 for each in values.values() for number in each.values())
    return Scatter("log", most, degrees) if positive else Scatter("raw", most * size(values), degrees)


def size(values: Values) -> float:
    """How large numbers are, whatever their sign."""
    return statistics.fmean(abs(number) for each in values.values() for number in each.values())
