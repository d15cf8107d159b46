"""Whether a teacher's subclasses rediscover the labels it never saw: its logits in the plane, and their agreement."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from functools import partial

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.figures import style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.findings.naming import called
from stages.settings import paths
from stages.settings.rows import VariantRow

METRIC = "subclass_ami"
NOTE = (
    "Left: the teacher's logits of all {count} test images on their first two principal components, coloured by the "
    "true label, of which training saw only the class: {classes}. Right: adjusted mutual information of the strongest "
    "subclass and the true label (1: the subclasses are the labels; 0: as chance); bars: mean over seeds, ticks: each "
    "seed. Dotted: knowing the class and nothing within it, {alone:.2f}."
)
SIDE, LEFT, TOP, BOTTOM, BAR = 2.9, 0.15, 0.42, 0.12, 0.28
COLOURS = "tab10"


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure per problem whose teacher has subclasses."""
    for problem, names in evidence.problems().items():
        teacher = evidence.teacher(problem)
        if teacher and evidence.has(teacher, METRIC):
            title = f"Do subclasses rediscover the labels? {problem}"
            inputs = (paths.PARAMS, paths.results(), paths.quality(teacher))
            rows = {name: evidence.rows[name] for name in names}
            yield Drawn(f"subclasses-{problem}", title, partial(draw, evidence, title, teacher, rows), inputs)


def draw(evidence: Evidence, title: str, teacher: str, rows: Mapping[str, VariantRow]) -> Figure:
    """The plane on the left, the agreement of every row on the right."""
    report = evidence.reports[teacher]
    labels = evidence.settings.teachers[rows[teacher].teacher].labels
    classes = list(report["seeds"][str(rows[teacher].seeds[0])]["labels"])
    picture = report["picture"]
    chance = alone(len(labels), len(classes))
    note = NOTE.format(count=len(picture["label"]), classes=" or ".join(classes), alone=chance)
    figure = style.blank(style.PAGE, TOP + SIDE + BOTTOM + style.note_height(note, style.PAGE))
    style.write(figure, title, 0.08, 0.1, fontsize=style.HEADING)
    dots = style.panel(figure, LEFT, TOP, SIDE, SIDE)
    plane(dots, picture, labels, len(labels) // len(classes))
    names = [name for name in rows if evidence.has(name, METRIC)]
    left = LEFT + SIDE + 1.3
    axes = style.panel(figure, left, TOP, style.PAGE - left - 0.15, BAR * len(names))
    agreement(axes, evidence, {name: rows[name] for name in names}, chance)
    axes.legend(
        *dots.get_legend_handles_labels(), title="true label", title_fontsize=style.SMALL, markerscale=2,
        loc="upper left", bbox_to_anchor=(-0.35, -0.45), ncols=len(classes), handlelength=1, columnspacing=2,
    )  # fmt: skip
    style.note(figure, note)
    return figure


def alone(labels: int, classes: int) -> float:
    """Mutual information of equally common labels with their class, over the mean of both entropies."""
    return math.log(classes) / ((math.log(labels) + math.log(classes)) / 2)


def plane(axes: Axes, picture: Mapping[str, list[float]], labels: list[str], merge: int) -> None:
    """A dot per image, its colour by its label, its shape by its class."""
    colours = matplotlib.colormaps[COLOURS]
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    for index, label in enumerate(labels):
        places = [i for i, of in enumerate(picture["label"]) if of == index]
        x, y = ([picture[axis][i] for i in places] for axis in ("x", "y"))
        marker = "os^Dv"[index // merge % 5]
        axes.plot(x, y, marker, ms=2.0, mew=0, color=colours(index % 10), alpha=0.75, label=style.spelled(label))


def agreement(axes: Axes, evidence: Evidence, rows: Mapping[str, VariantRow], chance: float) -> None:
    """A bar per row."""
    for place, name in enumerate(rows):
        values = evidence.values(name, METRIC)
        colour = style.INK if rows[name].compression == "none" else style.BLUE
        axes.barh(place, statistics.fmean(values), 0.6, color=colour, lw=0)
        if len(values) > 1:
            axes.plot(values, [place] * len(values), "|", ms=6, mew=0.9, color=style.ORANGE)
    axes.axvline(chance, ls=":", lw=0.9, color=style.INK)
    axes.set_yticks(range(len(rows)), [called(row) for row in rows.values()])
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xlabel="adjusted mutual information")
    axes.tick_params(axis="y", length=0)
