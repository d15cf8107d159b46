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

from stages.measuring.columns import Column
from stages.measuring.contracts import Logits
from stages.measuring.decisions import check_classes

NEEDS = "logits"
COLUMNS = {
    "error": Column("min", "", "error", "share of the test images that are given another class than theirs"),
    "accuracy": Column("max", "", "accuracy", "share of the test images that are given their class"),
    "cross_entropy": Column("min", "nat", "cross-entropy", "mean −log of the probability of the true class"),
    "cross_entropy_votes": Column(
        "min", "nat", "cross-entropy to votes", "cross-entropy to the shares of the annotators' votes"
    ),
    "f1": Column("max", "", "F1, mean", "F1 score, mean over classes"),
    "f1_weakest": Column("max", "", "F1, weakest class", "F1 score of the class that has the lowest"),
    "auc": Column("max", "", "AUC", "area under the ROC curve of each class against the rest, mean over classes"),
}


def measure(given: Logits) -> dict[str, Tensor | float]:
    """Numbers per image, and of classes their mean and the lowest."""
    found: dict[str, Tensor | float] = {**per_image(given.classes, given.truth)}
    if given.votes is not None:
        found["cross_entropy_votes"] = against_votes(given.classes, given.votes)
    each = by_class(given)
    f1, areas = torch.tensor(each["f1"], dtype=torch.float64), each["auc"]
    return {**found, "f1": float(f1.mean()), "f1_weakest": float(f1.min()), "auc": sum(areas) / len(areas)}


def by_class(given: Logits) -> dict[str, list[float]]:
    """What is known of each class."""
    shares = given.classes.double().softmax(dim=1)
    f1 = f1_scores(given.classes.argmax(dim=1), given.truth, shares.shape[1])
    areas = [area_under_curve(shares[:, label], given.truth == label) for label in range(shares.shape[1])]
    return {"f1": f1.tolist(), "auc": areas}


def per_image(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"]) -> dict[str, Tensor]:
    """What the means are made of: wrong, right, and −log of the probability of the true class."""
    check_classes(logits, truth)
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
