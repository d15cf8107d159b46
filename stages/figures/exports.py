"""What leaving the benchmark costs: exact error against the file's size and time, by precision and runtime."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.findings import exports
from stages.findings.exports import TRUTH, Line
from stages.findings.naming import called, made
from stages.settings.rows import VariantRow
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH

TITLE = "What exported networks cost: error against bytes and milliseconds"
NOTE = (
    "Each row as files in three precisions, joined by a line. On both axes less is better. Upwards, over the whole "
    "test: {upwards}. {times}"
)
TIMES = (
    "Times: one image, one thread, medians of common rounds, bars from quartile to quartile; × has no file, and is "
    "timed without 8-bit doors."
)
LOOKS = {
    (TORCH, FLOAT32): ("x", "PyTorch float32"),
    (OUTSIDE, FLOAT32): ("o", "ONNX Runtime float32"),
    (OUTSIDE, FLOAT16): ("s", "float16"),
    (OUTSIDE, INT8): ("D", "int8"),
}
EXACT, APART_FROM, MISTAKEN = "exact error × 1000", "from PyTorch × 1000", "mistaken, %"
UPWARDS = {
    EXACT: "mean absolute difference from the exact images (exact error)",
    APART_FROM: "where there are none, from what the network makes in PyTorch",
    MISTAKEN: "of classifiers the share of images that they mistake",
}
PANELS = {"bytes": "bytes of the file", "latency_ms": "milliseconds"}
STUDENTS = (style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.SKY)
ACROSS, LEFT, TOP, WIDTH, HEIGHT, BETWEEN, BOTTOM = 2, 0.48, 0.6, 1.3, 1.05, 0.14, 0.42
HEAD, NAME = 0.3, 0.105
"""Inches of a problem's name, and of each of its rows' names below it."""
MARGIN = 0.12
LEADING = (1, 3, 2, 5, 7, 1.5, 4)
"""Leading digits of ticks, the most welcome first."""
LEAST = 0.2
"""What an axis of errors spans at least, as a share of the largest."""
APART = 0.24
"""Between the middles of two labels, as a share of a panel's width."""

Rows = dict[str, list[Line]]


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure of all exported rows; none where nothing is exported."""
    if evidence.settings.exports:
        yield Drawn("exports", TITLE, partial(panels, evidence), exports.inputs(evidence.settings))


def upwards(line: Line) -> tuple[str, float | None]:
    """What stands on the vertical axis of a line's problem, and its value."""
    if line.error is not None:
        return MISTAKEN, 1e2 * line.error
    return (EXACT if line.l1_against == TRUTH else APART_FROM), None if line.l1 is None else 1e3 * line.l1


def problems(lines: Sequence[Line]) -> dict[str, Rows]:
    """Of each problem its rows, each with its lines."""
    found: dict[str, Rows] = {}
    for line in lines:
        found.setdefault(line.problem, {}).setdefault(line.row, []).append(line)
    return found


def panels(evidence: Evidence) -> Figure:
    """A pair of panels per problem, two problems beside each other."""
    lines = exports.lines(evidence.settings, evidence.times or {}, evidence.costs["variants"])
    found = problems(lines)
    timed = any(line.latency_ms is not None for line in lines)
    said = [UPWARDS[each] for each in UPWARDS if any(upwards(line)[0] == each for line in lines)]
    note = NOTE.format(upwards="; ".join(said), times=TIMES if timed else "").strip()
    names = list(found)
    pairs = [names[start : start + ACROSS] for start in range(0, len(names), ACROSS)]
    heads = [HEAD + NAME * max(len(found[name]) for name in pair) for pair in pairs]
    height = TOP + sum(heads) + len(pairs) * (HEIGHT + BOTTOM) + style.note_height(note, style.PAGE)
    figure = style.blank(style.PAGE, height)
    style.write(figure, TITLE, 0.08, 0.1, fontsize=style.HEADING)
    key(figure, timed)
    top = TOP
    for pair, head in zip(pairs, heads, strict=True):
        for place, name in enumerate(pair):
            left = LEFT + place * style.PAGE / ACROSS
            style.write(figure, name, left, top, fontsize=style.HEADING)
            problem(figure, evidence, found[name], left, top, head)
        top += head + HEIGHT + BOTTOM
    style.note(figure, note)
    return figure


def problem(figure: Figure, evidence: Evidence, found: Rows, left: float, top: float, head: float) -> None:
    """The rows of one problem: their names in their colours, and two panels with one scale of errors."""
    rows = exports.trained(evidence.settings)
    colours = coloured({name: rows[name] for name in found})
    for place, (name, colour) in enumerate(colours.items()):
        words = called(rows[name]) + ("" if rows[name].compression == "none" else f" ({made(rows[name])})")
        style.write(figure, words, left, top + 0.18 + place * NAME, fontsize=style.SMALL, color=colour)
    shown = [kind for kind in PANELS if any(getattr(line, kind) for lines in found.values() for line in lines)]
    for place, kind in enumerate(shown):
        axes = style.panel(figure, left + place * (WIDTH + BETWEEN), top + head, WIDTH, HEIGHT)
        for name, lines in found.items():
            draw(axes, lines, kind, colours[name])
        costs = [getattr(line, kind) for lines in found.values() for line, _ in placed(lines, kind)]
        scaled(axes, costs)
        heights = [value for lines in found.values() for _, value in placed(lines, kind)]
        raised(axes, heights)
        axes.set_xlabel(PANELS[kind])
        if place:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel(upwards(next(iter(found.values()))[0])[0])


def coloured(rows: Mapping[str, VariantRow]) -> dict[str, str]:
    """Teachers dark, students each in a colour."""
    students = [name for name, row in rows.items() if row.compression != "none"]
    colours = {name: STUDENTS[place % len(STUDENTS)] for place, name in enumerate(students)}
    return {name: colours.get(name, style.INK) for name in rows}


def placed(lines: Sequence[Line], kind: str) -> list[tuple[Line, float]]:
    """The lines that have a place in a panel, and how high: PyTorch has no file."""
    mine = [line for line in lines if getattr(line, kind) and (kind != "bytes" or line.runtime == OUTSIDE)]
    return [(line, value) for line in mine for _, value in [upwards(line)] if value is not None]


def draw(axes: Axes, lines: Sequence[Line], kind: str, colour: str) -> None:
    """One row: its files joined by a line, and PyTorch beside them."""
    points = [(line, getattr(line, kind), value) for line, value in placed(lines, kind)]
    joined = [(x, y) for line, x, y in points if line.runtime == OUTSIDE]
    axes.plot([x for x, _ in joined], [y for _, y in joined], color=colour, lw=0.7, alpha=0.6, zorder=1)
    for line, x, y in points:
        marker, _ = LOOKS[line.runtime, line.precision]
        if kind == "latency_ms" and line.latency_ms_q1 is not None and line.latency_ms_q3 is not None:
            axes.plot([line.latency_ms_q1, line.latency_ms_q3], [y, y], color=colour, lw=0.7, zorder=2)
        edge = {"mew": 1.0} if marker == "x" else {"mec": "white", "mew": 0.4}
        axes.plot(x, y, marker, ms=3.6, color=colour, zorder=3, **edge)


def scaled(axes: Axes, costs: Sequence[float]) -> None:
    """A logarithmic scale of costs with few ticks."""
    beside = max(max(costs) / min(costs), 1.5) ** MARGIN
    low, high = min(costs) / beside, max(costs) * beside
    axes.set(xscale="log", xlim=(low, high))
    axes.xaxis.set_major_locator(FixedLocator(ticks(low, high)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: style.counted(value))


def raised(axes: Axes, heights: Sequence[float]) -> None:
    """A scale of errors on which what hardly differs looks so."""
    low, high = min(heights), max(heights)
    beside = 0.15 * (high - low) + max(0.0, LEAST * high - (high - low)) / 2
    axes.set_ylim(low - beside, high + (beside or 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def ticks(low: float, high: float) -> list[float]:
    """Round numbers in a range, the roundest first, as long as there is room for their labels."""
    found: list[float] = []
    apart = (high / low) ** APART
    for leading in LEADING:
        for decade in range(math.floor(math.log10(low)), math.ceil(math.log10(high))):
            place = leading * 10.0**decade
            if low <= place <= high and all(max(place / each, each / place) >= apart for each in found):
                found.append(place)
    return sorted(found)


def key(figure: Figure, timed: bool) -> None:
    """Which mark is which runtime and precision."""
    looks = {which: look for which, look in LOOKS.items() if timed or which[0] != TORCH}
    handles = [
        Line2D([], [], color=style.INK, marker=marker, ms=3.6, lw=0, label=label) for marker, label in looks.values()
    ]
    figure.legend(
        handles=handles, loc="upper left", ncols=len(handles), handletextpad=0.1, columnspacing=1.2,
        bbox_to_anchor=(0.0, 1 - 0.24 / figure.get_figheight()),
    )  # fmt: skip
