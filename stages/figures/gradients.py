"""Whether a lesson and the game pull together: λ, the cosine of their gradients and both norms, over steps."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

from stages.figures import style
from stages.figures.curves import EVIDENCE
from stages.figures.evidence import Evidence, Line
from stages.figures.style import Drawn
from stages.findings.naming import apart
from stages.settings import paths

TITLE = "Do the lesson and the game pull together?"
NOTHING = "No row asks for evidence (`evidence: N`), so the gradients of lesson and game were not compared."
NOTE = (
    "λ: the factor on the lesson's weight. Cosine of the lesson's gradient and the game's on a fixed validation batch: "
    "1 where both pull together, 0 where neither helps the other, −1 where they conflict. Norms of the lesson's "
    "gradient before λ (solid) and of the game's (dashed). Gradients are taken at the image where the lesson compares "
    "images alone, otherwise at the weights. Lines: means over seeds; bands: from the least to the greatest."
)
COSINE, WEIGHT, LESSON, GAME = "cosine", "weight", "lesson_norm", "game_norm"
PANELS = {"weight λ": (WEIGHT,), "cosine of the gradients": (COSINE,), "norms of the gradients": (LESSON, GAME)}
TOGETHER = 6
"""Rows in one line of panels, at most: as many as there are colours."""
SIGN, BELOW = 0.52, 0.15
"""What a sign of the key takes beside its name, and what a further line of the key takes."""
LEFT, TOP, KEY, WIDTH, HEIGHT, SPACE, DOWN = 0.4, 0.3, 0.42, 1.82, 1.3, 0.42, 0.4

Trainings = dict[str, list[Line]]
"""The lines of one row's curves, by seed."""


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure per problem of which any row asked."""
    inputs = (paths.PARAMS, paths.training_curves())
    problems: dict[str, dict[str, Trainings]] = {}
    for name, seeds in asked(evidence).items():
        problems.setdefault(evidence.rows[name].problem, {})[name] = seeds
    for problem, rows in problems.items():
        title = f"{TITLE} {problem}"
        yield Drawn(f"evidence-{problem}", title, partial(panels, evidence, problem, rows), inputs)
    if not problems:
        yield Drawn("evidence", TITLE, partial(style.sentence, TITLE, NOTHING), inputs)


def asked(evidence: Evidence) -> dict[str, Trainings]:
    """Of each row that asked for evidence and has some, the lines of its curves, by seed."""
    wanted = {name for name, row in evidence.rows.items() if row.evidence}
    found: dict[str, Trainings] = {}
    for line in evidence.curves:
        if line["name"] in wanted and line["kind"] != "teacher" and line.get(EVIDENCE + COSINE):
            found.setdefault(line["name"], {}).setdefault(line["seed"], []).append(line)
    return {name: found[name] for name in evidence.rows if name in found}


def panels(evidence: Evidence, problem: str, rows: Mapping[str, Trainings]) -> Figure:
    """A line of panels for each few rows."""
    names = list(rows)
    most = -(-len(names) // -(-len(names) // TOGETHER))
    parts = [names[start : start + most] for start in range(0, len(names), most)]
    words = apart({name: evidence.rows[name] for name in rows})
    across = max(1, min(most, int(style.PAGE / (SIGN + style.LETTER * max(map(len, words.values()))))))
    head = KEY + BELOW * (-(-most // across) - 1)
    block = head + HEIGHT + DOWN
    figure = style.blank(style.PAGE, TOP + len(parts) * block + style.note_height(NOTE, style.PAGE))
    style.write(figure, f"{problem}: {TITLE[0].lower()}{TITLE[1:]}", 0.08, 0.1, fontsize=style.HEADING)
    bounds = [limits(rows, what) for what in PANELS.values()]
    for place, part in enumerate(parts):
        top = TOP + place * block
        looks = style.order(part)
        key(figure, {words[name]: look for name, look in looks.items()}, top, across)
        for column, (title, what) in enumerate(PANELS.items()):
            axes = style.panel(figure, LEFT + column * (WIDTH + SPACE), top + head, WIDTH, HEIGHT)
            axes.set_title(title, fontsize=style.TEXT)
            for name in part:
                draw(axes, rows[name], what, looks[name])
            scaled(axes, what, bounds[column])
    style.note(figure, NOTE)
    return figure


def points(seeds: Trainings, what: str) -> dict[int, list[float]]:
    """What was recorded at each step, over seeds."""
    found: dict[int, list[float]] = {}
    for line in (line for lines in seeds.values() for line in lines):
        if line.get(EVIDENCE + what):
            found.setdefault(int(line["step"]), []).append(float(line[EVIDENCE + what]))
    return dict(sorted(found.items()))


def limits(rows: Mapping[str, Trainings], what: tuple[str, ...]) -> tuple[float, float]:
    """The least and the greatest that any training recorded."""
    values = [v for seeds in rows.values() for each in what for vs in points(seeds, each).values() for v in vs]
    return min(values, default=0.0), max(values, default=0.0)


def draw(axes: Axes, seeds: Trainings, what: tuple[str, ...], look: tuple[str, str]) -> None:
    """The means over seeds and the band around them; what comes second is dashed."""
    colour, marker = look
    for each, dashes in zip(what, ("-", "--"), strict=False):
        found = points(seeds, each)
        steps, values = list(found), list(found.values())
        axes.fill_between(steps, [*map(min, values)], [*map(max, values)], color=colour, alpha=0.16, lw=0)
        means = [statistics.fmean(every) for every in values]
        axes.plot(steps, means, dashes, color=colour, marker=marker, ms=2.6, markevery=0.25, lw=0.9)


def scaled(axes: Axes, what: tuple[str, ...], bounds: tuple[float, float]) -> None:
    """The same axes for all rows of a problem."""
    low, high = bounds
    if what == (WEIGHT,):
        axes.set_ylim(-0.04, max(1.05, 1.05 * high))
    elif what == (COSINE,):
        reach = min(1.05, 1.1 * max(abs(low), abs(high), 0.1))
        axes.axhline(0, color=style.INK, lw=0.6, zorder=0)
        axes.axhspan(-reach, 0, color=style.VERMILION, alpha=0.06, lw=0)
        axes.set_ylim(-reach, reach)
        axes.text(0.02, 0.02, "they conflict", transform=axes.transAxes, fontsize=style.SMALL, color="#4d4d4d")
    elif low > 0:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.3, high * 1.3)
        wide = high / low > 100
        axes.yaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_tick_params(pad=1.5)
    axes.yaxis.label.set_visible(False)
    axes.set_xlabel("step", labelpad=1)


def key(figure: Figure, looks: Mapping[str, tuple[str, str]], top: float, across: int) -> None:
    """The rows above their panels."""
    handles = [
        Line2D([], [], color=colour, marker=marker, ms=3, label=word) for word, (colour, marker) in looks.items()
    ]
    wide, high = figure.get_size_inches()
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.04 / wide, 1 - (top - 0.02) / high), ncols=across,
        handlelength=2.0, columnspacing=1.1, borderaxespad=0.1,
    )  # fmt: skip
