"""What a network's logits decide: attributes, of which those that exclude each other give one, and classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def together(labels: Sequence[str], exclusive: Sequence[Sequence[str]]) -> Bool[Tensor, "c c"]:
    """Row i marks the columns that a change of column i touches: its exclusive group, or itself alone."""
    found = torch.eye(len(labels), dtype=torch.bool)
    for group in exclusive:
        columns = torch.tensor([list(labels).index(name) for name in group if name in labels], dtype=torch.long)
        found[columns[:, None], columns] = True
    return found


def decisions(
    logits: Float[Tensor, "n c"], labels: Sequence[str], exclusive: Sequence[Sequence[str]]
) -> Bool[Tensor, "n c"]:
    """The attributes the judge sees: positive logits, of an exclusive group the largest alone."""
    if logits.ndim != 2 or logits.shape[1] != len(labels) or not bool(torch.isfinite(logits).all()):
        raise ValueError(f"expected finite logits of {len(labels)} attributes, found shape {tuple(logits.shape)}")
    rivals = together(labels, exclusive) & ~torch.eye(len(labels), dtype=torch.bool)
    strongest = logits[:, None, :].masked_fill(~rivals, -torch.inf).amax(dim=2)
    return (logits > 0) & (logits > strongest)


def check_classes(logits: Float[Tensor, "n c"], truth: Int[Tensor, " n"]) -> None:
    """Refuse all but finite logits of two or more classes, and a truth among them for each image."""
    if logits.ndim != 2 or logits.shape[1] < 2 or not bool(torch.isfinite(logits).all()):
        raise ValueError(f"expected finite logits of two or more classes, found shape {tuple(logits.shape)}")
    if truth.shape != logits.shape[:1] or not len(truth):
        raise ValueError(f"expected a class for each of {len(logits)} images, found shape {tuple(truth.shape)}")
    if int(truth.min()) < 0 or int(truth.max()) >= logits.shape[1]:
        raise ValueError(f"classes must be 0 to {logits.shape[1] - 1}")
