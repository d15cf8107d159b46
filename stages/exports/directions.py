"""Translators of one direction each: an image of the one label to an image of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from stages.exporting import doors
from stages.exporting.contracts import Array, Arrays, Outside, Question
from stages.learning import devices, problems, roles
from stages.learning.checkpoints import Checkpoint
from stages.learning.contracts import Networks
from stages.measuring import examination
from stages.settings import members
from stages.settings.rows import ExportRow, Params

LEVELS = 1.0
PART = 100


class Translating(nn.Module):
    """The network of a direction between 8-bit doors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return doors.leave(self.network(doors.enter(image)))


def directions(row: ExportRow) -> dict[str, tuple[int, int]]:
    """Of each kept network the places of its labels, from and to."""
    family: Any = members.load("families", row.family)
    return dict(zip(roles.names(family, "generator"), family.DIRECTIONS, strict=True))


def outside(row: ExportRow, checkpoint: Checkpoint, settings: Params) -> list[Outside]:
    """The network of each direction."""
    labels, found = settings.teachers[row.teacher].labels, []
    side = checkpoint.spec.resolution
    for name, (source, target) in directions(row).items():
        about = {"labels": labels, "from": labels[source], "to": labels[target]}
        image = (torch.arange(2 * side * side * 3) % 251).to(torch.uint8).reshape(2, side, side, 3)
        found.append(Outside(name, Translating(checkpoint.networks[name]), {"image": image}, "translated", about))
    return found


def questions(row: ExportRow, networks: Networks, settings: Params) -> Iterator[Question]:
    """All test images of a label, through the network of its direction."""
    family: Any = members.load("families", row.family)
    teacher = settings.teachers[row.teacher]
    ((data, _),), (domain,) = problems.parts(teacher), problems.read(teacher, "test").domains
    place = devices.choose("cpu", "float32")
    for name, pair in directions(row).items():
        test = examination.directed(domain, data.header, len(domain.split), data.split("validation"), pair, False)
        translate = examination.network(test, family, networks, place.device)
        for part in test.parts(PART):
            exact = test.truth(part, 0) if test.exact else None
            yield Question(name, {"image": test.images[part]}, translate(part, 0), exact)


def known(row: ExportRow, network: str, spec: Any, settings: Params, count: int) -> Arrays:  # noqa: ANN401, ARG001 - the contract
    """Train images of the direction's first label."""
    teacher = settings.teachers[row.teacher]
    ((data, _),), (domain,) = problems.parts(teacher), problems.read(teacher, "train").domains
    source, _ = directions(row)[network]
    rows = examination.some(examination.of_label(domain.split, data.header, domain.names[source]), count)
    return {"image": domain.split.images[rows]}


def more(answers: Array, exact: Array) -> Mapping[str, float]:  # noqa: ARG001 - the contract
    """Nothing else."""
    return {}
