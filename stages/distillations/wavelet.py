"""Wavelet distillation: L1 between the high Haar bands of two images (Zhang et al., CVPR 2022, arXiv 2203.06321).

The low band is left to the adversarial game: small generators fail in the high frequencies. Each level splits the low
band of the level before; its three bands are averaged, the levels are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported


def haar(image: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n c h2 w2"], Float[Tensor, "n bands h2 w2"]]:
    """The low band, and the bands LH, HL, HH of the orthonormal Haar transform."""
    if image.shape[-2] % 2 or image.shape[-1] % 2:
        raise ValueError(
            f"wavelet cannot halve a map of {image.shape[-2]} x {image.shape[-1]}: ask for fewer `levels`, "
            "or for a resolution that can be halved that often"
        )
    a, b = image[..., 0::2, 0::2], image[..., 0::2, 1::2]
    c, d = image[..., 1::2, 0::2], image[..., 1::2, 1::2]
    return (a + b + c + d) / 2, torch.cat([a - b + c - d, a + b - c - d, a - b - c + d], dim=1) / 2


class Wavelet(nn.Module):
    """weight · Σ over levels of the mean absolute difference of the high bands."""

    compares_output = True

    def __init__(self, images: tuple[str, ...], weight: float, levels: int) -> None:
        super().__init__()
        self.watches, self.weight, self.levels = images, weight, levels

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        parts = {}
        for image in self.watches:
            mine, theirs = student[image].float(), teacher[image].float()
            name = matching.part("wavelet", image, self.watches)
            for level in range(1, self.levels + 1):
                (mine, my_bands), (theirs, their_bands) = haar(mine), haar(theirs)
                parts[f"{name}_{level}"] = self.weight * F.l1_loss(my_bands, their_bands)
        return parts


def objective(
    teacher: Side,
    student: Side,
    *,
    weight: Annotated[float, Field(gt=0)],
    levels: Annotated[int, Field(ge=1, le=9)],
) -> nn.Module:
    """The lesson; only a network that makes images can take it."""
    images = matching.images(teacher, student)
    if not images:
        raise Unsupported("wavelet compares images, and this network makes none: teach it to the generator")
    return Wavelet(images, weight, levels)


def needs(settings: Mapping[str, Any]) -> list[Need]:  # noqa: ARG001 - the contract
    """The settings name no tap."""
    return []
