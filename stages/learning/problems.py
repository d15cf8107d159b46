"""The problem of a row: its prepared data sets, and the labels that are taken from each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stages.settings import paths
from stages.settings.rows import TeacherRow
from stages.storage import labels, prepared


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

    def rivals(self, index: int) -> list[int]:
        """The places in the network's label vector of which asking for a known label sets one; none: it is flipped."""
        found = labels.rivals(self.names[index], self.names, self.kind, self.exclusive)
        return [self.known.start + self.names.index(name) for name in found if name in self.names]


@dataclass(frozen=True)
class Problem:
    """The data sets that a game takes turns with."""

    domains: tuple[Domain, ...]

    def at(self, step: int) -> Domain:
        """The data set of a step."""
        return self.domains[step % len(self.domains)]


def parts(row: TeacherRow) -> list[tuple[prepared.Prepared, tuple[str, ...]]]:
    """The data sets of a teacher's problem with the labels taken from each."""
    found = [(prepared.read(paths.dataset(row.dataset)), tuple(row.labels))]
    if row.partner != row.dataset:
        found.append((prepared.read(paths.dataset(row.partner)), tuple(row.partner_labels)))
    return found


def read(row: TeacherRow, split: str) -> Problem:
    """The problem of a teacher's row on one split."""
    return of_parts(parts(row), split)


def of_parts(found: Sequence[tuple[prepared.Prepared, tuple[str, ...]]], split: str) -> Problem:
    """A problem of data sets already read; with two or more, label vectors end in a one-hot mask."""
    total = sum(len(names) for _, names in found)
    domains: list[Domain] = []
    start = 0
    for index, (data, names) in enumerate(found):
        mask = tuple(float(i == index) for i in range(len(found))) if len(found) > 1 else ()
        domains.append(domain(data, names, split, start, total, mask))
        start += len(names)
    return Problem(tuple(domains))


def domain(
    data: prepared.Prepared, names: tuple[str, ...], split: str, start: int, total: int, mask: tuple[float, ...]
) -> Domain:
    """One data set whose labels begin at `start` of `total`."""
    header = data.header
    missing = [name for name in names if name not in header.labels]
    if missing:
        raise prepared.DataError(
            f"data set {header.name} has no label {', '.join(missing)}; it has {', '.join(header.labels)}"
        )
    return Domain(
        split=data.split(split),
        name=header.name,
        names=names,
        columns=tuple(header.labels.index(name) for name in names),
        known=slice(start, start + len(names)),
        kind=header.kind,
        exclusive=header.exclusive,
        mask=mask,
        labels=total,
    )


def imagined(row: TeacherRow, resolution: int) -> Problem:
    """A problem of the row's shape without its data: a black image of each label, to count a training with."""
    sets = [tuple(row.labels)] + ([tuple(row.partner_labels)] if row.partner != row.dataset else [])
    total, start, domains = sum(map(len, sets)), 0, []
    for index, names in enumerate(sets):
        images = np.zeros((len(names), resolution, resolution, 3), np.uint8)
        split = prepared.Split(images, np.eye(len(names), dtype=np.uint8), None, None)
        mask = tuple(float(i == index) for i in range(len(sets))) if len(sets) > 1 else ()
        known, columns = slice(start, start + len(names)), tuple(range(len(names)))
        domains.append(Domain(split, "", names, columns, known, "attributes", (), mask, total))
        start += len(names)
    return Problem(tuple(domains))


def content(row: TeacherRow) -> list[str]:
    """The content hashes of the data, for what is keyed by it."""
    return [data.header.sha256 for data, _ in parts(row)]
