"""The published LPIPS networks, their trunks read from torchvision's files; nothing is downloaded."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from stages.blocks import torchvision_ready
from stages.measuring.features import trusted_state

Trunk = Literal["alex", "vgg"]

# First characters of the SHA-256 of torchvision's published files, which are in their names.
TRUNKS = {"alex": "7be5be79", "vgg": "397923af"}


def published(trunk: Trunk, weights: Path, *, sha256: str | None = None) -> nn.Module:
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


@cache
def once(trunk: Trunk, weights: Path, device: torch.device) -> nn.Module:
    """The network on a device, built once per process."""
    return published(trunk, weights).to(device)
