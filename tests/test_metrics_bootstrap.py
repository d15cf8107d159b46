"""The bootstrap interval covers as often as it says, shrinks as it should, and depends on its seed alone."""

import pytest
import torch
from torch import Tensor

from stages.measuring.bootstrap import interval


def normal(count: int, seed: int) -> Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


def test_width_is_that_of_the_normal_theory() -> None:
    values = normal(400, seed=0) * 3 + 5
    low, high = interval(values, resamples=4000)
    expected = 2 * 1.96 * float(values.std()) / 400**0.5
    assert low < float(values.mean()) < high
    assert high - low == pytest.approx(expected, rel=0.06)
    narrow = interval(values, resamples=4000, level=0.5)
    assert narrow[1] - narrow[0] == pytest.approx(expected * 0.6745 / 1.96, rel=0.08)


def test_coverage() -> None:
    covered = 0
    for seed in range(200):
        low, high = interval(normal(50, seed=seed), resamples=300)
        covered += low < 0 < high
    assert 178 <= covered <= 198  # 95 % of 200 is 190, with a standard deviation of 3


def test_deterministic_and_independent_of_the_global_seed() -> None:
    values = normal(40, seed=1)
    torch.manual_seed(0)
    first = interval(values, resamples=100)
    torch.manual_seed(1)
    assert first == interval(values, resamples=100)
    assert first != interval(values, resamples=100, seed=1)
    assert interval(torch.ones(9), resamples=100) == (1, 1)


def test_bad_values_are_refused() -> None:
    for values in (torch.tensor([1.0, torch.nan]), torch.tensor([1.0])):
        with pytest.raises(ValueError, match="finite values of at least two images"):
            interval(values, resamples=100)
    with pytest.raises(ValueError, match="resamples"):
        interval(torch.ones(3), resamples=0)
