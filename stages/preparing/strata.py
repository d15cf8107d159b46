"""Splits that keep the share of every class or domain, decided by a seed and the classes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from stages.storage.prepared import DataError

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Sides = tuple[list[Path], list[Path]]
"""The files of two domains; in pairs, the i-th of both belong together."""


def shares(classes: Numbers, count: int) -> dict[int, int]:
    """How many of `count` fall to each class: its share, what rounding leaves to the largest remainders."""
    names, sizes = np.unique(classes, return_counts=True)
    exact = count * sizes / len(classes)
    given = np.floor(exact).astype(int)
    for index in np.argsort(given - exact, kind="stable")[: count - given.sum()]:
        given[index] += 1
    return dict(zip(names.tolist(), given.tolist(), strict=True))


def split(classes: Numbers, counts: dict[str, int], rest: str, seed: int) -> dict[str, Numbers]:
    """Row numbers of every split in ascending order; `rest` gets those that `counts` leaves."""
    if sum(counts.values()) >= len(classes):
        wanted = " and ".join(f"{count} {name}" for name, count in counts.items())
        raise DataError(f"{len(classes)} images cannot give {wanted} images and a rest to {rest}")
    portions = {name: shares(classes, count) for name, count in counts.items()}
    chosen: dict[str, list[Numbers]] = {name: [] for name in (*counts, rest)}
    for label in np.unique(classes).tolist():
        random = np.random.Generator(np.random.Philox(key=np.array([seed, label], dtype=np.uint64)))
        rows = random.permutation(np.flatnonzero(classes == label))
        for name, portion in portions.items():
            taken, rows = rows[: portion[label]], rows[portion[label] :]
            chosen[name].append(taken)
        chosen[rest].append(rows)
    return {name: np.sort(np.concatenate(parts)) for name, parts in chosen.items()}


def one_hot(classes: Numbers, count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A row of zeros and a one for each class."""
    return (classes[:, None] == np.arange(count)).astype(np.uint8)


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
    chosen = split(domains, {"validation": count // 2 if pairs else count}, "train", seed)

    def of(rows: Numbers) -> Sides:
        first, second = (rows, rows) if pairs else (rows[rows < sizes[0]], rows[rows >= sizes[0]] - sizes[0])
        return [train[0][row] for row in first], [train[1][row] for row in second]

    return {name: of(rows) for name, rows in chosen.items()}
