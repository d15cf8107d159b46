"""Real handwritten digits of 8x8 pixels that scikit-learn carries along: no download.

Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998 (CC BY 4.0): the
1,797 digits of its test part. The split is stratified and fixed by its seed.
"""

from collections.abc import Callable, Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from stages.preparing import strata
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, DataError

PIXELS, BRIGHTEST = 8, 16
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def source(
    *,
    resolution: int,
    validation: Annotated[int, Field(ge=10)],
    test: Annotated[int, Field(ge=10)],
    seed: Annotated[int, Field(ge=0, lt=2**63)],
) -> Source:
    """Grey levels 0 to 16 become 0 to 255, the same in all three colours."""
    if resolution != PIXELS:
        raise DataError(f"the digits have {PIXELS} pixels a side; write resolution: {PIXELS}")
    # Here, because every stage looks at every reader's settings, and this import takes a second.
    from sklearn.datasets import load_digits

    found = load_digits()
    levels = np.rint(found.images * (255 / BRIGHTEST)).astype(np.uint8)
    images = np.repeat(levels[..., None], 3, axis=-1)
    classes = found.target.astype(np.int64)
    members = strata.split(classes, {"validation": validation, "test": test}, "train", seed)

    def reader(split: str) -> Callable[[], Iterator[Chunk]]:
        rows = members[split]
        return lambda: iter([Chunk(images[rows], strata.one_hot(classes[rows], len(NAMES)))])

    return Source(
        labels=NAMES,
        kind="classes",
        exclusive=(),
        targets=(),
        splits={split: reader(split) for split in SPLITS},
        notes=lambda: {"licence": "CC-BY-4.0", "origin": "UCI Optical Recognition of Handwritten Digits, test part"},
    )
