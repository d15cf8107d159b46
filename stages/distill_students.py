"""Teach the small networks of one row, seed by seed. In: data, teacher; out: results/students/<variant>/, curves."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from stages.learning import checkpoints, devices, evidence, keys, problems, resume, students, training
from stages.settings import params, paths, provenance, specs, sweeps
from stages.settings.rows import Params, Schedule, TeacherRow, VariantRow
from stages.storage import hashing

UNTRAINED = {"seeds", "thesis", "problem", "examination", "headline"}
"""What a row says that its training does not depend on."""


def main(name: str) -> None:
    """Train every seed of the row or sweep called `name`, except those that an earlier process finished."""
    settings = params.read()
    place = devices.choose(settings.run.device, settings.run.precision)
    stage = sweeps.stage(settings, "distill_students", name)
    with provenance.timed(stage, name, precision=place.precision, device=place.device.type):
        for row_name, row in sweeps.of_item(settings, name).items():
            for seed in row.seeds:
                teach(row_name, row, seed, settings, place)


def recorder(
    row: VariantRow, teacher: TeacherRow, student: students.Student, schedule: Schedule, place: devices.Place
) -> evidence.Record:
    """What a row that asks for evidence records, on the first batch of the validation split."""
    if not row.evidence:
        return evidence.nothing
    problem = problems.read(teacher, "validation")
    fixed, turns = students.feed(row, problem, schedule, 0)(0, 0), len(problem.domains)
    return evidence.recorder(student.game, student.lessons["generator"], fixed, row.evidence, place, turns)


def teach(name: str, row: VariantRow, seed: int, settings: Params, place: devices.Place) -> None:
    """One student."""
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
        curve = resume.fit(f"{name} seed {seed}", run, draw, schedule, place, scratch, settings.run.save_every, record)
        made = {network: run.result()[network] for network in student.kept}
        about = {"variant": name, "seed": seed, "row": described, "precision": place.precision}
        return {"networks": checkpoints.serialise(row.family, both[1], made, about), "curve": curve.encode()}

    determinants = {
        "row": described,
        "seed": seed,
        "losses": teacher_row.losses,
        "labels": [teacher_row.labels, teacher_row.partner_labels],
        "schedule": schedule.model_dump(),
        "data": problems.content(teacher_row),
        "teacher": hashing.file_hash(paths.teacher(row.teacher)),
    }
    artifacts = {"networks": paths.student(name, seed), "curve": paths.student_curve(name, seed)}
    resume.once(keys.key(place, **determinants), artifacts, make, place)


if __name__ == "__main__":
    main(sys.argv[1])
