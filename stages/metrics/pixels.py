"""Exact error: how far each translation is from the image a perfect translator would return.

Two reference points: perfection scores l1 0, ssim 1 and the highest psnr; a network that returns its input scores
l1_outside 0 and pays everything in l1_inside. SSIM: Wang et al., IEEE TIP 2004.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from stages.measuring.columns import Column
from stages.measuring.contracts import Pairs
from stages.measuring.features import checked_images
from stages.storage.prepared import Bytes

NEEDS = "pairs"
COLUMNS = {
    "l1": Column("min", "", "exact error", "mean absolute error to the exact image, levels from 0 to 1"),
    "l1_inside": Column("min", "", "error inside", "mean absolute error over the pixels that should change"),
    "l1_outside": Column("min", "", "error outside", "mean absolute error over the pixels that should not change"),
    "psnr": Column("max", "dB", "PSNR", "peak signal-to-noise ratio to the exact image"),
    "ssim": Column("max", "", "SSIM", "structural similarity to the exact image"),
    "l1_identity": Column(
        "min", "", "error unasked", "mean absolute error to the input, when asked for the labels it has"
    ),
}

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


def measure(given: Pairs) -> dict[str, Tensor]:
    """Every error of each image; where nothing was to change, how far it is from the input."""
    produced, exact = levels(given.produced), levels(given.exact)
    if given.unchanged:
        return {"l1_identity": l1(produced, exact)}
    mask = changed(exact, levels(given.original))
    return {
        "l1": l1(produced, exact),
        "l1_inside": masked_l1(produced, exact, mask),
        "l1_outside": masked_l1(produced, exact, ~mask),
        "psnr": psnr(produced, exact),
        "ssim": ssim(produced, exact),
    }


def levels(images: Bytes) -> Float[Tensor, "n 3 h w"]:
    """8-bit images as float64 in [0, 1]: the scale of every error below."""
    return torch.from_numpy(np.ascontiguousarray(checked_images(images))).permute(0, 3, 1, 2).double() / 255


def _pair(produced: Tensor, exact: Tensor) -> tuple[Tensor, Tensor]:
    for images in (produced, exact):
        if images.dtype != torch.float64 or not (float(images.min()) >= 0 and float(images.max()) <= 1):
            raise ValueError("errors are taken on levels in [0, 1]: pass the images through `levels` first")
    if produced.shape != exact.shape:
        raise ValueError(f"images to compare must have one shape: {tuple(produced.shape)} and {tuple(exact.shape)}")
    return produced, exact


def l1(produced: Float[Tensor, "n 3 h w"], exact: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Mean absolute error of each image."""
    produced, exact = _pair(produced, exact)
    return (produced - exact).abs().mean(dim=(1, 2, 3))


def psnr(produced: Float[Tensor, "n 3 h w"], exact: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """−10 log₁₀ of each image's mean squared error.

    Identical images would score infinity and no mean would survive them: they score as if one value were one level off.
    """
    produced, exact = _pair(produced, exact)
    smallest = 1 / (255**2 * produced[0].numel())
    return -10 * (produced - exact).square().mean(dim=(1, 2, 3)).clamp_min(smallest).log10()


def _window(side: int) -> Float[Tensor, "a h"]:
    """Row i holds the Gaussian weights of the window that starts at pixel i."""
    offsets = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    kernel = torch.exp(-offsets.square() / (2 * SIGMA**2))
    count = side - WINDOW + 1
    rows = torch.zeros(count, side, dtype=torch.float64)
    for start in range(count):
        rows[start, start : start + WINDOW] = kernel / kernel.sum()
    return rows


def _blur(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 a b"]:
    # Products with a banded matrix: ten times as fast as grouped convolutions of float64.
    height, width = images.shape[2:]
    return _window(height) @ images @ _window(width).T


def ssim(produced: Float[Tensor, "n 3 h w"], exact: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Structural similarity of each image, per channel, averaged over the windows that lie wholly inside.

    The window is the original's, 11 pixels with a Gaussian of 1.5, at every resolution; smaller images are refused.
    """
    x, y = _pair(produced, exact)
    if min(x.shape[2:]) < WINDOW:
        raise ValueError(f"SSIM needs images of at least {WINDOW} x {WINDOW}, these are {tuple(x.shape[2:])}")
    mean_x, mean_y = _blur(x), _blur(y)
    variances = _blur(x * x) - mean_x**2 + _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return (luminance * (2 * covariance + C2) / (variances + C2)).mean(dim=(1, 2, 3))


def changed(exact: Float[Tensor, "n 3 h w"], original: Float[Tensor, "n 3 h w"]) -> Bool[Tensor, "n h w"]:
    """The pixels that should change: those where the exact translation differs from the original in any channel."""
    exact, original = _pair(exact, original)
    return (exact != original).any(dim=1)


def masked_l1(
    produced: Float[Tensor, "n 3 h w"], exact: Float[Tensor, "n 3 h w"], mask: Bool[Tensor, "n h w"]
) -> Float[Tensor, " n"]:
    """Mean absolute error of each image over the masked pixels; NaN where the mask is empty."""
    produced, exact = _pair(produced, exact)
    return ((produced - exact).abs().mean(dim=1) * mask).sum(dim=(1, 2)) / mask.sum(dim=(1, 2))
