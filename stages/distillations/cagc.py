"""Content-aware distillation: likeness where there is content (CAGC: Liu et al., CVPR 2021, arXiv 2104.02244).

    L = image_weight · L1(m·S, m·T) + perceptual_weight · distance(m·S, m·T)

Published weights are 3 and 3, the distance LPIPS. Difference: the published mask m comes from a network that parses
faces, which other data do not have. Ours is what the teacher's own critic listens to: the slope of its verdict at the
teacher's image (Simonyan et al., 2014, arXiv 1312.6034), summed over colours, averaged over neighbours; the `content`
share of the pixels with the largest counts. It needs no labels and moves with what is in an image, as the variance of a
pixel over latents does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from stages.blocks import judging, likeness
from stages.blocks.likeness import Eyes, Likeness
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported


def content(
    look: judging.Look, verdict: str, image: Float[Tensor, "n c h w"], share: float
) -> Float[Tensor, "n 1 h w"]:
    """1 where a critic listens most, 0 elsewhere."""
    shown = image.detach().float().requires_grad_()
    with torch.enable_grad():
        judged = look(shown)[verdict].float().sum()
    (slope,) = torch.autograd.grad(judged, shown)
    around = image.shape[-1] // 16 * 2 + 1
    strength = slope.abs().sum(dim=1, keepdim=True)
    strength = F.avg_pool2d(strength, around, stride=1, padding=around // 2, count_include_pad=False)
    ranked = strength.flatten(1)
    count = max(1, round(share * ranked.shape[1]))
    chosen = ranked.topk(count, dim=1).indices
    return torch.zeros_like(ranked).scatter(1, chosen, 1.0).view_as(strength)


class ContentAware(nn.Module):
    """Both distances of masked images; they reach the student through its image alone."""

    compares_output = True

    def __init__(self, asked: Likeness, looks: dict[str, judging.Look], verdict: str, share: float) -> None:
        super().__init__()
        self.watches, self.asked = asked.watches, asked
        self.looks, self.verdict, self.share = looks, verdict, share

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        masks = {tap: content(look, self.verdict, teacher[tap], self.share) for tap, look in self.looks.items()}
        mine, theirs = ({tap: mask * seen[tap] for tap, mask in masks.items()} for seen in (student, teacher))
        return self.asked.parts(mine, theirs)


def objective(
    teacher: Side,
    student: Side,
    *,
    image_weight: Annotated[float, Field(gt=0)],
    perceptual_weight: Annotated[float, Field(gt=0)],
    verdict: str,
    content: Annotated[float, Field(gt=0, le=1)] = 0.5,
    perceptual: Eyes = "critic",
    layers: list[str] | None = None,
) -> nn.Module:
    """The lesson; `verdict` is the critic's tap whose slope is taken, `content` the share of pixels that count."""
    asked = likeness.of("cagc", teacher, student, perceptual, layers, image_weight, perceptual_weight)
    looks = judging.judges(teacher, student)
    if set(looks) != set(asked.images):
        raise Unsupported("cagc masks images, and the teacher's critic is shown more than one: take imitation")
    return ContentAware(asked, looks, verdict, content)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The layers and the verdict, which are the teacher's discriminator's."""
    return [*likeness.needs(settings), Need("verdict", "critic", settings["verdict"])]
