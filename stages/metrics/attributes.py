"""Whether a judge sees what was asked for: accuracy of the target attribute, and of those that should not change.

Martorana's thesis on StarGAN reports the first; the second shows what it cost. State the judge's own accuracy on real
images beside both: it is the ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

COLUMNS = {
    "accuracy_target": ("max", ""),
    "accuracy_kept": ("max", ""),
}


def _groups(labels: Sequence[str], exclusive: Sequence[Sequence[str]]) -> Bool[Tensor, "c c"]:
    """Row i marks the columns that a change of column i touches: its exclusive group, or itself alone."""
    together = torch.eye(len(labels), dtype=torch.bool)
    for group in exclusive:
        columns = torch.tensor([list(labels).index(name) for name in group if name in labels], dtype=torch.long)
        together[columns[:, None], columns] = True
    return together


def decisions(
    logits: Float[Tensor, "n c"], labels: Sequence[str], exclusive: Sequence[Sequence[str]]
) -> Bool[Tensor, "n c"]:
    """The attributes the judge sees: positive logits, of an exclusive group the largest alone."""
    if logits.ndim != 2 or logits.shape[1] != len(labels) or not bool(torch.isfinite(logits).all()):
        raise ValueError(f"expected finite logits of {len(labels)} attributes, found shape {tuple(logits.shape)}")
    together = _groups(labels, exclusive)
    rivals = logits[:, None, :].masked_fill(~together | torch.eye(len(labels), dtype=torch.bool), -torch.inf)
    return (logits > 0) & (logits > rivals.amax(dim=2))


def _mean_where(right: Bool[Tensor, "n c"], where: Bool[Tensor, "n c"]) -> Float[Tensor, " n"]:
    return (right & where).sum(dim=1).double() / where.sum(dim=1)


def attribute_accuracy(
    logits: Float[Tensor, "n c"],
    wanted: Tensor,
    target: Int[Tensor, " n"],
    *,
    labels: Sequence[str],
    exclusive: Sequence[Sequence[str]],
) -> dict[str, Tensor]:
    """Per image: is the target as wanted, and which share of the others is as wanted (NaN where there are none).

    `wanted` holds the labels the translator was given, `target` the column that was asked to change. A target in an
    exclusive group is right when the whole group is: the asked colour seen, no other.
    """
    if wanted.shape != logits.shape or bool(((wanted != 0) & (wanted != 1)).any()):
        raise ValueError(f"wanted labels must be 0 or 1 and of shape {tuple(logits.shape)}")
    right = decisions(logits, labels, exclusive) == wanted.bool()
    touched = _groups(labels, exclusive)[target.long()]
    share = _mean_where(right, touched)
    return {"accuracy_target": (share == 1).double(), "accuracy_kept": _mean_where(right, ~touched)}


def expression_accuracy(logits: Float[Tensor, "n c"], wanted: Tensor) -> dict[str, Tensor]:
    """Per image: is the strongest expression the wanted one; an expression leaves no other attribute to keep."""
    if wanted.shape != logits.shape or bool((wanted.sum(dim=1) != 1).any()):
        raise ValueError("expressions are exclusive: exactly one must be wanted per image")
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("the judge's logits are not finite")
    return {"accuracy_target": (logits.argmax(dim=1) == wanted.argmax(dim=1)).double()}
