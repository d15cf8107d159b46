"""Whether images are nearer to those that networks were trained on than to others of the same law.

Images are compared by what a reader sees in them: the squared distance is the number of categories that differ plus the
squared differences of traits in shares of their range. `copies` is the share of produced images whose nearest train
image is nearer than the nearest of as many fresh draws, a tie counting half: ½ where nothing was memorised, since train
images and fresh draws are then alike; 1 where every image is a copy. `nearest_ratio` is the median distance to the
nearest train image over that to the nearest fresh draw: 1 where nothing was memorised, 0 where images are copies.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Nearest
from stages.measuring.readings import Readings

NEEDS = "neighbours"
COLUMNS = {
    "copies": Column(
        "min",
        "",
        "copies",
        "share of images nearer to a train image than to any of as many fresh draws; 0.5 is none",
    ),
    "nearest_ratio": Column(
        "", "", "nearest ratio", "median distance to the nearest train image over that to a fresh draw; 1 is none"
    ),
}
AT_ONCE = 500
"""Images whose distances are taken at once."""


def measure(given: Nearest) -> dict[str, Tensor | float]:
    """The share image by image, and the ratio."""
    if len(given.train) != len(given.fresh):
        raise ValueError(f"as many fresh draws as train images are needed: {len(given.fresh)}, {len(given.train)}")
    produced = placed(given.produced, given)
    train, fresh = (nearest(produced, placed(each, given)) for each in (given.train, given.fresh))
    tied = (train - fresh).abs() <= 1e-6
    ratio = float(train.median() / fresh.median().clamp_min(1e-12))
    return {"copies": torch.where(tied, 0.5, (train < fresh).double()), "nearest_ratio": ratio}


def placed(found: Readings, given: Nearest) -> Float[Tensor, "n d"]:
    """Images as points whose distances are the ones said above."""
    sizes = (
        given.train.values.amax(dim=0)
        .maximum(given.fresh.values.amax(dim=0))
        .maximum(given.produced.values.amax(dim=0))
    )
    marks = [
        torch.nn.functional.one_hot(column, int(most) + 1).double() / 2**0.5
        for column, most in zip(found.values.T, sizes, strict=True)
    ]
    return torch.cat([*marks, found.traits[:, list(given.followed)].double()], dim=1)


def nearest(points: Float[Tensor, "n d"], others: Float[Tensor, "m d"]) -> Float[Tensor, " n"]:
    """The distance of each point to the nearest of others."""
    lengths = others.square().sum(dim=1)
    found = [(lengths - 2 * part @ others.T).amin(dim=1) + part.square().sum(dim=1) for part in points.split(AT_ONCE)]
    return torch.cat(found).clamp_min(0).sqrt()
