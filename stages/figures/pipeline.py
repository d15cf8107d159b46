"""The pipeline itself: its stages, what flows between them, how many items each has and how long they took.

Two of its inputs are in the manifest and not in dvc.yaml: dvc.yaml itself, which DVC refuses as a dependency, and the
times in results/provenance, which every run writes anew, so that this stage would never be up to date. Stages from this
one on are left without times: drawing would change them.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from stages.figures import flow, style
from stages.figures.evidence import Evidence
from stages.figures.flow import Stage
from stages.figures.style import Drawn
from stages.findings import origins
from stages.settings import paths

TITLE = "The pipeline"
DRAWING = "plot_figures"
NOTE = (
    "Stages in the order of dvc.yaml. What a stage writes leaves its box to the right; dots lead down to the stages "
    "that read it. Not drawn: params and code. An item is a row of params. {times}"
)
TIMES = (
    "Times: of an item as it last ran{where}; all: their sum; each: their median. Several items may run side by side. "
    "The last stages have no times: they come after this figure."
)
NO_TIMES = "No times are recorded in results/provenance."
ITEMS, ALL, EACH, FLOW = 0.36, 0.9, 1.36, 1.44
ARROW = {"arrowstyle": "-|>", "lw": 0.6, "color": style.INK, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 5}
TOP, ROW, BOX, BUS, MOST = 0.32, 0.46, 0.32, 0.07, 0.62
WORDS, NAMES = 0.53, 0.475
"""Inches of a step at which words on arrows and names in boxes have the smallest size that others have."""


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure."""
    found = flow.stages(evidence.settings)
    names = [each.name for each in found]
    before = found[: names.index(DRAWING)] if DRAWING in names else found
    timed = [paths.provenance(*each) for each in flow.recorded(before)]
    records = (origins.entry(*each) for each in flow.recorded(before))
    machines = dict.fromkeys(machine(record) for record in records if record)
    where = f" on {'; '.join(machines)}" if len(machines) == 1 else " (on several machines)"
    note = NOTE.format(times=TIMES.format(where=where) if timed else NO_TIMES)
    yield Drawn("pipeline", TITLE, partial(chart, found, len(before), note), (paths.PARAMS, paths.GRAPH, *timed))


def machine(entry: dict[str, object]) -> str:
    """On what an item ran."""
    return f"{entry['cpu']}, {entry['cores']} cores"


def chart(found: Sequence[Stage], timed: int, note: str) -> Figure:
    """Numbers on the left; boxes on the diagonal, and above it what flows from one to another."""
    figure = style.blank(style.PAGE, TOP + len(found) * ROW + 0.06 + style.note_height(note, style.PAGE))
    sheet = style.sheet(figure)
    step = min((style.PAGE - FLOW - 0.1) / len(found), MOST)
    for text, right in (("items", ITEMS), ("all", ALL), ("each", EACH)):
        style.write(figure, text, right, TOP - 0.1, ha="right", va="bottom", fontsize=style.SMALL, color="#4d4d4d")
    longest = max((sum(each.seconds.values()) for each in found[:timed]), default=0.0)
    for place, each in enumerate(found):
        middle = TOP + (place + 0.5) * ROW
        sheet.plot([0.08, FLOW + place * step], [middle + BOX / 2] * 2, color=style.PALE, lw=0.5, zorder=0)
        numbers(figure, sheet, each, middle, longest if place < timed else 0.0)
        box(figure, sheet, each.name, FLOW + place * step, middle, step)
    for place, writer in enumerate(found):
        lines(figure, sheet, place, {p: w for p in range(len(found)) if (w := flow.flows(writer, found[p]))}, step)
    style.note(figure, note)
    return figure


def numbers(figure: Figure, sheet: Axes, each: Stage, middle: float, longest: float) -> None:
    """How many items, how long together, how long one."""
    style.write(figure, str(len(each.items)), ITEMS, middle, ha="right", va="center", fontsize=style.TEXT)
    if not longest or not each.seconds:
        return
    total = sum(each.seconds.values())
    sheet.add_patch(
        Rectangle((ITEMS + 0.1, middle + 0.06), (ALL - ITEMS - 0.1) * total / longest, 0.045, color=style.BLUE, lw=0)
    )
    style.write(figure, clock(total), ALL, middle, ha="right", va="center", fontsize=style.TEXT)
    if len(each.items) > 1:
        median = statistics.median(each.seconds.values())
        style.write(figure, clock(median), EACH, middle, ha="right", va="center", fontsize=style.TEXT)


def clock(seconds: float) -> str:
    """A time in its largest unit."""
    for unit, word in ((3600.0, "h"), (60.0, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {word}" if seconds < 10 * unit else f"{seconds / unit:.0f} {word}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def small(step: float, room: float) -> float:
    """The size of words on arrows or in boxes: as small as many stages make it."""
    return style.TINY * min(1.0, step / room)


def broken(name: str) -> list[str]:
    """The name of a stage in its lines."""
    return name.replace("_", "_\n").split("\n")


def box(figure: Figure, sheet: Axes, name: str, left: float, middle: float, step: float) -> None:
    """A stage, its name in two lines."""
    shape = FancyBboxPatch(
        (left + 0.01, middle - BOX / 2), step - 0.05, BOX,
        boxstyle="round,pad=0,rounding_size=0.04", facecolor="#d9dee3", edgecolor=style.INK, lw=0.6, zorder=3,
    )  # fmt: skip
    sheet.add_patch(shape)
    text = "\n".join(broken(name))
    style.write(
        figure, text, left + (step - 0.03) / 2, middle,
        ha="center", va="center", fontsize=small(step, NAMES), linespacing=1.1,
    )  # fmt: skip


def lines(figure: Figure, sheet: Axes, place: int, readers: dict[int, list[str]], step: float) -> None:
    """From a box to the right, and at each reader down to its box."""
    if not readers:
        return
    middle = TOP + (place + 0.5) * ROW
    right = FLOW + max(readers) * step + BUS
    sheet.plot([FLOW + (place + 1) * step - 0.04, right], [middle, middle], color=style.INK, lw=0.6, zorder=1)
    for reader, words in readers.items():
        x, end = FLOW + reader * step + BUS, TOP + (reader + 0.5) * ROW - BOX / 2
        sheet.annotate("", (x, end), (x, middle), arrowprops=ARROW)
        sheet.plot(x, middle, "o", ms=2.4, color=style.INK, zorder=4)
        text, size = "\n".join(words), small(step, WORDS)
        style.write(figure, text, x + 0.03, middle - 0.02, va="bottom", fontsize=size, linespacing=0.95)
