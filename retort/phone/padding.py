"""Padding with what is seen in the mirror, as slices that are joined: XNNPACK takes these, and no index of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST = 5
"""Tensors that XNNPACK joins at once."""


def joined(pieces: Sequence[Tensor], dim: int) -> Tensor:
    """Tensors behind each other, a few at once."""
    while len(pieces) > MOST:
        groups = [pieces[start : start + MOST] for start in range(0, len(pieces), MOST)]
        pieces = [torch.cat(list(group), dim) if len(group) > 1 else group[0] for group in groups]
    return torch.cat(list(pieces), dim)


def mirrored(x: Tensor, dim: int, width: int) -> Tensor:
    """A map with its lines repeated beyond both edges, the edges themselves not."""
    if width == 0:
        return x
    last = x.shape[dim] - 1
    before = [x.narrow(dim, place, 1) for place in range(width, 0, -1)]
    behind = [x.narrow(dim, last - place, 1) for place in range(1, width + 1)]
    return joined([*before, x, *behind], dim)


class Reflected(nn.Module):
    """A convolution that pads with what it sees in the mirror."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution
        height, width = (int(each) for each in convolution.padding)  # a text where it is not reflected
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        inner = self.convolution
        padded = mirrored(mirrored(x, 2, self.height), 3, self.width)
        return F.conv2d(padded, inner.weight, inner.bias, inner.stride, 0, inner.dilation, inner.groups)


def rewrite(network: nn.Module) -> None:
    """Put every convolution that pads so into this form, in place."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and child.padding_mode == "reflect":
                setattr(module, name, Reflected(child))
