"""What a CycleGAN remembers: pools of images that its critics are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn


class Pool(nn.Module):
    """Images made in earlier steps (Shrivastava et al., CVPR 2017, arXiv 1612.07828).

    It is filled first. From then on an image that comes in is shown half of the time, and otherwise one that is held,
    whose place the new one takes. Who draws is the caller, so that a resumed training draws the same.
    """

    images: Tensor

    def __init__(self, places: int, resolution: int) -> None:
        super().__init__()
        self.register_buffer("images", torch.zeros(places, 3, resolution, resolution))
        # Not a tensor: trainings are also counted where tensors have no values to branch on.
        self.held = 0

    def get_extra_state(self) -> dict[str, int]:
        """How many images are held, which is saved with them."""
        return {"held": self.held}

    def set_extra_state(self, state: Any) -> None:  # noqa: ANN401 - torch's own
        """Continue."""
        self.held = state["held"]

    def exchange(self, fresh: Float[Tensor, "n 3 h w"], random: np.random.Generator) -> Float[Tensor, "n 3 h w"]:
        """As many images as come in, one after another; a pool without places gives them back."""
        if not len(self.images):
            return fresh
        shown = fresh.clone()
        for index, image in enumerate(fresh.to(self.images)):
            if self.held < len(self.images):
                self.images[self.held] = image
                self.held += 1
            elif random.random() < 0.5:
                place = int(random.integers(len(self.images)))
                shown[index] = self.images[place]
                self.images[place] = image
        return shown


class Memory(nn.Module):
    """A pool for each generator."""

    def __init__(self, generators: tuple[str, ...], places: int, resolution: int) -> None:
        super().__init__()
        self.pools = nn.ModuleDict({name: Pool(places, resolution) for name in generators})

    def show(self, name: str, fresh: Tensor, seed: int, step: int) -> Tensor:
        """What a generator's critic is shown; the same for the same seed and step."""
        random = np.random.default_rng((seed, step, list(self.pools).index(name)))
        return self.pools[name].exchange(fresh, random)  # type: ignore[operator, no-any-return]
