"""Data sets written in the layouts that CelebA, RaFD, CycleGAN's, pix2pix's and FFHQ's data are published in.

Other programs can read them. Beside: metadata.csv, a line for each image, and croissant.json, which describes the
folder. Where the exact translation of an image is known, CycleGAN's layout has it below exact/ under the same name.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from retort.exchange import croissant
from stages.datasets import aligned, celeba, unpaired
from stages.preparing.writing import Source
from stages.storage.hashing import digest
from stages.storage.prepared import SPLITS, Bytes, DataError

# Told of every image written: its split.
Report = Callable[[str], None]

EXACT, THOUSAND = "exact", 1000
IMAGES = {
    "celeba": [f"{celeba.IMAGES}/*.png"],
    "rafd": [f"{split}/*/*.png" for split in SPLITS],
    "cyclegan": [f"{folder}/*.png" for split in SPLITS for folder in unpaired.FOLDERS[split]],
    "aligned": [f"{aligned.FOLDERS[split]}/*.png" for split in SPLITS],
    "folder": [f"{split}/*/*.png" for split in SPLITS],
}
"""Where each layout has its images."""


@dataclass(frozen=True)
class Line:
    """A line of metadata.csv; `exact` is the image's exact translation, if it is known."""

    path: str
    split: str
    sha256: str
    labels: list[int]
    exact: tuple[str, str] | None = None


def write(layout: str, about: croissant.About, source: Source, directory: Path, force: bool, report: Report) -> int:
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
        lines = WRITERS[layout](source, partial, report)
        exact = any(line.exact for line in lines)
        write_table(source.labels, lines, exact, partial)
        croissant.write(partial, about, source.labels, IMAGES[layout], EXACT if exact else "")
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


def _pictures(source: Source, report: Report) -> Iterator[tuple[str, str, Bytes, Bytes]]:
    """Split, file name, image and label, numbered through all splits as CelebA does."""
    number = 0
    for split in SPLITS:
        for chunk in source.splits[split]():
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


def write_table(labels: tuple[str, ...], lines: list[Line], exact: bool, directory: Path) -> None:
    """metadata.csv; with columns for exact translations where there are some."""
    with (directory / croissant.TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file_name", "split", "sha256", *labels, *(croissant.EXACT if exact else ())])
        for line in lines:
            beside = (line.exact or ("", "")) if exact else ()
            writer.writerow([line.path, line.split, line.sha256, *line.labels, *beside])


def write_celeba(source: Source, directory: Path, report: Report) -> list[Line]:
    """img_align_celeba/, list_attr_celeba.txt and list_eval_partition.txt."""
    (directory / celeba.IMAGES).mkdir()
    lines: list[Line] = []
    rows: list[str] = []
    partition: list[str] = []
    for split, name, image, label in _pictures(source, report):
        place = f"{celeba.IMAGES}/{name}"
        lines.append(Line(place, split, _save(image, directory / place), label.tolist()))
        rows.append(" ".join([name, *(" 1" if value else "-1" for value in label)]))
        partition.append(f"{name} {SPLITS.index(split)}")
    written = [str(len(rows)), " ".join(source.labels), *rows]
    (directory / celeba.ATTRIBUTES).write_text("\n".join(written) + "\n", encoding="utf-8", newline="\n")
    (directory / celeba.PARTITION).write_text("\n".join(partition) + "\n", encoding="utf-8", newline="\n")
    return lines


def write_rafd(source: Source, directory: Path, report: Report) -> list[Line]:
    """train/, validation/ and test/, each with a folder per expression."""
    for split in SPLITS:
        for expression in source.labels:
            (directory / split / expression).mkdir(parents=True)
    lines: list[Line] = []
    held: Counter[tuple[str, str]] = Counter()
    for split, name, image, label in _pictures(source, report):
        expression = source.labels[int(label.argmax())]
        place = f"{split}/{expression}/{name}"
        lines.append(Line(place, split, _save(image, directory / place), label.tolist()))
        held[split, expression] += 1
    for split, expression in product(SPLITS, source.labels):
        if not held[split, expression]:
            raise DataError(
                f"the {split} split has no {expression} face, so its folder would be empty; ask for more images"
            )
    return lines


def write_cyclegan(source: Source, directory: Path, report: Report) -> list[Line]:
    """trainA to testB, A the first label; the images of a pair have the same name, all others names of their own."""
    lines: list[Line] = []
    for split in SPLITS:
        pairs = len(lines) // 2
        for side, folder in enumerate(unpaired.FOLDERS[split]):
            (directory / folder).mkdir()
            before = len(lines)
            first = 1 + (pairs if source.kind == "pairs" else before)
            for number, (image, exact) in enumerate(_side(source, split, side), start=first):
                place = f"{folder}/{number:06d}.png"
                beside = None if exact is None or source.kind == "pairs" else _save_exact(exact, place, directory)
                lines.append(Line(place, split, _save(image, directory / place), [1 - side, side], beside))
                report(split)
            if len(lines) == before:
                told = "so its folder would be empty; ask for more images"
                raise DataError(f"the {split} split has no image of {source.labels[side]}, {told}")
    return lines


def write_aligned(source: Source, directory: Path, report: Report) -> list[Line]:
    """train, val and test: the first label's image on the left, its partner on the right; a line has both labels."""
    lines: list[Line] = []
    for split in SPLITS:
        folder = aligned.FOLDERS[split]
        (directory / folder).mkdir()
        # Both halves of a split are gone through side by side, so that no more than two chunks are held at a time.
        for (first, _), (second, _) in zip(_side(source, split, 0), _side(source, split, 1), strict=True):
            place = f"{folder}/{len(lines) + 1:06d}.png"
            both = np.concatenate([first, second], axis=1)
            lines.append(Line(place, split, _save(both, directory / place), [1, 1]))
            report(split)
    return lines


def write_folder(source: Source, directory: Path, report: Report) -> list[Line]:
    """train/, validation/ and test/, each with a folder for every thousand images, as FFHQ has."""
    lines: list[Line] = []
    for split, name, image, label in _pictures(source, report):
        place = f"{split}/{len(lines) // THOUSAND * THOUSAND:06d}/{name}"
        (directory / place).parent.mkdir(parents=True, exist_ok=True)
        lines.append(Line(place, split, _save(image, directory / place), label.tolist()))
    return lines


def _side(source: Source, split: str, side: int) -> Iterator[tuple[Bytes, Bytes | None]]:
    """The images of one domain, each with its translation into the other, if it is known."""
    for chunk in source.splits[split]():
        for row in np.flatnonzero(chunk.labels[:, side]):
            yield chunk.images[row], None if chunk.counterfactuals is None else chunk.counterfactuals[row, 1 - side]


def _save_exact(image: Bytes, place: str, directory: Path) -> tuple[str, str]:
    """Write an exact translation; its path and its SHA-256."""
    target = directory / EXACT / place
    target.parent.mkdir(parents=True, exist_ok=True)
    return f"{EXACT}/{place}", _save(image, target)


WRITERS: dict[str, Callable[[Source, Path, Report], list[Line]]] = {
    "celeba": write_celeba,
    "rafd": write_rafd,
    "cyclegan": write_cyclegan,
    "aligned": write_aligned,
    "folder": write_folder,
}
