"""Data sets written in the layouts that CelebA and RaFD are published in, so that other programs can read them.

Beside them: metadata.csv, a line for each image, and croissant.json, which describes the folder.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

from PIL import Image

from retort.exchange import croissant
from stages.datasets import celeba
from stages.preparing.writing import Chunk
from stages.storage.hashing import digest
from stages.storage.prepared import SPLITS, Bytes, DataError

Splits = Mapping[str, Callable[[], Iterator[Chunk]]]
# Told of every image written: its split.
Report = Callable[[str], None]
# A line of metadata.csv: path, split and SHA-256 of an image, then its labels.
Line = tuple[str, str, str, list[int]]

IMAGES = {"celeba": [f"{celeba.IMAGES}/*.png"], "rafd": [f"{split}/*/*.png" for split in SPLITS]}


def write(
    layout: str,
    about: croissant.About,
    labels: tuple[str, ...],
    splits: Splits,
    directory: Path,
    force: bool,
    report: Report,
) -> int:
    """Write beside `directory`, then move into it; `force` replaces the layout's own entries and no other file."""
    directory = directory.resolve()
    if directory.exists() and not directory.is_dir():
        raise DataError(f"{directory} is a file")
    if directory.is_dir() and any(directory.iterdir()) and not force:
        raise DataError(f"{directory} is not empty; name another folder, or --force to replace what this export writes")
    partial = directory.with_name(f".{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        lines = {"celeba": write_celeba, "rafd": write_rafd}[layout](labels, splits, partial, report)
        write_table(labels, lines, partial)
        croissant.write(partial, about, labels, IMAGES[layout])
        directory.mkdir(exist_ok=True)
        for entry in sorted(partial.iterdir()):
            _replace(entry, directory / entry.name)
    except OSError as error:
        raise DataError(f"could not write {directory}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return len(lines)


def _replace(entry: Path, target: Path) -> None:
    if target.is_symlink():
        target.unlink()
    elif target.is_dir():
        shutil.rmtree(target)
    entry.replace(target)


def _pictures(splits: Splits, report: Report) -> Iterator[tuple[str, str, Bytes, Bytes]]:
    """Split, file name, image and label, numbered through all splits as CelebA does."""
    number = 0
    for split in SPLITS:
        for chunk in splits[split]():
            for image, label in zip(chunk.images, chunk.labels, strict=True):
                number += 1
                yield split, f"{number:06d}.png", image, label
                report(split)


def _save(image: Bytes, path: Path) -> str:
    """Write a picture; its SHA-256."""
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    path.write_bytes(packed.getbuffer())
    return digest(packed.getvalue())


def write_table(labels: tuple[str, ...], lines: list[Line], directory: Path) -> None:
    """metadata.csv."""
    with (directory / croissant.TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file_name", "split", "sha256", *labels])
        writer.writerows([name, split, digest, *values] for name, split, digest, values in lines)


def write_celeba(labels: tuple[str, ...], splits: Splits, directory: Path, report: Report) -> list[Line]:
    """img_align_celeba/, list_attr_celeba.txt and list_eval_partition.txt."""
    (directory / celeba.IMAGES).mkdir()
    lines: list[Line] = []
    rows: list[str] = []
    partition: list[str] = []
    for split, name, image, label in _pictures(splits, report):
        place = f"{celeba.IMAGES}/{name}"
        lines.append((place, split, _save(image, directory / place), label.tolist()))
        rows.append(" ".join([name, *(" 1" if value else "-1" for value in label)]))
        partition.append(f"{name} {SPLITS.index(split)}")
    written = [str(len(rows)), " ".join(labels), *rows]
    (directory / celeba.ATTRIBUTES).write_text("\n".join(written) + "\n", encoding="utf-8", newline="\n")
    (directory / celeba.PARTITION).write_text("\n".join(partition) + "\n", encoding="utf-8", newline="\n")
    return lines


def write_rafd(labels: tuple[str, ...], splits: Splits, directory: Path, report: Report) -> list[Line]:
    """train/, validation/ and test/, each with a folder per expression."""
    for split in SPLITS:
        for expression in labels:
            (directory / split / expression).mkdir(parents=True)
    lines: list[Line] = []
    held: Counter[tuple[str, str]] = Counter()
    for split, name, image, label in _pictures(splits, report):
        expression = labels[int(label.argmax())]
        place = f"{split}/{expression}/{name}"
        lines.append((place, split, _save(image, directory / place), label.tolist()))
        held[split, expression] += 1
    for split, expression in product(SPLITS, labels):
        if not held[split, expression]:
            raise DataError(
                f"the {split} split has no {expression} face, so its folder would be empty; ask for more images"
            )
    return lines
