"""Writing a prepared data set: streamed in chunks that are checked, then renamed into place, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from stages.settings.atomic import write_atomically
from stages.storage import factors
from stages.storage.factors import Factors
from stages.storage.prepared import (
    FRESH,
    HEADER,
    SPLITS,
    VERSION,
    Bytes,
    DataError,
    Header,
    Kind,
    digest_of,
    header_of,
)


@dataclass(frozen=True)
class Chunk:
    """A bounded piece of a split."""

    images: Bytes
    labels: Bytes
    counterfactuals: Bytes | None = None
    counterfactual_labels: Bytes | None = None
    votes: Bytes | None = None
    factors: Bytes | None = None


@dataclass(frozen=True)
class Source:
    """What a member of stages/datasets hands over: names, and splits that are produced lazily, `fresh` perhaps.

    `factors` tells the columns of the factors that every chunk then carries.
    """

    labels: tuple[str, ...]
    kind: Kind
    exclusive: tuple[tuple[str, ...], ...]
    targets: tuple[str, ...]
    splits: Mapping[str, Callable[[], Iterator[Chunk]]]
    notes: Callable[[], dict[str, int | str]]
    factors: Factors | None = None


class _Column:
    """One .npy file of unknown length: numpy pads its header, so that the first axis can be filled in at the end."""

    def __init__(self, path: Path, row: tuple[int, ...]) -> None:
        self.row, self.count, self.digest = row, 0, hashlib.sha256()
        self.file: BinaryIO = path.open("wb")
        self._write_header()
        self.start = self.file.tell()

    def _write_header(self) -> None:
        description = {"descr": "|u1", "fortran_order": False, "shape": (self.count, *self.row)}
        np.lib.format.write_array_header_1_0(self.file, description)

    def append(self, rows: Bytes) -> None:
        data = np.ascontiguousarray(rows).data
        self.file.write(data)
        self.digest.update(data)
        self.count += len(rows)

    def finish(self) -> str:
        self.file.seek(0)
        self._write_header()
        if self.file.tell() != self.start:
            raise RuntimeError("this numpy does not leave room in the .npy header for the final length")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return self.digest.hexdigest()


def _check_chunk(chunk: Chunk, split: str, resolution: int, source: Source) -> dict[str, Bytes]:
    count, columns, targets = len(chunk.images), len(source.labels), len(source.targets)
    expected = {"images": (count, resolution, resolution, 3), "labels": (count, columns)}
    if chunk.counterfactuals is not None:
        if split == "train":
            raise DataError("counterfactuals are the measure, not the lesson: the train split must not carry them")
        expected["counterfactuals"] = (count, targets, resolution, resolution, 3)
        expected["counterfactual_labels"] = (count, targets, columns)
    if chunk.votes is not None:
        expected["votes"] = (count, columns)
    if source.factors is not None:
        expected["factors"] = (count, len(source.factors.names))
    arrays: dict[str, Bytes] = {}
    for name, shape in expected.items():
        array = getattr(chunk, name)
        if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.shape != shape:
            found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise DataError(f"{split}/{name}: expected uint8 {shape}, the data set produced {found}")
        arrays[name] = array
    for name in ("labels", "counterfactual_labels"):
        if name not in arrays:
            continue
        if arrays[name].size and arrays[name].max() > 1:
            raise DataError(f"{split}/{name}: labels are 0 or 1, the data set produced {arrays[name].max()}")
        if source.kind != "attributes" and (arrays[name].sum(axis=-1) != 1).any():
            raise DataError(f"{split}/{name}: exactly one expression or class must be set per image")
    if "votes" in arrays and not arrays["votes"].any(axis=-1).all():
        raise DataError(f"{split}/votes: every image needs a vote")
    if source.factors is not None and (arrays["factors"] >= np.array(source.factors.limits())).any():
        raise DataError(f"{split}/factors: a category has a value that it does not name")
    return arrays


def _check_domains(counts: list[int], split: str, source: Source) -> None:
    """Images of both domains, and in pairs equally many."""
    for label, count in zip(source.labels, counts, strict=True):
        if not count:
            raise DataError(f"{split}: there is no image of {label}; both domains need some")
    if source.kind == "pairs" and counts[0] != counts[1]:
        raise DataError(f"{split}: {counts[0]} images of {source.labels[0]} and {counts[1]} of {source.labels[1]}")


def _in_order(labels: Bytes, before: list[int], split: str, source: Source) -> list[int]:
    """How many images of each domain there are by now; those of the first label stand before those of the second."""
    second = labels[:, 1].astype(bool)
    if (before[1] and not second.all()) or (np.diff(labels[:, 1].astype(int)) < 0).any():
        raise DataError(f"{split}: images of {source.labels[0]} must stand before those of {source.labels[1]}")
    return [before[0] + int((~second).sum()), before[1] + int(second.sum())]


def _write_split(directory: Path, split: str, resolution: int, source: Source) -> tuple[int, dict[str, str]]:
    directory.mkdir()
    columns: dict[str, _Column] = {}
    domains, counts = source.kind in ("domains", "pairs"), [0, 0]
    try:
        for chunk in source.splits[split]():
            arrays = _check_chunk(chunk, split, resolution, source)
            if domains:
                counts = _in_order(arrays["labels"], counts, split, source)
            if not columns:
                columns = {name: _Column(directory / f"{name}.npy", array.shape[1:]) for name, array in arrays.items()}
            if arrays.keys() != columns.keys():
                raise DataError(f"{split}: some chunks carry counterfactuals or votes and some do not")
            for name, array in arrays.items():
                columns[name].append(array)
        if not columns or columns["images"].count == 0:
            raise DataError(f"split {split} is empty: check the settings that divide this data set")
        if domains:
            _check_domains(counts, split, source)
        digests = {f"{split}/{name}": column.finish() for name, column in columns.items()}
    finally:
        for column in columns.values():
            column.file.close()
    return columns["images"].count, digests


def _sync(directory: Path) -> None:
    if os.name == "nt":
        # A folder cannot be opened there, and what it lists is written with its files.
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fill(partial: Path, name: str, resolution: int, source: Source, provenance: dict[str, Any]) -> Header:
    counts: dict[str, int] = {}
    arrays: dict[str, str] = {}
    for split in (split for split in (*SPLITS, FRESH) if split in source.splits):
        counts[split], digests = _write_split(partial / split, split, resolution, source)
        arrays |= digests
        _sync(partial / split)
    content: dict[str, Any] = {
        "version": VERSION,
        "name": name,
        "resolution": resolution,
        "labels": source.labels,
        "kind": source.kind,
        "exclusive": source.exclusive,
        "targets": source.targets,
        "counts": counts,
        "notes": source.notes() | (factors.noted(source.factors) if source.factors else {}),
        "provenance": provenance,
        "arrays": arrays,
    }
    content["sha256"] = digest_of(content)
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    write_atomically(partial / HEADER, text.encode())
    _sync(partial)
    return header_of(content)


def _siblings(directory: Path) -> tuple[Path, Path]:
    return directory.with_name(directory.name + ".partial"), directory.with_name(directory.name + ".replaced")


def write(directory: Path, name: str, resolution: int, source: Source, provenance: dict[str, Any]) -> Header:
    """Stream `source` into a `.partial` sibling and rename it: whatever happens, `directory` is whole or untouched."""
    if source.kind in ("domains", "pairs") and len(source.labels) != 2:
        raise DataError(f"{name}: {source.kind} are two, the data set offers {', '.join(source.labels)}")
    if set(source.splits) - {FRESH} != set(SPLITS):
        raise DataError(f"a data set has the splits {', '.join(SPLITS)}; {name} offers {', '.join(source.splits)}")
    if directory.exists() and not (directory / HEADER).exists() and any(directory.iterdir()):
        raise DataError(
            f"{directory} holds something that is no prepared data set; move it away or rename the data set"
        )
    partial, replaced = _siblings(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    # A kill between the two renames below leaves the old directory under its other name.
    if replaced.exists() and not directory.exists():
        replaced.rename(directory)
    for stale in (partial, replaced):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        partial.mkdir()
        header = _fill(partial, name, resolution, source, provenance)
        if directory.exists():
            directory.rename(replaced)
        partial.rename(directory)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise DataError(f"could not write {directory}: {error}; nothing half-written was left behind") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _sync(directory.parent)
    shutil.rmtree(replaced, ignore_errors=True)
    return header
