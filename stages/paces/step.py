"""The whole weight up to a moment, none from then on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stages.learning import pacing

FEEDBACK = False


def weight(step: int, steps: int, *, at: Annotated[float, Field(ge=0, le=1)], reverse: bool = False) -> float:
    """λ = 1 while less than the share `at` of training has passed."""
    return 1.0 if pacing.passed(step, steps, reverse) < at else 0.0
