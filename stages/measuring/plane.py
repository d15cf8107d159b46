"""Logits of many dimensions as points in a plane, for a picture."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def projection(logits: Float[Tensor, "n cs"]) -> Float[Tensor, "n 2"]:
    """The two principal components of the logits, each with its largest loading positive."""
    centred = logits.double() - logits.double().mean(dim=0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    strongest = axes[:2].abs().argmax(dim=1)
    signs = axes[:2].gather(1, strongest[:, None]).sign()
    return centred @ (axes[:2] * signs).T
