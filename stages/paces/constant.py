"""The same weight throughout: `factor` 1, or the time average of another pace, so that both give the same dose."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

FEEDBACK = False


def weight(step: int, steps: int, *, factor: Annotated[float, Field(ge=0)] = 1.0) -> float:  # noqa: ARG001 - the contract
    """λ = factor."""
    return factor
