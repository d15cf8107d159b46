"""The teacher's probabilities of subclasses it found by itself (Müller, Kornblith and Hinton, 2020, arXiv 2002.03936).

    L = α·T²·CE(P_T, P_S over all c·s subclasses, at temperature T) + (1 − α)·L_xent

L_xent is the student's own cross-entropy, on classes: the sums of their subclasses. The teacher is trained with L_aux,
which its family holds, so that its subclasses differ.
"""

from __future__ import annotations

from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from stages.harness.game import Seen, Side, Unsupported


class Subclass(nn.Module):
    """Both terms, from the logits of subclasses."""

    watches_teacher = True

    def __init__(self, alpha: float, temperature: float) -> None:
        super().__init__()
        self.alpha, self.temperature = alpha, temperature

    def forward(self, student: tuple[Seen, Seen], teacher: Seen) -> dict[str, Tensor]:
        mine, t = student[0], self.temperature
        soft = F.cross_entropy(mine["logits"].float() / t, (teacher["logits"].float() / t).softmax(dim=1))
        return {
            "cross_entropy": (1 - self.alpha) * mine["cross_entropy"],
            "subclass": self.alpha * t**2 * soft,
        }


def objective(
    teacher: Side,
    student: Side,
    *,
    alpha: Annotated[float, Field(ge=0, le=1)],
    temperature: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; both networks must have the same subclasses, more than there are classes."""
    sides = (teacher.taps, student.taps)
    theirs, mine = ((taps.get("classes"), taps.get("logits")) for taps in sides)
    if None in theirs or theirs != mine:
        told = " and ".join(f"{logits} logits of {classes} classes" for classes, logits in (theirs, mine))
        raise Unsupported(f"subclass compares equal subclasses; teacher and student have {told}")
    if theirs[0] == theirs[1]:
        raise Unsupported("subclass needs `subclasses` in the teacher's spec; without them use soft_labels")
    return Subclass(alpha, temperature)
