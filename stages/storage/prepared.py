"""The one format of every prepared data set, as it is read: checked, memory-mapped, drawn from by seed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from stages.storage import factors, hashing

VERSION = 1
SPLITS = ("train", "validation", "test")
FRESH = "fresh"
"""A further split of some drawn data sets: draws of the same law on which no network is trained, for rulers."""
HEADER = "header.json"
OPTIONAL = ("counterfactuals", "counterfactual_labels", "votes", "factors")
"""Arrays that a split may hold beside its images and labels."""
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class DataError(ValueError):
    """A data set is missing, damaged or not what it claims to be; the message says where and what to do."""


Kind = Literal["attributes", "expressions", "classes", "domains", "pairs", "images"]
"""What labels mean: any number of them holds of an image (attributes), or exactly one. `domains` are two kinds of
images, those of the first label before those of the second; in `pairs` the i-th images of both also belong together.
Of `images` nothing is known: there is one label, which each of them has."""


@dataclass(frozen=True)
class Header:
    """What header.json says; `sha256` covers every other field, and through `arrays` every byte of every array."""

    version: int
    name: str
    resolution: int
    labels: tuple[str, ...]
    kind: Kind
    exclusive: tuple[tuple[str, ...], ...]
    targets: tuple[str, ...]
    counts: dict[str, int]
    notes: dict[str, int | str]
    provenance: dict[str, Any]
    arrays: dict[str, str]
    sha256: str


@dataclass(frozen=True)
class Split:
    """One split, memory-mapped."""

    images: Bytes
    labels: Bytes
    counterfactuals: Bytes | None
    counterfactual_labels: Bytes | None
    votes: Bytes | None = None
    factors: Bytes | None = None

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Prepared:
    """A prepared data set that was checked at the door."""

    header: Header
    splits: Mapping[str, Split]

    def split(self, name: str) -> Split:
        return self.splits[name]


def digest_of(content: Mapping[str, Any]) -> str:
    """What a header's `sha256` must be."""
    text = json.dumps({key: value for key, value in content.items() if key != "sha256"}, sort_keys=True)
    return hashing.digest(text)


def header_of(content: Mapping[str, Any]) -> Header:
    """A header as it was read from JSON."""
    return Header(
        **{
            **content,
            "labels": tuple(content["labels"]),
            "exclusive": tuple(tuple(group) for group in content["exclusive"]),
            "targets": tuple(content["targets"]),
        }
    )


def _read_header(path: Path) -> Header:
    again = f"delete {path.parent} and prepare it again"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path} does not exist: prepare the data set with `python -m stages.acquire_data {path.parent.name}`"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON ({error}): {again}") from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise DataError(f"{path} has format version {version}, this code reads version {VERSION}: {again}")
    expected = {field.name for field in fields(Header)}
    if content.keys() != expected:
        raise DataError(f"{path} has wrong fields {sorted(content.keys() ^ expected)}: {again}")
    if content["sha256"] != digest_of(content):
        raise DataError(f"{path} was edited: its SHA-256 does not match its content; {again}")
    return header_of(content)


def _map(path: Path, shape: tuple[int, ...]) -> Bytes:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"{path} is missing, though the header promises it: prepare the data set again") from None
    # numpy raises nearly anything where the beginning of an array is damaged.
    except Exception as error:
        raise DataError(f"{path} is damaged ({error}): prepare the data set again") from error
    if array.dtype != np.uint8 or array.shape != shape:
        raise DataError(f"{path} holds {array.dtype} {array.shape}, the header promises uint8 {shape}")
    # A plain array over the same mapping: np.memmap's own indexing costs more than the gather.
    return array.view(np.ndarray)


def _read_split(directory: Path, split: str, header: Header) -> Split:
    count, image = header.counts[split], (header.resolution, header.resolution, 3)
    shapes = {"images": (count, *image), "labels": (count, len(header.labels))}
    if f"{split}/counterfactuals" in header.arrays:
        shapes["counterfactuals"] = (count, len(header.targets), *image)
        shapes["counterfactual_labels"] = (count, len(header.targets), len(header.labels))
    if f"{split}/votes" in header.arrays:
        shapes["votes"] = (count, len(header.labels))
    known = factors.of(header)
    if known is not None:
        shapes["factors"] = (count, len(known.names))
    arrays = {name: _map(directory / split / f"{name}.npy", shape) for name, shape in shapes.items()}
    optional = (arrays.get(name) for name in OPTIONAL)
    return Split(arrays["images"], arrays["labels"], *optional)


def splits_of(header: Header) -> tuple[str, ...]:
    """The splits that a data set has."""
    return (*SPLITS, FRESH) if FRESH in header.counts else SPLITS


def read(directory: Path) -> Prepared:
    """Check the header and every array's shape and type, and memory-map the arrays."""
    header = _read_header(directory / HEADER)
    return Prepared(header, {split: _read_split(directory, split, header) for split in splits_of(header)})


def verify(directory: Path) -> Header:
    """Read every byte and compare it with the header's SHA-256."""
    prepared = read(directory)
    for key, expected in prepared.header.arrays.items():
        split, name = key.split("/")
        digest = hashlib.sha256()
        array = getattr(prepared.split(split), name)
        for start in range(0, len(array), 1024):
            digest.update(np.ascontiguousarray(array[start : start + 1024]).data)
        if digest.hexdigest() != expected:
            raise DataError(f"{directory / split / name}.npy does not match the header's SHA-256: prepare it again")
    return prepared.header


def to_tensor(images: Bytes) -> Tensor:
    """uint8 NHWC array to float NCHW tensor in [-1, 1]."""
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ValueError(f"expected uint8 images NHWC, found {images.dtype} {images.shape}")
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    # torch warns about arrays it could not write to, which memory-mapped ones are.
    pixels = torch.from_numpy(planes if planes.flags.writeable else planes.copy())
    return pixels.to(torch.float32).div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Bytes:
    """Float NCHW tensor to uint8 NHWC array, clamped to [-1, 1]; undoes `to_tensor` exactly."""
    if not images.is_floating_point() or images.ndim != 4:
        raise ValueError(f"expected float images NCHW, found {images.dtype} {tuple(images.shape)}")
    if not bool(torch.isfinite(images).all()):
        raise ValueError("the images hold values that are not finite: the network that made them has diverged")
    pixels = images.detach().to(torch.float32).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def batch(split: Split, count: int, seed: int, step: int, flip: bool) -> tuple[Tensor, Tensor]:
    """Draw `count` images and their labels; (seed, step) alone decide which, and which of them are mirrored."""
    random = np.random.Generator(np.random.Philox(key=np.array([seed, step], dtype=np.uint64)))
    total = len(split)
    rows = random.choice(total, count, replace=False) if count <= total else random.integers(total, size=count)
    images, labels = split.images[rows], split.labels[rows]
    if flip:
        mirrored = random.random(count) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
    return to_tensor(images), torch.from_numpy(labels).to(torch.float32)


def describe(header: Header) -> str:
    """The header in one line."""
    counts = ", ".join(f"{count} {split}" for split, count in header.counts.items())
    notes = "".join(
        f"; {key.replace('_', ' ')}: {value}" for key, value in header.notes.items() if key not in factors.NOTES
    )
    size = f"{header.resolution} px, {len(header.labels)} {header.kind}"
    return f"{header.name}: {counts} at {size}{notes}; sha256 {header.sha256[:16]}"
