"""Image classifiers on ImageNet's backbones: ResNet-50 teaches MobileNetV2 (He et al., 2016; Sandler et al., 2018).

CVPR 2016, arXiv 1512.03385; CVPR 2018, arXiv 1801.04381. The ResNet is torchvision's, version 1.5: the stride of a
block stands in its 3x3 convolution. It is not the pre-activation version 2 (arXiv 1603.05027) that MHIST's notebooks
take from Keras. `width` and `depth` shrink both: channels, and blocks per stage.

`pretrained: imagenet` starts a network from torchvision's published weights (its newer ones, IMAGENET1K_V2), found in
the places that stages/harness/exchange/weights.py names and held against their hash; `none` starts from chance. The
base stands still for the first `frozen_steps`, its batch norms too; the schedule's `decay: tenth` then lowers the
rate. Pixels are normalised by ImageNet's mean and deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import classes, torchvision_ready
from stages.harness.exchange import weights
from stages.harness.learning.game import Player, Seen

NETWORKS = ("classifier",)
EXAMINATION = "classification"
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


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """What training does besides cross-entropy; L_aux is a teacher's alone."""

    frozen_steps: Annotated[int, Field(ge=0)] = 0
    """Steps in which the base stands still and the head learns."""
    apart: Annotated[float, Field(ge=0)] = 0.0
    """β of L_aux, which keeps subclasses apart."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    """T of L_aux."""


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
    """Base, mean over the map, dropout, linear head; counts the steps it took, which a resumed training must know."""

    mean: Tensor
    deviation: Tensor
    taken: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.base = base_of(spec)
        self.drop, self.head = nn.Dropout(spec.dropout), nn.Linear(width_of(spec), spec.classes * spec.subclasses)
        self.register_buffer("taken", torch.zeros((), dtype=torch.int64))
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


def make_spec(row: dict[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row."""
    return Spec(**classes.sizes(row, labels, domains, resolution), **row)


def shrink(spec: Spec, changes: dict[str, Any]) -> Spec:
    """The teacher's spec with the student's changes."""
    return Spec(**{**asdict(spec), **changes})


def build(spec: Spec) -> dict[str, nn.Module]:
    """The network with weights of chance; published ones come in when training begins."""
    return {"classifier": Backbone(spec)}


def taps(spec: Spec, player: str) -> dict[str, int]:  # noqa: ARG001 - the contract
    """Names and channels of what may be compared."""
    return classes.taps(spec, width_of(spec))


def published_weights(spec: Spec) -> tuple[str, ...]:
    """The entries of stages/harness/exchange/weights.py that training begins with."""
    return (spec.network,) if spec.pretrained == "imagenet" else ()


def begin(network: Backbone) -> None:
    """Published weights into the base of a network that has not been trained yet."""
    for name in published_weights(network.spec) if int(network.taken) == 0 else ():
        prefix = "features." if network.spec.network == "mobilenet_v2" else ""
        heads = ("fc.", "classifier.")
        state = {key: value for key, value in weights.load(name, None).items() if not key.startswith(heads)}
        network.base.load_state_dict({key.removeprefix(prefix): value for key, value in state.items()})


def players(
    networks: dict[str, nn.Module],
    teacher: dict[str, nn.Module] | None,
    lessons: dict[str, Any],
    losses: Losses,
    critic_steps: int,  # noqa: ARG001 - the contract
) -> list[Player]:
    """The classifier alone."""
    network: Any = networks["classifier"]
    begin(network)

    def watch(image: Tensor) -> Seen:
        seen = network.watch(image, frozen=int(network.taken) < losses.frozen_steps)
        network.taken += 1
        return seen

    return classes.alone(network, teacher, lessons["classifier"], losses, watch)


PAPER = {"labels": 2, "classes": 2, "resolution": 224, "network": "resnet50", "pretrained": "none"}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: dict[str, Any]) -> tuple[dict[str, nn.Module], dict[str, tuple[Tensor, ...]]]:
    """The network of a spec and an input to count it with."""
    spec = Spec(**{"classes": settings["labels"] // settings.get("merge", 1), **settings})
    return build(spec), {"classifier": (torch.zeros(1, 3, spec.resolution, spec.resolution),)}
