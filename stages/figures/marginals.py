"""How often each value of each factor is drawn, beside how often it should be: the known chances of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.figures.gallery import chosen
from stages.figures.labels import ends
from stages.figures.style import Drawn
from stages.findings.naming import called
from stages.settings import paths

NOTE = (
    "Left: the known chance of each value. Right: the share that a reader sees, corrected by its confusion on real "
    "images, less that chance, in percentage points; at zero a network draws the value as often as the program does. "
    "Cross: as many real draws. Grey: what chance alone does to {images} draws, 95 %. First seed of each row."
)
LINE, LEFT, TOP, KNOWN, SPACE, BOTTOM = 0.15, 1.5, 0.56, 1.2, 0.35, 0.36
NORMAL = 1.96
ROW = "row"
YES = 2
"""Of a category of so many values the last alone is shown: the other is the rest."""

Found = Mapping[str, Mapping[str, Any]]
"""Category -> its values, their known chances, and the shares of real draws, teacher and row."""


@dataclass(frozen=True)
class Value:
    """A value of a category: where it stands, how it is called, and its known chance."""

    category: str
    place: int
    name: str
    known: float


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure per problem and data set whose factors are known."""
    for problem in evidence.problems():
        teacher = evidence.teacher(problem)
        rows = [
            name
            for name in [teacher, *ends(chosen(evidence, problem))]
            if name and evidence.reports[name].get("marginals")
        ]
        for data, found in evidence.reports[rows[0]]["marginals"].items() if rows else ():
            title = f"Factors of {problem}: what is drawn against the known chances"
            end = "" if data == evidence.rows[rows[0]].dataset else f"-{data}"
            inputs = (paths.PARAMS, *(paths.quality(name) for name in rows))
            yield Drawn(f"marginals-{problem}{end}", title, partial(gaps, evidence, data, rows, values(found)), inputs)


def values(found: Found) -> list[Value]:
    """The values that are shown, category by category."""
    listed = []
    for category, each in found.items():
        count = len(each["values"])
        for place in (count - 1,) if count == YES else range(count):
            name = category if count == YES else each["values"][place]
            listed.append(Value(category, place, style.spelled(name), each["known"][place]))
    return listed


def shares(evidence: Evidence, name: str, data: str, shown: list[Value], whose: str) -> list[float]:
    """What was read of the images of a row's first seed, or of real draws beside it."""
    found = evidence.reports[name]["marginals"][data]
    read = [found[value.category][whose] for value in shown]
    return [(each[0] if whose == ROW else each)[value.place] for value, each in zip(shown, read, strict=True)]


def gaps(evidence: Evidence, data: str, rows: list[str], shown: list[Value]) -> Figure:
    """Known chances as bars, and around zero what teacher and students make of them."""
    images = evidence.settings.evaluation[evidence.rows[rows[0]].examination]["images"]
    note = NOTE.format(images=images)
    breaks = {place for place in range(1, len(shown)) if shown[place].category != shown[place - 1].category}
    many = [each.category for each in shown]
    wide = {place for place in breaks if many.count(many[place]) > 1 or many.count(many[place - 1]) > 1}
    places = [place + 0.5 * sum(1 for each in wide if each <= place) for place in range(len(shown))]
    high = (places[-1] + 1) * LINE
    figure = style.blank(style.PAGE, TOP + high + BOTTOM + style.note_height(note, style.PAGE))
    known = style.panel(figure, LEFT, TOP, KNOWN, high)
    right = style.panel(figure, LEFT + KNOWN + SPACE, TOP, style.PAGE - LEFT - KNOWN - SPACE - 0.15, high)
    for axes in (known, right):
        axes.set(ylim=(places[-1] + 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
    known.barh(places, [value.known * 100 for value in shown], 0.62, color=style.FAINT, lw=0)
    known.set_title("known chance", fontsize=style.TEXT)
    known.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    known.xaxis.set_major_locator(MaxNLocator(3))
    handles = compared(right, evidence, data, rows, shown, places, images)
    longest = max(len(str(each.get_label())) for each in handles)
    across = max(1, int((style.PAGE - 0.2) / (0.3 + style.LETTER * longest)))
    figure.legend(handles=handles, loc="upper left", ncols=across, handletextpad=0.1, columnspacing=1.0)
    for value, place in zip(shown, places, strict=True):
        middle = TOP + (place + 0.5) * LINE
        style.write(figure, value.name, LEFT - 0.07, middle, ha="right", va="center", fontsize=style.SMALL)
    style.note(figure, note)
    return figure


def compared(
    axes: Axes, evidence: Evidence, data: str, rows: list[str], shown: list[Value], places: list[float], images: int
) -> list[Line2D]:
    """The gap of every row at every value; returns what stands for the rows in the key."""
    axes.axvline(0, color=style.INK, lw=0.6, zorder=1)
    for value, place in zip(shown, places, strict=True):
        reach = NORMAL * (value.known * (1 - value.known) / images) ** 0.5 * 100
        axes.plot([-reach, reach], [place, place], color=style.PALE, lw=6, solid_capstyle="butt", zorder=0)
    handles = []
    sources = [("real draws", rows[0], "real", ("x", style.INK, 3.5))]
    looks = style.order([name for name in rows if evidence.rows[name].compression != "none"])
    for name in rows:
        colour, marker = looks.get(name, (style.INK, "*"))
        sources.append((called(evidence.rows[name]), name, ROW, (marker, colour, 5.5 if marker == "*" else 3.4)))
    for word, name, whose, (marker, colour, size) in sources:
        off = [
            100 * (share - value.known)
            for share, value in zip(shares(evidence, name, data, shown, whose), shown, strict=True)
        ]
        axes.plot(
            off, places, marker, ms=size, color=colour, mec=colour if marker == "x" else "white", mew=0.6, zorder=3
        )
        handles.append(Line2D([], [], ls="", marker=marker, ms=size, color=colour, label=word))
    reach = max(2.0, *(float(np.abs(np.asarray(line.get_xdata())).max()) for line in axes.lines))
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "−") if value else "0")
    axes.set_xlabel("read share less the known chance, percentage points", labelpad=2)
    return handles
