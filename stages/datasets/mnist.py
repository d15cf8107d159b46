"""MNIST in its own IDX files, packed or not (LeCun, Cortes and Burges; LeCun et al., Proc. IEEE 86(11), 1998)."""

import gzip
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from stages.preparing import strata
from stages.preparing.writing import Chunk, Source
from stages.storage import hashing
from stages.storage.prepared import SPLITS, Bytes, DataError

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CHUNK = 4096
UNSIGNED_BYTES = 0x08

# SHA-256 of each file, packed and unpacked.
PUBLISHED = {
    "train-images-idx3-ubyte": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


def source(
    *,
    resolution: int,
    directory: str,
    validation: Annotated[int, Field(ge=10)],
    seed: Annotated[int, Field(ge=0, lt=2**63)],
    files: Literal["published", "other"] = "published",
) -> Source:
    """The test part is the published one; validation comes out of the training part, every class by its share.

    `files: other` reads files of the same form that are not MNIST's own, such as Fashion-MNIST, without their hashes.
    """
    root = Path(directory)
    train_images, train_classes = part(root, "train", resolution, files == "published")
    test_images, test_classes = part(root, "t10k", resolution, files == "published")
    members = strata.split(train_classes, {"validation": validation}, "train", seed)
    held = {split: (train_images[rows], train_classes[rows]) for split, rows in members.items()}
    held["test"] = (test_images, test_classes)

    def reader(split: str) -> Callable[[], Iterator[Chunk]]:
        images, classes = held[split]

        def read() -> Iterator[Chunk]:
            for start in range(0, len(images), CHUNK):
                piece = slice(start, start + CHUNK)
                coloured = np.repeat(images[piece, ..., None], 3, axis=-1)
                yield Chunk(coloured, strata.one_hot(classes[piece], len(NAMES)))

        return read

    return Source(
        labels=NAMES,
        kind="classes",
        exclusive=(),
        targets=(),
        splits={split: reader(split) for split in SPLITS},
        notes=lambda: {"files": files},
    )


def part(root: Path, which: str, resolution: int, published: bool) -> tuple[Bytes, strata.Numbers]:
    """Images and classes of the training or the test part."""
    images = read_idx(root, f"{which}-images-idx3-ubyte", 3, published)
    labels = read_idx(root, f"{which}-labels-idx1-ubyte", 1, published)
    if len(images) != len(labels):
        raise DataError(f"{root}: {len(images)} images and {len(labels)} labels in the {which} files; they must agree")
    if images.shape[1:] != (resolution, resolution):
        size = "x".join(str(side) for side in images.shape[1:])
        raise DataError(f"{root}: the {which} images are {size}; write resolution: {images.shape[1]}")
    if labels.max() >= len(NAMES):
        raise DataError(
            f"{root}: a label of the {which} files is {labels.max()}; the classes are 0 to {len(NAMES) - 1}"
        )
    return images, labels.astype(np.int64)


def read_idx(root: Path, name: str, axes: int, published: bool) -> Bytes:
    """An array from an IDX file: two zeros, the type, the number of axes, their lengths in big-endian, the values."""
    path, content = opened(root, name, published)
    if len(content) < 4 + 4 * axes:
        raise DataError(f"{path}: {len(content)} bytes are too few for an IDX file")
    zeros, kind, found = struct.unpack(">HBB", content[:4])
    if zeros or kind != UNSIGNED_BYTES or found != axes:
        raise DataError(f"{path}: not an IDX file of {axes} axes of bytes (it begins with {content[:4].hex(' ')})")
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    expected = int(np.prod(shape, dtype=np.int64))
    if not expected or values.size != expected:
        raise DataError(f"{path}: promises {'x'.join(map(str, shape))} values, {values.size} follow")
    return values.reshape(shape)


def opened(root: Path, name: str, published: bool) -> tuple[Path, bytes]:
    """The unpacked bytes of a file that is there with or without .gz, held against its published SHA-256."""
    packed, plain = root / f"{name}.gz", root / name
    path = packed if packed.exists() else plain
    try:
        content = path.read_bytes()
    except OSError as error:
        remedy = f"`retort fetch mnist` downloads it to data/raw/mnist; or place {packed.name} or {name} there"
        raise DataError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    expected = PUBLISHED[name][path == plain]
    digest = hashing.digest(content)
    if published and digest != expected:
        raise DataError(
            f"{path} has SHA-256 {digest[:16]}…, the published file {expected[:16]}…: fetch it again, "
            "or write `files: other` if it is not meant to be MNIST's own"
        )
    if path == plain:
        return path, content
    try:
        return path, gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be unpacked: {error}") from error
