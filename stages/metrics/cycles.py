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
        "share of the variance over images of the mean colour of what changes that can be read off the images that "
        "were translated there and back",
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
    """1 − Σ‖c − l(c′)‖² / Σ‖c − mean c‖², c the mean colours of the pixels of a mask; none where they do not differ.

    l is the best line through each channel: a tint that all images share hides nothing.
    """
    some = where.any(dim=1)
    before, after = (mean_colour(each[some], where[some]) for each in (original, returned))
    before, after = before - before.mean(dim=0), after - after.mean(dim=0)
    total, spread = float(before.square().sum()), after.square().sum(dim=0)
    if len(before) < 2 or total == 0:
        return None
    explained = (before * after).sum(dim=0).square() / spread
    return float(explained.nan_to_num(nan=0.0).sum()) / total


def mean_colour(images: Float[Tensor, "n v"], where: Bool[Tensor, "n p"]) -> Float[Tensor, "n 3"]:
    """The mean colour of the pixels of a mask."""
    return (images.unflatten(1, (-1, 3)) * where[..., None]).sum(dim=1) / where.sum(dim=1, keepdim=True)
