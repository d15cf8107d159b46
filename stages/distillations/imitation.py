"""The teacher's image of the same input as the student's target, as pixels and as the teacher's critic sees it.

    L = image_weight · L1(S, T) + perceptual_weight · Σ over layers L1(D(S), D(T)),   D the teacher's frozen critic

What nearly all students of StyleGAN2 are taught at their output, with the published LPIPS in the place of the critic
(Liu et al., CVPR 2021, arXiv 2104.02244; Xu et al., ECCV 2022, arXiv 2208.08840). `perceptual: lpips` takes that one;
its weights must be there.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from stages.blocks import likeness
from stages.blocks.likeness import Eyes, Likeness, needs
from stages.learning.contracts import Parts, Seen, Side

__all__ = ["needs", "objective"]


class Imitation(nn.Module):
    """Both distances; they reach the student through its image alone."""

    compares_output = True

    def __init__(self, asked: Likeness) -> None:
        super().__init__()
        self.watches, self.asked = asked.watches, asked

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return self.asked.parts(student, teacher)


def objective(
    teacher: Side,
    student: Side,
    *,
    image_weight: Annotated[float, Field(gt=0)],
    perceptual_weight: Annotated[float, Field(gt=0)],
    perceptual: Eyes = "critic",
    layers: list[str] | None = None,
) -> nn.Module:
    """The lesson; only networks that make images can take it."""
    return Imitation(likeness.of("imitation", teacher, student, perceptual, layers, image_weight, perceptual_weight))
