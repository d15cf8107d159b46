"""Whether photographs show the layout that was asked for: classes read again, against those of the label maps.

The FCN score of pix2pix (Isola et al., CVPR 2017, arXiv 1611.07004), after Long, Shelhamer and Darrell (CVPR 2015):
one confusion matrix over all images, pixels without a class left out. Differences: classes are read at the resolution
of the data, not at that of the original photographs, and by a reader that the column names; of classes that are neither
wanted nor found nothing is counted, where the published code counts 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Layouts

NEEDS = "layouts"
COLUMNS = {
    "pixel_accuracy": Column("max", "", "pixel accuracy", "share of the pixels whose class is the wanted one"),
    "class_accuracy": Column("max", "", "class accuracy", "mean over classes of the share of their pixels found"),
    "class_iou": Column("max", "", "class IoU", "mean over classes of intersection over union of wanted and found"),
}


AT_ONCE = 64
"""Images that are counted at once."""


def measure(given: Layouts) -> dict[str, float]:
    """The three scores of all images together."""
    if given.wanted.shape != given.found.shape:
        raise ValueError(f"layouts to compare must have one shape: {given.wanted.shape} and {given.found.shape}")
    matrix = torch.zeros(given.classes, given.classes, dtype=torch.long)
    for start in range(0, len(given.wanted), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        wanted, found = (torch.from_numpy(each[part]).flatten().long() for each in (given.wanted, given.found))
        real = wanted != given.void
        matrix += confusion(wanted[real], found[real], given.classes)
    return scores(matrix)


def confusion(wanted: Int[Tensor, " p"], found: Int[Tensor, " p"], classes: int) -> Int[Tensor, "c c"]:
    """Pixels by their wanted class, a row each, and the class that was found."""
    if wanted.numel() and int(torch.stack([wanted, found]).max()) >= classes:
        raise ValueError(f"classes must be 0 to {classes - 1}")
    return torch.bincount(wanted * classes + found, minlength=classes**2).view(classes, classes)


def scores(matrix: Int[Tensor, "c c"]) -> dict[str, float]:
    """Σ n_ii / Σ n_ij; the mean over i of n_ii / Σ_j n_ij; the mean of n_ii / (Σ_j n_ij + Σ_j n_ji − n_ii)."""
    right, wanted, found = (each.double() for each in (matrix.diagonal(), matrix.sum(dim=1), matrix.sum(dim=0)))
    if not bool(matrix.any()):
        raise ValueError("a score needs pixels of some class; all are void")
    return {
        "pixel_accuracy": float(right.sum() / wanted.sum()),
        "class_accuracy": float((right / wanted).nanmean()),
        "class_iou": float((right / (wanted + found - right)).nanmean()),
    }
