"""Two kinds of adversarial loss: least squares (Mao et al., ICCV 2017, arXiv 1611.04076), and the original one."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Kind = Literal["lsgan", "vanilla"]


def loss(kind: Kind, scores: Tensor, real: bool) -> Tensor:
    """How far scores are from those of real images, or of fake ones; the mean over all patches.

    `lsgan`: (score − 1)² or score². `vanilla`: cross-entropy of the score as a logit (Goodfellow et al., 2014).
    """
    if kind == "lsgan":
        return (scores - float(real)).square().mean()
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, float(real)))
