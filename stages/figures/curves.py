"""Training curves: every loss of the teachers, and the students' taught beside untaught."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from stages.figures import style
from stages.figures.evidence import Evidence, Line, by_examination, groups
from stages.figures.style import Drawn
from stages.findings.naming import called, made
from stages.settings import paths

KEYS = ("kind", "name", "seed", "step")
EVIDENCE = "evidence/"
"""What the columns begin with that hold no loss but what was measured of gradients."""
NOTHING = "No training has left a curve: every row has zero steps."
NOTE = "Weighted losses of the last batch of a step, averaged over equal stretches. {more}"
MORE = {
    "teacher": "",
    "variant": "First seed. Losses that a row does not have are left out.",
}
ACROSS, WIDTH, HEIGHT, LEFT, TOP, SPACE, DOWN = 3, 1.86, 0.95, 0.5, 0.62, 0.4, 0.5
NAMES, KEY = 5, 0.16
"""Names in a line of the key, and the height of one."""
LONG = 34
"""Letters of a title that has room."""
MOST = 6


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """The teachers of one kind of examination in one figure, each group of students with the most seeds in its own."""
    inputs = (paths.PARAMS, paths.training_curves())
    for end, part in by_examination(evidence):
        teachers = [("teacher", name, str(row.seed), name) for name, row in part.teachers.items()]
        yield Drawn(f"curves-teachers{end}", "Training of the teachers", partial(drawn, evidence, teachers), inputs)
    recorded = {line["name"] for line in evidence.curves}
    for names in widest(evidence).values():
        if not recorded.intersection(names):
            continue
        first = evidence.rows[names[0]]
        trainings = [("variant", n, str(evidence.rows[n].seeds[0]), called(evidence.rows[n])) for n in names]
        title = f"Training of the students of {first.problem} ({made(first)})"
        yield Drawn(f"curves-{first.problem}", title, partial(drawn, evidence, trainings), inputs)


def widest(evidence: Evidence) -> dict[str, list[str]]:
    """Of each problem the largest group of students, headline rows first."""
    found: dict[str, list[str]] = {}
    for key, names in groups(evidence).items():
        if len(names) > len(found.get(key[0], [])):
            most = max(len(evidence.rows[name].seeds) for name in names)
            found[key[0]] = [name for name in names if len(evidence.rows[name].seeds) == most]
    return {problem: names[:MOST] for problem, names in found.items()}


def drawn(evidence: Evidence, trainings: list[tuple[str, str, str, str]]) -> Figure:
    """One panel per loss, one line per training."""
    points = {
        word: [line for line in evidence.curves if (line["kind"], line["name"], line["seed"]) == (kind, name, seed)]
        for kind, name, seed, word in trainings
    }
    columns = [c for c in (evidence.curves[0] if evidence.curves else {}) if c not in KEYS and EVIDENCE not in c]
    losses = [loss for loss in columns if any(line[loss] for lines in points.values() for line in lines)]
    if not losses:
        return style.sentence("Training curves", NOTHING)
    lines = -(-len(losses) // ACROSS)
    note = NOTE.format(more=MORE[trainings[0][0]])
    looks = style.order(list(points))
    start = TOP + KEY * ((len(looks) - 1) // NAMES)
    figure = style.blank(style.PAGE, start + lines * (HEIGHT + DOWN) + style.note_height(note, style.PAGE))
    for index, loss in enumerate(losses):
        left, top = LEFT + index % ACROSS * (WIDTH + SPACE), start + index // ACROSS * (HEIGHT + DOWN)
        axes = style.panel(figure, left, top, WIDTH, HEIGHT)
        title = loss.replace("combined_", "").replace("_", " ").replace("/", ": ")
        axes.set_title(title, fontsize=style.TEXT if len(title) <= LONG else style.SMALL)
        draw(axes, points, loss, looks)
    handles = [
        Line2D([], [], color=colour, marker=marker, ms=3, label=word) for word, (colour, marker) in looks.items()
    ]
    figure.legend(handles=handles, loc="upper left", ncols=min(len(looks), NAMES), handlelength=2.2, columnspacing=1.2)
    style.note(figure, note)
    return figure


def draw(axes: Axes, points: dict[str, list[Line]], loss: str, looks: dict[str, tuple[str, str]]) -> None:
    """The lines of one loss."""
    for word, lines in points.items():
        here = [(int(line["step"]), float(line[loss])) for line in lines if line[loss]]
        if here:
            colour, marker = looks[word]
            axes.plot(*zip(*here, strict=True), color=colour, lw=0.8, marker=marker, ms=2.5, markevery=0.25)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("step", labelpad=1)
