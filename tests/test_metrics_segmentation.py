"""The FCN score of a matrix worked out by hand, and label maps and photographs read by their palette."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from stages.measuring import palette
from stages.measuring.contracts import Layouts
from stages.metrics.segmentation import confusion, measure
from stages.storage.prepared import DataError, Header

NOTE = "road #804080 #606060, sky #4682b4 #4878c0, traffic light #fafa1e #b0a020, void #000000"


def header(note: str = NOTE, **changes: Any) -> Header:  # noqa: ANN401 - fields
    notes: dict[str, int | str] = {"palette": note, "bayes_l1_test": "0.0625"}
    found = Header(1, "street", 8, ("labels", "photo"), "pairs", (), (), {}, notes, {}, {}, "")
    return replace(found, **changes)


def scores(wanted: list[int], found: list[int], classes: int = 3) -> dict[str, float]:
    asked, read = (np.array(each, np.uint8)[None, None] for each in (wanted, found))
    return dict(measure(Layouts(asked, read, classes, palette.VOID)))


def test_the_scores_are_those_of_the_confusion_matrix() -> None:
    # Right are 3 of 4, 1 of 2 and 2 of 2; a pixel of class 0 was taken for 1, one of class 1 for 2.
    found = scores([0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2, 2, 2])
    assert found["pixel_accuracy"] == pytest.approx(6 / 8)
    assert found["class_accuracy"] == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert found["class_iou"] == pytest.approx((3 / 4 + 1 / 3 + 2 / 3) / 3)
    matrix = confusion(torch.tensor([0, 0, 1]), torch.tensor([0, 2, 1]), 3)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_void_is_ignored_whatever_was_found_there() -> None:
    void = palette.VOID
    assert scores([0, 1, void, void], [0, 1, 0, 2]) == scores([0, 1], [0, 1])
    with pytest.raises(ValueError, match="all are void"):
        scores([void, void], [0, 1])


def test_a_class_that_is_nowhere_does_not_count_and_one_that_was_only_found_costs_iou() -> None:
    assert set(scores([0, 0, 1], [0, 0, 1], classes=19).values()) == {1.0}
    found = scores([0, 0, 1, 1], [0, 2, 1, 1])
    assert found["class_accuracy"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["class_iou"] == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(ValueError, match="classes must be 0 to 2"):
        scores([0, 1], [0, 3])


def test_label_maps_are_read_by_the_nearest_colour() -> None:
    classes = palette.of(header())
    assert classes is not None
    assert classes.classes == ("road", "sky", "traffic light")
    exact = np.array([[0x80, 0x40, 0x80], [0x46, 0x82, 0xB4], [0xFA, 0xFA, 0x1E], [0, 0, 0]], np.uint8)
    for shift in (0, 5):
        assert classes.layout((exact + shift).reshape(1, 2, 2, 3)).tolist() == [[[0, 1], [2, palette.VOID]]]


def test_photographs_are_read_by_chromaticity_under_every_light() -> None:
    classes = palette.of(header())
    assert classes is not None
    assert classes.prototypes is not None
    ids = np.random.default_rng(0).integers(3, size=(5, 8, 8))
    for light in (0.2, 0.6, 1.3):
        photographs = (classes.prototypes[ids] * light).round().astype(np.uint8)
        np.testing.assert_array_equal(classes.seen(photographs), ids)


def test_without_prototypes_no_rule_reads_photographs() -> None:
    classes = palette.of(header("road #804080, sky #4682b4"))
    assert classes is not None
    assert classes.prototypes is None
    assert classes.layout(np.zeros((1, 2, 2, 3), np.uint8)).max() < 2
    with pytest.raises(DataError, match="no prototypes"):
        classes.seen(np.zeros((1, 2, 2, 3), np.uint8))


def test_only_pairs_with_a_palette_have_classes() -> None:
    assert palette.of(header(kind="domains")) is None
    assert palette.of(header(notes={})) is None
    for note, told in (("road 804080", "must say `name #rrggbb"), ("road #804080", "has 1 classes")):
        with pytest.raises(DataError, match=f"data set street: its palette {told}"):
            palette.of(header(note))


def test_the_least_error_is_that_of_photographs() -> None:
    assert palette.least(header(), "photo", "test") == 0.0625
    assert palette.least(header(), "labels", "test") is None
    assert palette.least(header(notes={}), "photo", "test") is None
