"""The seven classes of a street: their colours in maps, their chromaticities in photographs, and how both are read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stages.drawing.canvas import Plane
from stages.drawing.scenes import Pictures

Ids = npt.NDArray[np.uint8]


class Kind(NamedTuple):
    """A class: its name, its colour in the map, the middle of its colours in photographs, and what a tint adds."""

    name: str
    label: tuple[int, int, int]
    prototype: tuple[int, int, int]
    tint: tuple[float, float, float]


# Prototypes lie far apart in chromaticity, (r, g, b) / (r + g + b), and tints are small: whatever the light and the
# rounding, the nearest prototype is the right one.
CLASSES = (
    Kind("sky", (70, 130, 180), (112, 166, 236), (0.08, 0.0, 0.06)),
    Kind("building", (70, 70, 70), (204, 112, 80), (-0.02, 0.1, 0.04)),
    Kind("vegetation", (107, 142, 35), (88, 140, 56), (0.16, 0.0, -0.12)),
    Kind("sidewalk", (244, 35, 232), (208, 188, 142), (0.02, -0.05, 0.03)),
    Kind("road", (128, 64, 128), (106, 102, 126), (0.03, -0.02, -0.04)),
    Kind("car", (0, 0, 142), (208, 40, 84), (0.0, 0.0, 0.3)),
    Kind("person", (220, 20, 60), (240, 204, 48), (0.0, -0.07, -0.3)),
)
SKY, BUILDING, VEGETATION, SIDEWALK, ROAD, CAR, PERSON = range(len(CLASSES))


def column(what: str) -> Plane:
    """Something of every class, [7, 3]."""
    return np.array([getattr(kind, what) for kind in CLASSES], np.float32)


def labelled(ids: Ids) -> Pictures:
    """The map of what every pixel shows."""
    return np.array([kind.label for kind in CLASSES], np.uint8)[ids]


def classes(photos: Pictures) -> Ids:
    """The class of every pixel of a photograph [..., 3]: the prototype that is nearest in chromaticity."""
    levels = photos.astype(np.float32)
    shares = levels / np.maximum(levels.sum(axis=-1, keepdims=True), 1)
    prototypes = column("prototype") / column("prototype").sum(axis=1, keepdims=True)
    distances = sum((shares[..., channel, None] - prototypes[:, channel]) ** 2 for channel in range(3))
    return np.asarray(distances).argmin(axis=-1).astype(np.uint8)


def palette() -> str:
    """Name, colour in maps and prototype of every class, as the header of a data set notes them."""
    return ", ".join(f"{kind.name} #{bytes(kind.label).hex()} #{bytes(kind.prototype).hex()}" for kind in CLASSES)
