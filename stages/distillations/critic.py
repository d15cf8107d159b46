"""The teacher's discriminator as a ruler: L1 between its features of the student's and of the teacher's image.

Feature matching (Wang et al., pix2pixHD, CVPR 2018, arXiv 1711.11585) in the frozen discriminator that trained the
teacher; the idea of DCD (Hu et al., CVPR 2023, arXiv 2212.14169), which paints inner features to images and keeps
training that discriminator. L1, as in both: a trunk without norms has a few very large activations, and squares would
listen to little else. With several generators each one's image is judged by its own discriminator; a conditional one is
shown the input as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from torch import nn

from stages.blocks import judging
from stages.blocks.judging import Look
from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side


class Critic(nn.Module):
    """weight · Σ over layers of the mean absolute difference; reaches the student through its image alone."""

    compares_output = True

    def __init__(self, judges: dict[str, Look], layers: list[str], weight: float) -> None:
        super().__init__()
        self.watches = tuple(judges)
        self.judges, self.layers, self.weight = judges, layers, weight

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        parts = {}
        for tap, look in self.judges.items():
            name = matching.part("critic", tap, self.judges)
            for layer, apart in judging.distances(look, self.layers, teacher[tap], student[tap]).items():
                parts[f"{name}_{layer}"] = self.weight * apart
        return parts


def objective(
    teacher: Side,
    student: Side,
    *,
    layers: Annotated[list[str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; only networks that make images can take it."""
    return Critic(judging.judges(teacher, student), layers, weight)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The layers, which are the teacher's discriminator's."""
    return [Need(f"layers[{place}]", "critic", layer) for place, layer in enumerate(settings["layers"])]
