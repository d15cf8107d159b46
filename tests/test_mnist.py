"""MNIST's own files, packed or not, written here: what is read, and every way in which they can be wrong."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.datasets import mnist
from stages.preparing import writing
from stages.storage import prepared
from stages.storage.prepared import DataError

TRAIN, TEST, PIXELS = 60, 20, 12


def idx(values: np.ndarray[Any, Any]) -> bytes:
    """An array of bytes as an IDX file."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": random.integers(0, 256, (TRAIN, PIXELS, PIXELS), np.uint8),
        "train-labels-idx1-ubyte": (np.arange(TRAIN) % 10).astype(np.uint8),
        "t10k-images-idx3-ubyte": random.integers(0, 256, (TEST, PIXELS, PIXELS), np.uint8),
        "t10k-labels-idx1-ubyte": (np.arange(TEST) % 10).astype(np.uint8),
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two files packed, two not."""
    root = tmp_path / "mnist"
    root.mkdir()
    for place, (name, values) in enumerate(arrays().items()):
        if place % 2:
            (root / name).write_bytes(idx(values))
        else:
            (root / f"{name}.gz").write_bytes(gzip.compress(idx(values)))
    return root


def read(root: Path, **changes: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    given = {"resolution": PIXELS, "directory": str(root), "validation": 10, "seed": 0, "files": "other", **changes}
    target = root.parent / "prepared"
    writing.write(target, "mnist", given["resolution"], mnist.source(**given), {})
    return prepared.read(target)


def test_packed_and_plain_files_give_the_published_parts(root: Path) -> None:
    data, known = read(root), arrays()
    assert data.header.counts == {"train": 50, "validation": 10, "test": 20}
    assert data.header.kind == "classes"
    test = data.split("test")
    assert (test.images == known["t10k-images-idx3-ubyte"][..., None]).all()
    assert test.labels.argmax(axis=1).tolist() == known["t10k-labels-idx1-ubyte"].tolist()
    learnt = [data.split(split).images[..., 0] for split in ("train", "validation")]
    assert sorted(map(bytes, np.concatenate(learnt))) == sorted(map(bytes, known["train-images-idx3-ubyte"]))
    assert data.split("validation").labels.sum(axis=0).tolist() == [1] * 10


def test_other_files_are_not_taken_for_mnist(root: Path) -> None:
    with pytest.raises(DataError, match=r"has SHA-256 .* the published file 440fcabf73cc546f"):
        read(root, files="published")


def test_published_files_are_known_by_their_hash(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in mnist.PUBLISHED:
        packed, plain = root / f"{name}.gz", root / name
        path = packed if packed.exists() else plain
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        other = "0" * 64
        monkeypatch.setitem(mnist.PUBLISHED, name, (digest, other) if path == packed else (other, digest))
    assert read(root, files="published").header.counts["test"] == TEST


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "short": ("train-labels-idx1-ubyte", b"\0\0", "too few for an IDX file"),
    "another kind": ("train-labels-idx1-ubyte", struct.pack(">HBBI", 0, 13, 1, 0) + b"\0" * 60, "not an IDX file"),
    "other axes": ("train-labels-idx1-ubyte", idx(np.zeros((60, 1), np.uint8)), "not an IDX file of 1 axes"),
    "cut off": ("train-labels-idx1-ubyte", idx(np.zeros(60, np.uint8))[:-5], "promises 60 values, 55 follow"),
    "too many": ("train-labels-idx1-ubyte", idx(np.zeros(60, np.uint8)) + b"\0", "promises 60 values, 61 follow"),
    "fewer labels": ("train-labels-idx1-ubyte", idx(np.zeros(59, np.uint8)), "60 images and 59 labels"),
    "no digit": ("train-labels-idx1-ubyte", idx(np.full(60, 10, np.uint8)), "is 10; the classes are 0 to 9"),
    "not packed": ("train-images-idx3-ubyte.gz", b"no archive", "cannot be unpacked"),
    "half packed": ("train-images-idx3-ubyte.gz", gzip.compress(bytes(9999))[:-12], "cannot be unpacked"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_named(root: Path, case: str) -> None:
    name, content, told = BROKEN[case]
    (root / name).write_bytes(content)
    with pytest.raises(DataError, match=told):
        read(root)


def test_absent_files_say_how_to_get_them(root: Path) -> None:
    (root / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="`retort fetch mnist`"):
        read(root)


def test_the_resolution_must_be_that_of_the_files(root: Path) -> None:
    with pytest.raises(DataError, match="the train images are 12x12; write resolution: 12"):
        read(root, resolution=28)
