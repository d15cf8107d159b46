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


AT_ONCE = 64
"""Images that are held as floating-point numbers at once."""


def measure(given: Cycles) -> dict[str, Tensor | float]:
    """The error of each image, and where exact images tell what changes how much of its colour is kept."""
    errors, before, after = [], [], []
    for start in range(0, len(given.original), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        original, returned = levels(given.original[part]), levels(given.returned[part])
        errors.append((original - returned).abs().mean(dim=1))
        if given.exact is not None:
            changing = torch.from_numpy((given.exact[part] != given.original[part]).any(axis=3)).flatten(1)
            before.append(mean_colours(original, changing))
            after.append(mean_colours(returned, changing))
    kept = share_kept(torch.cat(before), torch.cat(after)) if before else None
    return {"l1_cycle": torch.cat(errors), **({} if kept is None else {"kept_colour": kept})}


def mean_colours(images: Float[Tensor, "n v"], where: Bool[Tensor, "n p"]) -> Float[Tensor, "m 3"]:
    """The mean colour of the pixels of a mask in each image; none of images where it is empty."""
    some = where.any(dim=1)
    pixels = images[some].unflatten(1, (-1, 3)) * where[some][..., None]
    return pixels.sum(dim=1) / where[some].sum(dim=1, keepdim=True)


def share_kept(before: Float[Tensor, "m 3"], after: Float[Tensor, "m 3"]) -> float | None:
    """1 − Σ‖c − l(c′)‖² / Σ‖c − mean c‖² of colours; none where they do not differ.

    l is the best line through each channel: a tint that all images share hides nothing.
    """
    if len(before) < 2:
        return None
    before, after = before - before.mean(dim=0), after - after.mean(dim=0)
    total = float(before.square().sum())
    # One colour for all images varies by rounding alone, which explains nothing.
    explained = (before * after).sum(dim=0).square() / after.square().sum(dim=0).clamp_min(1e-12)
    return float(explained.sum()) / total if total > 0 else None
