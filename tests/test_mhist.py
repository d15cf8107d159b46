"""MHIST's layout, written here and by the drawn stand-in: its parts, its votes, and no test image ever learnt from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.datasets import mhist, tissue
from stages.preparing import annotated, writing
from stages.storage import prepared
from stages.storage.prepared import DataError

# Name, majority, votes for SSA, part.
ROWS: list[tuple[str, ...]] = [
    *((f"a{i}.png", "HP" if i % 3 else "SSA", str(i % 4 if i % 3 else 5), "train") for i in range(12)),
    *((f"b{i}.png", "SSA" if i % 2 else "HP", "7" if i % 2 else "0", "test") for i in range(6)),
]
DRAWN = {"resolution": 16, "train": 60, "validation": 20, "test": 40, "seed": 0}


def write(root: Path, rows: list[tuple[str, ...]], columns: tuple[str, ...] = annotated.COLUMNS) -> Path:
    with (root / annotated.LIST).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "mhist"
    (root / annotated.IMAGES).mkdir(parents=True)
    for number, (name, *_) in enumerate(ROWS):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(root / annotated.IMAGES / name)
    return write(root, ROWS)


def read(root: Path, **changes: Any) -> prepared.Prepared:  # noqa: ANN401 - keywords of the data set
    given = {"resolution": 16, "directory": str(root), "validation": 3, "seed": 0, **changes}
    target = root.parent / "prepared"
    writing.write(target, "mhist", given["resolution"], mhist.source(**given), {})
    return prepared.read(target)


def pixels(split: prepared.Split) -> set[bytes]:
    return {bytes(np.ascontiguousarray(image)) for image in split.images}


def test_the_parts_are_those_of_the_list(root: Path) -> None:
    data = read(root)
    assert data.header.counts == {"train": 9, "validation": 3, "test": 6}
    assert data.header.labels == ("HP", "SSA")
    held = data.split("test")
    listed = [row for row in ROWS if row[3] == "test"]
    assert held.votes is not None
    for image, label, votes, (name, majority, count, _) in zip(
        held.images,
        held.labels,
        held.votes,
        listed,
        strict=True,
    ):
        assert (image == np.asarray(Image.open(root / annotated.IMAGES / name))).all()
        assert ("HP", "SSA")[int(label.argmax())] == majority
        assert votes.tolist() == [7 - int(count), int(count)]


def test_no_test_image_is_ever_learnt_from(root: Path) -> None:
    for data in (read(root), drawn(root.parent)):
        held = pixels(data.split("test"))
        assert len(held) == data.header.counts["test"]
        assert not held & (pixels(data.split("train")) | pixels(data.split("validation")))


def test_a_test_image_under_another_name_is_refused(root: Path) -> None:
    folder = root / annotated.IMAGES
    (folder / "a1.png").write_bytes((folder / "b2.png").read_bytes())
    with pytest.raises(DataError, match=r"b2\.png of the test part is the same image as a1\.png"):
        read(root)


def changed(index: int, place: int, value: str) -> list[tuple[str, ...]]:
    rows = [list(row) for row in ROWS]
    rows[index][place] = value
    return [tuple(row) for row in rows]


BROKEN: dict[str, tuple[list[tuple[str, ...]], str]] = {
    "another label": (changed(1, 1, "SSL"), "line 3: Majority Vote Label is 'SSL', not one of HP, SSA"),
    "another part": (changed(1, 3, "val"), "line 3: Partition is 'val', not train or test"),
    "too many votes": (changed(1, 2, "8"), "'8' is no number of votes"),
    "no vote": (changed(1, 2, ""), "'' is no number of votes"),
    "votes against the majority": (changed(1, 2, "4"), "4 of 7 votes for SSA do not make HP"),
    "in both parts": ([*ROWS, ("a1.png", "HP", "1", "test")], r"a1\.png stands twice; an image is in one part only"),
    "absent": ([*ROWS, ("c.png", "HP", "1", "test")], r"c\.png is listed but absent"),
    "one class": ([r for r in ROWS if r[3] == "train" or r[1] == "HP"], "the test part needs images of both"),
    "a short line": ([*ROWS, ("a1.png", "HP")], "has fewer values than columns"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_wrong_lists_are_told(root: Path, case: str) -> None:
    rows, told = BROKEN[case]
    write(root, rows)
    with pytest.raises(DataError, match=told):
        read(root)


def test_missing_columns_and_files_are_told(root: Path) -> None:
    write(root, ROWS, ("Image Name", "Label", "Votes", "Partition"))
    with pytest.raises(DataError, match="line 1: needs the columns Image Name, Majority Vote Label"):
        read(root)
    (root / annotated.LIST).unlink()
    with pytest.raises(DataError, match="it is the list of labels and parts"):
        read(root)


def drawn(folder: Path, **changes: int) -> prepared.Prepared:
    target = folder / "drawn"
    writing.write(target, "tissue", 16, tissue.source(**{**DRAWN, **changes}), {})
    return prepared.read(target)


def test_tissue_keeps_the_imbalance_and_the_disagreement(tmp_path: Path) -> None:
    data = drawn(tmp_path, train=240, validation=80, test=160)
    assert data.header.counts == {"train": 240, "validation": 80, "test": 160}
    for split in ("train", "validation", "test"):
        part = data.split(split)
        assert part.labels[:, 1].mean() == pytest.approx(990 / 3152, abs=1.5 / len(part))
        votes = np.asarray(part.votes)
        assert (votes.sum(axis=1) == 7).all()
        assert (votes.argmax(axis=1) == part.labels.argmax(axis=1)).all()
        # Some images are certain, some are not.
        torn = (votes.max(axis=1) < 7).mean()
        assert 0.2 < torn < 0.8


def test_tissue_is_the_same_for_the_same_seed_and_larger_for_larger_counts(tmp_path: Path) -> None:
    first = tissue.source(**DRAWN)
    images = {split: np.concatenate([c.images for c in first.splits[split]()]) for split in ("train", "test")}
    again = tissue.source(**DRAWN)
    assert all((np.concatenate([c.images for c in again.splits[s]()]) == images[s]).all() for s in images)
    other = tissue.source(**{**DRAWN, "seed": 1})
    assert (np.concatenate([c.images for c in other.splits["test"]()]) != images["test"]).any()
    assert not any(tmp_path.iterdir())


def test_teeth_are_what_the_classes_differ_in() -> None:
    """With everything else the same, more serration changes the lumen's border and not the stain."""

    def field(degree: float) -> np.ndarray[Any, Any]:
        key = np.array([3, 0], np.uint64)
        return tissue.draw(degree, 48, np.random.Generator(np.random.Philox(key=key))).astype(float)

    smooth, slight, deep = field(-3), field(-2.5), field(3)
    assert np.abs(smooth - slight).mean() < np.abs(smooth - deep).mean()
    changed_pixels = (np.abs(smooth - deep).max(axis=-1) > 10).mean()
    assert 0.01 < changed_pixels < 0.3
