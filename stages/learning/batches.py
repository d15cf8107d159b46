"""Batches, drawn from (seed, step, turn) alone, so that a resumed training repeats an uninterrupted one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from stages.learning.problems import Domain
from stages.settings.rows import Schedule
from stages.storage import prepared

MOST_TURNS = 64
"""More moves than a step of any game has."""


def images(domain: Domain, schedule: Schedule, seed: int, step: int, turn: int) -> tuple[Tensor, Tensor]:
    """Images of one move in [-1, 1], and the network's label vectors of them."""
    counter = step * MOST_TURNS + turn
    real, rows = prepared.batch(domain.split, schedule.batch, seed, counter, schedule.flip)
    return real, domain.vector(rows)


def chance(seed: int, step: int, turn: int) -> np.random.Generator:
    """What else is random about one move, in a stream beside that of its images."""
    return np.random.Generator(np.random.Philox(key=np.array([seed + (1 << 32), step * MOST_TURNS + turn], np.uint64)))


def order(random: np.random.Generator, count: int) -> Tensor:
    """The batch's images in another order; every family draws it first."""
    return torch.from_numpy(random.permutation(count))


def shares(random: np.random.Generator, count: int) -> Tensor:
    """A number from 0 to 1 per image, to mix two images by; every family draws it after what it asks for."""
    return torch.from_numpy(random.random((count, 1, 1, 1), dtype=np.float32))


def seed_of(drawn: Tensor) -> int:
    """The seed of a move, from the first of its shares."""
    return int(drawn.flatten()[0] * 2**24)
