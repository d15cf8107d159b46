"""Teach the small networks of one row, seed by seed. In: data, teacher; out: results/students/<variant>/, curves."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from stages.harness.learning import batches, checkpoints, devices, problems, resume, training
from stages.harness.learning.game import Batch, Side
from stages.harness.settings import members, params, paths, provenance, sweeps
from stages.harness.settings.rows import Params, VariantRow

LESSONS = ("generator", "discriminator")


def main(name: str) -> None:
    """Train every seed of the row or sweep called `name`, except those that an earlier process finished."""
    settings = params.load()
    place = devices.choose(settings.run.device, settings.run.precision)
    stage = sweeps.stage(settings, "distill_students", name)
    with provenance.timed(stage, name, precision=place.precision, device=place.device.type):
        for row_name, row in sweeps.of_item(settings, name).items():
            for seed in row.seeds:
                teach(row_name, row, seed, settings, place)


def teach(name: str, row: VariantRow, seed: int, settings: Params, place: devices.Place) -> None:
    """One student."""
    teacher_row, schedule = settings.teachers[row.teacher], settings.schedules[row.schedule]
    family = members.load("families", row.family)
    teacher = checkpoints.load(paths.teacher(row.teacher))
    spec = family.shrink(teacher.spec, row.student)
    compress = members.load("compressions", row.compression).make_student
    lesson_members = {which: members.load("distillations", getattr(row.distill, which)) for which in LESSONS}
    domains = problems.load(teacher_row, "train")
    described = row.model_dump(exclude={"seeds", "thesis", "problem"})

    def make(scratch: Path) -> dict[str, bytes]:
        torch.manual_seed(seed)
        networks = compress(family, teacher.networks, teacher.spec, spec, **row.compression_settings)
        lessons = {
            player: member.objective(
                Side(teacher.networks, family.taps(teacher.spec, player)),
                Side(networks, family.taps(spec, player)),
                **getattr(row, f"{which}_lesson"),
            )
            for player, (which, member) in zip(family.NETWORKS, lesson_members.items(), strict=False)
        }
        for module in (*networks.values(), *teacher.networks.values(), *lessons.values()):
            module.to(place.device)
        losses = family.Losses(**teacher_row.losses)
        players = family.players(networks, teacher.networks, lessons, losses, schedule.critic_steps)
        run = training.prepare(players, schedule)

        def draw(step: int, move: int) -> Batch:
            return batches.draw(domains, schedule, seed, step, move)

        curve = resume.fit(f"{name} seed {seed}", run, draw, schedule, place, scratch, settings.run.save_every)
        kept = family.NETWORKS[0]
        student = {kept: {**networks, **run.averaged()}[kept]}
        about = {"variant": name, "seed": seed, "row": described, "precision": place.precision}
        return {"network": checkpoints.serialise(row.family, spec, student, about), "curve": curve.encode()}

    determinants = {
        "row": described,
        "seed": seed,
        "losses": teacher_row.losses,
        "labels": [teacher_row.labels, teacher_row.partner_labels],
        "schedule": schedule.model_dump(),
        "data": problems.content(teacher_row),
        "teacher": resume.file_hash(paths.teacher(row.teacher)),
    }
    artifacts = {"network": paths.student(name, seed), "curve": paths.student_curve(name, seed)}
    resume.once(resume.key(place, **determinants), artifacts, make, place)


if __name__ == "__main__":
    main(sys.argv[1])
