"""What a smaller generator takes over of a larger one: its mapping, and channels that stay or go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from stages.blocks import surgery
from stages.blocks.surgery import Coupled
from stages.families.stylegan2.generator import Generator
from stages.families.stylegan2.layers import Modulated

WITHOUT = nn.InstanceNorm2d(1)
"""A norm without weights: the maps of a StyleGAN2 have none."""


def inherited(generator: Generator) -> dict[str, nn.Module]:
    """What does not depend on the widths of the synthesis."""
    return {"mapping": generator.mapping}


def coupled_channels(generator: Generator) -> list[Coupled]:
    """Every map between the constant and the image, from 4 px up; each of its readers has a style affine as long."""
    found: list[Coupled] = []
    blocks: list[Any] = list(generator.blocks)
    writer: nn.Module = generator.constant
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.up is not None:
            writer = block.up.convolution
        found.append(coupled(writer, [block.keep]))
        later = [] if following is None else [following.up]
        found.append(coupled(block.keep.convolution, [block.paint, *later]))
    return found


def coupled(writer: nn.Module, readers: list[Any]) -> Coupled:
    """The channels that one layer writes."""
    affines = [reader.affine for reader in readers]
    convolutions = [reader.convolution for reader in readers]
    return Coupled([(layer, WITHOUT) for layer in (writer, *affines)], convolutions)


class Reading(NamedTuple):
    """A layer that reads channels: its weight as it is used, [channels, …], and its styles."""

    weight: Tensor
    style: Float[Tensor, "n channels"]


def readings(generator: Generator, latent: Float[Tensor, "n z"]) -> list[list[Reading]]:
    """For each group of coupled channels who reads them, and with which styles of some latents."""
    w = generator.mapping(latent.to(generator.mean.device))
    found = []
    for group in coupled_channels(generator):
        affines = [layer for layer, _ in group.writers[1:]]
        both = zip(group.readers, affines, strict=True)
        found.append([Reading(used(reader), affine(w)) for reader, affine in both])
    return found


def used(layer: Any) -> Tensor:  # noqa: ANN401 - a modulated convolution
    """A weight with its input channels first, over the root of how many numbers an output is a sum of."""
    weight: Tensor = layer.weight.transpose(0, 1 - surgery.output_axis(layer))
    return weight / weight[:, 0].numel() ** 0.5


def keep(generator: Generator, kept: Sequence[Tensor]) -> None:
    """Cut each group down to some channels, to load from: images are as if all other styles were 0.

    Weights are used over the root of their inputs, which demodulation takes back; what is painted is made up for it.
    """
    for group, chosen in zip(coupled_channels(generator), kept, strict=True):
        surgery.cut(group, chosen)
        for layer in group.readers:
            if isinstance(layer, Modulated) and not layer.demodulated:
                share = len(chosen) / layer.in_channels
                layer.weight = nn.Parameter(layer.weight.detach() * share**0.5)


def pictured(generator: Generator, w: Float[Tensor, "n z"]) -> Float[Tensor, "n 3 h w"]:
    """The images of w."""
    return generator.paint(generator.spread(w))["image"]
