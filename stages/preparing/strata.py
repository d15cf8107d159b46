"""Splits that keep the share of every class, decided by a seed and the classes alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from stages.storage.prepared import DataError

Numbers = np.ndarray[Any, np.dtype[np.int64]]


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
