"""Train a network that all students of a search are slices of. In: data, teacher; out: results/wides/<name>, curve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import torch

from stages.learning import checkpoints, devices, keys, problems, resume, students, training
from stages.learning.contracts import Family
from stages.searching import spaces, widening
from stages.settings import members, params, paths, provenance, specs
from stages.storage import hashing


def main(name: str) -> None:
    """Train the weight-shared network called `name`."""
    settings = params.read()
    row = settings.wides[name]
    teacher_row, schedule = settings.teachers[row.teacher], settings.schedules[row.schedule]
    place = devices.choose(settings.run.device, settings.run.precision)
    family, large = cast(Family, members.load("families", row.family)), specs.of_teacher(teacher_row, settings)
    spaces.demand(family, large)
    problem = problems.read(teacher_row, "train")

    def make(scratch: Path) -> dict[str, bytes]:
        teacher = checkpoints.read(paths.teacher(row.teacher)).networks
        torch.manual_seed(row.seed)
        networks = widening.shared(row, family, teacher, large)
        wide = widening.prepare(row, teacher_row, networks, teacher, large, problem)
        for module in (*wide.game.networks.values(), wide.game.memory, *teacher.values()):
            module.to(place.device)
        run = training.prepare(wide.game, schedule)
        draw = students.feed(row, problem, schedule, row.seed)
        curve = resume.fit(name, run, draw, schedule, place, scratch, settings.run.save_every)
        described = {"row": row.model_dump(), "schedule": schedule.model_dump()}
        about = {"wide": name, **described, "precision": place.precision}
        made = widening.unshared({network: run.result()[network] for network in wide.kept})
        return {"networks": checkpoints.serialise(row.family, large, made, about), "curve": curve.encode()}

    determinants = {
        "row": row.model_dump(),
        "losses": teacher_row.losses,
        "labels": [teacher_row.labels, teacher_row.partner_labels],
        "schedule": schedule.model_dump(),
        "data": problems.content(teacher_row),
        "teacher": hashing.file_hash(paths.teacher(row.teacher)),
    }
    artifacts = {"networks": paths.wide(name), "curve": paths.wide_curve(name)}
    with provenance.timed("build_wide_students", name, precision=place.precision, device=place.device.type):
        resume.once(keys.key(place, **determinants), artifacts, make, place)


if __name__ == "__main__":
    main(sys.argv[1])
