"""Where a CycleGAN generator may be cut, so that a smaller one inherits its weights."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from stages.families.cyclegan.networks import Generator


class Coupled(NamedTuple):
    """Channels that stay or go together: (convolution, norm) pairs that write them, convolutions that read them."""

    writers: list[tuple[nn.Module, nn.Module]]
    readers: list[nn.Module]


def repeated_blocks(generator: Generator) -> nn.ModuleList:
    """The equal blocks, of which a smaller generator has fewer."""
    return generator.residual


def coupled_channels(generator: Generator) -> list[Coupled]:
    """Every group of channels between image and image; the residual stream is one, because its writers add up."""

    def pairs(layers: nn.Sequential) -> list[tuple[nn.Module, nn.Module]]:
        kept = [layer for layer in layers if not isinstance(layer, nn.ReLU)]
        return list(zip(kept[::2], kept[1::2], strict=True))

    entry, half, quarter = pairs(generator.down)
    double, leave = pairs(generator.up)
    inner = [pairs(block.main) for block in generator.residual]  # type: ignore[arg-type]
    return [
        Coupled([entry], [half[0]]),
        Coupled([half], [quarter[0]]),
        Coupled([quarter, *(second for _, second in inner)], [*(first[0] for first, _ in inner), double[0]]),
        *(Coupled([first], [second[0]]) for first, second in inner),
        Coupled([double], [leave[0]]),
        Coupled([leave], [generator.paint]),
    ]
