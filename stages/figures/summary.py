"""The opening picture: each kind of network on a line, from what goes in to how much of what was lost is won back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.figures import excerpt, latents, problems, regain, style, tiles
from stages.figures.evidence import Evidence
from stages.figures.excerpt import Block, lesson
from stages.figures.gallery import people
from stages.figures.regain import Gap
from stages.figures.style import Drawn
from stages.settings import paths
from stages.storage.prepared import Bytes

TITLE = "What compression loses and distillation wins back"
NOTHING = (
    "The picture needs a problem with a teacher, an untaught student and a taught one of the same size; there is none."
)
MOST = 3
"""Problems of one kind of network."""
WORDS = {
    "translation": "Changes on request",
    "directions": "Between two domains",
    "synthesis": "Images of latents",
    "classification": "Classification",
}
"""What kinds of examination are about; one that is not here says its own name."""
HEADS = ("input", "exact answer", "teacher", "student alone", "student taught")
SHARE = "How much of what the student alone lost against its teacher the lesson wins back"
NOTE = (
    "Alone, taught: the same small network, without and with a lesson of its teacher. Bar: one lesson, chosen before "
    "any result; grey: others. Black: corrected interval over seeds (×); blue or red mark: it leaves 0 out.{dagger}"
)
DAGGER = " †: own judge's features."
LEFT, TILE, GAP, TOP, BODY, BELOW = 0.08, 0.435, 0.04, 0.29, 0.485, 0.13
PICTURES = 1.46
NAMES, RIGHT = 0.86, 0.4
LIMITS = (-0.7, 1.2)
"""Shares won back that have room on the axis; arrows point to what lies beyond."""
LINE = 0.122
BAND = 0.62
CELLS, CELL = 20, 6
"""Of a square of answers: how many stand side by side, and pixels of each."""
RIGHT_ANSWER, WRONG_ANSWER = (205, 215, 222), (213, 94, 0)
ERROR = "error"
"""Share of wrong answers."""


@dataclass(frozen=True)
class Line:
    """A kind of network: its problems, of which the first is pictured."""

    examination: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Shown:
    """What stands in a column: a picture, or words, or words on a picture."""

    picture: Bytes | None = None
    words: str = ""


NONE = Shown(words="–")


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One figure of everything, at most so many problems of each kind of examination."""
    found = lines(evidence)
    if not found:
        yield Drawn("summary", TITLE, partial(style.sentence, TITLE, NOTHING), (paths.PARAMS, paths.results()))
        return
    firsts = [each.blocks[0] for each in found]
    shown = [name for first in firsts for name in (first.teacher, first.control, lesson(evidence, first))]
    seen = excerpt.files(evidence, shown)
    inputs = (paths.PARAMS, paths.results(), paths.comparisons(), paths.costs(), *seen)
    yield Drawn("summary", TITLE, partial(draw, evidence, found), inputs)


def lines(evidence: Evidence) -> list[Line]:
    """Every kind of examination that has a problem to show."""
    found = []
    for kind in evidence.examinations():
        blocks = largest(problems.blocks(evidence.of(kind)))
        if blocks:
            found.append(Line(kind, tuple(leading(evidence, blocks))))
    return found


def largest(blocks: Sequence[Block]) -> list[Block]:
    """Of each problem the group with the most lessons."""
    found: dict[str, Block] = {}
    for block in blocks:
        if block.problem not in found or len(block.taught) > len(found[block.problem].taught):
            found[block.problem] = block
    return list(found.values())


def leading(evidence: Evidence, blocks: Sequence[Block]) -> list[Block]:
    """The problems with the most seeds, families in turn; among equals in the order of params.

    Those that repeat another with a second teacher come last: what they say is no news.
    """
    families: dict[str, list[Block]] = {}
    again = repeats(evidence)

    def order(block: Block) -> tuple[bool, int]:
        return evidence.rows[block.control].teacher in again, -len(evidence.lines[block.control])

    for block in sorted(blocks, key=order):
        families.setdefault(evidence.rows[block.control].family, []).append(block)
    turns = {block.problem: turn for mine in families.values() for turn, block in enumerate(mine)}
    ranked = [block for mine in families.values() for block in mine]
    return sorted(ranked, key=lambda block: (order(block)[0], turns[block.problem]))[:MOST]


def repeats(evidence: Evidence) -> set[str]:
    """The teachers that differ from an earlier one in their seed alone."""
    found: list[dict[str, Any]] = []
    again = set()
    for name, row in evidence.settings.teachers.items():
        content = row.model_dump(exclude={"seed"})
        if content in found:
            again.add(name)
        found.append(content)
    return again


def draw(evidence: Evidence, found: Sequence[Line]) -> Figure:
    """The lines below each other; all shares on one axis."""
    dagger = any("†" in measured(evidence, block).metric.word for line in found for block in line.blocks)
    note = NOTE.format(dagger=DAGGER if dagger else "")
    height = TOP + len(found) * BODY + BELOW + style.note_height(note, style.PAGE)
    figure = style.blank(style.PAGE, height)
    sheet = style.sheet(figure)
    for place, head in enumerate(HEADS):
        middle = PICTURES + place * (TILE + GAP) + TILE / 2
        text = head.replace(" ", "\n")
        style.write(figure, text, middle, TOP - 0.03, ha="center", va="bottom", fontsize=style.SMALL, linespacing=1.0)
    left = PICTURES + len(HEADS) * (TILE + GAP) + NAMES
    width = style.PAGE - left - RIGHT
    head = style.wrapped(SHARE, width + RIGHT + 0.25)
    style.write(figure, head, left - 0.1, TOP - 0.03, va="bottom", fontsize=style.SMALL, linespacing=1.0)
    for place, line in enumerate(found):
        top = TOP + place * BODY
        sheet.plot([LEFT, style.PAGE - LEFT], [top - 0.018] * 2, color=style.FAINT, lw=0.4)
        words(figure, evidence, line, top)
        pictures(figure, evidence, line.blocks[0], top)
        axes = style.panel(figure, left, top, width, BODY)
        shares(figure, axes, evidence, line, (left, top))
        ticks(axes, last=place == len(found) - 1)
    style.note(figure, note)
    return figure


def words(figure: Figure, evidence: Evidence, line: Line, top: float) -> None:
    """What the networks do, which they are, how much smaller the student is, and what decides."""
    block = line.blocks[0]
    row = evidence.rows[block.control]
    large, small = (
        evidence.costs[kind][name]["kept"]["macs"]
        for kind, name in (("teachers", row.teacher), ("variants", block.control))
    )
    families = dict.fromkeys(evidence.rows[each.control].family for each in line.blocks)
    style.write(figure, WORDS.get(line.examination, line.examination), LEFT, top + 0.01, fontweight="bold")
    told = (
        ", ".join(families),
        f"multiplications ÷ {large / small:.3g}",
        f"judged by {problems.measures(evidence, block)[0].word.split(' ×')[0].removesuffix(', %')}",
    )
    for place, text in enumerate(told):
        style.write(figure, text, LEFT, top + 0.135 + place * 0.108, fontsize=style.SMALL)


def measured(evidence: Evidence, block: Block) -> Gap:
    """Teacher and students in what decides the problem."""
    metric = problems.measures(evidence, block)[0]
    return regain.gap(evidence, metric, block.teacher, block.control, block.taught)


def shares(figure: Figure, axes: Axes, evidence: Evidence, line: Line, corner: tuple[float, float]) -> None:
    """A bar for each problem, its name before and its number behind it."""
    left, top = corner
    axes.set(xlim=LIMITS, ylim=(BODY / LINE, 0), yticks=[])
    axes.patch.set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    first = (BODY / LINE - len(line.blocks)) / 2 + 0.5
    axes.add_patch(Rectangle((0, 0), 1, BODY / LINE, zorder=0, **regain.LOST))
    for value in (0, 1):
        axes.plot([value, value], [0, BODY / LINE], color=style.INK, lw=0.6, zorder=1)
    for index, block in enumerate(line.blocks):
        found, shown, place = measured(evidence, block), lesson(evidence, block), first + index
        middle = top + place * LINE
        count = f" ×{seeds}" if (seeds := len(evidence.lines[shown])) > 1 else ""
        style.write(figure, block.problem + count, left - 0.06, middle, ha="right", va="center", fontsize=style.SMALL)
        text = share(axes, found, shown, place) if lost(found, block) else nothing(axes, place)
        style.write(figure, text, style.PAGE - LEFT, middle, ha="right", va="center", fontsize=style.SMALL)


def lost(found: Gap, block: Block) -> bool:
    """Whether the untaught student is worse than the teacher beyond what is known of both."""
    teacher, control = found.extents[block.teacher], found.extents[block.control]
    return control[0] > teacher[1] if found.metric.better == "min" else control[1] < teacher[0]


def nothing(axes: Axes, place: float) -> str:
    """Words in place of a bar, and of its number."""
    axes.text(0.5, place, "no loss shown", ha="center", va="center", fontsize=style.SMALL)
    return "–"


def share(axes: Axes, found: Gap, shown: str, place: float) -> str:
    """One problem's bar, its interval, its mark and the other lessons; returns the number in words."""
    won = found.won(shown)
    assert won is not None
    for name in found.taught:
        other = found.won(name)
        if name != shown and other is not None and LIMITS[0] < other < LIMITS[1]:
            axes.plot([other, other], [place - 0.36, place + 0.36], color=style.FAINT, lw=0.8, zorder=2)
    end = min(max(won, LIMITS[0]), LIMITS[1])
    look = regain.WON if won > 0 else regain.MORE
    axes.add_patch(Rectangle((0, place - BAND / 2), end, BAND, zorder=1.5, **look))
    bounds = found.bounds(shown)
    if bounds is not None:
        whisker(axes, bounds, place)
    effect = found.effects.get(shown)
    regain.mark(axes, end, place, effect.verdict if effect else "single seed", right=True)
    return f"{round(won * 100)} %".replace("-", "−")


def whisker(axes: Axes, bounds: tuple[float, float], place: float) -> None:
    """An interval, with an arrow where it leaves the axis."""
    low, high = (min(max(bound, LIMITS[0]), LIMITS[1]) for bound in bounds)
    axes.plot([low, high], [place, place], color=style.INK, lw=1.0, solid_capstyle="butt", zorder=3)
    for beyond, edge, marker in ((bounds[0] < LIMITS[0], LIMITS[0], "<"), (bounds[1] > LIMITS[1], LIMITS[1], ">")):
        if beyond:
            axes.plot(edge, place, marker, ms=3.0, color=style.INK, mew=0, zorder=3, clip_on=False)


def ticks(axes: Axes, last: bool) -> None:
    """What the ends of the band are, below the last line alone."""
    axes.set_xticks([0, 0.5, 1], ["0: student alone", "50", "100 %: teacher"] if last else ["", "", ""])
    axes.tick_params(length=2 if last else 0, pad=1, labelsize=style.SMALL)


def pictures(figure: Figure, evidence: Evidence, block: Block, top: float) -> None:
    """What goes in, the exact answer, and what the three networks make of it."""
    for place, each in enumerate(made(evidence, block)):
        left = PICTURES + place * (TILE + GAP)
        if each.picture is not None:
            axes = style.panel(figure, left, top, TILE, TILE)
            axes.imshow(tiles.enlarged(each.picture), interpolation="none", aspect="auto")
            axes.set_axis_off()
        style.write(
            figure, each.words, left + TILE / 2, top + TILE / 2, ha="center", va="center", fontsize=style.SMALL,
            linespacing=1.1, **({"bbox": style.BEHIND} if each.picture is not None and each.words else {}),
        )  # fmt: skip


def made(evidence: Evidence, block: Block) -> list[Shown]:
    """A line of pictures: input, exact answer, teacher, student alone, student taught."""
    names = (block.teacher, block.control, lesson(evidence, block))
    report = evidence.reports[block.teacher]
    if tiles.has_tiles(report):
        return of_labels(evidence, names)
    if latents.has_walk(report):
        return [Shown(words="random\nnumbers"), NONE, *(Shown(latents.read(evidence, name)[0][0]) for name in names)]
    return of_answers(evidence, block, names)


def of_labels(evidence: Evidence, names: Sequence[str]) -> list[Shown]:
    """The first test image that its label changes."""
    teacher, *students = (tiles.read(evidence, name) for name in names)
    data, sheet = next(iter(teacher.items()))
    person = people(sheet, 1)[0][0]
    truth = sheet.exact is not None
    found = [Shown(each) for each in excerpt.line(sheet, [each[data] for each in students], person, 0, truth)]
    return found if truth else [found[0], NONE, *found[1:]]


def of_answers(evidence: Evidence, block: Block, names: Sequence[str]) -> list[Shown]:
    """Answers as squares, the wrong ones coloured; nothing where it is not known how many are wrong."""
    if not all(evidence.has(name, ERROR) for name in names):
        return [NONE] * len(HEADS)
    data = evidence.reports[block.teacher]["protocol"]["datasets"]
    count = sum(each["images"] for each in data.values())
    errors = [0.0, *(evidence.mean(name, ERROR) for name in names)]
    return [Shown(words=f"{count} tests,\nred: wrong"), *(Shown(answers(e), f"{e * 100:.1f} %") for e in errors)]


def answers(error: float) -> Bytes:
    """A square of answers, so many of them wrong."""
    wrong = round(error * CELLS * CELLS)
    picture = np.full((CELLS * CELL, CELLS * CELL, 3), 255, np.uint8)
    for index in range(CELLS * CELLS):
        down, across = (CELLS - 1 - index // CELLS) * CELL, index % CELLS * CELL
        picture[down : down + CELL - 1, across : across + CELL - 1] = WRONG_ANSWER if index < wrong else RIGHT_ANSWER
    return picture
