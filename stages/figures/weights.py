"""How much the weight of a lesson matters: rows that differ in it alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from stages.figures import style
from stages.figures.evidence import Evidence, control, dumped, group, groups
from stages.figures.style import Drawn
from stages.findings.naming import made, matched
from stages.settings import paths

TITLE = "The weight of the lesson"
NOTHING = "A sweep needs two rows or more that differ in the weight of the generator's lesson alone; there are none."
NOTE = (
    "Points: seeds; line: their mean; bars: 95 % bootstrap interval over test images, widest over seeds. "
    "Dashed: the untaught student. Dotted: returning the input."
)
HEIGHT, LEFT, TOP, WIDTH = 1.7, 0.55, 0.3, 2.7


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One panel per sweep."""
    found = sweeps(evidence)
    draw = partial(panels, evidence, found) if found else partial(style.sentence, TITLE, NOTHING)
    yield Drawn("weights", TITLE, draw, (paths.PARAMS, paths.results(), paths.dictionary()))


def sweeps(evidence: Evidence) -> dict[str, dict[float, str]]:
    """Weight -> row, of each set of rows that are equal but for it."""
    alike: dict[tuple[str, ...], dict[float, str]] = {}
    for name, row in evidence.rows.items():
        if "weight" in row.generator_lesson:
            others = {key: value for key, value in row.generator_lesson.items() if key != "weight"}
            same = row.model_dump(include={"distill", "discriminator_lesson", "pace", "generator_pace"})
            key = (*group(row), dumped(same), dumped(others))
            alike.setdefault(key, {})[float(row.generator_lesson["weight"])] = name
    found = {}
    for rows in alike.values():
        if len(rows) > 1:
            row = evidence.rows[next(iter(rows.values()))]
            lesson = f"{row.distill.generator} {matched(row.generator_lesson)}".strip()
            critic = ", D taught" if row.distill.discriminator != "none" else ""
            found[f"{row.problem}, {made(row)}: {lesson}{critic}"] = dict(sorted(rows.items()))
    return found


def panels(evidence: Evidence, found: dict[str, dict[float, str]]) -> Figure:
    """The sweeps below each other."""
    block = TOP + HEIGHT + 0.5
    figure = style.blank(style.COLUMN, block * len(found) + style.note_height(NOTE, style.COLUMN))
    for index, (title, rows) in enumerate(found.items()):
        axes = style.panel(figure, LEFT, index * block + TOP, WIDTH, HEIGHT)
        style.write(figure, title, 0.08, index * block + 0.08, fontsize=style.TEXT)
        draw(axes, evidence, rows)
    style.note(figure, NOTE)
    return figure


def draw(axes: Axes, evidence: Evidence, rows: dict[float, str]) -> None:
    """Error over weight."""
    problem = evidence.rows[next(iter(rows.values()))].problem
    metric, word = evidence.headline(problem).name, evidence.headline(problem).title
    for weight, name in rows.items():
        low, high = evidence.extent(name, metric)
        axes.plot([weight, weight], [low, high], color=style.BLUE, lw=0.8)
        axes.plot(
            [weight] * len(evidence.lines[name]), evidence.values(name, metric), "o", ms=3, mfc="white", mec=style.BLUE
        )
    axes.plot(list(rows), [evidence.mean(name, metric) for name in rows.values()], color=style.BLUE)
    first = next(iter(rows.values()))
    untaught = control(evidence, groups(evidence)[group(evidence.rows[first])])
    lines = [(untaught, metric, "no KD", "--"), (first, f"reference_input_{metric}", "return the input", ":")]
    known = [
        (evidence.mean(row, column), text, dashes)
        for row, column, text, dashes in lines
        if row and evidence.has(row, column)
    ]
    for place, (value, text, dashes) in enumerate(sorted(known, reverse=True)):
        axes.axhline(value, ls=dashes, color=style.INK, lw=0.8)
        # The upper line has its words above it, the lower one below: they may lie close to each other.
        axes.annotate(
            text,
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(0, -2 if place else 2),
            textcoords="offset points",
            ha="right",
            va="top" if place else "bottom",
            fontsize=style.SMALL,
        )
    axes.set(xscale="log", xlabel="weight of the lesson", ylabel=word)
    axes.set_xticks(list(rows), [f"{weight:g}" for weight in rows])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=0)
