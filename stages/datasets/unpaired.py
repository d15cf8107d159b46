"""Two folders of images that do not belong together, as CycleGAN's data sets are laid out (Zhu et al., ICCV 2017).

The layout is that of pytorch-CycleGAN-and-pix2pix: trainA, trainB, testA, testB, and perhaps valA and valB.
The published program loads each image as a square of 286 pixels, whatever its shape, and crops a random square of 256
for training; for testing it loads squares of 256. Here each image is stored once, as the published test loads it: the
whole image, squeezed to `resolution` by bicubic interpolation. Enlarging and cropping at random belongs to the batches
of a family (`play: jitter`). The images of the published data sets have 256 pixels a side, so they are stored as they
are, and enlarged from what the published program enlarges them from.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

from PIL import Image
from pydantic import Field

from stages.preparing import pictures, strata
from stages.preparing.writing import Source

FOLDERS = {"train": ("trainA", "trainB"), "validation": ("valA", "valB"), "test": ("testA", "testB")}


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=1024)],
    directory: str,
    labels: pictures.TwoNames,
    validation: Annotated[int, Field(ge=2)] | None = None,
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None,
) -> Source:
    """`labels` names A and B. Without valA and valB, `validation` images, each domain by its share, leave train."""
    root = Path(directory)
    train, test = files(root, "train"), files(root, "test")
    folders = [root / name for name in FOLDERS["validation"]]
    given = files(root, "validation") if any(folder.is_dir() for folder in folders) else None
    members = strata.with_validation(train, folders[0], given, validation, seed, pairs=False)
    read = partial(pictures.read_whole, resolution=resolution, how=Image.Resampling.BICUBIC)
    return pictures.two_domains((labels[0], labels[1]), "domains", {**members, "test": test}, (read, read), {})


def files(root: Path, split: str) -> strata.Sides:
    """The pictures of a split by name, of A and of B."""
    first, second = ([root / folder / name for name in pictures.listing(root / folder)] for folder in FOLDERS[split])
    return first, second
