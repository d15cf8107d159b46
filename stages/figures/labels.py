"""Which labels are hard: the error of each, teacher beside students, and what returning the input scores."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.figures import style, tiles
from stages.figures.evidence import Evidence
from stages.figures.gallery import chosen
from stages.figures.style import Drawn
from stages.findings.naming import called, made
from stages.settings import paths

NOTHING = "{problem} has no exact images, so no error by label."
NOTE = (
    "Bars: mean over test images, and over seeds where there are several; ticks: each seed. Dotted: what returning the "
    "input scores; a label whose bar reaches it is not translated. Students: {size}."
)
METRIC, WORD = "l1", "exact error"
HATCHES = ("", "////", "||||", "\\\\\\\\", "xxxx", "----")
MOST, HEIGHT, LEFT, TOP, LEVEL, SLANTED = 5, 1.5, 0.55, 0.36, 0.3, 0.62


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure per problem whose rows make images."""
    evidence = tiles.pictured(evidence)
    for problem in evidence.problems():
        title = f"Exact error by label, {problem}"
        teacher = evidence.teacher(problem)
        rows = [name for name in [teacher, *ends(chosen(evidence, problem))] if name]
        rows = [name for name in rows if evidence.has(name, METRIC)]
        nothing = NOTHING.format(problem=problem)
        draw = partial(bars, evidence, rows) if rows else partial(style.sentence, title, nothing)
        yield Drawn(f"labels-{problem}", title, draw, (paths.PARAMS, *(paths.quality(name) for name in rows)))


def ends(names: list[str]) -> list[str]:
    """At most as many as can be told apart: the first ones and the last."""
    return names if len(names) <= MOST else [*names[: MOST - 1], names[-1]]


def by_label(evidence: Evidence, name: str) -> dict[str, list[float]]:
    """The errors of a row per label, seed by seed."""
    found: dict[str, list[float]] = {}
    for seed in evidence.reports[name]["seeds"].values():
        for data in seed["datasets"].values():
            for label, measured in data["labels"].items():
                found.setdefault(label, []).append(measured[METRIC])
    return found


def lazy(evidence: Evidence, name: str) -> list[float]:
    """What returning the input scores, label by label."""
    found = evidence.reports[name]["label_references"].values()
    return [measured[METRIC] for data in found for measured in data.values()]


def bars(evidence: Evidence, rows: list[str]) -> Figure:
    """Labels side by side, in each the rows."""
    labels = list(by_label(evidence, rows[0]))
    width = style.COLUMN if len(labels) <= 5 and len(rows) <= 4 else style.PAGE
    students = [evidence.rows[name] for name in rows if evidence.rows[name].compression != "none"]
    note = NOTE.format(size=made(students[0]) if students else "none")
    turned = len(labels) > 5
    bottom = SLANTED if turned else LEVEL
    figure = style.blank(width, TOP + HEIGHT + bottom + style.note_height(note, width))
    axes = style.panel(figure, LEFT, TOP, width - LEFT - 0.1, HEIGHT)
    for index, name in enumerate(rows):
        draw(axes, evidence, name, index, len(rows))
    for place, value in enumerate(lazy(evidence, rows[0])):
        axes.plot([place - 0.46, place + 0.46], [value] * 2, ls=":", lw=1.1, color=style.INK)
    axes.set_xticks(
        range(len(labels)),
        [style.spelled(label) for label in labels],
        rotation=30 if turned else 0,
        ha="right" if turned else "center",
    )
    axes.tick_params(axis="x", length=0)
    axes.set(ylabel=WORD, xlim=(-0.6, len(labels) - 0.4))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(rows), handlelength=1.4, columnspacing=1.0, borderaxespad=0.2
    )
    style.note(figure, note)
    return figure


def draw(axes: Axes, evidence: Evidence, name: str, index: int, count: int) -> None:
    """The bars of one row."""
    wide = 0.8 / count
    row, numbers = evidence.rows[name], by_label(evidence, name)
    places = [i + (index - (count - 1) / 2) * wide for i in range(len(numbers))]
    means = [statistics.fmean(values) for values in numbers.values()]
    colour = style.INK if row.compression == "none" else style.SERIES[(index - 1) % len(style.SERIES)]
    face: dict[str, Any] = (
        {"color": colour}
        if not index
        else {"facecolor": colour, "edgecolor": "white", "hatch": HATCHES[index % len(HATCHES)]}
    )
    axes.bar(places, means, wide * 0.92, lw=0, label=called(row), **face)
    for place, values in zip(places, numbers.values(), strict=True):
        if len(values) > 1:
            axes.plot([place] * len(values), values, "_", ms=3, mew=0.8, color=style.INK)
