"""The Fréchet distance equals its closed form, pytorch-fid and torch-fidelity, also where covariances are singular."""

import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.blocks import torchvision_ready
from stages.measuring.frechet import Moments, frechet_distance, frechet_infinity, moments


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_pytorch_fid(real: Tensor, fake: Tensor) -> float:
    torchvision_ready.declare_missing()
    with warnings.catch_warnings():
        # Its `sqrtm(disp=False)` is deprecated, and says so when a covariance is singular.
        warnings.simplefilter("ignore")
        from pytorch_fid.fid_score import calculate_frechet_distance

        one, other = real.numpy(), fake.numpy()
        parts = (one.mean(0), np.cov(one, rowvar=False), other.mean(0), np.cov(other, rowvar=False))
        return float(np.real(calculate_frechet_distance(*parts)))


def test_two_gaussians_of_known_moments() -> None:
    # Commuting covariances: d² = ‖μ₁ − μ₂‖² + Σ (√λ₁ − √λ₂)².
    rotation = torch.linalg.qr(normal(6, 6, seed=0)).Q
    first, second = torch.tensor([9.0, 4, 1, 1, 0.25, 0]).double(), torch.tensor([1.0, 4, 4, 0, 0.25, 1]).double()
    shift = normal(6, seed=1)
    one = Moments(101, torch.zeros(6).double(), rotation @ (100 * first).diag() @ rotation.T)
    other = Moments(51, shift, rotation @ (50 * second).diag() @ rotation.T)
    expected = float(shift.square().sum() + (first.sqrt() - second.sqrt()).square().sum())
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-7)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-7)


KINDS = ("full", "few images", "dead features", "low rank", "decaying spectrum", "duplicated features")


def features(kind: str) -> tuple[Tensor, Tensor]:
    mixing = normal(48, 48, seed=2)
    counts = (40, 30) if kind == "few images" else (400, 300)
    if kind == "low rank":
        mixing = mixing[:10]
    if kind == "decaying spectrum":
        mixing = torch.logspace(0, -6, 48, dtype=torch.float64)[:, None] * mixing
    if kind == "duplicated features":
        mixing = torch.cat([mixing[:, :24], mixing[:, :24]], dim=1)
    real, fake = (normal(count, len(mixing), seed=count) @ mixing for count in counts)
    if kind == "dead features":
        real[:, :20], fake[:, :20] = 0, 0
    return real, fake * 1.1 + 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_equals_pytorch_fid(kind: str) -> None:
    real, fake = features(kind)
    found = frechet_distance(moments(real), moments(fake), allow_small=True)
    assert found == pytest.approx(by_pytorch_fid(real, fake), rel=1e-6)


def test_equals_torch_fidelity() -> None:
    torchvision_ready.declare_missing()
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    real, fake = features("full")
    parts = (fid_features_to_statistics(real), fid_features_to_statistics(fake))
    reference = fid_statistics_to_metric(*parts, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(moments(real), moments(fake)) == pytest.approx(reference, rel=1e-6)


def test_a_set_is_at_distance_zero_from_itself() -> None:
    real = moments(normal(200, 16, seed=4))
    assert abs(frechet_distance(real, real)) < 1e-9 * float(real.covariance.trace())


def test_too_few_images_are_refused_unless_allowed() -> None:
    few, many = moments(normal(15, 16, seed=5)), moments(normal(100, 16, seed=6))
    for pair in ((few, many), (many, few)):
        with pytest.raises(ValueError, match="at least 16 images, there are 15"):
            frechet_distance(*pair)
        assert frechet_distance(*pair, allow_small=True) > 0
    with pytest.raises(ValueError, match="at least 16 images"):
        frechet_infinity(many, normal(15, 16, seed=7))
    assert frechet_distance(moments(normal(16, 16, seed=8)), many) > 0


def test_bad_features_are_refused() -> None:
    broken = normal(20, 4, seed=9)
    broken[3, 2] = torch.nan
    with pytest.raises(ValueError, match="not finite"):
        moments(broken)
    with pytest.raises(ValueError, match="different networks"):
        frechet_distance(moments(normal(20, 4, seed=9)), moments(normal(20, 5, seed=9)))
    small, huge = moments(normal(20, 4, seed=9)), moments(normal(20, 4, seed=9) + 1e160)
    with pytest.raises(ValueError, match="distance is not finite"):
        frechet_distance(small, huge)


def test_extrapolation_removes_the_bias_of_the_fakes_and_is_deterministic() -> None:
    dimension = 16
    exact = Moments(1_000_001, torch.zeros(dimension).double(), 1e6 * torch.eye(dimension).double())
    fake = normal(1000, dimension, seed=10)
    biased, limit = frechet_distance(exact, moments(fake)), frechet_infinity(exact, fake)
    assert limit == frechet_infinity(exact, fake)
    assert limit != frechet_infinity(exact, fake, seed=1)
    assert biased > 0.02
    assert abs(limit) < biased / 3


def test_extrapolation_is_exact_on_a_line() -> None:
    # With two points the intercept follows from both distances: subsets of a tenth and of all images.
    real, fake = moments(normal(500, 4, seed=11)), normal(400, 4, seed=12) * 1.5
    chosen = torch.randperm(400, generator=torch.Generator().manual_seed(0))[:40]
    small, all_of_them = frechet_distance(real, moments(fake[chosen])), frechet_distance(real, moments(fake))
    intercept = all_of_them - (small - all_of_them) / (1 / 40 - 1 / 400) / 400
    assert frechet_infinity(real, fake, points=2) == pytest.approx(intercept, rel=1e-9)
    with pytest.raises(ValueError, match="two points"):
        frechet_infinity(real, fake, points=1)
