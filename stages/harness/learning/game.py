"""What the training loop, the families and the lessons agree on: a batch, a player, what a network let be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class Unsupported(ValueError):  # noqa: N818 - a reason, not a failure
    """A pair of teacher and student that a compression cannot make or a lesson cannot teach; says why."""


Seen = dict[str, Tensor]
"""Tap name -> tensor, of one pass through one network."""


class Lesson(Protocol):
    """What a student is taught: named, weighted parts of a player's loss, from what both networks let be seen.

    The student's passes come in two, in this order: the one the drawings compare, and the one the published code
    reads by a slip (the reconstruction of the generator, the gradient-penalty image of the discriminator). The
    teacher is watched once, on the same input as the first, without gradient, and only if the lesson asks for it.
    """

    watches_teacher: bool

    def __call__(self, student: tuple[Seen, Seen], teacher: Seen) -> dict[str, Tensor]: ...


@dataclass(frozen=True)
class Side:
    """One side of a lesson: the networks, and the channels of the taps of the player that is taught."""

    networks: dict[str, nn.Module]
    taps: dict[str, int]


@dataclass(frozen=True)
class Batch:
    """Images of one data set with their labels, the labels asked for, and what is random about the step."""

    real: Tensor
    label: Tensor
    target: Tensor
    mix: Tensor
    known: slice
    kind: str
    window: Tensor | None = None

    def shown(self, image: Tensor) -> Tensor:
        """What a critic is shown of an image: all of it, or what the window of the step leaves open."""
        return image if self.window is None else image * self.window

    def each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """The batch with every tensor changed."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        tensors: dict[str, Any] = {name: change(value) for name, value in values.items() if isinstance(value, Tensor)}
        return replace(self, **tensors)

    def shard(self, rank: int, world: int) -> Batch:
        """The part of one process of a data-parallel run; equal parts, so that means of parts are the mean."""
        if len(self.real) % world:
            raise ValueError(f"a batch of {len(self.real)} cannot be shared equally by {world} processes")
        return self.each(lambda tensor: tensor[rank::world]) if world > 1 else self

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return self.each(lambda tensor: tensor.to(device))


@dataclass(frozen=True)
class Player:
    """One side of the game: what it trains, its named losses, and how often it moves per step."""

    name: str
    network: nn.Module
    lesson: nn.Module
    losses: Callable[[Batch], dict[str, Tensor]]
    moves: int
