"""StarGAN's generator and discriminator, as their spec says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.learning.contracts import Networks, Seen, Tap

GATE_BIAS = -1.0
PAINTED = {"plain": 3, "residual": 3, "gated": 4}
"""Output channels: the colours, and the mask m of m·tanh(o) + (1 − m)·x (GANimation, Pumarola et al., ECCV 2018)."""
DEEPEST_TRUNK, LEAK = 6, 0.01


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `labels` and `resolution` come from the row's labels and data."""

    labels: Annotated[int, Field(ge=1, le=512)]
    classes: Annotated[int, Field(ge=1, le=512)]
    resolution: Annotated[int, Field(ge=16, le=512, multiple_of=4)]
    width: Annotated[int, Field(ge=1, le=512)]
    blocks: Annotated[int, Field(ge=1, le=32)]
    critic_width: Annotated[int, Field(ge=1, le=512)]
    output: Literal["plain", "residual", "gated"] = "plain"
    convolutions: Literal["standard", "separable"] = "standard"
    condition: Literal["target", "difference"] = "target"


def norm(channels: int) -> nn.Module:
    """Instance normalisation with affine parameters and instance statistics only.

    A group of one channel is an instance: the same numbers as `nn.InstanceNorm2d`, a tenth faster on a CPU.
    """
    return nn.GroupNorm(channels, channels)


def convolution(channels: int, kind: str) -> nn.Module:
    """The 3x3 convolution of a residual block."""
    if kind == "standard":
        return nn.Conv2d(channels, channels, 3, padding=1, bias=False)
    depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(channels, channels, 1, bias=False))


class Residual(nn.Module):
    """x + [conv, norm, ReLU, conv, norm]."""

    def __init__(self, channels: int, convolutions: str) -> None:
        super().__init__()
        self.main = nn.Sequential(
            convolution(channels, convolutions),
            norm(channels),
            nn.ReLU(inplace=True),
            convolution(channels, convolutions),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.main(x)


class Generator(nn.Module):
    """Image and label planes in, image out."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        d = spec.width
        self.down = nn.Sequential(
            nn.Conv2d(3 + spec.labels, d, 7, padding=3, bias=False),
            norm(d),
            nn.ReLU(inplace=True),
            *(
                layer
                for c in (d, 2 * d)
                for layer in (nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False), norm(2 * c), nn.ReLU(inplace=True))
            ),
        )
        self.residual = nn.ModuleList(Residual(4 * d, spec.convolutions) for _ in range(spec.blocks))
        self.up = nn.Sequential(
            *(
                layer
                for c in (4 * d, 2 * d)
                for layer in (nn.ConvTranspose2d(c, c // 2, 4, 2, 1, bias=False), norm(c // 2), nn.ReLU(inplace=True))
            )
        )
        self.paint = nn.Conv2d(d, PAINTED[spec.output], 7, padding=3, bias=False)
        if spec.output == "gated":
            nn.init.zeros_(self.paint.weight[3:])
            self.gate = nn.Parameter(torch.full((1,), GATE_BIAS))

    def watch(self, image: Float[Tensor, "n 3 h w"], label: Float[Tensor, "n c"]) -> Seen:
        """Every tap of one pass, each computed once."""
        planes = label[:, :, None, None].expand(-1, -1, *image.shape[2:])
        h = self.down(torch.cat([image, planes], dim=1))
        seen = {"down": h}
        for index, block in enumerate(self.residual):
            h = block(h)
            seen[f"res{index}"] = h
        h = self.up(h)
        layers = self.paint(h).float()
        painted = torch.tanh(layers[:, :3])
        if self.spec.output == "gated":
            seen["mask"] = gate = torch.sigmoid(layers[:, 3:] + self.gate)
            painted = gate * painted + (1 - gate) * image
        elif self.spec.output == "residual":
            painted = (image + 2 * painted).clamp(-1, 1)
        return {**seen, "image": painted}

    def forward(self, image: Float[Tensor, "n 3 h w"], label: Float[Tensor, "n c"]) -> Float[Tensor, "n 3 h w"]:
        return self.watch(image, label)["image"]


def trunk_widths(spec: Spec) -> list[int]:
    """Channels of the discriminator's trunk: doubled while the map can be halved, six times at most."""
    halvings = 0
    while (
        spec.resolution % 2 ** (halvings + 1) == 0 and spec.resolution // 2**halvings > 2 and halvings < DEEPEST_TRUNK
    ):
        halvings += 1
    return [spec.critic_width * 2**index for index in range(halvings)]


class Discriminator(nn.Module):
    """A trunk of strided convolutions with a patch score and a classifier of the whole remaining map."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        widths = trunk_widths(spec)
        entries = zip([3, *widths], widths, strict=False)
        self.trunk = nn.ModuleList(nn.Sequential(nn.Conv2d(c, d, 4, 2, 1), nn.LeakyReLU(LEAK)) for c, d in entries)
        self.patch = nn.Conv2d(widths[-1], 1, 3, padding=1, bias=False)
        self.classify = nn.Conv2d(widths[-1], spec.classes, spec.resolution // 2 ** len(widths), bias=False)

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Every tap of one pass, each computed once."""
        seen, h = {}, image
        for index, layer in enumerate(self.trunk):
            h = layer(h)
            seen[f"trunk{index}"] = h
        return {**seen, "trunk": h, "patch": self.patch(h).float(), "class": self.classify(h).float().flatten(1)}

    def slope(self, seen: Seen) -> Float[Tensor, "n 3 h w"]:
        """The derivative of the sum of all patch scores by the image, where `seen` was seen.

        The trunk is piecewise linear: between kinks its derivative is a product of its weights alone. Written as
        that product, it needs no second derivatives of autograd's, which cost several times as much.
        """
        h = F.conv_transpose2d(torch.ones_like(seen["patch"]), self.patch.weight, padding=1)
        for index in reversed(range(len(self.trunk))):
            h = torch.where(seen[f"trunk{index}"] > 0, h, LEAK * h)
            h = F.conv_transpose2d(h, self.trunk[index][0].weight, stride=2, padding=1)  # type: ignore[index]
        return h.float()

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> tuple[Tensor, Tensor]:
        seen = self.watch(image)
        return seen["patch"], seen["class"]


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row: with two data sets the label vector ends in a mask that says which one is meant."""
    mask = domains if domains > 1 else 0
    return Spec(labels=labels + mask, classes=labels, resolution=resolution, **row)


def build(spec: Spec) -> Networks:
    """Both networks with fresh weights."""
    return {"generator": Generator(spec), "discriminator": Discriminator(spec)}


def taps(spec: Spec, network: str) -> dict[str, Tap]:
    """What may be compared."""
    if network == "generator":
        inner = {"down": 4 * spec.width, **{f"res{i}": 4 * spec.width for i in range(spec.blocks)}}
        side = spec.resolution // 4
        maps = {name: Tap(channels, "map", side) for name, channels in inner.items()}
        return {**maps, "image": Tap(3, "image", spec.resolution)}
    trunk = [
        Tap(channels, "map", spec.resolution // 2 ** (index + 1)) for index, channels in enumerate(trunk_widths(spec))
    ]
    return {**{f"trunk{index}": tap for index, tap in enumerate(trunk)}, "trunk": trunk[-1]}


PAPER = {"labels": 5, "resolution": 128, "width": 64, "blocks": 6, "critic_width": 64}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The networks of a spec and inputs to count them with."""
    spec = Spec(**{"classes": settings["labels"], **settings})
    image, label = torch.zeros(1, 3, spec.resolution, spec.resolution), torch.zeros(1, spec.labels)
    return build(spec), {"generator": (image, label), "discriminator": (image,)}
