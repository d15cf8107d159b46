"""The teacher's probabilities of subclasses it found by itself (Müller, Kornblith and Hinton, 2020, arXiv 2002.03936).

Soft labels over all c·s subclasses; the student's own cross-entropy stays one of classes, the sums of their subclasses.
The teacher is trained with L_aux, which its family holds, so that its subclasses differ.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from stages.blocks.soft import Softened
from stages.harness.learning.game import Side, Unsupported


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
    return Softened("logits", "subclass", alpha, temperature)
