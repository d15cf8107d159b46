"""Bodies of quadrupeds from capsules, in a frame of their own, and the coordinates that coats are anchored to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.drawing.canvas import Grid, Plane, join
from stages.drawing.scenes import Scenes

TRAITS = ("shift", "depth", "size", "facing", "gait", "step", "neck", "head", "tail", "coat", "light")
Point = tuple[Plane | float, Plane | float]


@dataclass(frozen=True)
class Part:
    """A shape, and where each pixel lies along and across it."""

    distance: Plane
    along: Plane
    across: Plane

    def over(self, other: Part, softness: float) -> Part:
        """Both together; each pixel belongs to the part that it is nearer to."""
        mine = self.distance < other.distance
        return Part(
            join(self.distance, other.distance, softness),
            np.where(mine, self.along, other.along),
            np.where(mine, self.across, other.across),
        )


@dataclass(frozen=True)
class Body:
    """An animal from the side: what wears the coat, near and far, and what keeps its colour in every domain."""

    near: Part
    far: Part
    mane: Plane
    tail: Plane
    hooves: Plane
    far_hooves: Plane
    eye: Plane
    ear: Plane
    foot: float
    reach: float


def limb(grid: Grid, start: Point, end: Point, thick: float, thin: float) -> Part:
    """A capsule that tapers from its start to its end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    right, down = grid.u - start[0], grid.v - start[1]
    length = dx * dx + dy * dy
    free = (right * dx + down * dy) / length
    t = np.clip(free, 0, 1)
    p, q = right - t * dx, down - t * dy
    long = np.sqrt(length)
    return Part(np.sqrt(p * p + q * q) - (thick + (thin - thick) * t), free * long, (down * dx - right * dy) / long)


def leg(grid: Grid, top: Point, swing: Plane, back: float, thick: float, foot: float) -> tuple[Part, Plane]:
    """Thigh and shank, and the hoof below; stripes go round a leg, so `along` is its height."""
    knee = (top[0] + swing * 0.45 + back, (top[1] + foot) / 2 + 0.02)
    sole = (top[0] + swing, foot)
    thigh, shank = limb(grid, top, knee, thick, 0.07), limb(grid, knee, sole, 0.068, 0.052)
    hoof = limb(grid, (sole[0], foot - 0.035), (sole[0] + 0.035, foot), 0.062, 0.075)
    whole = join(thigh.distance, shank.distance, 0.05)
    return Part(whole, grid.v + np.zeros_like(whole), grid.u - top[0]), hoof.distance


def horse(scenes: Scenes, grid: Grid) -> Body:
    """A horse, whatever its coat: barrel, neck, head, four legs, mane, tail."""
    foot = 0.74
    stride = scenes.skewed("gait", 0.02, 0.22) * np.where(scenes.trait("step") < 0.65, np.float32(1), np.float32(-1))
    barrel = limb(grid, (-0.42, -0.03), (0.30, -0.02), 0.255, 0.265)
    barrel = Part(barrel.distance, grid.u + np.zeros_like(barrel.distance), grid.v + np.zeros_like(barrel.distance))
    raised = scenes.skewed("neck", 1, 0)
    poll = (0.74 - raised * 0.17, -0.26 - raised * 0.36)
    neck = limb(grid, (0.34, -0.1), poll, 0.2, 0.115)
    nod = scenes.trait("head", 0.1, 0.3)
    nose = (poll[0] + 0.26 - nod * 0.35, poll[1] + nod)
    head = limb(grid, poll, nose, 0.115, 0.075)
    fore, fore_hoof = leg(grid, (0.32, 0.1), stride, 0.03, 0.13, foot)
    hind, hind_hoof = leg(grid, (-0.48, 0.06), -stride, -0.06, 0.17, foot)
    far_fore, far_fore_hoof = leg(grid, (0.24, 0.1), -stride, 0.03, 0.12, foot - 0.04)
    far_hind, far_hind_hoof = leg(grid, (-0.38, 0.06), stride, -0.06, 0.15, foot - 0.04)
    near = hind.over(fore, 0.02).over(barrel, 0.08).over(neck, 0.1).over(head, 0.04)
    crest = limb(grid, (0.2, -0.3), (poll[0] - 0.1, poll[1] - 0.06), 0.075, 0.1)
    forelock = limb(grid, (poll[0] - 0.1, poll[1] - 0.06), (poll[0] + 0.07, poll[1] - 0.06), 0.1, 0.05)
    sway = scenes.trait("tail", -0.02, 0.22)
    dock = limb(grid, (-0.62, -0.15), (-0.76 - sway, 0.05), 0.06, 0.09)
    tuft = limb(grid, (-0.76 - sway, 0.05), (-0.76 - sway * 0.9, 0.4), 0.1, 0.07)
    eye = np.sqrt((grid.u - poll[0] - 0.06) ** 2 + (grid.v - poll[1] - nod * 0.15) ** 2) - 0.03
    ear = limb(grid, (poll[0] - 0.0, poll[1] - 0.07), (poll[0] - 0.01, poll[1] - 0.2), 0.05, 0.02)
    return Body(
        near=near,
        far=far_fore.over(far_hind, 0.02),
        mane=join(crest.distance, forelock.distance, 0.03),
        tail=join(dock.distance, tuft.distance, 0.05),
        hooves=np.minimum(fore_hoof, hind_hoof),
        far_hooves=np.minimum(far_fore_hoof, far_hind_hoof),
        eye=eye,
        ear=ear.distance,
        foot=foot,
        reach=0.68,
    )
