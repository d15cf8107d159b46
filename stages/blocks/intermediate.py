"""Mean squared error between matched tensors of teacher and student, one side adapted where widths differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stages.blocks.adapters import adapter, slot
from stages.learning import matching
from stages.learning.contracts import AGAIN, Need, Parts, Seen, Side


class Euclidean(nn.Module):
    """weight · Σ MSE over the matched taps."""

    def __init__(
        self, match: dict[str, str], weight: float, adapters: nn.ModuleDict, side: str, prefix: str, output: bool
    ) -> None:
        super().__init__()
        self.match, self.weight, self.adapters = match, weight, adapters
        self.watches = tuple(match)
        self.side, self.prefix, self.compares_output = side, prefix, output

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            f"euclidean_{theirs}": self.weight * self.distance(teacher[theirs], student[self.prefix + mine], theirs)
            for theirs, mine in self.match.items()
        }

    def distance(self, theirs: Tensor, mine: Tensor, tap: str) -> Tensor:
        """MSE of one pair, one side adapted if a width differs."""
        name = slot(tap)
        if name in self.adapters and self.side == "teacher":
            theirs = self.adapters[name](theirs)
        elif name in self.adapters:
            mine = self.adapters[name](mine)
        return F.mse_loss(mine.float(), theirs.float())


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
            slot(theirs): adapter(teacher.taps[theirs], student.taps[mine], adapter_side)
            for theirs, mine in match.items()
            if teacher.taps[theirs].channels != student.taps[mine].channels
        }
    )
    prefix = AGAIN if reading == "published" else ""
    output = not prefix and matching.only_output(student, match)
    return Euclidean(match, weight, adapters, adapter_side, prefix, output)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair."""
    return matching.needs(settings)
