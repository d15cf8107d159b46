"""A translator of many labels: an image, the labels that it has and those that it shall have, to an image.

The labels are the columns of the vectors; where a teacher learnt of two data sets, the vectors end in two more, of
which the one is 1 whose labels are meant. A network that is told of the target alone has no input for the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stages.exporting import doors
from stages.exporting.contracts import Array, Arrays, Outside, Question
from stages.learning import devices, problems, roles
from stages.learning.checkpoints import Checkpoint
from stages.learning.contracts import Networks
from stages.measuring import examination
from stages.measuring.contracts import Translates
from stages.settings import members
from stages.settings.rows import ExportRow, Params

LEVELS = 1.0
PART = 100


class Translating(nn.Module):
    """The family's translation between 8-bit doors."""

    def __init__(self, family: Translates, networks: Networks) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self.translate = family.translate

    def forward(self, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
        return doors.leave(self.translate(dict(self.networks.items()), doors.enter(image), source, target))


def outside(row: ExportRow, checkpoint: Checkpoint, settings: Params) -> list[Outside]:
    """The one network that translates to every label."""
    family: Any = members.load("families", row.family)
    (name,) = roles.names(family, "generator")
    teacher = settings.teachers[row.teacher]
    domains = problems.read(teacher, "test").domains
    labels = [label for domain in domains for label in domain.names]
    labels += [domain.name for domain in domains] if len(domains) > 1 else []
    rivals = {
        domain.names[place]: [labels[column] for column in domain.rivals(place) if column != domain.known.start + place]
        for domain in domains
        for place in range(len(domain.names))
    }
    side = checkpoint.spec.resolution
    vectors = torch.eye(len(labels))[[0, len(labels) - 1]]
    inputs = {"image": grey(side), "source": vectors, "target": vectors.flip(0)}
    module = Translating(family, roles.kept(family, checkpoint.networks))
    return [Outside(name, module, inputs, "translated", {"labels": labels, "rivals": rivals})]


def grey(side: int) -> Tensor:
    """Two images to try a network with."""
    levels = torch.arange(2 * side * side * 3) % 251
    return levels.to(torch.uint8).reshape(2, side, side, 3)


def questions(row: ExportRow, networks: Networks, settings: Params) -> Iterator[Question]:
    """All test images, towards every label that is asked for."""
    family: Any = members.load("families", row.family)
    (name,) = roles.names(family, "generator")
    teacher = settings.teachers[row.teacher]
    place = devices.choose("cpu", "float32")
    for domain, (data, _) in zip(problems.read(teacher, "test").domains, problems.parts(teacher), strict=True):
        test = examination.prepare(domain, data.header, len(domain.split), data.split("validation"))
        translate = examination.network(test, family, networks, place.device)
        for target in range(len(test.wanted)):
            for part in test.parts(PART):
                vectors = (domain.vector(torch.from_numpy(each[part])) for each in (test.labels, test.wanted[target]))
                source, wanted = (each.numpy() for each in vectors)
                inputs = {"image": test.images[part], "source": source, "target": wanted}
                yield Question(name, inputs, translate(part, target), test.truth(part, target) if test.exact else None)


def known(row: ExportRow, network: str, spec: Any, settings: Params, count: int) -> Arrays:  # noqa: ANN401, ARG001 - the contract
    """Train images, each towards the next of the labels that are asked for."""
    teacher = settings.teachers[row.teacher]
    found: list[tuple[Array, Array, Array]] = []
    domains = problems.read(teacher, "train").domains
    for domain, (data, _) in zip(domains, problems.parts(teacher), strict=True):
        rows = examination.spaced(min(count // len(domains), len(domain.split)), len(domain.split))
        labels = domain.split.labels[rows]
        names = [domain.names[index % len(domain.names)] for index in range(len(rows))]
        asked = [examination.wanted(labels[[i]], data.header, name) for i, name in enumerate(names)]
        source, target = (domain.vector(torch.from_numpy(each)).numpy() for each in (labels, np.concatenate(asked)))
        found.append((domain.split.images[rows], source, target))
    image, source, target = (np.concatenate(each) for each in zip(*found, strict=True))
    return {"image": image, "source": source, "target": target}


def more(answers: Array, exact: Array) -> Mapping[str, float]:  # noqa: ARG001 - the contract
    """Nothing else."""
    return {}
