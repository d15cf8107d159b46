"""The network that rules where the published ones are not used: a small classifier whose layers measure distances.

Differences from Inception and from the trunks of LPIPS: it is trained in the pipeline, on the train split of the data
it judges, to name the very attributes that are translated. Its distances are for rows of one data set, never for the
literature, and the columns say so (`fid_judge`, `lpips_judge`).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.storage.prepared import Header

FEATURES = 64
SMALLEST_MAP = 4
WIDEST = 4
TURNS = ("upright", "quarter", "half", "three_quarters")
"""What a judge names of images without labels: by how many quarters each is turned (Gidaris et al., ICLR 2018, arXiv
1803.07728)."""


def answers(header: Header) -> tuple[str, ...]:
    """What a judge can answer: the labels, or where there is nothing to choose from how an image is turned."""
    return TURNS if header.kind == "images" else header.labels


def asked(header: Header, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Images and the right answers: as they are, or without labels each image in all four positions."""
    if header.kind != "images":
        return images, labels
    every = torch.cat([images.rot90(quarters, dims=(2, 3)) for quarters in range(len(TURNS))])
    return every, torch.eye(len(TURNS)).repeat_interleave(len(images), dim=0)


class Seen(NamedTuple):
    """What one pass shows: an answer per label, the features of `fid_judge`, the maps of `lpips_judge`."""

    logits: Float[Tensor, "n c"]
    features: Float[Tensor, "n 64"]
    maps: tuple[Tensor, ...]


def layer(entry: int, channels: int, stride: int) -> nn.Module:
    """Convolution, norm, ReLU."""
    convolution = nn.Conv2d(entry, channels, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class Judge(nn.Module):
    """Convolutions at full resolution, halved down to a few pixels; their mean, 64 features, one answer per label."""

    def __init__(self, labels: int, width: int, resolution: int) -> None:
        super().__init__()
        layers, channels, remaining = [layer(3, width, 1)], width, resolution
        while remaining > SMALLEST_MAP:
            wider = min(2 * channels, WIDEST * width)
            layers.append(layer(channels, wider, 2))
            channels, remaining = wider, (remaining + 1) // 2
        self.layers = nn.ModuleList(layers)
        # No ReLU behind: a unit that never fires would be a dimension without variance.
        self.squeeze = nn.Linear(channels, FEATURES)
        self.answer = nn.Linear(FEATURES, labels)

    def watch(self, images: Float[Tensor, "n 3 h w"]) -> Seen:
        """All that is measured, from one pass."""
        maps = []
        for each in self.layers:
            images = each(images)
            maps.append(images)
        features = self.squeeze(images.mean(dim=(2, 3)))
        return Seen(self.answer(features), features, tuple(maps))

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c"]:
        return self.watch(images).logits

    def features(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 64"]:
        return self.watch(images).features

    def maps(self, images: Float[Tensor, "n 3 h w"]) -> tuple[Tensor, ...]:
        return self.watch(images).maps


def disturbed(images: Float[Tensor, "n 3 h w"], random: torch.Generator) -> Float[Tensor, "n 3 h w"]:
    """The same pictures a little shifted, tinted, blurred and noisy: what imperfect translations look like."""
    return tainted(shifted(images, random), random)


def shifted(images: Float[Tensor, "n c h w"], random: torch.Generator) -> Float[Tensor, "n c h w"]:
    """The same pictures, all a little down or up, left or right."""
    side, reach = images.shape[-1], max(1, images.shape[-1] // 16)
    framed = nn.functional.pad(images, (reach,) * 4, mode="replicate")
    down, right = torch.randint(2 * reach + 1, (2,), generator=random).tolist()
    return framed[..., down : down + side, right : right + side]


def tainted(images: Float[Tensor, "n 3 h w"], random: torch.Generator) -> Float[Tensor, "n 3 h w"]:
    """The same pictures a little tinted, blurred and noisy, each in its own way."""
    count = len(images)

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random)

    gain, offset = 0.9 + 0.2 * draw(count, 3, 1, 1), 0.2 * draw(count, 1, 1, 1) - 0.1
    soft = nn.functional.avg_pool2d(nn.functional.pad(images, (1,) * 4, mode="replicate"), 3, 1)
    images = torch.lerp(images, soft, 0.5 * draw(count, 1, 1, 1)) * gain + offset
    noise = torch.randn(images.shape, generator=random) * (0.1 * draw(count, 1, 1, 1))
    return (images + noise).clamp(-1, 1)
