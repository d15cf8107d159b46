"""One small network, taught from its row and a seed; the same training is not made twice, whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from stages.learning import checkpoints, devices, evidence, keys, problems, resume, students, training
from stages.learning.contracts import ROLES
from stages.settings import paths, specs
from stages.settings.rows import Params, Schedule, StudentRow, TeacherRow
from stages.storage import hashing

UNTRAINED = {"seeds", "thesis", "problem", "examination", "headline"}
"""What a row says that its training does not depend on."""

NETWORKS, CURVE = "networks", "curve"


def recorder(
    row: StudentRow, teacher: TeacherRow, student: students.Student, schedule: Schedule, place: devices.Place
) -> evidence.Record:
    """What a row that asks for evidence records, on the first batch of the validation split."""
    if not row.evidence:
        return evidence.nothing
    problem = problems.read(teacher, "validation")
    fixed, turns = students.feed(row, problem, schedule, 0)(0, 0), len(problem.domains)
    return evidence.recorder(student.game, student.lessons["generator"], fixed, row.evidence, place, turns)


def named(row: StudentRow) -> Iterator[tuple[str, str]]:
    """Axis and name of the members that a row trains with."""
    yield from (("families", row.family), ("compressions", row.compression))
    for role in ROLES:
        yield from (("distillations", getattr(row.distill, role)), ("paces", getattr(row.pace, role)))


def teach(
    title: str,
    about: dict[str, str],
    given: StudentRow,
    seed: int,
    settings: Params,
    place: devices.Place,
    artifacts: dict[str, Path],
) -> None:
    """One student, its networks and its curve put where `artifacts` say; `about` is told in its file besides."""
    row = specs.resolved(given)
    teacher_row, schedule = settings.teachers[row.teacher], settings.schedules[row.schedule]
    both = specs.of(row, settings)
    problem = problems.read(teacher_row, "train")
    described = row.model_dump(exclude=UNTRAINED)

    def make(scratch: Path) -> dict[str, bytes]:
        teacher = checkpoints.read(paths.teacher(row.teacher)).networks
        torch.manual_seed(seed)
        networks = students.make(row, teacher, both)
        student = students.prepare(row, teacher_row, networks, teacher, both, problem)
        for module in (*student.game.networks.values(), student.game.memory, *teacher.values()):
            module.to(place.device)
        run = training.prepare(student.game, schedule)
        draw = students.feed(row, problem, schedule, seed)
        record = recorder(row, teacher_row, student, schedule, place)
        curve = resume.fit(title, run, draw, schedule, place, scratch, settings.run.save_every, record)
        made = {network: run.result()[network] for network in student.kept}
        told = {**about, "seed": seed, "row": described, "precision": place.precision}
        return {NETWORKS: checkpoints.serialise(row.family, both[1], made, told), CURVE: curve.encode()}

    determinants = {
        "about": about,
        "row": described,
        "seed": seed,
        "losses": teacher_row.losses,
        "labels": [teacher_row.labels, teacher_row.partner_labels],
        "schedule": schedule.model_dump(),
        "data": problems.content(teacher_row),
        "teacher": hashing.file_hash(paths.teacher(row.teacher)),
        "source": keys.code(named(row)),
    }
    resume.once(keys.key(place, **determinants), artifacts, make, place)
