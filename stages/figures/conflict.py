"""Whether the conflict of lesson and game grows as students get better: cosines early and late, and their slopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stages.figures import style
from stages.figures.evidence import Evidence, Line
from stages.figures.style import Drawn
from stages.findings.naming import apart
from stages.settings import paths

TITLE = "Does the conflict of lesson and game grow?"
NOTE = (
    "Left: mean cosine of both gradients in the first (hollow) and the last third (filled) of training; below zero "
    "they conflict. Right: slope of the cosine per whole training. Bars: 95 % interval over trainings (with two seeds "
    "very wide; not corrected for the number of lines; cut off at the edge). Vermilion: the interval lies below zero, "
    "the conflict grows. Blue: above zero, it shrinks. Black, hollow: no evidence. Grey: one seed, no interval. "
    "Falling: trainings whose slope is below zero. All rows: trainings counted as if they had nothing in common."
)
TOGETHER = "all rows"
LINE, LEFT, TOP, RIGHT, SPACE, DOSE = 0.135, 2.05, 0.3, 0.6, 0.2, 0.4
VERDICTS = {"grows": (style.VERMILION, "s"), "shrinks": (style.BLUE, "o"), "no evidence": (style.INK, "D")}


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure of all problems that recorded evidence; none where none did."""
    if evidence.conflicts:
        yield Drawn("conflict", TITLE, partial(forest, evidence), (paths.PARAMS, paths.evidence()))


def lined(evidence: Evidence) -> tuple[dict[str, float], list[tuple[float, Line]], float]:
    """In lines from the top: where problems are named, where rows stand, and how far down it goes."""
    heads: dict[str, float] = {}
    lines: list[tuple[float, Line]] = []
    down = 0.6
    for line in evidence.conflicts:
        if line["problem"] not in heads:
            down += 0.6 if heads else 0.0
            heads[line["problem"]] = down
            down += 1
        lines.append((down, line))
        down += 1
    return heads, lines, down


def forest(evidence: Evidence) -> Figure:
    """Names and doses on the left, cosines, slopes."""
    heads, lines, down = lined(evidence)
    height = TOP + down * LINE + 0.34
    figure = style.blank(style.PAGE, height + style.note_height(NOTE, style.PAGE))
    width = (style.PAGE - LEFT - DOSE - RIGHT - SPACE) / 2
    sides = []
    for column, title in enumerate(("cosine", "slope of the cosine")):
        axes = style.panel(figure, LEFT + DOSE + column * (width + SPACE), TOP, width, down * LINE)
        axes.set(ylim=(down, 0), yticks=[])
        axes.set_title(title, fontsize=style.TEXT)
        axes.spines["left"].set_visible(False)
        sides.append(axes)
    cosines(sides[0], lines)
    slopes(sides[1], lines)
    for head, place in heads.items():
        style.write(figure, head, 0.08, TOP + place * LINE, va="center", fontsize=style.SMALL, fontweight="bold")
    names = {
        name: word
        for rows in evidence.problems().values()
        for name, word in apart({name: evidence.rows[name] for name in rows}).items()
    }
    for place, line in lines:
        middle = TOP + place * LINE
        name = names.get(line["variant"], TOGETHER)
        look = {"va": "center", "fontsize": style.SMALL}
        style.write(figure, f"{name}  ×{line['trainings']}", LEFT, middle, ha="right", **look)
        dose = f"{float(line['dose']):.2f}" if line["dose"] else ""
        style.write(figure, dose, LEFT + DOSE - 0.08, middle, ha="right", **look)
        falling = f"{line['falling']} of {line['trainings']}"
        style.write(figure, falling, style.PAGE - 0.08, middle, ha="right", **look)
    for word, at in (("dose", LEFT + DOSE - 0.08), ("falling", style.PAGE - 0.08)):
        style.write(figure, word, at, TOP - 0.06, ha="right", va="bottom", fontsize=style.SMALL, color="#4d4d4d")
    style.note(figure, NOTE)
    return figure


def number(line: Mapping[str, str], name: str) -> float | None:
    """A cell, if it holds a number."""
    return float(line[name]) if line[name] != "" else None


def reach(values: list[float], ends: list[float | None]) -> float:
    """How far an axis goes to both sides: as far as the values, and their intervals where these are not much wider."""
    most = max((abs(value) for value in values), default=0.0) or 0.1
    wide = sorted(abs(end) for end in ends if end is not None)
    return 1.15 * max([most, *(end for end in wide if end <= 3 * most)])


def cosines(axes: Axes, lines: list[tuple[float, Line]]) -> None:
    """The early and the late mean of each row."""
    values = [float(line[name]) for _, line in lines for name in ("first", "last")]
    ends = [number(line, f"{name}_{end}") for _, line in lines for name in ("first", "last") for end in ("low", "high")]
    around_zero(axes, reach(values, ends))
    for place, line in lines:
        for name, shift, face in (("first", -0.2, "white"), ("last", 0.2, style.INK)):
            colour = style.INK if line[f"{name}_low"] else style.FAINT
            bar(axes, place + shift, line, name, colour)
            filled = face if face == "white" else colour
            axes.plot(float(line[name]), place + shift, "o", ms=2.6, mfc=filled, mec=colour, mew=0.7)


def slopes(axes: Axes, lines: list[tuple[float, Line]]) -> None:
    """The slope of each row."""
    ends = [number(line, f"slope_{end}") for _, line in lines for end in ("low", "high")]
    around_zero(axes, reach([float(line["slope"]) for _, line in lines], ends))
    for place, line in lines:
        colour, marker = VERDICTS.get(line["conflict"], (style.FAINT, "o"))
        bar(axes, place, line, "slope", colour)
        face = colour if line["conflict"] in ("grows", "shrinks") else "white"
        axes.plot(float(line["slope"]), place, marker, ms=3.6, mfc=face, mec=colour, mew=0.9)


def bar(axes: Axes, place: float, line: Line, name: str, colour: str) -> None:
    """An interval, where there is one."""
    low, high = number(line, f"{name}_low"), number(line, f"{name}_high")
    if low is not None and high is not None:
        axes.plot([low, high], [place, place], color=colour, lw=0.9, solid_capstyle="butt", zorder=2)


def around_zero(axes: Axes, far: float) -> None:
    """An axis with zero in its middle; left of it the conflict."""
    axes.set_xlim(-far, far)
    axes.axvspan(-far, 0, color=style.VERMILION, alpha=0.06, lw=0)
    axes.axvline(0, color=style.INK, lw=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "−") if value else "0")
