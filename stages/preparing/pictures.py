"""Picture files to uint8 arrays: crops and antialiased resizes, as torchvision transforms PIL images."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import numpy as np
from PIL import Image, ImageOps
from pydantic import AfterValidator, Field

from stages.preparing import strata
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, Bytes, DataError

SUFFIXES = (".jpg", ".jpeg", ".png")
CHUNK = 256
Place = TypeVar("Place")
# A picture as [resolution, resolution, 3], and the mode it had in its file.
Read = Callable[[Path], tuple[Bytes, str]]
# Eight bits per channel; anything deeper would be clipped by PIL's conversion, not scaled.
CONVERTIBLE = {"1": "bilevel", "L": "grey", "LA": "grey_alpha", "P": "palette", "RGBA": "alpha", "CMYK": "cmyk"}


def listing(directory: Path) -> list[str]:
    """The picture files of a folder, sorted by name."""
    try:
        found = sorted(entry.name for entry in directory.iterdir() if entry.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise DataError(f"{directory}: cannot be listed ({error.strerror}); it should be a folder of images") from error
    if not found:
        raise DataError(f"{directory}: no {', '.join(SUFFIXES)} files in this folder")
    return found


def _convert(image: Image.Image) -> Image.Image:
    # PIL warns about palettes whose entries are transparent unless the alpha is made explicit first.
    return (image.convert("RGBA") if "transparency" in image.info else image).convert("RGB")


def _crop(image: Image.Image, side: int) -> Image.Image:
    left, top = round((image.width - side) / 2), round((image.height - side) / 2)
    return image.crop((left, top, left + side, top + side))


@contextmanager
def opened(path: Path, content: bytes | None = None) -> Iterator[Image.Image]:
    """A picture file, of which nothing but the size may have been read; `content` is what it holds, if read already."""
    try:
        with Image.open(path if content is None else io.BytesIO(content)) as image:
            yield image
    except DataError:
        raise
    # PIL raises each of these for damaged files, depending on the format and on where the damage is.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        held = len(content) if content is not None else path.stat().st_size if path.exists() else None
        size = "absent" if held is None else f"{held} bytes"
        raise DataError(f"{path} ({size}): cannot be read as an image: {error}") from error


def decoded(path: Path, content: bytes | None = None, upright: bool = False) -> tuple[Image.Image, str]:
    """One picture as RGB, and the mode it had in its file; `upright` turns it as its camera says."""
    with opened(path, content) as image:
        image.load()
        mode = image.mode
        if mode != "RGB" and mode not in CONVERTIBLE:
            raise DataError(f"{path}: pixel format {mode} is not supported; save it with 8 bits per channel")
        turned = ImageOps.exif_transpose(image) if upright else image
        return (turned if mode == "RGB" else _convert(turned)), mode


def size(path: Path) -> tuple[int, int]:
    """Width and height of a picture, from the beginning of its file."""
    with opened(path) as image:
        return image.size


def read_picture(path: Path, crop: int, resolution: int) -> tuple[Bytes, str]:
    """A square of a picture, resized; `crop` 0 asks for a picture that is square."""
    picture, mode = decoded(path)
    if crop and min(picture.size) < crop:
        raise DataError(f"{path}: {picture.width}x{picture.height} is smaller than `crop: {crop}`")
    if not crop and picture.width != picture.height:
        raise DataError(f"{path}: {picture.width}x{picture.height} is not square; set `crop`")
    square = _crop(picture, crop) if crop else picture
    return resized(square, resolution, Image.Resampling.BILINEAR), mode


def resized(picture: Image.Image, resolution: int, how: Image.Resampling) -> Bytes:
    """The whole picture as a square, whatever its shape; unchanged where it has this size already."""
    return np.asarray(picture.resize((resolution, resolution), how))


def read_whole(path: Path, resolution: int, how: Image.Resampling) -> tuple[Bytes, str]:
    """A whole picture as a square, and the mode it had in its file."""
    picture, mode = decoded(path)
    return resized(picture, resolution, how), mode


def read_all(
    paths: Sequence[Place], read: Callable[[Place], tuple[Bytes, str]], converted: Counter[str]
) -> Iterator[tuple[slice, Bytes]]:
    """Pictures in order, in bounded chunks with their place in `paths`; `converted` counts those that were not RGB."""
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(paths), CHUNK):
            piece = slice(start, min(start + CHUNK, len(paths)))
            pixels: list[Bytes] = []
            for picture, mode in pool.map(read, paths[piece]):
                pixels.append(picture)
                if mode != "RGB":
                    converted[CONVERTIBLE[mode]] += 1
            yield piece, np.stack(pixels)


def read_pictures(
    paths: Sequence[Path], crop: int, resolution: int, converted: Counter[str]
) -> Iterator[tuple[slice, Bytes]]:
    """Squares of pictures, resized, in order and in chunks."""
    return read_all(paths, partial(read_picture, crop=crop, resolution=resolution), converted)


def conversions(converted: Counter[str]) -> dict[str, int | str]:
    """The counts for a data set's notes."""
    return {f"converted_from_{kind}": count for kind, count in sorted(converted.items())}


def _distinct(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError(f"two domains need two names, not {' and '.join(names)}")
    return names


Name = Annotated[str, Field(min_length=1)]
TwoNames = Annotated[list[Name], Field(min_length=2, max_length=2), AfterValidator(_distinct)]


def two_domains(
    labels: tuple[str, str],
    kind: Literal["domains", "pairs"],
    members: Mapping[str, strata.Sides],
    read: tuple[Read, Read],
    notes: Mapping[str, int | str],
) -> Source:
    """Images of the first label, then those of the second, each domain read in its own way; nothing is exact."""
    converted: Counter[str] = Counter()

    def reader(sides: strata.Sides) -> Callable[[], Iterator[Chunk]]:
        def through() -> Iterator[Chunk]:
            for side, files in enumerate(sides):
                for _, images in read_all(files, read[side], converted):
                    yield Chunk(images, strata.one_hot(np.full(len(images), side), 2))

        return through

    return Source(
        labels=labels,
        kind=kind,
        exclusive=(),
        targets=(),
        splits={split: reader(members[split]) for split in SPLITS},
        notes=lambda: {**notes, **conversions(converted)},
    )
