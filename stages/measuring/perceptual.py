"""The published LPIPS networks, their trunks read from torchvision's files; nothing is downloaded."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import nn

from stages.blocks import published_lpips
from stages.blocks.published_lpips import Trunk
from stages.measuring.features import trusted_state

# First characters of the SHA-256 of torchvision's published files, which are in their names.
TRUNKS = {"alex": "7be5be79", "vgg": "397923af"}


def published(trunk: Trunk, weights: Path, *, sha256: str | None = None) -> nn.Module:
    """The metric of the `lpips` package, its trunk read from torchvision's published file."""
    state = trusted_state(weights, TRUNKS[trunk] if sha256 is None else sha256)
    return published_lpips.of_trunk(trunk, state, weights)


@cache
def once(trunk: Trunk, weights: Path, device: torch.device) -> nn.Module:
    """The network on a device, built once per process."""
    return published(trunk, weights).to(device)
