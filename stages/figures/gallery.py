"""Translation galleries: input, exact image, teacher and students side by side, for every label of a problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from stages.figures import style, tiles
from stages.figures.evidence import Evidence, called, groups, made
from stages.figures.style import Drawn
from stages.figures.tiles import Tiles
from stages.harness import paths
from stages.harness.prepared import Bytes

MOST_STUDENTS = 10
MANY_LABELS = 10
GAP = 8
LARGEST = 0.62
LEFT, TOP = 0.95, 0.36
NOTE = (
    "A line asks for one label: where labels exclude each other it is set and the others are cleared, elsewhere it is "
    "flipped. Test images whose exact image differs from them; no network's result had a part in the choice. "
    "Students: {size}; first seed."
)
NO_TRUTH = "This data has no exact images. "


@dataclass(frozen=True)
class Line:
    """One row of pictures: which data set, label and person."""

    data: str
    label: int
    person: int

    @property
    def block(self) -> tuple[str, int]:
        """What neighbouring lines share that ask for the same."""
        return self.data, self.label


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One gallery per problem."""
    for problem in evidence.problems():
        name, title = f"gallery-{problem}", f"Translations of {problem}: input, exact image, teacher, students"
        teacher = evidence.teacher(problem)
        if teacher is None:
            text = f"{problem} has no row with `compression: none`, whose picture holds inputs and exact images."
            yield Drawn(name, title, style.sentence(title, text), (paths.PARAMS,))
            continue
        students = chosen(evidence, problem)
        shown = [teacher, *students]
        inputs = (paths.PARAMS, *(path for each in shown for path in (paths.samples(each), paths.quality(each))))
        yield Drawn(name, title, gallery(evidence, teacher, students), inputs)


def chosen(evidence: Evidence, problem: str) -> list[str]:
    """The largest group of students that differ only in their lessons; of these the ones with the most seeds."""
    members = [names for key, names in groups(evidence).items() if key[0] == problem]
    if not members:
        return []
    largest = max(members, key=len)
    most = max(len(evidence.rows[name].seeds) for name in largest)
    headline = [name for name in largest if len(evidence.rows[name].seeds) == most]
    control = [name for name in largest if name not in headline and evidence.rows[name].thesis == "no KD"]
    return [*control, *headline][:MOST_STUDENTS]


def people(sheet: Tiles, count: int) -> list[list[int]]:
    """Persons to show for each label: in turn, those first whose exact image differs from the input."""
    assert sheet.given is not None
    total, found = len(sheet.given), []
    for label in range(len(sheet.labels)):
        turn = [(label * count + i) % total for i in range(total)]
        if sheet.exact is not None:
            same = [bool((sheet.exact[p, label] == sheet.given[p]).all()) for p in range(total)]
            turn.sort(key=lambda p: same[p])
        found.append(turn[:count])
    return found


def plan(sheets: dict[str, Tiles]) -> list[Line]:
    """Two persons per label, or one where there are many labels."""
    labels = sum(len(sheet.labels) for sheet in sheets.values())
    count = 2 if labels <= MANY_LABELS else 1
    return [
        Line(data, label, person)
        for data, sheet in sheets.items()
        for label, persons in enumerate(people(sheet, count))
        for person in persons
    ]


def gallery(evidence: Evidence, teacher: str, students: list[str]) -> Figure:
    """The pictures with their names."""
    sheets = {name: tiles.read(evidence, name) for name in (teacher, *students)}
    lines, truth = plan(sheets[teacher]), any(each.exact is not None for each in sheets[teacher].values())
    heads = ["input", *(["exact"] if truth else []), "teacher"]
    heads += [called(evidence.rows[name]) for name in students]
    rows = [pictures(line, sheets, teacher, students, truth) for line in lines]
    starts = tuple(i for i in range(1, len(lines)) if lines[i].block != lines[i - 1].block)
    breaks = (len(heads) - len(students),) if students else ()
    picture = tiles.mosaic(rows, GAP, breaks, starts if len(starts) + 1 < len(lines) else ())
    size = made(evidence.rows[students[0]]) if students else "none"
    note = ("" if truth else NO_TRUTH) + NOTE.format(size=size)
    return laid_out(picture, heads, lines, sheets[teacher], breaks, note)


def pictures(
    line: Line, sheets: dict[str, dict[str, Tiles]], teacher: str, students: list[str], truth: bool
) -> list[Bytes | None]:
    """The tiles of one line."""
    mine = sheets[teacher][line.data]
    assert mine.given is not None
    exact = mine.exact[line.person, line.label] if mine.exact is not None else None
    made_by = [sheets[name][line.data].made[line.person, line.label] for name in (teacher, *students)]
    return [mine.given[line.person], *([exact] if truth else []), *made_by]


def laid_out(
    picture: Bytes, heads: list[str], lines: list[Line], sheets: dict[str, Tiles], breaks: tuple[int, ...], note: str
) -> Figure:
    """The mosaic in a page, columns named above, labels on the left."""
    high, wide = picture.shape[:2]
    scale = min((style.PAGE - LEFT - 0.08) / wide, (style.TALLEST - TOP - 0.6) / high, LARGEST / tiles.ENLARGED)
    width = max(LEFT + wide * scale + 0.08, style.COLUMN)
    figure = style.blank(width, TOP + high * scale + style.note_height(note, width) + 0.04)
    axes = style.panel(figure, LEFT, TOP, wide * scale, high * scale)
    axes.imshow(picture, extent=(0, wide, high, 0), interpolation="none", aspect="auto")
    axes.set_axis_off()
    side = (wide - 4 * GAP * len(breaks) - GAP * (len(heads) - 1)) // len(heads)
    for left, head in zip(tiles.offsets(len(heads), side, GAP, breaks), heads, strict=True):
        middle, text = LEFT + (left + side / 2) * scale, style.broken(head, side * scale)
        style.write(figure, text, middle, TOP - 0.04, ha="center", va="bottom", fontsize=style.SMALL, linespacing=1.0)
    label_lines(figure, lines, sheets, side, high, scale)
    style.note(figure, note)
    return figure


def label_lines(
    figure: Figure, lines: list[Line], sheets: dict[str, Tiles], side: int, high: int, scale: float
) -> None:
    """The label of each block of lines, centred on it."""
    keys = [line.block for line in lines]
    blocks = {key: [i for i, each in enumerate(keys) if each == key] for key in dict.fromkeys(keys)}
    extra = (high - side * len(lines) - GAP * (len(lines) - 1)) / max(1, len(blocks) - 1)
    for index, ((data, label), members) in enumerate(blocks.items()):
        middle = np.mean(members) * (side + GAP) + side / 2 + index * extra
        name = style.spelled(sheets[data].labels[label])
        style.write(
            figure, name, LEFT - 0.07, TOP + float(middle) * scale, ha="right", va="center", fontsize=style.TEXT
        )
