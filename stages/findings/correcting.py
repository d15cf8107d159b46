"""Holm's correction: of all differences of a family, hardly one in twenty families is called real that is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Corrected:
    """A p-value after Holm's correction, and the level at which its difference was tested last."""

    p: float
    level: float


def holm(values: Sequence[float], level: float) -> list[Corrected]:
    """The correction of p-values, in their order.

    The j-th smallest of m is tested at level / (m - j + 1) if all smaller ones passed. An interval at the level of its
    own test, or for all that were not passed at that of the first of these, leaves zero out exactly where Holm rejects.
    Such intervals are each at least as wide as one of `level`. Together they do not cover with 1 - level: the verdicts
    hold together, and the intervals say at which level each was reached.
    """
    count = len(values)
    order = sorted(range(count), key=lambda place: values[place])
    found = [Corrected(1.0, level)] * count
    largest, passed = 0.0, True
    last = level / count if count else level
    for rank, place in enumerate(order):
        steps = count - rank
        largest = max(largest, min(1.0, steps * values[place]))
        if passed:
            last = level / steps
            passed = values[place] <= last
        found[place] = Corrected(largest, last)
    return found
