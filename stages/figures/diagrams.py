"""A teacher above its student, matched layers joined: bars, trapezoids, squares, adapters, crossed circles, a sum.

Width of a shape: its channels; height: its resolution; both to one scale for teacher and student.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon

from stages.figures import style
from stages.figures.networks import MAPPED, PAINTED, Network, Unit
from stages.learning.contracts import Role

FILL, ACCENT, EDGE = "#d9dee3", style.ORANGE, style.INK
LEAST_WIDTH, GAP = 0.045, 0.055
RADIUS = 0.055
BETWEEN = 0.62
"""Inches between teacher and student, for the adapters and the distances."""
SHORTER = 0.55
"""Share of the width that a network without blocks takes: its last layers are many channels and few pixels."""
ASIDE = 0.5
"""Inches right of the networks, for the sum."""
CROSSED = ("euclidean",)
NARROW = (PAINTED, MAPPED)
"""Kinds of units whose width says nothing."""
FACES = {PAINTED: "white", MAPPED: style.SKY}
WEDGE = 0.018


@dataclass(frozen=True)
class Join:
    """Two compared layers: places of the units, and the adapter's channels and side where there is one."""

    teacher: int
    student: int
    adapter: tuple[int, int] | None
    on_teacher: bool


@dataclass(frozen=True)
class Pair:
    """One network of teacher and student, what joins them, and what the lesson of its role is called.

    `alike` names further networks of the role that look the same and are compared in the same way.
    """

    role: Role
    network: str
    teacher: Network
    student: Network
    joins: tuple[Join, ...]
    lesson: str
    weight: float | None
    alike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scale:
    """Inches per channel and per pixel."""

    channel: float
    pixel: float


@dataclass(frozen=True)
class Spot:
    """Where a unit is: its middle, its left and right, its top and bottom."""

    x: float
    left: float
    right: float
    top: float
    bottom: float


def scale_for(network: Network, width: float, tallest: float) -> Scale:
    """The largest scale at which a network fits; its blocks, if it has any, become squares."""
    pixel = tallest / max(unit.side for unit in network.units)
    blocks = [unit for unit in network.units if unit.kind == "block"]
    channel = blocks[0].side * pixel / blocks[0].channels if blocks else 1.0
    free = width - GAP * (len(network.units) - 1) - LEAST_WIDTH * len(network.units)
    wide = sum(unit.channels for unit in network.units if unit.kind not in NARROW)
    channel = min(channel, (1.0 if blocks else SHORTER) * free / wide)
    if blocks:
        pixel = min(pixel, channel * blocks[0].channels / blocks[0].side)
    return Scale(channel, pixel)


def wide(unit: Unit, scale: Scale) -> float:
    """Width of a unit."""
    return LEAST_WIDTH if unit.kind in NARROW else max(LEAST_WIDTH, unit.channels * scale.channel)


def high(network: Network, scale: Scale) -> float:
    """Height of a network's tallest unit."""
    return max(max(unit.side, unit.entry) for unit in network.units) * scale.pixel


def row(axes: Axes, network: Network, right: float, middle: float, scale: Scale, accented: set[int]) -> list[Spot]:
    """A network from right to left, so that both end at one line."""
    spots: list[Spot] = []
    for index in reversed(range(len(network.units))):
        unit = network.units[index]
        width = wide(unit, scale)
        left, half, entry = right - width, unit.side * scale.pixel / 2, unit.entry * scale.pixel / 2
        corners = [(left, middle - entry), (right, middle - half), (right, middle + half), (left, middle + entry)]
        face = ACCENT if index in accented else FACES.get(unit.kind, FILL)
        axes.add_patch(
            Polygon(corners, closed=True, facecolor=face, edgecolor=EDGE, lw=0.5, joinstyle="miter", zorder=3)
        )
        mean = (half + entry) / 2
        spots.append(Spot((left + right) / 2, left, right, middle - mean, middle + mean))
        if index:
            axes.plot([left - GAP, left], [middle, middle], color=EDGE, lw=0.5, zorder=1)
        right = left - GAP
    spots.reverse()
    for unit, spot in zip(network.units, spots, strict=True):
        if unit.skip is not None:
            lower = min(unit.entry, network.units[unit.skip].side)
            bridge(axes, spots[unit.skip], spot, middle - 0.42 * lower * scale.pixel)
        if unit.styled:
            wedge(axes, spot)
    return spots


def bridge(axes: Axes, start: Spot, end: Spot, level: float) -> None:
    """What skips the pieces in between, which are lower: a line over them."""
    axes.plot([start.right, end.left], [level, level], color=EDGE, lw=0.4, zorder=2)


def wedge(axes: Axes, spot: Spot) -> None:
    """A style that enters a unit from above."""
    corners = [(spot.x - WEDGE, spot.top - WEDGE), (spot.x + WEDGE, spot.top - WEDGE), (spot.x, spot.top + WEDGE)]
    axes.add_patch(Polygon(corners, closed=True, facecolor=style.SKY, edgecolor=EDGE, lw=0.3, zorder=4))


def join(axes: Axes, above: Spot, below: Spot, each: Join, crossed: bool, level: float) -> float:
    """The line between two layers, its adapter, and the circle of their distance; returns where the circle is."""
    x = above.x + (below.x - above.x) * (level - above.bottom) / (below.top - above.bottom)
    axes.plot([above.x, below.x], [above.bottom, below.top], color=EDGE, lw=0.7, zorder=2)
    circle(axes, x, level, "×" if crossed else "")
    if each.adapter:
        end = above.bottom if each.on_teacher else below.top
        y = (level + end) / 2 + (0.01 if each.on_teacher else -0.01)
        across = above.x + (below.x - above.x) * (y - above.bottom) / (below.top - above.bottom)
        trapezoid(axes, across, y, upward=not each.on_teacher, widens=each.adapter[1] > each.adapter[0])
    return x


def circle(axes: Axes, x: float, y: float, sign: str) -> None:
    """A circle, crossed for a squared error or with a plus for a sum."""
    axes.add_patch(Circle((x, y), RADIUS, facecolor="white", edgecolor=EDGE, lw=0.7, zorder=4))
    reach = RADIUS * (0.707 if sign == "×" else 1)
    for run, rise in {"×": ((1, 1), (1, -1)), "+": ((1, 0), (0, 1))}.get(sign, ()):
        axes.plot(
            [x - run * reach, x + run * reach], [y - rise * reach, y + rise * reach], color=EDGE, lw=0.6, zorder=5
        )


def trapezoid(axes: Axes, x: float, y: float, *, upward: bool, widens: bool) -> None:
    """A 1x1 convolution; its wide end is the side with more channels, data runs towards the circle."""
    narrow, broad, half = 0.045, 0.085, 0.04
    top = broad if upward == widens else narrow
    bottom = narrow if upward == widens else broad
    corners = [(x - top, y - half), (x + top, y - half), (x + bottom, y + half), (x - bottom, y + half)]
    axes.add_patch(Polygon(corners, closed=True, facecolor=style.SKY, edgecolor=EDGE, lw=0.5, zorder=4))


def sum_up(axes: Axes, places: list[float], level: float, right: float) -> None:
    """The distances added up and led to the right edge."""
    axes.plot([min(places), right - RADIUS], [level, level], color=EDGE, lw=0.7, zorder=2)
    if len(places) > 1:
        circle(axes, right, level, "+")
    else:
        axes.plot([right - RADIUS, right + RADIUS], [level, level], color=EDGE, lw=0.7, zorder=2)
    axes.annotate(
        "", (right + 0.2, level), (right + RADIUS, level),
        arrowprops={"arrowstyle": "-|>", "lw": 0.7, "color": EDGE, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 6},
    )  # fmt: skip


def draw(
    axes: Axes, pair: Pair, left: float, top: float, width: float, tallest: float
) -> tuple[list[Spot], list[Spot], float]:
    """Both networks and what joins them; returns where the units are and the lower edge."""
    aside = ASIDE if pair.joins else 0.0
    scale = scale_for(pair.teacher, width - aside, tallest)
    right = left + width - aside
    upper, lower = high(pair.teacher, scale), high(pair.student, scale)
    middles = top + upper / 2, top + upper + BETWEEN + lower / 2
    above = row(axes, pair.teacher, right, middles[0], scale, {each.teacher for each in pair.joins})
    below = row(axes, pair.student, right, middles[1], scale, {each.student for each in pair.joins})
    level = top + upper + BETWEEN / 2
    places = [join(axes, above[e.teacher], below[e.student], e, pair.lesson in CROSSED, level) for e in pair.joins]
    if places:
        sum_up(axes, places, level, right + 0.16)
    return above, below, top + upper + BETWEEN + lower
