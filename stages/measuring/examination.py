"""One test for every translator: a network, the exact truth, and `return the input` answer the same questions.

As many test images as the examination's `images` allows, evenly spaced, are translated to every label that is asked
for. The sets that translations make are held against as many images of the validation split, which no translator is
given. In a test of one direction all images have its source label, and the real ones its target label.
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

WayBack = Callable[[slice, int, Bytes], Bytes]
"""Which images, towards which label they were translated, what they became -> 8-bit images of the labels they had."""

Moving = Callable[[Bytes, Bytes, Bytes], Bytes]
"""Images, the label vectors they have, those they are asked for -> 8-bit images."""

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Idle:
    """Images that are asked for the labels they have, and the label vectors that say so."""

    images: Bytes
    labels: Bytes
    wanted: Bytes


@dataclass(frozen=True)
class Test:
    """The questions of one data set: images, the labels they have, and those wanted for every label that is asked for.

    Images whose perceptual distance is taken come first, so that they fall into the same batches for every translator.
    `native` are test images such as translations should look like; `idle` ones are asked for nothing new; `returns`
    says whether what was translated can be translated back. Exact images are stored with the test images, in
    `positions`, or are the `partners` that stand elsewhere in the split.
    """

    __test__ = False  # a class of this name is not a test of pytest's

    name: str
    domain: Domain
    header: Header
    asked: tuple[str, ...]
    rows: Rows
    images: Bytes
    labels: Bytes
    wanted: Bytes
    native: Bytes
    idle: Idle
    real: Bytes
    perceptual: int
    positions: tuple[int, ...] | None = None
    partners: Rows | None = None
    returns: bool = False

    @property
    def exact(self) -> bool:
        """Whether there are exact images."""
        return self.positions is not None or self.partners is not None

    def parts(self, batch: int, images: Bytes | None = None) -> Iterator[slice]:
        """The images, or others that stand in this order, batch by batch; no batch holds images of both kinds."""
        total = len(self.images if images is None else images)
        middle = min(self.perceptual, total)
        for first, last in ((0, middle), (middle, total)):
            for start in range(first, last, batch):
                yield slice(start, min(start + batch, last))

    def truth(self, part: slice, target: int) -> Bytes:
        """The exact images."""
        split = self.domain.split
        if self.partners is not None:
            return split.images[self.partners[part]]
        if split.counterfactuals is None or self.positions is None:
            raise DataError(f"data set {self.header.name} has no exact images")
        return split.counterfactuals[self.rows[part], self.positions[target]]


def spaced(count: int, total: int) -> Rows:
    """`count` of `total` indices, evenly spaced."""
    return np.arange(count) * total // count


def some(rows: Rows, images: int) -> Rows:
    """At most so many of some rows, evenly spaced."""
    return rows[spaced(min(images, len(rows)), len(rows))]


def in_order(rows: Rows, images: int) -> tuple[Rows, int]:
    """At most so many of some rows, and how many of the first have their perceptual distance taken, evenly spaced."""
    rows = some(rows, images)
    first = spaced(min(PERCEPTUAL_IMAGES, len(rows)), len(rows))
    return np.concatenate([rows[first], np.delete(rows, first)]), len(first)


def wanted(labels: Bytes, header: Header, name: str) -> Bytes:
    """The labels of images that are asked for one label."""
    result = labels.copy()
    rivals = asking.rivals(name, header.labels, header.kind, header.exclusive)
    asking.ask(result, header.labels.index(name), [header.labels.index(rival) for rival in rivals])
    return result


def stored(split: Split, header: Header, rows: Rows, asked: dict[str, Bytes]) -> tuple[int, ...] | None:
    """Where the exact images of the labels asked for are, if they are stored; they must be of these very labels."""
    if split.counterfactual_labels is None:
        return None
    positions = tuple(header.targets.index(name) for name in asked)
    for (name, each), position in zip(asked.items(), positions, strict=True):
        if (split.counterfactual_labels[rows, position] != each).any():
            raise DataError(f"data set {header.name}: its exact images of {name} have other labels than asked for")
    return positions


def prepare(domain: Domain, header: Header, images: int, validation: Split) -> Test:
    """The test of all labels of one data set on its test split."""
    split = domain.split
    rows, perceptual = in_order(np.arange(len(split)), images)
    shown, labels = split.images[rows], split.labels[rows]
    asked = {name: wanted(labels, header, name) for name in domain.names}
    return Test(
        name=header.name,
        domain=domain,
        header=header,
        asked=domain.names,
        rows=rows,
        images=shown,
        labels=labels,
        wanted=np.stack(list(asked.values())),
        native=shown,
        idle=Idle(shown, labels, labels),
        real=validation.images[some(np.arange(len(validation)), images)],
        perceptual=perceptual,
        positions=stored(split, header, rows, asked),
    )


def of_label(split: Split, header: Header, name: str) -> Rows:
    """The rows of the images that have a label."""
    return np.flatnonzero(split.labels[:, header.labels.index(name)])


def directed(
    domain: Domain, header: Header, images: int, validation: Split, pair: tuple[int, int], returns: bool
) -> Test:
    """The test of one direction, given by the places of its labels in the network's vector.

    In `pairs` the two labels are different kinds of images, and no network is meant for images that have its target
    label: none is asked for the label that it has.
    """
    split, (source, target) = domain.split, (domain.names[place] for place in pair)
    if header.kind not in ("domains", "pairs"):
        raise DataError(f"data set {header.name} is of {header.kind}; directions need two domains")
    rows, perceptual = in_order(of_label(split, header, source), images)
    native, _ = in_order(of_label(split, header, target), images)
    labels = split.labels[rows]
    asked = {target: wanted(labels, header, target)}
    positions = stored(split, header, rows, asked)
    partners = None
    if positions is None and header.kind == "pairs":
        partners = of_label(split, header, target)[np.searchsorted(of_label(split, header, source), rows)]
    shown = split.images[native]
    idle = shown[: len(native) if header.kind == "domains" else 0]
    as_asked = (np.repeat(each[:1], len(idle), axis=0) for each in (labels, asked[target]))
    return Test(
        name=f"{header.name} to {target}",
        domain=domain,
        header=header,
        asked=(target,),
        rows=rows,
        images=split.images[rows],
        labels=labels,
        wanted=asked[target][None],
        native=shown,
        idle=Idle(idle, *as_asked),
        real=validation.images[some(of_label(validation, header, target), images)],
        perceptual=perceptual,
        positions=positions,
        partners=partners,
        returns=returns,
    )


def moving(test: Test, family: Translates, networks: Networks, device: torch.device) -> Moving:
    """What trained networks make of images of some labels that are asked for others, rounded to 8 bits once."""
    for each in networks.values():
        # A tenth faster.
        each.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def move(images: Bytes, labels: Bytes, asked: Bytes) -> Bytes:
        source, target = (test.domain.vector(torch.from_numpy(each)).to(device) for each in (labels, asked))
        with torch.inference_mode():
            return to_uint8(family.translate(networks, to_tensor(images).to(device), source, target))

    return move


def network(test: Test, family: Translates, networks: Networks, device: torch.device) -> Translator:
    """Trained networks."""
    move = moving(test, family, networks, device)

    def translate(part: slice, target: int | None) -> Bytes:
        if target is None:
            return move(test.idle.images[part], test.idle.labels[part], test.idle.wanted[part])
        return move(test.images[part], test.labels[part], test.wanted[target, part])

    return translate


def way_back(test: Test, family: Translates, networks: Networks, device: torch.device) -> WayBack | None:
    """Translating what was translated to the labels that it had, where the family can."""
    if not test.returns:
        return None
    move = moving(test, family, networks, device)
    return lambda part, target, images: move(images, test.wanted[target, part], test.labels[part])


def perfection(test: Test) -> Translator:
    """The stored truth."""
    return lambda part, target: test.idle.images[part] if target is None else test.truth(part, target)


def laziness(test: Test) -> Translator:
    """`Return the input`."""
    return lambda part, target: test.idle.images[part] if target is None else test.images[part]


def perceptual_images(test: Test, translate: Translator, batch: int) -> Bytes:
    """What a translator makes, per label, of the images whose perceptual distance is taken."""
    parts = [part for part in test.parts(batch) if part.stop <= test.perceptual]
    return np.stack([np.concatenate([translate(part, target) for part in parts]) for target in range(len(test.wanted))])
