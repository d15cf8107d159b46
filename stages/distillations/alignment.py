"""Kernel alignment: how alike two networks find the images of a batch (CAT: Jin et al., CVPR 2021, arXiv 2103.03467).

    K = X·Xᵀ,   alignment = ⟨K_T, K_S⟩ / (‖K_T‖·‖K_S‖),   L = weight · Σ (1 − alignment)

A row of X holds all features of an image. Not centred, as published. Channels and pixels are summed away, so any two
taps may be matched without an adapter. Published is minus the alignment; the 1 makes no difference to the gradient, and
the lesson is 0 where both agree. It is computed as ½·‖K_T/‖K_T‖ − K_S/‖K_S‖‖², the same without cancellation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from stages.learning import devices, matching
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported

TINY = 1e-20


def kernel(feature: Float[Tensor, "n ..."]) -> Float[Tensor, "n n"]:
    """How alike the images of a batch are, at unit norm."""
    rows = feature.float().flatten(1)
    with devices.full_precision(rows):
        products = rows @ rows.T
    return products / products.norm().clamp_min(TINY)


class Alignment(nn.Module):
    """weight · Σ over the matched taps of what their alignment lacks to 1."""

    def __init__(self, match: dict[str, str], weight: float, output: bool) -> None:
        super().__init__()
        self.watches, self.compares_output = tuple(match), output
        self.match, self.weight = match, weight

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            f"alignment_{theirs}": self.weight * misaligned(teacher[theirs], student[mine])
            for theirs, mine in self.match.items()
        }


def misaligned(theirs: Float[Tensor, "n ..."], mine: Float[Tensor, "n ..."]) -> Float[Tensor, ""]:
    """1 − alignment."""
    if len(mine) == 1:
        raise Unsupported("alignment compares the images of a batch, and this one has one: take larger batches")
    return (kernel(mine) - kernel(theirs)).square().sum() / 2


def objective(
    teacher: Side,  # noqa: ARG001 - the contract
    student: Side,
    *,
    match: Annotated[dict[str, str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; it learns of the batch only when it is called, and refuses a single image there."""
    return Alignment(match, weight, matching.only_output(student, match))


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair."""
    return matching.needs(settings)
