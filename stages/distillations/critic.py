"""The teacher's discriminator as a ruler: L1 between its features of the student's and of the teacher's image.

Feature matching (Wang et al., pix2pixHD, CVPR 2018, arXiv 1711.11585) in the frozen discriminator that trained the
teacher; the idea of DCD (Hu et al., CVPR 2023, arXiv 2212.14169), which paints inner features to images and keeps
training that discriminator. L1, as in both: a trunk without norms has a few very large activations, and squares would
listen to little else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import nn

from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported


class Critic(nn.Module):
    """weight · Σ over layers of the mean absolute difference; reaches the student through its image alone."""

    compares_output = True

    def __init__(self, discriminator: Any, image: str, layers: list[str], weight: float) -> None:  # noqa: ANN401 - a family's own
        super().__init__()
        # The method, not the module: the teacher's weights are neither trained, nor moved, nor saved with the lesson.
        self.look = discriminator.watch
        self.watches = (image,)
        self.image, self.layers, self.weight = image, layers, weight

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        with torch.no_grad():
            theirs = self.look(teacher[self.image])
        mine = self.look(student[self.image])
        missing = [layer for layer in self.layers if layer not in theirs]
        if missing:
            raise ValueError(f"the teacher's discriminator has no {', '.join(missing)}; it has {', '.join(theirs)}")
        return {
            f"critic_{layer}": self.weight * F.l1_loss(mine[layer].float(), theirs[layer].float())
            for layer in self.layers
        }


def objective(
    teacher: Side,
    student: Side,
    *,
    layers: Annotated[list[str], Field(min_length=1)],
    weight: Annotated[float, Field(gt=0)],
) -> nn.Module:
    """The lesson; only a network that makes images can take it."""
    images = matching.images(teacher, student)
    if not images:
        raise Unsupported("critic judges images, and this network makes none: teach it to the generator")
    if (len(images), len(teacher.critics)) != (1, 1):
        found = f"{len(images)} kinds of images and {len(teacher.critics)} discriminators"
        raise Unsupported(f"critic judges one kind of image by one discriminator of the teacher; there are {found}")
    (critic,) = teacher.critics.values()
    return Critic(critic.requires_grad_(False), images[0], layers, weight)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The layers, which are the teacher's discriminator's."""
    return [Need(f"layers[{place}]", "critic", layer) for place, layer in enumerate(settings["layers"])]
