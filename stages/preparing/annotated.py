"""Images beside a list of majority votes, in the layout MHIST is given in: annotations.csv and a folder of images.

Wei et al., A Petri Dish for Histopathology Image Analysis, AIME 2021, arXiv 2101.12355. The test part is the one of the
column `Partition`; validation comes out of the training part, every class by its share.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from stages.preparing import pictures, strata
from stages.preparing.writing import Chunk, Source
from stages.storage import hashing
from stages.storage.prepared import Bytes, DataError

LIST, IMAGES = "annotations.csv", "images"
NAME, MAJORITY, VOTES, PARTITION = COLUMNS = (
    "Image Name",
    "Majority Vote Label",
    "Number of Annotators who Selected SSA (Out of 7)",
    "Partition",
)
CLASSES = ("HP", "SSA")
ANNOTATORS = 7


class Row:
    """One image: its class, the votes for each class, and its part."""

    def __init__(self, name: str, label: int, votes: int, part: str) -> None:
        self.name, self.label, self.votes, self.part = name, label, (ANNOTATORS - votes, votes), part


def read_list(path: Path) -> list[Row]:
    """Every row of annotations.csv, its majority held against its votes."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames is None or not set(COLUMNS) <= set(reader.fieldnames):
                raise DataError(f"{path}, line 1: needs the columns {', '.join(COLUMNS)}")
            rows = [row(path, number, line) for number, line in enumerate(reader, start=2)]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); it is the list of labels and parts") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: is no list of comma-separated values ({error})") from error
    twice = [name for name, count in Counter(each.name for each in rows).items() if count > 1]
    if twice:
        raise DataError(f"{path}: {twice[0]} stands twice; an image is in one part only")
    return rows


def row(path: Path, number: int, line: dict[str, str]) -> Row:
    """One line, checked."""
    if any(line[column] is None for column in COLUMNS):
        raise DataError(f"{path}, line {number}: has fewer values than columns")
    if line[MAJORITY] not in CLASSES:
        raise DataError(f"{path}, line {number}: {MAJORITY} is {line[MAJORITY]!r}, not one of {', '.join(CLASSES)}")
    if line[PARTITION] not in ("train", "test"):
        raise DataError(f"{path}, line {number}: {PARTITION} is {line[PARTITION]!r}, not train or test")
    if line[VOTES] not in map(str, range(ANNOTATORS + 1)):
        raise DataError(f"{path}, line {number}: {line[VOTES]!r} is no number of votes from 0 to {ANNOTATORS}")
    label, votes = CLASSES.index(line[MAJORITY]), int(line[VOTES])
    if (2 * votes > ANNOTATORS) != bool(label):
        raise DataError(f"{path}, line {number}: {votes} of {ANNOTATORS} votes for SSA do not make {line[MAJORITY]}")
    return Row(line[NAME], label, votes, line[PARTITION])


def check(root: Path) -> list[Row]:
    """The list, held against the images that are there."""
    rows = read_list(root / LIST)
    present = set(pictures.listing(root / IMAGES))
    absent = [each.name for each in rows if each.name not in present]
    if absent:
        raise DataError(f"{root / LIST}: {absent[0]} is listed but absent from {root / IMAGES} ({len(absent)} such)")
    learnt, held = of_part(rows, "train"), of_part(rows, "test")
    for part, found in (("train", learnt), ("test", held)):
        if len({each.label for each in found}) < len(CLASSES):
            raise DataError(f"{root / LIST}: the {part} part needs images of both {' and '.join(CLASSES)}")
    refuse_shared(root / IMAGES, [each.name for each in learnt], [each.name for each in held])
    return rows


def of_part(rows: list[Row], part: str) -> list[Row]:
    """The rows of the training or the test part."""
    return [each for each in rows if each.part == part]


def source(root: Path, resolution: int, validation: int, seed: int, notes: dict[str, int | str]) -> Source:
    """The list is read and held against the folder now, the images when a split is asked for."""
    rows = check(root)
    learnt, held = of_part(rows, "train"), of_part(rows, "test")
    classes = np.array([each.label for each in learnt])
    chosen = strata.split(classes, {"validation": validation}, "train", seed)
    members = {**{split: [learnt[index] for index in picked] for split, picked in chosen.items()}, "test": held}
    converted: Counter[str] = Counter()

    def reader(found: list[Row]) -> Callable[[], Iterator[Chunk]]:
        def read() -> Iterator[Chunk]:
            files = [root / IMAGES / each.name for each in found]
            for piece, images in pictures.read_pictures(files, 0, resolution, converted):
                yield Chunk(images, labels(found[piece]), votes=votes(found[piece]))

        return read

    return Source(
        labels=CLASSES,
        kind="classes",
        exclusive=(),
        targets=(),
        splits={split: reader(found) for split, found in members.items()},
        notes=lambda: {**notes, **pictures.conversions(converted)},
    )


def refuse_shared(folder: Path, learnt: list[str], held: list[str]) -> None:
    """No image of the test part may be learnt from, under another name neither."""
    seen = {hashing.file_hash(folder / name): name for name in learnt}
    for name in held:
        twin = seen.get(hashing.file_hash(folder / name))
        if twin is not None:
            raise DataError(f"{folder}: {name} of the test part is the same image as {twin} of the training part")


def labels(rows: list[Row]) -> Bytes:
    """The majority as a one among zeros."""
    return strata.one_hot(np.array([each.label for each in rows]), len(CLASSES))


def votes(rows: list[Row]) -> Bytes:
    """How many annotators chose each class."""
    return np.array([each.votes for each in rows], np.uint8)
