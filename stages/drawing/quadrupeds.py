"""Horses and zebras, tigers and leopards: animals seen from the side, on a field."""

from collections.abc import Iterator

import numpy as np

from stages.drawing.canvas import Layer
from stages.drawing.scenes import Pictures, Scenes, Task, painted

TRAITS = ("shift",)


def draw(scenes: Scenes, domain: str, resolution: int) -> Pictures:
    """The animals of a domain."""

    def layers(some: Scenes) -> Iterator[Layer]:
        everything = slice(0, resolution)
        shape = np.ones((len(some), resolution, resolution), np.float32)
        yield Layer(everything, everything, shape, some.trait("shift")[:, None], ())

    return painted(scenes, resolution, layers)


TASKS = {"horse2zebra": Task(domains=("horse", "zebra"), traits=TRAITS, draw=draw)}
