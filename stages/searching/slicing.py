"""Small networks whose tensors are the leading slices of a large one's."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor, nn

from stages.blocks import slimming, surgery
from stages.learning.contracts import Family, Networks, Seen
from stages.searching.spaces import Widths, spec_of
from stages.settings import members
from stages.settings.specs import Spec

LATENTS, SEED = 1024, 2
"""Over which mean styles are taken; the test has seed 0, validation 1."""


def leading(large: Mapping[str, Tensor], small: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The leading slices of the tensors of one network in the shapes of another's."""
    return {name: sliced(large[name], tensor.shape) for name, tensor in small.items()}


def sliced(tensor: Tensor, shape: torch.Size) -> Tensor:
    """The first entries along each axis."""
    return tensor if tensor.shape == shape else tensor[tuple(map(slice, shape))]


def cut(family: Family, network: nn.Module, name: str, spec: Spec) -> nn.Module:
    """The network of a smaller spec on its own, with what it has of a larger one."""
    made = family.build(spec)[name]
    made.load_state_dict(leading(network.state_dict(), made.state_dict()))
    return made.eval().requires_grad_(False)


class Watched(nn.Module):
    """A network of which a call shows every tap."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *given: Tensor) -> Seen:
        return self.network.watch(*given)  # type: ignore[no-any-return, operator] # every family's networks have it


@lru_cache(maxsize=512)
def skeleton(family: str, name: str, spec: Spec) -> tuple[Watched, dict[str, Tensor]]:
    """A network of a spec that has shapes and no weights, and its tensors."""
    with torch.device("meta"):
        watched = Watched(members.load("families", family).build(spec)[name])
    return watched, {**dict(watched.named_parameters()), **dict(watched.named_buffers())}


class Shared(nn.Module):
    """A kept network that runs at the widths it is told, by the leading slices of its tensors.

    What does not depend on widths is the network's own: `spec`, `mean`, `layers`.
    """

    def __init__(self, family: str, name: str, network: nn.Module, large: Spec) -> None:
        super().__init__()
        self.family, self.name, self.large = family, name, large
        self.network = network
        self.widths: Widths | None = None

    def watch(self, *given: Tensor | None) -> Seen:
        """Every tap of one pass at the widths of now."""
        if self.widths is None:
            return self.network.watch(*given)  # type: ignore[no-any-return, operator]
        watched, shapes = skeleton(self.family, self.name, spec_of(self.large, self.widths))
        mine = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        watched.train(self.training)
        seen: Seen = torch.func.functional_call(watched, leading(mine, shapes), given)
        return seen

    def forward(self, *given: Tensor) -> Any:  # noqa: ANN401 - what the family's network answers
        return self.network(*given)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the network has
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("network"), name)


@torch.no_grad()
def sort_channels(family: Family, networks: Networks, name: str) -> None:
    """Bring the channels of every map into the order of their importance; what the network computes stays."""
    network, searched = networks[name], cast(Any, family)
    readings = searched.readings(network, searched.latents(networks, LATENTS, SEED))
    # All orders come before the first change: a channel is weighed with all of its readers.
    orders = [slimming.importance(each).sort(descending=True, stable=True).indices for each in readings]
    for group, order in zip(searched.coupled_channels(network), orders, strict=True):
        surgery.cut(group, order)


def begun(family: Family, teacher: Networks, large: Spec, kept: tuple[str, ...]) -> Networks:
    """A teacher's networks to train further, the channels of those that are kept sorted."""
    donors, networks = deepcopy(teacher), family.build(large)
    for name, network in networks.items():
        if name in kept:
            sort_channels(family, donors, name)
        network.load_state_dict(donors[name].state_dict())
    return networks
