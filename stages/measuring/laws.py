"""Sets of factors of which it is known what is right and wrong, to be drawn and judged as a network's images are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stages.storage.factors import LEVELS, Factors
from stages.storage.prepared import Bytes


def draws(law: Factors, count: int, random: np.random.Generator) -> Bytes:
    """Factors of a law, every one by itself."""
    values = [random.choice(len(chances), count, p=chances) for chances in law.chances.values()]
    return np.column_stack([*values, random.integers(LEVELS, size=(count, len(law.traits)))]).astype(np.uint8)


def shuffled(law: Factors, rows: Bytes) -> Bytes:
    """The same values of every factor, dealt to other images: in every second one, high values go with high ones.

    Categories of a law are independent, so that dealing them at random would change nothing. Sorted, each keeps its
    shares exactly, and they come together otherwise than the law says.
    """
    dealt, categories = rows.copy(), slice(len(law.categories))
    dealt[::2, categories] = np.sort(rows[::2, categories], axis=0)
    return dealt


def dropped(law: Factors, count: int, random: np.random.Generator) -> Bytes:
    """Draws of the law without the likeliest value of the first joint category, all else as it should be."""
    (name, *_) = law.joint
    chances = np.array(law.chances[name])
    chances[chances.argmax()] = 0
    left = tuple((chances / chances.sum()).tolist())
    return draws(replace(law, chances={**law.chances, name: left}), count, random)
