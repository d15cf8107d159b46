"""Images to time a training with: noise, as what an image shows does not change what it costs."""

from __future__ import annotations

import numpy as np

from stages.learning.problems import Domain, Problem
from stages.storage import prepared

IMAGES = 128


def problem(resolution: int, names: tuple[str, ...], kind: str) -> Problem:
    """One data set of noise: with two labels of two kinds of images, with more at random."""
    random, count = np.random.default_rng(0), len(names)
    images = random.integers(256, size=(IMAGES, resolution, resolution, 3), dtype=np.uint8)
    labels = random.integers(2, size=(IMAGES, count), dtype=np.uint8)
    if count == 2:
        labels = np.eye(2, dtype=np.uint8).repeat(IMAGES // 2, axis=0)
    split = prepared.Split(images, labels, None, None)
    return Problem((Domain(split, "noise", names, tuple(range(count)), slice(0, count), kind, (), (), count),))
