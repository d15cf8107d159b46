"""Likeness, and how images relate to images of moved latents (StyleKD: Xu et al., ECCV 2022, arXiv 2208.08840).

    A_ij = cos(f_i(w), f_j(w + offset)),   L = … + relation_weight · Σ over taps KL(softmax A_T ‖ softmax A_S)

Rows and columns are the images of a batch, f all features of one at a tap. Published weights are 3 for L1, 3 for LPIPS,
30 for the relation; taps the last maps of 16 to 128 px; offsets go along the main directions of the teacher's style
affines, which the family makes. Differences: the released code also masks images to content, as `cagc` does; here the
whole image counts, seen by the teacher's critic unless `perceptual: lpips`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from stages.blocks import likeness
from stages.blocks.likeness import Eyes, Likeness
from stages.learning import devices, matching
from stages.learning.contracts import AGAIN, Need, Parts, Seen, Side, Unsupported


def relation(here: Float[Tensor, "n ..."], moved: Float[Tensor, "n ..."]) -> Float[Tensor, "n n"]:
    """The logarithms of how alike each image is to each of the moved ones, of all of which it adds up to 1."""
    mine, others = (F.normalize(feature.float().flatten(1)) for feature in (here, moved))
    with devices.full_precision(mine):
        return F.log_softmax(mine @ others.T, dim=1)


class Relations(nn.Module):
    """Likeness of images, and the divergence of relations at each tap."""

    compares_output = False

    def __init__(self, asked: Likeness, taps: list[str], weight: float) -> None:
        super().__init__()
        self.watches = (*asked.watches, *taps, *(f"{AGAIN}{tap}" for tap in taps))
        self.asked, self.taps, self.weight = asked, taps, weight

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        apart = {f"stylekd_relation_{tap}": self.weight * self.divergence(student, teacher, tap) for tap in self.taps}
        return self.asked.parts(student, teacher) | apart

    def divergence(self, student: Seen, teacher: Seen, tap: str) -> Tensor:
        """KL(teacher ‖ student) at one tap, averaged over the batch."""
        if len(student[tap]) == 1:
            raise Unsupported("stylekd relates the images of a batch, and this one has one: take larger batches")
        mine, theirs = (relation(seen[tap], seen[f"{AGAIN}{tap}"]) for seen in (student, teacher))
        return F.kl_div(mine, theirs, reduction="batchmean", log_target=True)


def objective(
    teacher: Side,
    student: Side,
    *,
    image_weight: Annotated[float, Field(gt=0)],
    perceptual_weight: Annotated[float, Field(gt=0)],
    relation_weight: Annotated[float, Field(gt=0)],
    taps: Annotated[list[str], Field(min_length=1)],
    perceptual: Eyes = "critic",
    layers: list[str] | None = None,
) -> nn.Module:
    """The lesson; only generators of latents that can be moved take it."""
    asked = likeness.of("stylekd", teacher, student, perceptual, layers, image_weight, perceptual_weight)
    if not all("w" in side.taps for side in (teacher, student)):
        raise Unsupported("stylekd moves the latents w of a generator, and this network has none")
    matching.demand_maps("stylekd", teacher, student, dict(zip(taps, taps, strict=True)))
    return Relations(asked, taps, relation_weight)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The layers, which are the teacher's discriminator's, and the taps of both sides."""
    named = enumerate(settings["taps"])
    both = [need for place, tap in named for need in matching.both(f"taps[{place}]", tap, tap)]
    return [*likeness.needs(settings), *both]
