"""Inner features judged by the teacher's discriminator, as if they were images (DCD: Hu et al., CVPR 2023).

    L = weight · Σ L1(D(ReLU(BN(V·f_T))), D(ReLU(BN(W·f_S)))),   D a layer of the discriminator that trained the teacher

arXiv 2212.14169. V and W are 1x1 convolutions to the channels that the discriminator is shown: V random and fixed,
drawn from `seed`, W trained with the student. With several generators each one's features go to its own discriminator.
Differences: teacher and discriminator are frozen, where DCD trains both beside the student. Maps are enlarged to the
size of an image, since small ones do not pass all layers. Both norms take the statistics of the batch at hand; the
published norm on the teacher's side is never fitted, so that it changes nothing. The published adversarial term scores
the teacher's image, which gives the student no gradient, and is left out, as are DCD's losses of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stages.blocks import judging
from stages.blocks.adapters import Fixed, projection, slot
from stages.learning import matching, roles
from stages.learning.contracts import Need, Parts, Seen, Side


class Judge(NamedTuple):
    """A discriminator, and the channels and the side of what it is shown."""

    look: judging.Look
    channels: int
    side: int


class Projection(nn.Module):
    """weight · Σ over the matched taps of the mean absolute difference of what a discriminator sees in them."""

    def __init__(
        self, match: dict[str, str], weight: float, judges: dict[str, Judge], layer: str, output: bool
    ) -> None:
        super().__init__()
        self.watches, self.compares_output = tuple(match), output
        self.match, self.weight, self.judges, self.layer = match, weight, judges, layer
        self.fixed, self.adapters = nn.ModuleDict(), nn.ModuleDict()

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        parts = {}
        for theirs, mine in self.match.items():
            with torch.no_grad():
                target = self.judged(theirs, self.fixed[slot(theirs)](teacher[theirs]))
            found = self.judged(theirs, self.adapters[slot(theirs)](student[mine]))
            parts[f"projection_{theirs}"] = self.weight * F.l1_loss(found.float(), target.float())
        return parts

    def judged(self, theirs: str, painted: Tensor) -> Tensor:
        """What the discriminator of a tap's network sees in a projection."""
        judge = self.judges[roles.owner(theirs)]
        return judge.look(F.interpolate(painted, size=(judge.side, judge.side)))[self.layer]


def objective(
    teacher: Side,
    student: Side,
    *,
    match: Annotated[dict[str, str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
    layer: str,
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0,
) -> nn.Module:
    """The lesson with its projections; only networks that make images can take it."""
    looks = judging.judges(teacher, student)
    matching.demand_maps("projection", teacher, student, match)
    judges = {
        roles.owner(tap): Judge(look, teacher.taps[tap].channels, teacher.taps[tap].side) for tap, look in looks.items()
    }
    lesson = Projection(match, weight, judges, layer, matching.only_output(student, match))
    random = torch.Generator("cpu").manual_seed(seed)
    for theirs, mine in match.items():
        shown = judges[roles.owner(theirs)].channels
        lesson.fixed[slot(theirs)] = Fixed(teacher.taps[theirs].channels, shown, random)
        lesson.adapters[slot(theirs)] = projection(student.taps[mine].channels, shown)
    return lesson


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair, and the layer, which is the teacher's discriminator's."""
    return [*matching.needs(settings), Need("layer", "critic", settings["layer"])]
