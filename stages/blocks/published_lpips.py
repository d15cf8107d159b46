"""LPIPS as published (Zhang et al., CVPR 2018, arXiv 1801.03924): torchvision's trunks, the package's weights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.storage import weights

Trunk = Literal["alex", "vgg"]


def structure(trunk: Trunk) -> Any:  # noqa: ANN401 - the package's module
    """The metric of the `lpips` package with an untrained trunk."""
    torchvision_ready.declare_missing()
    import lpips as package

    with warnings.catch_warnings():
        # The package asks torchvision for an untrained trunk in words that torchvision has deprecated.
        warnings.simplefilter("ignore", UserWarning)
        network: nn.Module = package.LPIPS(net=trunk, pnet_rand=True, verbose=False)
    return network.eval().requires_grad_(False)


def of_trunk(trunk: Trunk, state: Mapping[str, Tensor], source: object) -> nn.Module:
    """The metric with its trunk's weights from torchvision's file."""
    network = structure(trunk)
    # The package renames `features.3.weight` to `slice2.3.weight`; every tensor of the trunk must come from the file.
    names = {name: f"features.{name.split('.', 1)[1]}" for name in network.net.state_dict()}
    missing = sorted(set(names.values()) - set(state))
    if missing:
        raise ValueError(f"{source} is no {trunk} trunk of torchvision: it lacks {', '.join(missing)}")
    network.net.load_state_dict({name: state[source] for name, source in names.items()})
    return network  # type: ignore[no-any-return]


@cache
def ready(trunk: Trunk, device: torch.device) -> nn.Module:
    """The metric on a device, its weights from one of the usual places; where nothing is computed it needs none."""
    if device.type == "meta":
        return structure(trunk).to(device)  # type: ignore[no-any-return]
    return of_trunk(trunk, weights.load(trunk, None), weights.PUBLISHED[trunk].file).to(device)
