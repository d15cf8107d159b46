"""Portraits as a program: layers from back to front, of which each attribute owns a region."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stages.drawing import face, hair
from stages.drawing.canvas import (
    Box,
    Grid,
    Layer,
    composite,
    cover,
    ellipse,
    hue,
    join,
    lit,
    mix,
    rounded_box,
    spread,
    stripes,
)
from stages.drawing.people import People


def draw(people: People, resolution: int) -> npt.NDArray[np.uint8]:
    """uint8 [n, resolution, resolution, 3]; in batches that stay in the cache, which the result doesn't depend on."""
    pictures = np.empty((len(people), resolution, resolution, 3), np.uint8)
    batch = max(1, 2**15 // resolution**2)
    for start in range(0, len(people), batch):
        some = people.some(slice(start, start + batch))
        pictures[start : start + batch] = composite(layers(some, resolution), len(some), resolution)
    return pictures


def region(people: People, target: str, resolution: int) -> npt.NDArray[np.bool_]:
    """Where the way towards a target may change a picture, from the shapes alone: bool [n, resolution, resolution]."""
    mask = np.zeros((len(people), resolution, resolution), np.bool_)
    for before, after in zip(layers(people, resolution), layers(people.towards(target), resolution), strict=True):
        spread(mask, before, after, target)
    return mask


def layers(people: People, resolution: int) -> Iterator[Layer]:
    """The portrait from back to front: always the same layers, whoever it is, so that two can be compared."""
    grid = _pose(people, resolution)
    yield _background(people, grid)
    yield from _clothes(people, grid)
    yield from hair.behind(people, grid)
    yield from face.neck_and_ears(people, grid)
    yield from face.head(people, grid)
    yield from face.age(people, grid)
    yield from face.nose(people, grid)
    yield from face.facial_hair(people, grid)
    yield from face.mouth(people, grid)
    yield from face.eyes(people, grid)
    yield from hair.in_front(people, grid)
    yield from face.brows(people, grid)


def _pose(people: People, resolution: int) -> Grid:
    centres = ((np.arange(resolution) + 0.5) * 2 / resolution - 1).astype(np.float32)
    x, y = centres.reshape(1, 1, -1), centres.reshape(1, -1, 1)
    right, down = x - people.trait("shift_x", -0.05, 0.05), y - people.trait("shift_y", -0.09, -0.02)
    # The rotation by twice the angle whose tangent is t, without a sine.
    t = people.trait("tilt", -0.035, 0.035)
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    scale = people.trait("scale", 1.11, 1.19)
    u = (cosine * right + sine * down) / (scale * people.trait("face_width", 0.96, 1.04))
    v = (cosine * down - sine * right) / (scale * people.trait("face_height", 0.97, 1.02))
    pixel = np.float32(2 / resolution) / scale
    return Grid(x, y, u, v, pixel, slice(0, resolution), slice(0, resolution))


def _background(people: People, grid: Grid) -> Layer:
    value = people.trait("background_value", 0.55, 0.9)
    saturation = people.trait("background_saturation", 0.12, 0.5)
    colour = hue(people.trait("background_hue"), saturation, value)
    glow = grid.x * grid.x + (grid.y + 0.2) * (grid.y + 0.2)
    brightness = 1.14 - np.minimum(glow, 2) * 0.2 + people.trait("light", -0.08, 0.08) * grid.x
    return grid.layer(np.ones_like(brightness), lit(colour, brightness))


def _clothes(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-1, 1, 0.55, 1.3))
    male = people.has("Male")
    shoulders = join(
        rounded_box(grid.u, grid.v - 1.29, mix(0.60, 0.93, male), mix(0.56, 0.62, male), mix(0.40, 0.24, male)),
        ellipse(grid.u, grid.v - 1.17, mix(0.5, 0.66, male), 0.56),
        0.2,
    )
    colour = hue(
        people.trait("clothes_hue"),
        people.trait("clothes_saturation", 0.25, 0.8),
        people.trait("clothes_value", 0.3, 0.85),
    )
    striped = (people.trait("clothes_pattern") > 0.6).astype(np.float32)
    weave = stripes(grid.v * 8) * striped * 0.16
    brightness = 1.0 + weave + people.trait("light", -0.2, 0.2) * grid.u - (grid.v - 0.8) * 0.5
    yield grid.layer(cover(shoulders, grid.pixel), lit(colour, brightness))
