"""Student's t, two-sided, without what `scipy.stats` does around it: that takes longer than the comparison itself."""

from __future__ import annotations

from scipy.special import stdtr, stdtrit


def beyond(ratio: float, degrees: float) -> float:
    """How often t is farther from zero than a ratio of a difference to its error."""
    return 2 * float(stdtr(degrees, -abs(ratio)))


def bound(level: float, degrees: float) -> float:
    """The ratio that t is beyond so often."""
    return -float(stdtrit(degrees, level / 2))
