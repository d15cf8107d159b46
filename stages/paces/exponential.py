"""A weight that halves again and again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stages.learning import pacing

FEEDBACK = False


def weight(step: int, steps: int, *, half_life: Annotated[float, Field(gt=0)], reverse: bool = False) -> float:
    """λ = 2^(−τ / half_life), both counted in shares of the training."""
    return float(2.0 ** (-pacing.passed(step, steps, reverse) / half_life))
