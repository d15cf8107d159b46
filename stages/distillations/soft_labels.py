"""The teacher's class probabilities at a temperature as labels (Hinton, Vinyals and Dean, 2015, arXiv 1503.02531)."""

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
    """The lesson; both networks must know the same classes."""
    theirs, mine = teacher.taps.get("classes"), student.taps.get("classes")
    if theirs is None or theirs != mine:
        raise Unsupported(f"soft_labels compares classes, of which the teacher has {theirs} and the student {mine}")
    return Softened("classes", "soft_labels", alpha, temperature)
