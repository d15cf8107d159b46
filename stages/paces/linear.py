"""A weight that falls along a line."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stages.learning import pacing

FEEDBACK = False

Share = Annotated[float, Field(ge=0, le=1)]


def weight(step: int, steps: int, *, begin: Share = 0.0, end: Share = 1.0, reverse: bool = False) -> float:
    """λ = 1 until the share `begin` of training, then falling to 0 at the share `end`."""
    if begin >= end:
        raise ValueError(f"a linear pace begins before it ends, found begin {begin:g} and end {end:g}")
    fallen = (pacing.passed(step, steps, reverse) - begin) / (end - begin)
    return 1 - min(max(fallen, 0.0), 1.0)
