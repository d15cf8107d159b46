"""Data sets written in the layouts that CelebA and RaFD are published in, so that other programs can read them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

from PIL import Image

from stages.datasets import celeba
from stages.harness.prepared import SPLITS, Bytes, Chunk, DataError

Splits = Mapping[str, Callable[[], Iterator[Chunk]]]
# Told of every image written: its split.
Report = Callable[[str], None]


def write(layout: str, labels: tuple[str, ...], splits: Splits, directory: Path, force: bool, report: Report) -> int:
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
        count = {"celeba": write_celeba, "rafd": write_rafd}[layout](labels, splits, partial, report)
        directory.mkdir(exist_ok=True)
        for entry in sorted(partial.iterdir()):
            _replace(entry, directory / entry.name)
    except OSError as error:
        raise DataError(f"could not write {directory}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return count


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


def write_celeba(labels: tuple[str, ...], splits: Splits, directory: Path, report: Report) -> int:
    """img_align_celeba/, list_attr_celeba.txt and list_eval_partition.txt."""
    images = directory / celeba.IMAGES
    images.mkdir()
    rows: list[str] = []
    partition: list[str] = []
    for split, name, image, label in _pictures(splits, report):
        Image.fromarray(image).save(images / name)
        rows.append(" ".join([name, *(" 1" if value else "-1" for value in label)]))
        partition.append(f"{name} {SPLITS.index(split)}")
    lines = [str(len(rows)), " ".join(labels), *rows]
    (directory / celeba.ATTRIBUTES).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    (directory / celeba.PARTITION).write_text("\n".join(partition) + "\n", encoding="utf-8", newline="\n")
    return len(rows)


def write_rafd(labels: tuple[str, ...], splits: Splits, directory: Path, report: Report) -> int:
    """train/, validation/ and test/, each with a folder per expression."""
    for split in SPLITS:
        for expression in labels:
            (directory / split / expression).mkdir(parents=True)
    held: Counter[tuple[str, str]] = Counter()
    for split, name, image, label in _pictures(splits, report):
        expression = labels[int(label.argmax())]
        Image.fromarray(image).save(directory / split / expression / name)
        held[split, expression] += 1
    for split, expression in product(SPLITS, labels):
        if not held[split, expression]:
            raise DataError(
                f"the {split} split has no {expression} face, so its folder would be empty; ask for more images"
            )
    return held.total()
