"""All problems of a kind on a page: what teachers do, what students lost and what every lesson won back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.figures import excerpt, regain, style
from stages.figures.evidence import Evidence, groups
from stages.figures.excerpt import LABELS, STEP, Block, lesson, pictures, strip
from stages.figures.gallery import leading
from stages.figures.regain import Metric
from stages.figures.style import Drawn
from stages.findings.comparing import taught
from stages.findings.naming import called, made
from stages.settings import paths
from stages.settings.rows import TeacherRow

TITLE = "What compression loses and distillation wins back"
NOTE = (
    "Students of equal size, headline rows or those with the most seeds (×: how many). Lines through marks: {bars}. "
    "{won}Marks: against the untaught student, by intervals over common seeds, corrected for their number. {pictures}"
    "No result had a part in a choice. ÷: teacher over student.{dagger}"
)
WON = "Won back: share of what was lost in {metric}. "
DAGGER = " † In the features of the pipeline's own judge, not comparable with published values."
BARS = {True: "95 % interval over test images, widest over seeds", False: "range over seeds"}
COSTS = {"parameters": "parameters", "macs": "MACs"}
SHOWN = (
    Metric("l1", "exact error × 1000", "min", 1e3),
    Metric("gain", "gain", "max"),
    Metric("accuracy_target", "accuracy, %", "max", 1e2),
    Metric("fid", "FID", "min"),
    Metric("fid_judge", "FID†", "min"),
    Metric("error", "error, %", "min", 1e2),
    Metric("tv_joint", "joint shares, off by", "min"),
    Metric("f1", "F1, %", "max", 1e2),
    Metric("ece", "calibration error, %", "min", 1e2),
    Metric("l1_teacher", "off the teacher × 1000", "min", 1e3),
)
SECOND = ("gain", "accuracy_target")
"""Of these columns the first that rows have is shown: both say whether what was asked for was done."""
MARK_WORDS = {
    "control": "untaught student",
    "better": "better than it",
    "worse": "worse than it",
    "single seed": "one seed: no evidence possible",
}
SEVERAL = 4
"""Rows that a group needs to be shown beside the largest of its problem."""
WIDE = 0.085
"""Inches of a letter of a problem's name."""
LINE, NAMES, SHARES = 0.114, 0.74, 0.42
ROOMY = 1.15
"""How much wider a line of names may be than its letters are on average."""
TOP, HEAD, COLUMNS, TICKS, AFTER, ASIDE = 0.66, 0.26, 0.12, 0.18, 0.05, 0.14


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """A page for each way in which rows are examined."""
    for kind in evidence.examinations():
        part = evidence.of(kind)
        found = blocks(part)
        if found:
            shown = [name for block in found for name in (block.teacher, block.control, lesson(part, block))]
            seen = excerpt.files(part, dict.fromkeys(shown))
            inputs = (paths.PARAMS, paths.results(), paths.comparisons(), paths.costs(), *seen)
            yield Drawn(f"summary-{kind}", TITLE, partial(page, part, found), inputs)


def blocks(evidence: Evidence) -> list[Block]:
    """Of each problem the largest group, and others with several rows."""
    found = []
    for problem in evidence.problems():
        teacher, decides = evidence.teacher(problem), evidence.headline(problem).name
        members = [names for key, names in groups(evidence).items() if key[0] == problem]
        most = max((len(names) for names in members), default=0)
        for names in members:
            rows = leading(evidence, names)
            untaught = [name for name in rows if not taught(evidence.rows[name])]
            lessons = tuple(name for name in rows if taught(evidence.rows[name]))
            if teacher and untaught and lessons and len(names) >= min(most, SEVERAL):
                block = Block(problem, teacher, untaught[0], lessons)
                found += [block] if all(evidence.has(name, decides) for name in block.rows) else []
    return found


def measures(evidence: Evidence, block: Block) -> list[Metric]:
    """The metric that decides the problem, then others that all rows have."""
    deciding = evidence.headline(block.problem)
    known = {metric.column: metric for metric in SHOWN}
    first = known.get(deciding.name, Metric(deciding.name, deciding.title, deciding.better))
    wanted = [replace(first, lazy=True), *(metric for metric in SHOWN[1:] if metric.column != first.column)]
    had = [metric for metric in wanted if all(evidence.has(name, metric.column) for name in block.rows)]
    left_out = [column for column in SECOND if column in {metric.column for metric in had}][1:]
    return [metric for metric in had if metric.column not in left_out or metric is had[0]]


def page(evidence: Evidence, found: list[Block]) -> Figure:
    """The blocks below each other."""
    metrics = [measures(evidence, block) for block in found]
    firsts = dict.fromkeys(each[0] for each in metrics if each)
    bounded = evidence.has(found[0].teacher, f"{metrics[0][0].column}_low")
    note = NOTE.format(
        bars=BARS[bounded],
        won=WON.format(metric=" or ".join(metric.word.split(" ×")[0] for metric in firsts)),
        pictures=excerpt.explained(evidence, found[0].teacher),
        dagger=DAGGER if any("†" in metric.word for each in metrics for metric in each) else "",
    )
    strips = [strip(evidence, block, block.lines * LINE) for block in found]
    bodies = [max(b.lines * LINE, len(s.rows) * STEP if s else 0) for b, s in zip(found, strips, strict=True)]
    height = TOP + sum(bodies) + len(found) * (HEAD + COLUMNS + TICKS + AFTER)
    figure = style.blank(style.PAGE, height + style.note_height(note, style.PAGE))
    sheet = style.sheet(figure)
    style.write(figure, TITLE, 0.08, 0.08, fontsize=10, fontweight="bold")
    key(figure, sheet)
    top = TOP
    for block, shown, each, body in zip(found, metrics, strips, bodies, strict=True):
        heading(figure, sheet, evidence, block, top)
        left = pictures(figure, each, top + HEAD + COLUMNS) if each else 0.0
        lines(figure, evidence, block, shown, left + ASIDE, top + HEAD + COLUMNS)
        top += HEAD + COLUMNS + body + TICKS + AFTER
    style.note(figure, note)
    return figure


def heading(figure: Figure, sheet: Axes, evidence: Evidence, block: Block, top: float) -> None:
    """Which problem, how the student is made, and how much smaller it is: a bar in a bar."""
    row = evidence.rows[block.control]
    sheet.plot([0.08, style.PAGE - 0.08], [top - 0.05] * 2, color=style.INK, lw=0.5)
    style.write(figure, block.problem, 0.08, top, fontsize=9, fontweight="bold")
    labels = sum(len(each) for each in (teacher_of(evidence, block).labels, teacher_of(evidence, block).partner_labels))
    place = max(LABELS, 0.2 + len(block.problem) * WIDE)
    what = "" if place > LABELS else "student: "
    style.write(figure, f"{labels} labels; {what}{made(row)}", place, top + 0.03, fontsize=style.SMALL)
    large, small = (
        evidence.costs[kind][name]["kept"] for kind, name in (("teachers", row.teacher), ("variants", block.control))
    )
    for index, (column, word) in enumerate(COSTS.items()):
        left, width = style.PAGE - 0.08 - (2 - index) * 2.0 + 0.08, 1.92
        before, after = large[column], small[column]
        sizes = f"{word} {style.counted(before)} → {style.counted(after)}  ÷{before / after:.1f}"
        style.write(figure, sizes, left, top + 0.01, fontsize=style.SMALL)
        for share, colour in ((1.0, style.PALE), (after / before, style.INK)):
            sheet.add_patch(Rectangle((left, top + 0.13), width * share, 0.05, color=colour, lw=0))


def lines(figure: Figure, evidence: Evidence, block: Block, metrics: list[Metric], left: float, top: float) -> None:
    """Names, a panel per metric, and the shares won back."""
    height = block.lines * LINE
    names = {name: named_row(evidence, name) for name in block.rows}
    room = max(NAMES, max(map(len, names.values())) * style.LETTER * ROOMY)
    width = (style.PAGE - left - room - SHARES) / len(metrics)
    gaps = [regain.gap(evidence, each, block.teacher, block.control, block.taught) for each in metrics]
    for place, (name, text) in enumerate(names.items()):
        middle = top + (place + 0.5) * LINE
        style.write(figure, text, left + room - 0.08, middle, ha="right", va="center", fontsize=style.SMALL)
        share = gaps[0].won(name) if name in block.taught else None
        if share is not None:
            text = f"{round(share * 100)} %".replace("-", "−")  # an integer has no minus zero
            style.write(figure, text, style.PAGE - 0.08, middle, ha="right", va="center", fontsize=style.SMALL)
    for index, (metric, found) in enumerate(zip(metrics, gaps, strict=True)):
        axes = style.panel(figure, left + room + index * width, top, width - 0.1, height)
        regain.draw(axes, found, block.teacher, block.control)
        middle = left + room + index * width + (width - 0.1) / 2
        style.write(figure, metric.word, middle, top - 0.03, ha="center", va="bottom", fontsize=style.SMALL)
    style.write(figure, "won back", style.PAGE - 0.08, top - 0.03, ha="right", va="bottom", fontsize=style.SMALL)


def named_row(evidence: Evidence, name: str) -> str:
    """What a row is called, and how many seeds it has."""
    row = evidence.rows[name]
    return called(row) + (f" ×{len(row.seeds)}" if len(row.seeds) > 1 else "")


def key(figure: Figure, sheet: Axes) -> None:
    """What bands, bars and marks mean."""
    left, middle = 0.14, 0.36
    swatches = {
        "lost by the untaught student": regain.LOST,
        "won back by a lesson": regain.WON,
        "lost besides": regain.MORE,
    }
    for word, look in swatches.items():
        sheet.add_patch(Rectangle((left, middle - 0.04), 0.18, 0.08, **look))
        left = named(figure, word, left + 0.23, middle)
    sheet.plot([left, left + 0.18], [middle, middle], ":", color=style.INK, lw=0.8)
    left = named(figure, "returning the input unchanged", left + 0.23, middle)
    style.write(figure, "left is better", style.PAGE - 0.08, middle, ha="right", va="center", fontsize=style.SMALL)
    left, middle = 0.18, 0.5
    for kind in regain.MARKS:
        regain.mark(sheet, left, middle, kind)
        left = named(figure, MARK_WORDS.get(kind, kind), left + 0.1, middle)


def named(figure: Figure, word: str, left: float, middle: float) -> float:
    """A word of the key; returns where the next may begin."""
    style.write(figure, word, left, middle, va="center", fontsize=style.SMALL)
    return left + 0.2 + len(word) * style.LETTER


def teacher_of(evidence: Evidence, block: Block) -> TeacherRow:
    """The row of the large network."""
    return evidence.settings.teachers[evidence.rows[block.control].teacher]
