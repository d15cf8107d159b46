"""How a lesson and the game pull at the same place: the norms of both gradients, and the cosine between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Opposition(NamedTuple):
    """Norms of the lesson's and of the game's gradient; their cosine, 0 where one of them vanishes."""

    lesson: Tensor
    game: Tensor
    cosine: Tensor


def oppose(lesson: Tensor, game: Tensor, places: Sequence[Tensor]) -> Opposition:
    """Two more backward passes, down to `places` and no further; the graph stays for the training's own."""
    mine, theirs = (flat(total, places) for total in (lesson, game))
    norms = mine.norm(), theirs.norm()
    product = norms[0] * norms[1]
    return Opposition(*norms, torch.where(product > 0, mine @ theirs / product.clamp_min(1e-300), 0.0))


def flat(total: Tensor, places: Sequence[Tensor]) -> Tensor:
    """The gradient at all places in one vector of float64; zero where nothing depends on a place."""
    found = torch.autograd.grad(total, list(places), retain_graph=True, allow_unused=True)
    return torch.cat(
        [
            (torch.zeros_like(place) if each is None else each).double().flatten()
            for place, each in zip(places, found, strict=True)
        ]
    )
