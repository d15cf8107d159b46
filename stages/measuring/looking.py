"""What is kept of many images that are seen batch by batch: features, what a reader sees, and the first of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stages.measuring import kept, readings
from stages.measuring.features import extract
from stages.measuring.readings import Readings
from stages.measuring.rulers import Rulers
from stages.storage.factors import Program
from stages.storage.prepared import Bytes

SHOWN = 1000
"""How many images are kept, to be drawn again and held against a teacher's: a program draws slowly."""


@dataclass(frozen=True)
class Seen:
    """Features of all images, what a reader sees in them where there is one, and the first images."""

    features: Float[Tensor, "n d"]
    found: Readings | None
    images: Bytes

    def arrays(self) -> kept.Arrays:
        """To be kept in scratch."""
        read = {} if self.found is None else {"values": self.found.values.numpy(), "traits": self.found.traits.numpy()}
        return {"features": self.features.numpy(), "images": self.images, **read}


def of_arrays(arrays: kept.Arrays) -> Seen:
    """What was kept in scratch."""
    found = None
    if "values" in arrays:
        found = Readings(torch.from_numpy(arrays["values"]), torch.from_numpy(arrays["traits"]))
    return Seen(torch.from_numpy(arrays["features"]), found, arrays["images"])


def look(
    parts: Iterable[Bytes], tools: Rulers, device: torch.device, *, shown: int = SHOWN, reading: bool = True
) -> Seen:
    """See images, batch by batch."""
    features, found, first, left = [], [], [], shown
    for part in parts:
        features.append(extract(tools.features, part, batch=len(part), device=device))
        if tools.reader is not None and reading:
            found.append(tools.reader.read(part))
        first.append(part[:left].copy())
        left -= len(first[-1])
    return Seen(torch.cat(features), readings.joined(found) if found else None, np.concatenate(first))


def pieces(images: Bytes, batch: int) -> Iterator[Bytes]:
    """Images that are there already, batch by batch."""
    for start in range(0, len(images), batch):
        yield images[start : start + batch]


def drawn(program: Program, codes: Bytes, batch: int) -> Iterator[Bytes]:
    """Images of given factors, batch by batch."""
    for part in pieces(codes, batch):
        yield program.draw(part)


def redrawn(program: Program, images: Bytes, found: Readings, batch: int) -> Float[Tensor, " n"]:
    """Of images the mean absolute difference to what the program draws of the factors seen in them, levels to 1."""
    far = []
    for start in range(0, len(images), batch):
        rows = slice(start, min(start + batch, len(images)))
        again = program.draw(found.some(rows).codes())
        far.append(np.abs(images[rows].astype(np.int16) - again).mean(axis=(1, 2, 3)) / 255)
    return torch.from_numpy(np.concatenate(far))
