"""Fresh weights as DCGAN begins with them (Radford et al., ICLR 2016, arXiv 1511.06434)."""

from __future__ import annotations

from torch import nn

DEVIATION = 0.02


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
