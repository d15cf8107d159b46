"""How far paired differences scatter: pooled over the contrasts of a family where they scatter alike.

Three answers, tried in this order. `raw`: the test of equal variances does not refuse the differences themselves.
`log`: it refuses these, but not the differences of logarithms, and all numbers are positive: rows scatter in proportion
to what they score. `own`: it refuses both, and every contrast has its own deviation and degrees of freedom.

By itself a pair of rows is known by its paired differences. A contrast of more rows would be known no better by its
own, however many rows it weighs, as there is one per common seed. But each of its rows scatters by itself: the squares
add up, with the degrees of freedom of Welch and Satterthwaite. That seeds are shared is left unused there.

With two to five seeds the test is weak: it sees a row that is several times noisier than the others, hardly one that is
twice as noisy. What goes unseen makes intervals of noisy rows too narrow and those of quiet rows too wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stages.findings import designs
from stages.findings.contrasts import Axis, Contrast, Values, design, differences, positive, seeds, unit

REFUSED = 0.05
"""Rows whose spreads are more unlike than in this share of equal ones are not pooled."""

PAIR = 2
"""Rows of the simplest contrast."""

Scale = Literal["raw", "log", "own"]


@dataclass(frozen=True)
class Noise:
    """The deviation of one difference of each contrast, and with how many degrees of freedom it is known."""

    scale: Scale
    deviations: tuple[float, ...]
    degrees: tuple[float, ...]

    @property
    def axis(self) -> Axis:
        """On which differences and deviations stand."""
        return "log" if self.scale == "log" else "raw"


def noise(contrasts: Sequence[Contrast], values: Values, level: float) -> Noise:
    """That of a family, each contrast of two or more common seeds; `level` is the family's."""
    known = design(contrasts, values)
    axes: list[Axis] = ["raw", "log"] if positive(contrasts, values) else ["raw"]
    for axis in axes:
        found = [np.array(differences(each, values, axis)) for each in contrasts]
        units = [unit(each) for each in contrasts]
        scaled = np.concatenate([mine / one for mine, one in zip(found, units, strict=True)])
        if designs.equal_variances(scaled, known) > REFUSED:
            squares = sum(
                float(((mine - mine.mean()) ** 2).sum()) / one**2 for mine, one in zip(found, units, strict=True)
            )
            deviation = (squares / designs.freedom(known)) ** 0.5
            shared = designs.degrees(known, level)
            return Noise(axis, tuple(deviation * one for one in units), (shared,) * len(contrasts))
    alone = [own(each, values) for each in contrasts]
    return Noise("own", tuple(deviation for deviation, _ in alone), tuple(degrees for _, degrees in alone))


def own(contrast: Contrast, values: Values) -> tuple[float, float]:
    """The deviation of one difference of a contrast by itself, and its degrees of freedom."""
    common = seeds(contrast, values)
    if len(contrast) <= PAIR:
        return float(np.std(differences(contrast, values), ddof=1)), float(len(common) - 1)
    numbers = np.array([[values[row][seed] for seed in common] for row in contrast])
    squares = np.array([*contrast.values()]) ** 2 * numbers.var(axis=1, ddof=1)
    total = float(squares.sum())
    return total**0.5, (total**2 / float((squares**2).sum()) if total else 1.0) * (len(common) - 1)
