"""What a student lost against its teacher and what lessons won back: a line per row, a panel per metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from stages.figures import style
from stages.figures.evidence import Effect, Evidence, effects

LOST: dict[str, Any] = {"facecolor": "#dcdcdc", "lw": 0}
WON: dict[str, Any] = {"facecolor": style.SKY, "lw": 0}
MORE: dict[str, Any] = {"facecolor": style.ORANGE, "edgecolor": "white", "hatch": "//////", "lw": 0}
BAND = 0.68
MARGIN = 0.06


@dataclass(frozen=True)
class Metric:
    """A measured column, what it is called, and how it is written."""

    column: str
    word: str
    better: str
    factor: float = 1.0
    lazy: bool = False


@dataclass(frozen=True)
class Gap:
    """A teacher, its untaught student and the taught ones in one metric."""

    metric: Metric
    teacher: float
    control: float
    taught: Mapping[str, float]
    extents: Mapping[str, tuple[float, float]]
    effects: Mapping[str, Effect]
    lazy: float | None

    def won(self, name: str) -> float | None:
        """The share of what was lost that a lesson won back; nothing where the student lost nothing."""
        sign = 1 if self.metric.better == "min" else -1
        lost = sign * (self.control - self.teacher)
        return sign * (self.control - self.taught[name]) / lost if lost > 0 else None

    def bounds(self, name: str) -> tuple[float, float] | None:
        """The interval of the share that a lesson won back, as that of its difference; what was lost stands still."""
        effect, lost = self.effects.get(name), abs(self.control - self.teacher)
        if effect is None or effect.low is None or effect.high is None or not lost:
            return None
        sign = 1 if self.metric.better == "min" else -1
        low, high = sorted(-sign * bound * abs(self.control) / lost for bound in (effect.low, effect.high))
        return low, high


def gap(evidence: Evidence, metric: Metric, teacher: str, control: str, taught: Sequence[str]) -> Gap:
    """What was measured, in the unit in which it is drawn."""
    lazy = f"reference_input_{metric.column}"
    return Gap(
        metric,
        evidence.mean(teacher, metric.column) * metric.factor,
        evidence.mean(control, metric.column) * metric.factor,
        {name: evidence.mean(name, metric.column) * metric.factor for name in taught},
        {
            name: (low * metric.factor, high * metric.factor)
            for name in (teacher, control, *taught)
            for low, high in [evidence.extent(name, metric.column)]
        },
        {name: effect for name, effect in effects(evidence, metric.column).items() if name in taught},
        evidence.mean(teacher, lazy) * metric.factor if metric.lazy and evidence.has(teacher, lazy) else None,
    )


def draw(axes: Axes, found: Gap, teacher: str, control: str) -> None:
    """The band of what was lost, and from its end a bar back to each lesson; better is always left."""
    rows = [teacher, control, *found.taught]
    everything = [value for name in rows for value in found.extents[name]]
    low, high = min(everything), max([*everything, *([found.lazy] if found.lazy is not None else [])])
    room = (high - low or abs(high) or 1.0) * MARGIN
    limits = (low - room, high + room)
    axes.set(xlim=limits if found.metric.better == "min" else limits[::-1], ylim=(len(rows), 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.add_patch(Rectangle((found.teacher, 0), found.control - found.teacher, len(rows), zorder=0, **LOST))
    for value in (found.teacher, found.control):
        axes.plot([value, value], [0, len(rows)], color=style.INK, lw=0.6, zorder=1)
    if found.lazy is not None:
        axes.plot([found.lazy, found.lazy], [0, len(rows)], color=style.INK, lw=0.8, ls=":", zorder=1)
    for place, name in enumerate(rows):
        line(axes, found, name, place + 0.5, name == teacher)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.tick_params(pad=1)


def line(axes: Axes, found: Gap, name: str, place: float, teacher: bool) -> None:
    """One row: the bar of its gain or further loss, its spread and its mark."""
    if name in found.taught:
        value = found.taught[name]
        wins = (value < found.control) == (found.metric.better == "min")
        corner = (found.control, place - BAND / 2)
        axes.add_patch(Rectangle(corner, value - found.control, BAND, zorder=2, **(WON if wins else MORE)))
    else:
        value = found.teacher if teacher else found.control
    axes.plot(found.extents[name], [place, place], color=style.INK, lw=0.9, solid_capstyle="butt", zorder=3)
    effect = found.effects.get(name)
    mark(axes, value, place, "teacher" if teacher else "control" if effect is None else effect.verdict)


MARKS = {
    "teacher": ("*", 5.5, style.INK, style.INK),
    "control": ("o", 3.4, style.INK, style.INK),
    "better": ("<", 4.0, style.BLUE, style.INK),
    "worse": (">", 4.0, style.VERMILION, style.INK),
    "no evidence": ("D", 3.0, "white", style.INK),
    "no difference": ("D", 3.0, style.INK, style.INK),
    "single seed": ("o", 2.6, "white", style.INK),
}
"""Marker, size, face and edge."""


def mark(axes: Axes, x: float, y: float, kind: str, right: bool = False) -> None:
    """A point whose shape says what is known of it; better is left, or right."""
    marker, size, face, edge = MARKS[kind]
    if right:
        marker = {"<": ">", ">": "<"}.get(marker, marker)
    axes.plot(x, y, marker, ms=size, mfc=face, mec=edge, mew=0.6, zorder=4, clip_on=False)
