"""How unlike a data set images are.

Mahalanobis' distance to the train split of what a judge's layers see on average, and of its features (Lee et al.,
NeurIPS 2018, arXiv 1807.03888): to the nearest class where an image has one alone, with one covariance for all, in
units of what few images of the validation split exceed. Differences: the layers are looked at together, not each by
itself with weights that are fitted to unlike images, and images are not disturbed before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from stages.measuring.features import extract
from stages.measuring.frechet import Moments, moments
from stages.measuring.judge import Judge, Seen
from stages.storage.prepared import Split

EXCEEDED = 0.99
"""The share of validation images whose strangeness is below 1."""
SMALLEST = 1e-6
"""Directions in which images vary less than this share of the largest variance are left out: they hold rounding."""
BATCH = 256


class Usual(NamedTuple):
    """What images usually are: the axes along which distances are measured, and on them the middle of each class."""

    axes: Float[Tensor, "d k"]
    middles: Float[Tensor, "c k"]

    def distance(self, seen: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        """Mahalanobis' distance of each image to the nearest class."""
        apart = (seen @ self.axes)[:, None, :] - self.middles[None]
        return apart.square().sum(dim=2).amin(dim=1).sqrt()


def looks(seen: Seen) -> Float[Tensor, "n d"]:
    """What an image looks like to a judge: the mean of each map of each layer, and its features."""
    return torch.cat([*(each.mean(dim=(2, 3)) for each in seen.maps), seen.features], dim=1)


def whitened(looked: Float[Tensor, "n d"], classes: Int[Tensor, " n"]) -> Usual:
    """What images look like: along each axis those of a class have the variance 1 on average."""
    middles = torch.stack([looked[classes == each].mean(dim=0) for each in classes.unique()])
    found = moments(looked - middles[torch.unique(classes, return_inverse=True)[1]])
    axes = axes_of(found)
    return Usual(axes, middles @ axes)


def axes_of(found: Moments) -> Float[Tensor, "d k"]:
    """The directions in which something varies, each divided by its deviation."""
    values, vectors = torch.linalg.eigh(found.covariance)
    kept = values > SMALLEST * values.max()
    return vectors[:, kept] / values[kept].sqrt()


def usual(judge: Judge, train: Split, validation: Split, attributes: bool, device: torch.device) -> Usual:
    """What a judge says of a data set, scaled so that `EXCEEDED` of the validation images are nearer than 1."""

    def looked(split: Split) -> Tensor:
        return extract(lambda images: looks(judge.watch(images)), split.images, batch=BATCH, device=device).double()

    labels = torch.from_numpy(np.array(train.labels))
    classes = torch.zeros(len(labels), dtype=torch.long) if attributes else labels.argmax(dim=1)
    found = whitened(looked(train), classes)
    reach = float(np.quantile(found.distance(looked(validation)).numpy(), EXCEEDED))
    return Usual(found.axes / reach, found.middles / reach)
