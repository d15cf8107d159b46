"""What the processes of a data-parallel run tell each other."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import nn


def mean(value: torch.Tensor) -> torch.Tensor:
    """A number as the group has it on average; of a single process its own."""
    if not dist.is_initialized():
        return value
    total = value.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def average_gradients(parameters: list[nn.Parameter], world: int) -> None:
    """Average the gradients of a data-parallel group in one message."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= world
    for gradient, piece in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(piece.view_as(gradient))
