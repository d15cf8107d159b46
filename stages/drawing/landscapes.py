"""A lake below mountains, in summer or in winter: shapes stay, colours change by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stages.drawing.canvas import Grid, Layer, Plane, cover, ellipse, fine, hue, lit, mix, rgb, rounded_box
from stages.drawing.scenes import Pictures, Scenes, Task, painted
from stages.drawing.textures import constant, either, grain, noise, wander, whole

DOMAINS = ("summer", "winter")
TRAITS = (
    "horizon",
    "peak_x",
    "peak_height",
    "peak_steep",
    "second_x",
    "second_height",
    "rock",
    "line",
    "hill_left",
    "hill_right",
    "forest",
    "lake_x",
    "lake_width",
    "shore",
    "meadow",
    "sun_side",
    "day",
    "clouds",
    "wind",
    "hut_x",
    "hut_hue",
    "conifer_x",
    "conifer_height",
    "broadleaf_x",
    "broadleaf_height",
    "foliage",
    "swap",
)


@dataclass(frozen=True)
class Ground:
    """Where things lie: heights y of the ridge, of the hill and of the far shore, and how rock faces the light."""

    ridge: Plane
    facing: Plane
    hill: Plane
    shore: Plane


def draw(scenes: Scenes, domain: str, resolution: int) -> Pictures:
    """uint8 [n, resolution, resolution, 3]."""
    return painted(scenes, resolution, lambda some: layers(some, domain == "winter", resolution))


def layers(scenes: Scenes, winter: bool, resolution: int) -> Iterator[Layer]:
    """From the sky to the trees in front."""
    grid = whole(resolution)
    ground = _ground(scenes, grid)
    sky = _sky(scenes, grid, winter)
    yield grid.layer(np.ones_like(sky[:, 0]), sky)
    yield _mountains(scenes, grid, ground, winter)
    yield _hills(scenes, grid, ground, winter)
    yield _meadow(scenes, grid, ground, winter)
    yield _lake(scenes, grid, ground, winter)
    yield from _hut(scenes, grid, ground, winter)
    yield from _conifer(scenes, grid, winter)
    yield from _broadleaf(scenes, grid, winter)


def _ground(scenes: Scenes, grid: Grid) -> Ground:
    horizon = scenes.trait("horizon", -0.08, 0.2)
    first_x, second_x = scenes.trait("peak_x", -0.7, 0.35), scenes.trait("second_x", -0.2, 1.0)
    height = scenes.trait("peak_height", 0.62, 0.98)
    second = height * scenes.trait("second_height", 0.45, 0.95)
    steep = scenes.trait("peak_steep", 0.75, 1.5)
    summits = []
    for x, top, seed in ((first_x, height, 31), (second_x, second, 32)):
        away = grid.x - x
        rough = wander(away * 5 + 50, seed) * 0.06 + wander(away * 13 + 50, seed + 10) * 0.025
        summits.append(horizon - top + np.abs(away) * steep * (1 - np.minimum(np.abs(away), 1.2) * 0.25) + rough)
    ridge = np.minimum(np.minimum(summits[0], summits[1]), horizon - 0.16 + wander(grid.x * 3 + 30, 33) * 0.06)
    crest = noise(grid.x * 5 + 50, grid.y * 5, 34) * 0.16 + noise(grid.x * 11 + 50, grid.y * 9, 35) * 0.07
    x = np.where(summits[0] - summits[1] + crest < 0, first_x, second_x)
    facing = np.clip((grid.x - x + crest) * 7, -1, 1)
    slope = mix(scenes.trait("hill_left", 0.0, 0.34), scenes.trait("hill_right", 0.0, 0.34), (grid.x + 1) / 2)
    hill = horizon - slope + wander(grid.x * 4 + 20, 36) * 0.03
    return Ground(ridge, facing, hill, horizon + 0.06 + 0 * hill)


def _sun(scenes: Scenes) -> Plane:
    """From which side the light comes: -1 or 1 at most, more often from the left."""
    return scenes.skewed("sun_side", -1.0, 0.9)


def _sky(scenes: Scenes, grid: Grid, winter: bool) -> Plane:
    """Blue or hazy, paler in winter, with clouds."""
    day = scenes.trait("day")[:, None]
    high = mix(rgb(0.22, 0.48, 0.86), rgb(0.5, 0.55, 0.78), day)
    low = mix(rgb(0.66, 0.84, 0.97), rgb(1.0, 0.82, 0.62), day)
    if winter:
        high, low = mix(high, rgb(0.72, 0.78, 0.86), constant(0.5)), mix(low, rgb(0.93, 0.93, 0.95), constant(0.5))
    share = np.clip((grid.y + 1) / 1.15, 0, 1)
    sky = mix(high, low, share[:, None])
    along = grid.x + scenes.skewed("wind", 0, 4) + 9
    puffs = noise(along * 2.2, grid.y * 5 + 9, 41) * 0.6 + grain(along * 5, grid.y * 10 + 9, 42, grid.pixel * 9) * 0.35
    cloud = np.clip((puffs - 0.75 + scenes.trait("clouds", 0, 1.1)) * 2.2, 0, 1) * 0.8
    return mix(sky, rgb(0.92, 0.93, 0.95) if winter else rgb(0.99, 0.98, 0.97), cloud[:, None])


def _mountains(scenes: Scenes, grid: Grid, ground: Ground, winter: bool) -> Layer:
    return grid.layer(cover(ground.ridge - grid.y, grid.pixel), _rock(scenes, grid, ground, grid.y, winter))


def _rock(scenes: Scenes, grid: Grid, ground: Ground, y: Plane, winter: bool) -> Plane:
    """Bare above the line and wooded below it; snow takes the bare part, and dusts the woods."""
    bare = mix(rgb(0.47, 0.49, 0.54), rgb(0.7, 0.45, 0.3), scenes.skewed("rock")[:, None])
    line = scenes.trait("horizon", -0.08, 0.2) - scenes.trait("line", 0.2, 0.55)
    ragged = noise(grid.x * 9 + 40, y * 6, 43) * 0.06
    wooded = np.clip((y - line + ragged) * 14, 0, 1)[:, None]
    woods = mix(_leaves(scenes), rgb(0.2, 0.36, 0.36), constant(0.55))
    if winter:
        steep = noise(grid.x * 7 + 40, y * 8, 56) * 0.8 + grain(grid.x * 16 + 40, y * 20, 57, grid.pixel * 20) * 0.5
        snowed = 0.88 - 0.75 * np.clip(steep * 2.4 - 0.1, 0, 1)[:, None]
        bare = mix(bare * 0.9, rgb(0.97, 0.98, 1.0), snowed)
        woods = mix(mix(woods, rgb(0.3, 0.36, 0.42), constant(0.4)), rgb(0.9, 0.93, 0.97), constant(0.22))
    light = 1 - ground.facing * _sun(scenes) * 0.24
    shadow = mix(rgb(1, 1, 1), rgb(0.8, 0.86, 1.0), np.clip((1 - light) * 3, 0, 1)[:, None])
    haze = np.clip((y - ground.ridge) * 0.35, 0, 0.3)[:, None]
    return mix(mix(bare, woods, wooded) * light[:, None] * shadow, rgb(0.75, 0.82, 0.9), haze)


def _leaves(scenes: Scenes) -> Plane:
    """Foliage in summer, from blue green to yellow green."""
    young = scenes.skewed("foliage")
    return hue(0.4 - young * 0.22, constant(0.6), 0.42 + 0.2 * young)


def _grass(scenes: Scenes, winter: bool) -> Plane:
    """Meadows, from lush to dry, drier where the leaves are yellow; snow lets a little of it through."""
    dry = 0.75 * scenes.skewed("meadow") + 0.25 * scenes.skewed("foliage")
    grass = mix(rgb(0.36, 0.62, 0.22), rgb(0.76, 0.68, 0.3), dry[:, None])
    return mix(grass, rgb(0.95, 0.97, 1.0), constant(0.8)) if winter else grass


def _hills(scenes: Scenes, grid: Grid, ground: Ground, winter: bool) -> Layer:
    """Hills behind the lake with a wood on top."""
    wood = scenes.trait("forest", -0.03, 0.14)
    spikes = np.abs(grid.x * 16 - np.floor(grid.x * 16) - 0.5) * 0.09 * fine(0.12, grid.pixel)
    top = ground.hill - np.maximum(wood, 0) + spikes * np.clip(wood * 20, 0, 1)
    edge = ground.hill + np.maximum(wood, 0) * 0.6 + noise(grid.x * 6 + 30, grid.y * 6, 44) * 0.04
    inside = np.clip((edge - grid.y) * 20, 0, 1) * np.clip(wood * 30, 0, 1)
    trees = _leaves(scenes) * 0.72
    if winter:
        trees = mix(mix(trees, rgb(0.24, 0.27, 0.3), constant(0.4)), rgb(0.93, 0.95, 1.0), constant(0.15))
    light = 1 + wander(grid.x * 6 + 30, 45) * 0.1 * _sun(scenes) + (grid.y - ground.hill) * 0.2
    paint = mix(_grass(scenes, winter) * 0.9, trees, inside[:, None]) * light[:, None]
    return grid.layer(cover(top - grid.y, grid.pixel), paint)


def _meadow(scenes: Scenes, grid: Grid, ground: Ground, winter: bool) -> Layer:
    """The land around the lake."""
    depth = 1 / (np.maximum(grid.y - ground.shore, 0) + 0.35)
    step = depth * depth * grid.pixel
    tufts = (
        grain(grid.x * depth * 5 + 60, depth * 9, 46, step * 9) * 0.08
        + grain(grid.x * depth * 14 + 60, depth * 22, 47, step * 22) * 0.06
    )
    light = 0.95 + tufts * (0.5 if winter else 1.0) + (grid.y - ground.shore) * 0.08
    grass = _grass(scenes, winter)
    if winter:
        thaw = noise(grid.x * depth * 2.2 + 60, depth * 4, 58)
        thaw = thaw + grain(grid.x * depth * 8 + 60, depth * 14, 59, step * 14) * 0.5
        # Far away the patches are too small to be told apart.
        patches = mix(constant(0.13), np.clip(thaw * 2.6 - 0.6, 0, 0.8), fine(4.0, step * 4))
        grass = mix(grass, _grass(scenes, False) * 0.8, patches[:, None])
    return grid.layer(cover(ground.shore - grid.y, grid.pixel), lit(grass, light))


def _hut(scenes: Scenes, grid: Grid, ground: Ground, winter: bool) -> Iterator[Layer]:
    """A hut on the far shore of most lakes, whose roof carries snow."""
    there = (scenes.trait("hut_x") < 0.7).astype(np.float32)
    x = grid.x - scenes.trait("hut_x", 0.72, -1.15)
    y = grid.y - ground.shore
    light = 1 + _sun(scenes) * 0.12
    wall = mix(rgb(0.72, 0.2, 0.14), rgb(0.22, 0.38, 0.68), scenes.skewed("hut_hue")[:, None])
    walls = rounded_box(x, y + 0.045, 0.14, 0.085, 0.0)
    window = rounded_box(np.abs(x) - 0.065, y + 0.05, 0.026, 0.03, 0.0)
    glass = cover(window, grid.pixel)
    paint = mix(lit(wall, light), rgb(1.0, 0.9, 0.6) if winter else rgb(0.2, 0.25, 0.3), glass[:, None])
    yield grid.layer(cover(walls, grid.pixel) * there, paint)
    roof = np.maximum(np.abs(x) * 0.62 - (y + 0.26) * 0.8, y + 0.11)
    tiles = rgb(0.95, 0.96, 1.0) if winter else rgb(0.36, 0.24, 0.22)
    yield grid.layer(cover(roof, grid.pixel) * there, lit(tiles, light))


def _lake(scenes: Scenes, grid: Grid, ground: Ground, winter: bool) -> Layer:
    """Water that mirrors the mountains and the sky, or ice with snow on it."""
    across, down = scenes.trait("lake_width", 0.5, 1.1), scenes.trait("shore", 0.16, 0.34)
    x = grid.x - scenes.trait("lake_x", -0.55, 0.45)
    rim = wander(x * 3 + 20, 48) * 0.05
    shape = ellipse(x, grid.y - ground.shore - down - 0.02 + rim, across, down)
    mirrored = 2 * ground.shore - grid.y
    mirrored = mirrored - (grid.y - ground.shore) * 0.7
    sky = _sky(scenes, Grid(grid.x, mirrored, grid.x, mirrored, grid.pixel, grid.rows, grid.columns), winter)
    rock = _rock(scenes, grid, ground, mirrored, winter)
    seen = cover(ground.ridge - mirrored, grid.pixel * 2)[:, None]
    water: Plane = mix(sky, rock, seen) * rgb(0.72, 0.82, 0.9)
    ripples = grain(grid.x * 4, grid.y * 40, 49, grid.pixel * 40) * 0.06
    if winter:
        frost = np.clip(grain(grid.x * 3 + 20, grid.y * 9, 50, grid.pixel * 9) * 0.8 + 0.3, 0, 0.7)[:, None]
        water = mix(mix(water, rgb(0.66, 0.78, 0.87), constant(0.6)), rgb(0.95, 0.97, 1.0), frost)
        ripples = ripples * 0.3
    return grid.layer(cover(shape, grid.pixel), water * (1 + ripples)[:, None])


def _conifer(scenes: Scenes, grid: Grid, winter: bool) -> Iterator[Layer]:
    """A fir in front, which carries snow on its branches."""
    side = either(scenes.trait("swap") < 0.65, -1, 1)
    height = scenes.trait("conifer_height", 0.8, 1.35)
    x = grid.x - side * scenes.trait("conifer_x", 0.5, 0.82)
    t = (grid.y - 0.86 + height) / height
    tier = t * 5 - np.floor(t * 5)
    half = np.clip(t, 0, 1) * 0.23 * height * (0.72 + 0.42 * tier)
    shape = np.maximum(np.abs(x) - half, np.maximum(t - 0.93, -t) * height)
    needles = grain(x * 24 + 50, t * 30, 51, grid.pixel * 30) * 0.18
    light = 0.95 - _sun(scenes) * np.clip(x * 5, -1, 1) * 0.28 + needles - either(tier < 0.25, 0.15, 0)
    green = hue(0.42 - scenes.skewed("foliage") * 0.14, constant(0.55), constant(0.36))
    paint: Plane = green * light[:, None]
    trunk = np.maximum(np.abs(x) - 0.035 * height, np.abs(grid.y - 0.84) - 0.1)
    yield grid.layer(cover(trunk, grid.pixel), lit(rgb(0.3, 0.2, 0.14), light))
    if winter:
        load = np.clip((tier - 0.3) * 1.8 + needles * 2, 0, 1) * np.clip(1.1 - np.abs(x) * 0.5, 0, 1) * 0.9
        paint = mix(paint, lit(rgb(0.93, 0.95, 1.0), np.clip(light + 0.1, 0, 1.05)), load[:, None])
    yield grid.layer(cover(shape, grid.pixel), paint)


def _broadleaf(scenes: Scenes, grid: Grid, winter: bool) -> Iterator[Layer]:
    """A round tree on the other side, which is bare in winter."""
    side = either(scenes.trait("swap") < 0.65, 1, -1)
    height = scenes.trait("broadleaf_height", 0.6, 1.0)
    x, foot = (grid.x - side * scenes.trait("broadleaf_x", 0.45, 0.8)) / height, np.float32(0.9)
    y = (grid.y - foot) / height
    pixel = grid.pixel / height
    rough = noise(x * 7 + 50, y * 7 + 50, 52) * 0.035 + noise(x * 16 + 50, y * 16 + 50, 53) * 0.02
    crown = ellipse(x, y + 0.72, 0.37, 0.38) + rough
    trunk = np.maximum(np.abs(x) - 0.045 + (y + 0.2) * -0.02, np.abs(y + 0.25) - 0.26)
    yield grid.layer(cover(trunk, pixel), lit(rgb(0.35, 0.25, 0.18), 1 - _sun(scenes) * np.clip(x * 12, -1, 1) * 0.3))
    clumps = noise(x * 9 + 50, y * 9 + 50, 54) * 0.16 + grain(x * 22 + 50, y * 22 + 50, 55, pixel * 22) * 0.12
    light = 1.02 - _sun(scenes) * x * 0.7 - (y + 0.72) * 0.4 + clumps
    paint = lit(_leaves(scenes) * 1.1, light)
    if winter:
        twigs = mix(rgb(0.42, 0.36, 0.4), rgb(0.62, 0.48, 0.36), scenes.skewed("foliage")[:, None])
        frost = np.clip(clumps * 3 + 0.2, 0, 0.8)[:, None]
        paint = mix(lit(twigs, light), rgb(0.92, 0.94, 0.98), frost)
    yield grid.layer(cover(crown, pixel), paint)


TASKS = {"summer2winter": Task(domains=DOMAINS, traits=TRAITS, draw=draw)}
