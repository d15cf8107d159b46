"""What each part of a lesson adds to the others, paired by seed: the ablation, problem by problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from stages.figures import forest, style
from stages.figures.evidence import Effect, Evidence, by_headline, effect, groups
from stages.figures.style import Drawn
from stages.findings.dictionary import Column
from stages.findings.naming import called, made, spoken
from stages.settings import paths

TITLE = "What a part of a lesson adds"
NOTHING = "No row is taught all that another one is, and more, so nothing can be said about a part of a lesson."
NOTE = (
    "{metric}: a row against the same student whose lesson lacks one part, in percent of the latter; bars: interval "
    f"over common seeds, {forest.BARS}{{cut}} {forest.MARKED}"
)
LINE, HEAD, LEFT, TOP, RIGHT, COLUMN, GAP = 0.135, 0.16, 0.08, 0.3, 0.12, 1.5, 0.15


@dataclass(frozen=True)
class Line:
    """One part added to one lesson."""

    added: str
    beside: str
    seeds: str
    effect: Effect


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A figure of all problems that one metric decides."""
    inputs = (paths.PARAMS, paths.results(), paths.additions(), paths.dictionary())
    for end, column, part in by_headline(evidence):
        blocks = found(part, column)
        if blocks:
            yield Drawn(f"additions{end}", TITLE, partial(draw, blocks, column), inputs)
        elif not end:
            yield Drawn("additions", TITLE, partial(style.sentence, TITLE, NOTHING), inputs)


def found(evidence: Evidence, metric: Column) -> dict[str, list[Line]]:
    """The additions to the rows of each group, under the group's name; those of the same part stand together."""
    blocks: dict[str, list[Line]] = {}
    for key, names in groups(evidence).items():
        mine = []
        for line in evidence.additions:
            here = line["metric"] == metric.name and line["variant"] in names
            measured = effect(line, "less") if here else None
            if measured is not None:
                added = spoken(evidence.rows[line["variant"]], line["added"])
                mine.append(Line(added, called(evidence.rows[line["beside"]]), line["n"], measured))
        order = list(dict.fromkeys(line.added for line in mine))
        if mine:
            title = f"{key[0]}: {made(evidence.rows[names[0]])}"
            blocks[title] = sorted(mine, key=lambda line: order.index(line.added))
    return blocks


def places(blocks: Mapping[str, list[Line]]) -> tuple[dict[str, float], list[tuple[float, Line]], float]:
    """In lines from the top: where heads stand, where additions stand, and how far down it goes."""
    heads: dict[str, float] = {}
    lines: list[tuple[float, Line]] = []
    down = 0.5
    for title, mine in blocks.items():
        heads[title] = down
        for line in mine:
            down += 1
            lines.append((down, line))
        down += 1.5
    return heads, lines, down - 0.5


def draw(
    blocks: Mapping[str, list[Line]],
    metric: Column,
    note: str = NOTE,
    columns: tuple[str, str] = ("added", "to"),
) -> Figure:
    """Names on the left, under what the columns are called; differences around zero on the right."""
    heads, lines, down = places(blocks)
    measured = {f"{place}": line.effect for place, line in lines}
    cut = forest.CUT if forest.leaves(measured.values(), forest.reach(measured.values())) else ""
    note = note.format(metric=metric.title.capitalize(), cut=cut)
    height = TOP + down * LINE + 0.3
    figure = style.blank(style.PAGE, height + style.note_height(note, style.PAGE))
    left = LEFT + 2 * COLUMN + GAP
    axes = style.panel(figure, left, TOP, style.PAGE - left - RIGHT, down * LINE)
    axes.set(ylim=(down, 0), yticks=[])
    axes.set_title(metric.title + (" (less is better)" if metric.better == "min" else " (more is better)"))
    axes.spines["left"].set_visible(False)
    forest.draw(axes, measured, {f"{place}": place for place, _ in lines}, metric.better)
    for word, at in zip(columns, (LEFT + HEAD, LEFT + COLUMN), strict=True):
        style.write(figure, word, at, TOP - 0.06, va="bottom", fontsize=style.SMALL, color="#4d4d4d")
    for head, place in heads.items():
        style.write(figure, head, LEFT, TOP + place * LINE, va="center", fontsize=style.SMALL, fontweight="bold")
    for place, line in lines:
        texts = {line.added: LEFT + HEAD, f"{line.beside}  ×{line.seeds}": LEFT + COLUMN}
        for text, at in texts.items():
            style.write(figure, text, at, TOP + place * LINE, va="center", fontsize=style.SMALL)
    style.note(figure, note)
    return figure
