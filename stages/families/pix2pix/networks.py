"""pix2pix's U-Net generator and its critic of image pairs, as their spec says."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.blocks import initial, norms, patchgan, two_domains
from stages.learning.contracts import Networks, Role, Seen, Tap

ROLES: dict[Role, tuple[str, ...]] = {"generator": ("generator",), "discriminator": ("discriminator",)}

LEAK, WIDEST, DROPPED = 0.2, 8, 0.5
MOST_HALVINGS = 8


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `resolution` comes from the row's data.

    Without `halvings` an image is halved down to one pixel, eight times at most.
    """

    resolution: Annotated[int, Field(ge=16, le=512, multiple_of=4)]
    width: Annotated[int, Field(ge=1, le=512)]
    critic_width: Annotated[int, Field(ge=1, le=512)]
    critic_layers: Annotated[int, Field(ge=1, le=6)]
    halvings: Annotated[int, Field(ge=2, le=9)] | None = None
    norm: norms.Kind = "batch"
    statistics: norms.Statistics = "evaluation"
    """How images are made of a trained network: by its running statistics, or as published by those of the batch at
    hand and with dropout."""

    @model_validator(mode="after")
    def fits(self) -> Spec:
        """The image can be halved so often, and the critic has room."""
        patchgan.demand(self.resolution, self.critic_layers)
        if self.resolution % 2 ** levels(self):
            raise ValueError(f"halvings: {self.resolution} px cannot be halved {levels(self)} times")
        return self


def levels(spec: Spec) -> int:
    """How often the image is halved."""
    if spec.halvings is not None:
        return spec.halvings
    return min(MOST_HALVINGS, (spec.resolution & -spec.resolution).bit_length() - 1)


def widths(spec: Spec) -> list[int]:
    """Channels after each halving: doubled from one to the next, eight times the first at most."""
    return [spec.width * min(2**level, WIDEST) for level in range(levels(spec))]


class Dropout(nn.Module):
    """Half of the values are 0; in an evaluated network only where it is to work as in training."""

    def __init__(self, statistics: norms.Statistics) -> None:
        super().__init__()
        self.statistics = statistics

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, DROPPED, training=self.training or self.statistics == "batch")


class Generator(nn.Module):
    """Image in, image out; a U-Net (Ronneberger et al., MICCAI 2015, arXiv 1505.04597).

    Down: leaky ReLU, convolution, norm; the first has no ReLU, the first and the innermost have no norm. Up: ReLU,
    transposed convolution, norm, on the middle levels of full width dropout; all but the innermost read what came up
    beside what went down. `up0` leaves the innermost level; taps are before ReLU and dropout.
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        channels, deepest = widths(spec), levels(spec) - 1
        bias = norms.biased(spec.norm)
        self.down, self.down_norms = nn.ModuleList(), nn.ModuleList()
        for level, (entry, leaving) in enumerate(pairwise([3, *channels])):
            self.down.append(nn.Conv2d(entry, leaving, 4, 2, 1, bias=bias))
            between = 0 < level < deepest
            self.down_norms.append(norms.layer(spec.norm, leaving, spec.statistics) if between else nn.Identity())
        self.up, self.up_norms, self.drops = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level in range(deepest, 0, -1):
            entry = channels[level] * (1 if level == deepest else 2)
            self.up.append(nn.ConvTranspose2d(entry, channels[level - 1], 4, 2, 1, bias=bias))
            self.up_norms.append(norms.layer(spec.norm, channels[level - 1], spec.statistics))
            dropped = level < deepest and channels[level - 1] == WIDEST * spec.width
            self.drops.append(Dropout(spec.statistics) if dropped else nn.Identity())
        self.paint = nn.ConvTranspose2d(2 * channels[0], 3, 4, 2, 1)
        initial.gaussian(self)

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Every tap of one pass, each computed once; `shown` is what a critic is shown, image on image."""
        seen, h = {}, image
        for level, (convolution, norm) in enumerate(zip(self.down, self.down_norms, strict=True)):
            h = norm(convolution(F.leaky_relu(h, LEAK) if level else h))
            seen[f"down{level}"] = h
        deepest = len(self.down) - 1
        for place, (convolution, norm, drop) in enumerate(zip(self.up, self.up_norms, self.drops, strict=True)):
            h = norm(convolution(F.relu(h)))
            seen[f"up{place}"] = h
            h = torch.cat([seen[f"down{deepest - 1 - place}"], drop(h)], dim=1)
        painted = torch.tanh(self.paint(F.relu(h)).float())
        return {**seen, "image": painted, "shown": torch.cat([image, painted], dim=1)}

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        return self.watch(image)["image"]


def make_spec(row: Mapping[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row."""
    two_domains.demand(labels, domains)
    return Spec(resolution=resolution, **row)


def build(spec: Spec) -> Networks:
    """Both networks with fresh weights."""
    critic = patchgan.PatchGAN(6, spec.critic_width, spec.critic_layers, spec.norm)
    return {"generator": Generator(spec), "discriminator": critic}


def taps(spec: Spec, network: str) -> dict[str, Tap]:
    """What may be compared."""
    if network == "discriminator":
        return patchgan.taps(spec.resolution, spec.critic_width, spec.critic_layers)
    maps = [Tap(count, "map", spec.resolution // 2 ** (level + 1)) for level, count in enumerate(widths(spec))]
    down = {f"down{level}": tap for level, tap in enumerate(maps)}
    up = {f"up{place}": tap for place, tap in enumerate(maps[-2::-1])}
    return {**down, **up, "image": Tap(3, "image", spec.resolution), "shown": Tap(6, "shown", spec.resolution)}


PAPER = {"resolution": 256, "width": 64, "critic_width": 64, "critic_layers": 3}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: Mapping[str, Any]) -> tuple[Networks, dict[str, tuple[Tensor, ...]]]:
    """Both networks of a spec, an image for one and a pair of images for the other."""
    spec = Spec(**settings)
    side = (spec.resolution, spec.resolution)
    return build(spec), {"generator": (torch.zeros(1, 3, *side),), "discriminator": (torch.zeros(1, 6, *side),)}
