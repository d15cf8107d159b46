"""Two images of one scene side by side in one file, as pix2pix's data sets are laid out (Isola et al., CVPR 2017).

The layout is that of pytorch-CycleGAN-and-pix2pix: train/, test/ and perhaps val/, A the left half of a file and B the
right one. Each half is stored as the published test loads it: the whole half, squeezed to `resolution` by bicubic
interpolation, which mixes the colours of a label map of another size. Enlarging to 286 and cropping to 256 at random,
both images of a pair alike, belongs to the batches of a family (`play: jitter`).
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from PIL import Image
from pydantic import Field

from stages.preparing import pictures, strata
from stages.preparing.writing import Source
from stages.storage.prepared import Bytes, DataError

FOLDERS = {"train": "train", "validation": "val", "test": "test"}


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=1024)],
    directory: str,
    labels: pictures.TwoNames,
    direction: Literal["AtoB", "BtoA"],
    validation: Annotated[int, Field(ge=2)] | None = None,
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None,
) -> Source:
    """`labels` names A and B; `direction` tells which comes first. `validation` counts images: two for each pair."""
    root = Path(directory)
    train, test = files(root, "train"), files(root, "test")
    folder = root / FOLDERS["validation"]
    given = files(root, "validation") if folder.is_dir() else None
    members = strata.with_validation(train, folder, given, validation, seed, pairs=True)
    order = (0, 1) if direction == "AtoB" else (1, 0)
    first, second = (partial(read_half, half=half, resolution=resolution) for half in order)
    names = (labels[order[0]], labels[order[1]])
    return pictures.two_domains(names, "pairs", {**members, "test": test}, (first, second), {})


def files(root: Path, split: str) -> strata.Sides:
    """The pairs of a split by name: each file holds both."""
    folder = root / FOLDERS[split]
    found = [folder / name for name in pictures.listing(folder)]
    return found, found


def read_half(path: Path, half: int, resolution: int) -> tuple[Bytes, str]:
    """The left (0) or the right (1) half as a square, and the mode the file had."""
    picture, mode = pictures.decoded(path)
    if picture.width % 2:
        told = "a pair is two images of one size side by side"
        raise DataError(f"{path}: {picture.width}x{picture.height} has an odd width; {told}")
    width = picture.width // 2
    side = picture.crop((half * width, 0, (half + 1) * width, picture.height))
    return pictures.resized(side, resolution, Image.Resampling.BICUBIC), mode
