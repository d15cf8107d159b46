"""Cityscapes' folders: nineteen classes in their colours, the published test, and damaged copies."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.datasets import cityscapes
from stages.preparing import writing
from stages.settings import members
from stages.storage import prepared
from stages.storage.prepared import SPLITS, Bytes, DataError

TRAIN = [("aachen", f"aachen_{number:06d}_000019") for number in range(5)] + [("ulm", "ulm_000000_000019")]
TEST = [("lindau", "lindau_000000_000019"), ("munster", "munster_000001_000019")]
COLOURS = {label: colour for label, _, colour in cityscapes.CLASSES}


def ids(number: int) -> Bytes:
    """A label map of 40x20; every id is somewhere."""
    found = np.random.default_rng(number).integers(0, 34, (20, 40), dtype=np.uint8)
    found[0, :34] = np.arange(34)
    return found


def photo(number: int) -> Bytes:
    return np.random.default_rng([number, 1]).integers(0, 256, (20, 40, 3), dtype=np.uint8)


def files(root: Path, part: str, city: str, name: str) -> tuple[Path, Path]:
    labels = root / "gtFine" / part / city / f"{name}_gtFine_labelIds.png"
    return labels, root / "leftImg8bit" / part / city / f"{name}_leftImg8bit.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "cityscapes"
    for number, (city, name) in enumerate(TRAIN + TEST):
        paths = files(root, "train" if number < len(TRAIN) else "val", city, name)
        for path, content in zip(paths, (ids(number), photo(number)), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(content).save(path)
        # What the archives hold beside.
        paths[0].with_name(f"{name}_gtFine_color.png").write_bytes(b"")
    return root


def prepare(root: Path, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    given = {"resolution": 20, "directory": str(root), "validation": 4, "seed": 1, **settings}
    source = cityscapes.source(**members.options(cityscapes.source, given))
    target = root.parent / "prepared"
    writing.write(target, "cityscapes", given["resolution"], source, {})
    return prepared.read(target)


def painted(labels: Bytes) -> Bytes:
    """A label map in colours at half its width: the nearest neighbour of an even shrinking is the right one of two."""
    return np.array([[COLOURS.get(label, (0, 0, 0)) for label in row] for row in labels[:, 1::2].tolist()], np.uint8)


def test_label_maps_and_photographs_of_the_published_test(root: Path) -> None:
    data = prepare(root)
    assert data.header.kind == "pairs"
    assert data.header.labels == ("labels", "photo")
    assert data.header.counts == {"train": 8, "validation": 4, "test": 4}
    test = data.split("test")
    assert test.labels.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    for place, number in enumerate((6, 7)):
        assert np.array_equal(test.images[place], painted(ids(number)))
        expected = Image.fromarray(photo(number)).resize((20, 20), Image.Resampling.BILINEAR)
        assert np.array_equal(test.images[2 + place], np.asarray(expected))


def test_pairs_stay_together_and_no_pair_is_in_two_splits(root: Path) -> None:
    data = prepare(root)
    maps = {painted(ids(number)).tobytes(): number for number in range(8)}
    photos = {
        np.asarray(Image.fromarray(photo(number)).resize((20, 20), Image.Resampling.BILINEAR)).tobytes(): number
        for number in range(8)
    }
    found: list[int] = []
    for split in SPLITS:
        images = data.split(split).images
        half = len(images) // 2
        numbers = [maps[image.tobytes()] for image in images[:half]]
        assert [photos[image.tobytes()] for image in images[half:]] == numbers
        found += numbers
    assert sorted(found) == list(range(8))


def test_the_palette_is_noted_and_painted(root: Path) -> None:
    data = prepare(root)
    entry = re.compile(r"\w+ #[0-9a-f]{6}")
    noted = str(data.header.notes["palette"]).split(", ")
    assert all(entry.fullmatch(each) for each in noted)
    assert len(noted) == 20
    assert noted[0] == "road #804080"
    assert noted[-1] == "void #000000"
    maps = np.concatenate([data.split(split).images[: data.header.counts[split] // 2] for split in SPLITS])
    seen = {bytes(pixel).hex() for pixel in maps.reshape(-1, 3)}
    assert seen == {each.split("#")[1] for each in noted}


def test_colours_are_distinct() -> None:
    assert len({*COLOURS.values(), cityscapes.VOID[1]}) == 20


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def resave(path: Path, content: Bytes) -> None:
    Image.fromarray(content).save(path)


def of_training(root: Path) -> tuple[Path, Path]:
    return files(root, "train", *TRAIN[0])


MALFORMED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a photo alone": (
        lambda root: of_training(root)[0].unlink(),
        r"aachen_000000_000019_leftImg8bit.png: a photograph without its labels, .*_gtFine_labelIds.png \(1 such\)",
    ),
    "labels alone": (
        lambda root: files(root, "val", *TEST[1])[1].unlink(),
        r"munster_000001_000019_gtFine_labelIds.png: labels without their photograph, .*leftImg8bit.png \(1 such\)",
    ),
    "an id too high": (
        lambda root: resave(of_training(root)[0], np.full((20, 40), 34, np.uint8)),
        "aachen_000000_000019_gtFine_labelIds.png: label id 34; Cityscapes has the ids 0 to 33",
    ),
    "a painted map": (
        lambda root: resave(of_training(root)[0], photo(0)),
        "_gtFine_labelIds.png: pixel format RGB; label ids are grey values of 8 bits",
    ),
    "other sizes": (
        lambda root: resave(of_training(root)[1], photo(0)[:, :30]),
        "aachen_000000_000019_leftImg8bit.png have different sizes: 40x20 and 30x20",
    ),
    "truncated labels": (lambda root: cut(of_training(root)[0]), r"labelIds.png \(200 bytes\): cannot be read"),
    "truncated photo": (lambda root: cut(of_training(root)[1]), r"leftImg8bit.png \(200 bytes\): cannot be read"),
    "no photo at all": (lambda root: of_training(root)[1].write_bytes(b""), r"leftImg8bit.png \(0 bytes\): cannot"),
    "no labels": (lambda root: shutil.rmtree(root / "gtFine"), "gtFine/train: no <city>/.*`retort fetch cityscapes`"),
    "nothing": (shutil.rmtree, "gtFine/train: no <city>"),
}


@pytest.mark.parametrize(("harm", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(root: Path, harm: Callable[[Path], object], message: str) -> None:
    harm(root)
    with pytest.raises(DataError, match=message):
        prepare(root)
    assert not (root.parent / "prepared").exists()


@pytest.mark.parametrize(
    ("count", "message"), [(3, "3 images are no whole number of pairs"), (12, "12 images cannot give 12 validation")]
)
def test_a_validation_that_cannot_be_drawn(root: Path, count: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(root, validation=count)
