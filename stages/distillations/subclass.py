"""The teacher's probabilities of subclasses it found by itself (Müller, Kornblith and Hinton, 2020, arXiv 2002.03936).

Soft labels over all c·s subclasses; the student's own cross-entropy stays one of classes, the sums of their subclasses.
The teacher is trained with L_aux, which its family holds, so that its subclasses differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from torch import nn

from stages.blocks.soft import Softened
from stages.learning.contracts import Need, Side, Unsupported


def objective(
    teacher: Side,
    student: Side,
    *,
    alpha: Annotated[float, Field(ge=0, le=1)],
    temperature: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; both networks must have the same subclasses, more than there are classes."""
    theirs, mine = (counts(side) for side in (teacher, student))
    if None in theirs or theirs != mine:
        told = " and ".join(f"{logits} logits of {classes} classes" for classes, logits in (theirs, mine))
        raise Unsupported(f"subclass compares equal subclasses; teacher and student have {told}")
    if theirs[0] == theirs[1]:
        raise Unsupported("subclass needs `subclasses` in the teacher's spec; without them use soft_labels")
    return Softened("logits", "subclass", alpha, temperature)


def counts(side: Side) -> tuple[int | None, int | None]:
    """How many classes and subclasses a network tells apart."""
    classes, logits = (side.taps[name].channels if name in side.taps else None for name in ("classes", "logits"))
    return classes, logits


def needs(settings: Mapping[str, Any]) -> list[Need]:  # noqa: ARG001 - the contract
    """The settings name no tap."""
    return []
