"""What stands between two networks of different widths when their taps are compared; trained with the student."""

from __future__ import annotations

from torch import nn

from stages.learning.contracts import Tap


def slot(tap: str) -> str:
    """A tap's name as that of a module, which may hold no dot."""
    return tap.replace(".", "/")


def adapter(theirs: Tap, mine: Tap, side: str) -> nn.Module:
    """The linear map between two widths, of maps at each place: a 1x1 convolution."""
    widths = (theirs.channels, mine.channels) if side == "teacher" else (mine.channels, theirs.channels)
    return nn.Linear(*widths) if mine.kind in ("vector", "logits") else nn.Conv2d(*widths, 1)
