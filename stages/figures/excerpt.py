"""A few translations of a problem in a strip: input, exact image, teacher, untaught student, one lesson."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from stages.figures import style, tiles
from stages.figures.evidence import Evidence
from stages.figures.gallery import people
from stages.figures.tiles import Tiles
from stages.findings import naming
from stages.findings.naming import called
from stages.storage.prepared import Bytes

TILE, GAP = 0.4, 6
LABELS = 0.66
STEP = TILE + GAP * TILE / tiles.ENLARGED


@dataclass(frozen=True)
class Block:
    """A teacher and students of one size: the untaught one and the taught ones."""

    problem: str
    teacher: str
    control: str
    taught: tuple[str, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """The teacher's row, the untaught one, and those of the lessons."""
        return self.teacher, self.control, *self.taught

    @property
    def lines(self) -> int:
        """Teacher, untaught student, lessons."""
        return len(self.rows)


@dataclass(frozen=True)
class Strip:
    """A few pictures: the names of the columns, and by label the line."""

    heads: tuple[str, ...]
    rows: dict[str, list[Bytes | None]]


def lesson(evidence: Evidence, block: Block) -> str:
    """The lesson whose pictures are shown: it matches the image, and most layers; the generator's alone if possible."""

    def reach(name: str) -> tuple[bool, int, bool]:
        row = evidence.rows[name]
        match = row.generator_lesson.get("match", {})
        compared = {*match, *naming.parts(row.generator_lesson)}
        return "image" in compared, len(compared), row.distill.discriminator == "none"

    return max(block.taught, key=reach)


def strip(evidence: Evidence, block: Block, room: float) -> Strip:
    """The first and the last label, and the middle one where there is room, by the first person that each changes."""
    shown = lesson(evidence, block)
    teacher, *students = (tiles.read(evidence, name) for name in (block.teacher, block.control, shown))
    asked = [(data, label) for data, sheet in teacher.items() for label in range(len(sheet.labels))]
    count = max(2, min(3, int(room / TILE)))
    places = dict.fromkeys(round(i * (len(asked) - 1) / (count - 1)) for i in range(count))
    truth = any(sheet.exact is not None for sheet in teacher.values())
    rows = {}
    for data, label in (asked[place] for place in places):
        sheet = teacher[data]
        person = people(sheet, 1)[label][0]
        rows[style.spelled(sheet.labels[label])] = line(sheet, [each[data] for each in students], person, label, truth)
    names = [called(evidence.rows[name]) for name in (block.control, shown)]
    return Strip(("input", *(["exact"] if truth else []), "teacher", *names), rows)


def line(sheet: Tiles, students: list[Tiles], person: int, label: int, truth: bool) -> list[Bytes | None]:
    """Input, exact image where there is one, teacher, students."""
    assert sheet.given is not None
    exact = None if sheet.exact is None else sheet.exact[person, label]
    made_by = [each.made[person, label] for each in (sheet, *students)]
    return [sheet.given[person], *([exact] if truth else []), *made_by]


def pictures(figure: Figure, found: Strip, top: float) -> float:
    """The strip with its names; returns where it ends."""
    heads, rows = found.heads, found.rows
    picture = tiles.mosaic(list(rows.values()), GAP)
    high, wide = (length * TILE / tiles.ENLARGED for length in picture.shape[:2])
    axes = style.panel(figure, LABELS, top, wide, high)
    axes.imshow(picture, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for index, head in enumerate(style.broken(head, STEP) for head in heads):
        style.write(
            figure, head, LABELS + index * STEP + TILE / 2, top - 0.03, ha="center", va="bottom", fontsize=style.SMALL
        )
    for index, label in enumerate(rows):
        text = style.broken(label, LABELS - 0.14)
        style.write(
            figure, text, LABELS - 0.06, top + index * STEP + TILE / 2, ha="right", va="center", fontsize=style.SMALL
        )
    return LABELS + wide
