"""The channels by whose weights images of different latents differ (DCP: Chung et al., CVPR 2024, arXiv 2403.13548).

    g_d = Σ|∂ Σ|G(w) − G(w + α·d)| / ∂ weight|,   score of a channel = Σ over batches of the variance of g_d over d

w + α·d is a fixed target; weights are those that read the channel. Directions d are the first principal ones of w, unit
vectors; α is `strength`, published 5. Differences: published directions are drawn with the variance that they explain
as chance, and each convolution alone chooses its inputs; here a choice holds for all that write to or read from a map.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from stages.blocks import slimming, surgery
from stages.learning.contracts import Family, Networks, Unsupported
from stages.settings.specs import Spec

FRESH = False

SPREAD, BATCH = 4096, 8
"""Latents whose w have the principal directions, and how many images are looked at together."""


def principal(w: Float[Tensor, "n z"], count: int) -> Float[Tensor, "count z"]:
    """The directions in which w varies most."""
    _, _, rows = torch.linalg.svd((w - w.mean(dim=0)).double(), full_matrices=False)
    return rows[:count].to(w.dtype)


def felt(family: Any, generator: Any, w: Tensor, moved: Tensor) -> list[Tensor]:  # noqa: ANN401 - demanded below
    """How much each channel's readers would change how far the images of w are from those of moved w."""
    groups = family.coupled_channels(generator)
    layers = [[surgery.last(layer) for layer in group.readers] for group in groups]
    weights: list[Any] = [layer.weight for group in layers for layer in group]
    with torch.no_grad():
        target = family.pictured(generator, moved)
    apart = (family.pictured(generator, w) - target).abs().sum()
    slopes = iter(torch.autograd.grad(apart, weights))
    return [
        torch.stack([inputs(next(slopes), layer).abs().flatten(1).sum(dim=1) for layer in group]).sum(dim=0)
        for group in layers
    ]


def inputs(weight: Tensor, layer: Any) -> Tensor:  # noqa: ANN401 - Conv2d or ConvTranspose2d
    """A convolution's weight with its input channels first."""
    return weight.transpose(0, 1 - surgery.output_axis(layer))


def diversity(
    family: Any,  # noqa: ANN401 - demanded below
    latent: Float[Tensor, "n z"],
    looked_at: int,
    directions: int,
    strength: float,
    generator: Any,  # noqa: ANN401 - the family's
) -> list[Tensor]:
    """The score of each channel of each map."""
    generator.requires_grad_(True)
    with torch.no_grad():
        w = generator.mapping(latent.to(generator.mean.device))
        along = principal(w, directions)
    total: list[Tensor] = []
    for batch in w[:looked_at].split(BATCH):
        found = [felt(family, generator, batch, batch + strength * direction) for direction in along]
        spread = [torch.stack(of_group).var(dim=0, unbiased=False) for of_group in zip(*found, strict=True)]
        total = [sum(both) for both in zip(total, spread, strict=True)] if total else spread  # type: ignore[misc]
    return total


def make_student(
    family: Family,
    teacher: Networks,
    large: Spec,
    small: Spec,
    *,
    latents: Annotated[int, Field(ge=1, le=SPREAD)] = 64,
    directions: Annotated[int, Field(ge=2)] = 10,
    strength: Annotated[float, Field(gt=0)] = 5.0,
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0,
) -> Networks:
    """Networks of the smaller spec, with the channels of the teacher that matter for diversity."""
    surgery.demand(family, "latents", "pictured", "coupled_channels")
    drawn: Tensor = family.latents(teacher, SPREAD, seed)  # type: ignore[attr-defined] # demanded above
    if directions > drawn.shape[1]:
        raise Unsupported(
            f"compression prune_diversity moves w along {directions} directions, and w has {drawn.shape[1]} numbers: "
            "ask for fewer `directions`"
        )
    score = partial(diversity, family, drawn, latents, directions, strength)
    return slimming.trimmed("prune_diversity", family, teacher, large, small, score)
