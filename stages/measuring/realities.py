"""What images without input are held against: many real ones that no network is trained on, and how rulers see them.

Fresh draws of a program are parted: what a reader of factors learnt from, and the others. Reported numbers are held
against the others, numbers by which something is chosen against the former, so that nothing is chosen on what is
reported. Data without fresh draws have the test and the validation split in these places. How far real images are from
what is drawn again is always taken from draws that the reader did not learn from, as its mistakes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stages.measuring import kept, looking
from stages.measuring.examination import spaced
from stages.measuring.judging import Bench
from stages.measuring.reader import learnt_from
from stages.measuring.readings import Mistakes, Readings
from stages.storage.factors import Factors, Program
from stages.storage.prepared import FRESH, Bytes, Prepared

Purpose = Literal["reporting", "choosing"]
HELD = {"reporting": "test", "choosing": "validation"}
REDRAWN = 2000
"""How many real images are drawn again."""


@dataclass(frozen=True)
class Drawn:
    """What is known where a program draws the images.

    `fresh` is what a reader, which errs as `mistakes` say, sees in draws that nobody learnt from, `train` in as many
    train images; `distances` are those of fresh draws to what is drawn again.
    """

    program: Program
    mistakes: Mistakes
    fresh: Readings
    train: Readings
    distances: Float[Tensor, " m"]

    @property
    def law(self) -> Factors:
        """The factors and their chances."""
        return self.program.factors


@dataclass(frozen=True)
class Reality:
    """The real side of one data set: features of real images, and what is known where factors are."""

    features: Float[Tensor, "n d"]
    drawn: Drawn | None


def held(data: Prepared, purpose: Purpose) -> Bytes:
    """The real images that produced ones are held against."""
    if FRESH not in data.splits:
        return data.split(HELD[purpose]).images
    images = data.split(FRESH).images
    middle = learnt_from(len(images))
    return images[middle:] if purpose == "reporting" else images[:middle]


def looked(data: Prepared, program: Program | None, bench: Bench, purpose: Purpose) -> kept.Arrays:
    """What rulers see of the real side, as arrays."""
    tools, batch = bench.rulers, bench.settings.batch
    parts = looking.pieces(held(data, purpose), batch)
    features = looking.look(parts, tools, bench.device, shown=1, reading=False).features
    found: dict[str, np.ndarray] = {"features": features.numpy()}
    if program is None or tools.reader is None:
        return found
    fresh, train = held(data, "reporting"), data.split("train").images
    count = min(len(fresh), len(train))
    for name, images in (("fresh", fresh[:count]), ("train", train[spaced(count, len(train))])):
        read = tools.reader.read_all(images, batch)
        found |= {f"{name}/values": read.values.numpy(), f"{name}/traits": read.traits.numpy()}
        if name == "fresh":
            first = slice(REDRAWN)
            found["distances"] = looking.redrawn(program, images[first], read.some(first), batch).numpy()
    return found


def of_arrays(arrays: kept.Arrays, program: Program | None, mistakes: Mistakes | None) -> Reality:
    """The real side as it was seen."""
    found = {name: torch.from_numpy(array) for name, array in arrays.items()}
    if program is None or mistakes is None:
        return Reality(found["features"], None)
    fresh, train = (Readings(found[f"{name}/values"], found[f"{name}/traits"]) for name in ("fresh", "train"))
    return Reality(found["features"], Drawn(program, mistakes, fresh, train, found["distances"]))
