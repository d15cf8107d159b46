"""Distances that several lessons share."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Norm = Literal[1, 2]
"""1 for absolute differences, 2 for squares."""


def differences(theirs: Tensor, mine: Tensor, norm: Norm) -> Tensor:
    """How far each number is from its counterpart, to the power of the norm."""
    apart = (mine.float() - theirs.float()).abs()
    return apart if norm == 1 else apart.square()
