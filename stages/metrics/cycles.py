"""What is left of an image that was translated and translated back, both times rounded to 8 bits.

A small error is no praise: networks hide in a translation what it should not show (Chu, Zhmoginov and Sandler,
CycleGAN, a Master of Steganography, 2017, arXiv 1712.02950). `kept_colour` looks at one trait, the mean colour of what
changes: where data hide it in the other label's images, whatever is kept was smuggled.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Cycles
from stages.measuring.features import levels

NEEDS = "cycles"
COLUMNS = {
    "l1_cycle": Column("min", "", "cycle error", "mean absolute error to the input after translating there and back"),
    "kept_colour": Column(
        "", "", "colour kept",
        "share of the variance over images of the mean colour of what changes that is there after translating there "
        "and back; below 0 where the colours are farther off than their mean",
    ),
}  # fmt: skip


def measure(given: Cycles) -> dict[str, Tensor | float]:
    """The error of each image, and where exact images tell what changes how much of its colour is kept."""
    original, returned = levels(given.original), levels(given.returned)
    found: dict[str, Tensor | float] = {"l1_cycle": (original - returned).abs().mean(dim=1)}
    if given.exact is not None:
        changing = (given.exact != given.original).any(axis=3)
        kept = share_kept(original, returned, torch.from_numpy(changing).flatten(1))
        return found if kept is None else {**found, "kept_colour": kept}
    return found


def share_kept(
    original: Float[Tensor, "n v"], returned: Float[Tensor, "n v"], where: Bool[Tensor, "n p"]
) -> float | None:
    """1 − Σ‖c′ − c‖² / Σ‖c − mean c‖², c the mean colours of the pixels of a mask; none where they do not differ."""
    some = where.any(dim=1)
    before, after = (mean_colour(each[some], where[some]) for each in (original, returned))
    spread = float((before - before.mean(dim=0)).square().sum()) if len(before) > 1 else 0.0
    return 1 - float((after - before).square().sum()) / spread if spread > 0 else None


def mean_colour(images: Float[Tensor, "n v"], where: Bool[Tensor, "n p"]) -> Float[Tensor, "n 3"]:
    """The mean colour of the pixels of a mask."""
    return (images.unflatten(1, (-1, 3)) * where[..., None]).sum(dim=1) / where.sum(dim=1, keepdim=True)
