"""Whether a classifier is as often right as it says: expected calibration error (Guo et al., ICML 2017, 1706.04599)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Logits
from stages.measuring.decisions import check_classes

NEEDS = "logits"
COLUMNS = {
    "ece": Column(
        "min",
        "",
        "ECE",
        "expected calibration error: how far accuracy is from confidence, over 15 bins",
    )
}

BINS = 15


def measure(given: Logits) -> dict[str, float]:
    """The error over all images."""
    return {"ece": expected_error(reliability(given.classes, given.truth))}


def drawing(given: Logits) -> dict[str, Any]:
    """What the reliability diagram shows."""
    return {"reliability": asdict(reliability(given.classes, given.truth))}


@dataclass(frozen=True)
class Reliability:
    """Of bins of equal width: images, their mean confidence, and the share of them that is right."""

    images: list[int]
    confidence: list[float]
    accuracy: list[float]


def reliability(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"], bins: int = BINS) -> Reliability:
    """Images by the probability of the class they were given; empty bins hold zeros."""
    check_classes(logits, truth)
    confidence, predicted = logits.double().softmax(dim=1).max(dim=1)
    place = (confidence * bins).long().clamp(max=bins - 1)
    right = (predicted == truth).double()
    images = torch.bincount(place, minlength=bins)
    sums = (torch.bincount(place, weights=each, minlength=bins) for each in (confidence, right))
    means = [(each / images.clamp(min=1)).tolist() for each in sums]
    return Reliability(images.tolist(), *means)


def expected_error(found: Reliability) -> float:
    """ECE = Σ (share of the images in a bin) · |accuracy − confidence|."""
    gaps = zip(found.images, found.confidence, found.accuracy, strict=True)
    return sum(count * abs(right - sure) for count, sure, right in gaps) / sum(found.images)
