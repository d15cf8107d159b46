"""Whether subclasses that a network found by itself are the ones there are: adjusted mutual information.

Vinh, Epps and Bailey, JMLR 11, 2010: 0 for a chance agreement, 1 for the same partition, whatever the names.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Logits

NEEDS = "logits"
COLUMNS = {
    "subclass_ami": Column(
        "max",
        "",
        "subclass AMI",
        "adjusted mutual information of the strongest subclass and the true label, never seen in training",
    )
}


def measure(given: Logits) -> dict[str, float]:
    """The agreement, where a class is made of several labels; otherwise there are no subclasses to find."""
    if given.merge == 1:
        return {}
    return {"subclass_ami": rediscovery(given.subclasses, given.labels)}


def rediscovery(logits: Float[Tensor, "n cs"], labels: Int[Tensor, " n"]) -> float:
    """Of the strongest subclass of each image and its true label, which training never saw."""
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("the logits of the subclasses are not finite")
    # Here, since this import takes a second, which not every evaluation needs.
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(labels.tolist(), logits.argmax(dim=1).tolist()))
