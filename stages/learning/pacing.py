"""A pace as lessons use it: its file's function bound to a row's settings, or the module that follows gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn


class Paced(nn.Module):
    """A pace without feedback."""

    def __init__(self, weight: Callable[..., float], settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.function, self.settings = weight, dict(settings)

    def weight(self, step: int, steps: int) -> float:
        """The factor on the lesson's parts."""
        return self.function(step, steps, **self.settings)


class Following(nn.Module):
    """What a pace with feedback offers, its state in buffers."""

    def weight(self, step: int, steps: int) -> Tensor:
        """The factor on the lesson's parts, by what was felt so far."""
        raise NotImplementedError

    def feel(self, cosine: Tensor) -> None:
        """Take in the cosine of the lesson's and the game's gradients."""
        raise NotImplementedError


def passed(step: int, steps: int, reverse: bool) -> float:
    """The share of training that has passed, or, reversed, that is left: from 0 at the first step to 1 at the last."""
    if steps < 2:
        return 0.0
    # The step that is as far from the end, so that a reversed pace is the very mirror of the other.
    return (steps - 1 - step if reverse else step) / (steps - 1)
