"""A weight that falls along half a cosine, slowly at both ends."""

from __future__ import annotations

import math

from stages.learning import pacing

FEEDBACK = False


def weight(step: int, steps: int, *, reverse: bool = False) -> float:
    """λ = (1 + cos πτ) / 2, where τ is the share of training that has passed."""
    return (1 + math.cos(math.pi * pacing.passed(step, steps, reverse))) / 2
