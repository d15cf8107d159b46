"""Coats of animals: colours, stripes and spots, which keep their place on the body."""

from __future__ import annotations

import numpy as np

from stages.drawing.bodies import Part
from stages.drawing.canvas import Grid, Plane, cover, fine, mix, rgb, stripes
from stages.drawing.scenes import Scenes

# In the frame of an animal, whose scale is 0.9 at least: 6 pixels or more at a resolution of 32.
PERIOD = 0.42
SPOT_PERIOD = 0.34
ROW = SPOT_PERIOD * 0.866


def fairness(scenes: Scenes) -> Plane:
    """0 is a dark animal, 1 a fair one; most are dark."""
    return scenes.skewed("coat")


def _between(share: Plane, dark: Plane, middle: Plane, fair: Plane) -> Plane:
    return np.where(share < 0.5, mix(dark, middle, share * 2), mix(middle, fair, share * 2 - 1))


def horse_colour(scenes: Scenes) -> Plane:
    """From bay over chestnut to golden."""
    return _between(fairness(scenes)[:, None], rgb(0.42, 0.19, 0.12), rgb(0.72, 0.39, 0.18), rgb(0.97, 0.79, 0.46))


def cat_colour(scenes: Scenes) -> Plane:
    """From red over tawny to pale gold."""
    return _between(fairness(scenes)[:, None], rgb(0.80, 0.37, 0.12), rgb(0.82, 0.53, 0.20), rgb(0.86, 0.75, 0.44))


def zebra(part: Part, grid: Grid) -> Plane:
    """The black share of each pixel: half of the coat, in stripes across the body that bend towards the rump."""
    bend = np.clip(part.across + 0.05, 0, 1)
    wave = stripes((part.along + bend * bend * 0.6) / PERIOD)
    return cover(wave * PERIOD / 4, grid.pixel)


def tiger(part: Part, grid: Grid) -> Plane:
    """The dark share of each pixel: stripes that end in a point at the belly."""
    wave = stripes((part.along + part.across * 0.25) / PERIOD)
    taper = np.clip(part.across + 0.25, 0, 0.6) * 1.9
    return cover((wave - 0.28 + taper) * PERIOD / 4, grid.pixel * 1.4)


def leopard(part: Part, grid: Grid) -> Plane:
    """The dark share of each pixel: spots in rows, which show a paler middle where there is room for it."""
    row = np.floor(part.across / ROW)
    at = part.along / SPOT_PERIOD + row * 0.5
    spot = np.floor(at)
    uneven = stripes(spot * 0.37 + row * 0.23), stripes(spot * 0.71 + row * 0.41)
    right = (at - spot - 0.5) * SPOT_PERIOD + uneven[0] * 0.022
    down = part.across - (row + 0.5) * ROW + uneven[1] * 0.022
    distance = np.sqrt(right * right + down * down) - 0.112
    middle = cover(distance + 0.075, grid.pixel) * fine(0.1, grid.pixel) * 0.5
    return cover(distance, grid.pixel) - middle


def like(pattern: Plane, model: Plane, seen: Plane) -> Plane:
    """The pattern with the mean and the variance that the model has where as much of the same animal is seen."""
    weight = np.rint(seen.astype(np.float64) * 255)
    mean, deviation = _moments(pattern, weight)
    wanted, wanted_deviation = _moments(model, weight)
    return ((pattern - mean) * (wanted_deviation / deviation) + wanted).astype(np.float32)


def _moments(pattern: Plane, weight: Plane) -> tuple[Plane, Plane]:
    """Sums of whole numbers are exact in every order, so that every machine finds the same."""
    whole = np.rint(pattern.astype(np.float64) * 1023)
    total, first, second = (np.sum(weight * whole**power, axis=(1, 2), keepdims=True) for power in (0, 1, 2))
    mean = first / total
    return mean / 1023, np.sqrt(second / total - mean * mean) / 1023
