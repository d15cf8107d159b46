"""The doors of an exported network: 8-bit images, channels last, as any program holds them.

Inside they are what `stages/storage/prepared.py` makes of them, number by number.
"""

from __future__ import annotations

import torch
from torch import Tensor


def enter(image: Tensor) -> Tensor:
    """uint8 NHWC to float NCHW in [-1, 1]."""
    return image.permute(0, 3, 1, 2).to(torch.float32).div(127.5).sub(1)


def leave(image: Tensor) -> Tensor:
    """Float NCHW to uint8 NHWC, rounded and clamped."""
    pixels = image.to(torch.float32).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1)
