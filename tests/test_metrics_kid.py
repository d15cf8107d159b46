"""The kernel distance equals torch-fidelity on the same subsets and is unbiased: about zero for equal distributions."""

import pytest
import torch
from torch import Tensor

from stages.blocks import torchvision_ready
from stages.metrics.kid import kid, squared_mmd


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_equals_torch_fidelity_on_the_same_subsets() -> None:
    torchvision_ready.declare_missing()
    from torch_fidelity.metric_kid import kid_features_to_metric

    real, fake = normal(120, 24, seed=0), normal(100, 24, seed=1).abs()
    reference = kid_features_to_metric(
        real, fake, kid_subsets=12, kid_subset_size=40, kid_kernel="poly", rng_seed=7, verbose=False
    )
    mean, spread = kid(real, fake, subsets=12, subset_images=40, seed=7)
    assert mean == pytest.approx(reference["kernel_inception_distance_mean"], rel=1e-6)
    assert spread == pytest.approx(reference["kernel_inception_distance_std"], rel=1e-6)


def test_hand_computed_value() -> None:
    # k(x, y) = (xy + 1)³ on {0, 1} and {2, 3}: 1 + 7³ − 2·(1 + 1 + 3³ + 4³) / 4.
    real, fake = torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0], [3.0]])
    assert squared_mmd(real, fake) == pytest.approx(1 + 343 - 2 * (1 + 1 + 27 + 64) / 4, rel=1e-12)


def test_equal_distributions_score_zero_on_average_on_either_side() -> None:
    pairs = [squared_mmd(normal(60, 8, seed=2 * i), normal(60, 8, seed=2 * i + 1)) for i in range(60)]
    values = torch.tensor(pairs)
    assert values.min() < 0 < values.max()
    assert values.mean().abs() < 3 * values.std() / len(values) ** 0.5


def test_identical_sets_score_about_zero_and_shifted_ones_more() -> None:
    real = normal(300, 8, seed=3)
    itself, spread = kid(real, real, subsets=20, subset_images=100)
    shifted, _ = kid(real, real + 0.5, subsets=20, subset_images=100)
    # An image meets itself across the sets but not within one: below zero by the gap of the kernel's diagonal.
    kernel = (real @ real.T / 8 + 1) ** 3
    apart = (kernel.sum() - kernel.trace()) / (300 * 299)
    expected = float(-2 * (kernel.diagonal().mean() - apart) / 300)
    assert squared_mmd(real, real) == pytest.approx(expected, rel=1e-9)
    assert abs(itself - expected) < 3 * spread / 20**0.5
    assert shifted > 10 * abs(itself)


def test_deterministic_and_independent_of_the_global_seed() -> None:
    real, fake = normal(80, 8, seed=4), normal(80, 8, seed=5)
    torch.manual_seed(0)
    first = kid(real, fake, subsets=5, subset_images=20)
    torch.manual_seed(1)
    assert first == kid(real, fake, subsets=5, subset_images=20)
    assert first != kid(real, fake, subsets=5, subset_images=20, seed=1)


def test_bad_requests_are_refused() -> None:
    real = normal(30, 8, seed=6)
    with pytest.raises(ValueError, match="lower subset_images"):
        kid(real, normal(20, 8, seed=6), subsets=5, subset_images=21)
    with pytest.raises(ValueError, match="not finite"):
        squared_mmd(real, real * torch.inf)
