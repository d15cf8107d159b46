"""The network that reads the classes of photographs: small and fully convolutional, trained on the train photographs.

It stands where the published FCN score has an FCN-8s trained on Cityscapes; scores by it are called `fcn_judge`, and
its own on real test photographs is the ceiling.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from stages.measuring.judge import shifted, tainted
from stages.measuring.palette import VOID, Palette
from stages.storage.prepared import Bytes, Split, to_tensor

REACHES = (1, 1, 2, 4)
"""Dilations of the convolutions: a pixel's class is read from 17 by 17 pixels around it."""


def layer(entry: int, channels: int, reach: int) -> nn.Module:
    """Convolution at full resolution, norm, ReLU."""
    convolution = nn.Conv2d(entry, channels, 3, padding=reach, dilation=reach, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class Segmenter(nn.Module):
    """An answer per class for each pixel of an image."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        entries = (3, *(width for _ in REACHES))
        self.layers = nn.Sequential(
            *(layer(entry, width, reach) for entry, reach in zip(entries, REACHES, strict=False))
        )
        self.answer = nn.Conv2d(width, classes, 1)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n k h w"]:
        return self.answer(self.layers(images))

    @torch.inference_mode()
    def seen(self, photographs: Bytes) -> Bytes:
        """The class of each pixel of photographs, [n, h, w]."""
        device = self.answer.weight.device
        answers = self(to_tensor(photographs).to(device))
        return answers.argmax(dim=1).to(torch.uint8).cpu().numpy()


def lesson(split: Split, palette: Palette, count: int, seed: int, step: int) -> tuple[Tensor, Int[Tensor, "n h w"]]:
    """Photographs disturbed as a judge's are, and the classes of their pixels; (seed, step) alone decide which."""
    random = np.random.Generator(np.random.Philox(key=np.array([seed, step], dtype=np.uint64)))
    pairs = len(split) // 2
    rows, mirrored = random.integers(pairs, size=count), random.random(count) < 0.5
    maps, photographs = split.images[rows], split.images[pairs + rows]
    for images in (maps, photographs):
        images[mirrored] = images[mirrored, :, ::-1]
    noise = torch.Generator().manual_seed((seed << 32) + step)
    both = [to_tensor(photographs), torch.from_numpy(palette.layout(maps))[:, None]]
    moved = shifted(torch.cat(both, dim=1), noise)
    return tainted(moved[:, :3], noise), moved[:, 3].long()


def share_read(segmenter: Segmenter, palette: Palette, split: Split, batch: int) -> float:
    """The share of the pixels of real photographs whose class it reads: no translation can be asked for more."""
    pairs, right, total = len(split) // 2, 0, 0
    for start in range(0, pairs, batch):
        rows = slice(start, min(start + batch, pairs))
        wanted, found = palette.layout(split.images[rows]), segmenter.seen(split.images[pairs:][rows])
        right, total = right + int((found == wanted).sum()), total + int((wanted != VOID).sum())
    return right / total
