"""Random light on a street: it brightens pixels and tints whole classes, within bounds that keep classes apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stages.drawing.canvas import Plane
from stages.drawing.scenes import Pictures, Scenes
from stages.drawing.street_classes import CLASSES, column
from stages.drawing.street_layout import Layout

WARMTH = (0.05, 0.0, -0.05)
TRAITS = (
    "brightness",
    "warmth",
    "direction",
    *(f"{kind.name}_{what}" for kind in CLASSES for what in ("value", "tint")),
)


class Light(NamedTuple):
    """Of each picture: the colour of each class in its light [n, 7, 3], and how much light comes from the right."""

    colours: Plane
    direction: Plane


def lights(scenes: Scenes) -> Light:
    """Bounds of all this keep the chromaticities of two classes apart under every light."""
    return light(np.concatenate([scenes.trait(name)[:, :, 0] for name in TRAITS], axis=1))


def light(draws: Plane) -> Light:
    """From draws in [0, 1), in the order of TRAITS: [n, len(TRAITS)]."""
    brightness, warmth, direction = draws[:, 0], draws[:, 1] * 2 - 1, draws[:, 2] * 2 - 1
    own = draws[:, 3:].reshape(-1, len(CLASSES), 2)
    # More often bright than dark, and more often cold than warm.
    level = 1.12 - 0.3 * brightness * brightness
    value = 0.78 + 0.34 * own[:, :, :1]
    tint = 1 + (own[:, :, 1:] * 2 - 1) * column("tint")
    warm = 1 + (warmth * (0.75 + 0.25 * warmth) - 0.1)[:, None, None] * np.array(WARMTH, np.float32)
    colours = column("prototype") / 255 * tint * warm * value * level[:, None, None]
    return Light(colours.astype(np.float32), direction.astype(np.float32))


def photo(seen: Layout, light: Light) -> Pictures:
    """Renders a layout: the texture and the light change how bright a pixel is, never its chromaticity."""
    brightness = seen.texture * (1 + seen.facing * light.direction[:, None, None] * 0.26)
    which = np.arange(len(light.colours))[:, None, None]
    colours = light.colours[which, seen.ids]
    # Nothing is ever clipped: that would move the chromaticity.
    most = (1 / light.colours.max(axis=2))[which, seen.ids]
    scaled = colours * np.minimum(brightness, most)[..., None] * 255 + 0.5
    return scaled.astype(np.uint8)
