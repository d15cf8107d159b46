"""Churches from the front: kinds and counts that can be told apart at 32 pixels, at no fixed place and size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stages.drawing.canvas import (
    Grid,
    Layer,
    Plane,
    cover,
    ellipse,
    fade,
    fine,
    hue,
    join,
    lit,
    mix,
    rgb,
    rounded_box,
    stripes,
)
from stages.drawing.scenes import Pictures, Scenes, painted
from stages.drawing.textures import constant, either, whole

CHANCES = {
    "Towers": {"0": 0.25, "1": 0.45, "2": 0.3},
    "Roof": {"spire": 0.5, "dome": 0.3, "flat": 0.2},
    "Windows": {"1": 0.1, "2": 0.15, "3": 0.25, "4": 0.2, "5": 0.1, "6": 0.2},
    "Door": {"single": 0.5, "double": 0.3, "porch": 0.2},
    "Trees": {"none": 0.2, "left": 0.25, "right": 0.25, "both": 0.3},
    "Sky": {"day": 0.6, "overcast": 0.2, "sunset": 0.12, "night": 0.08},
}
"""The values of each category and their law; the categories are independent of each other."""
TRAITS = (
    "x",
    "base",
    "scale",
    "width",
    "height",
    "pitch",
    "wall_hue",
    "wall_value",
    "roof_hue",
    "roof_value",
    "light",
    "green",
    "meadow",
    "hill",
    "cloud_x",
    "cloud_y",
    "tone",
    "path",
)

# By kind of sky: its colour above and at the horizon, that of clouds, and that of the light.
ABOVE = np.array([(0.20, 0.46, 0.86), (0.58, 0.62, 0.68), (0.42, 0.30, 0.58), (0.03, 0.05, 0.17)], np.float32)
BELOW = np.array([(0.70, 0.87, 0.98), (0.80, 0.82, 0.84), (1.00, 0.66, 0.36), (0.13, 0.17, 0.38)], np.float32)
CLOUD = np.array([(0.98, 0.98, 0.99), (0.90, 0.91, 0.92), (1.00, 0.80, 0.66), (0.27, 0.30, 0.48)], np.float32)
LIGHT = np.array([(1.00, 1.00, 1.00), (0.88, 0.90, 0.93), (1.02, 0.83, 0.72), (0.54, 0.58, 0.80)], np.float32)

# Lengths on a church of scale 1: half widths of towers and windows, steps between windows, half a window's height.
TOWER, WINDOW, STEP, TALL = 0.135, 0.077, 0.285, 0.085


@dataclass(frozen=True)
class Site:
    """The pixels around the middle of a church's foot: right and up in its own scale; and its measures."""

    right: Plane
    up: Plane
    pixel: Plane
    scale: Plane
    middle: Plane
    base: Plane
    half: Plane
    height: Plane
    pitch: Plane
    light: Plane
    towers: npt.NDArray[np.intp]
    roof: npt.NDArray[np.intp]
    sky: npt.NDArray[np.intp]


def draw(scenes: Scenes, resolution: int) -> Pictures:
    """uint8 [n, resolution, resolution, 3]."""
    return painted(scenes, resolution, lambda some: layers(some, resolution))


def kind(scenes: Scenes, category: str) -> npt.NDArray[np.intp]:
    """Which value of a category each scene has, [n, 1, 1]."""
    return scenes.chosen(category, *list(CHANCES[category].values())[:-1])[:, None, None]


def layers(scenes: Scenes, resolution: int) -> Iterator[Layer]:
    """From the sky to the trees in front."""
    grid = whole(resolution)
    site = _site(scenes, grid)
    yield from _sky(scenes, site, grid)
    yield from _land(scenes, site, grid)
    yield from _towers(scenes, site, grid)
    yield _cross(site, grid)
    yield from _nave(scenes, site, grid)
    yield from _windows(scenes, site, grid)
    yield from _door(scenes, site, grid)
    yield from _trees(scenes, site, grid)


def _site(scenes: Scenes, grid: Grid) -> Site:
    scale = scenes.trait("scale", 0.8, 0.93)
    middle, base = scenes.trait("x", -0.17, 0.17), scenes.trait("base", 0.7, 0.84)
    sky = kind(scenes, "Sky")
    return Site(
        right=(grid.x - middle) / scale,
        up=(base - grid.y) / scale,
        pixel=grid.pixel / scale,
        scale=scale,
        middle=middle,
        base=base,
        half=scenes.trait("width", 0.45, 0.53),
        height=scenes.trait("height", 0.78, 0.86),
        pitch=scenes.trait("pitch", 0.31, 0.41),
        light=_by(LIGHT, sky),
        towers=kind(scenes, "Towers"),
        roof=kind(scenes, "Roof"),
        sky=sky,
    )


def _by(colours: Plane, which: npt.NDArray[np.intp]) -> Plane:
    """The colour of each scene's kind, [n, 3, 1, 1]."""
    return colours[which[:, 0, 0]][:, :, None, None]


def _sky(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    share = np.clip((grid.y + 1) / (site.base + 0.9), 0, 1)[:, None]
    tone = scenes.trait("tone", 0.88, 1.1)[:, None]
    sky = mix(_by(ABOVE, site.sky), _by(BELOW, site.sky), share) * tone
    yield grid.layer(np.ones((len(scenes), *site.up.shape[1:]), np.float32), sky)
    right = grid.x - scenes.trait("cloud_x", -0.8, 0.8)
    down = grid.y - scenes.trait("cloud_y", -0.88, -0.45)
    shape = join(ellipse(right, down, 0.34, 0.085), ellipse(right - 0.07, down + 0.07, 0.19, 0.11), 0.1)
    yield grid.layer(fade(shape, 0.07) * 0.9, _by(CLOUD, site.sky) * tone)


def _land(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    """Hills, the meadow and the path to the door."""
    green = hue(scenes.trait("green", 0.17, 0.38), scenes.trait("meadow", 0.62, 0.5), scenes.trait("meadow", 0.5, 0.68))
    wave = stripes(grid.x * 0.55 + scenes.trait("hill", 0.0, 0.8)) * 0.07
    far = site.base - 0.06 - scenes.trait("hill", 0.08, 0.34) - wave - grid.y
    air = mix(green * rgb(0.62, 0.72, 0.78) * site.light, _by(BELOW, site.sky), constant(0.3))
    yield grid.layer(cover(far, grid.pixel), air)
    depth = np.clip((grid.y - site.base + 0.05) / 0.5, 0, 1)
    blades = stripes(grid.x * 11 + stripes(grid.y * 7) * 1.3) * fine(0.12, grid.pixel) * 0.05
    meadow = lit(green * site.light, 1.06 - depth * 0.3 + blades)
    yield grid.layer(cover(site.base - 0.05 - grid.y, grid.pixel), meadow)
    down = np.maximum(-site.up, 0)
    bend = scenes.trait("path", -0.7, 0.7) * down
    side = np.abs(site.right - bend) - 0.1 - down * 0.35
    gravel = lit(rgb(0.82, 0.74, 0.60) * site.light, 1.02 - depth * 0.15)
    yield grid.layer(cover(np.maximum(side, site.up), site.pixel), gravel)


def _wall(scenes: Scenes) -> Plane:
    """Stone, from red sandstone over ochre to nearly white."""
    value = scenes.trait("wall_value", 0.74, 0.96)
    return hue(scenes.trait("wall_hue", 0.02, 0.14), 0.42 - (value - 0.74) * 1.2, value)


def _tiles(scenes: Scenes) -> Plane:
    """Tiles of a roof, from copper to red clay."""
    colour = mix(rgb(0.24, 0.50, 0.54), rgb(0.80, 0.30, 0.18), scenes.trait("roof_hue")[:, None])
    return colour * scenes.trait("roof_value", 0.7, 1.1)[:, None]


def _cap(site: Site, aside: Plane, above: Plane, half: Plane, tall: Plane) -> Plane:
    """Distance to a roof on a wall of this half width: a gable or spire, a dome, or a battlement."""
    slope = np.sqrt(half * half + tall * tall)
    spire = (np.abs(aside) * tall - half * (tall - above)) / slope
    dome = ellipse(aside, above, half * 0.96, tall * 1.08)
    notches = stripes(aside / 0.14) * fine(0.14, site.pixel)
    flat = np.maximum(np.abs(aside) - half, above - tall * 0.6 + 0.1 - np.clip(notches * 4, -1, 1) * 0.025)
    return np.maximum(np.where(site.roof == 0, spire, np.where(site.roof == 1, dome, flat)), -above)


def _towers(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    """One behind the ridge, or one at each side of the front."""
    single = site.towers == 1
    aside = site.right - np.where(single, 0, np.sign(site.right) * (site.half + TOWER - 0.02)).astype(np.float32)
    top = site.height + np.where(single, site.pitch + 0.16, site.pitch * 0.8).astype(np.float32)
    there = (site.towers > 0).astype(np.float32)
    side = scenes.trait("light", -1, 1)
    shade = 0.93 + side * aside * 1.3
    half = either(single, 0.175, TOWER)
    body = np.maximum(np.maximum(np.abs(aside) - half, site.up - top), -site.up)
    stone = lit(_wall(scenes) * site.light, shade * (1 + _courses(site) * 0.5))
    yield grid.layer(cover(body, site.pixel) * there, stone)
    bell = _arch(aside, site.up - top + 0.09, constant(0.045), constant(0.06))
    yield grid.layer(cover(bell, site.pixel) * there * fine(0.2, site.pixel), rgb(0.16, 0.14, 0.16) * site.light)
    cap = _cap(site, aside, site.up - top, half * 1.22, site.pitch)
    yield grid.layer(cover(cap, site.pixel) * there, lit(_tiles(scenes) * site.light, 1.0 + side * aside * 2.2))


def _cross(site: Site, grid: Grid) -> Layer:
    """On the highest roof of the middle."""
    foot = site.height + np.where(site.towers == 1, 2 * site.pitch + np.float32(0.16), site.pitch)
    sunk = np.where(site.roof == 1, site.pitch * -0.06, site.pitch * 0.4 + np.float32(0.1))
    up = site.up - foot + np.where(site.roof == 0, np.float32(0.02), sunk)
    post = np.maximum(np.abs(site.right) - 0.012, np.abs(up - 0.06) - 0.07)
    beam = np.maximum(np.abs(site.right) - 0.04, np.abs(up - 0.085) - 0.012)
    return grid.layer(cover(np.minimum(post, beam), site.pixel), rgb(0.24, 0.20, 0.20) * site.light)


def _courses(site: Site) -> Plane:
    """Rows of stones, where pixels are small enough."""
    row = np.floor(site.up / 0.06)
    joints = np.maximum(np.abs(stripes(site.up / 0.06)), np.abs(stripes(site.right / 0.13 + row * 0.5)))
    return np.clip(joints * 8 - 7, 0, 1) * fine(0.06, site.pixel) * -0.16


def _nave(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    side = scenes.trait("light", -1, 1)
    roof = _cap(site, site.right, site.up - site.height, site.half * 1.07, site.pitch)
    rows = stripes(site.up / 0.05) * fine(0.05, site.pixel) * 0.06
    yield grid.layer(cover(roof, site.pixel), lit(_tiles(scenes) * site.light, 1.05 + side * site.right * 0.35 + rows))
    wall = np.maximum(np.maximum(np.abs(site.right) - site.half, site.up - site.height), -site.up)
    shade = 1.0 + side * site.right * 0.16 + _courses(site)
    yield grid.layer(cover(wall, site.pixel), lit(_wall(scenes) * site.light, shade))


def _arch(aside: Plane, above: Plane, half: Plane, tall: Plane) -> Plane:
    """Distance to an opening around the origin that is round above and flat below."""
    return np.maximum(rounded_box(aside, above + half * 0.5, half, tall + half * 0.5, half * 0.9), -above - tall)


def _row(site: Site, count: Plane, centre: Plane) -> Plane:
    """Distance to a row of windows at a height."""
    place = np.clip(np.floor(site.right / STEP + count / 2), 0, np.maximum(count - 1, 0))
    aside = site.right - (place - (count - 1) / 2) * STEP
    return np.where(count > 0, _arch(aside, site.up - centre, constant(WINDOW), constant(TALL)), np.float32(1))


def _windows(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    """Up to three in one row, more in two; they glow at night."""
    count = kind(scenes, "Windows") + 1
    two = count > 3
    upper = np.where(two, (count + 1) // 2, count).astype(np.float32)
    lower = np.where(two, count // 2, 0).astype(np.float32)
    first = site.height - either(two, 0.16, 0.27)
    shape = np.minimum(_row(site, upper, first), _row(site, lower, site.height - 0.4))
    frame = _wall(scenes) * rgb(1.12, 1.1, 1.06) * site.light
    yield grid.layer(cover(shape - 0.022, site.pixel), frame)
    night = (site.sky == 3).astype(np.float32)[:, None]
    glass = mix(rgb(0.10, 0.13, 0.22) * site.light, rgb(1.0, 0.80, 0.36), night)
    bars = np.clip(np.abs(stripes(site.up / 0.07)) * 6 - 5, 0, 1) * fine(0.07, site.pixel) * 0.5
    yield grid.layer(cover(shape, site.pixel), lit(glass, 1.0 + bars * (1 - night[:, 0] * 1.8)))


def _door(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    """One arch, two arches side by side, or an arch below the gable of a porch."""
    door = kind(scenes, "Door")
    porch = (door == 2).astype(np.float32)
    block = np.maximum(np.abs(site.right) - 0.19, site.up - 0.18)
    yield grid.layer(
        cover(np.maximum(block, -site.up), site.pixel) * porch, _wall(scenes) * rgb(1.1, 1.1, 1.08) * site.light
    )
    above = site.up - 0.17
    gable = np.maximum((np.abs(site.right) * 0.14 - 0.25 * (0.14 - above)) / 0.287, -above)
    yield grid.layer(cover(gable, site.pixel) * porch, _tiles(scenes) * site.light)
    aside = np.where(door == 1, np.abs(site.right) - np.float32(0.15), site.right)
    tall = np.where(door == 2, np.float32(0.075), np.float32(0.125))
    half = np.where(door == 0, np.float32(0.105), np.float32(0.085))
    shape = _arch(aside, site.up - tall, half, tall)
    planks = stripes(aside / 0.05) * fine(0.05, site.pixel) * 0.15
    yield grid.layer(cover(shape, site.pixel), lit(rgb(0.30, 0.17, 0.10) * site.light, 1.0 + planks))


def _trees(scenes: Scenes, site: Site, grid: Grid) -> Iterator[Layer]:
    """Beside the church, never before its windows."""
    trees = kind(scenes, "Trees")
    reach = site.scale * (site.half + either(site.towers == 2, 2 * TOWER, 0) + 0.15)
    left, right = np.maximum(site.middle - reach, -0.86), np.minimum(site.middle + reach, 0.86)
    aside = np.where(trees == 1, grid.x - left, grid.x - right)
    aside = np.where((trees == 3) & (grid.x < site.middle), grid.x - left, aside)
    there = (trees > 0).astype(np.float32)
    up = site.base + 0.06 - grid.y
    trunk = rounded_box(aside, up - 0.1, 0.03, 0.12, 0.02)
    yield grid.layer(cover(trunk, grid.pixel) * there, rgb(0.30, 0.20, 0.14) * site.light)
    bumps = stripes(aside * 6.3 + stripes(up * 7.1)) * fine(0.16, grid.pixel)
    crown = join(ellipse(aside, up - 0.34, 0.15, 0.2), ellipse(aside, up - 0.5, 0.1, 0.14), 0.1) + bumps * 0.012
    leaves = hue(scenes.trait("green", 0.17, 0.38), constant(0.68), constant(0.36))
    side = scenes.trait("light", -1, 1)
    yield grid.layer(
        cover(crown, grid.pixel) * there, lit(leaves * site.light, 0.85 + up * 0.4 + side * aside * 1.5 + bumps * 0.12)
    )
