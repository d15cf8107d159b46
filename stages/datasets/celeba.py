"""CelebA in its own layout (Liu et al., Deep Learning Face Attributes in the Wild, ICCV 2015; arXiv:1411.7766)."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from stages.preparing import pictures
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, Bytes, DataError

IMAGES, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


def source(
    *,
    resolution: int,
    directory: str,
    crop: Annotated[int, Field(ge=0)] = 178,
    split: Literal["official", "seeded"],
    seed: int | None = None,
    test: Annotated[int, Field(gt=0)] | None = None,
    validation: Annotated[int, Field(gt=0)] | None = None,
) -> Source:
    """The lists are read and held against the folder now, the pictures when a split is asked for."""
    root = Path(directory)
    labels, rows = check(root)
    sizes = (seed, test, validation)
    if split == "official":
        if any(size is not None for size in sizes):
            raise DataError("`split: official` takes no seed, test or validation: the partition file decides")
        members = official_split(root / PARTITION, list(rows))
    else:
        if seed is None or test is None or validation is None:
            raise DataError("`split: seeded` needs the settings seed, test and validation")
        members = seeded_split(list(rows), seed, test, validation)
    converted: Counter[str] = Counter()

    def reader(names: list[str]) -> Callable[[], Iterator[Chunk]]:
        def read() -> Iterator[Chunk]:
            paths = [root / IMAGES / name for name in names]
            for piece, images in pictures.read_pictures(paths, crop, resolution, converted):
                yield Chunk(images, np.stack([rows[name] for name in names[piece]]))

        return read

    hair = tuple(name for name in HAIR if name in labels)
    several = sum(1 for row in rows.values() if sum(row[labels.index(name)] for name in hair) > 1)
    return Source(
        labels=labels,
        kind="attributes",
        exclusive=(hair,) if len(hair) > 1 else (),
        targets=(),
        splits={name: reader(members[name]) for name in SPLITS},
        notes=lambda: {"several_hair_colours": several, **pictures.conversions(converted)},
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); it is one of CelebA's own files") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file ({error})") from error


def check(root: Path) -> tuple[tuple[str, ...], dict[str, Bytes]]:
    """The attribute list, held against the images that are there."""
    labels, rows = read_attributes(root / ATTRIBUTES)
    present = set(pictures.listing(root / IMAGES))
    for line, name in enumerate(rows, start=3):
        if name not in present:
            raise DataError(f"{root / ATTRIBUTES}, line {line}: {name} is listed but absent from {root / IMAGES}")
    unlisted = sorted(present - rows.keys())
    if unlisted:
        raise DataError(f"{root / IMAGES / unlisted[0]}: no row in {ATTRIBUTES} ({len(unlisted)} such images)")
    return labels, rows


def read_attributes(path: Path) -> tuple[tuple[str, ...], dict[str, Bytes]]:
    """The attribute names of line 2, and per image name a row of 0 and 1, in the order of the file."""
    lines = _lines(path)
    if len(lines) < 2 or not lines[0].strip().isdigit():
        raise DataError(f"{path}, line 1: expected the number of images, then a line of attribute names")
    labels = tuple(lines[1].split())
    if not labels or len(set(labels)) != len(labels):
        raise DataError(f"{path}, line 2: expected attribute names, each once")
    rows: dict[str, Bytes] = {}
    for number, line in enumerate(lines[2:], start=3):
        name, *values = line.split() or [""]
        if len(values) != len(labels):
            raise DataError(f"{path}, line {number}: {len(values)} values for {len(labels)} attributes")
        if not set(values) <= {"1", "-1"}:
            wrong = next(value for value in values if value not in ("1", "-1"))
            raise DataError(f"{path}, line {number}: attribute values are 1 or -1, found {wrong}")
        if name in rows:
            raise DataError(f"{path}, line {number}: {name} has a row already")
        rows[name] = np.array([value == "1" for value in values], dtype=np.uint8)
    if len(rows) != int(lines[0]):
        raise DataError(f"{path}, line 1: promises {lines[0].strip()} images, {len(rows)} rows follow")
    return labels, rows


def official_split(path: Path, names: list[str]) -> dict[str, list[str]]:
    """CelebA's partition: 0 train, 1 validation, 2 test."""
    known, members, seen = set(names), {split: list[str]() for split in SPLITS}, set[str]()
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split()
        if len(fields) != 2 or fields[1] not in ("0", "1", "2"):
            raise DataError(f"{path}, line {number}: expected an image name and 0, 1 or 2, found {line.strip()!r}")
        if fields[0] not in known:
            raise DataError(f"{path}, line {number}: {fields[0]} has no row in {ATTRIBUTES}")
        if fields[0] in seen:
            raise DataError(f"{path}, line {number}: {fields[0]} is assigned already")
        seen.add(fields[0])
        members[SPLITS[int(fields[1])]].append(fields[0])
    missing = [name for name in names if name not in seen]
    if missing:
        raise DataError(f"{path}: {len(missing)} images of {ATTRIBUTES} are not assigned, first {missing[0]}")
    return members


def seeded_split(names: list[str], seed: int, test: int, validation: int) -> dict[str, list[str]]:
    """StarGAN's released code: shuffle, the first are the test; seed 1234 and test 1999 give its very images."""
    if test + validation >= len(names):
        raise DataError(f"{len(names)} images cannot give {test} test and {validation} validation images and a rest")
    shuffled = list(names)
    random.Random(seed).shuffle(shuffled)
    return {
        "test": shuffled[:test],
        "validation": shuffled[test : test + validation],
        "train": shuffled[test + validation :],
    }
