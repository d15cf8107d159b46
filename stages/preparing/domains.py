"""What readers of two kinds of images share: their names, the validation split, the order of what they hand over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from stages.preparing import pictures, strata
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, DataError

Sides = tuple[list[Path], list[Path]]
"""The files of both domains; in pairs, the i-th of both belong together."""


def _distinct(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError(f"two domains need two names, not {' and '.join(names)}")
    return names


Names = Annotated[
    list[Annotated[str, Field(min_length=1)]], Field(min_length=2, max_length=2), AfterValidator(_distinct)
]
Resolution = Annotated[int, Field(ge=16, le=1024)]
Count = Annotated[int, Field(ge=2)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


def with_validation(
    train: Sides, folder: Path, given: Sides | None, count: int | None, seed: int | None, pairs: bool
) -> dict[str, Sides]:
    """The split that `folder` gives; where there is none, `count` of the training images are drawn with a seed."""
    if given is not None:
        if count is not None or seed is not None:
            raise DataError(f"{folder} exists: leave out the settings validation and seed")
        return {"train": train, "validation": given}
    if count is None or seed is None:
        raise DataError(f"{folder} does not exist: the settings validation and seed draw it from the training images")
    return held_out(train, count, seed, pairs)


def held_out(train: Sides, count: int, seed: int, pairs: bool) -> dict[str, Sides]:
    """Training images, and `count` drawn from them, of both domains together: each by its share, pairs undivided."""
    sizes = [len(side) for side in train]
    if count >= sum(sizes):
        raise DataError(f"{sum(sizes)} images cannot give {count} validation images and a rest to train on")
    if pairs and count % 2:
        raise DataError(f"validation: {count} images are no whole number of pairs")
    domains = np.zeros(sizes[0], np.int64) if pairs else np.repeat([0, 1], sizes)
    chosen = strata.split(domains, {"validation": count // 2 if pairs else count}, "train", seed)

    def of(rows: strata.Numbers) -> Sides:
        first, second = (rows, rows) if pairs else (rows[rows < sizes[0]], rows[rows >= sizes[0]] - sizes[0])
        return [train[0][row] for row in first], [train[1][row] for row in second]

    return {split: of(rows) for split, rows in chosen.items()}


def source(
    labels: tuple[str, str],
    kind: Literal["domains", "pairs"],
    members: Mapping[str, Sides],
    read: tuple[pictures.Read, pictures.Read],
    notes: Mapping[str, int | str],
) -> Source:
    """Images of the first label, then those of the second, each domain read in its own way; nothing is exact."""
    converted: Counter[str] = Counter()

    def reader(sides: Sides) -> Callable[[], Iterator[Chunk]]:
        def through() -> Iterator[Chunk]:
            for side, files in enumerate(sides):
                for _, images in pictures.read_all(files, read[side], converted):
                    yield Chunk(images, strata.one_hot(np.full(len(images), side), 2))

        return through

    return Source(
        labels=labels,
        kind=kind,
        exclusive=(),
        targets=(),
        splits={split: reader(members[split]) for split in SPLITS},
        notes=lambda: {**notes, **pictures.conversions(converted)},
    )
