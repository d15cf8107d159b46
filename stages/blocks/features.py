"""Networks as rulers: images checked at the door, read in batches, and published weights only with a known hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.harness.splits.prepared import to_tensor, to_uint8

CPU = torch.device("cpu")


def checked(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The same images, or an error when they are no colour images in [-1, 1]."""
    if not images.is_floating_point() or images.ndim != 4 or images.shape[1] != 3 or images.numel() == 0:
        raise ValueError(f"expected float images of shape n x 3 x h x w, found {images.dtype} {tuple(images.shape)}")
    low, high = float(images.min()), float(images.max())
    # Written so that NaN fails too.
    if not (low >= -1 and high <= 1):
        raise ValueError(f"a metric takes images in [-1, 1], these reach from {low:g} to {high:g}")
    return images


def checked_features(features: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """The same features in float64, or an error when they are no finite table of one row per image."""
    if features.ndim != 2 or len(features) < 2 or features.shape[1] == 0:
        raise ValueError(f"expected features of at least two images, n x d, found {tuple(features.shape)}")
    if not bool(torch.isfinite(features).all()):
        raise ValueError("the features hold values that are not finite: the network that made the images has diverged")
    return features.detach().to(CPU, torch.float64)


def quantised(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The images as they would be read back from a lossless 8-bit file."""
    return to_tensor(to_uint8(checked(images)))


def extract(
    network: Callable[[Tensor], Tensor], images: Float[Tensor, "n 3 h w"], *, batch: int, device: torch.device = CPU
) -> Float[Tensor, "n ..."]:
    """What the network says of each quantised image; independent of `batch` within 1e-5 relative in float32."""
    if isinstance(network, nn.Module) and network.training:
        raise ValueError("a network that measures must be in eval mode, or its answers depend on the batch")
    with torch.no_grad():
        return torch.cat([network(quantised(part).to(device)).float().cpu() for part in images.split(batch)])


def trusted_state(path: Path, sha256: str) -> dict[str, Tensor]:
    """Weights read without pickle from a file whose SHA-256 begins with `sha256`; nothing is ever downloaded."""
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}: put the published file there, or use the judge")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if len(sha256) < 8 or not found.startswith(sha256):
        raise ValueError(f"{path} has SHA-256 {found}, expected one that begins with {sha256!r}: fetch the file again")
    return torch.load(path, map_location="cpu", weights_only=True)
