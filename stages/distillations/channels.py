"""Channel means: how strongly each of the teacher's channels answers an image (OMGD: Ren et al., ICCV 2021).

    L = weight · Σ MSE(mean of a channel of ReLU(BN(W·f_S)), mean of that channel of f_T)

arXiv 2108.06908. W is a 1x1 convolution to the teacher's width, trained with the student. Only this term of OMGD is
here; its losses of the image need a network that is downloaded, and its teachers learn beside the student. As published
the student's side is normalised: in a batch of one image, each mean then follows from the shape of a channel's
histogram, not from its level. Means below zero cannot be reached. Ours: the norm keeps no running statistics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stages.blocks.adapters import projection, slot
from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side


class Channels(nn.Module):
    """weight · Σ over the matched taps of the squared difference of their channels' means."""

    def __init__(self, match: dict[str, str], weight: float, adapters: nn.ModuleDict, output: bool) -> None:
        super().__init__()
        self.watches, self.compares_output = tuple(match), output
        self.match, self.weight, self.adapters = match, weight, adapters

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            f"channels_{theirs}": self.weight * self.distance(teacher[theirs], student[mine], theirs)
            for theirs, mine in self.match.items()
        }

    def distance(self, theirs: Tensor, mine: Tensor, tap: str) -> Tensor:
        """MSE of the means of one pair."""
        answered = self.adapters[slot(tap)](mine)
        return F.mse_loss(answered.float().mean(dim=(2, 3)), theirs.float().mean(dim=(2, 3)))


def objective(
    teacher: Side,
    student: Side,
    *,
    match: Annotated[dict[str, str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson with its convolutions; maps may differ in everything."""
    matching.demand_maps("channels", teacher, student, match)
    adapters = {
        slot(theirs): projection(student.taps[mine].channels, teacher.taps[theirs].channels)
        for theirs, mine in match.items()
    }
    return Channels(match, weight, nn.ModuleDict(adapters), matching.only_output(student, match))


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair."""
    return matching.needs(settings)
