"""Random weights under the names and shapes of the published files, for those that params ask for.

Weights of chance keep the size of what passes through a network, so that nothing overflows in its depth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from stages.blocks import torchvision_ready
from stages.storage import hashing
from stages.storage.weights import PUBLISHED

SEED, DIGITS = 0, 8


def write(names: list[str], folder: Path) -> dict[str, str]:
    """A file of each network where it is looked for; the published digits of its hash -> those of this file."""
    folder.mkdir(parents=True, exist_ok=True)
    return dict(written(name, folder) for name in names)


def written(name: str, folder: Path) -> tuple[str, str]:
    """One file, named as the published one but for the digits of its hash, which are its own."""
    published = PUBLISHED[name]
    stem, suffix = published.file.removesuffix(".pth").removesuffix(published.sha256_prefix), ".pth"
    partial = folder / f"{name}.partial"
    torch.save(state(name), partial)
    digits = hashing.file_hash(partial)[:DIGITS]
    partial.replace(folder / f"{stem}{digits}{suffix}")
    return published.sha256_prefix, digits


def state(name: str) -> dict[str, torch.Tensor]:
    """The weights of a network of chance."""
    torchvision_ready.declare_missing()
    random = torch.Generator().manual_seed(SEED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = NETWORKS[name]()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=random)
    return network.state_dict()


def inception() -> nn.Module:
    """Of the published FID: what pytorch-fid changes is arithmetic, no name and no shape."""
    from torchvision.models import inception_v3

    network: nn.Module = inception_v3(weights=None, aux_logits=False, num_classes=1008, init_weights=False)
    return network


def of_torchvision(name: str) -> Callable[[], nn.Module]:
    """A network that torchvision publishes weights of."""

    def build() -> nn.Module:
        from torchvision import models

        network: nn.Module = models.get_model(name, weights=None)
        return network

    return build


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {
    "inception": inception,
    "alex": of_torchvision("alexnet"),
    "vgg": of_torchvision("vgg16"),
    "resnet50": of_torchvision("resnet50"),
    "mobilenet_v2": of_torchvision("mobilenet_v2"),
}
