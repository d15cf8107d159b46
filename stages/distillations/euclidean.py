"""Mean squared error between matched tensors of teacher and student (SMartorana, KD-with-FT-in-ItoI-CGANs, 2022/23).

Where widths differ a 1x1 convolution with bias adapts one side. On the student's side (default) the target is fixed;
on the teacher's side, as published, the adapter is trained by the very loss it feeds and both may shrink together.
`reading: published` compares the student's second pass, as the published code does, with the teacher's first.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stages.harness.learning.game import Seen, Side


class Euclidean(nn.Module):
    """weight · Σ MSE over the matched taps."""

    watches_teacher = True

    def __init__(self, match: dict[str, str], weight: float, adapters: nn.ModuleDict, side: str, reading: str) -> None:
        super().__init__()
        self.match, self.weight, self.adapters = match, weight, adapters
        self.side, self.reading = side, reading

    def forward(self, student: tuple[Seen, Seen], teacher: Seen) -> dict[str, Tensor]:
        seen = student[self.reading == "published"]
        return {
            f"euclidean_{theirs}": self.weight * self.distance(teacher[theirs], seen[mine], theirs)
            for theirs, mine in self.match.items()
        }

    def distance(self, theirs: Tensor, mine: Tensor, tap: str) -> Tensor:
        """MSE of one pair, one side adapted if a width differs."""
        if tap in self.adapters and self.side == "teacher":
            theirs = self.adapters[tap](theirs)
        elif tap in self.adapters:
            mine = self.adapters[tap](mine)
        return F.mse_loss(mine.float(), theirs.float())


def adapter(theirs: int, mine: int, side: str) -> nn.Module:
    """The 1x1 convolution between two widths."""
    return nn.Conv2d(theirs, mine, 1) if side == "teacher" else nn.Conv2d(mine, theirs, 1)


def objective(
    teacher: Side,
    student: Side,
    *,
    match: Annotated[dict[str, str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
    adapter_side: Literal["student", "teacher"] = "student",
    reading: Literal["drawn", "published"] = "drawn",
) -> nn.Module:
    """The lesson with its adapters."""
    adapters = nn.ModuleDict(
        {
            theirs: adapter(teacher.taps[theirs], student.taps[mine], adapter_side)
            for theirs, mine in match.items()
            if teacher.taps[theirs] != student.taps[mine]
        }
    )
    return Euclidean(match, weight, adapters, adapter_side, reading)
