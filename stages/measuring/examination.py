"""One test for every translator: a network, the exact truth, and `return the input` answer the same questions.

As many test images as the examination's `images` allows, evenly spaced, are translated to every label of the problem.
The sets that translations make are held against as many images of the validation split, which no translator is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from stages.learning.contracts import Networks
from stages.learning.problems import Domain
from stages.measuring.contracts import Translates
from stages.storage import labels as asking
from stages.storage.prepared import Bytes, DataError, Header, Split, to_tensor, to_uint8

# A perceptual distance costs several passes per pair; the interval over this many images is narrow enough.
PERCEPTUAL_IMAGES = 128

Translator = Callable[[slice, int | None], Bytes]
"""Which images, towards which label (none: those they have) -> 8-bit images; every metric sees these alone."""


@dataclass(frozen=True)
class Test:
    """The questions of one data set: images, the labels they have, and those wanted for every label of the problem.

    Images whose perceptual distance is taken come first, so that they fall into the same batches for every translator.
    """

    __test__ = False  # a class of this name is not a test of pytest's

    domain: Domain
    header: Header
    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    images: Bytes
    labels: Bytes
    wanted: Bytes
    real: Bytes
    perceptual: int
    positions: tuple[int, ...] | None

    def parts(self, batch: int) -> Iterator[slice]:
        """The images, batch by batch; no batch holds images of both kinds."""
        for first, last in ((0, self.perceptual), (self.perceptual, len(self.images))):
            for start in range(first, last, batch):
                yield slice(start, min(start + batch, last))

    def truth(self, part: slice, target: int) -> Bytes:
        """The exact images."""
        stored = self.domain.split.counterfactuals
        if stored is None or self.positions is None:
            raise DataError(f"data set {self.header.name} has no exact images")
        return stored[self.rows[part], self.positions[target]]


def spaced(count: int, total: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """`count` of `total` indices, evenly spaced."""
    return np.arange(count) * total // count


def wanted(labels: Bytes, header: Header, name: str) -> Bytes:
    """The labels of images that are asked for one label."""
    result = labels.copy()
    rivals = asking.rivals(name, header.labels, header.kind, header.exclusive)
    asking.ask(result, header.labels.index(name), [header.labels.index(rival) for rival in rivals])
    return result


def prepare(domain: Domain, header: Header, images: int, validation: Split) -> Test:
    """The test of one data set on its test split."""
    split = domain.split
    rows = spaced(min(images, len(split)), len(split))
    first = spaced(min(PERCEPTUAL_IMAGES, len(rows)), len(rows))
    rows = np.concatenate([rows[first], np.delete(rows, first)])
    labels = split.labels[rows]
    asked = np.stack([wanted(labels, header, name) for name in domain.names])
    positions = None
    if split.counterfactual_labels is not None:
        positions = tuple(header.targets.index(name) for name in domain.names)
        for name, position, each in zip(domain.names, positions, asked, strict=True):
            if (split.counterfactual_labels[rows, position] != each).any():
                raise DataError(f"data set {header.name}: its exact images of {name} have other labels than asked for")
    real = validation.images[spaced(min(images, len(validation)), len(validation))]
    return Test(domain, header, rows, split.images[rows], labels, asked, real, len(first), positions)


def network(test: Test, family: Translates, networks: Networks, device: torch.device) -> Translator:
    """Trained networks, their images rounded to 8 bits once."""
    for each in networks.values():
        # A tenth faster.
        each.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def translate(part: slice, target: int | None) -> Bytes:
        rows = test.labels[part] if target is None else test.wanted[target, part]
        source, wanted = (test.domain.vector(torch.from_numpy(each)).to(device) for each in (test.labels[part], rows))
        with torch.inference_mode():
            return to_uint8(family.translate(networks, to_tensor(test.images[part]).to(device), source, wanted))

    return translate


def perfection(test: Test) -> Translator:
    """The stored truth."""
    return lambda part, target: test.images[part] if target is None else test.truth(part, target)


def laziness(test: Test) -> Translator:
    """`Return the input`."""
    return lambda part, _: test.images[part]


def perceptual_images(test: Test, translate: Translator, batch: int) -> Bytes:
    """What a translator makes, per label, of the images whose perceptual distance is taken."""
    parts = [part for part in test.parts(batch) if part.stop <= test.perceptual]
    return np.stack([np.concatenate([translate(part, target) for part in parts]) for target in range(len(test.wanted))])
