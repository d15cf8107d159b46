"""What compressions that inherit weights share: choosing a teacher's channels and blocks, and cutting to the choice.

A family says where its generator may be cut: `repeated_blocks(generator)` lists the equal blocks of which a smaller one
has fewer, `coupled_channels(generator)` the groups of channels that stay or go together (the dependency groups of
DepGraph, Fang et al., CVPR 2023, arXiv 2301.12900). Nothing here knows a family.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from stages.learning.contracts import Family, Unsupported
from stages.settings.specs import Spec


class Coupled(NamedTuple):
    """Channels that stay or go together: the (layer, norm) pairs that write them, and the layers that read them."""

    writers: Sequence[tuple[nn.Module, nn.Module]]
    readers: Sequence[nn.Module]


def demand(family: Family, *functions: str) -> None:
    """Refuse a family that does not say where it may be cut."""
    missing = [name for name in functions if not hasattr(family, name)]
    if missing:
        raise Unsupported(f"{family.__name__} offers no {' and no '.join(missing)}, so its weights cannot be inherited")


def differences(large: Spec, small: Spec) -> dict[str, tuple[Any, Any]]:
    """What differs between two specs, as field -> (teacher's, student's)."""
    theirs, mine = asdict(large), asdict(small)
    return {name: (theirs[name], mine[name]) for name in theirs if theirs[name] != mine[name]}


def copy_if_equal(source: nn.Module, target: nn.Module) -> None:
    """Give `target` the weights of `source` if all tensors have the same names and shapes."""
    theirs, mine = source.state_dict(), target.state_dict()
    if {k: v.shape for k, v in theirs.items()} == {k: v.shape for k, v in mine.items()}:
        target.load_state_dict(theirs)


def evenly_spaced(count: int, total: int) -> list[int]:
    """`count` of `total` indices from the first to the last."""
    return torch.linspace(0, total - 1, count, device="cpu").round().int().tolist()


def keep_blocks(blocks: nn.ModuleList, kept: Iterable[int]) -> None:
    """Take the other blocks out."""
    for index in sorted(set(range(len(blocks))) - set(kept), reverse=True):
        del blocks[index]


def last(layer: nn.Module) -> nn.Module:
    """The convolution that writes a layer's output: of a separable pair the second."""
    return layer[-1] if isinstance(layer, nn.Sequential) else layer


def output_axis(convolution: nn.Module) -> int:
    """Where a weight counts its output channels."""
    return 1 if isinstance(convolution, nn.ConvTranspose2d) else 0


def channels(group: Coupled) -> int:
    """How many channels a group has."""
    writer: Any = last(group.writers[0][0])
    return writer.out_channels


def importance(group: Coupled) -> Tensor:
    """Σ over the writers of |norm scale| · ‖filter‖₁ (filters: Li et al., ICLR 2017; scales: Liu et al., ICCV 2017).

    A norm without weights has the scale 1.
    """
    scores = []
    for layer, norm in group.writers:
        convolution: Any = last(layer)
        filters = convolution.weight.detach().transpose(0, output_axis(convolution)).flatten(1)
        scale: Any = norm.weight
        scores.append(filters.abs().sum(dim=1) * (1 if scale is None else scale.detach().abs()))
    return torch.stack(scores).sum(dim=0)


def strongest(group: Coupled, count: int) -> Tensor:
    """The indices of the `count` most important channels, in their old order."""
    return largest(importance(group), count)


def largest(scores: Tensor, count: int) -> Tensor:
    """The indices of the `count` largest scores, in their old order; of equal ones the first."""
    ranked = scores.sort(descending=True, stable=True).indices
    return ranked[:count].sort().values


def select(module: nn.Module, name: str, axis: int, kept: Tensor) -> None:
    """Cut one parameter along one axis."""
    parameter: Any = getattr(module, name)
    if parameter is not None:
        setattr(module, name, nn.Parameter(parameter.detach().index_select(axis, kept)))


def cut(group: Coupled, kept: Tensor) -> None:
    """Cut a group down to some of its channels, in the weights of all that write or read them.

    Only tensors change, not the modules' own counts: what was cut is there to be loaded from, not to be run.
    """
    for layer, norm in group.writers:
        convolution = last(layer)
        select(convolution, "weight", output_axis(convolution), kept)
        for module, name in ((convolution, "bias"), (norm, "weight"), (norm, "bias")):
            select(module, name, 0, kept)
        for name, statistic in list(norm.named_buffers(recurse=False)):
            if statistic.ndim:
                setattr(norm, name, statistic.index_select(0, kept))
    for layer in group.readers:
        for convolution in layer if isinstance(layer, nn.Sequential) else [layer]:
            if isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d):
                cut_inputs(convolution, kept)


def cut_inputs(convolution: Any, kept: Tensor) -> None:  # noqa: ANN401 - Conv2d or ConvTranspose2d
    """Cut the input channels of a convolution; a depthwise one passes each on, so it loses them at both ends."""
    if convolution.groups == 1:
        select(convolution, "weight", 1 - output_axis(convolution), kept)
    else:
        select(convolution, "weight", 0, kept)
        select(convolution, "bias", 0, kept)
