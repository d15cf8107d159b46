"""Two prepared data sets of noise: horses and zebras with exact translations, label maps and photographs in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from stages import acquire_data
from stages.preparing import writing
from stages.preparing.writing import Chunk, Source
from stages.settings import paths
from stages.storage import prepared
from stages.storage.prepared import SPLITS
from tests.smallest import TEXT

SIDE = 16
ROWS = """\
  savanna: {dataset: unpaired, resolution: 16, settings: {directory: raw, labels: [horse, zebra], validation: 4, seed: 0}}
  street: {dataset: aligned, resolution: 16, settings: {directory: raw, labels: [labels, photo], direction: AtoB, validation: 4, seed: 0}}
"""  # noqa: E501 - rows are read as a table
PARAMS = TEXT.replace("judges:\n", f"{ROWS}judges:\n", 1)
LABELS = {"savanna": ("horse", "zebra"), "street": ("labels", "photo")}
COUNTS = {"savanna": ((5, 4), (2, 3), (3, 2)), "street": ((4, 4), (2, 2), (3, 3))}


def source(name: str) -> Source:
    """Noise, in chunks that are smaller than a domain; exact translations where no pair is."""
    pairs = name == "street"

    def reader(place: int) -> Callable[[], Iterator[Chunk]]:
        def read() -> Iterator[Chunk]:
            random = np.random.default_rng([pairs, place])
            for side, count in enumerate(COUNTS[name][place]):
                for held in (min(2, count), max(0, count - 2)):
                    images = random.integers(0, 256, (held, 2, SIDE, SIDE, 3), np.uint8)
                    labels = np.eye(2, dtype=np.uint8)[[side] * held]
                    exact = {} if place == 0 or pairs else {"counterfactuals": images}
                    if exact:
                        exact["counterfactual_labels"] = np.tile(np.eye(2, dtype=np.uint8), (held, 1, 1))
                    yield Chunk(images[:, side].copy(), labels, **exact)

        return read

    splits = {split: reader(place) for place, split in enumerate(SPLITS)}
    targets = () if pairs else LABELS[name]
    return Source(LABELS[name], "pairs" if pairs else "domains", (), targets, splits, dict)


def lay(name: str) -> prepared.Prepared:
    """Prepare a data set below data/, from the row that params.yaml has."""
    row = acquire_data.find_row(name)
    writing.write(paths.dataset(name), name, SIDE, source(name), row.model_dump(mode="json"))
    return prepared.read(paths.dataset(name))
