"""How often a classifier is right: accuracy, error, cross-entropy, F1 of each class, and area under the ROC curve.

Where classes are unequal, F1 and the area say more than the accuracy does. `f1` is the mean over classes (macro), `auc`
the mean over classes of each against the rest: the chance that an image of the class is ranked above one of another
(Hanley and McNeil, Radiology 143, 1982).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

COLUMNS = {
    "error": ("min", ""),
    "accuracy": ("max", ""),
    "cross_entropy": ("min", "nat"),
    "cross_entropy_votes": ("min", "nat"),
    "f1": ("max", ""),
    "f1_weakest": ("max", ""),
    "auc": ("max", ""),
}


def check(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"]) -> None:
    """Finite logits of at least two classes, and a truth among them for each image."""
    if logits.ndim != 2 or logits.shape[1] < 2 or not bool(torch.isfinite(logits).all()):
        raise ValueError(f"expected finite logits of two or more classes, found shape {tuple(logits.shape)}")
    if truth.shape != logits.shape[:1] or not len(truth):
        raise ValueError(f"expected a class for each of {len(logits)} images, found shape {tuple(truth.shape)}")
    if int(truth.min()) < 0 or int(truth.max()) >= logits.shape[1]:
        raise ValueError(f"classes must be 0 to {logits.shape[1] - 1}")


def per_image(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"]) -> dict[str, Tensor]:
    """What the means are made of: wrong, right, and −log of the probability of the true class."""
    check(logits, truth)
    right = (logits.argmax(dim=1) == truth).double()
    return {
        "error": 1 - right,
        "accuracy": right,
        "cross_entropy": F.cross_entropy(logits.double(), truth, reduction="none"),
    }


def against_votes(logits: Float[Tensor, "n c"], votes: Float[Tensor, "n c"]) -> Float[Tensor, " n"]:
    """Cross-entropy per image to the shares of the annotators' votes; least where the network doubts as they do."""
    shares = votes.double() / votes.double().sum(dim=1, keepdim=True)
    return F.cross_entropy(logits.double(), shares, reduction="none")


def f1_scores(predicted: Int[Tensor, " n"], truth: Int[Tensor, " n"], classes: int) -> Float[Tensor, " c"]:
    """2·TP / (2·TP + FP + FN) of each class; 0 where a class is neither seen nor there."""
    found = torch.zeros(classes, dtype=torch.float64)
    for label in range(classes):
        mine, theirs = predicted == label, truth == label
        total = int(mine.sum() + theirs.sum())
        found[label] = 2 * int((mine & theirs).sum()) / total if total else 0.0
    return found


def area_under_curve(score: Float[Tensor, " n"], positive: Tensor) -> float:
    """Share of pairs of a positive and a negative in which the positive scores higher; ties count half."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        raise ValueError("the area under the curve needs images of the class and others")
    _, group, counts = torch.unique(score.double(), return_inverse=True, return_counts=True)
    # The rank of a tie is the mean of the ranks it spans.
    last = counts.cumsum(0).double()
    ranks = (last - (counts - 1) / 2)[group]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def scores(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"]) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Means over images or classes, and what is known of each class."""
    classes = logits.shape[1]
    means = {name: float(values.mean()) for name, values in per_image(logits, truth).items()}
    f1 = f1_scores(logits.argmax(dim=1), truth, classes)
    shares = logits.double().softmax(dim=1)
    areas = [area_under_curve(shares[:, label], truth == label) for label in range(classes)]
    each = [{"f1": float(f1[label]), "auc": areas[label]} for label in range(classes)]
    overall = {"f1": float(f1.mean()), "f1_weakest": float(f1.min()), "auc": sum(areas) / classes}
    return {**means, **overall}, each
