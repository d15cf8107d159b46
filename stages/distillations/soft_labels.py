"""The teacher's class probabilities at a temperature as labels (Hinton, Vinyals and Dean, 2015, arXiv 1503.02531)."""

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
    """The lesson; both networks must know the same classes."""
    theirs, mine = (side.taps["classes"].channels if "classes" in side.taps else None for side in (teacher, student))
    if theirs is None or theirs != mine:
        raise Unsupported(f"soft_labels compares classes, of which the teacher has {theirs} and the student {mine}")
    return Softened("classes", "soft_labels", alpha, temperature)


def needs(settings: Mapping[str, Any]) -> list[Need]:  # noqa: ARG001 - the contract
    """The settings name no tap."""
    return []
