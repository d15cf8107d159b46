"""Norms of image networks: instance statistics without weights, and batch statistics, in evaluation too if asked."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Kind = Literal["instance", "batch"]
Statistics = Literal["evaluation", "batch"]
"""What an evaluated network normalises with: its running statistics, or those of the batch at hand."""


class InstanceNorm(nn.GroupNorm):
    """Every channel of every image to mean 0 and variance 1, without weights and without running statistics.

    A group of one channel is an instance: the same numbers as `nn.InstanceNorm2d`, several times faster on a CPU, where
    it wants channels first. Convolutions want them last, so that is how they are given back where they came so.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        found = super().forward(x.contiguous())
        return found if x.is_contiguous() else found.contiguous(memory_format=torch.channels_last)


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation; with statistics `batch` an evaluated network normalises by its batch as well."""

    def __init__(self, channels: int, statistics: Statistics = "evaluation") -> None:
        super().__init__(channels)
        self.statistics = statistics

    def forward(self, x: Tensor) -> Tensor:
        if self.training or self.statistics == "evaluation":
            return super().forward(x)
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)


def layer(kind: Kind, channels: int, statistics: Statistics = "evaluation") -> nn.Module:
    """A norm of a kind."""
    return InstanceNorm(channels) if kind == "instance" else BatchNorm(channels, statistics)


def biased(kind: Kind) -> bool:
    """Whether a convolution before this norm has a bias: as published where the norm has none of its own."""
    return kind == "instance"
