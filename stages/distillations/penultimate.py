"""The teacher's last features, approached by the student's through a learnt linear map (FitNets' regressor at the end).

Romero et al., FitNets, ICLR 2015, arXiv 1412.6550; the penultimate layer is the baseline of Müller et al., 2020, arXiv
2002.03936. The map stands on the student's side, so that the target is fixed and shrinking cannot satisfy it. Squares
are divided by the mean square of the teacher's features in the batch, so that one weight suits any scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch.nn.functional as F
from pydantic import Field
from torch import nn

from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported


class Penultimate(nn.Module):
    """weight · MSE(W·features_S + b, features_T) / mean features_T²."""

    watches = ("features",)
    compares_output = False

    def __init__(self, theirs: int, mine: int, weight: float) -> None:
        super().__init__()
        self.map, self.weight = nn.Linear(mine, theirs), weight

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        target = teacher["features"].float()
        error = F.mse_loss(self.map(student["features"].float()), target)
        return {"penultimate": self.weight * error / target.square().mean().clamp_min(1e-12)}


def objective(teacher: Side, student: Side, *, weight: Annotated[float, Field(gt=0)]) -> nn.Module:
    """The lesson with its map."""
    if "features" not in teacher.taps or "features" not in student.taps:
        raise Unsupported("penultimate compares a classifier's last features, and this network has none")
    return Penultimate(teacher.taps["features"].channels, student.taps["features"].channels, weight)


def needs(settings: Mapping[str, Any]) -> list[Need]:  # noqa: ARG001 - the contract
    """The settings name no tap."""
    return []
