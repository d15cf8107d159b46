"""What a reader sees in images, factor by factor, and what follows for all of them once its mistakes are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.storage import factors
from stages.storage.factors import Factors
from stages.storage.prepared import Bytes

FOLLOWED = 0.5
"""A trait is judged where the reader's answers correlate with it at least so much."""


@dataclass(frozen=True)
class Readings:
    """Of each image the value of every category, and every trait in [0, 1]."""

    values: Int[Tensor, "n c"]
    traits: Float[Tensor, "n t"]

    def __len__(self) -> int:
        return len(self.values)

    def some(self, which: slice) -> Readings:
        """Those of some images."""
        return Readings(self.values[which], self.traits[which])

    def codes(self) -> Bytes:
        """As factors, to be drawn."""
        return np.concatenate([self.values.numpy().astype(np.uint8), factors.encoded(self.traits.numpy())], axis=1)


@dataclass(frozen=True)
class Mistakes:
    """How a reader errs on real images that it did not learn from.

    `confusions` count images by their value of a category, a row each, and the value that was read. `correlations` are
    those of every trait with what was read.
    """

    confusions: Mapping[str, Int[Tensor, "k k"]]
    correlations: Mapping[str, float]

    @property
    def followed(self) -> list[int]:
        """The places of the traits that can be judged."""
        return [index for index, each in enumerate(self.correlations.values()) if each >= FOLLOWED]


def joined(parts: Sequence[Readings]) -> Readings:
    """Pieces put together."""
    return Readings(torch.cat([each.values for each in parts]), torch.cat([each.traits for each in parts]))


def decoded(codes: Bytes, law: Factors) -> Readings:
    """Factors as a reader without mistakes reads them."""
    split = len(law.categories)
    return Readings(
        torch.from_numpy(codes[:, :split].astype(np.int64)), torch.from_numpy(factors.decoded(codes[:, split:]))
    )


def mistakes(found: Readings, truth: Readings, law: Factors) -> Mistakes:
    """What was read of real images beside what was drawn."""
    confusions = {}
    for place, (name, values) in enumerate(law.categories.items()):
        many = len(values)
        pairs = truth.values[:, place] * many + found.values[:, place]
        confusions[name] = torch.bincount(pairs, minlength=many**2).view(many, many)
    read, drawn = (each.traits.double() - each.traits.double().mean(dim=0) for each in (found, truth))
    scale = (read.square().sum(dim=0) * drawn.square().sum(dim=0)).sqrt().clamp_min(1e-12)
    correlations = ((read * drawn).sum(dim=0) / scale).tolist()
    return Mistakes(confusions, dict(zip(law.traits, correlations, strict=True)))


def shares(found: Readings, law: Factors, names: Sequence[str]) -> Float[Tensor, ...]:
    """The share of images in every cell of some categories, an axis for each of these."""
    sizes = [len(law.categories[name]) for name in names]
    counts = torch.bincount(cells(found, law, names), minlength=int(np.prod(sizes)))
    return counts.view(sizes).double() / len(found)


def cells(found: Readings, law: Factors, names: Sequence[str]) -> Int[Tensor, " n"]:
    """Of each image the number of its cell, the last category's value running fastest."""
    place = torch.zeros(len(found), dtype=torch.long)
    for name in names:
        place = place * len(law.categories[name]) + found.values[:, law.columns([name])[0]]
    return place


def known(law: Factors, names: Sequence[str]) -> Float[Tensor, ...]:
    """The chance of every cell of some categories, which are independent of each other."""
    chances = torch.ones((), dtype=torch.float64)
    for name in names:
        chances = chances[..., None] * torch.tensor(law.chances[name], dtype=torch.float64)
    return chances


def corrected(
    observed: Float[Tensor, ...], confusions: Mapping[str, Int[Tensor, "k k"]], names: Sequence[str]
) -> Float[Tensor, ...]:
    """The shares that explain those that were read: p with q = Cᵀp along every category, moved to the simplex.

    C holds the chance of reading a value, given the true one; mistakes in different categories are taken for
    independent. Cᵀ is inverted (its pseudo-inverse where the reader tells some values apart by chance alone), and the
    result moved to the nearest shares, none of them negative.
    """
    shares = observed
    for axis, name in enumerate(names):
        counts = confusions[name].double()
        # A value that no image had is taken to be read right.
        counts = torch.where(counts.sum(dim=1, keepdim=True) > 0, counts, torch.eye(len(counts), dtype=torch.float64))
        inverse = torch.linalg.pinv((counts / counts.sum(dim=1, keepdim=True)).T, rtol=1e-3)
        shares = torch.tensordot(inverse, shares, dims=([1], [axis])).movedim(0, axis)
    return on_simplex(shares.flatten()).view(observed.shape)


def on_simplex(point: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
    """The nearest point whose coordinates are not negative and sum to 1 (Duchi et al., ICML 2008)."""
    falling = point.sort(descending=True).values
    excess = (falling.cumsum(dim=0) - 1) / torch.arange(1, len(point) + 1, dtype=point.dtype)
    last = int((falling > excess).nonzero().max())
    return (point - excess[last]).clamp_min(0)


def variation(one: Tensor, other: Tensor) -> float:
    """Total variation of two distributions: half the sum of |p − q|."""
    return float((one - other).abs().sum() / 2)


def ranks(values: Float[Tensor, " n"], real: Float[Tensor, " m"]) -> Float[Tensor, " n"]:
    """The share of real values below each of others, those that are equal counted half."""
    ordered = real.contiguous().sort().values
    below = torch.searchsorted(ordered, values.contiguous()) + torch.searchsorted(
        ordered, values.contiguous(), right=True
    )
    return below.double() / (2 * len(ordered))
