"""Whether subclasses that a network found by itself are the ones there are: adjusted mutual information.

Vinh, Epps and Bailey, JMLR 11, 2010: 0 for a chance agreement, 1 for the same partition, whatever the names.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

COLUMNS = {"subclass_ami": ("max", "")}


def rediscovery(logits: Float[Tensor, "n cs"], labels: Int[Tensor, " n"]) -> float:
    """Of the strongest subclass of each image and its true label, which training never saw."""
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("the logits of the subclasses are not finite")
    # Here, because the tables look at every metric's columns, and this import takes a second.
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(labels.tolist(), logits.argmax(dim=1).tolist()))


def projection(logits: Float[Tensor, "n cs"]) -> Float[Tensor, "n 2"]:
    """The two principal components of the logits, for a picture, each with its largest loading positive."""
    centred = logits.double() - logits.double().mean(dim=0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    strongest = axes[:2].abs().argmax(dim=1)
    signs = axes[:2].gather(1, strongest[:, None]).sign()
    return centred @ (axes[:2] * signs).T
