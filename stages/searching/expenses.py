"""What a search costs in multiply-accumulates: its weight-shared training, its evaluations, the trainings alone."""

from __future__ import annotations

from collections import Counter
from typing import cast

from stages.learning import expense, problems, students
from stages.learning.contracts import Family
from stages.searching import spaces, widening
from stages.searching.spaces import Costs, Widths
from stages.settings import members, specs
from stages.settings.rows import Params, Schedule, StudentRow, TeacherRow, WideRow
from stages.settings.specs import Spec


def of_wide(row: WideRow, teacher_row: TeacherRow, schedule: Schedule, large: Spec, costs: Costs) -> int:
    """Of a weight-shared training: each step costs what it does with its own widths.

    What a step costs is linear in what its configuration costs, so the largest and the smallest are counted.
    """
    space = spaces.of(large, row.space.widths)
    ends = [of_fixed(row, teacher_row, schedule, large, widths) for widths in (space.smallest, space.largest)]
    low, high = costs.of(space.smallest), costs.of(space.largest)
    trained = Counter(widening.configuration(space, row.seed, step) for step in range(schedule.steps))
    share = sum(count * (costs.of(widths) - low) for widths, count in trained.items()) / (high - low)
    return round(ends[0] + (ends[1] - ends[0]) * share / max(1, schedule.steps))


def of_fixed(row: WideRow, teacher_row: TeacherRow, schedule: Schedule, large: Spec, widths: Widths) -> int:
    """Of a training all of whose steps have the same widths."""
    family = cast(Family, members.load("families", row.family))
    teacher = family.build(large)
    networks = widening.wrapped(row, family, family.build(large), large)
    problem = problems.imagined(teacher_row, large.resolution)
    wide = widening.prepare(row, teacher_row, networks, teacher, large, problem, lambda _: widths)
    draw = students.feed(row, problem, schedule, row.seed)
    return expense.of_training(wide.game, draw, schedule, list(teacher.values())).macs


def of_alone(row: StudentRow, settings: Params) -> int:
    """Of a training of a row."""
    family, both = cast(Family, members.load("families", row.family)), specs.of(row, settings)
    teacher_row, schedule = settings.teachers[row.teacher], settings.schedules[row.schedule]
    teacher = family.build(both[0])
    networks = students.make(row, teacher, both, begin=False)
    problem = problems.imagined(teacher_row, both[1].resolution)
    student = students.prepare(row, teacher_row, networks, teacher, both, problem)
    draw = students.feed(row, problem, schedule, seed=0)
    return expense.of_training(student.game, draw, schedule, list(teacher.values())).macs
