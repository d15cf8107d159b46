"""How an exported network differs from the one it was made of: 8-bit levels, shares of equal pixels, exact error."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stages.exporting.contracts import Array


def in_levels(answers: Array, levels: float) -> Array:
    """Answers as 8-bit levels, of which `levels` is 1."""
    return np.rint(np.asarray(answers, np.float64) * levels).astype(np.int16)


def differences(mine: Array, original: Array, levels: float) -> Array:
    """By how many levels answers differ: of each pixel the channel that differs most, of others each number."""
    found = np.abs(in_levels(mine, levels) - in_levels(original, levels))
    return found.max(axis=-1) if found.ndim == 4 else found


@dataclass
class Compared:
    """What is seen of one file, question by question."""

    largest: int = 0
    pixels: int = 0
    equal: int = 0
    errors: dict[str, list[Array]] = field(default_factory=dict)

    def differ(self, mine: Array, original: Array, levels: float) -> None:
        """Hold answers against those of the network itself."""
        found = differences(mine, original, levels)
        self.largest = max(self.largest, int(found.max()))
        self.pixels += found.size
        self.equal += int((found == 0).sum())

    def err(self, network: str, errors: Array) -> None:
        """Add the errors of some answers of a network."""
        self.errors.setdefault(network, []).append(errors)

    @property
    def share(self) -> float:
        """The share of equal pixels."""
        return self.equal / self.pixels

    @property
    def error(self) -> float:
        """The mean error of each network, and of these the mean."""
        return float(np.mean([np.concatenate(each).mean() for each in self.errors.values()]))
