"""What is measured of all images of a label together: whole cycles, and the classes that readers see in photographs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from stages.measuring import palette
from stages.measuring.chosen import Chosen, needing
from stages.measuring.columns import FCN, RULE, named
from stages.measuring.contracts import Cycles, Layouts
from stages.measuring.examination import Test, WayBack
from stages.measuring.palette import VOID, Palette
from stages.measuring.segmenter import Segmenter
from stages.storage.prepared import Bytes

Reader = Callable[[Bytes], Bytes]
"""Photographs -> the class of each pixel."""


@dataclass
class Whole:
    """What a translator makes of all images towards one label, as far as metrics look at all of it."""

    test: Test
    target: int
    metrics: tuple[Chosen, ...]
    back: WayBack | None
    readers: Mapping[str, Reader]
    classes: Palette | None
    returned: list[Bytes] = field(default_factory=list)
    read: dict[str, list[Bytes]] = field(default_factory=dict)

    def look(self, part: slice, images: Bytes) -> None:
        """Take what one batch of images became."""
        if self.back is not None:
            self.returned.append(self.back(part, self.target, images))
        for affix, reader in self.readers.items():
            self.read.setdefault(affix, []).append(reader(images))

    def measured(self) -> dict[str, Tensor | float]:
        """The columns of all images, those of readers under their affixes."""
        found: dict[str, Tensor | float] = {}
        if self.returned:
            exact = self.test.truth(slice(None), self.target) if self.test.exact else None
            cycles = Cycles(self.test.images, np.concatenate(self.returned), exact)
            for metric in needing(self.metrics, "cycles"):
                found |= metric.measure(cycles)
        if self.classes is None:
            return found
        wanted = self.classes.layout(self.test.images)
        for affix, parts in self.read.items():
            layouts = Layouts(wanted, np.concatenate(parts), len(self.classes), VOID)
            for metric in needing(self.metrics, "layouts"):
                found |= {named(name, affix): value for name, value in metric.measure(layouts).items()}
        return found


def begin(
    test: Test, target: int, metrics: tuple[Chosen, ...], segmenter: Segmenter | None, back: WayBack | None
) -> Whole:
    """Before the first batch; only what some metric asks for is kept.

    Classes are read where label maps are translated to photographs, not the other way round.
    """
    kept, classes = back if needing(metrics, "cycles") else None, palette.of(test.header)
    if classes is None or not needing(metrics, "layouts") or test.asked[target] != test.header.labels[1]:
        return Whole(test, target, metrics, kept, {}, None)
    return Whole(test, target, metrics, kept, readers_of(classes, segmenter), classes)


def readers_of(classes: Palette, segmenter: Segmenter | None) -> dict[str, Reader]:
    """Who reads the classes of photographs, by the affix of their columns."""
    found: dict[str, Reader] = {}
    if segmenter is not None:
        found[FCN] = segmenter.seen
    if classes.prototypes is not None:
        found[RULE] = classes.seen
    return found


def by_image(found: Sequence[Mapping[str, Tensor | float]]) -> dict[str, Tensor]:
    """Numbers of each label that every image has, as [labels, images]."""
    names = dict.fromkeys(name for each in found for name, value in each.items() if isinstance(value, Tensor))
    return {name: torch.stack([torch.as_tensor(each[name]) for each in found]) for name in names}


def by_whole(found: Sequence[Mapping[str, Tensor | float]]) -> dict[str, Tensor]:
    """Numbers of each label that only all images together have; NaN where a label has none."""
    names = dict.fromkeys(name for each in found for name, value in each.items() if not isinstance(value, Tensor))
    return {
        name: torch.tensor([float(each.get(name, math.nan)) for each in found], dtype=torch.float64) for name in names
    }
