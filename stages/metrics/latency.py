"""How long a network takes, and how much faster it is than its teacher timed in the same rounds.

Medians and quartiles, for times have a long upper tail. A ratio is taken round by round before it is summed up, so that
whatever slows the machine for a while slows both of its sides.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

COLUMNS = {
    "latency_ms": ("min", "ms"),
    "speed_up": ("max", ""),
    "peak_bytes": ("min", "B"),
}


def checked_times(seconds: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The same times in float64, or an error when they are none."""
    if seconds.ndim != 1 or len(seconds) == 0 or not bool((seconds > 0).all()):
        raise ValueError(f"expected at least one positive time, found {seconds.tolist()}")
    return seconds.double()


def quartiles(values: Float[Tensor, " n"]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    low, middle, high = torch.quantile(values, torch.tensor([0.25, 0.5, 0.75], dtype=values.dtype)).tolist()
    return low, middle, high


def latency(seconds: Float[Tensor, " n"]) -> dict[str, float]:
    """Milliseconds of one call."""
    low, middle, high = quartiles(1e3 * checked_times(seconds))
    return {"latency_ms": middle, "latency_ms_q1": low, "latency_ms_q3": high}


def speed_up(teacher: Float[Tensor, " n"], student: Float[Tensor, " n"]) -> dict[str, float]:
    """How many times as fast the student is, from the rounds in which both were timed."""
    if teacher.shape != student.shape:
        raise ValueError(f"a ratio needs both timed in every round, found {len(teacher)} and {len(student)} times")
    low, middle, high = quartiles(checked_times(teacher) / checked_times(student))
    return {"speed_up": middle, "speed_up_q1": low, "speed_up_q3": high}
