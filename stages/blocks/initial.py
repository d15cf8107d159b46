"""Fresh networks: weights as DCGAN begins with them (Radford et al., ICLR 2016, arXiv 1511.06434), and their layout."""

from __future__ import annotations

import torch
from torch import nn

from stages.learning.contracts import Networks

DEVIATION, SMALL = 0.02, 32


def gaussian(network: nn.Module) -> None:
    """Weights of convolutions from N(0, 0.02), biases 0, scales of batch norms from N(1, 0.02)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, DEVIATION)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, DEVIATION)
            nn.init.zeros_(module.bias)


def laid_out(networks: Networks, resolution: int) -> Networks:
    """Networks for small images with the channels of their weights last in memory.

    Convolutions on a CPU are faster so; with larger images, norms that want channels first cost more than that.
    """
    if resolution > SMALL:
        return networks
    layout = torch.channels_last
    return {name: network.to(memory_format=layout) for name, network in networks.items()}  # type: ignore[call-overload]
