"""CycleGAN's two ResNet generators and two PatchGAN critics, as their spec says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import initial, patchgan, two_domains
from stages.blocks.norms import InstanceNorm
from stages.learning.contracts import Networks, Role, Seen, Tap

ROLES: dict[Role, tuple[str, ...]] = {
    "generator": ("forth", "back"),
    "discriminator": ("forth_critic", "back_critic"),
}
"""The i-th discriminator judges the images of the i-th generator."""

GATE_BIAS = 0.0
PAINTED = {"plain": 3, "gated": 4}
"""Output channels: the colours, and the mask m of m·tanh(o) + (1 − m)·x (GANimation, Pumarola et al., ECCV 2018)."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `resolution` comes from the row's data."""

    resolution: Annotated[int, Field(ge=16, le=512, multiple_of=4)]
    width: Annotated[int, Field(ge=1, le=512)]
    blocks: Annotated[int, Field(ge=1, le=32)]
    critic_width: Annotated[int, Field(ge=1, le=512)]
    critic_layers: Annotated[int, Field(ge=1, le=6)]
    output: Literal["plain", "gated"] = "plain"
    convolutions: Literal["standard", "separable"] = "standard"

    @model_validator(mode="after")
    def fits(self) -> Spec:
        """The critics must have room."""
        patchgan.demand(self.resolution, self.critic_layers)
        return self


def reflected(entry: int, leaving: int, side: int, groups: int = 1) -> nn.Module:
    """A convolution that pads with what it sees in the mirror."""
    return nn.Conv2d(entry, leaving, side, padding=side // 2, padding_mode="reflect", groups=groups)


def convolution(channels: int, kind: str) -> nn.Module:
    """The 3x3 convolution of a residual block; separable as GAN Compression has it, with a norm between its halves."""
    if kind == "standard":
        return reflected(channels, channels, 3)
    depthwise = reflected(channels, channels, 3, groups=channels)
    return nn.Sequential(depthwise, InstanceNorm(channels), nn.Conv2d(channels, channels, 1))


class Residual(nn.Module):
    """x + [conv, norm, ReLU, conv, norm]."""

    def __init__(self, channels: int, convolutions: str) -> None:
        super().__init__()
        self.main = nn.Sequential(
            convolution(channels, convolutions),
            InstanceNorm(channels),
            nn.ReLU(inplace=True),
            convolution(channels, convolutions),
            InstanceNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.main(x)


def normalised(layer: nn.Module, channels: int) -> tuple[nn.Module, ...]:
    """A convolution with its norm and ReLU."""
    return layer, InstanceNorm(channels), nn.ReLU(inplace=True)


class Generator(nn.Module):
    """Image in, image out; a residual network with two halvings (Johnson et al., ECCV 2016, arXiv 1603.08155)."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        d = spec.width
        halved = (normalised(nn.Conv2d(c, 2 * c, 3, 2, 1), 2 * c) for c in (d, 2 * d))
        doubled = (normalised(nn.ConvTranspose2d(c, c // 2, 3, 2, 1, 1), c // 2) for c in (4 * d, 2 * d))
        self.down = nn.Sequential(*normalised(reflected(3, d, 7), d), *(layer for layers in halved for layer in layers))
        self.residual = nn.ModuleList(Residual(4 * d, spec.convolutions) for _ in range(spec.blocks))
        self.up = nn.Sequential(*(layer for layers in doubled for layer in layers))
        self.paint = reflected(d, PAINTED[spec.output], 7)
        initial.gaussian(self)
        if spec.output == "gated":
            nn.init.zeros_(self.paint.weight[3:])  # type: ignore[index]
            nn.init.constant_(self.paint.bias[3:], GATE_BIAS)  # type: ignore[index]

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Every tap of one pass, each computed once."""
        h = self.down(image)
        seen = {"down": h}
        for index, block in enumerate(self.residual):
            h = block(h)
            seen[f"res{index}"] = h
        layers = self.paint(self.up(h)).float()
        painted = torch.tanh(layers[:, :3])
        if self.spec.output == "gated":
            seen["mask"] = gate = torch.sigmoid(layers[:, 3:])
            painted = gate * painted + (1 - gate) * image
        return {**seen, "image": painted}

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        return self.watch(image)["image"]


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row."""
    two_domains.demand(labels, domains)
    return Spec(resolution=resolution, **row)


def build(spec: Spec) -> Networks:
    """All four networks with fresh weights."""
    generators: Networks = {name: Generator(spec) for name in ROLES["generator"]}
    size = (spec.critic_width, spec.critic_layers)
    critics: Networks = {name: patchgan.PatchGAN(3, *size, "instance") for name in ROLES["discriminator"]}
    return initial.laid_out({**generators, **critics}, spec.resolution)


def taps(spec: Spec, network: str) -> dict[str, Tap]:
    """What may be compared."""
    if network in ROLES["discriminator"]:
        return patchgan.taps(spec.resolution, spec.critic_width, spec.critic_layers)
    inner = ("down", *(f"res{index}" for index in range(spec.blocks)))
    maps = {name: Tap(4 * spec.width, "map", spec.resolution // 4) for name in inner}
    return {**maps, "image": Tap(3, "image", spec.resolution)}


PAPER = {"resolution": 256, "width": 64, "blocks": 9, "critic_width": 64, "critic_layers": 3}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """The networks of a spec and an image for each."""
    spec = Spec(**settings)
    networks = build(spec)
    return networks, {name: (torch.zeros(1, 3, spec.resolution, spec.resolution),) for name in networks}
