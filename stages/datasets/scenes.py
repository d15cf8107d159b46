"""Two domains drawn from the same scenes, so that the exact translation is known; made here, see data/README.md."""

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from stages.drawing import fruit, landscapes, quadrupeds, streets
from stages.drawing.scenes import Scenes, Task
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, DataError

TASKS: dict[str, Task] = {**quadrupeds.TASKS, **landscapes.TASKS, **fruit.TASKS, **streets.TASKS}
CHUNK_BYTES = 2**24

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=2, le=2**40, multiple_of=2)]


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=512)],
    task: Literal["horse2zebra", "summer2winter", "apple2orange", "tiger2leopard", "labels2photo"],
    train: Count,
    validation: Count,
    test: Count,
    seed: Annotated[int, Field(ge=0, lt=2**64)],
    hidden: bool = False,
    confound: Share = 0.0,
) -> Source:
    """Scenes are drawn one by one from (seed, split, index), whatever the counts and the chunks.

    Counts are images of both domains together: the first half shows the first domain, and no scene is in both, unless
    the task is paired. Validation and test carry each scene in both domains. With probability `confound` a trait of
    the background goes with the domain that a scene is for, in every split; its exact translation keeps it.
    """
    asked = TASKS[task]
    if hidden and asked.hidden is None:
        raise DataError(f"hidden: {task} has no trait to hide; {_offering('hidden')} do")
    if confound and asked.confound is None:
        raise DataError(f"confound: {task} has no trait that could go with the domain; {_offering('confound')} do")
    drawn = asked.hidden if hidden and asked.hidden else asked.domains
    halves = {"train": train // 2, "validation": validation // 2, "test": test // 2}

    def some(split: str, domain: int, rows: range) -> Scenes:
        first = 0 if asked.paired else domain * halves[split]
        return population(asked, seed, split, range(first + rows.start, first + rows.stop), domain, confound)

    def reader(split: str) -> Callable[[], Iterator[Chunk]]:
        exact = split != "train"
        step = max(1, CHUNK_BYTES // (3 * resolution**2 * (1 + 2 * exact)))

        def read() -> Iterator[Chunk]:
            for domain in (0, 1):
                for start in range(0, halves[split], step):
                    rows = range(start, min(start + step, halves[split]))
                    yield chunk(asked, drawn, some(split, domain, rows), domain, resolution, exact)

        return read

    def notes() -> dict[str, int | str]:
        plain: dict[str, int | str] = {"licence": "CC-BY-4.0", "origin": "drawn by a program, no photograph"}
        if asked.notes is None:
            return plain
        return plain | asked.notes({split: some(split, 0, range(halves[split])) for split in SPLITS}, resolution)

    return Source(
        labels=asked.domains,
        kind="pairs" if asked.paired else "domains",
        exclusive=(),
        targets=asked.domains,
        splits={split: reader(split) for split in SPLITS},
        notes=notes,
    )


def chunk(task: Task, drawn: tuple[str, str], scenes: Scenes, domain: int, resolution: int, exact: bool) -> Chunk:
    """The scenes in one domain and, if asked for, in both."""
    both = np.eye(2, dtype=np.uint8)
    labels = np.tile(both[domain], (len(scenes), 1))
    if not exact:
        return Chunk(task.draw(scenes, drawn[domain], resolution), labels)
    redrawn = np.stack([task.draw(scenes, name, resolution) for name in drawn], axis=1)
    relabelled = np.tile(both, (len(scenes), 1, 1))
    return Chunk(np.ascontiguousarray(redrawn[:, domain]), labels, redrawn, relabelled)


def population(task: Task, seed: int, split: str, indices: range, domain: int, confound: float) -> Scenes:
    """One counter-based stream for each scene: its traits, then the chance that one of them goes with the domain."""
    draws = np.empty((len(indices), len(task.traits) + 1))
    for row, index in enumerate(indices):
        key = np.array([seed, SPLITS.index(split) << 48 | index], np.uint64)
        draws[row] = np.random.Generator(np.random.Philox(key=key)).random(len(task.traits) + 1)
    scenes = Scenes(task.traits, draws[:, :-1])
    return confounded(scenes, task.confound, domain, draws[:, -1] < confound) if task.confound else scenes


def confounded(scenes: Scenes, trait: str, domain: int, which: npt.NDArray[np.bool_]) -> Scenes:
    """Moves a trait of some scenes into the lower or the upper half, as the domain says."""
    free = scenes.traits[:, scenes.names.index(trait)]
    return scenes.replaced(trait, np.where(which, (free + domain) / 2, free))


def _offering(option: Literal["hidden", "confound"]) -> str:
    return ", ".join(name for name, task in TASKS.items() if getattr(task, option))
