"""Percentile bootstrap interval of a mean over images (Efron 1979): the bounds of columns, none of its own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

AT_ONCE = 2**22


def interval(values: Float[Tensor, " n"], *, resamples: int, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Bounds of the mean at `level`; one value per test image, so average what shares an image before.

    It covers the choice of test images, not that of training seeds.
    """
    if values.ndim != 1 or len(values) < 2 or not bool(torch.isfinite(values).all()):
        raise ValueError("a bootstrap needs finite values of at least two images: leave out images without one")
    if resamples < 1 or not 0 < level < 1:
        raise ValueError(f"a bootstrap needs resamples and a level between 0 and 1, found {resamples} and {level}")
    values, random = values.double(), torch.Generator().manual_seed(seed)
    rows = max(1, AT_ONCE // len(values))
    means = [
        values[torch.randint(len(values), (min(rows, resamples - start), len(values)), generator=random)].mean(dim=1)
        for start in range(0, resamples, rows)
    ]
    tail = (1 - level) / 2
    low, high = torch.quantile(torch.cat(means), torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return low, high
