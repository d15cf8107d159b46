"""Whether a distance between sets means anything: what it says of real images that are damaged more and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stages.measuring.examination import Test
from stages.storage.prepared import Bytes, Header, to_tensor, to_uint8

STRENGTHS = (0.0, 0.2, 0.5, 1.0)
TINT = (1.0, -0.5, -1.0)

Damage = Callable[[Tensor, float], Tensor]


def noise(images: Tensor, strength: float) -> Tensor:
    """Gaussian noise on every value."""
    drawn = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + strength * drawn).clamp(-1, 1)


def blur(images: Tensor, strength: float) -> Tensor:
    """Towards the mean of five by five pixels."""
    soft = F.avg_pool2d(F.pad(images, (2,) * 4, mode="replicate"), 5, 1)
    return torch.lerp(images, soft, strength)


def tint(images: Tensor, strength: float) -> Tensor:
    """Every image in the same wrong light."""
    return (images + strength * torch.tensor(TINT).view(3, 1, 1)).clamp(-1, 1)


DAMAGES: dict[str, Damage] = {"noise": noise, "blur": blur, "tint": tint}


def damaged(test: Test) -> Iterator[tuple[str, float, Bytes]]:
    """Kind, strength and images, the untouched ones first; each set is as large as the set of test images."""
    images = to_tensor(test.native)
    for name, damage in DAMAGES.items():
        for strength in STRENGTHS:
            yield name, strength, to_uint8(damage(images, strength))
    for count, rows in enumerate(without_modes(test) if modes(test.header) else ()):
        yield "dropped", float(count), test.native[rows]


def modes(header: Header) -> tuple[str, ...]:
    """Three labels whose bearers vanish in turn; of labels that exclude each other two, so that enough are left.

    None of two domains: what translations should look like has one label.
    """
    if header.kind in ("domains", "pairs"):
        return ()
    if header.kind != "attributes" or not header.exclusive:
        return header.labels[:3]
    rivals = header.exclusive[0]
    return (*rivals[:2], *(label for label in header.labels if label not in rivals))[:3]


def without_modes(test: Test) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Images left when up to three labels vanish, repeated to fill the set: each is real, together they lack kinds."""
    header, left = test.header, np.ones(len(test.images), bool)
    yield np.flatnonzero(left)
    for name in modes(header):
        left = left & (test.labels[:, header.labels.index(name)] == 0)
        if left.any():
            yield np.resize(np.flatnonzero(left), len(left))
