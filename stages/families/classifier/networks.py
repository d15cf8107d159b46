"""The small classifiers, as their spec says: a convolutional one and a perceptron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import classes
from stages.learning import devices
from stages.learning.contracts import Networks, Seen, Tap


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `labels`, `classes` and `resolution` come from the row's labels and data."""

    labels: Annotated[int, Field(ge=2, le=1000)]
    classes: Annotated[int, Field(ge=2, le=1000)]
    resolution: Annotated[int, Field(ge=8, le=512)]
    network: Literal["convolutional", "perceptron"]
    filters: Annotated[int, Field(ge=1, le=512)] = 32
    """Of the first convolution; the second has twice as many."""
    dense: Annotated[int, Field(ge=1, le=4096)] = 128
    padding: Literal["same", "valid"] = "same"
    hidden: Annotated[int, Field(ge=1, le=4096)] = 784
    """Units of both hidden layers of the perceptron."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    subclasses: Annotated[int, Field(ge=1, le=100)] = 1
    merge: Annotated[int, Field(ge=1, le=500)] = 1


class Pool(nn.MaxPool2d):
    """The largest value nearby, channels last in memory, which on processors is several times faster for small maps."""

    def forward(self, image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c k l"]:
        return super().forward(image.contiguous(memory_format=torch.channels_last))


class Classifier(nn.Module):
    """Grey image in, logits out."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.drop: nn.Module
        outputs = spec.classes * spec.subclasses
        if spec.network == "convolutional":
            d, grown, drop = spec.filters, 2 * spec.filters, nn.Dropout(spec.dropout)
            self.body = nn.Sequential(
                *(nn.Conv2d(1, d, 3, padding=spec.padding), nn.ReLU(), Pool(2, 1)),
                *(nn.Conv2d(d, grown, 3, padding=spec.padding), nn.ReLU(), Pool(2, 2), drop),
                *(nn.Flatten(), nn.Linear(grown * pooled(spec) ** 2, spec.dense), nn.ReLU()),
            )
            self.drop, width = nn.Dropout(spec.dropout), spec.dense
        else:
            pixels, width = spec.resolution**2, spec.hidden
            layers = (nn.Linear(pixels, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
            self.body, self.drop = nn.Sequential(nn.Flatten(), *layers), nn.Identity()
        self.head = nn.Linear(width, outputs)

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Features, logits of subclasses, and logits of classes, each computed once."""
        with devices.full_precision(image):
            features = self.body((image[:, :1] + 1) / 2)
            return classes.seen(features, self.head(self.drop(features)), self.spec.subclasses)

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n cs"]:
        return self.watch(image)["logits"]


def pooled(spec: Spec) -> int:
    """Pixels a side behind both convolutions and pools."""
    lost = 0 if spec.padding == "same" else 2
    return (spec.resolution - lost - 1 - lost) // 2


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row."""
    return Spec(**classes.sizes(row, labels, domains, resolution), **row)


def build(spec: Spec) -> Networks:
    """The classifier with fresh weights."""
    return {"classifier": Classifier(spec)}


def taps(spec: Spec, network: str) -> dict[str, Tap]:  # noqa: ARG001 - the contract
    """What may be compared."""
    return classes.taps(spec, spec.dense if spec.network == "convolutional" else spec.hidden)


PAPER = {"labels": 10, "classes": 10, "resolution": 28, "network": "convolutional"}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The network of a spec and an input to count it with."""
    spec = Spec(**{"classes": settings["labels"] // settings.get("merge", 1), **settings})
    return build(spec), {"classifier": (torch.zeros(1, 3, spec.resolution, spec.resolution),)}
