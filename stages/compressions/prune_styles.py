"""The channels that styles and weights make the most of (Anycost GANs: Lin et al., CVPR 2021, arXiv 2103.03243).

    importance of a channel = Σ over the layers that read it of Σ|weight| · mean|style|

Styles are those of `latents` drawn from `seed`; a choice holds for all that write to or read from a map. Differences:
Anycost sorts all channels so and trains a generator of any width; here those in front are kept, once. Weights count as
they are used, over the root of a layer's inputs, so that layers of different kernels can be added.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from stages.blocks import slimming, surgery
from stages.learning.contracts import Family, Networks
from stages.settings.specs import Spec

FRESH = False


def importance(family: Any, latent: Float[Tensor, "n z"], generator: Any) -> list[Tensor]:  # noqa: ANN401 - demanded below
    """Of each channel of each map."""
    with torch.no_grad():
        return [slimming.importance(group) for group in family.readings(generator, latent)]


def make_student(
    family: Family,
    teacher: Networks,
    large: Spec,
    small: Spec,
    *,
    latents: Annotated[int, Field(ge=1)] = 1024,
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0,
) -> Networks:
    """Networks of the smaller spec, with the teacher's most important channels."""
    surgery.demand(family, "latents", "readings")
    drawn: Tensor = family.latents(teacher, latents, seed)  # type: ignore[attr-defined] # demanded above
    return slimming.trimmed("prune_styles", family, teacher, large, small, partial(importance, family, drawn))
