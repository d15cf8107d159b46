"""Norms of one image as mean, subtract, multiply and rsqrt, which phones and browsers take without falling back."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


class Normalised(nn.Module):
    """Every group of channels of every image to mean 0 and variance 1; then a scale and a shift, if there are some."""

    weight: Tensor | None
    bias: Tensor | None

    def __init__(self, groups: int, eps: float, weight: Tensor | None, bias: Tensor | None) -> None:
        super().__init__()
        self.groups, self.eps = groups, eps
        self.register_buffer("weight", None if weight is None else weight.detach().clone()[:, None, None])
        self.register_buffer("bias", None if bias is None else bias.detach().clone()[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        alone = self.groups == x.shape[1]
        h = x if alone else x.reshape(x.shape[0], self.groups, -1, 1)
        centred = h - h.mean(dim=(2, 3), keepdim=True)
        scale = (centred * centred).mean(dim=(2, 3), keepdim=True).add(self.eps).rsqrt()
        if alone and self.weight is not None:
            # On the few numbers of the scale rather than on all of the map.
            answer = centred * (scale * self.weight)
        else:
            answer = (centred * scale).reshape(x.shape)
            answer = answer if self.weight is None else answer * self.weight
        return answer if self.bias is None else answer + self.bias


def rewritten(network: M) -> M:
    """A copy of a network, all norms of one image in this form; the network itself is left as it is."""
    made = copy.deepcopy(network)
    for module in list(made.modules()):
        for name, child in module.named_children():
            norm = of(child)
            if norm is not None:
                setattr(module, name, norm)
    return made


def of(module: nn.Module) -> Normalised | None:
    """This form of a norm; nothing where it is none, or one with running statistics, which are a scale and a shift."""
    if isinstance(module, nn.GroupNorm):
        return Normalised(module.num_groups, module.eps, module.weight, module.bias)
    if isinstance(module, nn.InstanceNorm2d) and not module.track_running_stats:
        return Normalised(module.num_features, module.eps, module.weight, module.bias)
    return None


def depends_on_company(network: nn.Module, given: tuple[Tensor, ...]) -> bool:
    """Whether what comes of a first input depends on chance, or on what else is in its batch.

    `given` holds at least two of each; scalars are shared.
    """
    alone = tuple(each if each.ndim == 0 else each[:1] for each in given)
    with torch.no_grad():
        first, again, together = network(*alone), network(*alone), network(*given)
    others = (again, together[:1])
    return any(float((first.float() - each.float()).abs().max()) > COMPANY for each in others)


COMPANY = 2.0
"""8-bit levels by which batches of two sizes may differ through rounding alone."""
