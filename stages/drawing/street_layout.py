"""What stands where in a street in one-point perspective: of every pixel its class and how bright its texture is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stages.drawing.canvas import Grid, Plane, cover, ellipse, mix, rounded_box
from stages.drawing.scenes import Scenes
from stages.drawing.street_classes import BUILDING, CAR, PERSON, ROAD, SIDEWALK, SKY, VEGETATION, Ids
from stages.drawing.textures import either, grain, noise, wander, whole

Inside = npt.NDArray[np.bool_]

TRAITS = (
    "vanishing",
    "horizon",
    "lane",
    "road",
    "sidewalk",
    "phase",
    "left_near",
    "left_middle",
    "left_far",
    "right_near",
    "right_middle",
    "right_far",
    "end",
    "tree_left_near",
    "tree_left_far",
    "tree_right_near",
    "tree_right_far",
    "car_ahead",
    "car_coming",
    "car_parked",
    "person_left",
    "person_right",
    "person_crossing",
    "crossing",
)
# How near and how far people cross the street, and which share of all draws stands for nobody.
CROSSING, NOBODY = (4.6, 6.6), 0.45

# Metres: the height of the camera, the length of a block, the end of the street; and the focal length.
HEIGHT, BLOCK, END, FOCAL = 1.7, 10.0, 60.0, 1.3


@dataclass(frozen=True)
class View:
    """The pixels of a picture around the vanishing point of the street."""

    right: Plane
    down: Plane
    pixel: Plane

    def across(self, depth: Plane) -> Plane:
        """Metres to the right of the camera, on a plane at this depth."""
        return self.right * (depth / FOCAL)

    def above(self, depth: Plane) -> Plane:
        """Metres above the ground, on a plane at this depth."""
        return HEIGHT - self.down * (depth / FOCAL)


@dataclass(frozen=True)
class Layout:
    """What every pixel shows: a class, how bright its texture is, and how far it faces to the right."""

    ids: Ids
    texture: Plane
    facing: Plane

    def paint(self, inside: Inside, kind: int, texture: Plane | float, facing: Plane | float = 0.0) -> None:
        """Puts something in front, with hard edges."""
        self.ids[inside] = kind
        np.copyto(self.texture, np.asarray(texture, np.float32), where=inside)
        np.copyto(self.facing, np.asarray(facing, np.float32), where=inside)

    def repeated(self, times: int) -> Layout:
        """The only picture of this layout, many times."""
        shape = (times, *self.ids.shape[1:])
        ids, texture = np.broadcast_to(self.ids, shape), np.broadcast_to(self.texture, shape)
        return Layout(ids, texture, np.broadcast_to(self.facing, shape))

    def shade(self, share: Plane) -> None:
        """Darkens what is there."""
        np.multiply(self.texture, 1 - share, out=self.texture)


def layout(scenes: Scenes, resolution: int) -> Layout:
    """Sky, walls and ground, then everything that stands in the street, from far to near."""
    grid = whole(resolution)
    view = View(
        grid.x - scenes.trait("vanishing", -0.3, 0.38), grid.y - scenes.trait("horizon", -0.14, 0.14), grid.pixel
    )
    seen = _sky(scenes, grid)
    _walls(scenes, view, seen)
    _ground(scenes, view, seen)
    left, right = _curbs(scenes)
    _tree(scenes, view, seen, "tree_left_far", left - 0.9, (19, 29))
    _tree(scenes, view, seen, "tree_right_far", right + 0.9, (17, 26))
    middle = (left + right) / 2
    _car(scenes, view, seen, "car_ahead", middle + (right - left) * 0.25, (9, 24))
    _tree(scenes, view, seen, "tree_left_near", left - 1.0, (9.5, 14))
    _car(scenes, view, seen, "car_coming", middle - (right - left) * 0.25, (7.5, 20))
    _tree(scenes, view, seen, "tree_right_near", right + 1.0, (8, 12))
    _car(scenes, view, seen, "car_parked", right - 0.9, (6.0, 11))
    _person(scenes, view, seen, "person_left", left - 0.7, (7.0, 10.5))
    _person(scenes, view, seen, "person_right", right + 0.8, (4.4, 7.5))
    _person(scenes, view, seen, "person_crossing", _crossing(scenes), CROSSING)
    return seen


def _curbs(scenes: Scenes) -> tuple[Plane, Plane]:
    """Where the road begins and ends, in metres to the right of the camera, which drives on the right."""
    half = 2.9 + scenes.skewed("road", 0, 1.6)
    middle = -half * scenes.trait("lane", 0.1, 0.5)
    return middle - half, middle + half


def _crossing(scenes: Scenes) -> Plane:
    """Where somebody crosses the street: in sight, wherever the road ends."""
    left, right = _curbs(scenes)
    return mix(np.maximum(left, -3.0), np.minimum(right, 3.0), scenes.trait("crossing"))


def _sky(scenes: Scenes, grid: Grid) -> Layout:
    """Brighter towards the horizon, with clouds."""
    clouds = (
        noise(grid.x * 2 + 9, grid.y * 5 + 9, 61) * 0.6
        + grain(grid.x * 5 + 9, grid.y * 10 + 9, 62, grid.pixel * 9) * 0.4
    )
    bright = 0.9 + (grid.y + 1) * 0.14 + np.clip(clouds * 1.5 - 0.2, 0, 1) * 0.22
    texture = np.repeat(bright, len(scenes), axis=0)
    return Layout(np.full(texture.shape, SKY, np.uint8), texture, np.zeros_like(texture))


def _walls(scenes: Scenes, view: View, seen: Layout) -> None:
    """Blocks of houses and parks on both sides, and what closes the street."""
    left, right = _curbs(scenes)
    pavement = scenes.trait("sidewalk", 2.0, 4.5)
    on_right = view.right > 0
    wall = np.where(on_right, right + pavement, left - pavement)
    beside = np.where(on_right, np.maximum(view.right, 1e-3), np.minimum(view.right, -1e-3))
    depth = FOCAL * wall / beside
    closed = depth > END
    depth = np.minimum(depth, END)
    block = np.floor((depth - np.abs(wall) * FOCAL) / BLOCK + scenes.trait("phase", 0.1, 0.9))
    share = np.where(on_right, _blocks(scenes, block, "right"), _blocks(scenes, block, "left"))
    share = np.where(closed, scenes.trait("end"), share)
    park = share < 0.24
    tall = np.clip((share - 0.24) / 0.76, 0, 1)
    up = view.above(depth)
    lumps = noise(depth * 0.9 + 40, up * 0.9 + 40, 63) * 0.9 + noise(depth * 2.3 + 40, up * 2.3 + 40, 64) * 0.5
    eaves = 4.6 + tall * tall * 11 + wander(block + 40, 65) * 0.8
    facing = np.where(closed, np.float32(0), either(on_right, -1, 1))
    along = np.where(closed, view.across(depth), depth)
    stretch = np.where(closed, depth / FOCAL, depth * depth / (FOCAL * np.abs(wall))) * view.pixel
    # Low houses have gables.
    gable = np.maximum(2.0 - np.abs(along / 5 - np.floor(along / 5) - 0.5) * 4.4, 0) * (tall < 0.45)
    seen.paint(park & (up < 3.2 + share * 9 + lumps), VEGETATION, 0.86 + lumps * 0.2, facing * 0.6)
    seen.paint(~park & (up < eaves + gable), BUILDING, _facade(along, up, eaves, block, stretch), facing)


def _blocks(scenes: Scenes, block: Plane, side: str) -> Plane:
    far = np.where(block < 2, scenes.trait(f"{side}_middle"), scenes.trait(f"{side}_far"))
    return np.where(block < 1, scenes.trait(f"{side}_near"), far)


def _facade(along: Plane, up: Plane, eaves: Plane, block: Plane, stretch: Plane) -> Plane:
    """Storeys of windows, a ledge below the eaves, a darker foot and a darker gable."""
    column, storey = along / 2.5, up / 2.9
    p, q = (column - np.floor(column) - 0.5) * 2.5, (storey - np.floor(storey) - 0.52) * 2.9
    window = cover(rounded_box(p, q, 0.62, 0.8, 0.05), np.maximum(stretch, 0.12))
    window = window * (up < eaves - 0.9) * np.clip((2.6 / stretch - 1.5) / 3, 0, 1)
    tone = 0.95 + wander(block * 3 + 40, 66) * 0.13
    ledge = np.clip(1 - np.abs(eaves - up - 0.25) / 0.3, 0, 1) * 0.16
    return tone * (1 - 0.42 * window) + ledge - either(up < 0.7, 0.12, 0) - either(up > eaves, 0.2, 0)


def _ground(scenes: Scenes, view: View, seen: Layout) -> None:
    """Road with a dashed line, pavements with joints and a bright curb."""
    left, right = _curbs(scenes)
    pavement = scenes.trait("sidewalk", 2.0, 4.5)
    depth = FOCAL * HEIGHT / np.maximum(view.down, 1e-3)
    x = view.across(depth)
    between = (x > left - pavement) & (x < right + pavement) & (depth < END) & (view.down > 0)
    aside = np.maximum(left - x, x - right)
    road = aside < 0
    size = view.pixel * depth / FOCAL
    step = size * depth / HEIGHT
    grit = grain(x * 3 + 60, depth * 1.5, 67, step * 1.5) * 0.05 + grain(x * 9 + 60, depth * 4, 68, step * 4) * 0.05
    dash = (depth / 5 - np.floor(depth / 5) < 0.55).astype(np.float32)
    line = cover(np.abs(x - (left + right) / 2) - 0.12, size) * dash
    edges = cover(np.minimum(np.abs(x - left - 0.35), np.abs(x - right + 0.35)) - 0.08, size) * 0.7
    there, where = _stands(scenes, "person_crossing", NOBODY, CROSSING)
    on_bars = there & (np.abs(depth - where) < 0.9)
    bars = cover(np.abs((x - left) / 1.1 - np.floor((x - left) / 1.1) - 0.5) * 1.1 - 0.28, size) * (aside < -0.5)
    marks = np.where(on_bars, bars, np.maximum(line, edges))
    seen.paint(between & road, ROAD, 0.88 + grit + marks * 0.8)
    joints = np.minimum(np.abs(aside - np.floor(aside) - 0.5), np.abs(depth / 1.4 - np.floor(depth / 1.4) - 0.5))
    joint = cover(joints - 0.03, size) * np.clip(0.5 / size - 0.5, 0, 1)
    curb = either(aside < 0.25, 1, 0)
    seen.paint(between & ~road, SIDEWALK, 0.9 + grit - joint * 0.16 + curb * 0.1)


def _stands(scenes: Scenes, name: str, absent: float, depths: tuple[float, float]) -> tuple[Inside, Plane]:
    """Whether something is there, and how deep in the street: more often near."""
    draw = scenes.trait(name)
    t = np.clip((draw - absent) / (1 - absent), 0, 1)
    return draw >= absent, depths[0] + (depths[1] - depths[0]) * t * (0.4 + 0.6 * t)


def _contact(view: View, seen: Layout, there: Inside, x: Plane, depth: Plane, half: float, long: float) -> None:
    """The shadow of something on the ground."""
    ground = FOCAL * HEIGHT / np.maximum(view.down, 1e-3)
    away = ellipse(view.across(ground) - x, ground - depth, half, long)
    share = np.clip(-away * 2 + 0.1, 0, 1) * 0.42
    seen.shade(share * there * ((seen.ids == ROAD) | (seen.ids == SIDEWALK)))


def _tree(scenes: Scenes, view: View, seen: Layout, name: str, x: Plane, depths: tuple[float, float]) -> None:
    """A trunk and a crown of leaves, both vegetation."""
    there, depth = _stands(scenes, name, 0.42, depths)
    _contact(view, seen, there, x, depth, 1.4, 1.4)
    u, up = view.across(depth) - x, view.above(depth)
    trunk = (np.abs(u) < 0.17) & (up > 0) & (up < 3)
    seen.paint(trunk & there, VEGETATION, 0.55, np.clip(u * 4, -1, 1))
    lumps = noise(u * 1.3 + 50, up * 1.3, 71) * 0.3 + noise(u * 3.2 + 50, up * 3.2, 72) * 0.2
    crown = ellipse(u, up - 4.0, 1.75, 1.9) + lumps < 0
    step = view.pixel * depth / FOCAL
    leaves = grain(u * 1.6 + 50, up * 1.6, 73, step * 1.6) * 0.18 + grain(u * 5 + 50, up * 5, 74, step * 5) * 0.14
    seen.paint(crown & there, VEGETATION, 0.9 + leaves + (up - 4.0) * 0.1, np.clip(u * 0.6, -1, 1))


def _car(scenes: Scenes, view: View, seen: Layout, name: str, x: Plane, depths: tuple[float, float]) -> None:
    """A car from behind or in front, with the side that the camera sees."""
    there, depth = _stands(scenes, name, 0.38, depths)
    _contact(view, seen, there, x, depth + 2, 1.15, 2.6)
    _flank(view, seen, there, x, depth)
    back = depth + 0.45
    u, up = view.across(back) - x, view.above(back)
    taper = 0.86 - (up - 0.8) * 0.3
    cabin = (np.abs(u) < taper) & (up > 0.6) & (up < 1.48)
    glass = (np.abs(u) < taper - 0.12) & (up > 0.98) & (up < 1.38)
    seen.paint(cabin & there, CAR, either(glass, 0.5, 1.02))
    u, up = view.across(depth) - x, view.above(depth)
    wheel = (np.abs(np.abs(u) - 0.66) < 0.15) & (up > 0) & (up < 0.5)
    seen.paint(wheel & there, CAR, 0.42)
    body = rounded_box(u, up - 0.62, 0.9, 0.36, 0.12) < 0
    lamp = (np.abs(np.abs(u) - 0.68) < 0.16) & (np.abs(up - 0.72) < 0.1)
    plate = (np.abs(u) < 0.26) & (np.abs(up - 0.52) < 0.07)
    texture = 0.86 + (up - 0.62) * 0.3 + either(lamp, 0.45, 0) + either(plate, 0.35, 0) - either(up < 0.36, 0.25, 0)
    seen.paint(body & there, CAR, texture)


def _flank(view: View, seen: Layout, there: Inside, x: Plane, depth: Plane) -> None:
    """Roof and side of a car, which run towards the vanishing point."""
    high = FOCAL * (HEIGHT - 1.48) / np.maximum(view.down, 1e-3)
    roof = (np.abs(view.across(high) - x) < 0.66) & (np.abs(high - depth - 1.7) < 1.25)
    seen.paint(roof & there, CAR, 1.08)
    inner = either(x > 0, -1, 1)
    shown = there & (np.abs(x) > 0.88)
    # The cabin leans inwards by 0.3 per metre.
    along = _meeting(x + inner * (1.1 - 0.3 * HEIGHT), view.right - inner * 0.3 * view.down)
    up, t = view.above(along), along - depth
    cabin = (t > 0.4) & (t < 3.7 - (up - 0.9) * 1.2) & (up > 0.7) & (up < 1.48)
    glass = (up > 0.98) & (up < 1.38) & (np.abs(t - 1.85) > 0.07) & (t > 0.65) & (t < 3.5 - (up - 0.9) * 1.2)
    seen.paint(cabin & shown, CAR, either(glass, 0.46, 0.78), inner * 0.6)
    along = _meeting(x + inner * 0.88, view.right)
    up, t = view.above(along), along - depth
    side = (t > 0) & (t < 4.2) & (up > 0.25) & (up < 0.98 - 0.12 * np.clip(t - 3.2, 0, 1))
    seen.paint(side & shown, CAR, either(up > 0.62, 0.8, 0.74), inner * 0.6)
    hub = np.minimum(np.abs(t - 0.85), np.abs(t - 3.3))
    tyre = (hub * hub + (up - 0.34) * (up - 0.34) < 0.12) & (up > 0)
    seen.paint(tyre & shown, CAR, 0.42)


def _meeting(plane: Plane, ray: Plane) -> Plane:
    """How deep in the street a ray meets a plane that runs along it; 0 where it never does."""
    apart = np.where(np.abs(ray) < 1e-3, np.float32(1), ray)
    return np.where(np.abs(ray) < 1e-3, np.float32(0), FOCAL * plane / apart)


def _person(scenes: Scenes, view: View, seen: Layout, name: str, x: Plane, depths: tuple[float, float]) -> None:
    """Head, coat and legs."""
    there, depth = _stands(scenes, name, NOBODY, depths)
    _contact(view, seen, there, x, depth, 0.55, 0.5)
    u, up = view.across(depth) - x, view.above(depth)
    head = ellipse(u, up - 1.62, 0.15, 0.19) < 0
    arms = rounded_box(u, up - 1.14, 0.34, 0.32, 0.14) < 0
    coat = np.abs(u) < 0.2 + (1.46 - up) * 0.08
    legs = (np.abs(np.abs(u) - 0.13) < 0.115) & (up > 0) & (up < 0.86)
    turned = np.clip(u * 3, -1, 1)
    seen.paint(legs & there, PERSON, 0.5, turned)
    seen.paint(arms & there, PERSON, either(coat, 0.95, 0.72), turned)
    seen.paint(coat & (up > 0.66) & (up < 1.44) & there, PERSON, 0.95, turned)
    seen.paint(head & there, PERSON, either(up > 1.68, 0.55, 1.08), turned)
