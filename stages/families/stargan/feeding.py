"""What StarGAN trains on: images, the labels they have, those they are to be given, and what is random about a step."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from stages.learning import batches
from stages.learning.contracts import Draw, Moment
from stages.learning.problems import Domain, Problem
from stages.settings.rows import Schedule
from stages.storage import labels


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Play:
    """How a training plays: the published ways are 5, `permuted` and `none`."""

    critic_steps: Annotated[int, Field(ge=1, le=20)]
    """Moves of the critic for each one of the generator."""
    targets: Literal["permuted", "mixed"]
    """Which labels are asked for."""
    augment: Literal["none", "window"]
    """Whether the critic sees all of every image."""


def targets(label: Tensor, domain: Domain, kind: str, random: np.random.Generator) -> Tensor:
    """The labels to translate to.

    `permuted` as published: the batch's own labels in another order. `mixed`: so for a quarter of the batch; a quarter
    keeps its labels; half has one label flipped, or set where labels exclude each other, as in the test.
    """
    target = label[batches.order(random, len(label))]
    if kind == "mixed":
        choices = random.integers(len(domain.names), size=len(label))
        for row, choice in enumerate(choices.tolist()):
            if row % 4:
                target[row] = label[row]
            if row % 4 > 1:
                labels.ask(target[row], domain.known.start + choice, domain.rivals(choice))
    return target


def windows(count: int, resolution: int, random: np.random.Generator) -> Tensor:
    """What a critic may look at: all of every other image, of the rest a square of half the side, somewhere.

    So every part of a picture has to convince on its own: the masks of DiffAugment's cutout (Zhao et al., NeurIPS
    2020) turned inside out.
    """
    centres = random.integers(resolution // 8, resolution - resolution // 8, size=(2, count, 1))
    near = np.abs(np.arange(resolution) - centres) <= resolution // 4
    square = near[0][:, :, None] & near[1][:, None, :]
    square[::2] = True
    return torch.from_numpy(square.astype(np.float32))[:, None]


def feed(problem: Problem, schedule: Schedule, play: Play, seed: int) -> Draw:
    """Batches of the data sets in turn."""

    def draw(step: int, turn: int) -> Moment:
        domain = problem.at(step)
        real, label = batches.images(domain, schedule, seed, step, turn)
        random = batches.chance(seed, step, turn)
        target = targets(label, domain, play.targets, random)
        mix = batches.shares(random, len(real))
        tensors = {"real": real, "label": label, "target": target, "mix": mix}
        if play.augment == "window":
            tensors["window"] = windows(len(real), real.shape[-1], random)
        return Moment(tensors, batches.seed_of(mix), step, schedule.steps)

    return draw
