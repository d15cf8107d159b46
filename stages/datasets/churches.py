"""Churches drawn by a program, of which every count, kind and measure is known; made here, see data/README.md."""

from collections.abc import Callable, Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from stages.drawing.churches import CHANCES, TRAITS, draw
from stages.drawing.scenes import Scenes
from stages.preparing.writing import Chunk, Source
from stages.storage import factors
from stages.storage.factors import Factors, Program
from stages.storage.prepared import FRESH, SPLITS, Bytes

CHUNK_BYTES = 2**24
LAW = Factors(
    categories={category: tuple(values) for category, values in CHANCES.items()},
    chances={category: tuple(values.values()) for category, values in CHANCES.items()},
    traits=TRAITS,
    joint=("Towers", "Roof", "Sky"),
    cells=("Towers", "Roof", "Windows", "Door", "Trees"),
)
GROUPS = tuple(tuple(f"{category}_{value}" for value in values) for category, values in CHANCES.items())
"""Labels by category: of each one is set."""

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=2**40)]


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=512)],
    train: Count,
    validation: Count,
    test: Count,
    seed: Annotated[int, Field(ge=0, lt=2**64)],
    variety: Annotated[float, Field(gt=0, le=1)] = 1.0,
    fresh: Annotated[int, Field(ge=0, le=2**40)] = 0,
) -> Source:
    """Churches are drawn one by one from (seed, split, index), whatever the counts and the chunks.

    `variety` narrows every trait to that share of its range around the middle. `fresh` asks for that many draws on
    which no network is trained, and for the factors of all images.
    """
    counts = {"train": train, "validation": validation, "test": test} | ({FRESH: fresh} if fresh else {})
    step = max(1, CHUNK_BYTES // (3 * resolution**2))

    def reader(split: str) -> Callable[[], Iterator[Chunk]]:
        def read() -> Iterator[Chunk]:
            for start in range(0, counts[split], step):
                scenes = population(seed, split, range(start, min(start + step, counts[split])), variety)
                known = coded(scenes, variety)
                yield Chunk(draw(scenes, resolution), labels(known), factors=known if fresh else None)

        return read

    return Source(
        labels=tuple(name for group in GROUPS for name in group),
        kind="attributes",
        exclusive=GROUPS,
        targets=(),
        splits={split: reader(split) for split in counts},
        notes=lambda: {"licence": "CC-BY-4.0", "origin": "drawn by a program, no photograph"},
        factors=LAW if fresh else None,
    )


def program(*, resolution: int, variety: float = 1.0, **_: object) -> Program:
    """What draws given factors, under the settings of `source`."""
    return Program(LAW, lambda codes: draw(scenes_of(codes, variety), resolution))


def population(seed: int, split: str, indices: range, variety: float = 1.0) -> Scenes:
    """One counter-based stream for each church: its categories, then its traits."""
    names = (*CHANCES, *TRAITS)
    draws = np.empty((len(indices), len(names)))
    for row, index in enumerate(indices):
        key = np.array([seed, (*SPLITS, FRESH).index(split) << 48 | index], np.uint64)
        draws[row] = np.random.Generator(np.random.Philox(key=key)).random(len(names))
    draws[:, len(CHANCES) :] = 0.5 + variety * (draws[:, len(CHANCES) :] - 0.5)
    return Scenes(names, draws)


def coded(scenes: Scenes, variety: float) -> Bytes:
    """The factors of churches whose traits were narrowed."""
    kinds = [scenes.chosen(name, *list(values.values())[:-1]) for name, values in CHANCES.items()]
    traits = factors.encoded((scenes.traits[:, len(CHANCES) :] - 0.5) / variety + 0.5)
    return np.column_stack([*kinds, traits]).astype(np.uint8)


def scenes_of(codes: Bytes, variety: float) -> Scenes:
    """Churches of given factors."""
    kinds, traits = np.split(codes, [len(CHANCES)], axis=1)
    edges = [np.cumsum([0.0, *chances]) for chances in LAW.chances.values()]
    chosen = [(edge[:-1] + edge[1:])[column] / 2 for edge, column in zip(edges, kinds.T, strict=True)]
    return Scenes((*CHANCES, *TRAITS), np.column_stack([*chosen, 0.5 + variety * (factors.decoded(traits) - 0.5)]))


def labels(codes: Bytes) -> Bytes:
    """The columns of labels.npy: one for each value of each category."""
    sizes = [len(group) for group in GROUPS]
    return np.concatenate([codes[:, [column]] == np.arange(size) for column, size in enumerate(sizes)], axis=1).astype(
        np.uint8
    )
