"""How the weight λ of a row's lesson moved: the course of every pace, and its dose, the time average."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stages.findings import comparing, moments
from stages.findings.moments import Moments
from stages.findings.naming import NONE
from stages.learning import paced
from stages.learning.pacing import Paced
from stages.settings.rows import Params, VariantRow


@dataclass(frozen=True)
class Course:
    """What λ was from step to step; a pace with feedback is known as far as it was recorded."""

    weights: Sequence[float]

    @property
    def dose(self) -> float:
        """The time average of λ."""
        return statistics.fmean(self.weights)

    @property
    def still(self) -> bool:
        """Whether λ is the same throughout."""
        return max(self.weights) == min(self.weights)

    @property
    def whole(self) -> bool:
        """Whether λ is 1 throughout."""
        return self.still and self.weights[0] == 1


def of_rows(settings: Params, rows: Mapping[str, VariantRow], recorded: Moments) -> dict[str, Course]:
    """The courses of taught rows; none of one with feedback that recorded nothing, or of no steps."""
    found = {name: of_row(settings, name, row, recorded) for name, row in rows.items() if comparing.taught(row)}
    return {name: course for name, course in found.items() if course is not None}


def of_row(settings: Params, name: str, row: VariantRow, recorded: Moments) -> Course | None:
    """The course of the networks that are kept, or of their critics where these alone are taught."""
    role = "generator" if row.distill.generator != NONE else "discriminator"
    pace = paced.of(getattr(row.pace, role), getattr(row, f"{role}_pace"))
    steps = settings.schedules[row.schedule].steps
    if isinstance(pace, Paced):
        weights = [pace.weight(step, steps) for step in range(steps)]
    else:
        mine = (recorded.get((name, seed), ()) for seed in row.seeds)
        weights = [moment[moments.WEIGHT] for found in mine for moment in found if moments.WEIGHT in moment]
    return Course(weights) if weights else None
