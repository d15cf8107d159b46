"""Bodies of quadrupeds from capsules, in a frame of their own, and the coordinates that coats are anchored to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.drawing.canvas import Grid, Plane, ellipse, join
from stages.drawing.scenes import Scenes

TRAITS = ("shift", "depth", "size", "facing", "gait", "step", "neck", "head", "tail", "coat", "light")
FOOT = 0.76

Point = tuple[Plane | float, Plane | float]


@dataclass(frozen=True)
class Part:
    """A shape, and where each pixel lies along and across it."""

    distance: Plane
    along: Plane
    across: Plane

    def moved(self, along: float) -> Part:
        """The same shape, whose coat is moved along it."""
        return Part(self.distance, self.along - along, self.across)

    def over(self, other: Part, softness: float) -> Part:
        """Both together; a pixel inside both belongs to this part, one inside neither to the nearer."""
        mine = self.distance < np.maximum(other.distance, 0)
        return Part(
            join(self.distance, other.distance, softness),
            np.where(mine, self.along, other.along),
            np.where(mine, self.across, other.across),
        )


@dataclass(frozen=True)
class Body:
    """An animal from the side: what wears the coat, near and far, and what looks alike in both domains."""

    near: Part
    far: Part
    tail: Part
    hooves: Plane
    far_hooves: Plane
    mane: Plane
    ears: Plane
    pale: Plane
    nose: Plane
    eye: Plane


@dataclass(frozen=True)
class Legs:
    """The pair on the near side and the one on the far side, which step in turn."""

    near: Part
    far: Part
    hooves: Plane
    far_hooves: Plane


def limb(grid: Grid, start: Point, end: Point, thick: float, thin: float) -> Part:
    """A capsule that tapers from its start to its end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    right, down = grid.u - start[0], grid.v - start[1]
    squared = dx * dx + dy * dy
    free = (right * dx + down * dy) / squared
    t = np.clip(free, 0, 1)
    p, q = right - t * dx, down - t * dy
    length = np.sqrt(squared)
    radius = thick + (thin - thick) * t
    return Part(np.sqrt(p * p + q * q) - radius, free * length, (down * dx - right * dy) / length)


def trunk(grid: Grid, start: Point, end: Point, thick: float, thin: float) -> Part:
    """The barrel of a body, which has the coordinates of the whole animal."""
    distance = limb(grid, start, end, thick, thin).distance
    nothing = np.zeros_like(distance)
    return Part(distance, grid.u + nothing, grid.v + nothing)


def leg(grid: Grid, top: Point, swing: Plane, back: float, thick: float, foot: float) -> tuple[Part, Plane]:
    """Thigh and shank, and the hoof or paw below; what goes along a leg is height, so stripes go round it."""
    knee = (top[0] + swing * 0.45 + back, (top[1] + foot) / 2 + 0.02)
    sole = (top[0] + swing, foot)
    thigh, shank = limb(grid, top, knee, thick, 0.075), limb(grid, knee, sole, 0.075, 0.058)
    whole = np.maximum(join(thigh.distance, shank.distance, 0.05), grid.v - foot)
    hoof = np.maximum(limb(grid, (sole[0], foot - 0.07), (sole[0] + 0.03, foot), 0.062, 0.085).distance, grid.v - foot)
    return Part(whole, grid.v + np.zeros_like(whole) + 0.14, grid.u - top[0]), hoof


def _legs(scenes: Scenes, grid: Grid, most: float, high: float, thick: float) -> Legs:
    """Four legs that hang from this height; the near foreleg swings forwards, in a third of all scenes backwards."""
    forwards = np.where(scenes.trait("step") < 0.66, np.float32(1), np.float32(-1))
    stride = scenes.skewed("gait", 0.03, most) * forwards
    fore, hoof = leg(grid, (0.33, high), stride, 0.025, thick, FOOT)
    hind, hind_hoof = leg(grid, (-0.5, high - 0.04), -stride, -0.05, thick + 0.045, FOOT)
    far_fore, far_hoof = leg(grid, (0.23, high), -stride, 0.025, thick - 0.015, FOOT - 0.05)
    far_hind, far_hind_hoof = leg(grid, (-0.37, high - 0.04), stride, -0.05, thick + 0.015, FOOT - 0.05)
    return Legs(
        near=fore.over(hind, 0.02),
        far=far_fore.over(far_hind, 0.02),
        hooves=np.minimum(hoof, hind_hoof),
        far_hooves=np.minimum(far_hoof, far_hind_hoof),
    )


def horse(scenes: Scenes, grid: Grid) -> Body:
    """A horse, whatever its coat; the mane runs from the withers to the forelock."""
    legs = _legs(scenes, grid, most=0.22, high=0.1, thick=0.13)
    barrel = trunk(grid, (-0.43, -0.03), (0.30, -0.02), 0.262, 0.265)
    raised, nod = scenes.skewed("neck", 1, 0), scenes.trait("head", 0.1, 0.3)
    poll = (0.74 - raised * 0.15, -0.26 - raised * 0.36)
    neck = limb(grid, (0.33, -0.08), poll, 0.22, 0.115).moved(0.19)
    head = limb(grid, poll, (poll[0] + 0.28 - nod * 0.4, poll[1] + nod), 0.115, 0.072)
    near = head.over(barrel.over(legs.near, 0.04).over(neck, 0.12), 0.05)
    nape = (poll[0] - 0.13, poll[1] - 0.08)
    crest = limb(grid, (0.15, -0.27), nape, 0.06, 0.09).distance
    forelock = limb(grid, nape, (poll[0] + 0.05, poll[1] - 0.09), 0.085, 0.05).distance
    hang = -0.77 - scenes.trait("tail", -0.03, 0.2)
    dock, tuft = limb(grid, (-0.62, -0.16), (hang, 0.03), 0.06, 0.09), limb(grid, (hang, 0.03), (hang, 0.4), 0.1, 0.06)
    away = (grid.u - poll[0] - 0.07, grid.v - poll[1] - nod * 0.12)
    return Body(
        near=near,
        far=legs.far,
        tail=dock.over(tuft, 0.05),
        hooves=legs.hooves,
        far_hooves=legs.far_hooves,
        mane=join(crest, forelock, 0.03),
        ears=limb(grid, (poll[0], poll[1] - 0.07), (poll[0] - 0.01, poll[1] - 0.2), 0.05, 0.02).distance,
        pale=np.ones_like(near.distance),
        nose=ellipse(grid.u - poll[0] - 0.3 + nod * 0.4, grid.v - poll[1] - nod + 0.01, 0.02, 0.02),
        eye=ellipse(away[0], away[1], 0.032, 0.036),
    )


def cat(scenes: Scenes, grid: Grid) -> Body:
    """A large cat, whatever its coat: long and low, with a round head and a curved tail."""
    legs = _legs(scenes, grid, most=0.2, high=0.2, thick=0.145)
    barrel = trunk(grid, (-0.46, 0.06), (0.28, 0.06), 0.262, 0.285)
    raised, nod = scenes.skewed("neck", 1, 0), scenes.trait("head", -0.05, 0.13)
    skull = (0.68, 0.04 - raised * 0.3)
    neck = limb(grid, (0.38, 0.04), skull, 0.25, 0.19)
    ball = ellipse(grid.u - skull[0], grid.v - skull[1], 0.225, 0.215)
    head = Part(ball, grid.u - skull[0], grid.v - skull[1])
    muzzle = limb(
        grid, (skull[0] + 0.06, skull[1] + 0.08), (skull[0] + 0.17, skull[1] + 0.07 + nod), 0.1, 0.085
    ).distance
    near = head.over(barrel.over(legs.near, 0.05).over(neck, 0.1), 0.03)
    lift = scenes.trait("tail", -0.5, 0.1)
    rump, bow = (-0.62, -0.06), (-0.84, 0.0 + lift * 0.35)
    tail = limb(grid, rump, bow, 0.08, 0.07).over(limb(grid, bow, (-0.82, bow[1] + lift), 0.075, 0.07), 0.04)
    ear = ellipse(grid.u - skull[0] + 0.12, grid.v - skull[1] + 0.19, 0.075, 0.085)
    other = ellipse(grid.u - skull[0] - 0.07, grid.v - skull[1] + 0.2, 0.065, 0.08)
    return Body(
        near=near,
        far=legs.far,
        tail=tail,
        hooves=legs.hooves,
        far_hooves=legs.far_hooves,
        mane=np.ones_like(ball),
        ears=np.minimum(ear, other),
        pale=muzzle,
        nose=ellipse(grid.u - skull[0] - 0.24, grid.v - skull[1] - 0.02 - nod, 0.045, 0.035),
        eye=ellipse(grid.u - skull[0] - 0.07, grid.v - skull[1] + 0.05, 0.034, 0.038),
    )
