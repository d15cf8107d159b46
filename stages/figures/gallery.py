"""Translation galleries: input, exact image, teacher and students side by side, for every label of a problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from stages.figures import style, tiles
from stages.figures.evidence import Evidence, groups
from stages.figures.style import Drawn
from stages.figures.tiles import Tiles
from stages.findings.comparing import taught
from stages.findings.naming import called, made
from stages.settings import paths
from stages.storage.prepared import Bytes

MOST_STUDENTS = 10
MANY_LABELS = 5
GAP = 8
LARGEST = 0.62
LEFT, TOP = 0.95, 0.36
ERROR, FADED = "error", "#4d4d4d"
KEY, SCALE = 0.36, 1.2
NOTE = (
    "A line asks for one label: where labels exclude each other it is set and the others are cleared, elsewhere it is "
    "flipped. Test images whose exact image differs from them; no network's result had a part in the choice. "
    "Students: {size}; first seed.{errors}"
)
ERRORS = " Error: to the exact image, mean over colours; under the input what was to be changed."
NO_TRUTH = "This data has no exact images. "


@dataclass(frozen=True)
class Line:
    """One row of pictures: which data set, label and person."""

    data: str
    label: int
    person: int
    error: bool = False

    @property
    def block(self) -> tuple[str, int]:
        """What neighbouring lines share that ask for the same."""
        return self.data, self.label


def figures(evidence: Evidence) -> Iterator[Drawn]:
    """One gallery per problem whose rows make images."""
    evidence = tiles.pictured(evidence)
    for problem in evidence.problems():
        name, title = f"gallery-{problem}", f"Translations of {problem}: input, exact image, teacher, students"
        teacher = evidence.teacher(problem)
        if teacher is None:
            text = f"{problem} has no row with `compression: none`, whose picture holds inputs and exact images."
            yield Drawn(name, title, partial(style.sentence, title, text), (paths.PARAMS,))
            continue
        students = chosen(evidence, problem)
        shown = [teacher, *students]
        inputs = (paths.PARAMS, *(path for each in shown for path in (paths.samples(each), paths.quality(each))))
        yield Drawn(name, title, partial(gallery, evidence, teacher, students), inputs)


def chosen(evidence: Evidence, problem: str) -> list[str]:
    """The largest group of students that differ only in their lessons; of these the leading ones."""
    members = [names for key, names in groups(evidence).items() if key[0] == problem]
    if not members:
        return []
    return leading(evidence, max(members, key=len))[:MOST_STUDENTS]


def leading(evidence: Evidence, names: list[str]) -> list[str]:
    """The headline rows of a group, or else those with the most seeds, and the untaught one in any case."""
    most = max(len(evidence.rows[name].seeds) for name in names)
    headline = [name for name in names if evidence.rows[name].headline]
    headline = headline or [name for name in names if len(evidence.rows[name].seeds) == most]
    control = [name for name in names if name not in headline and not taught(evidence.rows[name])]
    return [*control, *headline]


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
    """Two persons per label, or one where there are many labels; below, for a few labels, the errors of the last."""
    asked = [(data, label) for data, sheet in sheets.items() for label in range(len(sheet.labels))]
    few = len(asked) <= MANY_LABELS
    explained = asked if few else [asked[0], asked[len(asked) // 2], asked[-1]]
    found = []
    for data, label in asked:
        persons = people(sheets[data], 2 if few else 1)[label]
        found += [Line(data, label, person) for person in persons]
        if (data, label) in explained and sheets[data].exact is not None:
            found.append(Line(data, label, persons[-1], error=True))
    return found


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
    note = ("" if truth else NO_TRUTH) + NOTE.format(size=size, errors=ERRORS if truth else "")
    return laid_out(picture, heads, lines, sheets[teacher], breaks, note)


def pictures(
    line: Line, sheets: dict[str, dict[str, Tiles]], teacher: str, students: list[str], truth: bool
) -> list[Bytes | None]:
    """The tiles of one line."""
    mine = sheets[teacher][line.data]
    assert mine.given is not None
    exact = mine.exact[line.person, line.label] if mine.exact is not None else None
    made_by = [sheets[name][line.data].made[line.person, line.label] for name in (teacher, *students)]
    if line.error:
        assert exact is not None
        return [tiles.error(mine.given[line.person], exact), None, *(tiles.error(each, exact) for each in made_by)]
    return [mine.given[line.person], *([exact] if truth else []), *made_by]


def laid_out(
    picture: Bytes, heads: list[str], lines: list[Line], sheets: dict[str, Tiles], breaks: tuple[int, ...], note: str
) -> Figure:
    """The mosaic in a page, columns named above, labels on the left."""
    high, wide = picture.shape[:2]
    scale = min((style.PAGE - LEFT - 0.08) / wide, (style.TALLEST - TOP - 0.9) / high, LARGEST / tiles.ENLARGED)
    width = max(LEFT + wide * scale + 0.08, style.COLUMN)
    errors = any(line.error for line in lines)
    below = style.note_height(note, width) + (KEY if errors else 0.04)
    figure = style.blank(width, TOP + high * scale + below)
    axes = style.panel(figure, LEFT, TOP, wide * scale, high * scale)
    axes.imshow(picture, extent=(0, wide, high, 0), interpolation="none", aspect="auto")
    axes.set_axis_off()
    side = (wide - 4 * GAP * len(breaks) - GAP * (len(heads) - 1)) // len(heads)
    for left, head in zip(tiles.offsets(len(heads), side, GAP, breaks), heads, strict=True):
        middle, text = LEFT + (left + side / 2) * scale, style.broken(head, side * scale)
        style.write(figure, text, middle, TOP - 0.04, ha="center", va="bottom", fontsize=style.SMALL, linespacing=1.0)
    label_lines(figure, lines, sheets, side, high, scale)
    if errors:
        key(figure, TOP + high * scale + 0.1)
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
        name = style.spelled(sheets[data].labels[label])
        shown = {name: [i for i in members if not lines[i].error], ERROR: [i for i in members if lines[i].error]}
        for text, places in shown.items():
            if places:
                middle = TOP + (float(np.mean(places)) * (side + GAP) + side / 2 + index * extra) * scale
                look = {"fontsize": style.SMALL, "color": FADED} if text == ERROR else {"fontsize": style.TEXT}
                style.write(figure, text, LEFT - 0.07, middle, ha="right", va="center", **look)


def key(figure: Figure, top: float) -> None:
    """The colours of the errors."""
    style.write(figure, ERROR, LEFT - 0.07, top + 0.04, ha="right", va="center", fontsize=style.SMALL, color=FADED)
    axes = style.panel(figure, LEFT, top, SCALE, 0.08)
    ramp = np.linspace(0, 1, 64)[None]
    axes.imshow(tiles.colours()(ramp), extent=(0, tiles.WORST, 0, 1), aspect="auto", interpolation="none")
    axes.spines[:].set(visible=True, linewidth=0.4)
    axes.set(yticks=[])
    ends = {0.0: "0", tiles.WORST / 2: f"{tiles.WORST / 2:g}", tiles.WORST: f"≥ {tiles.WORST:g} of the range of levels"}
    axes.set_xticks(list(ends), list(ends.values()))
    axes.tick_params(length=1.5, pad=1)
    axes.get_xticklabels()[-1].set_horizontalalignment("left")
