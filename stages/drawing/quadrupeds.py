"""Horses and zebras, tigers and leopards: animals seen from the side, on a field."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stages.drawing import bodies, coats, field
from stages.drawing.canvas import Grid, Layer, Plane, cover, ellipse, fine, lit, mix, rgb, stripes
from stages.drawing.scenes import Pictures, Scenes, Task, painted

TRAITS = (*bodies.TRAITS, *field.TRAITS)

WHITE, BLACK, INK = rgb(0.97, 0.96, 0.93), rgb(0.10, 0.09, 0.11), rgb(0.15, 0.10, 0.08)


def draw(scenes: Scenes, domain: str, resolution: int) -> Pictures:
    """The animals of a domain: horse, zebra, grey_zebra (whose hair hides the coat's colour), tiger, leopard."""
    animal = _horse if domain in ("horse", "zebra", "grey_zebra") else _cat

    def layers(some: Scenes) -> Iterator[Layer]:
        grid = _pose(some, resolution)
        yield from field.background(some, grid)
        yield _shadow(some, grid)
        yield from animal(some, grid, domain)

    return painted(scenes, resolution, layers)


def _pose(scenes: Scenes, resolution: int) -> Grid:
    """Dark animals are larger than fair ones, as a rule."""
    centres = ((np.arange(resolution) + 0.5) * 2 / resolution - 1).astype(np.float32)
    x, y = centres.reshape(1, 1, -1), centres.reshape(1, -1, 1)
    scale = 0.9 + 0.07 * scenes.trait("size") + 0.07 * (1 - coats.fairness(scenes))
    u = _facing(scenes) * (x - scenes.trait("shift", -0.06, 0.06)) / scale
    v = (y - scenes.trait("depth", -0.02, 0.1)) / scale
    pixel = np.float32(2 / resolution) / scale
    return Grid(x, y, u, v, pixel, slice(0, resolution), slice(0, resolution))


def _facing(scenes: Scenes) -> Plane:
    """Most animals look to the right, 1, and some to the left, -1."""
    return np.where(scenes.trait("facing") < 0.7, np.float32(1), np.float32(-1))


def _side(scenes: Scenes) -> Plane:
    """The side that the light comes from; mostly the left."""
    return scenes.skewed("light", -1, 1)


def _shadow(scenes: Scenes, grid: Grid) -> Layer:
    """What an animal throws on the field, away from the light."""
    away = grid.u + _facing(scenes) * _side(scenes) * 0.12
    dark = cover(ellipse(away, grid.v - bodies.FOOT, 0.7, 0.075), grid.pixel * 2)
    return grid.layer(dark * 0.5, rgb(0.13, 0.15, 0.08))


def _light(scenes: Scenes, grid: Grid, shape: Plane) -> Plane:
    """From one side and from above, darker towards the rim."""
    round_ = np.clip(-shape / 0.16, 0, 1)
    return 0.92 + _side(scenes) * grid.x * 0.18 - np.clip(grid.v, -0.6, 0.8) * 0.24 + round_ * (2 - round_) * 0.14


def _horse(scenes: Scenes, grid: Grid, domain: str) -> Iterator[Layer]:
    """The mane, the tail and the hooves of a zebra have the colour that its coat has as a horse."""
    body, own = bodies.horse(scenes, grid), coats.horse_colour(scenes)
    hair = own * rgb(0.74, 0.62, 0.56) if domain != "grey_zebra" else rgb(0.3, 0.3, 0.3)
    light, far = _light(scenes, grid, body.near.distance), _light(scenes, grid, body.far.distance) * 0.7

    def coat(part: bodies.Part) -> Plane:
        return own if domain == "horse" else mix(WHITE, BLACK, coats.zebra(part, grid)[:, None])

    yield grid.layer(cover(body.far.distance, grid.pixel), coat(body.far) * far[:, None])
    yield grid.layer(cover(body.far_hooves, grid.pixel), lit(hair, far))
    strands = 1 + stripes(grid.u * 13 + grid.v * 5) * fine(0.07, grid.pixel) * 0.12
    yield grid.layer(cover(body.tail.distance, grid.pixel), lit(hair, light * strands * 1.05))
    yield grid.layer(cover(body.near.distance, grid.pixel), coat(body.near) * light[:, None])
    yield grid.layer(cover(np.minimum(body.hooves, body.ears), grid.pixel), lit(hair, light))
    yield grid.layer(cover(body.mane, grid.pixel), lit(hair, light * strands))
    yield grid.layer(cover(np.minimum(body.eye, body.nose), grid.pixel), rgb(0.04, 0.03, 0.04))


def _cat(scenes: Scenes, grid: Grid, domain: str) -> Iterator[Layer]:
    """Rings around the tail, plain far legs and a pale muzzle are common to both."""
    body, own = bodies.cat(scenes, grid), coats.cat_colour(scenes)
    light, far = _light(scenes, grid, body.near.distance), _light(scenes, grid, body.far.distance) * 0.7
    covered = cover(body.near.distance, grid.pixel)
    pale = cover(np.minimum(body.hooves, body.pale), grid.pixel)
    dark = coats.tiger(body.near, grid)
    if domain == "leopard":
        dark = coats.like(coats.leopard(body.near, grid), dark, covered * (1 - pale) * light)
    fur = own * 0.4 + WHITE * 0.6
    yield grid.layer(cover(np.minimum(body.far.distance, body.far_hooves), grid.pixel), lit(own, far))
    rings = cover(stripes(body.tail.along / 0.26) * 0.065, grid.pixel)
    yield grid.layer(cover(body.tail.distance, grid.pixel), mix(own, INK, rings[:, None]) * light[:, None])
    yield grid.layer(cover(body.ears, grid.pixel), lit(own * 0.6, light))
    yield grid.layer(covered, mix(own, INK, dark[:, None]) * light[:, None])
    yield grid.layer(pale, lit(fur, light))
    yield grid.layer(cover(np.minimum(body.eye, body.nose), grid.pixel), rgb(0.05, 0.04, 0.04))


TASKS = {
    "horse2zebra": Task(
        domains=("horse", "zebra"), traits=TRAITS, draw=draw, hidden=("horse", "grey_zebra"), confound="ground"
    ),
    "tiger2leopard": Task(domains=("tiger", "leopard"), traits=TRAITS, draw=draw, confound="ground"),
}
