"""A weight that falls while the lesson pulls against the game: λ is lowered whenever their gradients oppose each other.

The idea of Du et al., 2018 (arXiv 1812.02224), who use an auxiliary loss only where its gradient's cosine with the main
one is not negative. Here the cosine is averaged over steps (0.95), and λ shrinks by a fiftieth at each step at which
the average is negative. Where a lesson looks at more than the output, the cosine is that of the gradients of the
weights, measured at the steps that `evidence` asks for.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from stages.learning.pacing import Following

FEEDBACK = True


class Conflict(Following):
    """λ and the running cosine, saved with a training."""

    factor: Tensor
    cosine: Tensor

    def __init__(self, shrink: float, memory: float) -> None:
        super().__init__()
        self.shrink, self.memory = shrink, memory
        self.register_buffer("factor", torch.ones((), dtype=torch.float64))
        self.register_buffer("cosine", torch.zeros((), dtype=torch.float64))

    def weight(self, step: int, steps: int) -> Tensor:  # noqa: ARG002 - the contract
        return self.factor

    def feel(self, cosine: Tensor) -> None:
        self.cosine.lerp_(cosine.to(self.cosine), 1 - self.memory)
        self.factor.copy_(torch.where(self.cosine < 0, self.factor * self.shrink, self.factor))


def module(
    *,
    shrink: Annotated[float, Field(gt=0, lt=1)] = 0.98,
    memory: Annotated[float, Field(ge=0, lt=1)] = 0.95,
) -> Conflict:
    """The pace at its start."""
    return Conflict(shrink, memory)
