"""Picture files to uint8 arrays: centre crop and antialiased bilinear resize, as torchvision transforms PIL images."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from stages.storage.prepared import Bytes, DataError

SUFFIXES = (".jpg", ".jpeg", ".png")
CHUNK = 256
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


def read_picture(path: Path, crop: int, resolution: int) -> tuple[Bytes, str]:
    """One picture as [resolution, resolution, 3], and the mode it had in its file; `crop` 0 keeps the whole square."""
    try:
        with Image.open(path) as image:
            image.load()
            mode = image.mode
            if mode != "RGB" and mode not in CONVERTIBLE:
                raise DataError(f"{path}: pixel format {mode} is not supported; save it with 8 bits per channel")
            picture = image if mode == "RGB" else _convert(image)
    except DataError:
        raise
    # PIL raises each of these for damaged files, depending on the format and on where the damage is.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        size = f"{path.stat().st_size} bytes" if path.exists() else "absent"
        raise DataError(f"{path} ({size}): cannot be read as an image: {error}") from error
    if crop and min(picture.size) < crop:
        raise DataError(f"{path}: {picture.width}x{picture.height} is smaller than `crop: {crop}`")
    if not crop and picture.width != picture.height:
        raise DataError(f"{path}: {picture.width}x{picture.height} is not square; set `crop`")
    square = _crop(picture, crop) if crop else picture
    return np.asarray(square.resize((resolution, resolution), Image.Resampling.BILINEAR)), mode


def read_pictures(
    paths: Sequence[Path], crop: int, resolution: int, converted: Counter[str]
) -> Iterator[tuple[slice, Bytes]]:
    """Pictures in order, in bounded chunks with their place in `paths`; `converted` counts those that were not RGB."""
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(paths), CHUNK):
            piece = slice(start, min(start + CHUNK, len(paths)))
            read: Iterable[tuple[Bytes, str]] = pool.map(
                lambda path: read_picture(path, crop, resolution), paths[piece]
            )
            pixels: list[Bytes] = []
            for picture, mode in read:
                pixels.append(picture)
                if mode != "RGB":
                    converted[CONVERTIBLE[mode]] += 1
            yield piece, np.stack(pixels)


def conversions(converted: Counter[str]) -> dict[str, int | str]:
    """The counts for a data set's notes."""
    return {f"converted_from_{kind}": count for kind, count in sorted(converted.items())}
