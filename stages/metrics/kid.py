"""Kernel distance between feature sets: unbiased squared MMD with the kernel (xᵀy / d + 1)³.

Bińkowski et al., ICLR 2018, arXiv 1801.01401. The subsets are those torch-fidelity draws from the same seed.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Sets
from stages.measuring.features import checked_features

NEEDS = "sets"
COLUMNS = {
    "kid": Column("min", "", "KID", "kernel distance of the produced images, pooled, to real images held out"),
    "kid_spread": Column("", "", "spread of KID", "standard deviation of the kernel distance over subsets"),
}


def measure(
    given: Sets,
    *,
    subsets: Annotated[int, Field(ge=2, le=1000)],
    subset_images: Annotated[int, Field(ge=8, le=100_000)],
) -> dict[str, float]:
    """The distance and its spread over subsets."""
    mean, spread = kid(given.real, given.fake, subsets=subsets, subset_images=subset_images, seed=given.seed)
    return {"kid": mean, "kid_spread": spread}


def _kernel(x: Float[Tensor, "m d"], y: Float[Tensor, "n d"]) -> Float[Tensor, "m n"]:
    return (x @ y.T / x.shape[1] + 1) ** 3


def squared_mmd(real: Float[Tensor, "m d"], fake: Float[Tensor, "n d"]) -> float:
    """The unbiased estimate over all pairs; slightly negative values are possible and mean no evidence of a gap."""
    real, fake = checked_features(real), checked_features(fake)

    def within(x: Float[Tensor, "n d"]) -> Tensor:
        kernel = _kernel(x, x)
        return (kernel.sum() - kernel.trace()) / (len(x) * (len(x) - 1))

    return float(within(real) + within(fake) - 2 * _kernel(real, fake).mean())


def kid(
    real: Float[Tensor, "m d"], fake: Float[Tensor, "n d"], *, subsets: int, subset_images: int, seed: int = 0
) -> tuple[float, float]:
    """Mean and standard deviation of the squared MMD over random subsets without replacement, fixed by `seed`."""
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"features of different networks: {tuple(real.shape)} and {tuple(fake.shape)}")
    if subset_images > min(len(real), len(fake)):
        raise ValueError(
            f"subsets of {subset_images} images cannot be drawn from {len(real)} real and {len(fake)} fake ones: "
            "lower subset_images"
        )
    # The legacy generator is the one numpy promises never to change.
    random = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        chosen = [torch.from_numpy(random.choice(len(x), subset_images, replace=False)) for x in (real, fake)]
        values.append(squared_mmd(real[chosen[0]], fake[chosen[1]]))
    return float(np.mean(values)), float(np.std(values))
