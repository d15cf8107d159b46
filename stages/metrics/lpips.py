"""Perceptual distance between two images, in the features of the pipeline's judge or of the published trunks.

Zhang et al., CVPR 2018, arXiv 1801.03924: features of unit length per position, squared difference, spatial average.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.measuring import perceptual
from stages.measuring.columns import Column
from stages.measuring.contracts import Likeness
from stages.measuring.features import CPU, batches
from stages.storage.prepared import Bytes, to_tensor
from stages.storage.weights import find

NEEDS = "perceptual"
COLUMNS = {
    "lpips_judge": Column("min", "", "LPIPS", "perceptual distance in the judge's maps"),
    "lpips_alex": Column("min", "", "LPIPS", "LPIPS with AlexNet"),
    "lpips_vgg": Column("min", "", "LPIPS", "LPIPS with VGG-16"),
}

EPSILON = 1e-10


def measure(given: Likeness, *, network: Literal["judge", "alex", "vgg"], path: str = "") -> dict[str, Tensor]:
    """The distance of each pair; `path` says where the published weights are, if not in one of the usual places."""
    device = next(given.judge.parameters()).device
    if network == "judge":
        distances = lpips_judge(given.produced, given.other, given.judge.maps, batch=given.batch, device=device)
    else:
        published = perceptual.once(network, find(network, path), device)
        distances = lpips(given.produced, given.other, published, batch=given.batch, device=device)
    return {f"lpips_{network}": distances.double()}


def weights(*, network: Literal["judge", "alex", "vgg"], path: str = "") -> dict[str, str]:
    """The published weights that the settings ask for."""
    return {} if network == "judge" else {network: path}


def _unit(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + EPSILON)


def feature_distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> Float[Tensor, " n"]:
    """LPIPS without learnt weights: every channel and every layer counts once."""
    differences = [
        (_unit(a) - _unit(b)).square().sum(dim=1).mean(dim=(1, 2)) for a, b in zip(first, second, strict=True)
    ]
    return torch.stack(differences).sum(dim=0)


def lpips_judge(
    first: Bytes,
    second: Bytes,
    layers: Callable[[Tensor], Sequence[Tensor]],
    *,
    batch: int,
    device: torch.device = CPU,
) -> Float[Tensor, " n"]:
    """Distance of each pair in the maps that `layers` returns, a network in eval mode behind it."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return feature_distance(layers(a), layers(b))

    return _paired(distance, first, second, batch, device)


def lpips(
    first: Bytes, second: Bytes, network: nn.Module, *, batch: int, device: torch.device = CPU
) -> Float[Tensor, " n"]:
    """Distance of each pair by the published metric, `network` being one of `measuring/perceptual.py`."""
    if network.training:
        raise ValueError("LPIPS drops features at random outside eval mode: call eval() first")
    return _paired(network, first, second, batch, device)


def _paired(
    distance: Callable[[Tensor, Tensor], Tensor], first: Bytes, second: Bytes, batch: int, device: torch.device
) -> Float[Tensor, " n"]:
    if first.shape != second.shape:
        raise ValueError(f"pairs of images must have one shape, found {first.shape} and {second.shape}")
    pairs = zip(batches(first, batch), batches(second, batch), strict=True)
    with torch.no_grad():
        return torch.cat([distance(to_tensor(a).to(device), to_tensor(b).to(device)).flatten().cpu() for a, b in pairs])
