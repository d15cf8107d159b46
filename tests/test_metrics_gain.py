"""Gain and stray: perfection, doing nothing, half of the way, and what leads away from it."""

import numpy as np
import pytest

from stages.measuring.contracts import Pairs
from stages.metrics.gain import COLUMNS, measure
from stages.storage.prepared import Bytes


def images(seed: int, low: int = 0, high: int = 256) -> Bytes:
    return np.random.default_rng(seed).integers(low, high, (4, 16, 16, 3), dtype=np.uint8)


def gain(produced: Bytes, exact: Bytes, original: Bytes) -> tuple[list[float], list[float]]:
    found = measure(Pairs(produced, exact, original, False))
    assert set(found) == {"gain", "stray"}
    return found["gain"].tolist(), found["stray"].tolist()


def test_a_perfect_translator_has_gain_one_and_returning_the_input_none() -> None:
    original, exact = images(0), images(1)
    assert gain(exact, exact, original) == ([1.0] * 4, [0.0] * 4)
    assert gain(original, exact, original) == ([0.0] * 4, [0.0] * 4)


def test_half_of_the_way_is_half_the_gain_and_goes_nowhere_else() -> None:
    original, steps = images(0, 0, 64), images(1, 0, 64)
    for share in (1, 2, 3):
        found, stray = gain(original + share * steps, original + 2 * steps, original)
        assert found == pytest.approx([share / 2] * 4)
        assert stray == pytest.approx([0] * 4, abs=1e-9)


def test_a_change_where_none_was_asked_for_strays_and_gains_nothing() -> None:
    original = images(0, 0, 128)
    exact, produced = original.copy(), original.copy()
    exact[:, :8] += 100
    produced[:, 8:] += 50
    found, stray = gain(produced, exact, original)
    assert found == pytest.approx([0] * 4, abs=1e-12)
    assert stray == pytest.approx([0.5] * 4)
    produced[:, :8] += 100
    assert gain(produced, exact, original) == (pytest.approx([1] * 4), pytest.approx([0.5] * 4))


def test_what_nothing_is_to_change_has_neither() -> None:
    original = images(0)
    exact = original.copy()
    exact[1] = images(1)[1]
    found, stray = gain(images(2), exact, original)
    assert np.isnan(found).tolist() == np.isnan(stray).tolist() == [True, False, True, True]
    assert measure(Pairs(original, original, original, True)) == {}


def test_error_over_the_least_possible_stands_where_the_data_say_it() -> None:
    exact = images(0, 0, 200)
    found = measure(Pairs(exact + 51, exact, images(1), False, bayes=0.1))
    assert set(found) == set(COLUMNS)
    assert found["l1_bayes"].tolist() == pytest.approx([2.0] * 4)
