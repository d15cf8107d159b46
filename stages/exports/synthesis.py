"""A generator of images: latents, and how far they are pulled to their mean, to images.

The test are the examination's first latents, at most as many as `IMAGES`; no image is the exact answer to a latent.
"""

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
from stages.measuring import synthesised
from stages.measuring.contracts import Synthesises
from stages.settings import members
from stages.settings.rows import ExportRow, Params

LEVELS = 1.0
PART = 100
IMAGES = 400
KNOWN = 2**22
"""Added to the seed of the test's latents where others are drawn."""


class Synthesising(nn.Module):
    """The family's synthesis with an 8-bit door."""

    def __init__(self, family: Synthesises, networks: Networks) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self.sample = family.sample

    def forward(self, latent: Tensor, truncation: Tensor) -> Tensor:
        return doors.leave(self.sample(dict(self.networks.items()), latent, truncation))  # type: ignore[arg-type] # a scalar


def outside(row: ExportRow, checkpoint: Checkpoint, settings: Params) -> list[Outside]:  # noqa: ARG001 - the contract
    """The one network that makes images of latents."""
    family: Any = members.load("families", row.family)
    networks = roles.kept(family, checkpoint.networks)
    (name,) = networks
    latents = family.latents(networks, 2, 0)
    inputs = {"latent": latents, "truncation": torch.tensor(0.7)}
    return [Outside(name, Synthesising(family, networks), inputs, "image", {"latent": latents.shape[1]})]


def questions(row: ExportRow, networks: Networks, settings: Params) -> Iterator[Question]:
    """The test's latents, truncated as the examination says."""
    family: Any = members.load("families", row.family)
    (name,) = roles.names(family, "generator")
    examined = settings.evaluation[row.examination]
    truncation = float(examined.get("truncation", 1.0))
    latents = family.latents(networks, examined["images"], examined["seed"])[:IMAGES]
    place = devices.choose("cpu", "float32")
    sample = synthesised.sampler(family, networks, truncation, place.device)
    parts = zip(latents.split(PART), synthesised.parts(sample, latents, PART), strict=True)
    for part, images in parts:
        yield Question(name, {"latent": part.numpy(), "truncation": np.float32(truncation)}, images)  # type: ignore[dict-item]


def known(row: ExportRow, network: str, spec: Any, settings: Params, count: int) -> Arrays:  # noqa: ANN401
    """Latents of another seed, truncated alike."""
    family: Any = members.load("families", row.family)
    examined = settings.evaluation[row.examination]
    built = {network: family.build(spec)[network]}
    latents = family.latents(built, count, examined["seed"] + KNOWN)
    return {"latent": latents.numpy(), "truncation": np.array(examined.get("truncation", 1.0), np.float32)}


def more(answers: Array, exact: Array) -> Mapping[str, float]:  # noqa: ARG001 - the contract
    """Nothing else."""
    return {}
