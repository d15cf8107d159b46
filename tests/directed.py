"""Small data of two domains with exact truth, and a family whose networks do to them what a number says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from stages.learning import problems
from stages.learning.contracts import Networks
from stages.measuring import examination
from stages.preparing import writing
from stages.preparing.writing import Chunk, Source
from stages.settings import paths
from stages.storage import prepared
from stages.storage.prepared import SPLITS, Bytes

SIDE, COUNTS = 16, {"train": 120, "validation": 48, "test": 48}
DOMAINS, PAIRS = ("dark", "bright"), ("labels", "photo")
PALETTE = "road #4682b4 #606060, sky #6b8e23 #3060c0, tree #804080 #30a030, void #000000"
"""No colour of a label map is that of its class in photographs, so that label maps do not pass for them."""


def negatives(split: str, domain: int) -> tuple[Bytes, Bytes]:
    """Dark scenes of one colour each with a bright corner, and their negatives; no scene is in both domains."""
    random = np.random.default_rng(10 * domain + SPLITS.index(split))
    count = COUNTS[split] // 2
    dark = random.integers(5, 100, (count, 1, 1, 3)) + random.integers(0, 20, (count, SIDE, SIDE, 1))
    dark[:, :4, :4] += 90
    return dark.astype(np.uint8), (255 - dark).astype(np.uint8)


def streets(split: str, domain: int) -> tuple[Bytes, Bytes]:  # noqa: ARG001 - the same scenes in both
    """Label maps of three classes with a void corner, and photographs in random light."""
    random = np.random.default_rng(SPLITS.index(split))
    count = COUNTS[split] // 2
    ids = random.integers(0, 3, (count, 4, 4)).repeat(SIDE // 4, 1).repeat(SIDE // 4, 2)
    maps = np.array([[0x46, 0x82, 0xB4], [0x6B, 0x8E, 0x23], [0x80, 0x40, 0x80]], np.uint8)[ids]
    maps[:, 0, 0] = 0
    light = random.uniform(0.5, 1.2, (count, 1, 1, 1))
    photographs = np.array([[0x60, 0x60, 0x60], [0x30, 0x60, 0xC0], [0x30, 0xA0, 0x30]])[ids] * light
    return maps, photographs.round().astype(np.uint8)


def chunks(draw: Callable[[str, int], tuple[Bytes, Bytes]], exact: bool, split: str) -> Iterator[Chunk]:
    """The images of both domains, outside train with the exact ones."""
    both = np.eye(2, dtype=np.uint8)
    for domain in (0, 1):
        redrawn = np.stack(draw(split, domain), axis=1)
        labels = np.tile(both[domain], (len(redrawn), 1))
        images = np.ascontiguousarray(redrawn[:, domain])
        if split == "train" or not exact:
            yield Chunk(images, labels)
        else:
            yield Chunk(images, labels, redrawn, np.tile(both, (len(redrawn), 1, 1)))


def write(
    kind: Literal["domains", "pairs"], exact: bool = True, name: str = "", notes: dict[str, int | str] | None = None
) -> prepared.Prepared:
    """A data set in the working directory."""
    labels, draw = (DOMAINS, negatives) if kind == "domains" else (PAIRS, streets)
    usual: dict[str, int | str] = {"palette": PALETTE, "bayes_l1_test": "0.05"} if kind == "pairs" else {}
    told = usual if notes is None else notes
    splits = {split: partial(chunks, draw, exact, split) for split in SPLITS}
    source = Source(labels, kind, (), labels if exact else (), splits, lambda: told)
    writing.write(paths.dataset(name or kind), name or kind, SIDE, source, {})
    return prepared.read(paths.dataset(name or kind))


def questions(data: prepared.Prepared) -> list[examination.Test]:
    """The test of each direction."""
    (domain,) = problems.of_parts([(data, data.header.labels)], "test").domains
    validation = data.split("validation")
    return [examination.directed(domain, data.header, 1000, validation, pair, True) for pair in FAMILY.DIRECTIONS]


class Times(nn.Module):
    """Every level, from -1 to 1, times a number: −1 is the negative, 1 returns the input."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.tensor(number))

    def forward(self, image: Tensor) -> Tensor:
        return image * self.number


def translate(networks: Networks, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The network of the direction that all images of the batch ask for."""
    ((mine, theirs),) = {(int(a.argmax()), int(b.argmax())) for a, b in zip(source, target, strict=True)}
    moved: Tensor = networks[{(0, 1): "forth", (1, 0): "back"}[mine, theirs]](image)
    return moved


FAMILY: Any = SimpleNamespace(DIRECTIONS=((0, 1), (1, 0)), translate=translate)


def networks(forth: float, back: float) -> Networks:
    """Both networks."""
    return {"forth": Times(forth).eval(), "back": Times(back).eval()}
