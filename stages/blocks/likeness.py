"""How far the student's images are from the teacher's, as pixels and as somebody sees them.

Seen by the frozen critics that trained the teacher, layer by layer, or by the published LPIPS with VGG-16, where its
weights are there. The network that judges is asked by nobody who teaches: it would be circular.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import Tensor

from stages.blocks import judging, published_lpips
from stages.blocks.distances import differences
from stages.learning import matching
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported

Eyes = Literal["critic", "lpips"]
"""Who looks at images."""

Compare = Callable[[Tensor, Tensor], Parts]
"""The teacher's image and the student's -> their distances, each by a name."""


@dataclass(frozen=True)
class Likeness:
    """The mean absolute difference of each kind of image, and the distances of what is seen in it, both weighed."""

    lesson: str
    images: tuple[str, ...]
    compared: Mapping[str, Compare]
    image_weight: float
    perceptual_weight: float

    @property
    def watches(self) -> tuple[str, ...]:
        """The teacher's taps that are looked at."""
        return tuple(dict.fromkeys((*self.images, *self.compared)))

    def parts(self, student: Seen, teacher: Seen) -> Parts:
        """Every term by its name."""
        found = {}
        for tap in self.images:
            name = matching.part(f"{self.lesson}_image", tap, self.images)
            found[name] = self.image_weight * differences(teacher[tap], student[tap], 1).mean()
        for tap, compare in self.compared.items():
            name = matching.part(self.lesson, tap, self.compared)
            for layer, apart in compare(teacher[tap], student[tap]).items():
                found[f"{name}_{layer}"] = self.perceptual_weight * apart
        return found


def of(
    lesson: str,
    teacher: Side,
    student: Side,
    perceptual: Eyes,
    layers: list[str] | None,
    image_weight: float,
    perceptual_weight: float,
) -> Likeness:
    """What a lesson asks of the images that both sides make."""
    images = matching.images(teacher, student)
    if not images:
        raise Unsupported(f"{lesson} compares images, and this network makes none: teach it to the generator")
    compared: dict[str, Compare] = {}
    if perceptual == "lpips":
        if layers:
            raise Unsupported(f"{lesson} looks at `layers` of the teacher's critic, and lpips has its own: name none")
        compared = dict.fromkeys(images, published)
    else:
        if not layers:
            raise Unsupported(f"{lesson} looks at layers of the teacher's critic: name some in `layers`")
        looks = judging.judges(teacher, student)
        compared = {tap: partial(judged, look, layers) for tap, look in looks.items()}
    return Likeness(lesson, images, compared, image_weight, perceptual_weight)


def judged(look: judging.Look, layers: list[str], theirs: Tensor, mine: Tensor) -> Parts:
    """How a critic sees two images."""
    return {f"critic_{layer}": apart for layer, apart in judging.distances(look, layers, theirs.detach(), mine).items()}


def published(theirs: Tensor, mine: Tensor) -> Parts:
    """LPIPS of two images."""
    return {"lpips": published_lpips.ready("vgg", mine.device)(mine.float(), theirs.float()).mean()}


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The layers, which are the teacher's discriminator's."""
    return [Need(f"layers[{place}]", "critic", layer) for place, layer in enumerate(settings.get("layers") or ())]
