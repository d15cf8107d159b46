"""Train the large network of one row. In: data/<dataset>; out: results/teachers/<teacher>.safetensors and its curve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import torch

from stages.learning import checkpoints, devices, keys, problems, resume, teachers, training
from stages.learning.contracts import Family
from stages.settings import members, params, paths, provenance, specs


def main(name: str) -> None:
    """Train the teacher called `name`."""
    settings = params.read()
    row = settings.teachers[name]
    schedule = settings.schedules[row.schedule]
    place = devices.choose(settings.run.device, settings.run.precision)
    family = cast(Family, members.load("families", row.family))
    problem, spec = problems.read(row, "train"), specs.of_teacher(row, settings)

    def make(scratch: Path) -> dict[str, bytes]:
        torch.manual_seed(row.seed)
        networks = family.build(spec)
        if hasattr(family, "begin"):
            family.begin(networks)
        game = teachers.game(row, networks, problem)
        for network in (*game.networks.values(), game.memory):
            network.to(place.device)
        run = training.prepare(game, schedule)
        draw = teachers.feed(row, problem, schedule)
        curve = resume.fit(name, run, draw, schedule, place, scratch, settings.run.save_every)
        described = {"row": row.model_dump(), "schedule": schedule.model_dump()}
        about = {"teacher": name, **described, "precision": place.precision}
        made = {network: run.result()[network] for network in networks}
        return {"networks": checkpoints.serialise(row.family, spec, made, about), "curve": curve.encode()}

    determinants = {"row": row.model_dump(), "schedule": schedule.model_dump(), "data": problems.content(row)}
    artifacts = {"networks": paths.teacher(name), "curve": paths.teacher_curve(name)}
    with provenance.timed("build_teachers", name, precision=place.precision, device=place.device.type):
        resume.once(keys.key(place, **determinants), artifacts, make, place)


if __name__ == "__main__":
    main(sys.argv[1])
