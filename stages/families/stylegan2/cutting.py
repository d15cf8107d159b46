"""What a smaller generator takes over of a larger one: its mapping, and channels that stay or go together."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from stages.families.stylegan2.networks import Generator


class Coupled(NamedTuple):
    """Channels of one map: (layer, norm) pairs whose outputs they are, style affines among them, and their readers."""

    writers: list[tuple[nn.Module, nn.Module]]
    readers: list[nn.Module]


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
