"""Whether a lesson and the game pull together: the cosine of their gradients and the lesson's weight, over steps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stages.figures import style
from stages.figures.curves import EVIDENCE
from stages.figures.evidence import Evidence, Line
from stages.figures.style import Drawn
from stages.findings.naming import called
from stages.settings import paths

TITLE = "Do the lesson and the game pull together?"
NOTHING = "No row asks for evidence (`evidence: N`), so the gradients of lesson and game were not compared."
NOTE = (
    "Blue: cosine of the lesson's gradient and the game's on a fixed validation batch: 1 where both pull together, 0 "
    "where neither helps the other, −1 where they conflict. Gradients are taken at the image where the lesson compares "
    "images alone, otherwise at the weights. Vermilion: λ, the factor on the lesson's weight. Each seed is a line."
)
COSINE, WEIGHT = "cosine", "weight"
ACROSS, WIDTH, HEIGHT, LEFT, TOP, SPACE, DOWN = 3, 1.45, 1.0, 0.45, 0.5, 0.82, 0.58


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure, a panel per row that asked."""
    rows = asked(evidence)
    draw = partial(panels, evidence, rows) if rows else partial(style.sentence, TITLE, NOTHING)
    yield Drawn("evidence", TITLE, draw, (paths.PARAMS, paths.training_curves()))


def asked(evidence: Evidence) -> dict[str, dict[str, list[Line]]]:
    """Of each row that asked for evidence and has some, the lines of its curves, by seed."""
    wanted = {name for name, row in evidence.rows.items() if row.evidence}
    found: dict[str, dict[str, list[Line]]] = {}
    for line in evidence.curves:
        if line["name"] in wanted and line["kind"] != "teacher" and line.get(EVIDENCE + COSINE):
            found.setdefault(line["name"], {}).setdefault(line["seed"], []).append(line)
    return found


def panels(evidence: Evidence, rows: dict[str, dict[str, list[Line]]]) -> Figure:
    """Three panels in a line."""
    height = TOP + -(-len(rows) // ACROSS) * (HEIGHT + DOWN)
    figure = style.blank(style.PAGE, height + style.note_height(NOTE, style.PAGE))
    style.write(figure, TITLE, 0.08, 0.1, fontsize=style.HEADING)
    for index, (name, seeds) in enumerate(rows.items()):
        place = LEFT + index % ACROSS * (WIDTH + SPACE), TOP + index // ACROSS * (HEIGHT + DOWN)
        axes = style.panel(figure, *place, WIDTH, HEIGHT)
        row = evidence.rows[name]
        axes.set_title(f"{row.problem}: {called(row)}", fontsize=style.TEXT)
        draw(axes, seeds)
    style.note(figure, NOTE)
    return figure


def draw(axes: Axes, seeds: dict[str, list[Line]]) -> None:
    """The cosine on the left axis, λ on the right one."""
    right = axes.twinx()
    for lines in seeds.values():
        for where, what, colour, marker in ((axes, COSINE, style.BLUE, "o"), (right, WEIGHT, style.VERMILION, "s")):
            points = [(int(line["step"]), float(line[EVIDENCE + what])) for line in lines if line.get(EVIDENCE + what)]
            if points:
                where.plot(*zip(*points, strict=True), color=colour, marker=marker, ms=2.2, lw=0.9)
    axes.axhline(0, color=style.FAINT, lw=0.5, zorder=0)
    axes.set(ylim=(-1.05, 1.05), yticks=(-1, 0, 1), ylabel="cosine")
    axes.set_xlabel("step", labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    right.set_ylim(bottom=0)
    right.set_ylabel("λ", rotation=0, labelpad=4)
    right.spines["right"].set_visible(True)
    right.yaxis.set_major_locator(MaxNLocator(3))
