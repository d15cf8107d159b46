"""Cycles: a perfect return costs nothing; of a colour is kept what varies as it did."""

import numpy as np
import pytest

from stages.measuring.contracts import Cycles
from stages.metrics.cycles import COLUMNS, measure
from stages.storage.prepared import Bytes


def world(count: int = 6) -> tuple[Bytes, Bytes]:
    """Images whose left half has a colour of its own, and exact translations that show none."""
    random = np.random.default_rng(0)
    original = np.full((count, 8, 8, 3), 90, np.uint8)
    original[:, :, :4] = random.integers(0, 200, (count, 1, 1, 3))
    exact = original.copy()
    exact[:, :, :4] = 255
    return original, exact


def test_a_perfect_return_keeps_everything() -> None:
    original, exact = world()
    found = measure(Cycles(original, original.copy(), exact))
    assert set(found) == set(COLUMNS)
    assert found["kept_colour"] == pytest.approx(1)
    assert found["l1_cycle"].eq(0).all()  # type: ignore[union-attr]


def kept(original: Bytes, returned: Bytes, exact: Bytes) -> float:
    return float(measure(Cycles(original, returned, exact))["kept_colour"])


def test_one_colour_for_all_keeps_nothing_and_a_shared_tint_everything() -> None:
    original, exact = world(200)
    flat = original.copy()
    flat[:, :, :4] = 120
    assert kept(original, flat, exact) == 0
    assert kept(original, original // 2 + 60, exact) == pytest.approx(1, abs=1e-3)
    shuffled = original.copy()
    shuffled[:, :, :4] = np.roll(original[:, :, :4], 1, axis=0)
    assert kept(original, shuffled, exact) < 0.05


def test_one_channel_of_three_keeps_a_third() -> None:
    original, exact = world(1000)
    red = original.copy()
    red[:, :, :4, 1:] = 50
    assert kept(original, red, exact) == pytest.approx(1 / 3, abs=0.02)


def test_what_lies_outside_the_change_counts_in_the_error_alone() -> None:
    original, exact = world()
    returned = original.copy()
    returned[:, :, 4:] += 51
    found = measure(Cycles(original, returned, exact))
    assert found["kept_colour"] == pytest.approx(1)
    assert found["l1_cycle"].tolist() == pytest.approx([0.1] * 6)  # type: ignore[union-attr]


def test_without_exact_images_or_variance_no_colour_is_looked_at() -> None:
    original, exact = world()
    assert set(measure(Cycles(original, original, None))) == {"l1_cycle"}
    assert set(measure(Cycles(original, original, original))) == {"l1_cycle"}
    assert set(measure(Cycles(original[:1], original[:1], exact[:1]))) == {"l1_cycle"}
