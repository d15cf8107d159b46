"""The digits that scikit-learn carries: all of them, once, every class by its share, and grey levels kept."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from stages.datasets import digits
from stages.preparing import strata
from stages.preparing.writing import Chunk
from stages.storage.prepared import SPLITS, DataError


def chunks(**changes: int) -> dict[str, Chunk]:
    source = digits.source(**{"resolution": 8, "validation": 200, "test": 800, "seed": 0, **changes})
    return {split: next(iter(source.splits[split]())) for split in SPLITS}


def test_every_digit_is_in_one_split() -> None:
    found = chunks()
    assert {split: len(chunk.images) for split, chunk in found.items()} == {
        "train": 797,
        "validation": 200,
        "test": 800,
    }
    mine = np.concatenate([chunk.images[..., 0].reshape(-1, 64) for chunk in found.values()])
    theirs = np.rint(load_digits().images * 255 / 16).astype(np.uint8).reshape(-1, 64)
    assert sorted(map(bytes, mine)) == sorted(map(bytes, theirs))


def test_labels_are_those_of_the_images() -> None:
    original = load_digits()
    classes = {bytes(np.rint(i * 255 / 16).astype(np.uint8)): c for i, c in zip(original.images, original.target)}  # noqa: B905
    for chunk in chunks().values():
        assert (chunk.labels.sum(axis=1) == 1).all()
        named = [classes[bytes(np.ascontiguousarray(image[..., 0]))] for image in chunk.images]
        assert chunk.labels.argmax(axis=1).tolist() == named


def test_levels_are_grey_and_span_the_range() -> None:
    images = chunks()["train"].images
    assert images.min() == 0
    assert images.max() == 255
    assert (images == images[..., :1]).all()
    assert len(np.unique(images)) == 17


def test_every_class_has_its_share_of_every_split() -> None:
    whole = np.bincount(load_digits().target) / 1797
    for chunk in chunks().values():
        assert np.abs(chunk.labels.mean(axis=0) - whole).max() < 1 / len(chunk.labels) + 1e-9


def test_the_seed_decides_the_split() -> None:
    assert (chunks()["test"].images == chunks()["test"].images).all()
    assert (chunks(seed=1)["test"].images != chunks()["test"].images).any()


def test_another_resolution_is_refused() -> None:
    with pytest.raises(DataError, match="write resolution: 8"):
        chunks(resolution=16)


def test_more_than_there_are_cannot_be_split_off() -> None:
    with pytest.raises(DataError, match="1797 images cannot give 200 validation and 1700 test images and a rest"):
        chunks(test=1700)


def test_shares_add_up_whatever_the_rounding() -> None:
    classes = np.array([0] * 7 + [1] * 5 + [2] * 1)
    for count in range(1, 13):
        given = strata.shares(classes, count)
        assert sum(given.values()) == count
        assert all(abs(given[c] - count * n / 13) < 1 for c, n in enumerate((7, 5, 1)))
