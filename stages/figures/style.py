"""One look for all figures: sizes of a column and a page, colours that survive grey print."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMN, PAGE, TALLEST = 3.4, 7.0, 9.2
"""Inches: one column of a two-column journal, its full width, and its height."""

# Okabe & Ito, "Color Universal Design", 2008; used from dark to light, so that grey print keeps them apart.
INK, BLUE, VERMILION, GREEN, ORANGE, SKY = "#1a1a1a", "#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9"
FAINT, PALE = "#9a9a9a", "#e6e6e6"
MARKERS = "osD^vPX*<>"
SERIES = (BLUE, VERMILION, GREEN, ORANGE, SKY, INK)

TINY, SMALL, TEXT, HEADING = 5.0, 6.0, 7.0, 8.0
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85}
LETTER = 0.0455
"""Inches of a letter of the smallest size, on average."""
DOTS = 220

RULES: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.titlesize": HEADING,
    "axes.labelsize": TEXT,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.6,
    "figure.dpi": DOTS,
    "savefig.dpi": DOTS,
    "svg.fonttype": "path",
    "svg.hashsalt": "retort",
    "pdf.fonttype": 42,
    "image.interpolation": "none",
}


@dataclass(frozen=True)
class Drawn:
    """A figure: its file name, what it shows in a sentence, how to draw it, and the files it is drawn from."""

    name: str
    title: str
    draw: Callable[[], Figure]
    inputs: tuple[Path, ...]

    @cached_property
    def figure(self) -> Figure:
        """Drawn when it is first asked for, so that processes can share the figures of one kind."""
        with rc_context(RULES):
            return self.draw()


def blank(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    return Figure(figsize=(width, height))


def sheet(figure: Figure) -> Axes:
    """Axes over the whole figure that measure inches from its upper left corner."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return axes


def panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the upper left corner."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, 1 - (top + height) / high, width / wide, height / high))


def write(figure: Figure, text: str, left: float, top: float, **how: Any) -> None:  # noqa: ANN401 - matplotlib's own
    """Text at a place given in inches from the upper left corner."""
    width, height = figure.get_size_inches()
    settings = {"ha": "left", "va": "top", "fontsize": TEXT, **how}
    figure.text(left / width, 1 - top / height, text, **settings)


def note(figure: Figure, text: str, left: float = 0.08, right: float = 0.08) -> None:
    """How to read the figure, along its lower edge."""
    width, height = figure.get_size_inches()
    lines = wrapped(text, width - left - right)
    write(figure, lines, left, height - 0.06, va="bottom", fontsize=SMALL, color="#4d4d4d", linespacing=1.25)


def note_height(text: str, width: float) -> float:
    """Inches that a note needs in a figure of that width."""
    return 0.12 + 0.107 * (wrapped(text, width - 0.16).count("\n") + 1)


def wrapped(text: str, width: float) -> str:
    """Text of the smallest size, broken to fit a width."""
    return textwrap.fill(text, max(20, int(width / LETTER)))


def broken(name: str, width: float, size: float = SMALL) -> str:
    """A name in lines that fit a width: broken at spaces and behind plus signs."""
    if len(name) * 1.1 * LETTER * size / SMALL <= width:
        return name
    return "\n".join(name.replace("+", "+ ").split())


def sentence(title: str, text: str, width: float = COLUMN) -> Figure:
    """A figure that says why there is nothing to draw."""
    head, lines = wrapped(title, (width - 0.3) * SMALL / HEADING), wrapped(text, width - 0.3)
    below = 0.32 + 0.16 * head.count("\n")
    figure = blank(width, below + 0.23 + 0.12 * (lines.count("\n") + 1))
    write(figure, head, 0.12, 0.1, fontsize=HEADING, linespacing=1.2)
    write(figure, lines, 0.12, below, fontsize=SMALL, linespacing=1.3)
    return figure


def counted(value: float) -> str:
    """A large number with its unit."""
    for unit, word in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g} {word}"
    return f"{value:g}"


def spelled(label: str) -> str:
    """A label of a data set as a reader says it."""
    return label.replace("_", " ")


def order(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A colour and a marker for each name, both repeating late."""
    return {name: (SERIES[i % len(SERIES)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)}
