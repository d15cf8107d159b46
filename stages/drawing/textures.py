"""Coordinates of a whole picture, and noise that is the same on every machine, from integers alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stages.drawing.canvas import Grid, Plane, fine

Whole = npt.NDArray[np.int32]

# Odd numbers without a pattern in their bits (those of the hash `murmur3`).
_MIX = (np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35), np.uint32(0x27D4EB2F))


def whole(resolution: int) -> Grid:
    """All pixels of a picture: x, y from -1 to 1, y down; u, v are the same."""
    centres = ((np.arange(resolution) + 0.5) * 2 / resolution - 1).astype(np.float32)
    x, y = centres.reshape(1, 1, -1), centres.reshape(1, -1, 1)
    pixel = np.full((1, 1, 1), 2 / resolution, np.float32)
    return Grid(x, y, x, y, pixel, slice(0, resolution), slice(0, resolution))


def constant(value: float) -> Plane:
    """The same number everywhere, [1, 1, 1]."""
    return np.full((1, 1, 1), value, np.float32)


def either(condition: npt.NDArray[np.bool_], yes: float, no: float) -> Plane:
    """One number where a condition holds, another elsewhere; products of numbers and conditions are no float32."""
    return np.where(condition, np.float32(yes), np.float32(no))


def dice(first: Whole, second: Whole, seed: int) -> Plane:
    """A number in [0, 1) for each pair of whole numbers, without a visible pattern."""
    bits = first.view(np.uint32) * _MIX[0] + second.view(np.uint32) * _MIX[1] + np.uint32(seed * 7919 + 1)
    bits ^= bits >> np.uint32(15)
    bits *= _MIX[2]
    bits ^= bits >> np.uint32(13)
    bits *= _MIX[0]
    bits ^= bits >> np.uint32(16)
    return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def noise(a: Plane, b: Plane, seed: int) -> Plane:
    """Smooth noise in [-1, 1] over a plane, with a bump per unit."""
    low_a, low_b = np.floor(a), np.floor(b)
    t, s = a - low_a, b - low_b
    t, s = t * t * (3 - 2 * t), s * s * (3 - 2 * s)
    i, j = low_a.astype(np.int32), low_b.astype(np.int32)
    top = dice(i, j, seed) * (1 - t) + dice(i + np.int32(1), j, seed) * t
    bottom = dice(i, j + np.int32(1), seed) * (1 - t) + dice(i + np.int32(1), j + np.int32(1), seed) * t
    return (top * (1 - s) + bottom * s) * 2 - 1


def grain(a: Plane, b: Plane, seed: int, step: Plane) -> Plane:
    """Noise that fades where a pixel takes such large steps over it that it would flicker."""
    return noise(a, b, seed) * fine(3.0, step)


def wander(a: Plane, seed: int) -> Plane:
    """Smooth noise in [-1, 1] along a line, with a bump per unit."""
    low = np.floor(a)
    t = a - low
    t = t * t * (3 - 2 * t)
    i = low.astype(np.int32)
    row = np.zeros((1,) * i.ndim, np.int32)
    return (dice(i, row, seed) * (1 - t) + dice(i + np.int32(1), row, seed) * t) * 2 - 1
