"""Rows, alone or as points of a sweep: their references, and that the student fits its teacher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import MISSING, fields
from typing import Any

from retort.checking import fitting, lessons, making, paces, sentences
from retort.checking.datasets import Sources
from retort.checking.sentences import Problem
from stages.learning.contracts import ROLES
from stages.settings import members, specs, sweeps
from stages.settings.rows import Params, StudentRow, SweepRow, TaughtRow, TeacherRow, VariantRow
from stages.settings.specs import Spec


def check(path: str, row: VariantRow, params: Params, known: Sources, sound: Container[str]) -> list[Problem]:
    """Everything that is wrong with a row; what hangs on its teacher is looked at only if that one is sound."""
    problems = [*references(path, row, params)]
    if problems or row.teacher not in sound:
        return problems
    teacher = params.teachers[row.teacher]
    large = specs.of_teacher(teacher, params)
    problems = [*fitting.check(path, row, large, known), *student(f"{path}.student", row, teacher, large)]
    problems = problems or [*fit(path, row, large)]
    return problems or making.check(path, row, large, specs.shrink(large, row.student))


def check_sweep(name: str, sweep: SweepRow, params: Params, known: Sources, sound: Container[str]) -> Iterator[Problem]:
    """Everything that is wrong with a sweep: its name, and each of its points."""
    path = f"sweeps.{name}"
    if name in (*params.variants, *params.chosen):
        yield Problem(path, "is the name of a variant too, and their files would be the same; rename one")
    named = {point: sweeps.of_point(name, sweep, point) for point in sweep.points}
    counts = Counter(row for rows in named.values() for row, _ in rows)
    doubled = [row for row, count in counts.items() if count > 1]
    if doubled:
        yield Problem(f"{path}.points", f"two of them are called {', '.join(doubled)}; rename one, or change its grid")
    for point, rows in named.items():
        found = (problem for _, row in rows for problem in check(f"{path}.points.{point}", row, params, known, sound))
        yield from dict.fromkeys(found)


def references(path: str, row: VariantRow, params: Params) -> Iterator[Problem]:
    """Names of things that do not exist, and what a row says otherwise than its teacher."""
    yield from sentences.no_member(f"{path}.compression", "compressions", row.compression)
    yield from sentences.absent(
        f"{path}.examination", row.examination, params.evaluation, "described under `evaluation`"
    )
    if len(set(row.seeds)) != len(row.seeds):
        yield Problem(f"{path}.seeds", f"a seed stands twice; found {row.seeds}, keep one")
    yield from taught(path, row, params)


def taught(path: str, row: TaughtRow, params: Params) -> Iterator[Problem]:
    """The same of what every training beside a teacher has."""
    yield from sentences.absent(f"{path}.schedule", row.schedule, params.schedules, "a schedule")
    for role in ROLES:
        yield from sentences.no_member(f"{path}.distill.{role}", "distillations", getattr(row.distill, role))
        yield from sentences.no_member(f"{path}.pace.{role}", "paces", getattr(row.pace, role))
    unknown = sentences.absent(f"{path}.teacher", row.teacher, params.teachers, "a teacher")
    yield from unknown
    for field in ("family", "dataset", "partner") if not unknown else ():
        mine, theirs = getattr(row, field), getattr(params.teachers[row.teacher], field)
        if mine != theirs:
            yield Problem(f"{path}.{field}", f"{mine!r} is not its teacher's {field}; write {theirs!r}")


def fit(path: str, row: StudentRow, large: Spec) -> Iterator[Problem]:
    """What is wrong with the settings of a row whose student is sound."""
    family: Any = members.load("families", row.family)
    yield from sentences.refused(f"{path}.play", lambda: family.Play(**row.play), [f.name for f in fields(family.Play)])
    make = members.load("compressions", row.compression).make_student
    yield from sentences.settings(f"{path}.compression_settings", make, row.compression_settings)
    yield from paces.check(path, row)
    small = specs.shrink(large, row.student)
    for role in ROLES:
        yield from lessons.check(path, row, role, large, small)


def student(path: str, row: StudentRow, teacher: TeacherRow, large: Spec) -> Iterator[Problem]:
    """Changes of the spec that do not exist, are not the row's to make, or make the student larger."""
    known = {each.name: each for each in fields(large)}
    free = [name for name, each in known.items() if name in teacher.spec or each.default is not MISSING]
    for name in row.student:
        if name in known and name not in free:
            yield Problem(f"{path}.{name}", "comes from the teacher's labels and data; take it out")
        elif name not in known:
            yield Problem(f"{path}.{name}", f"is not part of the spec{sentences.hint(name, free)}")
    if row.student.keys() - free:
        return
    yield from sentences.refused(path, lambda: specs.shrink(large, row.student), free)
    for name, value in row.student.items():
        allowed = getattr(large, name)
        if type(value) is int and type(allowed) is int and value > allowed:
            yield Problem(f"{path}.{name}", f"{value} is larger than the teacher's {allowed}; write at most that")
