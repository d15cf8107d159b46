"""What stands between two networks of different widths when their taps are compared; trained unless it says otherwise.

Batch norms here know the batch at hand alone: without running statistics nothing depends on what was evaluated before.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stages.learning.contracts import Tap


def slot(tap: str) -> str:
    """A tap's name as that of a module, which may hold no dot."""
    return tap.replace(".", "/")


def adapter(theirs: Tap, mine: Tap, side: str) -> nn.Module:
    """The linear map between two widths, of maps at each place: a 1x1 convolution."""
    widths = (theirs.channels, mine.channels) if side == "teacher" else (mine.channels, theirs.channels)
    return nn.Linear(*widths) if mine.kind in ("vector", "logits") else nn.Conv2d(*widths, 1)


def projection(entry: int, leaving: int) -> nn.Module:
    """A 1x1 convolution with batch norm and ReLU."""
    norm = nn.BatchNorm2d(leaving, track_running_stats=False)
    return nn.Sequential(nn.Conv2d(entry, leaving, 1, bias=False), norm, nn.ReLU())


class Fixed(nn.Module):
    """The same with weights that are never trained, and never saved, since they can be drawn again."""

    weight: Tensor

    def __init__(self, entry: int, leaving: int, random: torch.Generator) -> None:
        super().__init__()
        drawn = torch.randn(leaving, entry, 1, 1, generator=random, device="cpu")
        self.register_buffer("weight", drawn, persistent=False)

    def forward(self, feature: Float[Tensor, "n entry h w"]) -> Float[Tensor, "n leaving h w"]:
        return F.relu(F.batch_norm(F.conv2d(feature, self.weight), None, None, training=True))
