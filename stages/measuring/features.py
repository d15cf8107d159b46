"""Networks as rulers: images checked at the door, read in batches, and published weights only with a known hash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.storage import hashing
from stages.storage.prepared import Bytes, to_tensor

CPU = torch.device("cpu")


def checked_images(images: Bytes) -> Bytes:
    """The same images, or an error when they are no 8-bit colour images."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or not images.size:
        raise ValueError(f"a metric takes uint8 images of shape n x h x w x 3, found {images.dtype} {images.shape}")
    return images


def levels(images: Bytes) -> Float[Tensor, "n v"]:
    """8-bit images as float64 in [0, 1], all values of an image in a row."""
    return torch.from_numpy(np.ascontiguousarray(checked_images(images))).flatten(1).double() / 255


def checked(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The same images, or an error when they are no colour images in [-1, 1]."""
    if not images.is_floating_point() or images.ndim != 4 or images.shape[1] != 3 or images.numel() == 0:
        raise ValueError(f"expected float images of shape n x 3 x h x w, found {images.dtype} {tuple(images.shape)}")
    low, high = float(images.min()), float(images.max())
    # Written so that NaN fails too.
    if not (low >= -1 and high <= 1):
        raise ValueError(f"a network takes images in [-1, 1], these reach from {low:g} to {high:g}")
    return images


def checked_features(features: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """The same features in float64, or an error when they are no finite table of one row per image."""
    if features.ndim != 2 or len(features) < 2 or features.shape[1] == 0:
        raise ValueError(f"expected features of at least two images, n x d, found {tuple(features.shape)}")
    if not bool(torch.isfinite(features).all()):
        raise ValueError("the features hold values that are not finite: the network that made the images has diverged")
    return features.detach().to(CPU, torch.float64)


def batches(images: Bytes, batch: int) -> list[Bytes]:
    """The images in pieces."""
    return [images[start : start + batch] for start in range(0, len(checked_images(images)), batch)]


def extract(
    network: Callable[[Tensor], Tensor], images: Bytes, *, batch: int, device: torch.device = CPU
) -> Float[Tensor, "n ..."]:
    """What the network says of each image; independent of `batch` within 1e-5 relative in float32."""
    if isinstance(network, nn.Module) and network.training:
        raise ValueError("a network that measures must be in eval mode, or its answers depend on the batch")
    with torch.no_grad():
        return torch.cat([network(to_tensor(part).to(device)).float().cpu() for part in batches(images, batch)])


def trusted_state(path: Path, sha256: str) -> dict[str, Tensor]:
    """Weights read without pickle from a file whose SHA-256 begins with `sha256`; nothing is ever downloaded."""
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}: put the published file there, or use the judge")
    found = hashing.file_hash(path)
    if len(sha256) < 8 or not found.startswith(sha256):
        raise ValueError(f"{path} has SHA-256 {found}, expected one that begins with {sha256!r}: fetch the file again")
    return torch.load(path, map_location="cpu", weights_only=True)
