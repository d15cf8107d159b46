"""What a pace changes: each against no lesson, the whole lesson, and the lesson at the same dose."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.figure import Figure

from stages.figures import forest, style
from stages.figures.evidence import Effect, Evidence, Line, by_headline, effect, groups
from stages.figures.style import Drawn
from stages.findings.dictionary import Column
from stages.findings.naming import called, made
from stages.findings.paces import LEVEL, REVERSED, SCHEDULE, UNTAUGHT, WHOLE
from stages.settings import paths

TITLE = "What the pace of a lesson changes"
TWIN = "vs its twin"
AGAINST = {
    UNTAUGHT: "vs no KD", WHOLE: "vs whole lesson", LEVEL: "vs same dose", REVERSED: TWIN,
    SCHEDULE: TWIN,
}  # fmt: skip
"""What rows are held against, and over which panel."""
NOTE = (
    "{metric}: each row (×: seeds) against others that differ from it in their pace alone, or that are not taught, in "
    f"percent of these; bars: interval over common seeds, {forest.BARS}{{cut}} Dose: time average of λ. The same dose: "
    f"a constant λ of that average.{{twin}} {forest.MARKED}"
)
MEANT = " Twin: the pace that is mirrored, or the same pace at the usual schedule."
LINE, LEFT, TOP, RIGHT, SPACE, DOSE = 0.135, 1.75, 0.42, 0.12, 0.14, 0.38

Found = dict[str, dict[str, Effect]]
"""Panel -> row -> what was found."""


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all problems that one metric decides; none where all lessons have one pace."""
    inputs = (paths.PARAMS, paths.results(), paths.paces(), paths.dictionary())
    for end, column, part in by_headline(evidence):
        lines = [line for line in part.paces if line["metric"] == column.name]
        if lines:
            yield Drawn(f"paces{end}", TITLE, partial(draw, part, column, lines), inputs)


def held(lines: list[Line]) -> Found:
    """The effects by the panel that they stand in; a panel is there where any line is."""
    found: Found = {}
    for line in lines:
        measured = effect(line, "other")
        if measured is not None:
            found.setdefault(AGAINST[line["against"]], {})[line["variant"]] = measured
    return {title: found[title] for title in dict.fromkeys(AGAINST.values()) if title in found}


def placed(evidence: Evidence, lines: list[Line]) -> tuple[dict[str, float], dict[str, float], float]:
    """In lines from the top: where groups are named, where rows stand, and how far down it goes."""
    shown = {line["variant"] for line in lines}
    blocks: dict[str, list[str]] = {}
    for key, names in groups(evidence).items():
        for name in (name for name in names if name in shown):
            blocks.setdefault(f"{key[0]}: {made(evidence.rows[name])}", []).append(name)
    heads: dict[str, float] = {}
    rows: dict[str, float] = {}
    down = 0.6
    for head, names in blocks.items():
        heads[head] = down
        rows |= {name: down + 1 + index for index, name in enumerate(names)}
        down += len(names) + 1.6
    return heads, rows, down - 0.6


def draw(evidence: Evidence, metric: Column, lines: list[Line]) -> Figure:
    """A panel for each thing that rows are held against, sharing the rows."""
    found, doses = held(lines), {line["variant"]: float(line["dose"]) for line in lines}
    heads, rows, down = placed(evidence, lines)
    measured_all = [each for measured in found.values() for each in measured.values()]
    far = forest.reach(measured_all)
    note = NOTE.format(
        metric=metric.title[:1].upper() + metric.title[1:],
        twin=MEANT if TWIN in found else "",
        cut=forest.CUT if forest.leaves(measured_all, far) else "",
    )
    figure = style.blank(style.PAGE, TOP + down * LINE + 0.3 + style.note_height(note, style.PAGE))
    width = (style.PAGE - LEFT - DOSE - RIGHT - SPACE * (len(found) - 1)) / len(found)
    for index, (title, measured) in enumerate(found.items()):
        axes = style.panel(figure, LEFT + DOSE + index * (width + SPACE), TOP, width, down * LINE)
        axes.set(ylim=(down, 0), yticks=[])
        axes.set_title(title, fontsize=style.TEXT)
        axes.spines["left"].set_visible(False)
        forest.draw(axes, measured, rows, metric.better, far)
        axes.set_xticks([-tick(far), 0, tick(far)])
    title = metric.title + (" (less is better)" if metric.better == "min" else " (more is better)")
    style.write(figure, title, 0.08, 0.1, fontsize=style.HEADING)
    write_names(figure, evidence, heads, rows, doses)
    style.note(figure, note)
    return figure


def tick(far: float) -> float:
    """A round number some way from the end, where its label does not meet that of the next panel."""
    digit = 10 ** math.floor(math.log10(0.6 * far))
    return math.floor(0.6 * far / digit) * digit


def write_names(
    figure: Figure,
    evidence: Evidence,
    heads: Mapping[str, float],
    rows: Mapping[str, float],
    doses: Mapping[str, float],
) -> None:
    """The groups, the rows and their doses."""
    for head, place in heads.items():
        style.write(figure, head, 0.08, TOP + place * LINE, va="center", fontsize=style.SMALL, fontweight="bold")
    for name, place in rows.items():
        row = evidence.rows[name]
        for text, at in ((f"{called(row)} ×{len(row.seeds)}", LEFT), (f"{doses[name]:.2f}", LEFT + DOSE - 0.08)):
            style.write(figure, text, at, TOP + place * LINE, ha="right", va="center", fontsize=style.SMALL)
    style.write(
        figure, "dose", LEFT + DOSE - 0.08, TOP - 0.06, ha="right", va="bottom", fontsize=style.SMALL, color="#4d4d4d"
    )
