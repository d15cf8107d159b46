"""Exact errors equal scikit-image's; perfection and returning the input score what they must."""

from typing import Any

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from stages.measuring.contracts import Pairs
from stages.metrics.pixels import COLUMNS, changed, l1, levels, masked_l1, measure, psnr, ssim
from stages.storage.prepared import Bytes


def images(count: int, seed: int, resolution: int = 32) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, resolution, resolution, 3), dtype=np.uint8)


def pixel_errors(produced: Bytes, exact: Bytes, original: Bytes) -> dict[str, Tensor]:
    return measure(Pairs(produced, exact, original, False))


def test_ssim_and_psnr_equal_scikit_image() -> None:
    one = images(4, seed=0)
    other = np.round(0.8 * one + 0.2 * images(4, seed=1)).astype(np.uint8)
    found = pixel_errors(one, other, other)
    for index, (a, b) in enumerate(zip(one, other, strict=True)):
        similarity = structural_similarity(
            a, b, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        assert float(found["ssim"][index]) == pytest.approx(similarity, rel=1e-6)
        assert float(found["psnr"][index]) == pytest.approx(peak_signal_noise_ratio(a, b), rel=1e-6)
        difference = np.abs(a.astype(float) - b.astype(float)).mean() / 255
        assert float(found["l1"][index]) == pytest.approx(difference, rel=1e-12)


def test_perfection() -> None:
    exact, original = images(3, seed=2), images(3, seed=3)
    found = pixel_errors(exact.copy(), exact, original)
    unchanged = measure(Pairs(original.copy(), original, original, True))
    assert {*found, *unchanged} == set(COLUMNS)
    assert unchanged["l1_identity"].eq(0).all()
    assert found["l1"].eq(0).all()
    assert found["l1_inside"].eq(0).all()
    assert found["ssim"].eq(1).all()
    one_level = 10 * np.log10(255**2 * 3 * 32 * 32)
    assert found["psnr"].tolist() == pytest.approx([one_level] * 3)


def test_one_level_is_a_255th() -> None:
    exact = images(2, seed=4) // 2
    one_off = pixel_errors(exact + 1, exact, exact)["l1"]
    torch.testing.assert_close(one_off, torch.full((2,), 1 / 255, dtype=torch.float64))


def test_returning_the_input_pays_inside_the_mask_only() -> None:
    original = images(2, seed=5)
    exact = original.copy()
    exact[:, :8, :4, 1] = 255 - original[:, :8, :4, 1]  # 32 of 1024 pixels, one channel
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
    exact = original.copy()
    exact[1, 0, 0] = 255 - original[1, 0, 0]
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


def test_what_is_no_8_bit_image_is_refused() -> None:
    one = images(1, seed=10)
    others: list[Any] = [one / np.float32(255), one.transpose(0, 3, 1, 2), one[0]]
    for wrong in others:
        with pytest.raises(ValueError, match="takes uint8 images"):
            pixel_errors(wrong, one, one)
        with pytest.raises(ValueError, match="takes uint8 images"):
            pixel_errors(one, one, wrong)
    unscaled = torch.from_numpy(one).permute(0, 3, 1, 2).double()
    for metric in (l1, psnr, ssim, changed):
        with pytest.raises(ValueError, match="through `levels`"):
            metric(unscaled, levels(one))
    with pytest.raises(ValueError, match="through `levels`"):
        masked_l1(unscaled, levels(one), torch.ones(1, 32, 32, dtype=torch.bool))
