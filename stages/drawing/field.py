"""A field under a sky with hills and a tree: what animals stand on, alike in all domains."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stages.drawing.canvas import (
    Grid,
    Layer,
    Plane,
    cover,
    ellipse,
    fade,
    fine,
    join,
    lit,
    mix,
    rgb,
    rounded_box,
    stripes,
)
from stages.drawing.scenes import Scenes

TRAITS = (
    "horizon",
    "sky",
    "cloud",
    "haze",
    "ridge",
    "ridge_height",
    "tree",
    "tree_size",
    "ground",
    "ground_light",
    "tufts",
)


def horizon(scenes: Scenes) -> Plane:
    """Where the field meets the hills."""
    return scenes.skewed("horizon", 0.24, 0.0)


def background(scenes: Scenes, grid: Grid) -> Iterator[Layer]:
    """Sky, far hills, near hills, a tree and the field, from back to front."""
    yield _sky(scenes, grid)
    yield _cloud(scenes, grid)
    yield from _hills(scenes, grid)
    yield from _tree(scenes, grid)
    yield _ground(scenes, grid)


def _dusk(scenes: Scenes) -> Plane:
    return scenes.skewed("sky")[:, None]


def _sky(scenes: Scenes, grid: Grid) -> Layer:
    """Blue on most days, pink and golden on some; paler towards the horizon."""
    dusk = _dusk(scenes)
    top = mix(rgb(0.22, 0.50, 0.86), rgb(0.52, 0.36, 0.62), dusk)
    low = mix(rgb(0.74, 0.88, 0.96), rgb(1.0, 0.72, 0.46), dusk)
    share = np.clip((grid.y + 1) / (1 + horizon(scenes)), 0, 1)
    paint = mix(top, low, share[:, None]) + np.zeros_like(grid.x)[:, None]
    return grid.layer(np.ones((len(scenes), *grid.v.shape[1:]), np.float32), paint)


def _cloud(scenes: Scenes, grid: Grid) -> Layer:
    """A soft cloud, mostly at the right."""
    right = grid.x - scenes.skewed("cloud", 0.85, -0.9)
    down = grid.y + 0.78 - scenes.trait("cloud", 0, 0.16)
    shape = join(ellipse(right, down, 0.36, 0.085), ellipse(right + 0.08, down + 0.06, 0.2, 0.11), 0.1)
    return grid.layer(fade(shape, 0.09) * 0.85, mix(rgb(0.97, 0.98, 1.0), rgb(1.0, 0.84, 0.74), _dusk(scenes)))


def _ridge(scenes: Scenes, grid: Grid, period: float, height: Plane, phase: Plane) -> Plane:
    at = grid.x / period + phase
    wave = stripes(at) * 0.6 + stripes(at * 2.3 + phase) * 0.3
    return horizon(scenes) - height * (1 + wave * 0.8) - grid.y


def _hills(scenes: Scenes, grid: Grid) -> Iterator[Layer]:
    dusk = _dusk(scenes)
    haze = 0.1 + 0.5 * scenes.skewed("haze")[:, None] + 0.2 * dusk
    air = mix(rgb(0.66, 0.80, 0.92), rgb(0.93, 0.66, 0.50), dusk)
    height = scenes.skewed("ridge_height", 0.2, 0.46)
    far = _ridge(scenes, grid, 1.7, height, scenes.trait("ridge", 0.0, 0.7))
    yield grid.layer(cover(far, grid.pixel), mix(rgb(0.24, 0.38, 0.46), air, haze))
    near = _ridge(scenes, grid, 1.1, height * 0.4, scenes.trait("ridge", 0.4, 1.9))
    yield grid.layer(cover(near, grid.pixel), mix(rgb(0.20, 0.36, 0.22), air, haze * 0.5))


def _tree(scenes: Scenes, grid: Grid) -> Iterator[Layer]:
    """A broad tree on the horizon, mostly at the left."""
    size = scenes.skewed("tree_size", 0.75, 1.3)
    right = (grid.x - scenes.skewed("tree", -0.85, 0.9)) / size
    down = (grid.y - horizon(scenes) - 0.03) / size
    pixel = grid.pixel / size
    trunk = rounded_box(right, down + 0.2, 0.035, 0.25, 0.02)
    crown = join(ellipse(right, down + 0.52, 0.34, 0.14), ellipse(right - 0.08, down + 0.62, 0.2, 0.12), 0.1)
    yield grid.layer(cover(trunk, pixel), rgb(0.30, 0.22, 0.17))
    bumps = stripes(right * 6.1 + stripes(down * 7.3)) * fine(0.16, pixel)
    yield grid.layer(cover(crown + bumps * 0.015, pixel), lit(rgb(0.17, 0.34, 0.15), 0.95 - down * 0.25 + bumps * 0.12))


def _ground(scenes: Scenes, grid: Grid) -> Layer:
    """From green grass to a dry savanna, with tufts that grow towards the front."""
    edge = horizon(scenes)
    dry = scenes.skewed("ground")[:, None]
    green, straw = rgb(0.34, 0.58, 0.20), rgb(0.86, 0.72, 0.36)
    depth = np.clip((grid.y - edge) / (1 - edge), 0, 1)
    # Rows of grass come closer to each other in the distance.
    row = (depth + 0.9) * (depth + 0.9) * 2.2
    phase = scenes.trait("tufts", 0.0, 0.7)
    bend = stripes(row + phase * 3)
    clumps = stripes(grid.x * 1.6 + phase + bend * 0.35) * stripes(row * 1.3 + phase)
    blades = stripes(grid.x * 14 + bend * 1.2 + row * 2) * fine(0.15, grid.pixel)
    brightness = scenes.skewed("ground_light", 1.05, 0.75) + 0.1 - depth * 0.22 + clumps * 0.1 + blades * 0.05
    return grid.layer(cover(edge - grid.y, grid.pixel) + np.zeros_like(grid.v), lit(mix(green, straw, dry), brightness))
