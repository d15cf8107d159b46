"""Faces of portraits, from the neck to the brows, from back to front."""

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
    hue,
    join,
    lit,
    mix,
    rgb,
    rounded_box,
    stripes,
)
from stages.drawing.people import EXPRESSIONS, People


def _light(people: People, grid: Grid) -> Plane:
    """Brightness on the head: from the side the light comes from, falling towards the rim."""
    side = people.trait("light", -1, 1)
    rim = grid.u * grid.u * 4 + (grid.v + 0.05) * (grid.v + 0.05) * 2.2
    return 1.05 + side * grid.u * 0.28 - grid.v * 0.08 - np.minimum(rim, 1.2) * 0.11


def _skin(people: People) -> Plane:
    tone, warmth = people.trait("skin")[:, None], people.trait("skin_warmth", -1, 1)[:, None]
    fair, olive, deep = rgb(1.0, 0.85, 0.75), rgb(0.87, 0.66, 0.50), rgb(0.52, 0.33, 0.23)
    skin = np.where(tone < 0.5, mix(fair, olive, tone * 2), mix(olive, deep, tone * 2 - 1))
    return skin * (1 + warmth * rgb(0.02, 0.0, -0.04))


def _dark_hair(people: People) -> Plane:
    """The colour of brows and facial hair alike: a beard's colour is known before it grows."""
    return mix(rgb(0.06, 0.045, 0.045), rgb(0.21, 0.12, 0.07), people.trait("brow_colour")[:, None])


def neck_and_ears(people: People, grid: Grid) -> Iterator[Layer]:
    """A neck in the head's shadow, and ears, which men show."""
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


def _outline(people: People, grid: Grid) -> Plane:
    male = people.has("Male")
    skull = ellipse(grid.u, grid.v + 0.13, 0.455, 0.49)
    jaw = rounded_box(grid.u, grid.v - 0.1, mix(0.285, 0.405, male), mix(0.435, 0.45, male), mix(0.275, 0.22, male))
    return join(skull, jaw, 0.16)


def head(people: People, grid: Grid) -> Iterator[Layer]:
    """Skull and jaw, and on them the blush."""
    face = grid.window(Box(-0.55, 0.55, -0.7, 0.62))
    skin = _skin(people)
    whole = cover(_outline(people, face), face.pixel)
    yield face.layer(whole, lit(skin, _light(people, face)))
    blush = ellipse(np.abs(face.u) - 0.27, face.v - 0.14, 0.175, 0.15)
    rosy = skin * 0.18 + rgb(0.78, 0.18, 0.24)
    yield face.layer(fade(blush, 0.085) * whole * people.has("Rosy_Cheeks"), rosy)


def _curve(grid: Grid, at: Plane, centre: float, length: float, thickness: float, height: Plane) -> Plane:
    """A stroke along v = height(u), tapering to its ends."""
    t = (at - np.float32(centre)) / length
    return np.maximum(np.abs(grid.v - height) - thickness * (1 - t * t), (np.abs(t) - 1) * length)


def age(people: People, grid: Grid) -> Iterator[Layer]:
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
    yield grid.layer(cover(shape, grid.pixel) * old * 0.85, _skin(people) * rgb(0.60, 0.54, 0.54))


def nose(people: People, grid: Grid) -> Iterator[Layer]:
    """A ridge in the light, the shadow below it, the tip; a wrinkle of disgust."""
    grid = grid.window(Box(-0.2, 0.2, -0.15, 0.2))
    skin, width = _skin(people), people.trait("nose_width", 0.07, 0.1)
    light = people.trait("light", -1, 1)
    toward = np.where(light > 0, np.float32(-1), np.float32(1))
    ridge = ellipse(grid.u - toward * 0.05, grid.v - 0.02, 0.035, 0.14)
    yield grid.layer(fade(ridge, 0.035) * 0.5 * np.abs(light), skin * rgb(0.80, 0.74, 0.72))
    under = ellipse(grid.u, grid.v - 0.105, width, 0.032)
    yield grid.layer(cover(under, grid.pixel) * 0.75, skin * rgb(0.74, 0.62, 0.60))
    tip = ellipse(grid.u + toward * 0.02, grid.v - 0.06, 0.055, 0.05)
    yield grid.layer(fade(tip, 0.05) * 0.45, np.minimum(skin * 1.18, 1))
    wrinkle = np.minimum(
        _curve(grid, grid.u, 0.0, 0.09, 0.014, -0.06 - grid.u * grid.u * 3),
        _curve(grid, grid.u, 0.0, 0.08, 0.014, -0.005 - grid.u * grid.u * 3),
    )
    yield grid.layer(cover(wrinkle, grid.pixel) * people.mimic("wrinkle") * 0.8, skin * rgb(0.62, 0.54, 0.54))


def facial_hair(people: People, grid: Grid) -> Iterator[Layer]:
    """Mustache and goatee."""
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


def mouth(people: People, grid: Grid) -> Iterator[Layer]:
    """Lips, and between them what an expression opens: teeth, tongue, or a seam."""
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
    bare = skin * rgb(0.85, 0.67, 0.67)
    red = mix(bare, rgb(0.86, 0.0, 0.16), lipstick[:, None])
    shade = 1.0 + np.clip((grid.v - line) * 2, -0.12, 0.12)
    yield grid.layer(lips, lit(red, shade), ("Wearing_Lipstick", *EXPRESSIONS))

    inside = np.maximum(line - grid.v, grid.v - line - gap * bow)
    opened = cover(inside, grid.pixel) * np.minimum(gap * 40, 1)
    yield grid.layer(opened, rgb(0.26, 0.05, 0.08))
    teeth = np.clip((line + gap * 0.62 - grid.v) / grid.pixel + 0.5, 0, 1)
    yield grid.layer(opened * teeth * people.mimic("teeth"), rgb(0.97, 0.96, 0.93))
    tongue = ellipse(grid.u, grid.v - line - gap * 0.95, 0.085, 0.02 + gap * 0.85)
    licked = np.maximum(tongue, line + 0.02 - grid.v)
    yield grid.layer(cover(licked, grid.pixel) * people.mimic("tongue"), rgb(0.93, 0.45, 0.50))
    seam = np.maximum(np.abs(grid.v - line) - 0.009, np.abs(grid.u) - people.mimic("width") * 0.19)
    yield grid.layer(cover(seam, grid.pixel) * (gap == 0) * 0.85, skin * rgb(0.42, 0.22, 0.24))
    gloss = ellipse(grid.u - people.trait("light", -0.04, 0.04), grid.v - line - gap - 0.035, 0.05, 0.016)
    yield grid.layer(cover(gloss, grid.pixel) * lipstick * 0.5 * fine(0.1, grid.pixel), rgb(1, 0.8, 0.85))


def eyes(people: People, grid: Grid) -> Iterator[Layer]:
    """White, iris, pupil, highlight and lid."""
    grid = grid.window(Box(-0.38, 0.38, -0.26, 0.1))
    away = np.abs(grid.u) - people.trait("eye_spacing", 0.19, 0.215)
    high = grid.v + 0.075
    opening = people.mimic("eye_open") * 0.075
    shape = ellipse(away, high, 0.118, opening)
    white = cover(shape, grid.pixel)
    shaded = 1.0 - np.clip(-high * 3, 0, 1) * 0.35
    yield grid.layer(white, lit(rgb(0.97, 0.97, 0.98), shaded))
    iris = hue(
        people.trait("eye_hue", 0.05, 0.62),
        people.trait("eye_saturation", 0.5, 0.75),
        people.trait("eye_value", 0.3, 0.7),
    )
    radius = np.sqrt(away * away + high * high)
    yield grid.layer(cover(radius - 0.062, grid.pixel) * white, lit(iris, 0.65 + radius * 7))
    yield grid.layer(cover(radius - 0.032, grid.pixel) * white, rgb(0.03, 0.03, 0.04))
    # Both highlights lie on the side of the light, unlike the mirrored rest of the eyes.
    spot_u = away - people.trait("light", -0.025, 0.025) * np.sign(grid.u)
    spot = ellipse(spot_u, high + 0.024, 0.02, 0.02)
    yield grid.layer(cover(spot, grid.pixel) * white * 0.95, rgb(1, 1, 1))
    lid = np.maximum(np.abs(shape - 0.006) - 0.014, high)
    yield grid.layer(cover(lid, grid.pixel) * 0.85, _skin(people) * rgb(0.24, 0.18, 0.18))


def brows(people: People, grid: Grid) -> Iterator[Layer]:
    """Brows, which expressions lift and tilt."""
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
