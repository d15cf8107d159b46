"""pix2pix's files of two images side by side: which half comes first, pairs that stay together, and damaged copies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from stages.datasets import aligned
from stages.preparing import writing
from stages.settings import members
from stages.storage import prepared
from stages.storage.prepared import SPLITS, Bytes, DataError

DRAWN: dict[str, Any] = {"direction": "AtoB", "validation": 6, "seed": 1}


def half(number: int, right: bool, width: int = 16) -> Bytes:
    return np.random.default_rng([number, right]).integers(0, 256, (16, width, 3), dtype=np.uint8)


def fill(folder: Path, first: int, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(first, first + count):
        both = np.concatenate([half(number, right=False), half(number, right=True)], axis=1)
        Image.fromarray(both).save(folder / f"{number:03d}.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pairs 0 to 11 for training, 12 to 15 for the test."""
    fill(tmp_path / "facades" / "train", 0, 12)
    fill(tmp_path / "facades" / "test", 12, 4)
    return tmp_path / "facades"


def prepare(root: Path, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    given = {"resolution": 16, "directory": str(root), "labels": ["photo", "labels"], **settings}
    source = aligned.source(**members.options(aligned.source, given))
    target = root.parent / "prepared"
    writing.write(target, "facades", given["resolution"], source, {})
    return prepared.read(target)


def numbers(data: prepared.Prepared, split: str) -> list[int]:
    """Which pairs a split holds; the i-th images of both labels must be the halves of one file."""
    known = {half(number, right).tobytes(): (number, right) for number in range(20) for right in (False, True)}
    held = data.split(split)
    found = [known[image.tobytes()] for image in held.images]
    count = len(found) // 2
    assert held.labels.tolist() == [[1, 0]] * count + [[0, 1]] * count
    assert [number for number, _ in found[:count]] == [number for number, _ in found[count:]]
    first = data.header.labels.index("photo")
    assert {right for _, right in found[:count]} == {bool(first)}
    assert {right for _, right in found[count:]} == {not first}
    return [number for number, _ in found[:count]]


@pytest.mark.parametrize(("direction", "labels"), [("AtoB", ("photo", "labels")), ("BtoA", ("labels", "photo"))])
def test_the_direction_tells_which_half_comes_first(root: Path, direction: str, labels: tuple[str, str]) -> None:
    data = prepare(root, **{**DRAWN, "direction": direction})
    assert data.header.kind == "pairs"
    assert data.header.labels == labels
    assert data.header.targets == ()
    assert numbers(data, "test") == [12, 13, 14, 15]


def test_validation_is_drawn_in_pairs(root: Path) -> None:
    data = prepare(root, **DRAWN)
    assert data.header.counts == {"train": 18, "validation": 6, "test": 8}
    found = {split: numbers(data, split) for split in SPLITS}
    assert sorted(found["train"] + found["validation"]) == list(range(12))
    assert numbers(prepare(root, **DRAWN), "validation") == found["validation"]
    assert numbers(prepare(root, **{**DRAWN, "seed": 2}), "validation") != found["validation"]


def test_a_folder_of_validation_is_used(root: Path) -> None:
    fill(root / "val", 16, 2)
    data = prepare(root, direction="AtoB")
    assert numbers(data, "validation") == [16, 17]
    assert numbers(data, "train") == list(range(12))
    with pytest.raises(DataError, match="val exists: leave out the settings validation and seed"):
        prepare(root, **DRAWN)


def test_grey_halves_are_counted(root: Path) -> None:
    with Image.open(root / "test" / "013.png") as colour:
        grey = colour.convert("L")
    grey.save(root / "test" / "013.png")
    assert prepare(root, **DRAWN).header.notes == {"converted_from_grey": 2}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def odd(path: Path) -> None:
    Image.fromarray(half(0, right=False, width=33)).save(path)


MALFORMED: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda root: cut(root / "train" / "004.png"), r"004.png \(200 bytes\): cannot be read as an image"),
    "odd width": (lambda root: odd(root / "test" / "012.png"), "012.png: 33x16 has an odd width; a pair is two images"),
    "no test": (lambda root: shutil.rmtree(root / "test"), "test: cannot be listed .*a folder of images"),
    "nothing": (shutil.rmtree, "train: cannot be listed"),
}


@pytest.mark.parametrize(("harm", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(root: Path, harm: Callable[[Path], object], message: str) -> None:
    harm(root)
    with pytest.raises(DataError, match=message):
        prepare(root, **DRAWN)
    assert not (root.parent / "prepared").exists()


WRONG_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "no validation": ({"direction": "AtoB"}, "val does not exist: the settings validation and seed draw it"),
    "half a pair": ({**DRAWN, "validation": 5}, "validation: 5 images are no whole number of pairs"),
    "too many": ({**DRAWN, "validation": 24}, "24 images cannot give 24 validation images and a rest"),
    "no direction": ({"validation": 6, "seed": 1}, "direction"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_wrong_settings(root: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, ValidationError), match=message):
        prepare(root, **settings)
