"""Train the large network of one row. In: data/<dataset>; out: results/teachers/<teacher>.safetensors and its curve."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from stages.harness.learning import batches, checkpoints, devices, problems, resume, training
from stages.harness.learning.game import Batch, Side
from stages.harness.settings import crosschecks, members, params, paths, provenance


def main(name: str) -> None:
    """Train the teacher called `name`."""
    settings = params.load()
    row = settings.teachers[name]
    schedule = settings.schedules[row.schedule]
    place = devices.choose(settings.run.device, settings.run.precision)
    family, none = members.load("families", row.family), members.load("distillations", "none")
    domains = problems.load(row, "train")
    spec = crosschecks.spec_of(row, settings)

    def make(scratch: Path) -> dict[str, bytes]:
        torch.manual_seed(row.seed)
        networks = family.build(spec)
        for network in networks.values():
            network.to(place.device)
        lessons = {player: none.objective(Side({}, {}), Side({}, {})) for player in networks}
        players = family.players(networks, None, lessons, family.Losses(**row.losses), schedule.critic_steps)
        run = training.prepare(players, schedule)

        def draw(step: int, move: int) -> Batch:
            return batches.draw(domains, schedule, row.seed, step, move)

        curve = resume.fit(name, run, draw, schedule, place, scratch, settings.run.save_every)
        described = {"row": row.model_dump(), "schedule": schedule.model_dump()}
        about = {"teacher": name, **described, "precision": place.precision}
        return {
            "networks": checkpoints.serialise(row.family, spec, {**networks, **run.averaged()}, about),
            "curve": curve.encode(),
        }

    determinants = {"row": row.model_dump(), "schedule": schedule.model_dump(), "data": problems.content(row)}
    artifacts = {"networks": paths.teacher(name), "curve": paths.teacher_curve(name)}
    with provenance.timed("build_teachers", name, precision=place.precision, device=place.device.type):
        resume.once(resume.key(place, **determinants), artifacts, make, place)


if __name__ == "__main__":
    main(sys.argv[1])
