"""Scenes as data: traits that both domains of a task share, and what a drawing program offers for a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stages.drawing.canvas import Layer, Plane, composite

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Scenes:
    """n scenes: the names of their traits, and the traits [n, len(names)], uniform in [0, 1)."""

    names: tuple[str, ...]
    traits: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.traits)

    def some(self, which: slice | npt.NDArray[np.intp]) -> Scenes:
        return Scenes(self.names, self.traits[which])

    def trait(self, name: str, low: float = 0.0, high: float = 1.0) -> Plane:
        """A trait spread over a range, [n, 1, 1]."""
        return (low + (high - low) * self.traits[:, self.names.index(name), None, None]).astype(np.float32)

    def skewed(self, name: str, low: float = 0.0, high: float = 1.0) -> Plane:
        """A trait that is more often near `low` than near `high`, [n, 1, 1]."""
        return low + (high - low) * self.trait(name) * self.trait(name)

    def chosen(self, name: str, *shares: float) -> npt.NDArray[np.intp]:
        """Which of several kinds a trait stands for, [n]: kind i in this share of all scenes, the last in the rest."""
        return np.searchsorted(np.cumsum(shares), self.traits[:, self.names.index(name)], side="right")

    def replaced(self, name: str, values: npt.NDArray[np.float64]) -> Scenes:
        """The same scenes with another value of one trait."""
        traits = self.traits.copy()
        traits[:, self.names.index(name)] = values
        return Scenes(self.names, traits)


Draw = Callable[[Scenes, str, int], Pictures]
"""Draws scenes in a domain at a resolution: uint8 [n, resolution, resolution, 3]; each picture by itself."""

Notes = Callable[[Mapping[str, Scenes], int], dict[str, int | str]]
"""Further notes for the header, from the scenes of each split (pairs count once) and the resolution."""


@dataclass(frozen=True)
class Task:
    """What a program draws for one task; each program names its tasks in TASKS.

    `domains` are the two labels, in order; `draw` takes their names. With the option `hidden` the names in `hidden`
    are drawn instead: the same pictures, except that a trait cannot be seen in one of the domains.
    With the option `confound` the trait named here goes with the domain: low in the first, high in the second.
    In a `paired` task the i-th images of both domains show the same scene.
    """

    domains: tuple[str, str]
    traits: tuple[str, ...]
    draw: Draw
    hidden: tuple[str, str] | None = None
    confound: str | None = None
    paired: bool = False
    notes: Notes | None = None


def painted(scenes: Scenes, resolution: int, layers: Callable[[Scenes], Iterator[Layer]]) -> Pictures:
    """The layers of each scene over each other; in batches that stay in the cache, on which no picture depends."""
    pictures = np.empty((len(scenes), resolution, resolution, 3), np.uint8)
    batch = max(1, 2**15 // resolution**2)
    for start in range(0, len(scenes), batch):
        some = scenes.some(slice(start, start + batch))
        pictures[start : start + batch] = composite(layers(some), len(some), resolution)
    return pictures
