"""How the pixels of a map relate to each other, whatever its channels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from stages.blocks.distances import Norm, differences
from stages.blocks.surgery import evenly_spaced
from stages.learning import devices, matching
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported

FLOOR = 1e-4
"""The least norm of a row, relative to the largest of its image: the slope at a pixel without features stays finite."""
TINY = 1e-20


def chosen(pixels: Float[Tensor, "n c positions"], rows: int) -> Float[Tensor, "n c rows"]:
    """At most so many pixels, evenly spaced."""
    count = pixels.shape[2]
    if count <= rows:
        return pixels
    return pixels[:, :, torch.tensor(evenly_spaced(rows, count), device=pixels.device)]


def relation(feature: Float[Tensor, "n c h w"], rows: int) -> Float[Tensor, "n rows positions"]:
    """Rows of F·Fᵀ at unit norm: how a pixel relates to all pixels."""
    pixels = feature.float().flatten(2)
    with devices.full_precision(pixels):
        products = chosen(pixels, rows).transpose(1, 2) @ pixels
    norm = torch.linalg.vector_norm(products, dim=2, keepdim=True)
    least = FLOOR * norm.detach().amax(dim=1, keepdim=True)
    return products / torch.maximum(norm, least).clamp_min(TINY)


class Relation(nn.Module):
    """weight · Σ over the matched taps of the distance of their relations."""

    def __init__(
        self, match: dict[str, str], weight: float, norm: Norm, reduction: str, rows: int, output: bool
    ) -> None:
        super().__init__()
        self.match, self.weight, self.norm = match, weight, norm
        self.watches = tuple(match)
        self.reduction, self.rows, self.compares_output = reduction, rows, output

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            f"semantic_relation_{theirs}": self.weight * self.distance(teacher[theirs], student[mine])
            for theirs, mine in self.match.items()
        }

    def distance(self, theirs: Tensor, mine: Tensor) -> Tensor:
        """Of one pair: of whole rows, averaged over rows and images, or the average over all numbers."""
        apart = differences(relation(theirs, self.rows), relation(mine, self.rows), self.norm)
        return apart.mean() if self.reduction == "mean" else apart.sum(dim=2).mean()


def objective(
    teacher: Side,
    student: Side,
    *,
    match: Annotated[dict[str, str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
    norm: Norm = 1,
    reduction: Literal["row", "mean"] = "row",
    rows: Annotated[int, Field(ge=1)] = 1024,
) -> nn.Module:
    """The lesson; any two maps of equal height and width may be matched."""
    matching.demand_maps("semantic_relation", teacher, student, match)
    for theirs, mine in match.items():
        large, small = teacher.taps[theirs].side, student.taps[mine].side
        if large != small:
            raise Unsupported(
                f"semantic_relation compares maps of equal height and width; the teacher's {theirs} is {large} x "
                f"{large}, the student's {mine} {small} x {small}: match others"
            )
    return Relation(match, weight, norm, reduction, rows, matching.only_output(student, match))


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair."""
    return matching.needs(settings)
