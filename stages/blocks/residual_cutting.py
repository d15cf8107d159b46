"""Where a generator of convolutions around residual blocks may be cut, so that a smaller one inherits its weights."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from stages.blocks.surgery import Coupled


class Encoded(Protocol):
    """A generator that halves twice, keeps the side in its blocks, doubles twice, and paints."""

    down: nn.Sequential
    residual: nn.ModuleList
    up: nn.Sequential
    paint: nn.Module


def repeated_blocks(generator: Encoded) -> nn.ModuleList:
    """The equal blocks, of which a smaller generator has fewer."""
    return generator.residual


def coupled_channels(generator: Encoded) -> list[Coupled]:
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
