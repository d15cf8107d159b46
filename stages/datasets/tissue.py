"""A stand-in for MHIST, drawn by a program: glands of smooth or serrated outline, stained, and voted on by seven.

Each image has a hidden degree of serration, which decides how deep the teeth of its glands are; each simulated
annotator sees it with an error of their own and votes; the class is the majority. Serration near the middle is
ambiguous, as real polyps are, so no classifier can be right always. Shares of the classes as in MHIST: 2,162 to 990.
The images are written in MHIST's layout and read by the reader of MHIST.
"""

import csv
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from stages.preparing import annotated
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, Bytes

SERRATED_SHARE = 990 / (990 + 2162)
APART = 1.1
DISAGREEMENT = 0.9
SUPERSAMPLED = 2
SHALLOW, DEEP = 0.03, 0.3
REACH = 0.44
# Optical densities of haematoxylin and eosin (Ruifrok and Johnston, Anal. Quant. Cytol. Histol. 23, 2001).
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])

Count = Annotated[int, Field(ge=8, le=100_000)]
Floats = np.ndarray[Any, np.dtype[np.float64]]


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=512)],
    train: Count,
    validation: Count,
    test: Count,
    seed: Annotated[int, Field(ge=0, lt=2**63)],
) -> Source:
    """Image i of a part has a random stream of its own; validation comes out of the training part, as for MHIST.

    Nothing is drawn before the first image is asked for; then all are, and read as MHIST would be.
    """
    notes: dict[str, int | str] = {"licence": "CC-BY-4.0", "origin": "drawn by a program, no patient"}

    @cache
    def drawn() -> tuple[dict[str, list[Chunk]], dict[str, int | str]]:
        with tempfile.TemporaryDirectory(prefix="tissue-") as place:
            write(Path(place), resolution, {"train": train + validation, "test": test}, seed)
            read = annotated.source(Path(place), resolution, validation, seed, notes)
            return {split: list(chunks()) for split, chunks in read.splits.items()}, read.notes()

    def reader(split: str) -> Callable[[], Iterator[Chunk]]:
        return lambda: iter(drawn()[0][split])

    splits = {split: reader(split) for split in SPLITS}
    return Source(annotated.CLASSES, "classes", (), (), splits, lambda: drawn()[1])


def write(root: Path, resolution: int, counts: dict[str, int], seed: int) -> None:
    """annotations.csv and images/, as MHIST has them."""
    (root / annotated.IMAGES).mkdir()
    with (root / annotated.LIST).open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(annotated.COLUMNS)
        for place, (part, count) in enumerate(counts.items()):
            serrated = round(SERRATED_SHARE * count)
            for index in range(count):
                random = np.random.Generator(np.random.Philox(key=np.array([seed, place << 48 | index], np.uint64)))
                degree, votes = judged(index < serrated, random)
                name = f"{part}_{index:05d}.png"
                Image.fromarray(draw(degree, resolution, random)).save(root / annotated.IMAGES / name)
                lines.writerow([name, annotated.CLASSES[index < serrated], votes, part])


def judged(serrated: bool, random: np.random.Generator) -> tuple[float, int]:
    """A degree of serration and the votes for it, drawn anew until their majority is the class."""
    while True:
        degree = random.normal(APART if serrated else -APART)
        votes = int((degree + random.normal(0, DISAGREEMENT, annotated.ANNOTATORS) > 0).sum())
        if (2 * votes > annotated.ANNOTATORS) == serrated:
            return float(degree), votes


def draw(degree: float, resolution: int, random: np.random.Generator) -> Bytes:
    """One field of view: stroma, a gland in the middle, parts of its neighbours, and a stain of its own."""
    side = resolution * SUPERSAMPLED
    places = (np.arange(side) + 0.5) / side
    depth = SHALLOW + (DEEP - SHALLOW) / (1 + np.exp(-1.5 * degree))
    nuclei, tissue = speckle(side, random), np.full((side, side), 0.45)
    middle = random.uniform(0.4, 0.6, 2)
    turn = random.uniform(0, 2 * np.pi)
    around = [middle + 0.72 * np.array([np.cos(a), np.sin(a)]) for a in turn + 2 * np.pi * np.arange(5) / 5]
    for centre in (middle, *around):
        rows, columns = (slice(*np.searchsorted(places, (at - REACH, at + REACH))) for at in centre[::-1])
        here = (places[columns] - centre[0], places[rows, None] - centre[1])
        gland(*here, depth, nuclei[rows, columns], tissue[rows, columns], random)
    return stained(nuclei, tissue, resolution, random)


def speckle(side: int, random: np.random.Generator) -> Floats:
    """Nuclei of the stroma: sparse dark spots."""
    across = -(-side // SUPERSAMPLED)
    spots = (random.random((across, across)) < 0.08) * random.uniform(0.5, 1.0)
    return np.kron(spots, np.ones((SUPERSAMPLED, SUPERSAMPLED)))[:side, :side]


def gland(dx: Floats, dy: Floats, depth: float, nuclei: Floats, tissue: Floats, random: np.random.Generator) -> None:
    """A ring of cells around a lumen whose border has teeth of the given depth; nuclei sit along the outer rim."""
    dy = dy * random.uniform(0.85, 1.2)
    angle, radius = np.arctan2(dy, dx), np.hypot(dx, dy)
    size, teeth = random.uniform(0.26, 0.34), int(random.integers(7, 11))
    # Saw teeth of unequal height over a slow wobble, which smooth glands have too.
    phase = (teeth * (angle + random.uniform(0, 2 * np.pi)) / (2 * np.pi)) % 1
    wobble = 0.06 * np.sin(2 * angle + random.uniform(0, 2 * np.pi))
    heights = 1 + 0.5 * np.sin(3 * angle + random.uniform(0, 2 * np.pi))
    outline = size * (1 + wobble - depth * heights * np.abs(2 * phase - 1))
    lumen, rim = 0.62 * outline, size * (1 + wobble)
    ring = (radius < rim) & (radius >= lumen)
    tissue[ring], tissue[radius < lumen] = 0.75, 0.05
    nuclei[radius < rim] = 0
    rows = (phase * 3 % 1 < 0.6) & (radius < 0.97 * rim) & (radius > 0.84 * rim)
    nuclei[ring & rows] = random.uniform(0.8, 1.1)


def stained(nuclei: Floats, tissue: Floats, resolution: int, random: np.random.Generator) -> Bytes:
    """Light through the two stains, whose strength and colour differ from slide to slide, and the camera's noise."""
    strength = random.uniform(0.75, 1.35, 2)
    colours = STAINS * random.uniform(0.85, 1.15, STAINS.shape)
    density = strength[0] * nuclei[..., None] * colours[0] + strength[1] * (0.6 * tissue)[..., None] * colours[1]
    light = np.exp(-density).reshape(resolution, SUPERSAMPLED, resolution, SUPERSAMPLED, 3).mean(axis=(1, 3))
    noisy = light * random.uniform(0.92, 1.0, 3) + random.normal(0, 0.02, light.shape)
    return np.rint(255 * noisy.clip(0, 1)).astype(np.uint8)
