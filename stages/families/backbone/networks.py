"""The backbones, as their spec says: torchvision's ResNet-50 and MobileNetV2 of any width and depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import classes, torchvision_ready
from stages.learning.contracts import Networks, Seen, Tap

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RESNET_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
# Expansion, channels, blocks, stride of each stage: table 2 of the paper.
MOBILE_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
MOBILE_FEATURES = 1280


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `labels`, `classes` and `resolution` come from the row's labels and data."""

    labels: Annotated[int, Field(ge=2, le=1000)]
    classes: Annotated[int, Field(ge=2, le=1000)]
    resolution: Annotated[int, Field(ge=32, le=512)]
    network: Literal["resnet50", "mobilenet_v2"]
    pretrained: Literal["none", "imagenet"]
    width: Annotated[float, Field(gt=0, le=1)] = 1.0
    depth: Annotated[float, Field(gt=0, le=1)] = 1.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    subclasses: Annotated[int, Field(ge=1, le=100)] = 1
    merge: Annotated[int, Field(ge=1, le=500)] = 1

    @model_validator(mode="after")
    def fits(self) -> Spec:
        """Published weights fit the published sizes alone."""
        if self.pretrained == "imagenet" and (self.width, self.depth) != (1, 1):
            raise ValueError("pretrained: imagenet needs width 1.0 and depth 1.0")
        return self


def scaled(channels: int, width: float) -> int:
    """A share of the channels, in eights."""
    return max(8, round(channels * width / 8) * 8)


class Resnet(nn.Module):
    """torchvision's ResNet-50 without its head, of any width and depth; named alike, so that its weights fit."""

    def __init__(self, width: float, depth: float, block: Callable[..., nn.Module]) -> None:
        super().__init__()
        entry = scaled(64, width)
        self.conv1 = nn.Conv2d(3, entry, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(entry)
        stages = []
        for place, (full, blocks) in enumerate(RESNET_STAGES):
            planes, stride = scaled(full, width), 1 if place == 0 else 2
            layers = []
            for index in range(max(1, round(blocks * depth))):
                down = None
                if index == 0:
                    shortcut = nn.Conv2d(entry, 4 * planes, 1, stride=stride, bias=False)
                    down = nn.Sequential(shortcut, nn.BatchNorm2d(4 * planes))
                layers.append(block(entry, planes, stride if index == 0 else 1, down))
                entry = 4 * planes
            stages.append(nn.Sequential(*layers))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: Tensor) -> Tensor:
        h = torch.relu(self.bn1(self.conv1(image)))
        h = nn.functional.max_pool2d(h, 3, stride=2, padding=1)
        return self.layer4(self.layer3(self.layer2(self.layer1(h))))


def base_of(spec: Spec) -> nn.Module:
    """The network without its head."""
    torchvision_ready.declare_missing()
    from torchvision.models import mobilenet_v2, resnet

    if spec.network == "resnet50":
        return Resnet(spec.width, spec.depth, resnet.Bottleneck)
    stages = [[t, c, max(1, round(n * spec.depth)), s] for t, c, n, s in MOBILE_STAGES]
    return mobilenet_v2(weights=None, width_mult=spec.width, inverted_residual_setting=stages).features


def width_of(spec: Spec) -> int:
    """Channels of the pooled features."""
    return 4 * scaled(RESNET_STAGES[-1][0], spec.width) if spec.network == "resnet50" else MOBILE_FEATURES


class Backbone(nn.Module):
    """Base, mean over the map, dropout, linear head."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.base = base_of(spec)
        self.drop, self.head = nn.Dropout(spec.dropout), nn.Linear(width_of(spec), spec.classes * spec.subclasses)
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None], persistent=False)

    def watch(self, image: Float[Tensor, "n 3 h w"], frozen: bool = False) -> Seen:
        """Features, logits of subclasses, and logits of classes; a frozen base is as in evaluation."""
        pixels = ((image + 1) / 2 - self.mean) / self.deviation
        if frozen:
            mode = self.base.training
            self.base.eval()
            with torch.no_grad():
                maps = self.base(pixels)
            self.base.train(mode)
        else:
            maps = self.base(pixels)
        features = maps.mean(dim=(2, 3))
        return classes.seen(features.float(), self.head(self.drop(features)).float(), self.spec.subclasses)

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n cs"]:
        return self.watch(image)["logits"]


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row."""
    return Spec(**classes.sizes(row, labels, domains, resolution), **row)


def build(spec: Spec) -> Networks:
    """The network with weights of chance; published ones come in when training begins."""
    return {"classifier": Backbone(spec)}


def taps(spec: Spec, network: str) -> dict[str, Tap]:  # noqa: ARG001 - the contract
    """What may be compared."""
    return classes.taps(spec, width_of(spec))


PAPER = {"labels": 2, "classes": 2, "resolution": 224, "network": "resnet50", "pretrained": "none"}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The network of a spec and an input to count it with."""
    spec = Spec(**{"classes": settings["labels"] // settings.get("merge", 1), **settings})
    return build(spec), {"classifier": (torch.zeros(1, 3, spec.resolution, spec.resolution),)}
