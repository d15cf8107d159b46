"""Factors of drawn images: what a program drew into each, in columns of bytes, and the law they were drawn from.

The first columns hold categories, as places among their values; the others hold traits, all of whose law is uniform,
scaled from its range to 0 to 255. Notes of a header tell their names, values and chances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from stages.storage.prepared import Bytes, Header

NOTES = ("categories", "chances", "traits", "joint", "cells")
"""What the header calls its notes on factors: lists `name: value value; name: value`, and lists of names."""
LEVELS = 256

Unit = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Factors:
    """The columns of a data set's factors, and their law: all are independent of each other.

    `categories` and `chances` hold the values of each category and how probable they are. `joint` names the few
    categories of whose every combination many images can be had, `cells` all whose combinations are counted.
    """

    categories: Mapping[str, tuple[str, ...]]
    chances: Mapping[str, tuple[float, ...]]
    traits: tuple[str, ...]
    joint: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of every column, in order."""
        return (*self.categories, *self.traits)

    def columns(self, names: Sequence[str]) -> list[int]:
        """Where some categories or traits stand."""
        return [self.names.index(name) for name in names]

    def limits(self) -> list[int]:
        """How many values each column can have."""
        return [*map(len, self.categories.values()), *[LEVELS] * len(self.traits)]


@dataclass(frozen=True)
class Program:
    """What draws given factors: uint8 [n, columns] to uint8 [n, resolution, resolution, 3]."""

    factors: Factors
    draw: Callable[[Bytes], Bytes]


def encoded(traits: Unit) -> Bytes:
    """Traits in [0, 1) as bytes."""
    return np.clip(np.floor(traits * LEVELS), 0, LEVELS - 1).astype(np.uint8)


def decoded(levels: Bytes) -> Unit:
    """Traits in (0, 1) from bytes: the middle of what each stands for."""
    return (levels.astype(np.float64) + 0.5) / LEVELS


def noted(factors: Factors) -> dict[str, str]:
    """The notes of a header."""

    def listed(lists: Mapping[str, Sequence[object]]) -> str:
        return "; ".join(f"{name}: {' '.join(map(str, values))}" for name, values in lists.items())

    lists = (listed(factors.categories), listed(factors.chances))
    return dict(zip(NOTES, (*lists, *map(" ".join, (factors.traits, factors.joint, factors.cells))), strict=True))


def of(header: Header) -> Factors | None:
    """What a header notes on factors; none where they are not known."""
    if NOTES[0] not in header.notes:
        return None
    categories, chances, *names = (str(header.notes[name]) for name in NOTES)

    def read(text: str) -> dict[str, tuple[str, ...]]:
        parts = (part.split(": ") for part in text.split("; "))
        return {name: tuple(values.split(" ")) for name, values in parts}

    numbers = {name: tuple(map(float, values)) for name, values in read(chances).items()}
    return Factors(read(categories), numbers, *(tuple(text.split()) for text in names))
