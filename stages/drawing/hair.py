"""Hair of portraits: its colour, and its shape behind the head and in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stages.drawing.canvas import (
    Box,
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
from stages.drawing.people import HAIR_COLOURS, People


def _colour(people: People) -> Plane:
    pick = people.trait("hair_other")[:, None]
    grey, copper, violet = rgb(0.69, 0.70, 0.74), rgb(0.80, 0.26, 0.08), rgb(0.56, 0.30, 0.62)
    colour = np.where(pick < 0.4, grey, np.where(pick < 0.75, copper, violet))
    named = (rgb(0.075, 0.065, 0.085), rgb(0.96, 0.80, 0.38), rgb(0.46, 0.26, 0.12))
    for name, shade in zip(HAIR_COLOURS, named, strict=True):
        colour = mix(colour, shade, people.has(name)[:, None])
    return colour * people.trait("hair_brightness", 0.92, 1.06)[:, None]


def _paint(people: People, grid: Grid, strand: Plane) -> Plane:
    """Strands where the pixels are fine enough to show them, and a shine along the crown at every resolution."""
    strands = stripes(strand * 6 + stripes(strand * 2) * 0.3) * fine(0.16, grid.pixel) * 0.05
    strands += stripes(strand * 17 + stripes(strand * 5) * 0.2) * fine(0.06, grid.pixel) * 0.07
    shine = fade(np.abs(grid.v + 0.60 - grid.u * grid.u * 0.5) - 0.09, 0.09)
    shine *= np.clip(1 - np.abs(grid.u - people.trait("light", -0.25, 0.25)) * 2.6, 0, 1)
    brightness = 1.0 + strands + people.trait("light", -0.25, 0.25) * grid.u
    return lit(_colour(people), brightness) + (shine * 0.22)[:, None]


def _top(people: People, grid: Grid) -> Plane:
    volume = people.trait("hair_volume", 0.0, 0.07)
    return ellipse(grid.u, grid.v + 0.19, 0.52 + volume * 0.7, 0.50 + volume)


def _long(people: People, grid: Grid) -> tuple[Plane, Plane]:
    """The outline of long hair, and the wave it falls in."""
    wave = stripes(grid.v * 1.9) * 0.018
    width = 0.535 + people.trait("hair_volume", 0.0, 0.07)
    fall = rounded_box(grid.u + wave * np.sign(grid.u), grid.v - 0.28, width, 0.5, 0.16)
    return join(_top(people, grid), fall, 0.15), wave


def behind(people: People, grid: Grid) -> Iterator[Layer]:
    """Long hair behind the head."""
    grid = grid.window(Box(-0.75, 0.75, -0.9, 0.95))
    shape, wave = _long(people, grid)
    shade = 0.74 - np.clip(grid.v, 0, 1) * 0.12
    paint = _paint(people, grid, grid.u + wave) * shade[:, None]
    yield grid.layer(cover(shape, grid.pixel) * (1 - people.has("Male")), paint, HAIR_COLOURS)


def in_front(people: People, grid: Grid) -> Iterator[Layer]:
    """The crown above the hairline, which recedes with age; a woman's locks beside the face; grey temples."""
    grid = grid.window(Box(-0.75, 0.75, -0.9, 0.9))
    old = 1 - people.has("Young")
    parting = grid.u - people.trait("hair_parting", -0.26, 0.26)
    jag = stripes(grid.u * 4 + grid.u * grid.u * 3) * people.trait("hair_fringe", 0.0, 0.03)
    drop = 0.95 - old * 0.15
    hairline = people.trait("hair_line", -0.47, -0.41) - old * 0.085 + jag + drop * parting * parting
    crown = np.maximum((grid.v - hairline) * 0.8, grid.v + 0.02)
    crown = np.maximum(crown, _top(people, grid))
    shape, wave = _long(people, grid)
    inner = 0.385 + (grid.v + 0.1) * (grid.v + 0.1) * 0.12
    lock = np.maximum(shape, inner + wave - np.abs(grid.u))
    whole = np.maximum(cover(crown, grid.pixel), cover(lock, grid.pixel) * (1 - people.has("Male")))
    strand = mix(
        parting / (0.5 + np.abs(grid.v + 0.7) * 0.8),
        grid.u,
        np.clip(grid.v * 4 + 1, 0, 1),
    )
    yield grid.layer(whole, _paint(people, grid, strand + wave), HAIR_COLOURS)
    temples = ellipse(np.abs(grid.u) - 0.50, grid.v + 0.08, 0.19, 0.42)
    grey = lit(rgb(0.82, 0.82, 0.84), 1.0 + stripes(strand * 13) * fine(0.08, grid.pixel) * 0.07)
    yield grid.layer(fade(temples, 0.13) * whole * old * 0.85, grey)
