"""Improved precision and recall: the share of fakes inside the real manifold, and of reals inside the fake one.

Kynkäänniemi et al., NeurIPS 2019, arXiv 1904.06991. A manifold is the union of balls around its points that reach their
k-th neighbour; the paper uses k = 3 and equal counts.
"""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Sets
from stages.measuring.features import checked_features

NEEDS = "sets"
COLUMNS = {
    "precision": Column("max", "", "precision", "share of the produced images among the real ones"),
    "recall": Column("max", "", "recall", "share of the real images among the produced ones"),
}

ROWS = 1024


def measure(
    given: Sets,
    *,
    neighbours: Annotated[int, Field(ge=1, le=50)],
    images: Annotated[int, Field(ge=16, le=1_000_000)] | None = None,
) -> dict[str, float]:
    """Both shares; `images` says how many of each set are compared, the first ones, where it is not all of them."""
    precision, recall = precision_recall(given.real[:images], given.fake[:images], neighbours=neighbours)
    return {"precision": precision, "recall": recall}


def _radii(points: Float[Tensor, "n d"], neighbours: int) -> Float[Tensor, " n"]:
    # The nearest point is the point itself.
    return torch.cat([torch.cdist(rows, points).kthvalue(neighbours + 1).values for rows in points.split(ROWS)])


def _inside(
    queries: Float[Tensor, "m d"], points: Float[Tensor, "n d"], radii: Float[Tensor, " n"]
) -> Bool[Tensor, " m"]:
    return torch.cat([(torch.cdist(rows, points) <= radii).any(dim=1) for rows in queries.split(ROWS)])


def precision_recall(real: Float[Tensor, "m d"], fake: Float[Tensor, "n d"], *, neighbours: int) -> tuple[float, float]:
    """Precision and recall of the fakes; both fall when counts do, so keep them equal within a table."""
    real, fake = checked_features(real), checked_features(fake)
    if neighbours < 1 or neighbours >= min(len(real), len(fake)):
        raise ValueError(
            f"{neighbours} neighbours need more than that many images, there are {len(real)} real and {len(fake)} fake"
        )
    precision = _inside(fake, real, _radii(real, neighbours))
    recall = _inside(real, fake, _radii(fake, neighbours))
    return float(precision.double().mean()), float(recall.double().mean())
