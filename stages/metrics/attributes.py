"""Whether a judge sees what was asked for: accuracy of the target attribute, and of those that should not change.

Martorana's thesis on StarGAN reports the first; the second shows what it cost. State the judge's own accuracy on real
images beside both: it is the ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Answers
from stages.measuring.decisions import decisions, together

NEEDS = "answers"
COLUMNS = {
    "accuracy_target": Column(
        "max", "", "accuracy", "share of images in which the judge sees the label that was asked for"
    ),
    "accuracy_kept": Column(
        "max", "", "accuracy, kept", "share of the labels that should not change and in the judge's eyes did not"
    ),
}


def measure(given: Answers) -> dict[str, Tensor]:
    """Per image: is the target as wanted, and which share of the other labels is; exclusive labels leave no others."""
    if given.kind == "attributes":
        return attribute_accuracy(
            given.logits, given.wanted, given.column, labels=given.labels, exclusive=given.exclusive
        )
    return strongest_accuracy(given.logits, given.wanted)


def _mean_where(right: Bool[Tensor, "n c"], where: Bool[Tensor, " c"]) -> Float[Tensor, " n"]:
    return (right & where).sum(dim=1).double() / where.sum()


def attribute_accuracy(
    logits: Float[Tensor, "n c"],
    wanted: Tensor,
    column: int,
    *,
    labels: Sequence[str],
    exclusive: Sequence[Sequence[str]],
) -> dict[str, Tensor]:
    """Per image: is the target as wanted, and which share of the others is as wanted (NaN where there are none).

    `wanted` holds the labels the translator was given, `column` the one that was to change. A target in an exclusive
    group is right when the whole group is: the wanted colour seen, no other.
    """
    if wanted.shape != logits.shape or bool(((wanted != 0) & (wanted != 1)).any()):
        raise ValueError(f"wanted labels must be 0 or 1 and of shape {tuple(logits.shape)}")
    right = decisions(logits, labels, exclusive) == wanted.bool()
    touched = together(labels, exclusive)[column]
    share = _mean_where(right, touched)
    return {"accuracy_target": (share == 1).double(), "accuracy_kept": _mean_where(right, ~touched)}


def strongest_accuracy(logits: Float[Tensor, "n c"], wanted: Tensor) -> dict[str, Tensor]:
    """Per image: is the strongest label the wanted one, where all labels exclude each other."""
    if wanted.shape != logits.shape or bool((wanted.sum(dim=1) != 1).any()):
        raise ValueError("these labels are exclusive: exactly one must be wanted per image")
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("the judge's logits are not finite")
    return {"accuracy_target": (logits.argmax(dim=1) == wanted.argmax(dim=1)).double()}
