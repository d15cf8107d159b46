"""Two kinds of images, a and b: drawn apart or in pairs, mirrored, and moved a little as published.

The first label of the row names a, the second b, so the order of the labels is the direction of a translation.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stages.learning import batches
from stages.learning.contracts import Draw, Moment
from stages.learning.problems import Domain, Problem
from stages.settings.rows import Schedule
from stages.storage import prepared

APART = batches.MOST_TURNS // 2
"""Turns between the draws of the two batches of a step."""
LOADED, CROPPED = 286, 256
"""Sides of a published image before and after a piece of it is chosen."""


def demand(labels: int, domains: int) -> None:
    """Refuse rows that do not translate between two kinds of images of one data set."""
    if (labels, domains) != (2, 1):
        raise TypeError(f"labels: two labels of one data set are translated into each other, here are {labels}")


def half(domain: Domain, place: int) -> prepared.Split:
    """The images of one label of a row, which stand next to each other."""
    rows = np.flatnonzero(domain.split.labels[:, domain.columns[place]])
    others = domain.split.labels[rows, domain.columns[1 - place]]
    if not len(rows) or rows[-1] - rows[0] + 1 != len(rows) or others.any():
        raise prepared.DataError(
            f"data set {domain.name} is not of two kinds of images that stand apart: "
            f"{domain.names[place]} must be set in one stretch of its images, without {domain.names[1 - place]}"
        )
    stretch = slice(int(rows[0]), int(rows[-1]) + 1)
    return prepared.Split(domain.split.images[stretch], domain.split.labels[stretch], None, None)


def halves(domain: Domain) -> tuple[prepared.Split, prepared.Split]:
    """The images of both labels of a row."""
    return half(domain, 0), half(domain, 1)


def demand_pairs(domain: Domain) -> None:
    """Refuse data whose images do not belong together; one image of each label always does."""
    if domain.kind != "pairs" and len(domain.split) > len(domain.names):
        raise prepared.DataError(
            f"data set {domain.name} holds {domain.kind}, and pairs are needed: "
            "images of the first label, each with its image of the second"
        )


def wanted(target: Tensor) -> int:
    """The place of the label that a batch is to be given, which all of its images share."""
    places = target.argmax(dim=1)
    if (places != places[0]).any():
        raise ValueError("images of one batch must ask for the same label: a translator knows one direction")
    return int(places[0])


def moved(images: Tensor, places: Tensor) -> Tensor:
    """Images enlarged by 286/256, of which a window of the old size is cut out; `places` are shares of the room."""
    side = images.shape[-1]
    larger = F.interpolate(images, size=round(side * LOADED / CROPPED), mode="bilinear", align_corners=False)
    room = larger.shape[-1] - side + 1
    corners = (places * room).long().tolist()
    return torch.stack([image[:, y : y + side, x : x + side] for image, (y, x) in zip(larger, corners, strict=True)])


def feed(problem: Problem, schedule: Schedule, jitter: bool, seed: int, paired: bool) -> Draw:
    """Batches `a` and `b`, the same for all players of a step; in pairs they are the same rows, treated alike."""
    domain = problem.domains[0]
    if paired:
        demand_pairs(domain)
    sides = halves(domain)

    def draw(step: int, turn: int) -> Moment:  # noqa: ARG001 - both players of a step see the same images
        turns = (0, 0) if paired else (0, APART)
        drawn = [
            prepared.batch(split, schedule.batch, seed, step * batches.MOST_TURNS + turn, schedule.flip)[0]
            for split, turn in zip(sides, turns, strict=True)
        ]
        randoms = [batches.chance(seed, step, turn) for turn in turns]
        own = int(batches.chance(seed, step, 1).integers(1 << 31))
        if jitter:
            shares = [torch.from_numpy(random.random((schedule.batch, 2))) for random in randoms]
            drawn = [moved(images, places) for images, places in zip(drawn, shares, strict=True)]
        a, b = drawn
        return Moment({"a": a, "b": b}, own, step, schedule.steps)

    return draw
