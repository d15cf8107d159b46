"""Cityscapes in its own folders, label maps to photographs (Cordts et al., The Cityscapes Dataset, CVPR 2016).

leftImg8bit/{train,val}/<city>/*_leftImg8bit.png and gtFine/{train,val}/<city>/*_gtFine_labelIds.png; given after a
registration. The test is the published validation part (500 pairs), as its own test part has no labels; our validation
is drawn from the training part (2975 pairs). Classes are the nineteen that are evaluated, in their colours; everything
else is void and black. Both images are squeezed to a square, as for pix2pix; unlike there, a label map is resized by
nearest neighbour, so that each pixel keeps the colour of a class, and void classes have no colours of their own.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from stages.preparing import pictures, strata
from stages.preparing.writing import Source
from stages.storage.prepared import Bytes, DataError

LABELS = ("labels", "photo")
PHOTO, MAP = "_leftImg8bit.png", "_gtFine_labelIds.png"
FOLDERS = {PHOTO: "leftImg8bit", MAP: "gtFine"}
IDS = 34
# Label id, name and colour of the classes that are evaluated, in the order of their train ids.
CLASSES: tuple[tuple[int, str, tuple[int, int, int]], ...] = (
    (7, "road", (128, 64, 128)),
    (8, "sidewalk", (244, 35, 232)),
    (11, "building", (70, 70, 70)),
    (12, "wall", (102, 102, 156)),
    (13, "fence", (190, 153, 153)),
    (17, "pole", (153, 153, 153)),
    (19, "traffic_light", (250, 170, 30)),
    (20, "traffic_sign", (220, 220, 0)),
    (21, "vegetation", (107, 142, 35)),
    (22, "terrain", (152, 251, 152)),
    (23, "sky", (70, 130, 180)),
    (24, "person", (220, 20, 60)),
    (25, "rider", (255, 0, 0)),
    (26, "car", (0, 0, 142)),
    (27, "truck", (0, 0, 70)),
    (28, "bus", (0, 60, 100)),
    (31, "train", (0, 80, 100)),
    (32, "motorcycle", (0, 0, 230)),
    (33, "bicycle", (119, 11, 32)),
)
VOID = ("void", (0, 0, 0))


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=1024)],
    directory: str,
    validation: Annotated[int, Field(ge=2)],
    seed: Annotated[int, Field(ge=0, lt=2**63)],
) -> Source:
    """`validation` counts images, two for each pair."""
    root = Path(directory)
    members = strata.held_out(pairs(root, "train"), validation, seed, pairs=True)
    colours = palette()
    read = (
        partial(read_map, resolution=resolution, colours=colours),
        partial(pictures.read_whole, resolution=resolution, how=Image.Resampling.BILINEAR),
    )
    notes = {"palette": palette_text(), "origin": "Cityscapes, after a registration"}
    return pictures.two_domains(LABELS, "pairs", {**members, "test": pairs(root, "val")}, read, notes)


def palette() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The colour of every label id."""
    colours = np.tile(np.array(VOID[1], np.uint8), (IDS, 1))
    for label, _, colour in CLASSES:
        colours[label] = colour
    return colours


def palette_text() -> str:
    """Names and colours as the header notes them."""
    named = [*((name, colour) for _, name, colour in CLASSES), VOID]
    return ", ".join(f"{name} #{bytes(colour).hex()}" for name, colour in named)


def pairs(root: Path, part: str) -> strata.Sides:
    """Label maps and photographs of a part by city and name, each with its partner."""
    maps, photos = found(root, part, MAP), found(root, part, PHOTO)
    for these, others, told, suffix in (
        (photos, maps, "a photograph without its labels", MAP),
        (maps, photos, "labels without their photograph", PHOTO),
    ):
        alone = sorted(these.keys() - others.keys())
        if alone:
            partner = place(root, part, alone[0], suffix)
            raise DataError(f"{these[alone[0]]}: {told}, {partner} ({len(alone)} such)")
    names = sorted(maps)
    return [maps[name] for name in names], [photos[name] for name in names]


def place(root: Path, part: str, name: str, suffix: str) -> Path:
    """Where the photograph or the label map called `city/name` is."""
    return root / FOLDERS[suffix] / part / f"{name}{suffix}"


def found(root: Path, part: str, suffix: str) -> dict[str, Path]:
    """The files of one kind, by city and by what their names share with their partners'."""
    folder = root / FOLDERS[suffix] / part
    files = {f"{file.parent.name}/{file.name.removesuffix(suffix)}": file for file in folder.glob(f"*/*{suffix}")}
    if not files:
        raise DataError(f"{folder}: no <city>/*{suffix} below this folder; `retort fetch cityscapes` says whom to ask")
    return files


def read_map(path: Path, resolution: int, colours: Bytes) -> tuple[Bytes, str]:
    """Label ids, painted; the photograph beside must have their size."""
    picture, mode = pictures.decoded(path)
    if mode != "L":
        raise DataError(f"{path}: pixel format {mode}; label ids are grey values of 8 bits")
    highest = int(np.asarray(picture).max())
    if highest >= IDS:
        raise DataError(f"{path}: label id {highest}; Cityscapes has the ids 0 to {IDS - 1}")
    photo = photo_of(path)
    sizes = [picture.size, pictures.size(photo)]
    if sizes[0] != sizes[1]:
        told = " and ".join(f"{width}x{height}" for width, height in sizes)
        raise DataError(f"{path} and {photo.name} have different sizes: {told}")
    ids = pictures.resized(picture, resolution, Image.Resampling.NEAREST)[..., 0]
    # What comes back is made of colours, so nothing was converted.
    return colours[ids], "RGB"


def photo_of(path: Path) -> Path:
    """The photograph of a label map."""
    root, part, city = path.parents[3], path.parents[1].name, path.parent.name
    return place(root, part, f"{city}/{path.name.removesuffix(MAP)}", PHOTO)
