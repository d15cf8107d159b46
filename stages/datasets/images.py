"""A folder or a zip of images of which nothing else is known, in folders as deep as it likes: FFHQ, LSUN's churches.

Of each image the largest square in the middle is stored, resized by Lanczos' filter: what the data tool of
StyleGAN2-ADA does where it is asked for a centre crop (Karras et al., NeurIPS 2020, arXiv 2006.06676).
"""

import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from stages.preparing import pictures, strata
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, Bytes, DataError

LABEL = "image"
SUFFIXES = (*pictures.SUFFIXES, ".webp")

Count = Annotated[int, Field(ge=1)]
Content = Callable[[str], bytes]
"""What a file holds, by its name below the folder or in the zip."""


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=1024)],
    path: str,
    validation: Count | None = None,
    test: Count | None = None,
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None,
) -> Source:
    """Folders train, validation and test are the splits; without them `validation` and `test` images are drawn."""
    root = Path(path)
    names, others = listing(root)
    members = split(root, names, validation, test, seed)
    converted: Counter[str] = Counter()

    def reader(chosen: Sequence[str]) -> Callable[[], Iterator[Chunk]]:
        def read() -> Iterator[Chunk]:
            with opened(root) as content:
                one = partial(read_square, root, content, resolution)
                for _, images in pictures.read_all(chosen, one, converted):
                    yield Chunk(images, np.ones((len(images), 1), np.uint8))

        return read

    return Source(
        labels=(LABEL,),
        kind="images",
        exclusive=(),
        targets=(),
        splits={name: reader(members[name]) for name in SPLITS},
        notes=lambda: {**pictures.conversions(converted), **({"files_that_are_no_images": others} if others else {})},
    )


def listing(root: Path) -> tuple[list[str], int]:
    """The names of all images, sorted, and how many other files there are; what systems hide is neither."""
    try:
        if root.is_dir():
            found = [each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()]
        else:
            with zipfile.ZipFile(root) as archive:
                found = [each.filename for each in archive.infolist() if not each.is_dir()]
    except OSError as error:
        raise DataError(
            f"{root}: cannot be read ({error.strerror}); it should be a folder or a zip of images"
        ) from error
    except zipfile.BadZipFile as error:
        raise DataError(f"{root}: is no folder and no whole zip ({error})") from error
    shown = [name for name in found if not hidden(PurePosixPath(name))]
    images = sorted(name for name in shown if PurePosixPath(name).suffix.lower() in SUFFIXES)
    if not images:
        raise DataError(f"{root}: no {', '.join(SUFFIXES)} files in it")
    return images, len(shown) - len(images)


def hidden(name: PurePosixPath) -> bool:
    """Whether a file was laid beside the images by an operating system."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.parts)


def split(
    root: Path, names: list[str], validation: int | None, test: int | None, seed: int | None
) -> dict[str, list[str]]:
    """The names of each split, in order."""
    given = {each: [name for name in names if PurePosixPath(name).parts[0] == each] for each in SPLITS}
    asked = {"validation": validation, "test": test, "seed": seed}
    if all(given.values()):
        set_too = [name for name, value in asked.items() if value is not None]
        if set_too:
            raise DataError(f"{root} has the folders {', '.join(SPLITS)}: leave out the settings {', '.join(set_too)}")
        return given
    if validation is None or test is None or seed is None:
        told = "the settings validation, test and seed divide the images"
        raise DataError(f"{root} has no folders {', '.join(SPLITS)}: {told}")
    rows = strata.split(np.zeros(len(names), np.int64), {"validation": validation, "test": test}, "train", seed)
    return {each: [names[row] for row in chosen] for each, chosen in rows.items()}


@contextmanager
def opened(root: Path) -> Iterator[Content]:
    """What gives the content of files of a folder or a zip."""
    if root.is_dir():
        yield lambda name: (root / name).read_bytes()
    else:
        with zipfile.ZipFile(root) as archive:
            yield archive.read


def read_square(root: Path, content: Content, resolution: int, name: str) -> tuple[Bytes, str]:
    """The middle of one image, the right way up, and the mode it had in its file."""
    try:
        held = content(name)
    # Zips raise the last two where a file is encrypted or packed in a way that is not supported.
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{root / name}: cannot be read ({error})") from error
    picture, mode = pictures.decoded(root / name, held, upright=True)
    side = min(picture.size)
    if side < resolution:
        raise DataError(f"{root / name}: {picture.width}x{picture.height} is smaller than `resolution: {resolution}`")
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return pictures.resized(square, resolution, Image.Resampling.LANCZOS), mode
