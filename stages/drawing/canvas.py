"""Anti-aliased shapes as signed distances, on many pictures at once, from correctly rounded operations alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

# float32 throughout, which the type of an expression with Python numbers cannot say.
Plane = npt.NDArray[np.floating[Any]]

# Smallest and largest scale of a head, and how far a pose moves any point of it: windows have to hold every pose.
SCALES = (1.06, 1.25)
MARGIN = 0.18


class Box(NamedTuple):
    """Left, right, top, bottom of what a layer may touch, in the coordinates of the head."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Grid:
    """Coordinates of the pixels of a window: x, y of the picture; u, v of the tilted, scaled head in it."""

    x: Plane
    y: Plane
    u: Plane
    v: Plane
    pixel: Plane
    rows: slice
    columns: slice

    def window(self, box: Box) -> "Grid":
        """The pixels near a box of the head; the margin covers every pose, so it is the same for everybody."""
        resolution = self.x.shape[-1]

        def span(low: float, high: float) -> slice:
            first = int((min(scale * low for scale in SCALES) - MARGIN + 1) / 2 * resolution) - 1
            last = int((max(scale * high for scale in SCALES) + MARGIN + 1) / 2 * resolution) + 2
            return slice(max(0, first), min(resolution, last))

        rows, columns = span(box.top, box.bottom), span(box.left, box.right)
        crop = (slice(None), rows, columns)
        return Grid(
            x=self.x[:, :, columns],
            y=self.y[:, rows],
            u=np.ascontiguousarray(self.u[crop]),
            v=np.ascontiguousarray(self.v[crop]),
            pixel=self.pixel,
            rows=rows,
            columns=columns,
        )

    def layer(self, coverage: Plane, paint: Plane, tinted_by: tuple[str, ...] = ()) -> "Layer":
        return Layer(self.rows, self.columns, coverage, paint, tinted_by)


@dataclass(frozen=True)
class Layer:
    """A coat of paint: the share of each pixel it covers [n, h, w], its colour [n, 3, h, w], what decides on that."""

    rows: slice
    columns: slice
    coverage: Plane
    paint: Plane
    tinted_by: tuple[str, ...]


def composite(layers: Iterable[Layer], count: int, resolution: int) -> npt.NDArray[np.uint8]:
    """Paints the layers over each other, in order, and rounds once: uint8 [n, resolution, resolution, 3]."""
    picture = np.zeros((count, 3, resolution, resolution), np.float32)
    for layer in layers:
        below = picture[:, :, layer.rows, layer.columns]
        # Not below + coverage * (paint - below): where the coverage is 1 this is the paint, to the last bit.
        below *= 1 - layer.coverage[:, None]
        below += layer.coverage[:, None] * layer.paint
    scaled = np.clip(picture, 0, 1) * 255 + 0.5
    return np.ascontiguousarray(scaled.astype(np.uint8).transpose(0, 2, 3, 1))


def spread(mask: npt.NDArray[np.bool_], before: Layer, after: Layer, target: str) -> None:
    """Adds where a layer may change the picture on the way to a target, and takes away what it hides unchanged."""
    moved = before.coverage != after.coverage
    if target in before.tinted_by:
        moved |= before.coverage > 0
    below = mask[:, before.rows, before.columns]
    below &= before.coverage < 1
    below |= moved


def cover(distance: Plane, pixel: Plane) -> Plane:
    """Share of a pixel inside a shape, from the signed distance of its centre (negative inside)."""
    return np.clip(0.5 - distance / pixel, 0, 1)


def fade(distance: Plane, width: float) -> Plane:
    """1 well inside, 0 outside, smooth over `width`: 3t^2 - 2t^3."""
    t = np.clip(-distance / width, 0, 1)
    return t * t * (3 - 2 * t)


def ellipse(u: Plane, v: Plane, width: Plane | float, height: Plane | float) -> Plane:
    """First-order distance to an ellipse around the origin with these half axes: f / |grad f|."""
    p, q = u / width, v / height
    radius = np.sqrt(p * p + q * q)
    slope = np.sqrt((p / width) * (p / width) + (q / height) * (q / height)) + np.float32(1e-6)
    return radius * (radius - 1) / slope


def rounded_box(u: Plane, v: Plane, width: Plane | float, height: Plane | float, corner: Plane | float) -> Plane:
    """Distance to a box around the origin with these half sides and this corner radius."""
    p, q = np.abs(u) - width + corner, np.abs(v) - height + corner
    outside_p, outside_q = np.maximum(p, 0), np.maximum(q, 0)
    return np.sqrt(outside_p * outside_p + outside_q * outside_q) + np.minimum(np.maximum(p, q), 0) - corner


def join(first: Plane, second: Plane, softness: float) -> Plane:
    """Union of two shapes with a fillet: the quadratic smooth minimum."""
    h = np.maximum(softness - np.abs(first - second), 0)
    return np.minimum(first, second) - h * h / (4 * softness)


def stripes(position: Plane) -> Plane:
    """A wave of period 1 in [-1, 1] without sines, so that every machine draws the same."""
    t = np.abs(position - np.floor(position) - 0.5) * 4 - 1
    return t * (3 - t * t) * 0.5


def fine(period: float, pixel: Plane) -> Plane:
    """How much of a pattern of this period survives at this pixel size: 0 below two pixels, 1 from six on."""
    return np.clip((period / pixel - 2) / 4, 0, 1)


def mix(first: Plane | float, second: Plane | float, share: Plane) -> Plane:
    """From the first, at a share of 0, to the second."""
    return first * (1 - share) + second * share


def lit(colour: Plane, brightness: Plane) -> Plane:
    """A flat colour [n, 3, 1, 1] under a light [n, h, w]."""
    return colour * brightness[:, None]


def hue(turn: Plane, saturation: Plane, value: Plane) -> Plane:
    """HSV to RGB, one colour per picture: [n, 1, 1] each, to [n, 3, 1, 1]."""
    angle = turn[:, None] + np.array([0, 2 / 3, 1 / 3], np.float32).reshape(1, 3, 1, 1)
    pure = np.clip(np.abs((angle - np.floor(angle)) * 6 - 3) - 1, 0, 1)
    return value[:, None] * (1 + (pure - 1) * saturation[:, None])


def rgb(red: float, green: float, blue: float) -> Plane:
    """One colour for all pictures, [1, 3, 1, 1]."""
    return np.array((red, green, blue), np.float32).reshape(1, 3, 1, 1)
