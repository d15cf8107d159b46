"""What a pace changes: rows that differ in how λ moves, against no lesson, the whole lesson, and one of equal dose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stages.findings import comparing
from stages.findings.courses import Course
from stages.findings.tables import SAME_DOSE
from stages.settings.rows import VariantRow

UNTAUGHT, WHOLE, LEVEL, REVERSED, SCHEDULE = "no KD", "constant", "same dose", "reversed", "other schedule"
"""What a row is held against; all but the first are taught the same lesson."""
PACES = ("pace", "generator_pace", "discriminator_pace")
LESSONS = ("distill", "generator_lesson", "discriminator_lesson", "problem")
REVERSE = "reverse"


@dataclass(frozen=True)
class Pairing:
    """A row at a pace, and one that it is held against."""

    variant: str
    against: str
    beside: str


def alike(row: VariantRow, other: VariantRow, *but: str) -> bool:
    """Whether two rows agree in all that makes, teaches and judges them, but for some fields."""
    fields = (field for field in (*comparing.SAME, *LESSONS, *PACES) if field not in but)
    return all(getattr(row, field) == getattr(other, field) for field in fields)


def mirrored(row: VariantRow, other: VariantRow) -> bool:
    """Whether a row's pace is that of the other, reversed."""
    settings = {key: value for key, value in row.generator_pace.items() if key != REVERSE}
    forward = {key: value for key, value in other.generator_pace.items() if value is not False}
    return bool(row.generator_pace.get(REVERSE)) and row.pace == other.pace and settings == forward


def twins(name: str, rows: Mapping[str, VariantRow], courses: Mapping[str, Course]) -> list[str]:
    """The rows that differ from one in their pace alone."""
    return [other for other in courses if other != name and alike(rows[name], rows[other], *PACES)]


def of_rows(rows: Mapping[str, VariantRow], courses: Mapping[str, Course]) -> Iterator[Pairing]:
    """All pairings, row by row; there are none of a whole lesson that no other row gives at another pace."""
    for name, course in courses.items():
        beside = twins(name, rows, courses)
        if not (course.whole and all(courses[other].whole for other in beside)):
            found = dict(pairings(name, beside, rows, courses))
            yield from (Pairing(name, against, other) for against, other in found.items())


def pairings(
    name: str, beside: Sequence[str], rows: Mapping[str, VariantRow], courses: Mapping[str, Course]
) -> Iterator[tuple[str, str]]:
    """What a row is held against, and the first row that is that; one among its twins, or at another schedule."""
    row, course = rows[name], courses[name]
    untaught = comparing.control_of(row, rows)
    if untaught is not None:
        yield UNTAUGHT, untaught
    tests = {
        WHOLE: lambda other: courses[other].whole and not course.whole,
        LEVEL: lambda other: courses[other].still and not course.still and near(courses[other], course),
        REVERSED: lambda other: mirrored(row, rows[other]),
    }
    for against, test in tests.items():
        yield from ((against, other) for other in [each for each in beside if test(each)][:1])
    for other in courses:
        if row.schedule != rows[other].schedule and alike(row, rows[other], "schedule") and not beside:
            yield SCHEDULE, other


def near(course: Course, other: Course) -> bool:
    """Whether two doses are the same."""
    return abs(course.dose - other.dose) <= SAME_DOSE
