"""The distance of the student's images from the teacher's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field
from torch import nn

from stages.blocks.distances import Norm, differences
from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported


class Images(nn.Module):
    """weight · the mean difference of each kind of image."""

    compares_output = True

    def __init__(self, images: Sequence[str], weight: float, norm: Norm) -> None:
        super().__init__()
        self.watches, self.weight, self.norm = tuple(images), weight, norm

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            matching.part("image", image, self.watches): self.weight
            * differences(teacher[image], student[image], self.norm).mean()
            for image in self.watches
        }


def objective(
    teacher: Side,
    student: Side,
    *,
    weight: Annotated[float, Field(gt=0)],
    norm: Norm = 1,
    images: Annotated[list[str], Field(min_length=1)] | None = None,
) -> nn.Module:
    """The lesson, on all images that both sides make or on those that are named."""
    made = matching.images(teacher, student)
    if not made:
        raise Unsupported("image compares images, and this network makes none: teach it to the generator")
    others = [image for image in images or () if image not in made]
    if others:
        raise Unsupported(f"image compares images, which {', '.join(others)} is not; there are: {', '.join(made)}")
    return Images(images or made, weight, norm)


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The images that are named, of both sides."""
    named = enumerate(settings.get("images") or ())
    return [need for place, image in named for need in matching.both(f"images[{place}]", image, image)]
