"""Whether a classifier is as often right as it says: expected calibration error (Guo et al., ICML 2017, 1706.04599)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.metrics import classification

COLUMNS = {"ece": ("min", "")}

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Of bins of equal width: images, their mean confidence, and the share of them that is right."""

    images: list[int]
    confidence: list[float]
    accuracy: list[float]


def reliability(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"], bins: int = BINS) -> Reliability:
    """Images by the probability of the class they were given; empty bins hold zeros."""
    classification.check(logits, truth)
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
