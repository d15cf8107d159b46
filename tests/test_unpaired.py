"""CycleGAN's folders: two domains that do not belong together, a given or a drawn validation, and damaged copies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from stages.datasets import unpaired
from stages.preparing import writing
from stages.settings import members
from stages.storage import prepared
from stages.storage.prepared import Bytes, DataError

DRAWN: dict[str, Any] = {"validation": 6, "seed": 1}
COUNTS = {"trainA": 8, "trainB": 16, "testA": 3, "testB": 2}


def picture(number: int, width: int = 16, height: int = 16) -> Bytes:
    return np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder: Path, first: int, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(first, first + count):
        Image.fromarray(picture(number)).save(folder / f"n{number:03d}.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pictures 0 to 28: eight horses and sixteen zebras for training, three and two for the test."""
    first = 0
    for name, count in COUNTS.items():
        fill(tmp_path / "savanna" / name, first, count)
        first += count
    return tmp_path / "savanna"


def prepare(root: Path, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    given = {"resolution": 16, "directory": str(root), "labels": ["horse", "zebra"], **settings}
    source = unpaired.source(**members.options(unpaired.source, given))
    target = root.parent / "prepared"
    writing.write(target, "savanna", given["resolution"], source, {})
    return prepared.read(target)


def numbers(data: prepared.Prepared, split: str) -> list[int]:
    """Which pictures a split holds, in its order; each must carry the label of its folder."""
    known = {picture(number).tobytes(): number for number in range(40)}
    held = data.split(split)
    found = [known[image.tobytes()] for image in held.images]
    zebras = [8 <= number < 24 or 27 <= number < 29 or number >= 34 for number in found]
    assert held.labels.tolist() == [[int(not zebra), int(zebra)] for zebra in zebras]
    return found


def test_the_first_domain_stands_first(root: Path) -> None:
    data = prepare(root, **DRAWN)
    assert data.header.kind == "domains"
    assert data.header.labels == ("horse", "zebra")
    assert data.header.targets == ()
    assert data.split("test").counterfactuals is None
    assert numbers(data, "test") == [24, 25, 26, 27, 28]
    assert numbers(data, "train") == sorted(numbers(data, "train"))


def test_validation_is_drawn_from_both_domains_by_their_share(root: Path) -> None:
    data = prepare(root, **DRAWN)
    validation, train = numbers(data, "validation"), numbers(data, "train")
    assert sorted(validation + train) == list(range(24))
    assert sum(number < 8 for number in validation) == 2
    assert len(validation) == 6
    assert numbers(prepare(root, **DRAWN), "validation") == validation
    assert numbers(prepare(root, validation=6, seed=2), "validation") != validation


def test_folders_of_validation_are_used(root: Path) -> None:
    fill(root / "valA", 32, 2)
    fill(root / "valB", 34, 3)
    data = prepare(root)
    assert numbers(data, "validation") == [32, 33, 34, 35, 36]
    assert numbers(data, "train") == list(range(24))
    with pytest.raises(DataError, match="valA exists: leave out the settings validation and seed"):
        prepare(root, **DRAWN)


def test_any_shape_is_squeezed_as_the_published_program_does(root: Path) -> None:
    oblong = Image.fromarray(picture(24, 40, 27))
    oblong.save(root / "testA" / "n024.png")
    image = prepare(root, **DRAWN).split("test").images[0]
    # What torchvision does with a PIL image that it is to resize to a square.
    assert np.array_equal(image, np.asarray(oblong.resize((16, 16), Image.Resampling.BICUBIC)))


def test_grey_images_are_converted_and_counted(root: Path) -> None:
    for name in ("trainA/n003.png", "testB/n027.png"):
        with Image.open(root / name) as colour:
            grey = colour.convert("L")
        grey.save(root / name)
    data = prepare(root, **DRAWN)
    assert data.header.notes == {"converted_from_grey": 2}
    assert (np.ptp(data.split("test").images[3], axis=-1) == 0).all()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


MALFORMED: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda root: cut(root / "trainB" / "n009.png"), r"trainB/n009.png \(200 bytes\): cannot be read as"),
    "no image at all": (lambda root: (root / "testA" / "n024.png").write_text("<html>"), r"n024.png \(6 bytes\)"),
    "sixteen bits": (
        lambda root: Image.fromarray(np.zeros((16, 16), np.uint16)).save(root / "testA" / "n024.png"),
        "n024.png: pixel format I;16 is not supported",
    ),
    "one domain empty": (lambda root: empty(root / "trainB"), "trainB: no .jpg, .jpeg, .png files in this folder"),
    "one domain absent": (lambda root: shutil.rmtree(root / "testB"), "testB: cannot be listed .*a folder of images"),
    "half a validation": (lambda root: fill(root / "valB", 34, 2), "valA: cannot be listed"),
    "nothing": (shutil.rmtree, "trainA: cannot be listed"),
}


@pytest.mark.parametrize(("harm", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(root: Path, harm: Callable[[Path], object], message: str) -> None:
    harm(root)
    with pytest.raises(DataError, match=message):
        prepare(root, **DRAWN)
    assert not (root.parent / "prepared").exists()


WRONG_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "no validation": ({}, "valA does not exist: the settings validation and seed draw it from the training images"),
    "no seed": ({"validation": 6}, "the settings validation and seed draw it"),
    "too many": ({"validation": 24, "seed": 0}, "24 images cannot give 24 validation images and a rest to train on"),
    "one name": ({**DRAWN, "labels": ["horse", "horse"]}, "two domains need two names, not horse and horse"),
    "three names": ({**DRAWN, "labels": ["horse", "zebra", "mule"]}, "at most 2"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_wrong_settings(root: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, ValidationError), match=message):
        prepare(root, **settings)
