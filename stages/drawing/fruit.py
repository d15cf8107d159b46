"""Apples or oranges on a table: the same fruits, leaves, table and wall in both domains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stages.drawing.canvas import Grid, Layer, Plane, cover, ellipse, fade, fine, hue, lit, mix, rgb, stripes
from stages.drawing.scenes import Pictures, Scenes, Task, painted
from stages.drawing.textures import constant, either, noise, whole

DOMAINS = ("apple", "orange")
TRAITS = (
    "count",
    "side",
    "place",
    "size",
    "spread",
    "lean",
    "ripeness",
    "ripeness_left",
    "ripeness_right",
    "leaf_turn",
    "light",
    "brightness",
    "table_height",
    "table_hue",
    "table_value",
    "wall_hue",
    "wall_saturation",
    "wall_value",
)
# Where a fruit's stem grows, in units of its radius.
STEM = -0.74


@dataclass(frozen=True)
class Fruit:
    """One of the fruits of each scene: is it there, its place and radius in the picture, its lean and ripeness."""

    there: Plane
    x: Plane
    y: Plane
    radius: Plane
    lean: Plane
    ripeness: Plane
    flip: Plane


def draw(scenes: Scenes, domain: str, resolution: int) -> Pictures:
    """uint8 [n, resolution, resolution, 3]."""
    return painted(scenes, resolution, lambda some: layers(some, domain, resolution))


def layers(scenes: Scenes, domain: str, resolution: int) -> Iterator[Layer]:
    """Wall, table, then the fruits from back to front."""
    grid = whole(resolution)
    yield _wall(scenes, grid)
    yield _table(scenes, grid)
    for fruit in fruits(scenes):
        yield _shadow(scenes, grid, fruit)
        yield from _body(scenes, _near(grid, fruit), fruit, domain)
        yield from _leaf(scenes, _near(grid, fruit), fruit, domain)


def fruits(scenes: Scenes) -> tuple[Fruit, Fruit, Fruit]:
    """From back to front: most scenes have one fruit, and the third stands where the second leaves room."""
    count = scenes.chosen("count", 0.42, 0.36)[:, None, None]
    side = either(scenes.trait("side") < 0.68, 1, -1)
    several = either(count > 0, 1, 0)
    radius = mix(scenes.trait("size", 0.44, 0.62), scenes.trait("size", 0.37, 0.46), several)
    three = either(count > 1, 1, 0)
    radius = radius - 0.05 * three
    x = scenes.trait("place", -0.22, 0.22) - side * (0.24 * several - 0.2 * three)
    y = _table_at(scenes) + 0.36 - radius * 0.35
    lean, ripe = scenes.trait("lean", -0.3, 0.4), scenes.skewed("ripeness")
    away = scenes.trait("spread", 1.5, 1.85) * radius

    def beside(there: Plane, towards: Plane, scale: float, name: str) -> Fruit:
        other = np.clip(ripe * 0.7 + scenes.trait(name, -0.15, 0.45), 0, 1)
        size = radius * np.float32(scale)
        return Fruit(there, x + towards * away, y - radius * 0.3, size, -lean * towards, other, towards)

    right = beside(several, side, 0.88, "ripeness_right")
    left = beside(three, -side, 0.8, "ripeness_left")
    return left, right, Fruit(np.ones_like(x), x, y, radius, lean, ripe, side)


def _near(grid: Grid, fruit: Fruit) -> Grid:
    """The picture in units of a fruit's radius around its middle, turned with it."""
    right, down = (grid.x - fruit.x) / fruit.radius, (grid.y - fruit.y) / fruit.radius
    # The rotation by twice the angle whose tangent is t, without a sine.
    t = fruit.lean * 0.5
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    u, v = cosine * right + sine * down, cosine * down - sine * right
    return Grid(grid.x, grid.y, u, v, grid.pixel / fruit.radius, grid.rows, grid.columns)


def _table_at(scenes: Scenes) -> Plane:
    return scenes.trait("table_height", -0.05, 0.3)


def _bright(scenes: Scenes) -> Plane:
    return 0.84 + 0.24 * scenes.trait("brightness")


def _wall(scenes: Scenes, grid: Grid) -> Layer:
    """A wall in the light of a window."""
    tone = hue(
        0.06 + scenes.skewed("wall_hue") * 0.6,
        scenes.trait("wall_saturation", 0.08, 0.38),
        mix(scenes.trait("wall_value", 0.42, 0.9), scenes.trait("brightness", 0.42, 0.9), constant(0.3)),
    )
    light = scenes.trait("light", -0.9, 0.5)
    across, up = grid.x - light * 1.1, grid.y + 0.5
    glow = np.minimum(across * across * 0.5 + up * up, 2.5)
    plaster = noise(grid.x * 6, grid.y * 6, 3) * 0.02 + noise(grid.x * 17, grid.y * 17, 4) * 0.015
    brightness = (1.1 - glow * 0.2 + plaster) * _bright(scenes)
    return grid.layer(np.ones_like(brightness), lit(tone, brightness))


def _table(scenes: Scenes, grid: Grid) -> Layer:
    """Boards of wood that run towards the viewer."""
    edge = _table_at(scenes)
    tone = hue(
        scenes.trait("table_hue", 0.03, 0.11),
        0.62 - scenes.trait("table_value", 0, 0.32),
        0.3 + 0.5 * scenes.trait("table_value"),
    )
    depth = 1 / (np.maximum(grid.y - edge, 0) + 0.7)
    across, along = grid.x * depth * 2.2 + 0.35, depth * 3
    joint = 0.5 - np.abs(across - np.floor(across) - 0.5)
    wide = grid.pixel * depth * 2.2
    grain = noise(np.floor(across) * 9 + across * 14, along * 1.5, 5) * 0.07 * fine(0.1, grid.pixel)
    board = noise(np.floor(across), np.zeros_like(across), 6) * 0.08
    gap = cover(joint - 0.02, wide) * 0.32
    brightness = (0.95 + (grid.y - edge) * 0.22 + grain + board - gap) * _bright(scenes)
    brightness = brightness * (1 - 0.25 * fade(grid.y - edge - 0.06, 0.06))
    return grid.layer(cover(edge - grid.y, grid.pixel) + 0 * grid.x, lit(tone, brightness))


def _shadow(scenes: Scenes, grid: Grid, fruit: Fruit) -> Layer:
    """On the table, away from the light."""
    right = (grid.x - fruit.x) / fruit.radius - scenes.trait("light", 0.55, -0.35)
    down = (grid.y - fruit.y) / fruit.radius - 0.86
    strength = fade(ellipse(right, down, 1.25, 0.36), 0.3) * 0.62
    on_table = cover(_table_at(scenes) - grid.y, grid.pixel)
    return grid.layer(strength * on_table * fruit.there, rgb(0.1, 0.05, 0.05))


def _body(scenes: Scenes, grid: Grid, fruit: Fruit, domain: str) -> Iterator[Layer]:
    """The fruit in the light, and its stem."""
    shape, skin, gloss = _apple(scenes, grid, fruit) if domain == "apple" else _orange(scenes, grid)
    radius = np.minimum(grid.u * grid.u + grid.v * grid.v, 1)
    front = np.sqrt(1 - radius)
    facing = scenes.trait("light", -0.6, 0.4) * grid.u - 0.5 * grid.v + 0.66 * front
    brightness = (0.38 + 0.72 * np.maximum(facing, 0) + 0.1 * radius * (grid.v > 0) * grid.v) * _bright(scenes)
    spot_u, spot_v = grid.u - scenes.trait("light", -0.5, 0.36), grid.v + 0.42
    spot = fade(ellipse(spot_u, spot_v, 0.3, 0.24), 0.3) * gloss
    paint = skin * brightness[:, None] * (1 - spot[:, None]) + spot[:, None]
    yield grid.layer(cover(shape, grid.pixel) * fruit.there, paint)
    top = -1.12 if domain == "apple" else -0.86
    bend = grid.u - (grid.v - STEM) * (grid.v - STEM) * 0.4 * fruit.flip
    stem = np.maximum(
        np.abs(bend) - 0.055 + (grid.v - STEM) * 0.03, np.abs(grid.v - (STEM + top) / 2) + (top - STEM) / 2
    )
    yield grid.layer(cover(stem, grid.pixel) * fruit.there, lit(rgb(0.33, 0.2, 0.1), _bright(scenes)))


def _apple(scenes: Scenes, grid: Grid, fruit: Fruit) -> tuple[Plane, Plane, Plane]:
    """A heart with a dent; red, with more and more green the less ripe it is."""
    width = 1.04 - 0.14 * np.clip(grid.v, -1, 1)
    middle = np.maximum(1 - grid.u * grid.u * 3.2, 0)
    dent = middle * middle * np.clip(-grid.v, 0, 1.2) * 0.26
    shape = ellipse(grid.u, grid.v - dent, width, 0.96)
    meridian = grid.u / np.sqrt(np.maximum(1.02 - grid.v * grid.v * 0.9, 0.1))
    streaks = noise(meridian * 8 + 40, grid.v * 1.6, 11) * 0.3 + noise(meridian * 19 + 40, grid.v * 2, 12) * 0.2
    shaded = grid.u * scenes.trait("light", 0.4, -0.3) + grid.v * 0.25
    green = np.clip(fruit.ripeness * 2.1 - 0.55 + shaded + streaks * 0.6, 0, 1)[:, None]
    skin = mix(rgb(0.8, 0.09, 0.12), rgb(0.62, 0.76, 0.2), green)
    cavity = fade(ellipse(grid.u, grid.v - STEM, 0.36, 0.17), 0.2)[:, None] * 0.75
    skin = mix(skin, rgb(0.4, 0.42, 0.12), cavity)
    dots = np.clip(noise(meridian * 18 + 40, grid.v * 18, 13) * 6 - 4.4, 0, 1) * fine(0.07, grid.pixel)
    return shape, skin + dots[:, None] * 0.16, constant(0.75)


def _orange(scenes: Scenes, grid: Grid) -> tuple[Plane, Plane, Plane]:
    """A ball in a dimpled peel, with a green button."""
    shape = ellipse(grid.u, grid.v, 1.0, 0.97)
    radius = np.minimum(grid.u * grid.u + grid.v * grid.v, 1)
    bulge = 1 + 0.35 * radius
    a, b = grid.u * bulge, grid.v * bulge
    slant = scenes.trait("light", -0.12, 0.08)
    small = (noise(a * 13, b * 13, 21) - noise((a + slant) * 13, (b - 0.06) * 13, 21)) * fine(0.11, grid.pixel)
    large = noise(a * 4.5, b * 4.5, 22) - noise((a + slant * 2) * 4.5, (b - 0.12) * 4.5, 22)
    peel = 1 + small * 0.11 + large * 0.09
    skin = lit(rgb(0.98, 0.56, 0.07), peel)
    button = fade(ellipse(grid.u, grid.v - STEM, 0.2, 0.12), 0.1)[:, None]
    return shape, mix(skin, rgb(0.3, 0.42, 0.12), button), constant(0.38)


def _leaf(scenes: Scenes, grid: Grid, fruit: Fruit, domain: str) -> Iterator[Layer]:
    """A leaf whose hue tells how ripe the fruit is, in both domains: rust on red apples, green on green ones."""
    apple = domain == "apple"
    turn = scenes.trait("leaf_turn", 0.15, 0.75)
    size = np.sqrt(1 + turn * turn)
    right, up = grid.u * fruit.flip, STEM - 0.14 - grid.v
    along, across = (right + turn * up) / size, (up - turn * right) / size
    length = np.float32(0.98 if apple else 1.1)
    t = along / length
    across = across - t * (1 - t) * 0.2
    half = np.float32(1.7 if apple else 1.5) * t * (1 - t) * (1.25 - 0.5 * t)
    shape = np.maximum(np.abs(across) - half, np.abs(along - length / 2) - length / 2)
    vein = np.clip(1 - np.abs(across) / 0.035, 0, 1) * fine(0.09, grid.pixel)
    ribs = stripes((along - np.abs(across) * 0.8) * 8) * fine(0.13, grid.pixel)
    tone = hue(0.05 + 0.29 * fruit.ripeness, constant(0.78), 0.62 + 0.1 * fruit.ripeness)
    brightness = (1 + 0.2 * np.clip(across * 8, -1, 1) + vein * 0.3 + ribs * 0.05) * _bright(scenes)
    yield grid.layer(cover(shape, grid.pixel) * fruit.there, lit(tone, brightness))


TASKS = {"apple2orange": Task(domains=DOMAINS, traits=TRAITS, draw=draw)}
