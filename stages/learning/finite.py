"""Losses as numbers; training stops at once when one is NaN or infinite."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class NotFiniteError(RuntimeError):
    """A loss became NaN or infinite; the message says where, and what was last seen."""


def finite(losses: dict[str, Tensor], step: int, last: dict[str, float]) -> dict[str, float]:
    """The losses of a step as numbers; there are none where all players are lazy and none moved."""
    if not losses:
        return {}
    values = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))
    bad = [name for name, value in values.items() if not math.isfinite(value)]
    if bad:
        seen = ", ".join(f"{name} {value:.4g}" for name, value in last.items()) or "none yet"
        raise NotFiniteError(f"step {step}: {', '.join(bad)} is not finite; last finite values: {seen}")
    return values
