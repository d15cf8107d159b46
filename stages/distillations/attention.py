"""Attention transfer: where a network is active, not how (Zagoruyko & Komodakis, ICLR 2017, arXiv 1612.03928).

    q = vec(mean_c f²) / ‖vec(mean_c f²)‖₂,   L = weight · Σ ‖q_T − q_S‖₂²

The channels are averaged away, so no adapter is needed; DMAD (Li et al., 2020, arXiv 2011.08382) uses it for GANs.
Difference from the released code: squares are summed over positions, not averaged, so a weight suits any resolution.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side


def attention(feature: Float[Tensor, "n c h w"]) -> Float[Tensor, "n positions"]:
    """The normalised map of mean squared activations."""
    return F.normalize(feature.float().square().mean(dim=1).flatten(1))


class Attention(nn.Module):
    """weight · Σ over the matched taps of the squared distance of their maps, averaged over the batch."""

    compares_output = False

    def __init__(self, match: dict[str, str], weight: float) -> None:
        super().__init__()
        self.watches, self.match, self.weight = tuple(match), match, weight

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            f"attention_{theirs}": self.weight * distance(attention(teacher[theirs]), attention(student[mine]))
            for theirs, mine in self.match.items()
        }


def distance(theirs: Float[Tensor, "n positions"], mine: Float[Tensor, "n positions"]) -> Float[Tensor, ""]:
    """The squared Euclidean distance, averaged over the batch."""
    return (mine - theirs).square().sum(dim=1).mean()


def objective(
    teacher: Side,  # noqa: ARG001 - the contract
    student: Side,  # noqa: ARG001 - the contract
    *,
    match: Annotated[dict[str, str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; any two taps of equal height and width may be matched."""
    return Attention(match, weight)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """Both taps of each pair."""
    return matching.needs(settings)
