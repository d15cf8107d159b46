"""A teacher's probabilities at a temperature as labels (Hinton, Vinyals and Dean, 2015, arXiv 1503.02531).

    L = α·T²·CE(softmax(z_T / T), softmax(z_S / T)) + (1 − α)·L_xent

T² keeps the size of the gradient when T changes; the second term takes the place of the student's own cross-entropy.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from stages.learning.contracts import Parts, Seen


class Softened(nn.Module):
    """Both terms; `tap` names the logits, `part` the first term."""

    compares_output = True

    def __init__(self, tap: str, part: str, alpha: float, temperature: float) -> None:
        super().__init__()
        self.watches = (tap,)
        self.tap, self.part, self.alpha, self.temperature = tap, part, alpha, temperature

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        mine, theirs = (seen[self.tap].float() / self.temperature for seen in (student, teacher))
        soft = F.cross_entropy(mine, theirs.softmax(dim=1))
        own = student["own.cross_entropy"]
        return {"cross_entropy": (1 - self.alpha) * own, self.part: self.alpha * self.temperature**2 * soft}
