"""Perceptual distance between two images, in the features of the pipeline's judge or of the published trunks.

Zhang et al., CVPR 2018, arXiv 1801.03924: features of unit length per position, squared difference, spatial average.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.blocks.features import CPU, checked, trusted_state

COLUMNS = {
    "lpips_judge": ("min", ""),
    "lpips_alex": ("min", ""),
    "lpips_vgg": ("min", ""),
}

# First characters of the SHA-256 of torchvision's published files, which are in their names.
TRUNKS = {"alex": "7be5be79", "vgg": "397923af"}
EPSILON = 1e-10


def _unit(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + EPSILON)


def feature_distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> Float[Tensor, " n"]:
    """LPIPS without learnt weights: every channel and every layer counts once."""
    differences = [
        (_unit(a) - _unit(b)).square().sum(dim=1).mean(dim=(1, 2)) for a, b in zip(first, second, strict=True)
    ]
    return torch.stack(differences).sum(dim=0)


def lpips_judge(
    first: Float[Tensor, "n 3 h w"],
    second: Float[Tensor, "n 3 h w"],
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
    first: Float[Tensor, "n 3 h w"],
    second: Float[Tensor, "n 3 h w"],
    network: nn.Module,
    *,
    batch: int,
    device: torch.device = CPU,
) -> Float[Tensor, " n"]:
    """Distance of each pair by the published metric, `network` being one that `published` has made."""
    if network.training:
        raise ValueError("LPIPS drops features at random outside eval mode: call eval() first")
    return _paired(network, first, second, batch, device)


def _paired(
    distance: Callable[[Tensor, Tensor], Tensor], first: Tensor, second: Tensor, batch: int, device: torch.device
) -> Float[Tensor, " n"]:
    if first.shape != second.shape:
        raise ValueError(f"pairs of images must have one shape, found {tuple(first.shape)} and {tuple(second.shape)}")
    pairs = zip(checked(first).split(batch), checked(second).split(batch), strict=True)
    with torch.no_grad():
        return torch.cat([distance(a.to(device), b.to(device)).flatten().cpu() for a, b in pairs])


def published(trunk: Literal["alex", "vgg"], weights: Path, *, sha256: str | None = None) -> nn.Module:
    """The metric of the `lpips` package, its trunk read from torchvision's published file."""
    torchvision_ready.declare_missing()
    import lpips as package

    state = trusted_state(weights, TRUNKS[trunk] if sha256 is None else sha256)
    with warnings.catch_warnings():
        # The package asks torchvision for an untrained trunk in words that torchvision has deprecated.
        warnings.simplefilter("ignore", UserWarning)
        network = package.LPIPS(net=trunk, pnet_rand=True, verbose=False)
    # The package renames `features.3.weight` to `slice2.3.weight`; every tensor of the trunk must come from the file.
    names = {name: f"features.{name.split('.', 1)[1]}" for name in network.net.state_dict()}
    missing = sorted(set(names.values()) - set(state))
    if missing:
        raise ValueError(f"{weights} is no {trunk} trunk of torchvision: it lacks {', '.join(missing)}")
    network.net.load_state_dict({name: state[source] for name, source in names.items()})
    return network.eval().requires_grad_(False)
