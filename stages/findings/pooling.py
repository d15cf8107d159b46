"""How far paired differences scatter: pooled over the contrasts of a family where they scatter alike.

Three answers, tried in this order. `raw`: the test of equal variances does not refuse the differences themselves.
`log`: it refuses these, but not the differences of logarithms, and all numbers are positive: rows scatter in proportion
to what they score. `own`: it refuses both, and every contrast has its own deviation and degrees of freedom.

With two to five seeds the test is weak: it sees a row that is several times noisier than the others, hardly one that is
twice as noisy. What goes unseen makes intervals of noisy rows too narrow and those of quiet rows too wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stages.findings import designs
from stages.findings.contrasts import Axis, Contrast, Values, design, differences, positive, unit

REFUSED = 0.05
"""Rows whose spreads are more unlike than in this share of equal ones are not pooled."""

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
    own = [np.array(differences(each, values)) for each in contrasts]
    return Noise("own", tuple(float(mine.std(ddof=1)) for mine in own), tuple(float(len(mine) - 1) for mine in own))
