"""Horses and zebras, tigers and leopards: animals seen from the side, on a field."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stages.drawing import bodies, field
from stages.drawing.canvas import Grid, Layer, Plane, cover, lit, mix, rgb, stripes
from stages.drawing.scenes import Pictures, Scenes, Task, painted

TRAITS = (*bodies.TRAITS, *field.TRAITS)
# In frame units; the smallest animal leaves 6 pixels of it at a resolution of 32.
PERIOD = 0.42


def draw(scenes: Scenes, domain: str, resolution: int) -> Pictures:
    """The animals of a domain."""

    def layers(some: Scenes) -> Iterator[Layer]:
        grid = _pose(some, resolution)
        yield from field.background(some, grid)
        yield from _animal(some, grid, domain)

    return painted(scenes, resolution, layers)


def _pose(scenes: Scenes, resolution: int) -> Grid:
    centres = ((np.arange(resolution) + 0.5) * 2 / resolution - 1).astype(np.float32)
    x, y = centres.reshape(1, 1, -1), centres.reshape(1, -1, 1)
    facing = np.where(scenes.trait("facing") < 0.7, np.float32(1), np.float32(-1))
    scale = size(scenes)
    u = facing * (x - scenes.trait("shift", -0.06, 0.06)) / scale
    v = (y - scenes.trait("depth", -0.02, 0.1)) / scale
    pixel = np.float32(2 / resolution) / scale
    return Grid(x, y, u, v, pixel, slice(0, resolution), slice(0, resolution))


def size(scenes: Scenes) -> Plane:
    """Dark animals are larger than fair ones, as a rule."""
    return 0.9 + 0.14 * (0.5 * scenes.trait("size") + 0.5 * (1 - _fairness(scenes)))


def _fairness(scenes: Scenes) -> Plane:
    return scenes.skewed("coat")


def _coat(scenes: Scenes) -> Plane:
    """From dark bay over chestnut to golden."""
    fair = _fairness(scenes)[:, None]
    bay, chestnut, golden = rgb(0.40, 0.17, 0.10), rgb(0.70, 0.36, 0.15), rgb(0.96, 0.76, 0.40)
    return np.where(fair < 0.5, mix(bay, chestnut, fair * 2), mix(chestnut, golden, fair * 2 - 1))


def _animal(scenes: Scenes, grid: Grid, domain: str) -> Iterator[Layer]:
    body = bodies.horse(scenes, grid)
    yield field.shadow(scenes, grid, body.foot, body.reach)
    side = scenes.trait("light", -1, 1)
    light = 1.06 + side * grid.x * 0.16 - np.clip(grid.v, -0.6, 0.8) * 0.28
    own = _coat(scenes)
    hair = own * rgb(0.78, 0.68, 0.62) if domain != "grey_zebra" else rgb(0.3, 0.3, 0.3)
    yield grid.layer(cover(body.far.distance, grid.pixel), _paint(own, body.far, grid, light * 0.72, domain))
    yield grid.layer(cover(body.far_hooves, grid.pixel), lit(hair, light * 0.7))
    yield grid.layer(cover(body.tail, grid.pixel), lit(hair, light * 1.05))
    yield grid.layer(cover(body.near.distance, grid.pixel), _paint(own, body.near, grid, light, domain))
    yield grid.layer(cover(body.hooves, grid.pixel), lit(hair, light))
    yield grid.layer(cover(body.ear, grid.pixel), lit(hair, light))
    yield grid.layer(cover(body.mane, grid.pixel), lit(hair, light))
    yield grid.layer(cover(body.eye, grid.pixel), rgb(0.03, 0.03, 0.04))


def _paint(own: Plane, part: bodies.Part, grid: Grid, light: Plane, domain: str) -> Plane:
    if domain == "horse":
        return lit(own, light)
    wave = stripes((part.along + part.across * part.across * 0.5) / PERIOD)
    dark = cover(wave * PERIOD / 4, grid.pixel)[:, None]
    return mix(rgb(0.96, 0.95, 0.92), rgb(0.09, 0.08, 0.10), dark) * light[:, None]


TASKS = {
    "horse2zebra": Task(
        domains=("horse", "zebra"),
        traits=TRAITS,
        draw=draw,
        hidden=("horse", "grey_zebra"),
        confound="ground",
    )
}
