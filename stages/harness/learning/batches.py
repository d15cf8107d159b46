"""Batches of one or more data sets, drawn from (seed, move) alone, with the labels a generator is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stages.harness.learning.game import Batch
from stages.harness.settings.rows import Schedule
from stages.harness.splits import prepared

MOST_MOVES = 64


@dataclass(frozen=True)
class Domain:
    """One data set of a problem: the columns it knows, their place in the network's label vector, and the mask."""

    split: prepared.Split
    name: str
    names: tuple[str, ...]
    columns: tuple[int, ...]
    known: slice
    kind: str
    exclusive: tuple[tuple[str, ...], ...]
    mask: tuple[float, ...]
    labels: int

    def vector(self, rows: Tensor) -> Tensor:
        """The network's label vector [known columns | zeros elsewhere | mask] of rows of the data set's labels."""
        full = torch.zeros(*rows.shape[:-1], self.labels + len(self.mask))
        full[..., self.known] = rows[..., list(self.columns)].float()
        if self.mask:
            full[..., self.labels :] = torch.tensor(self.mask)
        return full


def domains(
    parts: list[tuple[prepared.Prepared, tuple[str, ...]]],
    split: str,
) -> list[Domain]:
    """The domains of a problem, in order; with two or more, label vectors end in a one-hot mask."""
    total = sum(len(labels) for _, labels in parts)
    found: list[Domain] = []
    start = 0
    for index, (data, labels) in enumerate(parts):
        header = data.header
        missing = [name for name in labels if name not in header.labels]
        if missing:
            raise prepared.DataError(
                f"data set {header.name} has no label {', '.join(missing)}; it has {', '.join(header.labels)}"
            )
        mask = tuple(float(i == index) for i in range(len(parts))) if len(parts) > 1 else ()
        found.append(
            Domain(
                split=data.split(split),
                name=header.name,
                names=labels,
                columns=tuple(header.labels.index(name) for name in labels),
                known=slice(start, start + len(labels)),
                kind=header.kind,
                exclusive=header.exclusive,
                mask=mask,
                labels=total,
            )
        )
        start += len(labels)
    return found


def asked(label: Tensor, domain: Domain, targets: str, random: np.random.Generator) -> Tensor:
    """The labels to translate to.

    `permuted` as published: the batch's own labels in another order. `mixed`: so for a quarter of the batch; a quarter
    keeps its labels; half has one label flipped, or set where labels exclude each other, as in the test.
    """
    target = label[torch.from_numpy(random.permutation(len(label)))]
    if targets == "mixed":
        choices = random.integers(len(domain.names), size=len(label))
        for row in range(len(label)):
            if row % 4 == 1:
                target[row] = label[row]
            elif row % 4:
                target[row] = changed(label[row], domain, int(choices[row]))
    return target


def changed(vector: Tensor, domain: Domain, index: int) -> Tensor:
    """A label vector with one known label flipped, or set and those cleared that exclude it."""
    target, name = vector.clone(), domain.names[index]
    rivals = domain.names if domain.kind == "expressions" else next((g for g in domain.exclusive if name in g), ())
    column = domain.known.start + index
    if not rivals:
        target[column] = 1 - target[column]
        return target
    for other in rivals:
        if other in domain.names:
            target[domain.known.start + domain.names.index(other)] = 0
    target[column] = 1
    return target


def windows(count: int, resolution: int, random: np.random.Generator) -> Tensor:
    """What a critic may look at: all of every other image, of the rest a square of half the side, somewhere.

    So every part of a picture has to convince on its own: the masks of DiffAugment's cutout (Zhao et al., NeurIPS
    2020) turned inside out.
    """
    centres = random.integers(resolution // 8, resolution - resolution // 8, size=(2, count, 1))
    near = np.abs(np.arange(resolution) - centres) <= resolution // 4
    square = near[0][:, :, None] & near[1][:, None, :]
    square[::2] = True
    return torch.from_numpy(square.astype(np.float32))[:, None]


def draw(problem: list[Domain], schedule: Schedule, seed: int, step: int, move: int) -> Batch:
    """The batch of one move; domains take turns step by step."""
    domain = problem[step % len(problem)]
    counter = step * MOST_MOVES + move
    real, rows = prepared.batch(domain.split, schedule.batch, seed, counter, schedule.flip)
    random = np.random.Generator(np.random.Philox(key=np.array([seed + (1 << 32), counter], dtype=np.uint64)))
    label = domain.vector(rows)
    return Batch(
        real=real,
        label=label,
        target=asked(label, domain, schedule.targets, random),
        mix=torch.from_numpy(random.random((schedule.batch, 1, 1, 1), dtype=np.float32)),
        known=domain.known,
        kind=domain.kind,
        window=windows(schedule.batch, real.shape[-1], random) if schedule.augment == "window" else None,
    )
