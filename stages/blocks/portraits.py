"""Portraits as a program: people made of attributes, an expression and traits; each attribute has its region."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stages.blocks.canvas import (
    Box,
    Grid,
    Layer,
    Plane,
    composite,
    cover,
    ellipse,
    fade,
    fine,
    hue,
    join,
    lit,
    mix,
    rounded_box,
    spread,
    stripes,
)

HAIR_COLOURS = ("Black_Hair", "Blond_Hair", "Brown_Hair")
ATTRIBUTES = (
    *HAIR_COLOURS,
    "Male",
    "Young",
    "Mustache",
    "Goatee",
    "Rosy_Cheeks",
    "Bushy_Eyebrows",
    "Wearing_Lipstick",
)
EXPRESSIONS = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
TRAITS = (
    "shift_x",
    "shift_y",
    "tilt",
    "scale",
    "face_width",
    "face_height",
    "skin",
    "skin_warmth",
    "light",
    "background_hue",
    "background_saturation",
    "background_value",
    "clothes_hue",
    "clothes_saturation",
    "clothes_value",
    "clothes_pattern",
    "neckline",
    "hair_volume",
    "hair_parting",
    "hair_line",
    "hair_fringe",
    "hair_other",
    "hair_brightness",
    "brow_colour",
    "eye_hue",
    "eye_saturation",
    "eye_value",
    "eye_spacing",
    "nose_width",
)


class Mimic(NamedTuple):
    """What an expression does to a face; 0 and 1 are at rest."""

    brow_lift: float = 0.0
    brow_frown: float = 0.0
    brow_uneven: float = 0.0
    eye_open: float = 1.0
    smile: float = 0.0
    smirk: float = 0.0
    gap: float = 0.0
    width: float = 1.0
    square: float = 1.0
    teeth: float = 0.0
    tongue: float = 0.0
    wrinkle: float = 0.0


MIMICS = {
    "angry": Mimic(
        brow_lift=-0.055, brow_frown=0.55, eye_open=0.72, smile=-0.35, gap=0.09, width=1.05, square=2.4, teeth=1
    ),
    "contemptuous": Mimic(brow_lift=-0.015, brow_frown=0.1, brow_uneven=0.1, eye_open=0.6, smirk=0.65),
    "disgusted": Mimic(
        brow_lift=-0.06,
        brow_frown=0.25,
        eye_open=0.4,
        smile=-0.8,
        gap=0.075,
        width=0.95,
        square=1.4,
        tongue=1,
        wrinkle=1,
    ),
    "fearful": Mimic(
        brow_lift=0.05, brow_frown=-0.42, eye_open=1.35, smile=-0.55, gap=0.105, width=1.2, square=1.6, teeth=1
    ),
    "happy": Mimic(brow_lift=0.025, brow_frown=-0.05, eye_open=0.72, smile=1.0, gap=0.125, width=1.25, teeth=1),
    "neutral": Mimic(),
    "sad": Mimic(brow_lift=0.015, brow_frown=-0.55, eye_open=0.66, smile=-0.95, width=0.9),
    "surprised": Mimic(brow_lift=0.085, eye_open=1.5, gap=0.2, width=0.62, square=1.05),
}
_MIMICS = np.array([MIMICS[name] for name in EXPRESSIONS], np.float32)


@dataclass(frozen=True)
class People:
    """n people: attributes [n, 10], expressions [n] as positions in EXPRESSIONS, traits [n, len(TRAITS)] in [0, 1)."""

    attributes: npt.NDArray[np.bool_]
    expressions: npt.NDArray[np.intp]
    traits: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.attributes)

    def some(self, which: slice | npt.NDArray[np.intp]) -> "People":
        return People(self.attributes[which], self.expressions[which], self.traits[which])

    def has(self, attribute: str) -> Plane:
        """1 or 0 per person, [n, 1, 1]."""
        return self.attributes[:, ATTRIBUTES.index(attribute), None, None].astype(np.float32)

    def trait(self, name: str, low: float = 0.0, high: float = 1.0) -> Plane:
        """A trait spread over a range, [n, 1, 1]."""
        return (low + (high - low) * self.traits[:, TRAITS.index(name), None, None]).astype(np.float32)

    def mimic(self, name: str) -> Plane:
        return _MIMICS[self.expressions, Mimic._fields.index(name), None, None]

    def towards(self, target: str) -> "People":
        """The same people with one thing changed: a hair colour or an expression is set, any other attribute flips."""
        if target in EXPRESSIONS:
            return replace(self, expressions=np.full_like(self.expressions, EXPRESSIONS.index(target)))
        attributes = self.attributes.copy()
        column = ATTRIBUTES.index(target)
        if target in HAIR_COLOURS:
            attributes[:, [ATTRIBUTES.index(name) for name in HAIR_COLOURS]] = False
            attributes[:, column] = True
        else:
            attributes[:, column] ^= True
        return replace(self, attributes=attributes)


def draw(people: People, resolution: int) -> npt.NDArray[np.uint8]:
    """uint8 [n, resolution, resolution, 3]; in batches that stay in the cache, which the result doesn't depend on."""
    pictures = np.empty((len(people), resolution, resolution, 3), np.uint8)
    batch = max(1, 2**15 // resolution**2)
    for start in range(0, len(people), batch):
        some = people.some(slice(start, start + batch))
        pictures[start : start + batch] = composite(layers(some, resolution), len(some), resolution)
    return pictures


def region(people: People, target: str, resolution: int) -> npt.NDArray[np.bool_]:
    """Where the way towards a target may change a picture, from the shapes alone: bool [n, resolution, resolution]."""
    mask = np.zeros((len(people), resolution, resolution), np.bool_)
    for before, after in zip(layers(people, resolution), layers(people.towards(target), resolution), strict=True):
        spread(mask, before, after, target)
    return mask


def layers(people: People, resolution: int) -> Iterator[Layer]:
    """The portrait from back to front: always the same layers, whoever it is, so that two can be compared."""
    grid = _pose(people, resolution)
    yield _background(people, grid)
    yield from _clothes(people, grid)
    yield from _hair_behind(people, grid)
    yield from _neck_and_ears(people, grid)
    yield from _face(people, grid)
    yield from _age(people, grid)
    yield from _nose(people, grid)
    yield from _facial_hair(people, grid)
    yield from _mouth(people, grid)
    yield from _eyes(people, grid)
    yield from _hair_in_front(people, grid)
    yield from _brows(people, grid)


def _colour(*rgb: float) -> Plane:
    return np.array(rgb, np.float32).reshape(1, 3, 1, 1)


def _pose(people: People, resolution: int) -> Grid:
    centres = ((np.arange(resolution) + 0.5) * 2 / resolution - 1).astype(np.float32)
    x, y = centres.reshape(1, 1, -1), centres.reshape(1, -1, 1)
    right, down = x - people.trait("shift_x", -0.05, 0.05), y - people.trait("shift_y", -0.09, -0.02)
    # The rotation by twice the angle whose tangent is t, without a sine.
    t = people.trait("tilt", -0.035, 0.035)
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    scale = people.trait("scale", 1.11, 1.19)
    u = (cosine * right + sine * down) / (scale * people.trait("face_width", 0.96, 1.04))
    v = (cosine * down - sine * right) / (scale * people.trait("face_height", 0.97, 1.02))
    pixel = np.float32(2 / resolution) / scale
    return Grid(x, y, u, v, pixel, slice(0, resolution), slice(0, resolution))


def _light(people: People, grid: Grid) -> Plane:
    """Brightness on the head: from the side the light comes from, falling towards the rim."""
    side = people.trait("light", -1, 1)
    rim = grid.u * grid.u * 4 + (grid.v + 0.05) * (grid.v + 0.05) * 2.2
    return 1.05 + side * grid.u * 0.28 - grid.v * 0.08 - np.minimum(rim, 1.2) * 0.11


def _skin(people: People) -> Plane:
    tone, warmth = people.trait("skin")[:, None], people.trait("skin_warmth", -1, 1)[:, None]
    fair, olive, deep = _colour(1.0, 0.85, 0.75), _colour(0.87, 0.66, 0.50), _colour(0.52, 0.33, 0.23)
    skin = np.where(tone < 0.5, mix(fair, olive, tone * 2), mix(olive, deep, tone * 2 - 1))
    return skin * (1 + warmth * _colour(0.02, 0.0, -0.04))


def _dark_hair(people: People) -> Plane:
    """The colour of brows and facial hair alike: a beard's colour is known before it grows."""
    return mix(_colour(0.06, 0.045, 0.045), _colour(0.21, 0.12, 0.07), people.trait("brow_colour")[:, None])


def _background(people: People, grid: Grid) -> Layer:
    value = people.trait("background_value", 0.55, 0.9)
    saturation = people.trait("background_saturation", 0.12, 0.5)
    colour = hue(people.trait("background_hue"), saturation, value)
    glow = grid.x * grid.x + (grid.y + 0.2) * (grid.y + 0.2)
    brightness = 1.14 - np.minimum(glow, 2) * 0.2 + people.trait("light", -0.08, 0.08) * grid.x
    return grid.layer(np.ones_like(brightness), lit(colour, brightness))


def _clothes(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-1, 1, 0.55, 1.3))
    male = people.has("Male")
    shoulders = join(
        rounded_box(grid.u, grid.v - 1.29, mix(0.60, 0.93, male), mix(0.56, 0.62, male), mix(0.40, 0.24, male)),
        ellipse(grid.u, grid.v - 1.17, mix(0.5, 0.66, male), 0.56),
        0.2,
    )
    colour = hue(
        people.trait("clothes_hue"),
        people.trait("clothes_saturation", 0.25, 0.8),
        people.trait("clothes_value", 0.3, 0.85),
    )
    striped = (people.trait("clothes_pattern") > 0.6).astype(np.float32)
    weave = stripes(grid.v * 8) * striped * 0.16
    brightness = 1.0 + weave + people.trait("light", -0.2, 0.2) * grid.u - (grid.v - 0.8) * 0.5
    yield grid.layer(cover(shoulders, grid.pixel), lit(colour, brightness))


def _hair_colour(people: People) -> Plane:
    pick = people.trait("hair_other")[:, None]
    grey, copper, violet = _colour(0.69, 0.70, 0.74), _colour(0.80, 0.26, 0.08), _colour(0.56, 0.30, 0.62)
    colour = np.where(pick < 0.4, grey, np.where(pick < 0.75, copper, violet))
    named = (_colour(0.075, 0.065, 0.085), _colour(0.96, 0.80, 0.38), _colour(0.46, 0.26, 0.12))
    for name, shade in zip(HAIR_COLOURS, named, strict=True):
        colour = mix(colour, shade, people.has(name)[:, None])
    return colour * people.trait("hair_brightness", 0.92, 1.06)[:, None]


def _hair_paint(people: People, grid: Grid, strand: Plane) -> Plane:
    """Strands where the pixels are fine enough to show them, and a shine along the crown at every resolution."""
    strands = stripes(strand * 6 + stripes(strand * 2) * 0.3) * fine(0.16, grid.pixel) * 0.05
    strands += stripes(strand * 17 + stripes(strand * 5) * 0.2) * fine(0.06, grid.pixel) * 0.07
    shine = fade(np.abs(grid.v + 0.60 - grid.u * grid.u * 0.5) - 0.09, 0.09)
    shine *= np.clip(1 - np.abs(grid.u - people.trait("light", -0.25, 0.25)) * 2.6, 0, 1)
    brightness = 1.0 + strands + people.trait("light", -0.25, 0.25) * grid.u
    return lit(_hair_colour(people), brightness) + (shine * 0.22)[:, None]


def _hair_top(people: People, grid: Grid) -> Plane:
    volume = people.trait("hair_volume", 0.0, 0.07)
    return ellipse(grid.u, grid.v + 0.19, 0.52 + volume * 0.7, 0.50 + volume)


def _long_hair(people: People, grid: Grid) -> tuple[Plane, Plane]:
    """The outline of long hair, and the wave it falls in."""
    wave = stripes(grid.v * 1.9) * 0.018
    width = 0.535 + people.trait("hair_volume", 0.0, 0.07)
    fall = rounded_box(grid.u + wave * np.sign(grid.u), grid.v - 0.28, width, 0.5, 0.16)
    return join(_hair_top(people, grid), fall, 0.15), wave


def _hair_behind(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-0.75, 0.75, -0.9, 0.95))
    shape, wave = _long_hair(people, grid)
    shade = 0.74 - np.clip(grid.v, 0, 1) * 0.12
    paint = _hair_paint(people, grid, grid.u + wave) * shade[:, None]
    yield grid.layer(cover(shape, grid.pixel) * (1 - people.has("Male")), paint, HAIR_COLOURS)


def _neck_and_ears(people: People, grid: Grid) -> Iterator[Layer]:
    male, skin = people.has("Male"), _skin(people)
    neck = grid.window(Box(-0.4, 0.4, 0.2, 0.95))
    bottom = people.trait("neckline", 0.78, 0.90)
    width = mix(0.165, 0.27, male)
    shape = rounded_box(neck.u, neck.v - 0.3, width, bottom - 0.3, width)
    shadow = np.clip((0.72 - neck.v) * 3, 0, 1) * 0.26
    brightness = 0.95 - shadow + people.trait("light", -0.2, 0.2) * neck.u
    yield neck.layer(cover(shape, neck.pixel), lit(skin, brightness))

    ears = grid.window(Box(-0.6, 0.6, -0.2, 0.2))
    shape = ellipse(np.abs(ears.u) - 0.47, ears.v - 0.0, 0.075, 0.12)
    brightness = _light(people, ears) * (0.82 + fade(-shape - 0.05, -0.05) * 0.1)
    yield ears.layer(cover(shape, ears.pixel) * male, lit(skin, brightness))


def _face_shape(people: People, grid: Grid) -> Plane:
    male = people.has("Male")
    skull = ellipse(grid.u, grid.v + 0.13, 0.455, 0.49)
    jaw = rounded_box(grid.u, grid.v - 0.1, mix(0.285, 0.405, male), mix(0.435, 0.45, male), mix(0.275, 0.22, male))
    return join(skull, jaw, 0.16)


def _face(people: People, grid: Grid) -> Iterator[Layer]:
    face = grid.window(Box(-0.55, 0.55, -0.7, 0.62))
    skin = _skin(people)
    whole = cover(_face_shape(people, face), face.pixel)
    yield face.layer(whole, lit(skin, _light(people, face)))
    blush = ellipse(np.abs(face.u) - 0.27, face.v - 0.14, 0.175, 0.15)
    rosy = skin * 0.18 + _colour(0.78, 0.18, 0.24)
    yield face.layer(fade(blush, 0.085) * whole * people.has("Rosy_Cheeks"), rosy)


def _curve(grid: Grid, at: Plane, centre: float, length: float, thickness: float, height: Plane) -> Plane:
    """A stroke along v = height(u), tapering to its ends."""
    t = (at - np.float32(centre)) / length
    return np.maximum(np.abs(grid.v - height) - thickness * (1 - t * t), (np.abs(t) - 1) * length)


def _age(people: People, grid: Grid) -> Iterator[Layer]:
    """Lines of the forehead, bags under the eyes, folds beside the mouth."""
    grid = grid.window(Box(-0.45, 0.45, -0.52, 0.45))
    side = np.abs(grid.u)
    old = 1 - people.has("Young")
    bow = grid.u * grid.u
    strokes = np.minimum(
        _curve(grid, grid.u, 0.0, 0.25, 0.017, -0.37 + bow * 0.5),
        _curve(grid, grid.u, 0.0, 0.21, 0.017, -0.455 + bow * 0.5),
    )
    away = side - people.trait("eye_spacing", 0.19, 0.215)
    bags = _curve(grid, away, 0.0, 0.125, 0.03, 0.065 - away * away * 5)
    fold_at = 0.15 + (grid.v - 0.1) * 0.55
    t = (grid.v - 0.22) / 0.14
    folds = np.maximum(np.abs(side - fold_at) * 0.88 - 0.022 * (1 - t * t), (np.abs(t) - 1) * 0.14)
    shape = np.minimum(np.minimum(strokes, bags), folds)
    yield grid.layer(cover(shape, grid.pixel) * old * 0.85, _skin(people) * _colour(0.60, 0.54, 0.54))


def _nose(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-0.2, 0.2, -0.15, 0.2))
    skin, width = _skin(people), people.trait("nose_width", 0.07, 0.1)
    light = people.trait("light", -1, 1)
    toward = np.where(light > 0, np.float32(-1), np.float32(1))
    ridge = ellipse(grid.u - toward * 0.05, grid.v - 0.02, 0.035, 0.14)
    yield grid.layer(fade(ridge, 0.035) * 0.5 * np.abs(light), skin * _colour(0.80, 0.74, 0.72))
    under = ellipse(grid.u, grid.v - 0.105, width, 0.032)
    yield grid.layer(cover(under, grid.pixel) * 0.75, skin * _colour(0.74, 0.62, 0.60))
    tip = ellipse(grid.u + toward * 0.02, grid.v - 0.06, 0.055, 0.05)
    yield grid.layer(fade(tip, 0.05) * 0.45, np.minimum(skin * 1.18, 1))
    wrinkle = np.minimum(
        _curve(grid, grid.u, 0.0, 0.09, 0.014, -0.06 - grid.u * grid.u * 3),
        _curve(grid, grid.u, 0.0, 0.08, 0.014, -0.005 - grid.u * grid.u * 3),
    )
    yield grid.layer(cover(wrinkle, grid.pixel) * people.mimic("wrinkle") * 0.8, skin * _colour(0.62, 0.54, 0.54))


def _facial_hair(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-0.32, 0.32, 0.08, 0.68))
    colour, side = _dark_hair(people), np.abs(grid.u)
    strands = 1.15 + stripes(side * 14 + grid.v * 5) * fine(0.07, grid.pixel) * 0.35
    paint = lit(colour, strands)
    t = side / 0.27
    middle = 0.190 + t * t * 0.06
    thickness = 0.068 * (1.05 - t * t * 0.75) - 0.02 * np.clip(1 - t * 7, 0, 1)
    mustache = np.maximum(np.abs(grid.v - middle) - thickness, side - 0.27)
    yield grid.layer(cover(mustache, grid.pixel) * people.has("Mustache"), paint)
    chin = rounded_box(grid.u, grid.v - 0.515, 0.175, 0.095, 0.095)
    patch = rounded_box(grid.u, grid.v - 0.43, 0.055, 0.06, 0.04)
    yield grid.layer(cover(join(chin, patch, 0.05), grid.pixel) * people.has("Goatee"), paint)


def _mouth(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-0.34, 0.34, 0.1, 0.62))
    skin, lipstick = _skin(people), people.has("Wearing_Lipstick")
    gap, full = people.mimic("gap"), 1.0 + lipstick * 0.45
    t = grid.u / (people.mimic("width") * 0.205)
    square = people.mimic("square")
    bow = np.clip((1 - t * t) * square, -1, 1)
    bow = bow + (square > 1) * np.maximum(bow, 0) * (1 - bow)
    line = 0.315 - gap * 0.35
    line = line - people.mimic("smile") * (np.minimum(t * t, 2) - 0.45) * 0.085
    line = line - people.mimic("smirk") * np.clip(t, -0.2, 1.5) * 0.13
    top, bottom = line - full * 0.052 * bow, line + (gap + full * 0.068) * bow
    lips = cover(np.maximum(top - grid.v, grid.v - bottom), grid.pixel)
    bare = skin * _colour(0.85, 0.67, 0.67)
    red = mix(bare, _colour(0.86, 0.0, 0.16), lipstick[:, None])
    shade = 1.0 + np.clip((grid.v - line) * 2, -0.12, 0.12)
    yield grid.layer(lips, lit(red, shade), ("Wearing_Lipstick", *EXPRESSIONS))

    inside = np.maximum(line - grid.v, grid.v - line - gap * bow)
    opened = cover(inside, grid.pixel) * np.minimum(gap * 40, 1)
    yield grid.layer(opened, _colour(0.26, 0.05, 0.08))
    teeth = np.clip((line + gap * 0.62 - grid.v) / grid.pixel + 0.5, 0, 1)
    yield grid.layer(opened * teeth * people.mimic("teeth"), _colour(0.97, 0.96, 0.93))
    tongue = ellipse(grid.u, grid.v - line - gap * 0.95, 0.085, 0.02 + gap * 0.85)
    licked = np.maximum(tongue, line + 0.02 - grid.v)
    yield grid.layer(cover(licked, grid.pixel) * people.mimic("tongue"), _colour(0.93, 0.45, 0.50))
    seam = np.maximum(np.abs(grid.v - line) - 0.009, np.abs(grid.u) - people.mimic("width") * 0.19)
    yield grid.layer(cover(seam, grid.pixel) * (gap == 0) * 0.85, skin * _colour(0.42, 0.22, 0.24))
    gloss = ellipse(grid.u - people.trait("light", -0.04, 0.04), grid.v - line - gap - 0.035, 0.05, 0.016)
    yield grid.layer(cover(gloss, grid.pixel) * lipstick * 0.5 * fine(0.1, grid.pixel), _colour(1, 0.8, 0.85))


def _eyes(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-0.38, 0.38, -0.26, 0.1))
    away = np.abs(grid.u) - people.trait("eye_spacing", 0.19, 0.215)
    high = grid.v + 0.075
    opening = people.mimic("eye_open") * 0.075
    shape = ellipse(away, high, 0.118, opening)
    white = cover(shape, grid.pixel)
    shaded = 1.0 - np.clip(-high * 3, 0, 1) * 0.35
    yield grid.layer(white, lit(_colour(0.97, 0.97, 0.98), shaded))
    iris = hue(
        people.trait("eye_hue", 0.05, 0.62),
        people.trait("eye_saturation", 0.5, 0.75),
        people.trait("eye_value", 0.3, 0.7),
    )
    radius = np.sqrt(away * away + high * high)
    yield grid.layer(cover(radius - 0.062, grid.pixel) * white, lit(iris, 0.65 + radius * 7))
    yield grid.layer(cover(radius - 0.032, grid.pixel) * white, _colour(0.03, 0.03, 0.04))
    # Both highlights lie on the side of the light, unlike the mirrored rest of the eyes.
    spot_u = away - people.trait("light", -0.025, 0.025) * np.sign(grid.u)
    spot = ellipse(spot_u, high + 0.024, 0.02, 0.02)
    yield grid.layer(cover(spot, grid.pixel) * white * 0.95, _colour(1, 1, 1))
    lid = np.maximum(np.abs(shape - 0.006) - 0.014, high)
    yield grid.layer(cover(lid, grid.pixel) * 0.85, _skin(people) * _colour(0.24, 0.18, 0.18))


def _hair_in_front(people: People, grid: Grid) -> Iterator[Layer]:
    """The crown above the hairline, which recedes with age; a woman's locks beside the face; grey temples."""
    grid = grid.window(Box(-0.75, 0.75, -0.9, 0.9))
    old = 1 - people.has("Young")
    parting = grid.u - people.trait("hair_parting", -0.26, 0.26)
    jag = stripes(grid.u * 4 + grid.u * grid.u * 3) * people.trait("hair_fringe", 0.0, 0.03)
    drop = 0.95 - old * 0.15
    hairline = people.trait("hair_line", -0.47, -0.41) - old * 0.085 + jag + drop * parting * parting
    crown = np.maximum((grid.v - hairline) * 0.8, grid.v + 0.02)
    crown = np.maximum(crown, _hair_top(people, grid))
    shape, wave = _long_hair(people, grid)
    inner = 0.385 + (grid.v + 0.1) * (grid.v + 0.1) * 0.12
    lock = np.maximum(shape, inner + wave - np.abs(grid.u))
    whole = np.maximum(cover(crown, grid.pixel), cover(lock, grid.pixel) * (1 - people.has("Male")))
    strand = mix(
        parting / (0.5 + np.abs(grid.v + 0.7) * 0.8),
        grid.u,
        np.clip(grid.v * 4 + 1, 0, 1),
    )
    yield grid.layer(whole, _hair_paint(people, grid, strand + wave), HAIR_COLOURS)
    temples = ellipse(np.abs(grid.u) - 0.50, grid.v + 0.08, 0.19, 0.42)
    grey = lit(_colour(0.82, 0.82, 0.84), 1.0 + stripes(strand * 13) * fine(0.08, grid.pixel) * 0.07)
    yield grid.layer(fade(temples, 0.13) * whole * old * 0.85, grey)


def _brows(people: People, grid: Grid) -> Iterator[Layer]:
    grid = grid.window(Box(-0.42, 0.42, -0.46, -0.08))
    bushy = people.has("Bushy_Eyebrows")
    away = np.abs(grid.u) - people.trait("eye_spacing", 0.19, 0.215)
    t = away / (0.135 + bushy * 0.03)
    lift = people.mimic("brow_lift") + people.mimic("brow_uneven") * (grid.u > 0)
    middle = -0.245 - lift - people.mimic("brow_frown") * away + away * away * 1.6
    thickness = (0.016 + bushy * 0.046) * (1.0 - np.clip(t, 0, 1) * 0.45)
    shape = np.maximum(np.abs(grid.v - middle) - thickness, (np.abs(t) - 1) * 0.14)
    strands = 1.1 + stripes(away * 16 + grid.v * 9) * fine(0.06, grid.pixel) * 0.35
    strength = 0.7 + bushy * 0.3
    yield grid.layer(cover(shape, grid.pixel) * strength, lit(_dark_hair(people), strands))
