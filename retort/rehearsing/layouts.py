"""Generated data in the folders and file formats that published data sets have, at their pixels, for the real readers.

Every image comes from a program of stages/datasets. What `retort data export` writes beside (metadata, a split of its
own for validation, exact translations) is taken away, as published data sets have none.
"""

from __future__ import annotations

import gzip
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from retort.exchange import croissant, layouts
from stages.datasets import cityscapes, mnist, tissue, unpaired
from stages.preparing.writing import Chunk, Source
from stages.settings import members
from stages.settings.rows import DataRow
from stages.storage.prepared import SPLITS, Bytes

SEED = 0
CELEBA, CHURCH, FACE, STREET = (178, 218), (341, 256), (1024, 1024), (2048, 1024)
"""Width and height of published images, where they are not the scale's."""
DIGITS, SPARE = 600, 64
"""Digits to train on, as a batch of theirs is large; faces that are drawn besides."""
DIVIDED = ("domains", "pairs", "expressions")
"""Kinds of data whose labels exclude each other."""
BESIDE = (croissant.TABLE, "croissant.json", layouts.EXACT)


class LayoutError(ValueError):
    """A data set of which no layout is known here."""


@dataclass(frozen=True)
class Counts:
    """Images to train on, and in each of the other splits."""

    train: int
    test: int

    @property
    def all(self) -> int:
        """Of all three splits."""
        return self.train + 2 * self.test


def settings(name: str, row: DataRow, counts: Counts) -> dict[str, Any]:
    """The settings by which a data set's reader finds splits of these counts in what is written here."""
    if row.dataset not in LAYOUTS:
        raise LayoutError(f"datasets.{name}: no layout is known for the reader {row.dataset!r}")
    held: dict[str, Any] = {key: counts.test for key in ("test", "validation") if key in row.settings}
    return {**row.settings, **held, **({"files": "other"} if row.dataset == "mnist" else {})}


def write(row: DataRow, counts: Counts, root: Path) -> None:
    """A data set where its row looks for it below a folder, unless it is there."""
    target = root / row.settings["path" if "path" in row.settings else "directory"]
    if target.exists():
        return
    unfinished = target.with_name(f"{target.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    LAYOUTS[row.dataset](row, counts, unfinished)
    unfinished.rename(target)


def drawn(dataset: str, resolution: int, count: int, **settings: Any) -> Source:  # noqa: ANN401 - a reader's own
    """So many images that a program draws to be trained on; exact translations are not drawn with them."""
    source = members.load("datasets", dataset).source
    few = dict.fromkeys(SPLITS[1:], 2)
    offered: Source = source(resolution=resolution, train=count, **few, seed=SEED, **settings)
    return offered


def parted(source: Source, counts: Counts, kept: tuple[str, ...] = SPLITS) -> Source:
    """Images to train on, divided into splits, which have equally many of each domain and of each expression."""
    chunks = list(source.splits["train"]())
    images, labels = (np.concatenate([getattr(chunk, part) for chunk in chunks]) for part in ("images", "labels"))
    sides = [np.flatnonzero(column) for column in labels.T] if source.kind in DIVIDED else [np.arange(len(images))]
    sizes = {split: (counts.train if split == "train" else counts.test) // len(sides) for split in kept}
    splits, first = {}, 0
    for split, size in sizes.items():
        rows = np.concatenate([side[first : first + size] for side in sides])
        splits[split] = partial(iter, [Chunk(images[rows], labels[rows])])
        first += size
    return replace(source, splits=splits, targets=())


def as_exported(layout: str, source: Source, target: Path) -> None:
    """What `retort data export` writes, without what published data sets do not have."""
    layouts.WRITERS[layout](source, target, lambda _: None)
    for name in BESIDE:
        shutil.rmtree(target / name, ignore_errors=True)
        (target / name).unlink(missing_ok=True)


def merged(target: Path, others: Mapping[str, str]) -> None:
    """Validation images among those to train on, where a row draws them from."""
    for source, into in others.items():
        for file in sorted((target / source).iterdir()):
            file.rename(target / into / file.name)
        (target / source).rmdir()


def resized(image: Bytes, shape: tuple[int, int]) -> Image.Image:
    """An image at the pixels that published ones have."""
    return Image.fromarray(image).resize(shape, Image.Resampling.BICUBIC)


def every(source: Source) -> Iterator[Bytes]:
    """Each image to train on."""
    for chunk in source.splits["train"]():
        yield from chunk.images


def celeba_(_: DataRow, counts: Counts, target: Path) -> None:
    """img_align_celeba/, 178 x 218, and the list of attributes."""
    source = drawn("avatars", CELEBA[1], counts.all, labels="attributes")
    as_exported("celeba", parted(source, counts), target)
    for file in sorted((target / "img_align_celeba").iterdir()):
        with Image.open(file) as image:
            left = (image.width - CELEBA[0]) // 2
            cut = image.crop((left, 0, left + CELEBA[0], CELEBA[1]))
        cut.save(file, compress_level=1)


def rafd_(row: DataRow, counts: Counts, target: Path) -> None:
    """train/ and test/, a folder for each expression."""
    # More than are used, so that there are enough of each expression.
    source = drawn("avatars", 2 * row.resolution, 2 * counts.all + SPARE, labels="expressions")
    as_exported("rafd", parted(source, counts), target)
    merged(target, {f"validation/{name}": f"train/{name}" for name in source.labels})
    (target / "validation").rmdir()


def unpaired_(row: DataRow, counts: Counts, target: Path) -> None:
    """trainA, trainB, testA, testB."""
    task = target.name.removesuffix(".partial").removesuffix("_yosemite")
    as_exported("cyclegan", parted(drawn("scenes", row.resolution, counts.all, task=task), counts), target)
    merged(target, dict(zip(unpaired.FOLDERS["validation"], unpaired.FOLDERS["train"], strict=True)))


def aligned_(row: DataRow, counts: Counts, target: Path) -> None:
    """train, val and test; photographs on the left, their labels on the right."""
    source = parted(drawn("scenes", row.resolution, counts.all, task="labels2photo"), counts)
    flipped = {split: partial(turned, chunks) for split, chunks in source.splits.items()}
    as_exported("aligned", replace(source, labels=source.labels[::-1], splits=flipped), target)


def turned(chunks: Callable[[], Iterator[Chunk]]) -> Iterator[Chunk]:
    """The same images, the columns of their labels in the other order."""
    return (replace(chunk, labels=chunk.labels[:, ::-1]) for chunk in chunks())


def cityscapes_(row: DataRow, counts: Counts, target: Path) -> None:
    """leftImg8bit and gtFine of train and val, 2048 x 1024; classes by their ids."""
    source = parted(drawn("scenes", row.resolution, counts.all, task="labels2photo"), counts)
    ids = {colour: label for label, _, colour in cityscapes.CLASSES}
    for split, part, city in (
        ("train", "train", "aachen"),
        ("validation", "train", "bochum"),
        ("test", "val", "munster"),
    ):
        (chunk,) = source.splits[split]()
        half = len(chunk.images) // 2
        for number, (layout, photo) in enumerate(zip(chunk.images[:half], chunk.images[half:], strict=True)):
            name = f"{city}/{city}_{number:06d}_000019"
            known = labelled(layout, ids)
            for suffix, picture in (
                (cityscapes.MAP, Image.fromarray(known).resize(STREET, Image.Resampling.NEAREST)),
                (cityscapes.PHOTO, resized(photo, STREET)),
            ):
                place = target / cityscapes.FOLDERS[suffix] / part / f"{name}{suffix}"
                place.parent.mkdir(parents=True, exist_ok=True)
                picture.save(place, compress_level=1)


def labelled(layout: Bytes, ids: Mapping[tuple[int, int, int], int]) -> Bytes:
    """The id of the class of every pixel of a painted map."""
    found = np.zeros(layout.shape[:2], np.uint8)
    for colour, label in ids.items():
        found[(layout == np.array(colour, np.uint8)).all(axis=-1)] = label
    return found


def images_(row: DataRow, counts: Counts, target: Path) -> None:
    """FFHQ's thousands of PNG files of 1024 px, or LSUN's WebP files in folders."""
    if "lsun" in row.settings["path"]:
        for number, image in enumerate(every(drawn("churches", row.resolution, counts.all))):
            name = f"{number * 2654435761 % 2**32:08x}"
            place = target / name[0] / name[1] / f"{name}.webp"
            place.parent.mkdir(parents=True, exist_ok=True)
            resized(image, CHURCH).save(place, quality=95)
    else:
        for number, image in enumerate(every(drawn("avatars", row.resolution, counts.all, labels="attributes"))):
            place = target / f"{number // layouts.THOUSAND * layouts.THOUSAND:05d}" / f"{number:05d}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            resized(image, FACE).save(place, compress_level=1)


def mnist_(row: DataRow, counts: Counts, target: Path) -> None:
    """The four IDX files, packed; they are not the published ones, which the reader is told."""
    source = members.load("datasets", "digits").source(resolution=8, validation=10, test=counts.test, seed=SEED)
    for part, split, count in (("train", "train", DIGITS + counts.test), ("t10k", "test", counts.test)):
        (chunk,) = source.splits[split]()
        side = (row.resolution, row.resolution)
        pictures = np.stack([np.asarray(resized(image, side))[..., 0] for image in chunk.images[:count]])
        idx(target / f"{part}-images-idx3-ubyte.gz", pictures)
        idx(target / f"{part}-labels-idx1-ubyte.gz", chunk.labels[:count].argmax(axis=1).astype(np.uint8))


def idx(file: Path, numbers: Bytes) -> None:
    """A file of bytes as MNIST's are."""
    header = struct.pack(f">BBBB{numbers.ndim}I", 0, 0, mnist.UNSIGNED_BYTES, numbers.ndim, *numbers.shape)
    file.write_bytes(gzip.compress(header + numbers.tobytes(), compresslevel=1, mtime=0))


def mhist_(row: DataRow, counts: Counts, target: Path) -> None:
    """annotations.csv and images/."""
    tissue.write(target, row.resolution, {"train": counts.train + counts.test, "test": counts.test}, SEED)


LAYOUTS: Mapping[str, Callable[[DataRow, Counts, Path], None]] = {
    "aligned": aligned_,
    "celeba": celeba_,
    "cityscapes": cityscapes_,
    "images": images_,
    "mhist": mhist_,
    "mnist": mnist_,
    "rafd": rafd_,
    "unpaired": unpaired_,
}
"""The reader of a data set -> what writes its layout."""
