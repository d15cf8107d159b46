"""A classifier: an image to the probability of each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stages.exporting import doors
from stages.exporting.contracts import Array, Arrays, Outside, Question
from stages.learning import devices, roles
from stages.learning.checkpoints import Checkpoint
from stages.learning.contracts import Networks
from stages.measuring import examination
from stages.settings import members, paths
from stages.settings.rows import ExportRow, Params
from stages.storage import prepared

LEVELS = 255.0
PART = 100


class Classifying(nn.Module):
    """What a classifier says of 8-bit images."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = network

    def forward(self, image: Tensor) -> Tensor:
        return torch.softmax(self.network.watch(doors.enter(image))["classes"].float(), dim=1)


def outside(row: ExportRow, checkpoint: Checkpoint, settings: Params) -> list[Outside]:
    """The one network of a classifier."""
    (name,) = roles.names(members.load("families", row.family), "generator")
    spec: Any = checkpoint.spec
    labels = classes(settings.teachers[row.teacher].labels, spec.merge)
    side = spec.resolution
    image = (torch.arange(2 * side * side * 3) % 251).to(torch.uint8).reshape(2, side, side, 3)
    return [
        Outside(name, Classifying(checkpoint.networks[name]), {"image": image}, "probabilities", {"labels": labels})
    ]


def classes(labels: list[str], merge: int) -> list[str]:
    """The classes' names; merged ones are called by their first and last label."""
    groups = [labels[start : start + merge] for start in range(0, len(labels), merge)]
    return [group[0] if len(group) == 1 else f"{group[0]}–{group[-1]}" for group in groups]


def questions(row: ExportRow, networks: Networks, settings: Params) -> Iterator[Question]:  # noqa: ARG001 - the contract
    """All test images, and the true class of each as 1 among zeros."""
    (name,) = roles.names(members.load("families", row.family), "generator")
    split = prepared.read(paths.dataset(row.dataset)).split("test")
    network: Any = networks[name].to(devices.choose("cpu", "float32").device)
    for start in range(0, len(split), PART):
        part = slice(start, start + PART)
        with torch.inference_mode():
            logits = network.watch(prepared.to_tensor(split.images[part]))["classes"].float()
        original = torch.softmax(logits, dim=1).numpy()
        truth = split.labels[part].argmax(axis=1) // (split.labels.shape[1] // original.shape[1])
        exact = np.eye(original.shape[1], dtype=np.float32)[truth]
        yield Question(name, {"image": split.images[part]}, original, exact)


def known(row: ExportRow, network: str, spec: Any, settings: Params, count: int) -> Arrays:  # noqa: ANN401, ARG001 - the contract
    """Train images."""
    split = prepared.read(paths.dataset(row.dataset)).split("train")
    return {"image": split.images[examination.spaced(min(count, len(split)), len(split))]}


def more(answers: Array, exact: Array) -> Mapping[str, float]:
    """How often the likeliest class is not the true one."""
    return {"error": float((answers.argmax(axis=1) != exact.argmax(axis=1)).mean())}
