"""Exact errors equal scikit-image's; perfection and returning the input score what they must."""

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from stages.harness.splits.prepared import to_uint8
from stages.metrics.pixels import COLUMNS, changed, l1, levels, masked_l1, pixel_errors, psnr, ssim


def images(count: int, seed: int, resolution: int = 32) -> Tensor:
    return torch.rand(count, 3, resolution, resolution, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_ssim_and_psnr_equal_scikit_image() -> None:
    one = images(4, seed=0)
    other = (0.8 * one + 0.2 * images(4, seed=1)).clamp(-1, 1)
    found = pixel_errors(one, other, other)
    for index, (a, b) in enumerate(zip(to_uint8(one), to_uint8(other), strict=True)):
        similarity = structural_similarity(
            a, b, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        assert float(found["ssim"][index]) == pytest.approx(similarity, rel=1e-6)
        assert float(found["psnr"][index]) == pytest.approx(peak_signal_noise_ratio(a, b), rel=1e-6)
        difference = np.abs(a.astype(float) - b.astype(float)).mean() / 255
        assert float(found["l1"][index]) == pytest.approx(difference, rel=1e-12)


def test_perfection() -> None:
    exact, original = images(3, seed=2), images(3, seed=3)
    found = pixel_errors(exact.clone(), exact, original)
    assert set(found) == set(COLUMNS)
    assert found["l1"].eq(0).all()
    assert found["l1_inside"].eq(0).all()
    assert found["ssim"].eq(1).all()
    one_level = 10 * np.log10(255**2 * 3 * 32 * 32)
    assert found["psnr"].tolist() == pytest.approx([one_level] * 3)


def test_errors_below_half_a_level_vanish() -> None:
    exact = (levels(images(2, seed=4)).float() * 2 - 1).clamp(-0.98, 0.98)
    exact = (levels(exact) * 2 - 1).float()
    assert pixel_errors(exact + 0.9 / 255, exact, exact)["l1"].eq(0).all()
    torch.testing.assert_close(
        pixel_errors(exact + 2 / 255, exact, exact)["l1"], torch.full((2,), 1 / 255, dtype=torch.float64)
    )


def test_returning_the_input_pays_inside_the_mask_only() -> None:
    original = images(2, seed=5)
    exact = original.clone()
    exact[:, 1, :8, :4] = -original[:, 1, :8, :4].sign()  # 32 of 1024 pixels, one channel
    mask = changed(levels(exact), levels(original))
    assert mask[:, :8, :4].all()
    assert mask.sum() == 2 * 32
    found = pixel_errors(original, exact, original)
    assert found["l1_outside"].eq(0).all()
    assert (found["l1_inside"] > 0.1).all()
    torch.testing.assert_close(found["l1_inside"] * 32 / 1024, found["l1"])
    painted = images(2, seed=6)
    everywhere = pixel_errors(painted, exact, original)
    torch.testing.assert_close(everywhere["l1_inside"] * 32 + everywhere["l1_outside"] * 992, everywhere["l1"] * 1024)


def test_nothing_to_change_leaves_nothing_to_measure_inside() -> None:
    original = images(2, seed=7)
    exact = original.clone()
    exact[1, :, 0, 0] = -original[1, :, 0, 0].sign()
    inside = pixel_errors(original, exact, original)["l1_inside"]
    assert inside.isnan().tolist() == [True, False]


def test_windows_lie_wholly_inside_and_small_images_are_refused() -> None:
    one, other = levels(images(1, seed=8, resolution=11)), levels(images(1, seed=9, resolution=11))
    offsets = torch.arange(11, dtype=torch.float64) - 5
    line = torch.exp(-offsets.square() / 4.5)
    window = torch.outer(line, line) / line.sum() ** 2

    def mean(x: Tensor) -> Tensor:
        return (x * window).sum(dim=(2, 3))

    a, b = mean(one), mean(other)
    joint = (2 * a * b + 1e-4) * (2 * (mean(one * other) - a * b) + 9e-4)
    apart = (a * a + b * b + 1e-4) * (mean(one**2) - a * a + mean(other**2) - b * b + 9e-4)
    torch.testing.assert_close(ssim(one, other), (joint / apart).mean(dim=1), rtol=1e-9, atol=0)
    small = levels(images(1, seed=8, resolution=10))
    with pytest.raises(ValueError, match="at least 11 x 11"):
        ssim(small, small)


def test_values_outside_the_range_are_refused() -> None:
    one = images(1, seed=10)
    for wrong in (one * 1.01 + 0.01, one * torch.nan):
        with pytest.raises(ValueError, match=r"images in \[-1, 1\]"):
            pixel_errors(wrong, one, one)
        with pytest.raises(ValueError, match=r"images in \[-1, 1\]"):
            pixel_errors(one, one, wrong)
    unrounded = one.double()
    for metric in (l1, psnr, ssim, changed):
        with pytest.raises(ValueError, match="through `levels`"):
            metric(unrounded, levels(one))
    with pytest.raises(ValueError, match="through `levels`"):
        masked_l1(unrounded, levels(one), torch.ones(1, 32, 32, dtype=torch.bool))
