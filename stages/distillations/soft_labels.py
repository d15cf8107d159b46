"""The teacher's class probabilities at a temperature as labels (Hinton, Vinyals and Dean, 2015, arXiv 1503.02531).

    L = α·T²·CE(softmax(z_T / T), z_S / T) + (1 − α)·CE(y, z_S)

T² keeps the size of the gradient when T changes; the second term takes the place of the student's own cross-entropy.
"""

from __future__ import annotations

from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stages.harness.game import Seen, Side, Unsupported


class SoftLabels(nn.Module):
    """Both terms, from the logits of classes."""

    watches_teacher = True

    def __init__(self, alpha: float, temperature: float) -> None:
        super().__init__()
        self.alpha, self.temperature = alpha, temperature

    def forward(self, student: tuple[Seen, Seen], teacher: Seen) -> dict[str, Tensor]:
        mine, t = student[0], self.temperature
        soft = F.cross_entropy(mine["classes"].float() / t, (teacher["classes"].float() / t).softmax(dim=1))
        return {
            "cross_entropy": (1 - self.alpha) * mine["cross_entropy"],
            "soft_labels": self.alpha * t**2 * soft,
        }


def objective(
    teacher: Side,
    student: Side,
    *,
    alpha: Annotated[float, Field(ge=0, le=1)],
    temperature: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; both networks must know the same classes."""
    theirs, mine = teacher.taps.get("classes"), student.taps.get("classes")
    if theirs is None or theirs != mine:
        raise Unsupported(f"soft_labels compares classes, of which the teacher has {theirs} and the student {mine}")
    return SoftLabels(alpha, temperature)
