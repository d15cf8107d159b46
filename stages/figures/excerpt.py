"""A few images of a problem in a strip: what goes in, the exact image, teacher, untaught student, one lesson."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from stages.figures import latents, style, tiles
from stages.figures.evidence import Evidence
from stages.figures.gallery import people
from stages.figures.tiles import Tiles
from stages.findings import naming
from stages.findings.naming import called
from stages.settings import paths
from stages.storage.prepared import Bytes

TILE, GAP = 0.4, 6
LABELS = 0.66
STEP = TILE + GAP * TILE / tiles.ENLARGED
GIVEN, EXACT, TEACHER = "input", "exact", "teacher"
OF_LABELS = "Pictures: first, middle and last label, of each the first test image it changes, first seed; {chosen}. "
OF_LATENTS = "Pictures: the first latents of the test, the same for all, first seed; {chosen}. "
CHOSEN = "the lesson in them is the one that matches the image and most layers"


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


def explained(evidence: Evidence, teacher: str) -> str:
    """Which pictures are shown of problems like a teacher's, in a sentence; nothing where there are none."""
    report = evidence.reports[teacher]
    if tiles.has_tiles(report):
        return OF_LABELS.format(chosen=CHOSEN)
    return OF_LATENTS.format(chosen=CHOSEN) if latents.has_walk(report) else ""


def files(evidence: Evidence, names: Iterable[str]) -> Iterator[Path]:
    """What rows' pictures are read from, and whether they have any."""
    for name in names:
        report = evidence.reports[name]
        yield from ([paths.samples(name)] if tiles.has_tiles(report) or latents.has_walk(report) else [])
        yield paths.quality(name)


def lesson(evidence: Evidence, block: Block) -> str:
    """The lesson that is shown of all: it matches the image, and most layers; the generator's alone if possible.

    Of lessons that differ in numbers alone it is the one in the middle. No result has a part in it.
    """

    def reach(name: str) -> tuple[bool, int, bool]:
        row = evidence.rows[name]
        match = row.generator_lesson.get("match", {})
        compared = {*match, *naming.parts(row.generator_lesson)}
        return "image" in compared, len(compared), row.distill.discriminator == "none"

    most = max(reach(name) for name in block.taught)
    return middle(evidence, [name for name in block.taught if reach(name) == most])


def middle(evidence: Evidence, names: Sequence[str]) -> str:
    """Of a grid the row whose numbers are nearest to the middle of all, of two the lower; of equals the first."""
    values: dict[str, set[float]] = {}
    for name in names:
        for key, value in numbers(evidence, name).items():
            values.setdefault(key, set()).add(value)
    ranks = {key: sorted(found) for key, found in values.items()}

    def off(name: str) -> int:
        mine = numbers(evidence, name)
        return sum(abs(ranks[key].index(value) - (len(ranks[key]) - 1) // 2) for key, value in mine.items())

    return min(names, key=off)


def numbers(evidence: Evidence, name: str) -> dict[str, float]:
    """The settings of a row's lesson that are numbers."""
    lesson = evidence.rows[name].generator_lesson
    return {key: value for key, value in lesson.items() if isinstance(value, int | float)}


def strip(evidence: Evidence, block: Block, room: float) -> Strip | None:
    """Pictures in so many inches; none of rows that make none."""
    report = evidence.reports[block.teacher]
    count = max(2, min(3, int(room / TILE)))
    if tiles.has_tiles(report):
        return of_labels(evidence, block, count)
    return of_latents(evidence, block, count) if latents.has_walk(report) else None


def of_labels(evidence: Evidence, block: Block, count: int) -> Strip:
    """The first and the last label, and those between if there is room, by the first person that each changes."""
    shown = lesson(evidence, block)
    teacher, *students = (tiles.read(evidence, name) for name in (block.teacher, block.control, shown))
    asked = [(data, label) for data, sheet in teacher.items() for label in range(len(sheet.labels))]
    places = dict.fromkeys(round(i * (len(asked) - 1) / max(1, count - 1)) for i in range(count))
    truth = any(sheet.exact is not None for sheet in teacher.values())
    rows = {}
    for data, label in (asked[place] for place in places):
        sheet = teacher[data]
        person = people(sheet, 1)[label][0]
        rows[style.spelled(sheet.labels[label])] = line(sheet, [each[data] for each in students], person, label, truth)
    names = [called(evidence.rows[name]) for name in (block.control, shown)]
    return Strip((GIVEN, *([EXACT] if truth else []), TEACHER, *names), rows)


def of_latents(evidence: Evidence, block: Block, count: int) -> Strip:
    """The first latents."""
    names = (block.teacher, block.control, lesson(evidence, block))
    images = [latents.read(evidence, name)[0] for name in names]
    rows: dict[str, list[Bytes | None]] = {f"latent {i + 1}": [each[i] for each in images] for i in range(count)}
    return Strip((TEACHER, *(called(evidence.rows[name]) for name in names[1:])), rows)


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
