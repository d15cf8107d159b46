"""What compressions share whose students have the teacher's layers with fewer channels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import deepcopy
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from stages.blocks import surgery
from stages.learning import roles
from stages.learning.contracts import Family, Networks, Unsupported
from stages.settings.specs import Spec

WIDTHS = ("widths", "critic_widths")

Score = Callable[[Any], list[Tensor]]
"""A generator -> how important each channel of each of its groups is."""


class Reading(Protocol):
    """A layer that reads channels: its weight as it is used, [channels, …], and its styles, [n, channels]."""

    @property
    def weight(self) -> Tensor: ...

    @property
    def style(self) -> Tensor: ...


def importance(readings: Iterable[Reading]) -> Tensor:
    """Of channels: Σ over the layers that read them of Σ|weight| · mean|style|.

    Anycost GAN: Lin et al., CVPR 2021, arXiv 2103.03243.
    """
    scores = [each.weight.abs().flatten(1).sum(dim=1) * each.style.abs().mean(dim=0) for each in readings]
    return torch.stack(scores).sum(dim=0)


def refuse(compression: str, large: Spec, small: Spec, may_differ: Collection[str]) -> None:
    """Nothing else may change."""
    for name, (theirs, mine) in surgery.differences(large, small).items():
        if name not in may_differ:
            raise Unsupported(
                f"compression {compression} keeps the teacher's layers, but {name} is {theirs} in the teacher and "
                f"{mine} in the student: leave {name} out of `student`, or use compression resize"
            )


def demand_fewer(compression: str, family: Family, teacher: Networks, student: Networks) -> None:
    """Channels of generators may become fewer, not more."""
    for name in roles.names(family, "generator"):
        theirs, mine = (widths(family, networks[name]) for networks in (teacher, student))
        if any(more > most for more, most in zip(mine, theirs, strict=True)):
            told = f"its student has {mine} channels from map to map, the teacher {theirs}"
            raise Unsupported(f"compression {compression} cannot add to the teacher: {told}")


def widths(family: Family, generator: nn.Module) -> list[int]:
    """How many channels each group has."""
    return [surgery.channels(group) for group in family.coupled_channels(generator)]  # type: ignore[attr-defined]


def trimmed(compression: str, family: Family, teacher: Networks, large: Spec, small: Spec, score: Score) -> Networks:
    """The teacher's networks with the channels of the largest scores.

    A critic of the teacher's shape starts as a copy of the teacher's (Yu & Pool, NeurIPS 2020), any other one afresh.
    """
    surgery.demand(family, "coupled_channels", "keep")
    refuse(compression, large, small, WIDTHS)
    student = family.build(small)
    demand_fewer(compression, family, teacher, student)
    for name, network in student.items():
        if name not in roles.names(family, "generator"):
            surgery.copy_if_equal(teacher[name], network)
            continue
        donor = deepcopy(teacher[name])
        scores, wanted = scored(family, donor, score), widths(family, network)
        kept = [surgery.largest(each, count) for each, count in zip(scores, wanted, strict=True)]
        family.keep(donor, kept)  # type: ignore[attr-defined] # demanded above
        network.load_state_dict(donor.state_dict())
    return student


def scored(family: Family, generator: nn.Module, score: Score) -> list[Tensor]:
    """The score of every channel; where weights have no values none is looked for, as there is nothing to be seen."""
    if next(generator.parameters()).is_meta:
        return [torch.zeros(count, device="meta") for count in widths(family, generator)]
    return score(generator)
